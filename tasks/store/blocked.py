"""Batches that a blocking check kept unpublished: known, so that a briefing made without them says so."""

from collections.abc import Sequence

from tasks.domain.batches import BatchIdentity, BlockedBatch, CheckResult, RawObject
from tasks.domain.errors import StaleWrite
from tasks.domain.ports import ObjectStore
from tasks.store.keys import blocked_key, blocked_prefix
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
) -> BlockedBatch:
    """Note that the batch was blocked, and why; blocked again with another verdict, the latest is kept."""
    blocked = BlockedBatch(
        batch_id=identity.batch_id,
        identity=identity,
        raw=tuple(raw),
        rows_landed=rows_landed,
        checks=tuple(checks),
        problem=problem,
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
    (after the checks or the importer were corrected), or when the batch itself was committed."""
    keys = [info.key for info in store.entries(blocked_prefix(campaign))]
    found = [stored for key in keys if (stored := store.read(key)) is not None]
    blocked = [BlockedBatch.model_validate_json(stored.data) for stored in found]
    if not blocked:
        return ()
    records = batch_records(store, campaign)
    committed = {record.batch_id for record in records}
    covered = {sha256 for record in records for sha256 in record.identity.raw_sha256}
    unresolved = [
        item
        for item in blocked
        if item.batch_id not in committed and not (item.identity.raw_sha256 and covered.issuperset(item.identity.raw_sha256))
    ]
    return tuple(sorted(unresolved, key=lambda item: item.batch_id))
