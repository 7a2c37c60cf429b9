"""Downloads into the cache of a machine: verified against the stored checksum, whole or not at all.

Bytes arrive in a file of the folder `downloads` of the cache, which is locked for as long as it is being written: so what a killed run left
there is told from what a living one needs, and is removed before the next download. The kernel frees the lock.
"""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from tasks.domain.errors import WorkspaceProblem
from tasks.store.s3_parts import PartedHash
from tasks.store.s3_problems import BrokenBody, error_code

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client


def download(client: "S3Client", bucket: str, name: str, copy: Path) -> bool:
    """Put the object's bytes at `copy`; False if there is no such object.

    Raises WorkspaceProblem if the bytes do not fit the object's SHA-256 or cannot be kept, and botocore's errors as they come.
    """
    try:
        answer = client.get_object(Bucket=bucket, Key=name, ChecksumMode="ENABLED")
    except ClientError as error:
        if error_code(error) == "NoSuchKey":
            return False
        raise
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with _arriving(copy.parent.parent / "downloads") as file:
            try:
                digest = _receive(answer["Body"], file)
                if "ChecksumSHA256" in answer and digest.fits(answer["ChecksumSHA256"]) is False:
                    raise WorkspaceProblem(
                        f"s3://{bucket}/{name} does not have the bytes its checksum stands for.",
                        remedy="Restore the object from a backup or from an earlier version in the bucket.",
                    )
                Path(file.name).replace(copy)
            finally:
                Path(file.name).unlink(missing_ok=True)
    except BotoCoreError:  # some of them are also OSErrors
        raise
    except OSError as error:
        raise WorkspaceProblem(
            f"Cannot keep a copy of {name} in {copy.parent.parent}: {error.strerror or error}.",
            remedy="Free some space there, or set another cache directory.",
        ) from error
    return True


def sweep(folder: Path) -> int:
    """Remove the files of downloads that are no more; returns how many."""
    removed = 0
    for path in sorted(folder.iterdir()):
        with contextlib.suppress(OSError), path.open("rb") as left:  # it may be gone by now, or belong to another user
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError: its download lives
            path.unlink()
            removed += 1
    return removed


@contextlib.contextmanager
def _arriving(folder: Path) -> "Iterator[tempfile._TemporaryFileWrapper[bytes]]":
    """A new file, locked; what dead downloads left is removed before."""
    folder.mkdir(exist_ok=True)
    sweep(folder)
    while True:
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            with contextlib.suppress(OSError):  # a file system without locks: there nothing is swept either
                fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_nlink == 0:
                continue  # a sweep came between making and locking
            yield file
            return


def _receive(body: "StreamingBody", file: "BinaryIO | tempfile._TemporaryFileWrapper[bytes]") -> PartedHash:
    hashed = PartedHash()
    chunks = body.iter_chunks(1 << 20)
    while chunk := _next(chunks):
        hashed.update(chunk)
        file.write(chunk)
    file.flush()
    os.fsync(file.fileno())
    return hashed


def _next(chunks: Iterator[bytes]) -> bytes:
    try:
        return next(chunks, b"")
    except BotoCoreError as error:
        raise BrokenBody from error
