"""Importer `avatars`: profile pictures in a zip or tar archive, with the accounts that showed them.

The archive's `accounts.csv` has a row an account: `platform`, `account_id`, `file` (path of the picture beside it), and if known `handle`,
`display_name` and `observed_at`. Without that file each picture is named by its account: `<platform>/<account_id>.<ending>`.

Each row becomes an observation whose `avatar_hash` is `sha256:` and the hash of the picture's bytes. No picture is opened here: bytes of
strangers are decoded in a child process, when a briefing is made.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import pyarrow as pa

from tasks.domain.avatars import MOST_PICTURE_BYTES, PICTURE_PREFIX
from tasks.domain.batches import FieldDrift
from tasks.domain.errors import UnreadableInput, UsageProblem
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile
from tasks.fetch.archives import packed_files
from tasks.fetch.chunks import Chunk, RecordChunk, TextChunk, batched
from tasks.fetch.readers import read_csv
from tasks.fetch.rows import Harvest, ObservedAt, Recipe, capture_rule, take

Rows = TypeVar("Rows", RecordChunk, TextChunk)

LIST = "accounts.csv"
_MOST_LIST = 64 << 20  # bytes: some 800,000 accounts
_NEEDED = ("platform", "account_id", "file")
_KNOWN = ("platform", "account_id", "handle", "display_name", "observed_at")


class AvatarImporter:
    """`parse` as in the port tasks.domain.ports.Importer; it has no options."""

    format = "avatars"
    version = "1"

    def parse(self, files: Sequence[LandedFile], *, observed_at: ObservedAt, options: dict[str, Any]) -> Parsed:
        """Raises UsageProblem where nothing says when the pictures were shown, UnreadableInput for an archive that cannot be read."""
        if options:
            raise UsageProblem(f"The importer avatars has no option {sorted(options)[0]!r}.", remedy="Leave the options out.")
        if observed_at == "posted":
            raise UsageProblem("Pictures have no posting time to count as observed at.", remedy="Give --observed-at an instant.")
        harvest, strays, stated, unknown = Harvest(), _Strays(), True, dict[str, int]()
        for file in files:
            pictures, listed = _contents(file)
            for chunk in _rows(file, pictures, listed, sum(harvest.landed.values())):
                names = chunk.names()
                stated &= "observed_at" in names or not chunk.rows
                fields = {name: name for name in _KNOWN if name in names}
                for name in names - {*_NEEDED, *_KNOWN}:
                    unknown[name] = unknown.get(name, 0) + chunk.rows
                take(chunk, Recipe("accounts", fields), observed_at, harvest, {"avatar_hash": _hashes(chunk, pictures)})
                strays.used |= {str(name) for name in _files(chunk)}
            strays.see(pictures)
        drift = [FieldDrift(table="accounts", field=name, kind="unknown", rows=rows) for name, rows in sorted(unknown.items())]
        return harvest.parsed(files, (*drift, *strays.drift()), capture_rule(files, observed_at, stated=stated))


def pictures_in(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """(SHA-256, bytes) of every picture of a landed archive; of one that is larger than 8 MiB one byte more than that."""
    for file in packed_files(path, name, keep=MOST_PICTURE_BYTES + 1):
        if PurePosixPath(file.name).name != LIST:
            yield file.sha256, file.data


class _Strays:
    """Pictures that no row names: reported as drift, so that nobody thinks they were looked at."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.used: set[str] = set()

    def see(self, pictures: dict[str, str]) -> None:
        self.names += sorted(set(pictures) - self.used)
        self.used = set()

    def drift(self) -> tuple[FieldDrift, ...]:
        if not self.names:
            return ()
        sample = self.names[0][:100]
        return (
            FieldDrift(table="accounts", field="pictures that no row names", kind="unknown", rows=len(self.names), sample=sample),
        )


def _contents(file: LandedFile) -> tuple[dict[str, str], bytes | None]:
    """Hash by path of every picture, and the list of accounts if there is one. Paths are relative to the list's folder."""
    found: dict[str, str] = {}
    listed: tuple[PurePosixPath, bytes] | None = None
    for packed in packed_files(file.path, file.name, keep=_MOST_LIST):
        path = PurePosixPath(packed.name)
        if path.name == LIST:
            if listed:
                raise _unreadable(file, f"it holds two files {LIST}")
            if packed.size > len(packed.data):
                raise _unreadable(file, f"{LIST} is larger than {_MOST_LIST >> 20} MiB")
            listed = path.parent, packed.data
        else:
            found[str(path)] = packed.sha256
    if listed is None:
        return found, None
    folder, data = listed
    beside = {
        str(PurePosixPath(name).relative_to(folder)): one
        for name, one in found.items()
        if PurePosixPath(name).is_relative_to(folder)
    }
    return beside, data


def _rows(file: LandedFile, pictures: dict[str, str], listed: bytes | None, first_row: int) -> Iterator[RecordChunk | TextChunk]:
    """Rows of the list, or of the pictures' names; refused where the picture is missing."""
    if listed is None:
        for names in batched(sorted(pictures)):
            yield _checked(RecordChunk(file, first_row, [_named(name) for name in names]), pictures)
            first_row += len(names)
        return
    with tempfile.NamedTemporaryFile(suffix=".csv") as copy:
        copy.write(listed)
        copy.flush()
        for chunk in read_csv([LandedFile(Path(copy.name), f"{LIST} in {file.name}", file.sha256)], ","):
            if chunk.rows and (lacking := [name for name in _NEEDED if name not in chunk.names()]):
                raise _unreadable(file, f"{LIST} has no column {', '.join(lacking)}")
            yield _checked(replace(chunk, file=file, first_row=first_row + chunk.first_row), pictures)


def _named(name: str) -> dict[str, Any]:
    path = PurePosixPath(name)
    platform = path.parent.name or None
    return {"platform": platform, "account_id": path.stem, "file": name}


def _checked(chunk: Rows, pictures: dict[str, str]) -> Rows:
    refused = dict(chunk.refused)
    for position, name in enumerate(_files(chunk)):
        if position not in refused and name not in pictures:
            refused[position] = "the archive holds no such picture" if name else "file is missing"
    return replace(chunk, refused=refused)


def _hashes(chunk: Chunk, pictures: dict[str, str]) -> pa.Array:
    found = [pictures.get(str(name)) for name in _files(chunk)]
    return pa.array([f"{PICTURE_PREFIX}{one}" if one else None for one in found], pa.string())


def _files(chunk: Chunk) -> list[str | None]:
    """The picture that each row names."""
    values = chunk.column("file")
    names: list[str | None] = values.to_pylist() if isinstance(values, pa.Array) else values
    return names


def _unreadable(file: LandedFile, what: str) -> UnreadableInput:
    return UnreadableInput(
        f"{file.name} was refused whole: {what}.", remedy=f"Put one {LIST} with platform, account_id, file into it."
    )
