"""`python -m reports.forkserver`: the renderer loaded once, and one forked child for every PDF.

Standard input is a socket on which whoever started this process hands over, for every PDF, the limits of its child and four descriptors:
its stdin, stdout and stderr, and a socket on which the child's exit code is told. If that one is closed at the other end, the child is
killed; if standard input is, all are, and the server ends: nothing outlives who asked for it. The server itself reads no facts: what a
post's words can break is a child, and the next child is forked from a process that has never seen them.
"""

import ctypes
import gc
import os
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from reports.child import Answer, limit, loaded, respond

HANDED = 4  # descriptors with every request
LONGEST = 64  # bytes of a request: two numbers
_PR_SET_PDEATHSIG = 1
_MOST_OPEN = 1 << 16
# When a child looks for garbage. Boxes of a page live until it ends: looking as often as is the default takes a fifth of its time.
_COLLECT = (200_000, 20, 50)


@dataclass(frozen=True)
class _Running:
    status: socket.socket
    folder: str  # for temporary files, removed when the child has ended however it did


def main() -> int:
    """Serve until standard input is closed. Exit code 1 where a fork would not be safe: a thread is running."""
    control = socket.socket(fileno=0)
    answer = loaded()
    _warm()
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        return 1  # a fork copies the locks that other threads hold, and not the threads that would let go of them
    gc.collect()
    gc.freeze()  # what is loaded stays shared: the collector of a child does not touch its pages
    _Server(control, answer).serve()
    return 0


def _warm() -> None:
    """Do once what every PDF would do again: parse templates and style sheets, look up fonts, draw a chart, shape text."""
    from reports.compose import warm
    from reports.printing import print_pdf

    print_pdf(*warm(), edition="00" * 32)


class _Server:
    def __init__(self, control: socket.socket, answer: Answer) -> None:
        self._control, self._answer = control, answer
        self._running: dict[int, _Running] = {}
        self._selector = selectors.DefaultSelector()
        self._woken, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(self._woken, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake)
        self._selector.register(control, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)

    def serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._control:
                    request, given, _, _ = socket.recv_fds(self._control, LONGEST, HANDED)
                    if not request:
                        self._end_all()
                        return
                    self._start(request, given)
                elif key.data is not None:  # nobody waits for this child any more
                    self._selector.unregister(key.fileobj)
                    os.kill(key.data, signal.SIGKILL)
            with suppress(BlockingIOError):
                os.read(self._woken, 4096)
            self._reap()

    def _start(self, request: bytes, given: list[int]) -> None:
        cpu_s, memory_mb = map(int, request.split())
        folder, server = tempfile.mkdtemp(prefix="resurge-"), os.getpid()
        child = os.fork()
        if not child:
            self._be_child(given, folder, server, cpu_s, memory_mb)
        *streams, status = given
        for descriptor in streams:
            os.close(descriptor)
        running = _Running(socket.socket(fileno=status), folder)
        self._running[child] = running
        self._selector.register(running.status, selectors.EVENT_READ, child)

    def _be_child(self, given: list[int], folder: str, server: int, cpu_s: int, memory_mb: int) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for standard, descriptor in enumerate(given[:3]):
                os.dup2(descriptor, standard)  # the first closes the server's own socket
            os.closerange(3, _MOST_OPEN)
            _end_with(server)
            tempfile.tempdir = folder
            limit(cpu_s, memory_mb)
            gc.set_threshold(*_COLLECT)
            with open(0, "rb", closefd=False) as source, open(1, "wb", closefd=False) as target:
                respond(self._answer, source, target)
            code = 0
        except BaseException:  # also what the fetcher raises; the last line is what a person is told
            traceback.print_exc()
        finally:
            os._exit(code)

    def _reap(self) -> None:
        while self._running:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            ended = self._running.pop(child)
            with suppress(KeyError):
                self._selector.unregister(ended.status)
            with suppress(OSError):  # who asked may be gone
                ended.status.send(str(os.waitstatus_to_exitcode(status)).encode())
            ended.status.close()
            shutil.rmtree(ended.folder, ignore_errors=True)

    def _end_all(self) -> None:
        for child, running in self._running.items():
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            shutil.rmtree(running.folder, ignore_errors=True)


def _end_with(server: int) -> None:
    """Have the kernel kill this process when the server ends, also by SIGKILL. Raises OSError if it has ended already."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != server:
        raise OSError("the server has ended")


if __name__ == "__main__":
    sys.exit(main())
