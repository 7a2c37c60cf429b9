"""Batches: what one fetch or ingest brought, under an id that depends on nothing but its content and how it was captured."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field

from tasks.domain.records import Record

_EVER = datetime.min.replace(tzinfo=UTC)


class RawObject(Record):
    """Landed bytes: evidence, stored once under the SHA-256 of the uncompressed bytes."""

    key: str
    sha256: str
    size: int
    packed_sha256: str = ""  # of the bytes as they are stored, compressed; empty where an older version landed them


class QueryEffort(Record):
    """What was asked of a source: one entry a query, so that a change of effort can be told from a change of the campaign."""

    query_id: str
    query: str = ""
    since: datetime | None = None
    until: datetime | None = None
    pages: int = 0
    rows: int = 0
    finished: bool = True  # false: more of the span was still to come, so the next fetch does not begin at `until`


def join_spans(efforts: Iterable[QueryEffort]) -> tuple[QueryEffort, ...]:
    """One entry for each stretch a query was asked about without a gap, in the order of query and time; pages and rows are added."""
    joined: list[QueryEffort] = []
    for effort in sorted(efforts, key=lambda e: (e.query_id, e.query, e.since or _EVER, e.until or _EVER)):
        last = joined[-1] if joined else None
        if (
            last is None
            or (last.query_id, last.query) != (effort.query_id, effort.query)
            or last.until is None
            or (effort.since is not None and effort.since > last.until)
        ):
            joined.append(effort)
            continue
        until = None if effort.until is None else max(last.until, effort.until)
        joined[-1] = last.model_copy(update={"until": until, "pages": last.pages + effort.pages, "rows": last.rows + effort.rows})
    return tuple(joined)


class BatchIdentity(Record):
    """The fields whose canonical JSON gives the batch id. File ingests leave wall time out (`fetched_at` is null), so the same
    file ingested twice is the same batch."""

    campaign: str
    source: str
    query: str = ""
    fetched_at: datetime | None = None
    capture_rule: str  # "live", "posted", "simulated daily" or a fixed instant in ISO 8601
    format: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    parser_version: str
    raw_sha256: tuple[str, ...]

    def of_part(self, number: int) -> "BatchIdentity":
        """Of a part of files, from 1. The first has the identity of the whole: what was small enough to be one batch keeps its id."""
        return self if number == 1 else self.model_copy(update={"query": f"part {number}"})

    @property
    def batch_id(self) -> str:
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


class LakeFile(Record):
    """One immutable Parquet file of a batch."""

    table: str  # "posts", "accounts", "takedowns", "indicators", "post_states" or "quarantine"
    key: str
    sha256: str
    size: int
    rows: int


class FieldDrift(Record):
    """A field the parser neither uses nor lists as ignored, or one it expected and did not find."""

    table: str
    field: str
    kind: str  # "unknown" or "missing"
    rows: int
    sample: str = ""


class CheckResult(Record):
    """One check of a suite over one frame. `failed_rows` counts rows, not values; `success` is the check's own verdict."""

    suite: str
    name: str
    description: str
    blocking: bool
    success: bool
    rows: int
    failed_rows: int = 0
    note: str = ""


class BatchRecord(Record):
    """The commit record of a batch, created last: readers open only the files it lists.

    The books must balance, per table: landed = accepted + quarantined + collapsed.
    """

    batch_id: str
    identity: BatchIdentity
    raw: tuple[RawObject, ...]
    files: tuple[LakeFile, ...]
    rows_landed: dict[str, int]  # by table: posts, accounts, and takedowns, indicators or post_states where there are any
    rows_accepted: dict[str, int]
    rows_quarantined: dict[str, dict[str, int]]  # table -> reason -> rows
    rows_collapsed: dict[str, int]  # equal rows within the batch, kept once
    posted_min: datetime | None = None
    posted_max: datetime | None = None
    observed_min: datetime | None = None
    observed_max: datetime | None = None
    effort: tuple[QueryEffort, ...] = ()
    drift: tuple[FieldDrift, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    supersedes: str | None = None

    @property
    def landed(self) -> int:
        return sum(self.rows_landed.values())


class BlockedPage(Record):
    """How one raw object of a blocked batch came, so that it can be read again."""

    name: str
    sha256: str
    fetched_at: datetime | None = None
    effort: QueryEffort | None = None


class Resolution(Record):
    """What a person decided about a blocked batch; written once."""

    batch_id: str
    decision: Literal["accepted", "discarded"]
    reason: str = Field(min_length=1)
    by: str = Field(min_length=1)  # a name or a role; it is printed
    at: datetime


class BlockedBatch(Record):
    """A batch that a blocking check kept unpublished. It stays open until its raw bytes are committed, or somebody decides."""

    batch_id: str
    identity: BatchIdentity
    raw: tuple[RawObject, ...]
    rows_landed: dict[str, int]
    checks: tuple[CheckResult, ...]
    problem: str
    pages: tuple[BlockedPage, ...] = ()  # empty: blocked by an older version, which could not read a part again
    part: int | None = None  # of files that became several batches: which of them, from 1
