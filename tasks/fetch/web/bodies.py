"""Reading an answer's body in bounds: bytes as sent, bytes unpacked, and a hard end in time."""

import json
import socket
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import orjson

_WBITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class TooLarge(Exception):
    """The body passes a cap; its text says which."""


class Broken(Exception):
    """The body ended early or does not unpack."""


def unpacked(chunks: Iterable[bytes], encoding: str, *, most_sent: int, most_unpacked: int) -> bytes:
    """The whole body. A bomb is stopped at `most_unpacked`.

    Raises TooLarge, Broken (cut off, or not in the encoding it says), ValueError for an encoding that was not asked for.
    """
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", *_WBITS):
        raise ValueError(encoding)
    limited = _limited(chunks, most_sent)
    if encoding not in _WBITS:
        return b"".join(limited)
    unpack, out = zlib.decompressobj(_WBITS[encoding]), bytearray()
    try:
        for chunk in limited:
            out += unpack.decompress(chunk, most_unpacked + 1 - len(out))
            if len(out) > most_unpacked:
                raise TooLarge(f"few bytes that unpack to more than {most_unpacked:,}")
    except zlib.error as error:
        raise Broken("the body does not unpack") from error
    if not unpack.eof:
        raise Broken("the packed body was cut off")
    if unpack.unused_data:
        raise Broken("something follows the packed body")
    return bytes(out)


def _limited(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    sent = 0
    for chunk in chunks:
        sent += len(chunk)
        if sent > most:
            raise TooLarge(f"more than {most:,} bytes")
        yield chunk


def json_of(raw: bytes) -> Any:
    """The JSON of a body. Raises Broken where it is none or was cut off."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:  # a lone surrogate escape is legal JSON that orjson refuses
            return json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise Broken("the JSON was cut off or is damaged") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


class Watch:
    """Cuts the line when an attempt has taken its time: time-outs of single reads never end a line that gives a byte now and then.

    `trace` goes into the request's extensions (httpx reports connections there). One line at a time, kept between requests.
    """

    def __init__(self) -> None:
        self._stream: Any = None
        self.over = False

    def trace(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._stream = info.get("return_value")
            if self.over:
                self._cut()

    @contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """Within it the line is cut after `seconds`; `over` then says so."""
        self.over = False
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end(self) -> None:
        self.over = True
        self._cut()

    def _cut(self) -> None:
        line = self._stream.get_extra_info("socket") if self._stream is not None else None
        if line is not None:
            with suppress(OSError):  # closed already
                socket.socket.shutdown(line, socket.SHUT_RDWR)
