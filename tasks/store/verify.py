"""Recomputing every hash of a published briefing, from its PDF back to the landed bytes."""

import hashlib
from datetime import datetime
from typing import Any

import orjson

from tasks.domain.batches import BatchRecord
from tasks.domain.bundles import Manifest
from tasks.domain.errors import WorkspaceProblem
from tasks.domain.facts import edition_of
from tasks.domain.ports import ObjectStore
from tasks.store.bundles import FACTS, MANIFEST, latest
from tasks.store.keys import batch_key, bundle_key, bundle_prefix, pointer_key
from tasks.store.lake import batch_record
from tasks.store.raw import check_raw


def verify_bundle(store: ObjectStore, prefix: str) -> tuple[str, ...]:
    """What is wrong with the bundle under `prefix` (briefings/<campaign>/<period>/<tlp>/<edition>), one sentence each; empty = all
    hashes hold. Checks the bundle's files, its facts, the batches they name, their lake files and landed bytes, as stored (not the
    cache); needs memory for the largest of them."""
    stored = store.read(bundle_key(prefix, MANIFEST))
    if stored is None:
        return (f"{prefix} has no {MANIFEST}: it was never published.",)
    try:
        manifest = Manifest.model_validate_json(stored.data)
    except ValueError as error:
        return (f"{prefix}/{MANIFEST} cannot be read: {str(error).splitlines()[0]}.",)
    if not manifest.holds(stored.data):  # nothing it says can be relied on
        return (f"{prefix}/{MANIFEST} was altered: it does not fit its seal.",)
    problems = _place(manifest, prefix) + _files(store, prefix, manifest) + _facts(store, prefix, manifest)
    hashes = dict(zip(manifest.batch_ids, manifest.batch_records, strict=False))
    for batch_id in manifest.batch_ids:
        problems += _batch(store, manifest.campaign, batch_id, hashes.get(batch_id, ""))
    return tuple(problems + _pointer(store, manifest) + _predecessor(store, manifest))


def _place(manifest: Manifest, prefix: str) -> list[str]:
    expected = f"briefings/{manifest.campaign}/{manifest.period}/{manifest.tlp}/{manifest.edition}"
    return [] if prefix == expected else [f"The manifest belongs to {expected}, not to {prefix}."]


def _files(store: ObjectStore, prefix: str, manifest: Manifest) -> list[str]:
    problems = [p for file in manifest.files if (p := _hash(store, bundle_key(prefix, file.name), file.sha256, file.size))]
    listed = {bundle_key(prefix, name) for name in (MANIFEST, *(file.name for file in manifest.files))}
    return problems + [f"{info.key} is not in the manifest." for info in store.entries(prefix) if info.key not in listed]


def _facts(store: ObjectStore, prefix: str, manifest: Manifest) -> list[str]:
    stored = store.read(bundle_key(prefix, FACTS))
    if stored is None:
        return [f"{prefix}/{FACTS} is missing."]
    if edition_of(stored.data) != manifest.edition:
        return [f"{prefix}/{FACTS} is not the edition {manifest.edition}."]
    try:
        inputs: dict[str, Any] = orjson.loads(stored.data)["inputs"]
        batch_ids, predecessor = sorted(batch["batch_id"] for batch in inputs["batches"]), inputs["predecessor"]
        as_of = orjson.loads(stored.data).get("as_of")
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return [f"{prefix}/{FACTS} does not say from which batches it was made."]
    problems = []
    if batch_ids != list(manifest.batch_ids):
        problems.append(f"{prefix}: facts and manifest name different batches.")
    if predecessor != (manifest.predecessor.model_dump(mode="json") if manifest.predecessor else None):
        problems.append(f"{prefix}: facts and manifest name different predecessors.")
    if as_of is not None and datetime.fromisoformat(as_of) != manifest.as_of:
        problems.append(f"{prefix}: facts and manifest name different cut-offs.")
    return problems


def _pointer(store: ObjectStore, manifest: Manifest) -> list[str]:
    """The pointer beside the bundle, which may name another edition: one that is there, and of the cut-off it says."""
    place = (manifest.campaign, manifest.period, manifest.tlp)
    key = pointer_key(*place)
    try:
        pointer = latest(store, *place)
    except WorkspaceProblem as problem:
        return [f"{key}: {problem.problem}"]
    if pointer is None:  # a run that died before it was moved: what was published holds all the same
        return []
    named = store.read(bundle_key(bundle_prefix(*place, pointer.edition), MANIFEST))
    if named is None:
        return [f"{key} names the edition {pointer.edition}, which was never published."]
    try:
        as_of = Manifest.model_validate_json(named.data).as_of
    except ValueError:
        return [f"{key} names the edition {pointer.edition}, whose manifest cannot be read."]
    return [] if as_of == pointer.as_of else [f"{key} and the manifest of {pointer.edition} name different cut-offs."]


def _predecessor(store: ObjectStore, manifest: Manifest) -> list[str]:
    """The briefing before, whose facts "what changed" was made from: it has the hash it is named by."""
    before = manifest.predecessor
    if before is None:
        return []
    prefix = bundle_prefix(manifest.campaign, before.period.replace("..", "--"), manifest.tlp, before.edition)
    stored = store.read(bundle_key(prefix, FACTS))
    if stored is None:
        return [f"{prefix}/{FACTS}, the briefing before, is missing."]
    return [] if edition_of(stored.data) == before.edition else [f"{prefix}/{FACTS}, the briefing before, was altered."]


def _batch(store: ObjectStore, campaign: str, batch_id: str, sha256: str) -> list[str]:
    key = batch_key(campaign, batch_id)
    kept = store.read(key)
    if kept is not None and sha256 and hashlib.sha256(kept.data).hexdigest() != sha256:
        return [f"{key} was altered: its SHA-256 is not {sha256}."]
    return _readable(store, campaign, batch_id)


def _readable(store: ObjectStore, campaign: str, batch_id: str) -> list[str]:
    try:
        record = batch_record(store, campaign, batch_id)
    except WorkspaceProblem as problem:
        return [problem.problem]
    if record is None:
        return [f"Batch {batch_id} is missing."]
    problems = [p for file in record.files if (p := _hash(store, file.key, file.sha256, file.size))]
    problems += [p for raw in record.raw if (p := check_raw(store, raw))]
    return problems + _record(record, batch_id)


def _record(record: BatchRecord, batch_id: str) -> list[str]:
    problems = []
    if record.identity.batch_id != batch_id or record.batch_id != batch_id:
        problems.append(f"Batch {batch_id}: its record describes another batch.")
    if tuple(raw.sha256 for raw in record.raw) != record.identity.raw_sha256:
        problems.append(f"Batch {batch_id}: its raw objects are not those of its identity.")
    for table, landed in record.rows_landed.items():
        refused = sum(record.rows_quarantined.get(table, {}).values())
        if landed != record.rows_accepted.get(table, 0) + refused + record.rows_collapsed.get(table, 0):
            problems.append(f"Batch {batch_id}: the books of {table} do not balance.")
        if record.rows_accepted.get(table, 0) != sum(file.rows for file in record.files if file.table == table):
            problems.append(f"Batch {batch_id}: the files of {table} do not hold the accepted rows.")
    return problems


def _hash(store: ObjectStore, key: str, sha256: str, size: int) -> str | None:
    stored = store.read(key)
    if stored is None:
        return f"{key} is missing."
    if len(stored.data) != size or hashlib.sha256(stored.data).hexdigest() != sha256:
        return f"{key} was altered: its SHA-256 is not {sha256}."
    return None
