"""Landed bytes: evidence, kept compressed under the SHA-256 of the bytes as they came."""

import hashlib
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from tasks.domain.batches import RawObject
from tasks.domain.errors import UnreadableInput, WorkspaceProblem, WriteConflict
from tasks.domain.ports import ObjectStore
from tasks.store.keys import raw_key
from tasks.store.local_problems import explained

_CHUNK = 1 << 20


def land(store: ObjectStore, campaign: str, source: str, data: bytes | Path, ext: str) -> RawObject:
    """Keep `data` (bytes, or a file that is streamed) unchanged; landing the same bytes again changes nothing.

    `ext` says what the bytes are, such as `ndjson`. Raises WorkspaceProblem, or WriteConflict if what is stored under this hash does
    not have it.
    """
    with tempfile.TemporaryDirectory(prefix="resurge-land-") as folder, _opened(data) as (source_file, size):
        packed = Path(folder) / "packed"
        hashing = _Hashing(source_file)
        with explained(folder, f"pack {data.name if isinstance(data, Path) else 'a page'}"), packed.open("wb") as file:
            # the size stands in the frame's header, so bytes and files of equal content are packed into equal bytes
            try:
                zstandard.ZstdCompressor(level=3, write_checksum=True).copy_stream(cast(BinaryIO, hashing), file, size=size)
            except zstandard.ZstdError as error:
                raise UnreadableInput(f"{data!s:.200} changed while it was read ({error}).", remedy="Run again.") from error
        raw = RawObject(key=raw_key(campaign, source, hashing.sha256, ext), sha256=hashing.sha256, size=hashing.size)
        with packed.open("rb") as file:
            packed_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        try:
            store.create(raw.key, packed)
        except WriteConflict:
            # another version of zstd may pack differently: what counts is what comes out
            if problem := check_raw(store, raw):
                raise WriteConflict(problem, remedy="Restore the object from a backup: landed bytes are never replaced.") from None
            stored = store.read(raw.key)
            packed_sha256 = hashlib.sha256(stored.data).hexdigest() if stored else ""
    return raw.model_copy(update={"packed_sha256": packed_sha256})


def open_raw(store: ObjectStore, raw: RawObject, into: Path) -> Path:
    """Unpack into the folder `into`; returns the file. Raises WorkspaceProblem if the bytes are not those that were landed."""
    target = into / raw.key.rpartition("/")[2].removesuffix(".zst")
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=into, delete=False) as file:
        try:
            if problem := _unpack(store.local_path(raw.key), raw, cast(BinaryIO, file)):
                raise WorkspaceProblem(problem, remedy="Restore the object from a backup.")
            file.flush()
            Path(file.name).replace(target)
        finally:
            Path(file.name).unlink(missing_ok=True)
    return target


def check_raw(store: ObjectStore, raw: RawObject) -> str | None:
    """What is wrong with landed bytes, as a sentence; None if they have their hash and size. Reads from the store, not the cache."""
    stored = store.read(raw.key)
    if stored is None:
        return f"The landed bytes {raw.key} are missing."
    if raw.packed_sha256 and hashlib.sha256(stored.data).hexdigest() != raw.packed_sha256:
        return f"The landed bytes {raw.key} were altered: as stored, their SHA-256 is not {raw.packed_sha256}."
    return _unpack(io.BytesIO(stored.data), raw, None)


def _unpack(packed: Path | BinaryIO, raw: RawObject, into: BinaryIO | None) -> str | None:
    digest, size = hashlib.sha256(), 0
    with packed.open("rb") if isinstance(packed, Path) else packed as file:
        try:
            reader = zstandard.ZstdDecompressor().stream_reader(file)
            while size <= raw.size and (chunk := reader.read(_CHUNK)):  # never more than was landed: no bomb
                digest.update(chunk)
                size += len(chunk)
                if into is not None:
                    into.write(chunk)
        except zstandard.ZstdError as error:
            return f"The landed bytes {raw.key} cannot be unpacked: {error}."
    if size != raw.size or digest.hexdigest() != raw.sha256:
        return f"The landed bytes {raw.key} do not have the hash they are named by."
    return None


class _Hashing(io.RawIOBase):
    """A reader that hashes what passes through it: one pass over a file that may not fit in memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest, self.size = file, hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._digest.update(chunk)
        self.size += len(chunk)
        return chunk

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


@contextmanager
def _opened(data: bytes | Path) -> Iterator[tuple[BinaryIO, int]]:
    if isinstance(data, bytes):
        yield io.BytesIO(data), len(data)
        return
    try:
        file = data.open("rb")
    except OSError as error:
        raise WorkspaceProblem(f"Cannot read {data}: {error.strerror}.", remedy="Check the file's name and permissions.") from error
    with file:
        yield file, data.stat().st_size
