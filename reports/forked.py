"""Children forked from a server that has the renderer loaded (reports.forkserver): one server a process, started when it is first wanted.

A server that broke is started again once; if the next breaks too, none is used any more. Linux only: elsewhere a process that has loaded
the libraries of fonts may not be forked.
"""

import atexit
import logging
import os
import selectors
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress

from reports.cold import Ended, Limits, environment

MOST_BROKEN = 2  # servers in a row
_CHUNK = 1 << 16
_PATIENCE_S = 5.0
_log = logging.getLogger(__name__)


class ServerBroke(Exception):
    """The server ended before its child did; nothing is known of the child but that it is ended too."""


class Server:
    """A running server; requests from several threads do not wait for each other."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "reports.forkserver"],
                env=environment(),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def ask(self, message: bytes, limits: Limits) -> Ended:
        """Give `message` (reports.child) to a new child. Raises TimeoutError past `limits.wall_s`, where the child is ended, and
        ServerBroke."""
        until = time.monotonic() + limits.wall_s
        with ExitStack() as mine:
            with ExitStack() as theirs:
                source = theirs.enter_context(os.fdopen(os.memfd_create("message"), "r+b", buffering=0))
                _write(source.fileno(), message)
                pipes = [os.pipe() for _ in range(2)]
                reading = [mine.enter_context(os.fdopen(ours, "rb", buffering=0)).fileno() for ours, _ in pipes]
                writing = [theirs.enter_context(os.fdopen(given, "wb", buffering=0)).fileno() for _, given in pipes]
                status, told = socket.socketpair()
                mine.enter_context(status)
                theirs.enter_context(told)
                request = f"{limits.cpu_s} {limits.memory_mb}".encode()
                try:
                    socket.send_fds(self._control, [request], [source.fileno(), *writing, told.fileno()])
                except OSError as error:
                    raise ServerBroke from error
            out, said, code = _read([*reading, status.fileno()], until)
        if not code:
            raise ServerBroke
        return Ended(int(code), out, said)

    def close(self) -> None:
        """End the server and its children."""
        self._control.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_PATIENCE_S)
            return
        self.process.kill()
        self.process.wait()

    def forget(self) -> None:
        """In a process forked from the one that started it: the server is not ours."""
        self._control.close()
        self.process.returncode = 0  # nor to be waited for


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.lseek(descriptor, 0, os.SEEK_SET)


def _read(descriptors: list[int], until: float) -> list[bytes]:
    """Everything that comes until all are closed at their other ends. Raises TimeoutError if some are open at `until`."""
    found: dict[int, list[bytes]] = {descriptor: [] for descriptor in descriptors}
    with selectors.DefaultSelector() as selector:
        for descriptor in descriptors:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, until - time.monotonic()))
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                try:
                    data = os.read(key.fd, _CHUNK)
                except ConnectionError:
                    data = b""
                if data:
                    found[key.fd].append(data)
                else:
                    selector.unregister(key.fd)
    return [b"".join(parts) for parts in found.values()]


class _Servers:
    """The server of this process, and how many broke in a row."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.current: Server | None = None
        self.broken = 0

    def ready(self) -> Server | None:
        """A server, which may still be loading; None where none is to be had."""
        with self._lock:
            if self.current is None and sys.platform == "linux" and self.broken < MOST_BROKEN:
                self.current = Server()
            return self.current

    def broke(self, server: Server) -> None:
        with self._lock:
            if self.current is not server:
                return  # another thread has told
            self.current = None
            self.broken += 1
        server.close()
        _log.warning("The server of renderers ended with exit code %s.", server.process.returncode)

    def close(self) -> None:
        with self._lock:
            server, self.current, self.broken = self.current, None, 0
        if server:
            server.close()


_servers = _Servers()


def _after_fork() -> None:
    global _servers
    if _servers.current:
        _servers.current.forget()
    _servers = _Servers()


os.register_at_fork(after_in_child=_after_fork)


@atexit.register
def close() -> None:
    """End this process's server, if it has one; the next request starts another."""
    _servers.close()


def start() -> None:
    """Start the server, so that it loads (3 s) while the facts are still being found; nothing if it runs."""
    _servers.ready()


def forked(message: bytes, limits: Limits) -> Ended | None:
    """As reports.cold.cold, from a child of the server; None if there is no server to ask."""
    while server := _servers.ready():
        try:
            ended = server.ask(message, limits)
        except ServerBroke:
            _servers.broke(server)
            continue
        _servers.broken = 0
        return ended
    return None
