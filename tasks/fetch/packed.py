"""A landed file as the streams of text in it: itself, or the CSV files inside a zip, each read as it is unpacked, never written to disk.

Names inside a zip are only printed, never opened as paths. Bounds against archives made to explode: members, unpacked bytes and the ratio
of unpacked to packed bytes, all as the zip's directory states them; the unpacker stops at the stated size and checks the checksum.
"""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tasks.domain.errors import UnreadableInput
from tasks.domain.ports import LandedFile
from tasks.fetch.archives import is_hidden

MOST_MEMBERS = 10_000
MOST_BYTES = 256 << 30  # unpacked, all members: the largest published archive of posts unpacks to some 100 GB
MOST_RATIO = 200  # text packs to a tenth; deflate reaches 1,032
SMALL = 64 << 20  # bytes of a member below which the ratio does not matter

_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True)
class Member:
    """One stream of a landed file; `name` is for people. `open` starts at the first byte each time."""

    file: LandedFile
    name: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]


def members(file: LandedFile, ending: str = ".csv") -> Iterator[Member]:
    """The file itself, or what ends in `ending` inside it where it is a zip, in the order of the zip.

    Raises UnreadableInput for a zip that is damaged, encrypted, too large, packed too tightly, or without such a member.
    """
    with file.path.open("rb") as stream:
        packed = stream.read(4) == _MAGIC
    if not packed:
        path = file.path
        yield Member(file, file.name, lambda: path.open("rb"))
        return
    inside = _directory(file, ending)
    for info in inside:
        yield Member(file, f"{file.name}, {info.filename}", _opener(file.path, info))


def _opener(path: Path, info: zipfile.ZipInfo) -> Callable[[], AbstractContextManager[IO[bytes]]]:
    return lambda: _Unpacked(path, info)


class _Unpacked(AbstractContextManager[IO[bytes]]):
    """A member while it is read; closes the zip with it."""

    def __init__(self, path: Path, info: zipfile.ZipInfo) -> None:
        self._zip = zipfile.ZipFile(path)
        self._stream = self._zip.open(info)

    def __enter__(self) -> IO[bytes]:
        return self._stream

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._zip.close()


def _directory(file: LandedFile, ending: str) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(file.path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise refused(file.name, f"the zip is damaged or cut off ({error})", "Fetch the file again.") from error
    if len(entries) > MOST_MEMBERS:
        raise refused(file.name, f"the zip holds more than {MOST_MEMBERS:,} files", "Give only the one that holds the posts.")
    wanted = [e for e in entries if e.filename.lower().endswith(ending) and not e.is_dir() and not is_hidden(e.filename)]
    if not wanted:
        raise refused(file.name, f"the zip holds no file that ends in {ending}", "Unpack it, and give the files inside.")
    if (unpacked := sum(entry.file_size for entry in wanted)) > MOST_BYTES:
        raise refused(file.name, f"the zip unpacks to {unpacked:,} bytes, more than {MOST_BYTES >> 30} GiB", "Split it.")
    for entry in wanted:
        if entry.flag_bits & 1:
            raise refused(f"{file.name}, {entry.filename}", "it is encrypted", "Unpack it, and give the files inside.")
        if entry.file_size > SMALL and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
            what = f"it unpacks to {entry.file_size / max(entry.compress_size, 1):,.0f} times its size, which no text does"
            raise refused(f"{file.name}, {entry.filename}", what, "If it is right, unpack it, and give the file inside.")
    return wanted


def refused(name: str, what: str, remedy: str) -> UnreadableInput:
    return UnreadableInput(f"{name} was refused whole: {what}.", remedy=remedy)
