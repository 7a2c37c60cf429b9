"""Temporary files of a run: in a folder of its own, which a later run removes where this one was killed.

A folder is locked for as long as its run lives, so what a dead run left is told from what a living one needs; the kernel frees the lock.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "resurge-run-"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Have everything temporary of this process, and of those it starts, in one new folder; what dead runs left is removed before."""
    base = Path(tempfile.gettempdir())
    sweep(base)
    named = tempfile.tempdir, os.environ.get("TMPDIR")
    with _locked_folder(base) as folder:
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
        try:
            yield folder
        finally:
            tempfile.tempdir = named[0]
            os.environ.pop("TMPDIR")
            if named[1] is not None:
                os.environ["TMPDIR"] = named[1]


def sweep(base: Path) -> int:
    """Remove the folders of this user's runs that are no more; returns how many."""
    removed = 0
    for folder in sorted(base.glob(f"{_PREFIX}*")):
        with contextlib.suppress(OSError), _opened(folder) as descriptor:
            if os.fstat(descriptor).st_uid == os.getuid():
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError: its run lives
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed


@contextlib.contextmanager
def _locked_folder(base: Path) -> Iterator[Path]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        with _opened(folder) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not folder.is_dir():
                continue  # a sweep came between making and locking
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            return


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
