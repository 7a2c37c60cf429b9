"""Published briefings: what a bundle holds, and which of a period's editions is the current one."""

from datetime import datetime
from typing import Literal

from tasks.domain.facts import Predecessor
from tasks.domain.records import Record


class BundleFile(Record):
    """One file of a bundle; `name` is relative to the bundle, such as `annex/posts.csv`."""

    name: str
    sha256: str
    size: int


class Manifest(Record):
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


class Pointer(Record):
    """The current edition of one campaign, period and label. `fence` rises by one with every move."""

    edition: str
    as_of: datetime
    fence: int
    corrections: int = 0  # how often an edition of the same cut-off took another's place: each is a new delivery
    supersedes: str | None = None  # the edition it took the place of, where one of equal `as_of` was corrected
