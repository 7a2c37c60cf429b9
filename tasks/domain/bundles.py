"""Published briefings: what a bundle holds, and which of a period's editions is the current one."""

import hashlib
from datetime import datetime
from typing import Literal, Self

from tasks.domain.facts import Predecessor
from tasks.domain.records import Record


class Sealed(Record):
    """A record that carries the hash of all the rest of it, so that a changed byte is seen."""

    seal: str = ""  # empty in what older versions wrote

    def sealed(self) -> Self:
        """The same with the seal that fits."""
        plain = self.model_copy(update={"seal": ""})
        return plain.model_copy(update={"seal": hashlib.sha256(plain.canonical()).hexdigest()})

    def holds(self, data: bytes) -> bool:
        """Was this read from the very bytes that were written? True also where there is no seal to tell."""
        return not self.seal or (self == self.sealed() and self.canonical() == data)


class BundleFile(Record):
    """One file of a bundle; `name` is relative to the bundle, such as `annex/posts.csv`."""

    name: str
    sha256: str
    size: int


class Manifest(Sealed):
    """Written last: a bundle without it was never published. Holds no time and no host, so equal briefings have equal bytes."""

    schema_version: Literal["1.0"] = "1.0"
    campaign: str
    period: str  # as in a path: 2023-W44, 2023-10-01--2023-11-01
    tlp: str
    edition: str
    as_of: datetime
    files: tuple[BundleFile, ...]
    batch_ids: tuple[str, ...]
    predecessor: Predecessor | None
    batch_records: tuple[str, ...] = ()  # SHA-256 of each batch's record, in the order of batch_ids; empty in older bundles


class Pointer(Sealed):
    """The current edition of one campaign, period and label. `fence` rises by one with every move."""

    edition: str
    as_of: datetime
    fence: int
    corrections: int = 0  # how often an edition of the same cut-off took another's place: each is a new delivery
    supersedes: str | None = None  # the edition it took the place of, where one of equal `as_of` was corrected
