"""A proxy for tests: forwards requests to a server on loopback and breaks chosen ones on the way there or back."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Fault = Literal[
    "cut before",
    "half request",
    "cut after",
    "half body",
    "stall in mid-body",
    "stall",
    "503 SlowDown",
    "500 InternalError",
    "403 RequestTimeTooSkewed",
    "409 ConditionalRequestConflict",
    "412 PreconditionFailed",
    "507 InsufficientStorage",
]
Matches = Callable[[str, str, bytes], bool]  # method, path with query, body
_HOP = {"connection", "keep-alive", "transfer-encoding", "expect"}


def _no_fault(_method: str, _number: int) -> Fault | None:
    return None


class FaultProxy:
    """`plan(method, number)` is asked for every request (`number` counts the method's requests from 0) and names its fault or None.

    "cut before": the request never arrives, as when the sender is killed. "half request": half of its body does. "cut after": it is
    carried out and the answer is lost. "half body": the answer breaks off in its body. "stall in mid-body": its second half never comes.
    "stall": no answer comes. The rest are answers with that code.
    """

    def __init__(self, port: int) -> None:
        self.plan: Callable[[str, int], Fault | None] = _no_fault
        self.counts: dict[str, int] = {}
        self.broken = 0
        self._where: tuple[Matches, Fault, int] | None = None
        self._lock = threading.Lock()
        self._server = _Server(self, port)
        self.released = threading.Event()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def break_at(self, method: str, number: int, fault: Fault, *, times: int = 1) -> None:
        """Break the requests `number` to `number + times - 1` of `method`, counted from now; everything else passes."""
        with self._lock:
            self.counts, self.broken = {}, 0
        self.plan = lambda asked, at: fault if asked == method and number <= at < number + times else None

    def break_where(self, matches: Matches, fault: Fault, *, times: int = 1) -> None:
        """Break the first `times` requests for which `matches` holds; everything else passes."""
        with self._lock:
            self.counts, self.broken, self.plan = {}, 0, _no_fault
            self._where = (matches, fault, times)

    def heal(self) -> None:
        with self._lock:
            self.plan, self._where, self.broken = _no_fault, None, 0

    def next_fault(self, method: str, path: str, body: bytes) -> Fault | None:
        with self._lock:
            number = self.counts.get(method, 0)
            self.counts[method] = number + 1
            fault = self.plan(method, number)
            if fault is None and self._where and self.broken < self._where[2] and self._where[0](method, path, body):
                fault = self._where[1]
            self.broken += fault is not None
            return fault

    def __enter__(self) -> "FaultProxy":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, proxy: FaultProxy, upstream_port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy, self.upstream_port = proxy, upstream_port

    def handle_error(self, *_: object) -> None:
        """Clients that hang up are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def handle_request(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.proxy.next_fault(self.command, self.path, body)
        if fault == "half request":
            self._forward_half(body)
        if fault == "stall":
            self.server.proxy.released.wait(30)
        if fault in ("cut before", "stall", "half request"):
            self._hang_up()
        elif fault is not None and fault[0].isdigit():
            self._refuse(*fault.split(" "))
        else:
            self._answer(*self._forward(body), fault)

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_request  # noqa: N815

    def _answer(self, answer: http.client.HTTPResponse, content: bytes, fault: Fault | None) -> None:
        if fault == "cut after":
            return self._hang_up()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", answer.getheader("Content-Length") or str(len(content)))
        self.end_headers()
        if fault in ("half body", "stall in mid-body"):
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            if fault == "stall in mid-body":
                self.server.proxy.released.wait(30)
            return self._hang_up()
        self.wfile.write(content)
        return None

    def _forward(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream_port, timeout=30)
        with contextlib.closing(upstream):
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _HOP:
                    upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            return answer, answer.read()

    def _forward_half(self, body: bytes) -> None:
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream_port, timeout=30)
        with contextlib.closing(upstream), contextlib.suppress(OSError):
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _HOP:
                    upstream.putheader(name, value)
            upstream.endheaders(body[: len(body) // 2] or None)

    def _refuse(self, status: str, code: str) -> None:
        content = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>asked to fail</Message></Error>".encode()
        self.send_response_only(int(status))
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Tests read faults, not access logs."""
