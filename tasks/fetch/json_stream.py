"""Objects out of one large JSON document, one after the other, in bounded memory: the document is never held whole.

The structure around the wanted arrays is walked character by character, values that nobody asked for are read and dropped, and every
element of a wanted array is handed out as Python has it. Memory is bounded by the largest single value, at most 64 MiB of text.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import IO, Any

from tasks.fetch.packed import refused

MOST_VALUE = 64 << 20  # characters of one value that is read as a whole
MOST_DEPTH = 20  # of the structure that is walked
_READ = 1 << 20
_BLANK = re.compile(r"[ \t\r\n]*")
_REMEDY = "Export it again, as machine-readable JSON; a file that was cut off has to be written again."

Path = tuple[str | int, ...]


def elements(
    stream: IO[bytes], name: str, wanted: Callable[[Path], bool], walked: Callable[[Path], bool]
) -> Iterator[tuple[Path, Any]]:
    """Every element of the arrays at paths that `wanted` says, and every other value inside what is `walked`, each with its path in
    document order. What is neither is one value, handed out whole where its parent is walked.

    Raises UnreadableInput naming `name` and the line for invalid JSON or UTF-8, a value that is too large, and a document cut off.
    """
    text = _Text(stream, name)
    yield from _value(text, (), wanted, walked)
    if text.peek():
        raise text.fault("something follows the document's end")


def _value(text: "_Text", path: Path, wanted: Callable[[Path], bool], walked: Callable[[Path], bool]) -> Iterator[tuple[Path, Any]]:
    opening = text.peek()
    if len(path) > MOST_DEPTH:
        raise text.fault("it is nested too deeply")
    if opening == "{" and walked(path):
        yield from _members(text, path, wanted, walked)
    elif opening == "[" and (walked(path) or wanted(path)):
        yield from _items(text, path, wanted, walked)
    else:
        yield path, text.read_value()


def _members(
    text: "_Text", path: Path, wanted: Callable[[Path], bool], walked: Callable[[Path], bool]
) -> Iterator[tuple[Path, Any]]:
    text.expect("{")
    if text.peek() == "}":
        text.expect("}")
        return
    while True:
        key = text.read_value()
        if not isinstance(key, str):
            raise text.fault("a name is no text")
        text.expect(":")
        yield from _value(text, (*path, key), wanted, walked)
        if text.peek() != ",":
            break
        text.expect(",")
    text.expect("}")


def _items(text: "_Text", path: Path, wanted: Callable[[Path], bool], walked: Callable[[Path], bool]) -> Iterator[tuple[Path, Any]]:
    whole = wanted(path)
    text.expect("[")
    number = 0
    if text.peek() == "]":
        text.expect("]")
        return
    while True:
        if whole:
            yield (*path, number), text.read_value()
        else:
            yield from _value(text, (*path, number), wanted, walked)
        number += 1
        if text.peek() != ",":
            break
        text.expect(",")
    text.expect("]")


class _Text:
    """The text from the present place on, as far as it was read; counts lines."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream, self._name = stream, name
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._buffer, self._place, self._line, self._ended = "", 0, 1, False
        self._decoder = json.JSONDecoder(parse_constant=_no_constant)

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            match = _BLANK.match(self._buffer, self._place)
            self._place = match.end() if match else self._place
            if self._place < len(self._buffer):
                return self._buffer[self._place]
            if not self._more(_READ):
                return ""

    def expect(self, character: str) -> None:
        found = self.peek()
        if found != character:
            raise self.fault(f"{character} was expected, not {found!r}" if found else "the document ends early")
        self._place += 1

    def read_value(self) -> Any:
        """The whole value that starts here."""
        if not self.peek():
            raise self.fault("the document ends early")
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._place)
                if end < len(self._buffer) or self._ended:  # a number at the buffer's end may go on
                    self._place = end
                    return value
            except RecursionError:
                raise self.fault("a value is nested too deeply") from None
            except json.JSONDecodeError as error:  # perhaps only because it goes on
                if self._ended:
                    raise self.fault(f"invalid JSON ({error.msg})", error.pos) from None
            except ValueError as error:  # NaN, or a number of thousands of digits
                raise self.fault(f"invalid JSON ({error})") from None
            if len(self._buffer) - self._place > MOST_VALUE:
                raise self.fault(f"invalid JSON, or a value of more than {MOST_VALUE >> 20} MiB")
            self._more(
                max(_READ, len(self._buffer) - self._place)
            )  # twice as much each time: every character is read twice at most

    def fault(self, what: str, place: int | None = None) -> Exception:
        line = self._line + self._buffer.count("\n", 0, self._place if place is None else place)
        return refused(self._name, f"line {line}: {what}", _REMEDY)

    def _more(self, size: int) -> bool:
        """Read on; forget what lies behind."""
        if self._ended:
            return False
        raw = self._stream.read(size)
        self._line += self._buffer.count("\n", 0, self._place)
        self._buffer, self._place = self._buffer[self._place :], 0
        try:
            self._buffer += self._utf8.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            good = raw[: error.start].count(b"\n")
            self._line += self._buffer.count("\n") + good
            self._buffer = ""
            raise self.fault("invalid UTF-8") from error
        self._ended = not raw
        return bool(raw)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
