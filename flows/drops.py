"""Take what partners laid down: the road of `resurge ingest`, for every version of every file once."""

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from flows.admission import admit_files, ending
from flows.console import parse_instant
from flows.run_record import Run
from tasks.domain.batches import BatchRecord, QueryEffort
from tasks.domain.campaign import SourceSpec
from tasks.domain.errors import ResurgeError, SourceProblem
from tasks.domain.ports import LandedFile
from tasks.fetch.drops import Drop, DroppedFile, DropSource
from tasks.fetch.fetching import identity_for_files
from tasks.fetch.importers import ARCHIVES
from tasks.fetch.rows import ObservedAt
from tasks.fetch.s3_drop import digest_of
from tasks.store.blocked import discarded_marks
from tasks.store.lake import batch_records
from tasks.store.raw import land


def take_drops(
    run: Run, spec: SourceSpec, place: DropSource, say: Callable[[str], None]
) -> tuple[list[BatchRecord], Exception | None]:
    """Bring, land, validate and store every drop that is new. One that is refused keeps nobody else waiting: it comes back as the
    failure, for the caller to raise, and is tried again by the next collect."""
    campaign = run.summary.campaign
    known = {
        effort.query_id
        for record in batch_records(run.store, campaign)
        if record.identity.source == spec.name
        for effort in record.effort
        if effort.finished  # of a large file: all its parts are stored
    } | discarded_marks(run.store, campaign, spec.name)
    records: list[BatchRecord] = []
    first: Exception | None = None
    try:
        for whole in place.drops(known):
            try:
                records += _take(run, spec, whole, say)
            except ResurgeError as problem:
                first = first or problem
    except ResurgeError as problem:
        first = first or problem
    return records, first


def _take(run: Run, spec: SourceSpec, whole: Sequence[Drop], say: Callable[[str], None]) -> list[BatchRecord]:
    """Everything of a drop is brought and compared with what was promised before any of it is landed."""
    with tempfile.TemporaryDirectory(prefix="resurge-drop-") as folder:
        brought = [
            [(file, _bring(file, Path(folder) / f"{n}-{m}", say)) for m, file in enumerate(drop.files)]
            for n, drop in enumerate(whole)
        ]
        records: list[BatchRecord] = []
        for drop, files in zip(whole, brought, strict=True):
            records += _ingest(run, spec, drop, files)
        return records


def _bring(file: DroppedFile, target: Path, say: Callable[[str], None]) -> Path:
    say(f"{file.name}, {file.size / 1e6:,.1f} MB")
    file.bring(target)
    if file.sha256 and (found := digest_of(target)) != file.sha256:
        raise SourceProblem(
            f"{file.name} is not what its manifest says: SHA-256 {found[:12]} instead of {file.sha256[:12]}.",
            remedy="Ask the partner for the file again; nothing of this drop was taken.",
        )
    return target


def _ingest(run: Run, spec: SourceSpec, drop: Drop, files: Sequence[tuple[DroppedFile, Path]]) -> list[BatchRecord]:
    campaign, now = run.summary.campaign, datetime.now(UTC)
    stated = drop.observed_at or ("posted" if drop.format in ARCHIVES else None)
    rule: ObservedAt = parse_instant(stated, f"observed_at of {drop.name}") if stated not in (None, "posted") else stated  # type: ignore[assignment]
    raw = {file.mark: land(run.store, campaign, spec.name, path, ending(Path(file.name))) for file, path in files}
    landed = [
        LandedFile(
            path, file.name, raw[file.mark].sha256, effort=QueryEffort(query_id=file.mark, query=f"file {file.name}", pages=1)
        )
        for file, path in files
    ]
    identity = identity_for_files(campaign, spec.name, landed, drop.format, rule, drop.options)
    objects = {item.sha256: item for item in raw.values()}
    return admit_files(
        run, identity, [objects[sha256] for sha256 in identity.raw_sha256], landed, observed_at=rule, options=drop.options, now=now
    )
