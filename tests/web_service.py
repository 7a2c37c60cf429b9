"""A small HTTP service of the tests' own: answers as told, misbehaves in raw bytes where a test wants it, remembers what was asked."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tasks.fetch.web.limits import Clock


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    params: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    def one(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.params if key == name), default)


@dataclass(frozen=True)
class Answer:
    """`raw` writes to the socket itself (status line and all) in the place of the rest."""

    value: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    raw: Callable[[Callable[[bytes], None]], None] | None = None


@dataclass
class Service:
    url: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def serving(app: Callable[[Asked], Answer]) -> Iterator[Service]:
    """Serve `app` on a free port of this machine."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, parse_qsl(parts.query), headers, body)
            service.asked.append(asked)
            answer = app(asked)
            if answer.raw is not None:
                with suppress(OSError):
                    answer.raw(self._write)
                self.close_connection = True
                return
            sent = json.dumps(answer.value).encode() if answer.body is None else answer.body
            self.send_response_only(answer.status)  # no Date of its own
            for name, value in {"content-type": "application/json", "content-length": str(len(sent)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(sent)

        def handle(self) -> None:
            with suppress(OSError):  # the client left
                super().handle()

        def _write(self, data: bytes) -> None:
            self.wfile.write(data)
            self.wfile.flush()

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class FakeTime:
    """A clock that moves only when somebody sleeps."""

    start: datetime = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    slept: list[float] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        return Clock(
            now=lambda: self.start + timedelta(seconds=sum(self.slept)), steady=lambda: sum(self.slept), sleep=self.slept.append
        )
