"""A workspace in an S3 bucket: conditional writes, SHA-256 checksums sent and checked.

Objects of up to 64 MiB go up in one PutObject with one checksum over the whole, larger ones in parts (tasks.store.s3_parts). Where a
service does not refuse to complete an upload over a key that is taken, which is tried once before the first large object, everything goes
up in one piece, and what is larger than 5 GB is refused.
"""

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from tasks.domain.errors import StaleWrite, UsageProblem, WorkspaceProblem, WriteConflict
from tasks.domain.ports import ObjectInfo, Stored
from tasks.store.keys import PROBE_KEY, check_key, is_content_named
from tasks.store.s3_download import download
from tasks.store.s3_options import WriteOptions
from tasks.store.s3_parts import MOST_BYTES, PART, PartedHash, create_in_parts, hashed, honours_condition
from tasks.store.s3_problems import BrokenBody, error_code, explained, status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")

_LARGEST = 5 * 10**9  # of one PutObject
_LOOK_FIRST_FROM = 1 << 20  # asking costs a round trip; sending a megabyte that is already there costs more
_ATTEMPTS = 4


class S3Store:
    """ObjectStore over `prefix` of `bucket`. `cache_dir` keeps local copies for readers that map files; it may be deleted at any
    time. A version is the object's ETag: equal bytes have equal versions, so what is swapped carries a fence or a nonce."""

    def __init__(
        self,
        bucket: str,
        prefix: str,
        client: "S3Client",
        cache_dir: Path,
        options: WriteOptions | None = None,
        parts_from: int = PART,
    ) -> None:
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        self.address = f"s3://{bucket}/{self.prefix}".rstrip("/")
        self._client = client
        self._cache_dir = cache_dir
        self._options = options or WriteOptions()
        self._parts_from = parts_from

    def create(self, key: str, data: bytes | Path) -> Literal["created", "present"]:
        name, size, digest = self._name(key), _size(data), hashed(data)
        with explained(self.address, f"write {key}"):
            if size >= _LOOK_FIRST_FROM and self._head(name) is not None:
                return self._same_or_conflict(key, digest)
            # after a lost answer the client sends again and hears that the key exists: then it is our own write
            if self._create(key, data, size, digest) is None:
                return self._same_or_conflict(key, digest)
            return "created"

    def read(self, key: str) -> Stored | None:
        name = self._name(key)
        with explained(self.address, f"read {key}"):
            return self._repeat(lambda: self._get(name))

    def local_path(self, key: str) -> Path:
        """A verified copy in the cache. Content-named objects are asked for once; others are compared with the service each time."""
        name = self._name(key)
        with explained(self.address, f"read {key}"):
            tag = "" if is_content_named(key) else self._tag(name)
            identity = "\0".join((str(self._client.meta.endpoint_url), self.bucket, name, tag or ""))
            copy = self._cache_dir / hashlib.sha256(identity.encode()).hexdigest()[:32] / key.rpartition("/")[2]
            present = tag is not None and (copy.is_file() or self._repeat(lambda: download(self._client, self.bucket, name, copy)))
        if not present:
            raise WorkspaceProblem(
                f"{key} is missing from the workspace {self.address}.",
                remedy="Restore it from a backup, or ingest its raw file again into a new workspace.",
            )
        return copy

    def swap(self, key: str, data: bytes, *, expected: str | None) -> str:
        condition = {"IfNoneMatch": "*"} if expected is None else {"IfMatch": expected}
        with explained(self.address, f"write {key}"):
            version = self._put(key, data, hashed(data).whole, condition)
        if version is None:
            raise StaleWrite(f"{key} was changed by somebody else since it was read.", remedy="Read it again and decide anew.")
        return version

    def entries(self, prefix: str) -> Iterator[ObjectInfo]:
        found: list[ObjectInfo] = []
        with explained(self.address, f"list {prefix}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self._name(prefix) + "/" if prefix else self._root
            )
            for page in pages:
                for item in page.get("Contents", []):
                    key = item["Key"].removeprefix(self._root)
                    with contextlib.suppress(UsageProblem):  # folder marks of other programs
                        found.append(ObjectInfo(check_key(key), item["Size"], item["ETag"]))
        yield from sorted(found, key=lambda info: info.key)  # not every service lists in key order

    def link(self, key: str, life: timedelta) -> str:
        """An address under which anybody can read the object until `life` is over (at most 7 days), without credentials. Of temporary
        credentials (a role) it ends with these. No request is made, so an object that is absent is not noticed."""
        with explained(self.address, f"sign a link to {key}"):
            return self._client.generate_presigned_url(
                "get_object", Params={"Bucket": self.bucket, "Key": self._name(key)}, ExpiresIn=int(life.total_seconds())
            )

    @cached_property
    def _root(self) -> str:
        return f"{self.prefix}/" if self.prefix else ""

    def _name(self, key: str) -> str:
        return self._root + check_key(key)

    @staticmethod
    def _repeat(request: Callable[[], T]) -> T:
        """Repeat what broke off in the body of an answer; the rest the client repeats."""
        for _ in range(_ATTEMPTS - 1):
            with contextlib.suppress(BrokenBody):
                return request()
        return request()

    def _get(self, name: str) -> Stored | None:
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=name, ChecksumMode="ENABLED")
        except ClientError as error:
            if error_code(error) == "NoSuchKey":
                return None
            raise
        try:
            return Stored(answer["Body"].read(), answer["ETag"])
        except BotoCoreError as error:
            raise BrokenBody from error

    def _create(self, key: str, data: bytes | Path, size: int, digest: PartedHash) -> str | None:
        """Returns the version written, or None if the key is taken."""
        parts = size > self._parts_from and self._creates_in_parts
        if size > (MOST_BYTES if parts else _LARGEST):
            raise WorkspaceProblem(
                f"{key} has {size:,} bytes; here one object holds at most {MOST_BYTES if parts else _LARGEST:,}"
                + ("." if parts else ", since the service does not honour If-None-Match on CompleteMultipartUpload."),
                remedy="Split the input.",
            )
        if parts:
            return create_in_parts(self._client, self.bucket, self._name(key), data, self._options.of(key))
        return self._put(key, data, digest.whole, {"IfNoneMatch": "*"})

    @cached_property
    def _creates_in_parts(self) -> bool:
        """Whether the service holds to create-if-absent for objects in parts; tried on a key that is there for such trials."""
        trial = b"written once\n"
        self._put(PROBE_KEY, trial, hashed(trial).whole, {"IfNoneMatch": "*"})
        stored = self._get(self._name(PROBE_KEY))
        return stored is not None and honours_condition(self._client, self.bucket, self._name(PROBE_KEY), stored.data)

    def _put(self, key: str, data: bytes | Path, digest: str, condition: dict[str, Any]) -> str | None:
        """Returns the version written, or None if the condition did not hold."""
        name, options = self._name(key), self._options.of(key)
        for attempt in range(_ATTEMPTS):
            with contextlib.ExitStack() as stack:
                body: bytes | BinaryIO = stack.enter_context(data.open("rb")) if isinstance(data, Path) else data
                try:
                    answer = self._client.put_object(
                        Bucket=self.bucket, Key=name, Body=body, ChecksumSHA256=digest, **condition, **options
                    )
                    return answer["ETag"]
                except ClientError as error:
                    if status_of(error) == 412 or (error_code(error) == "NoSuchKey" and "IfMatch" in condition):
                        return None
                    if status_of(error) != 409 or attempt == _ATTEMPTS - 1:  # 409: another conditional write is under way
                        raise
            time.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")

    def _head(self, name: str) -> Any | None:
        try:
            return self._client.head_object(Bucket=self.bucket, Key=name, ChecksumMode="ENABLED")
        except ClientError as error:
            if status_of(error) == 404:
                return None
            raise

    def _tag(self, name: str) -> str | None:
        head = self._head(name)
        return None if head is None else str(head["ETag"])

    def _same_or_conflict(self, key: str, digest: PartedHash) -> Literal["present"]:
        head = self._head(self._name(key)) or {}
        same = digest.fits(head["ChecksumSHA256"]) if "ChecksumSHA256" in head else None
        if same is None and "ETag" in head:  # copied there by a tool that sent no SHA-256, or in parts of another size
            copy = self.local_path(key)
            same = hashed(copy).whole == digest.whole
        if not same:
            raise WriteConflict(
                f"{key} in {self.address} already holds other bytes.",
                remedy="Nothing was changed. What is written once is never replaced: look for two versions of the program or data.",
            )
        return "present"


def _size(data: bytes | Path) -> int:
    return data.stat().st_size if isinstance(data, Path) else len(data)
