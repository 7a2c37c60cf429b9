"""Files in a zip or tar archive, read one after the other without unpacking anything to disk."""

import hashlib
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from tasks.domain.errors import UnreadableInput

MOST_FILES = 500_000
MOST_BYTES = 32 << 30  # unpacked, all files together
_CHUNK = 1 << 20


@dataclass(frozen=True)
class PackedFile:
    """One file: its path inside the archive, hash and number of all its bytes, and the first `keep` of them."""

    name: str
    sha256: str
    size: int
    data: bytes


def packed_files(path: Path, name: str, *, keep: int) -> Iterator[PackedFile]:
    """Every file of the archive at `path`, in its order; folders, links, hidden files and what a desktop adds are left out.

    Raises UnreadableInput naming `name` for anything that is no archive, is cut off, encrypted, or unpacks to more than the bounds.
    """
    unpacked = 0
    try:
        for number, (inside, stream) in enumerate(_entries(path), start=1):
            if number > MOST_FILES:
                raise _unreadable(name, f"it holds more than {MOST_FILES:,} files", "Split it.")
            digest, kept, size = hashlib.sha256(), bytearray(), 0
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                unpacked += len(chunk)
                if unpacked > MOST_BYTES:
                    raise _unreadable(name, f"it unpacks to more than {MOST_BYTES >> 30} GiB", "Split it.")
                digest.update(chunk)
                kept += chunk[: keep - len(kept)]
            if not is_hidden(inside):
                yield PackedFile(inside, digest.hexdigest(), size, bytes(kept))
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise _unreadable(name, f"not a zip or tar archive, or cut off ({error})", "Pack the pictures again.") from error
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed in a way the standard library does not know
        raise _unreadable(name, str(error), "Pack the pictures again, without a password.") from error


def _entries(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if not entry.is_dir():
                    with archive.open(entry) as stream:
                        yield entry.filename, stream
        return
    with tarfile.open(path, "r:*") as archive:
        for member in archive:
            stream_or_none = archive.extractfile(member) if member.isreg() else None
            if stream_or_none is not None:
                with stream_or_none as stream:
                    yield member.name, stream


def is_hidden(name: str) -> bool:
    """Whether a path inside an archive is a hidden file or what a desktop added."""
    parts = PurePosixPath(name).parts
    return any((part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in parts)


def _unreadable(name: str, what: str, remedy: str) -> UnreadableInput:
    return UnreadableInput(f"{name} was refused whole: {what}.", remedy=remedy)
