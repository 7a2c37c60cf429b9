"""Large objects in parts: each part with its SHA-256, the whole created only if the key is absent, nothing left behind on failure.

S3 keeps no SHA-256 over an object that came in parts, but one over the parts' digests, `<base64>-<number of parts>`. Parts have one size
here, so that it can be computed again from a local file.
"""

import base64
import contextlib
import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from tasks.store.s3_problems import error_code, status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART = 64 << 20  # bytes; the service takes 5 MiB to 5 GiB a part and 10,000 parts
MOST_BYTES = 10_000 * PART
_ABANDONED = timedelta(days=1)  # an upload of the same key that began so long before ours has nobody left
_TRIES = 4


class PartedHash:
    """SHA-256 of the whole and of each part, fed in pieces of any size; `composite` is S3's checksum of an object in parts."""

    def __init__(self) -> None:
        self._part = self._room = PART
        self._whole, self._open = hashlib.sha256(), hashlib.sha256()
        self._closed: list[bytes] = []

    def update(self, data: bytes) -> None:
        self._whole.update(data)
        view = memoryview(data)
        while len(view) > self._room:
            self._open.update(view[: self._room])
            view = view[self._room :]
            self._closed.append(self._open.digest())
            self._open, self._room = hashlib.sha256(), self._part
        self._open.update(view)
        self._room -= len(view)

    @property
    def whole(self) -> str:
        return base64.b64encode(self._whole.digest()).decode()

    @property
    def composite(self) -> str:
        parts = [*self._closed, self._open.digest()]
        return f"{base64.b64encode(hashlib.sha256(b''.join(parts)).digest()).decode()}-{len(parts)}"

    def fits(self, stored: str) -> bool | None:
        """Whether these bytes are those of a stored checksum; None where it cannot be told: other parts than ours."""
        if "-" not in stored:
            return stored == self.whole
        if stored.rpartition("-")[2] != self.composite.rpartition("-")[2]:
            return None
        return stored == self.composite


def hashed(data: bytes | Path) -> PartedHash:
    found = PartedHash()
    with _opened(data) as file:
        while piece := file.read(1 << 20):
            found.update(piece)
    return found


def create_in_parts(client: "S3Client", bucket: str, name: str, data: bytes | Path, options: dict[str, Any]) -> str | None:
    """Upload, part by part; returns the version, or None if the key is taken (also by this very upload, whose answer was lost).

    Whatever goes wrong, the parts are removed; those of a run that was killed are removed by a later upload of the same key, or by the
    bucket's lifecycle rule.
    Raises botocore's errors as they come.
    """
    begun = client.create_multipart_upload(Bucket=bucket, Key=name, ChecksumAlgorithm="SHA256", **options)
    upload = {"Bucket": bucket, "Key": name, "UploadId": begun["UploadId"]}
    try:
        parts = [_send(client, upload, number, piece) for number, piece in enumerate(_pieces(data), start=1)]
        _remove_abandoned(client, upload)
        done = _complete(client, upload, parts)
    except BaseException:
        _abort(client, upload)
        raise
    if done is None:
        _abort(client, upload)
    return done


def honours_condition(client: "S3Client", bucket: str, name: str, data: bytes) -> bool:
    """Whether the service refuses to complete an upload over a key that is taken. `name` must hold `data`: if it does not refuse, the
    same bytes are written again."""
    try:
        return create_in_parts(client, bucket, name, data, {}) is None
    except ClientError as error:
        if status_of(error) in (400, 501):  # it does not know parts, their checksums or the condition
            return False
        raise


def _send(client: "S3Client", upload: dict[str, str], number: int, piece: bytes) -> dict[str, Any]:
    digest = base64.b64encode(hashlib.sha256(piece).digest()).decode()
    sent = client.upload_part(**upload, PartNumber=number, Body=piece, ChecksumSHA256=digest)  # type: ignore[arg-type]
    return {"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": digest}


def _complete(client: "S3Client", upload: dict[str, str], parts: list[dict[str, Any]]) -> str | None:
    for attempt in range(_TRIES):
        try:
            answer = client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*")  # type: ignore[arg-type,typeddict-item]
            return answer["ETag"]
        except ClientError as error:
            if status_of(error) == 412 or (error_code(error) == "NoSuchUpload" and _is_there(client, upload)):
                return None
            if status_of(error) != 409 or attempt == _TRIES - 1:  # 409: another conditional write is under way
                raise
    raise AssertionError("unreachable")


def _is_there(client: "S3Client", upload: dict[str, str]) -> bool:
    """After a lost answer the client completes again and hears that the upload is gone: then the object shows whether it was completed."""
    try:
        client.head_object(Bucket=upload["Bucket"], Key=upload["Key"])
    except ClientError as error:
        if status_of(error) == 404:
            return False
        raise
    return True


def _abort(client: "S3Client", upload: dict[str, str]) -> None:
    with contextlib.suppress(ClientError, BotoCoreError):  # gone already, or it cannot be reached: the lifecycle rule removes it
        client.abort_multipart_upload(**upload)  # type: ignore[arg-type]


def _remove_abandoned(client: "S3Client", ours: dict[str, str]) -> None:
    """Uploads of this key that began a day or more before ours, by the service's own clock. Credentials that may not list are no harm."""
    with contextlib.suppress(ClientError):
        found = client.list_multipart_uploads(Bucket=ours["Bucket"], Prefix=ours["Key"]).get("Uploads", [])
        same = [one for one in found if one["Key"] == ours["Key"]]
        begun = next((one["Initiated"] for one in same if one["UploadId"] == ours["UploadId"]), None)
        for one in same:
            if begun is not None and one["UploadId"] != ours["UploadId"] and begun - one["Initiated"] >= _ABANDONED:
                _abort(client, {**ours, "UploadId": one["UploadId"]})


@contextlib.contextmanager
def _opened(data: bytes | Path) -> Iterator[BinaryIO]:
    with data.open("rb") if isinstance(data, Path) else io.BytesIO(data) as file:
        yield file


def _pieces(data: bytes | Path) -> Iterator[bytes]:
    with _opened(data) as file:
        while piece := file.read(PART):
            yield piece
