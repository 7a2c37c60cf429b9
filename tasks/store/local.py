"""A workspace in a local directory: no torn object, no lost swap, whenever the process dies.

Create: temporary file, fsync, link() to the key (fails if the key exists), fsync of the folder. Swap: flock on the folder, compare,
replace. Temporary files lie in `.tmp`, which no key can name; each is locked by its writer, so what a killed writer left is told
from what a living one is writing, and swept by the next writer.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from tasks.domain.errors import StaleWrite, WorkspaceProblem, WriteConflict
from tasks.domain.ports import ObjectInfo, Stored
from tasks.store.keys import check_key
from tasks.store.local_problems import explained
from tasks.store.mounts import network_file_system

_TEMPORARY = ".tmp"
_HASHED_UP_TO = 1 << 20
_LOCK_PATIENCE_S = 30.0


class LocalStore:
    """ObjectStore over the directory `root`, which is made by the first write.

    A version is the SHA-256 of the bytes: clocks tick every 4 ms and inodes are used again at once, so neither tells two quick swaps
    apart. Equal bytes have equal versions, as on S3; what is swapped carries a fence or a nonce. Objects above 1 MiB (never swapped)
    are told apart by inode, size and time, so that listing does not read them.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.address = str(root)
        self._swept = False
        if kind := network_file_system(root):
            raise WorkspaceProblem(
                f"{root} lies on a network file system ({kind}), where locks and links are not reliable.",
                remedy="Put the workspace on a local disk or use s3://bucket/prefix.",
            )

    def create(self, key: str, data: bytes | Path) -> Literal["created", "present"]:
        target = self._path(key)
        with explained(self.address, f"write {key}"):
            if target.exists():
                return self._same_or_conflict(key, target, data)
            self._make_folder(target.parent)
            with self._temporary(data) as temporary:
                try:
                    os.link(temporary, target)
                except FileExistsError:
                    return self._same_or_conflict(key, target, data)
                _sync_folder(target.parent)
            return "created"

    def read(self, key: str) -> Stored | None:
        path = self._path(key)
        with explained(self.address, f"read {key}"):
            try:
                with path.open("rb") as file:
                    status, data = os.fstat(file.fileno()), file.read()
            except (FileNotFoundError, IsADirectoryError):
                return None
            return Stored(data, _version(data, status))

    def local_path(self, key: str) -> Path:
        path = self._path(key)
        with explained(self.address, f"read {key}"):
            if not path.is_file():
                raise WorkspaceProblem(
                    f"{key} is missing from the workspace {self.address}.",
                    remedy="Restore it from a backup, or ingest its raw file again into a new workspace.",
                )
            return path

    def swap(self, key: str, data: bytes, *, expected: str | None) -> str:
        target = self._path(key)
        with explained(self.address, f"write {key}"):
            self._make_folder(target.parent)
            with _locked(target.parent), self._temporary(data) as temporary:
                current = self.read(key)
                if (current.version if current else None) != expected:
                    raise _stale(key)
                if expected is None:
                    try:
                        os.link(temporary, target)  # not replace(): a create of the same key takes no lock
                    except FileExistsError as error:
                        raise _stale(key) from error
                else:
                    temporary.replace(target)
                _sync_folder(target.parent)
                return _version(data, target.stat())

    def entries(self, prefix: str) -> Iterator[ObjectInfo]:
        folder = self._path(prefix) if prefix else self.root
        with explained(self.address, f"list {prefix}"):
            found = sorted(_files(folder, prefix))
        for key, path in found:
            with explained(self.address, f"read {key}"):
                try:
                    status = path.stat()
                    data = path.read_bytes() if status.st_size <= _HASHED_UP_TO else b""
                except FileNotFoundError:
                    continue
            yield ObjectInfo(key, status.st_size, _version(data, status))

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _same_or_conflict(self, key: str, target: Path, data: bytes | Path) -> Literal["present"]:
        if _digest(target) != (_digest(data) if isinstance(data, Path) else hashlib.sha256(data).hexdigest()):
            raise WriteConflict(
                f"{key} in {self.address} already holds other bytes.",
                remedy="Nothing was changed. What is written once is never replaced: look for two versions of the program or data.",
            )
        _sync_folder(target.parent)  # its writer may have died before this
        return "present"

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
        _sync_folder(folder.parent)

    @contextlib.contextmanager
    def _temporary(self, data: bytes | Path) -> Iterator[Path]:
        """A file with `data`, on the disk and locked while in use; removed at the end whatever happens to its other names."""
        folder = self.root / _TEMPORARY
        self._make_folder(folder)
        if not self._swept:
            sweep(folder)
            self._swept = True
        with _new_locked_file(folder) as (file, path):
            try:
                if isinstance(data, Path):
                    with data.open("rb") as source:
                        shutil.copyfileobj(source, file, 1 << 20)
                else:
                    file.write(data)
                file.flush()
                os.fsync(file.fileno())
                yield path
            finally:
                path.unlink(missing_ok=True)


def sweep(folder: Path) -> int:
    """Remove the temporary files whose writers are gone; returns how many. Harmless beside living writers."""
    removed = 0
    for path in sorted(folder.iterdir()):
        with contextlib.suppress(OSError), path.open("rb") as file:  # locked, or swept by another
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            removed += 1
    return removed


@contextlib.contextmanager
def _new_locked_file(folder: Path) -> Iterator[tuple[BinaryIO, Path]]:
    while True:
        path = folder / f"{os.getpid()}-{secrets.token_hex(8)}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink == 0:
                continue  # a sweep came between making and locking
            yield file, path
            return


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. The kernel frees it when its holder dies; a holder that hangs is reported after 30 s."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        give_up = time.monotonic() + _LOCK_PATIENCE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > give_up:
                    raise WorkspaceProblem(
                        f"Another process has held the lock of {folder} for {_LOCK_PATIENCE_S:.0f} s.",
                        remedy="Look for a stopped or hanging resurge process, end it and run again.",
                    ) from error
                time.sleep(0.005)
        yield
    finally:
        os.close(descriptor)


def _files(folder: Path, key: str) -> Iterator[tuple[str, Path]]:
    try:
        children = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for child in children:
        if child.name.startswith("."):
            continue
        name = f"{key}/{child.name}" if key else child.name
        if child.is_dir():
            yield from _files(Path(child.path), name)
        else:
            yield name, Path(child.path)


def _version(data: bytes, status: os.stat_result) -> str:
    if status.st_size <= _HASHED_UP_TO:
        return hashlib.sha256(data).hexdigest()
    return f"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _stale(key: str) -> StaleWrite:
    return StaleWrite(f"{key} was changed by somebody else since it was read.", remedy="Read it again and decide anew.")
