"""The engine's server as a process of ours: beside the imports of a command, or with schedules for as long as somebody waits.

The engine starts a temporary server itself, but only once it is imported and then waits for it: 18 s until the first flow, where a server
started first and awaited last takes 9 s. And its temporary server never makes a scheduled run.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tasks.domain.errors import ResurgeError

_START_PATIENCE_S = 120  # with cold bytecode the first start took 38 s
_END_PATIENCE_S = 10
_PORT = 4200  # the engine's default, so that its own documentation holds; another one where it is taken
_SCHEDULING = ("prefect", "server", "start")
# What the engine itself runs for a single command (prefect.server.api.server, SubprocessASGIServer): no pages, no schedules.
_TEMPORARY = ("uvicorn", "--factory", "prefect.server.api.server:create_app", "--log-level", "error", "--lifespan", "on")
_TEMPORARY_ENVIRONMENT = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}


_ours: set[str] = set()  # addresses of the servers that this process started


def is_ours(address: str) -> bool:
    """Is it the server of this process: no worker works for that."""
    return address in _ours


@dataclass(frozen=True)
class Server:
    """A server that was started; `address` is that of its API, `log` what it says."""

    process: "subprocess.Popen[bytes]"
    address: str
    log: Path

    def wait(self) -> None:
        """Until it answers. Raises ResurgeError if it ends or takes longer than 120 s."""
        give_up = time.monotonic() + _START_PATIENCE_S
        while time.monotonic() < give_up and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.address}/health", timeout=5):  # noqa: S310  # our own address on loopback
                    return
            except OSError:
                time.sleep(0.1)
        raise ResurgeError("The engine's server did not start.", remedy=f"The end of {self.log} says why.")


@contextmanager
def started(state_dir: Path, *, schedules: bool) -> Iterator[Server]:
    """Start a server on the database in PREFECT_HOME (flows.engine.prepare sets it), and end it at last; `wait` before it is used.

    PREFECT_API_URL names it meanwhile, for everything of the engine that is imported inside.
    """
    port, log = _free_port(_PORT if schedules else 0), state_dir.expanduser() / "server.log"
    address = f"http://127.0.0.1:{port}/api"
    command = [
        sys.executable,
        "-m",
        "flows.guarded",
        *(_SCHEDULING if schedules else _TEMPORARY),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    environment = {**os.environ, "PREFECT_API_URL": address, **({} if schedules else _TEMPORARY_ENVIRONMENT)}
    with log.open("wb") as out:  # a session of its own: Ctrl-C reaches us, and we end it after the runs
        process = subprocess.Popen(  # noqa: S603  # our own interpreter, no shell
            command, stdin=subprocess.PIPE, stdout=out, stderr=out, env=environment, start_new_session=True
        )
    os.environ["PREFECT_API_URL"] = address
    _ours.add(address)
    try:
        yield Server(process, address, log)
    finally:
        os.environ.pop("PREFECT_API_URL", None)
        _ours.discard(address)
        process.terminate()
        try:
            process.wait(_END_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port(first: int) -> int:
    for wanted in (first, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ResurgeError("No port is free on this machine.", remedy="End programs that hold many connections, then run again.")
