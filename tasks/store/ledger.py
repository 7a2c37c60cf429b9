"""The ledger: what ran, and who holds which piece of work. Small objects, written conditionally."""

from datetime import datetime, timedelta

from tasks.domain.errors import StaleWrite, WorkspaceProblem, WriteConflict
from tasks.domain.ports import ObjectStore
from tasks.domain.records import Record
from tasks.domain.run_summary import RunSummary
from tasks.store.keys import check_key, run_key, runs_prefix

_TRIES = 20


class Claim(Record):
    """A lease on a piece of work. `nonce` is fresh for every attempt: twins that wrote equal bytes would both believe they won.
    Null = released. A lease cannot fence a write that is already on its way, so a claim only saves work; safety is elsewhere."""

    nonce: str | None
    expires_at: datetime


def record_run(store: ObjectStore, summary: RunSummary) -> None:
    """Note the state of a run: once while it is running (again as often as wanted), once when it ended; the end is final.

    Raises WriteConflict if the run already ended in another way.
    """
    key, data = run_key(summary.campaign, summary.run_id), summary.canonical()
    for _ in range(_TRIES):
        stored = store.read(key)
        if stored is not None and stored.data == data:
            return
        if stored is not None and _summary(key, stored.data).state != "running":
            raise WriteConflict(f"Run {summary.run_id} already ended, as {key} says.", remedy="Give every run an id of its own.")
        try:
            store.swap(key, data, expected=stored.version if stored else None)
        except StaleWrite:  # or the answer of our own write was lost: then the next read shows it
            continue
        return
    raise StaleWrite(f"{key} changed {_TRIES} times while it was written.", remedy="Give every run an id of its own.")


def runs(store: ObjectStore, campaign: str) -> tuple[RunSummary, ...]:
    """Every run of a campaign, oldest first (ties by run id)."""
    found = [(info.key, store.read(info.key)) for info in store.entries(runs_prefix(campaign))]
    summaries = [_summary(key, stored.data) for key, stored in found if stored is not None]
    return tuple(sorted(summaries, key=lambda summary: (summary.started_at, summary.run_id)))


def claim(store: ObjectStore, key: str, nonce: str, now: datetime, lease: timedelta) -> bool:
    """Take the claim `key` (see keys.claim_key) until `now + lease`. True if it is ours, also if an answer of ours was lost before.

    Free, released and expired claims can be taken; calling again with the same nonce before it expires renews the lease.
    """
    check_key(key)
    wanted = Claim(nonce=nonce, expires_at=now + lease)
    for _ in range(_TRIES):
        stored = store.read(key)
        held = _claim(key, stored.data) if stored else None
        if held == wanted:
            return True
        if held is not None and held.nonce not in (None, nonce) and held.expires_at > now:
            return False
        try:
            store.swap(key, wanted.canonical(), expected=stored.version if stored else None)
        except StaleWrite:
            continue
        return True
    return False


def holder(store: ObjectStore, key: str, now: datetime) -> str | None:
    """The nonce that holds the claim at `now`, or None if it is free, released or expired."""
    stored = store.read(key)
    held = _claim(key, stored.data) if stored else None
    return held.nonce if held is not None and held.expires_at > now else None


def release(store: ObjectStore, key: str, nonce: str) -> bool:
    """Give up a claim; False if it is not ours (any more), and then nothing changes."""
    tried = False
    for _ in range(_TRIES):
        stored = store.read(key)
        held = _claim(key, stored.data) if stored else None
        if stored is None or held is None or held.nonce != nonce:
            return tried and held is not None and held.nonce is None  # the answer of our own write was lost
        try:
            tried = True
            store.swap(key, Claim(nonce=None, expires_at=held.expires_at).canonical(), expected=stored.version)
        except StaleWrite:
            continue
        return True
    return False


def _summary(key: str, data: bytes) -> RunSummary:
    try:
        return RunSummary.model_validate_json(data)
    except ValueError as error:
        raise _unreadable(key) from error


def _claim(key: str, data: bytes) -> Claim:
    try:
        return Claim.model_validate_json(data)
    except ValueError as error:
        raise _unreadable(key) from error


def _unreadable(key: str) -> WorkspaceProblem:
    return WorkspaceProblem(f"The ledger entry {key} cannot be read.", remedy="Restore it from a backup, or use a newer version.")
