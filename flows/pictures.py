"""Collected profile pictures: each is looked at once, and what was seen is kept in the workspace's cache under the batch's id."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from flows.run_record import Run
from tasks.detect.avatar_images import Look, look_at, made_with
from tasks.detect.looks import pack_looks, unpack_looks
from tasks.domain.batches import BatchRecord
from tasks.domain.errors import WriteConflict
from tasks.domain.ports import ObjectStore
from tasks.fetch.sources.avatars import AvatarImporter, pictures_in
from tasks.store.keys import looks_key
from tasks.store.raw import open_raw


def look_at_pictures(run: Run, batches: Iterable[BatchRecord]) -> dict[str, Look]:
    """A look at every picture of the batches of format `avatars`, by SHA-256. Nothing is opened, and no stage noted, where there is none.

    What is kept of a batch depends on its pictures alone, so it does not matter which briefing came first.
    """
    looks: dict[str, Look] = {}
    for batch in (batch for batch in batches if batch.identity.format == AvatarImporter.format):
        key = looks_key(batch.identity.campaign, batch.batch_id, made_with())
        kept = _kept(run.store, key)
        if kept is None:
            with run.stage(f"look at pictures of {batch.batch_id[:12]}"):
                kept = _keep(run.store, key, _looked_at(run.store, batch, looks))
        looks |= kept
    return looks


def _looked_at(store: ObjectStore, batch: BatchRecord, known: dict[str, Look]) -> dict[str, Look]:
    """Looks at the batch's pictures; those in `known` are not opened again."""
    seen: dict[str, Look] = {}

    def unknown() -> Iterator[tuple[str, bytes]]:
        with tempfile.TemporaryDirectory(prefix="resurge-pictures-") as folder:
            for raw in batch.raw:
                for sha256, data in pictures_in(open_raw(store, raw, Path(folder)), raw.key):
                    if sha256 in known:
                        seen[sha256] = known[sha256]
                    elif sha256 not in asked:
                        asked.add(sha256)
                        yield sha256, data

    asked: set[str] = set()
    return {**look_at(unknown()), **seen}


def _kept(store: ObjectStore, key: str) -> dict[str, Look] | None:
    stored = store.read(key)
    try:
        return None if stored is None else unpack_looks(stored.data)
    except ValueError:  # a cache: what cannot be read is made again
        return None


def _keep(store: ObjectStore, key: str, looks: dict[str, Look]) -> dict[str, Look]:
    """Keep the looks; if another run was first, its looks count, so that both print the same."""
    try:
        store.create(key, pack_looks(looks))
    except WriteConflict:
        return _kept(store, key) or looks
    return looks
