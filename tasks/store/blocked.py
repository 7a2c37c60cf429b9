"""Batches that a blocking check kept unpublished: known, so that a briefing made without them says so; and what a person decided."""

from collections.abc import Sequence

from tasks.domain.batches import BatchIdentity, BatchRecord, BlockedBatch, BlockedPage, CheckResult, RawObject, Resolution
from tasks.domain.errors import StaleWrite, UsageProblem, WriteConflict
from tasks.domain.ports import ObjectStore
from tasks.store.keys import blocked_key, blocked_prefix, resolution_key, resolutions_prefix
from tasks.store.lake import batch_records

_TRIES = 20


def record_blocked(
    store: ObjectStore,
    *,
    identity: BatchIdentity,
    raw: Sequence[RawObject],
    rows_landed: dict[str, int],
    checks: Sequence[CheckResult],
    problem: str,
    pages: Sequence[BlockedPage] = (),
    part: int | None = None,
) -> BlockedBatch:
    """Note that the batch was blocked, and why; blocked again with another verdict, the latest is kept."""
    blocked = BlockedBatch(
        batch_id=identity.batch_id,
        identity=identity,
        raw=tuple(raw),
        rows_landed=rows_landed,
        checks=tuple(checks),
        problem=problem,
        pages=tuple(pages),
        part=part,
    )
    key, data = blocked_key(identity.campaign, blocked.batch_id), blocked.canonical()
    for attempt in range(_TRIES):
        stored = store.read(key)
        if stored is not None and stored.data == data:
            break
        try:
            store.swap(key, data, expected=stored.version if stored else None)
            break
        except StaleWrite:
            if attempt == _TRIES - 1:
                raise
    return blocked


def blocked_batches(store: ObjectStore, campaign: str) -> tuple[BlockedBatch, ...]:
    """The blocked batches nobody resolved, ordered by batch id. One is resolved when all its raw bytes are in committed batches
    (after the checks or the importer were corrected), when the batch itself was committed, or when a person discarded it. Of files
    that became several batches each part stands for itself: that others of them are stored brings none of its rows."""
    told = resolutions(store, campaign)
    blocked = [item for item in _every(store, campaign) if item.batch_id not in told or told[item.batch_id].decision == "accepted"]
    if not blocked:
        return ()
    records = batch_records(store, campaign)
    committed = {record.batch_id for record in records}
    waiting = [item for item in blocked if item.batch_id not in committed and not _covered(item, records)]
    return tuple(sorted(waiting, key=lambda item: item.batch_id))


def _covered(item: BlockedBatch, records: Sequence[BatchRecord]) -> bool:
    own = item.identity
    if item.part is not None:
        return any((one.identity.query, one.identity.raw_sha256) == (own.query, own.raw_sha256) for one in records)
    return bool(own.raw_sha256) and {sha for one in records for sha in one.identity.raw_sha256}.issuperset(own.raw_sha256)


def find_blocked(store: ObjectStore, campaign: str, beginning: str) -> BlockedBatch:
    """The one unresolved batch whose id begins so. Raises UsageProblem if none or several do."""
    waiting = blocked_batches(store, campaign)
    found = [item for item in waiting if item.batch_id.startswith(beginning)]
    if len(found) == 1 and beginning:
        return found[0]
    listed = ", ".join(item.batch_id[:12] for item in waiting) or "none"
    raise UsageProblem(
        f"{len(found) or 'No'} blocked batches of {campaign} have an id that begins with {beginning!r}.",
        remedy=f"Waiting for a decision: {listed}.",
    )


def resolve(store: ObjectStore, campaign: str, resolution: Resolution) -> None:
    """Write down the decision; nothing is deleted. The same decision again changes nothing; raises WriteConflict for the other one."""
    key = resolution_key(campaign, resolution.batch_id)
    try:
        store.create(key, resolution.canonical())
    except WriteConflict:
        stored = store.read(key)
        before = Resolution.model_validate_json(stored.data) if stored else resolution
        if before.decision != resolution.decision:
            raise WriteConflict(
                f"The batch {before.batch_id[:12]} was {before.decision} by {before.by} on {before.at:%Y-%m-%d}: {before.reason}.",
                remedy="A decision stands; ingest or collect again to bring what is missing.",
            ) from None


def resolutions(store: ObjectStore, campaign: str) -> dict[str, Resolution]:
    """Every decision of a campaign by batch id."""
    found = (store.read(info.key) for info in store.entries(resolutions_prefix(campaign)))
    told = [Resolution.model_validate_json(stored.data) for stored in found if stored is not None]
    return {one.batch_id: one for one in told}


def discarded_batches(store: ObjectStore, campaign: str) -> tuple[tuple[BlockedBatch, Resolution], ...]:
    """Blocked batches that a person discarded, with the decision, ordered by batch id."""
    told = resolutions(store, campaign)
    return tuple(
        (item, told[item.batch_id])
        for item in _every(store, campaign)
        if item.batch_id in told and told[item.batch_id].decision == "discarded"
    )


def discarded_marks(store: ObjectStore, campaign: str, source: str) -> set[str]:
    """The efforts that discarded batches of a source ended: what they are of is not asked for again."""
    pages = (page for item, _ in discarded_batches(store, campaign) if item.identity.source == source for page in item.pages)
    return {page.effort.query_id for page in pages if page.effort is not None and page.effort.finished}


def _every(store: ObjectStore, campaign: str) -> list[BlockedBatch]:
    found = (store.read(info.key) for info in store.entries(blocked_prefix(campaign)))
    read = [BlockedBatch.model_validate_json(stored.data) for stored in found if stored is not None]
    return sorted(read, key=lambda item: item.batch_id)
