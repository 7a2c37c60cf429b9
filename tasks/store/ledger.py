"""The ledger: what ran, who holds which piece of work, and what is paused. Small objects, written conditionally."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from tasks.domain.errors import StaleWrite, WorkspaceProblem, WriteConflict
from tasks.domain.ports import ObjectStore
from tasks.domain.records import Record
from tasks.domain.run_summary import RunSummary
from tasks.store.keys import check_key, pause_key, run_key, runs_prefix

_TRIES = 20
_READERS = 8


class Claim(Record):
    """A lease on a piece of work. `nonce` is fresh for every attempt: twins that wrote equal bytes would both believe they won.
    Null = released. A lease cannot fence a write that is already on its way, so a claim only saves work; safety is elsewhere."""

    nonce: str | None
    expires_at: datetime
    process: str = ""  # of the holder, for people and to see whether it still lives


class Pause(Record):
    """Whether the schedule of a campaign rests: set by a person, until the same is set back."""

    paused: bool
    since: datetime


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
    keys = [info.key for info in store.entries(runs_prefix(campaign))]
    with ThreadPoolExecutor(_READERS) as pool:  # on S3 each is a round trip
        found = list(pool.map(store.read, keys))
    summaries = [_summary(key, stored.data) for key, stored in zip(keys, found, strict=True) if stored is not None]
    return tuple(sorted(summaries, key=lambda summary: (summary.started_at, summary.run_id)))


def claim(
    store: ObjectStore,
    key: str,
    nonce: str,
    now: datetime,
    lease: timedelta,
    *,
    process: str = "",
    gone: Callable[[str], bool] = lambda _process: False,
) -> bool:
    """Take the claim `key` (see keys.claim_key) until `now + lease`. True if it is ours, also if an answer of ours was lost before.

    Free, released and expired claims can be taken, and those of a process that is known to be `gone`; calling again with the same nonce
    before it expires renews the lease.
    """
    check_key(key)
    wanted = Claim(nonce=nonce, expires_at=now + lease, process=process)
    for _ in range(_TRIES):
        stored = store.read(key)
        held = _claim(key, stored.data) if stored else None
        if held == wanted:
            return True
        taken = held is not None and held.nonce not in (None, nonce) and held.expires_at > now
        if taken and held is not None and not (held.process and gone(held.process)):
            return False
        try:
            store.swap(key, wanted.canonical(), expected=stored.version if stored else None)
        except StaleWrite:
            continue
        return True
    return False


def holder(store: ObjectStore, key: str, now: datetime) -> str | None:
    """The nonce that holds the claim at `now`, or None if it is free, released or expired."""
    held = held_claim(store, key, now)
    return held.nonce if held else None


def held_claim(store: ObjectStore, key: str, now: datetime) -> Claim | None:
    """The claim as it is held at `now`, or None if it is free, released or expired."""
    stored = store.read(key)
    held = _claim(key, stored.data) if stored else None
    return held if held is not None and held.nonce is not None and held.expires_at > now else None


def set_pause(store: ObjectStore, campaign: str, *, paused: bool, now: datetime) -> Pause:
    """Let the schedule of a campaign rest, or go on. What is so already keeps its instant."""
    key = pause_key(campaign)
    for _ in range(_TRIES):
        stored = store.read(key)
        found = _pause(key, stored.data) if stored else None
        if found is not None and found.paused == paused:
            return found
        wanted = Pause(paused=paused, since=now)
        try:
            store.swap(key, wanted.canonical(), expected=stored.version if stored else None)
        except StaleWrite:
            continue
        return wanted
    raise StaleWrite(f"{key} changed {_TRIES} times while it was written.", remedy="Run the same command again.")


def paused_since(store: ObjectStore, campaign: str) -> datetime | None:
    """Since when the campaign's schedule rests; None if it does not."""
    stored = store.read(pause_key(campaign))
    found = _pause(pause_key(campaign), stored.data) if stored else None
    return found.since if found is not None and found.paused else None


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


def _pause(key: str, data: bytes) -> Pause:
    try:
        return Pause.model_validate_json(data)
    except ValueError as error:
        raise _unreadable(key) from error


def _unreadable(key: str) -> WorkspaceProblem:
    return WorkspaceProblem(f"The ledger entry {key} cannot be read.", remedy="Restore it from a backup, or use a newer version.")
