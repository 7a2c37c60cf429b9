"""Profile pictures looked at in child processes: a picture that kills its child costs itself and no other."""

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import orjson

from tasks.domain.avatars import MOST_PICTURE_BYTES as MOST_BYTES
from tasks.domain.errors import ResurgeError

_KEPT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")
_START_S = 60.0  # for loading OpenCV on a busy machine
_END_S = 2.0  # for a child to end whose input has


@dataclass(frozen=True)
class Limits:
    """Of one picture, but `memory_mb`: addresses of a child, of which libraries take 460 MB. A portrait takes 0.03 s of CPU, a picture of
    16 million pixels 0.6 s."""

    cpu_s: int = 5
    wall_s: float = 30
    memory_mb: int = 1024
    children: int = 2
    deaths: int = 100  # of children; pictures after them are not looked at


@dataclass(frozen=True)
class Look:
    """What was seen in one picture. `refused` is why it was not looked at; else `pdq` and `mirrored` are PDQ hashes (64 hex digits) of the
    picture and of its mirror image, `quality` 0 to 100, `eyes` an Outcome of tasks.detect.eyes, `distance` GANEyeDistance."""

    refused: str = ""
    pdq: str = ""
    mirrored: str = ""
    quality: int = 0
    eyes: str = ""
    distance: float | None = None
    died: bool = False  # its child did; not kept


def made_with() -> str:
    """Names what looks depend on: our own rules' version and the libraries that decode and find eyes."""
    names = ("pillow", "opencv-python-headless", "numpy")
    return "-".join(["2", *(f"{name}-{version(name)}" for name in names)])


def look_at(pictures: Iterable[tuple[str, bytes]], limits: Limits = Limits()) -> dict[str, Look]:
    """A look at each (name, bytes); pictures are taken from the iterable one by one, so that few are in memory.

    A picture that ends its child by a limit or a crash is tried once more in a fresh one, so that what came before it decides nothing.
    """
    shared = _OneByOne(pictures)
    looks: dict[str, Look] = {}
    deaths: list[str] = []

    def work() -> None:
        with _Child(limits, deaths) as child:
            for name, data in shared:
                looks[name] = child.look(data)

    with ThreadPoolExecutor(limits.children) as pool:
        for done in [pool.submit(work) for _ in range(limits.children)]:
            done.result()
    return dict(sorted(looks.items()))


class _OneByOne:
    """An iterator that several threads may draw from."""

    def __init__(self, pictures: Iterable[tuple[str, bytes]]) -> None:
        self._pictures, self._lock = iter(pictures), threading.Lock()

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return self

    def __next__(self) -> tuple[str, bytes]:
        with self._lock:
            return next(self._pictures)


class _Child:
    """One child at a time, started when first needed and again after it died; `deaths` is shared by all."""

    def __init__(self, limits: Limits, deaths: list[str]) -> None:
        self._limits, self._deaths = limits, deaths
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process is not None:
            self._end(self._process)

    def look(self, data: bytes) -> Look:
        if len(data) > MOST_BYTES:
            return Look(refused=f"larger than {MOST_BYTES >> 20} MiB")
        if len(self._deaths) >= self._limits.deaths:
            return Look(refused=f"not looked at: {self._limits.deaths} readers before it had ended on a picture")
        fresh = self._process is None
        seen = self._ask(data)
        return seen if fresh or not seen.died else self._ask(data)

    def _ask(self, data: bytes) -> Look:
        """The child's answer, or how it ended."""
        process = self._process = self._process or self._start()
        sent, received = _pipes(process)
        line, late = b"", False
        with suppress(BrokenPipeError):
            sent.write(len(data).to_bytes(4, "big") + data)
            sent.flush()
            late = not select.select([received], [], [], self._limits.wall_s)[0]
            line = b"" if late else received.readline()
        if line.endswith(b"\n"):
            return Look(**orjson.loads(line))
        self._process = None
        if late:
            process.kill()
        late |= self._end(process) == -signal.SIGXCPU
        ended = "took too long to open" if late else "crashed its reader"
        self._deaths.append(ended)
        return Look(refused=ended, died=True)

    def _start(self) -> "subprocess.Popen[bytes]":
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and module, no shell
            [sys.executable, "-m", "tasks.detect.avatar_child", str(self._limits.cpu_s), str(self._limits.memory_mb)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment | {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "OPENBLAS_NUM_THREADS": "1"},
        )
        received = _pipes(process)[1]
        if not select.select([received], [], [], _START_S)[0] or received.readline() != b"ready\n":
            self._end(process)
            raise ResurgeError(
                "The process that looks at profile pictures did not start.",
                remedy="Run `python -m tasks.detect.avatar_child 5 1024` to see why.",
            )
        return process

    @staticmethod
    def _end(process: "subprocess.Popen[bytes]") -> int | None:
        """The child's exit code; None if it had to be killed."""
        sent, received = _pipes(process)
        with suppress(BrokenPipeError):
            sent.close()
        try:
            code: int | None = process.wait(timeout=_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
        received.close()
        return code


def _pipes(process: "subprocess.Popen[bytes]") -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:  # never: both were asked for
        raise ValueError("no pipes")
    return process.stdin, process.stdout
