"""What an installation wants of every object it writes: encryption, and for published bundles days on which nobody can delete them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from tasks.domain.errors import UsageProblem
from tasks.store.keys import is_bundle_file

Encryption = Literal["", "AES256", "aws:kms"]
LockMode = Literal["GOVERNANCE", "COMPLIANCE"]
_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".xml": "application/xml",
}


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class WriteOptions:
    """`encryption`: empty leaves it to the bucket. `lock_days` above 0 locks a bundle's files; COMPLIANCE can be lifted by nobody.

    Raises UsageProblem for a key id without aws:kms.
    """

    encryption: Encryption = ""
    kms_key_id: str = ""
    lock_days: int = 0
    lock_mode: LockMode = "GOVERNANCE"
    clock: Callable[[], datetime] = _now

    def __post_init__(self) -> None:
        if self.kms_key_id and self.encryption != "aws:kms":
            raise UsageProblem("A KMS key is named, but encryption is not aws:kms.", remedy="Set RESURGE_S3_SSE=aws:kms.")

    def of(self, key: str) -> dict[str, Any]:
        """The arguments of PutObject and CreateMultipartUpload for `key`."""
        chosen: dict[str, Any] = {}
        if kind := _TYPES.get(key[key.rfind(".") :]):
            chosen["ContentType"] = kind  # a static host shows a page instead of saving it
        if self.encryption:
            chosen["ServerSideEncryption"] = self.encryption
        if self.kms_key_id:
            chosen["SSEKMSKeyId"] = self.kms_key_id
        if self.lock_days and is_bundle_file(key):
            chosen["ObjectLockMode"] = self.lock_mode
            chosen["ObjectLockRetainUntilDate"] = self.clock() + timedelta(days=self.lock_days)
        return chosen
