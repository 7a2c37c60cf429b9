"""A line to an SMTP server that breaks at a chosen place of the conversation: the server behind it is a real one."""

import contextlib
import socket
import threading
import time
from typing import Literal

LineFault = Literal["cut before DATA", "cut in mid-body", "lost 250", "cut after 250", "silence after DATA"]
_END = b"\r\n.\r\n"


class SmtpProxy:
    """Forwards to `host:port` of the loopback. `break_next(fault, times)` breaks that many of the coming messages.

    "cut before DATA": the line drops when DATA is asked for. "cut in mid-body": half of the message arrives. "lost 250": the server has
    taken the message, its answer is lost. "cut after 250": the line drops before QUIT. "silence after DATA": the server never hears the
    end of the message and nobody answers.
    """

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.broken = 0
        self._fault: tuple[LineFault, int] | None = None
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])

    def break_next(self, fault: LineFault, *, times: int = 1) -> None:
        with self._lock:
            self._fault, self.broken = (fault, times), 0

    def heal(self) -> None:
        with self._lock:
            self._fault, self.broken = None, 0

    def __enter__(self) -> "SmtpProxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, socket.create_connection(("127.0.0.1", self.upstream_port), 10) as server:
            talk = _Talk(self, client, server)
            back = threading.Thread(target=talk.answers, daemon=True)
            back.start()
            talk.requests()
            for one in (client, server):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            back.join(5)

    def take(self) -> LineFault | None:
        """The fault of this message, if it is to have one."""
        with self._lock:
            if self._fault is None or self.broken >= self._fault[1]:
                return None
            self.broken += 1
            return self._fault[0]


class _Talk:
    def __init__(self, proxy: SmtpProxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.fault: LineFault | None = None
        self.sent_end = False

    def requests(self) -> None:
        """From the client to the server, until the line ends or breaks."""
        body = False
        tail = b""
        while data := self.client.recv(65536):
            if not body and data.upper().startswith(b"DATA"):
                self.fault, body = self.proxy.take(), True
                if self.fault == "cut before DATA":
                    return
            elif body:
                tail = (tail + data)[-5:]
                if self.fault == "cut in mid-body":
                    self.server.sendall(data[: len(data) // 2])
                    return
                if tail == _END:
                    body = False
                    if self.fault == "silence after DATA":
                        time.sleep(4)
                        return
                    self.sent_end = True
            self.server.sendall(data)

    def answers(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.server.recv(65536):
                if self.sent_end and self.fault == "lost 250":
                    break
                self.client.sendall(data)
                if self.sent_end and self.fault == "cut after 250":
                    break
            for one in (self.client, self.server):
                one.shutdown(socket.SHUT_RDWR)
