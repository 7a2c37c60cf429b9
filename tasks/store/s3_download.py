"""Downloads into the cache of a machine: verified against the stored checksum, whole or not at all."""

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
        with tempfile.NamedTemporaryFile(dir=copy.parent, delete=False) as file:
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
