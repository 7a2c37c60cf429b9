"""What can happen to a process at a point of its run."""

import errno
import importlib
import os
import resource
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

FILLER = "filler"
TWIN_AHEAD = timedelta(minutes=7)  # longer than the claim of a period, shorter than that of a message
_ROOM = 300_000  # bytes of addresses left
_hoard: list[bytes] = []


def _signal(number: int, _run: dict[str, Any]) -> None:
    os.kill(os.getpid(), number)
    signal.pause()


def _out_of_memory(_run: dict[str, Any]) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + _ROOM, -1))
    for size in (1 << 20, 1 << 16, 1 << 12):
        try:
            while True:
                _hoard.append(bytes(size))
        except MemoryError:
            continue
    del _hoard[-_ROOM >> 13 :]


def _renderer_out_of_memory(_run: dict[str, Any]) -> None:
    _renderer(memory_mb=200)


def _renderer_out_of_time(_run: dict[str, Any]) -> None:
    _renderer(wall_s=0.2)


def _renderer(**limits: Any) -> None:
    render = importlib.import_module("reports.render")
    render.Limits = partial(render.Limits, **limits)  # type: ignore[attr-defined]


def _renderer_killed(_run: dict[str, Any]) -> None:
    """The server of renderers dies, as the kernel's choice when memory is short."""
    if server := importlib.import_module("reports.forked")._servers.current:
        server.process.kill()


def _disk_full(run: dict[str, Any]) -> None:
    """Fill the small file system of the workspace to the last byte."""
    with (Path(run["disk"]) / FILLER).open("wb", buffering=0) as file:
        try:
            for size in (1 << 16, 1):
                while True:
                    if size == 1 and file.tell() % 4096 == 0:
                        os.fsync(file.fileno())
                    if not file.write(bytes(size)):
                        break
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def _no_longer_file(_run: dict[str, Any]) -> None:
    """Where no file system can be mounted: the kernel refuses to let any file grow beyond 100 bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, -1))


def _disk_error(_run: dict[str, Any]) -> None:
    """Every write comes to the disk and fails there: fsync is where the kernel says so."""

    def refuse(_descriptor: int) -> NoReturn:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    os.fsync = refuse


def _twin(run: dict[str, Any]) -> None:
    """Another process does the whole work while this one stands still; by its clock our claim has run out."""
    import faulty_driver

    ahead = [(datetime.fromisoformat(clock) + TWIN_AHEAD).isoformat() for clock in run["clock"][1:]]
    again = {**run, "fault": None, "out": run["out"] + ".twin", "trace": None, "clock": [run["clock"][0], *ahead]}
    child = faulty_driver.run_forked(again)
    _, status = os.waitpid(child, 0)
    Path(run["out"] + ".twin.status").write_text(str(os.waitstatus_to_exitcode(status)))


DEEDS: dict[str, Callable[[dict[str, Any]], None]] = {
    "SIGKILL": partial(_signal, signal.SIGKILL),
    "SIGTERM": partial(_signal, signal.SIGTERM),
    "out of memory": _out_of_memory,
    "renderer out of memory": _renderer_out_of_memory,
    "renderer out of time": _renderer_out_of_time,
    "renderer killed": _renderer_killed,
    "disk full": _disk_full,
    "no longer file": _no_longer_file,
    "I/O error": _disk_error,
    "twin": _twin,
}
