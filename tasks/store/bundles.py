"""Publishing: a briefing's files under the hash of its facts, the manifest last, then one pointer moved by compare-and-swap."""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from tasks.domain.bundles import BundleFile, Manifest, Pointer
from tasks.domain.errors import StaleWrite, UsageProblem, WorkspaceProblem
from tasks.domain.facts import Predecessor, edition_of
from tasks.domain.ports import ObjectStore
from tasks.store.keys import batch_key, briefings_prefix, bundle_key, bundle_prefix, parse_pointer_key, pointer_key

FACTS, MANIFEST = "facts.json", "manifest.json"
_TRIES = 50
_READERS = 8


@dataclass(frozen=True)
class Published:
    """`moved`: the pointer named another edition (or none) before and names this one now. `pointer` is what it says now."""

    edition: str
    prefix: str
    moved: bool
    pointer: Pointer


def publish_bundle(
    store: ObjectStore,
    *,
    campaign: str,
    period_path: str,
    tlp: str,
    facts: bytes,
    files: Mapping[str, bytes],
    as_of: datetime,
    batch_ids: Sequence[str],
    predecessor: Predecessor | None,
    supersedes: str | None = None,
) -> Published:
    """Publish a briefing whole or not at all; publishing the same again changes nothing.

    `files` are the bundle's other files by name, such as `briefing.pdf` and `annex/posts.csv`. The pointer moves only to a greater
    `as_of`, or to an equal one if `supersedes` is the edition it names. Raises WriteConflict if this edition exists with other bytes.
    """
    if reserved := sorted({FACTS, MANIFEST} & set(files)):
        raise UsageProblem(f"{reserved[0]} cannot be given as a file of a bundle.", remedy="It is written by publishing itself.")
    edition = edition_of(facts)
    prefix = bundle_prefix(campaign, period_path, tlp, edition)
    contents = {FACTS: facts, **dict(sorted(files.items()))}
    manifest = Manifest(
        campaign=campaign,
        period=period_path,
        tlp=tlp,
        edition=edition,
        as_of=as_of,
        files=tuple(
            BundleFile(name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data)) for name, data in contents.items()
        ),
        batch_ids=tuple(sorted(batch_ids)),
        predecessor=predecessor,
        batch_records=_record_hashes(store, campaign, sorted(batch_ids)),
    ).sealed()
    for name, data in contents.items():
        store.create(bundle_key(prefix, name), data)
    store.create(bundle_key(prefix, MANIFEST), manifest.canonical())
    moved, pointer = _point(store, pointer_key(campaign, period_path, tlp), edition, as_of, supersedes)
    return Published(edition, prefix, moved, pointer)


def _record_hashes(store: ObjectStore, campaign: str, batch_ids: Sequence[str]) -> tuple[str, ...]:
    """SHA-256 of the batches' records; empty for one that is not there, which `verify` names."""
    with ThreadPoolExecutor(_READERS) as pool:  # on S3 each is a round trip
        found = list(pool.map(lambda batch_id: store.read(batch_key(campaign, batch_id)), batch_ids))
    return tuple(hashlib.sha256(stored.data).hexdigest() if stored else "" for stored in found)


def latest(store: ObjectStore, campaign: str, period_path: str, tlp: str) -> Pointer | None:
    """The current edition of a period, or None if none was published."""
    stored = store.read(pointer_key(campaign, period_path, tlp))
    return None if stored is None else _read_pointer(stored.data)


def read_facts_of(store: ObjectStore, campaign: str, period_path: str, tlp: str, edition: str | None = None) -> bytes | None:
    """The facts.json of an edition, or of the current one; None if there is none. Raises WorkspaceProblem if it was altered."""
    if edition is None:
        pointer = latest(store, campaign, period_path, tlp)
        if pointer is None:
            return None
        edition = pointer.edition
    key = bundle_key(bundle_prefix(campaign, period_path, tlp, edition), FACTS)
    stored = store.read(key)
    if stored is None:
        return None
    if edition_of(stored.data) != edition:
        raise WorkspaceProblem(f"{key} does not have the hash it is named by.", remedy="Restore it from a backup.")
    return stored.data


def published_periods(store: ObjectStore, campaign: str, tlp: str) -> dict[str, Pointer]:
    """period_path -> current pointer, for every period published under this label, in the order of the paths."""
    found = {}
    for info in store.entries(briefings_prefix(campaign)):
        parts = parse_pointer_key(info.key)
        if parts is not None and parts[2] == tlp and (pointer := latest(store, *parts)) is not None:
            found[parts[1]] = pointer
    return dict(sorted(found.items()))


def _point(store: ObjectStore, key: str, edition: str, as_of: datetime, supersedes: str | None) -> tuple[bool, Pointer]:
    """Move the pointer if the rule allows it. A swap that lost, or whose answer was lost, is decided anew from what stands there."""
    tried = False
    for _ in range(_TRIES):
        stored = store.read(key)
        current = _read_pointer(stored.data) if stored else None
        if current is not None and not _may_move(current, edition, as_of, supersedes):
            return tried and current.edition == edition, current
        replaces = supersedes if current is not None and as_of == current.as_of else None
        pointer = Pointer(
            edition=edition,
            as_of=as_of,
            fence=current.fence + 1 if current else 1,
            corrections=(current.corrections if current else 0) + (replaces is not None),
            supersedes=replaces,
        ).sealed()
        try:
            tried = True
            store.swap(key, pointer.canonical(), expected=stored.version if stored else None)
        except StaleWrite:
            continue
        return True, pointer
    raise StaleWrite(
        f"{key} moved {_TRIES} times while it was written.", remedy="Stop the other runs of this period, then run again."
    )


def _may_move(current: Pointer, edition: str, as_of: datetime, supersedes: str | None) -> bool:
    if current.edition == edition:
        return False
    return as_of > current.as_of or (as_of == current.as_of and supersedes == current.edition)


def _read_pointer(data: bytes) -> Pointer:
    remedy = "Restore it from a backup, or use a newer version of resurge."
    try:
        pointer = Pointer.model_validate_json(data)
    except ValueError as error:
        raise WorkspaceProblem("A latest.json of this workspace cannot be read.", remedy=remedy) from error
    if not pointer.holds(data):
        raise WorkspaceProblem(
            f"The latest.json that names the edition {pointer.edition[:12]} was altered: it does not fit its seal.", remedy=remedy
        )
    return pointer
