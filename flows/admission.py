"""The batch gate's road, the same for a fetch and for files: parse, validate, then store, or keep out and say why."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from expectations.bounds import bounds_for
from expectations.gates import GateResult
from expectations.task import validate_batch
from flows.run_record import Run
from tasks.domain.batches import BatchIdentity, BatchRecord, BlockedPage, CheckResult, RawObject
from tasks.domain.errors import BatchDiscarded, ValidationBlocked
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile, ObjectStore
from tasks.fetch.fetching import parse_parts
from tasks.fetch.importers import importer
from tasks.fetch.rows import ObservedAt
from tasks.fetch.streaming import PART_ROWS, StreamingImporter
from tasks.fetch.task import parse
from tasks.store.blocked import record_blocked, resolutions
from tasks.store.lake import batch_record, batch_records, earlier_reading
from tasks.store.task import commit


def admit(
    run: Run,
    identity: BatchIdentity,
    raw: Sequence[RawObject],
    files: Sequence[LandedFile],
    *,
    observed_at: ObservedAt,
    options: dict[str, Any],
    now: datetime,
    parsed: Parsed | None = None,
    part: int | None = None,
) -> BatchRecord:
    """Store one batch, or return it if it is stored already. Raises ValidationBlocked where a blocking check failed: the batch stays
    unpublished, its raw bytes and the verdict are kept; BatchDiscarded where a person has decided so before. `parsed`: the rows, where
    they were read already; `part`: which part of the files they are, where there are several."""
    if (stored := batch_record(run.store, identity.campaign, identity.batch_id)) is not None:
        return stored
    if parsed is None:
        with run.stage(f"parse {identity.format}"):
            parsed = parse(files, identity.format, observed_at, options)
    with run.stage("validate"):
        gate = validate_batch(parsed, bounds_for([identity.source, identity.format]), latest_instant=now)
    if gate.blocked:
        problem = gate.outcome.summary()
        record_blocked(
            run.store,
            identity=identity,
            raw=raw,
            rows_landed=gate.rows_landed,
            checks=gate.outcome.checks,
            problem=problem,
            pages=blocked_pages(files),
            part=part,
        )
        _stop_if_discarded(run.store, identity)
        raise ValidationBlocked(
            f"The batch {identity.batch_id[:12]} from {identity.source} was not stored: validation blocked it.\n{problem}",
            remedy="Its raw bytes are kept. Correct the source, the column map or the bounds, then run the same command again;"
            f" or decide about it as it is: `resurge discard` or `resurge accept` {identity.campaign} {identity.batch_id[:12]}.",
        )
    with run.stage("store"):
        return store_gated(run.store, commit, identity=identity, raw=raw, gate=gate, parsed=parsed, checks=gate.outcome.checks)


def _stop_if_discarded(store: ObjectStore, identity: BatchIdentity) -> None:
    told = resolutions(store, identity.campaign).get(identity.batch_id)
    if told is not None and told.decision == "discarded":
        raise BatchDiscarded(
            f"The batch {identity.batch_id[:12]} from {identity.source} stays out: {told.by} discarded it on {told.at:%Y-%m-%d}"
            f" ({told.reason}), and validation blocks it still.",
            remedy="Correct the file, the column map or the bounds, then run the same command again.",
        )


def store_gated(
    store: ObjectStore,
    commit_with: Callable[..., BatchRecord],
    *,
    identity: BatchIdentity,
    raw: Sequence[RawObject],
    gate: GateResult,
    parsed: Parsed,
    checks: Sequence[CheckResult],
) -> BatchRecord:
    """Store what the batch gate let through, as a reading that supersedes an earlier one of the same bytes. `commit_with`: commit_batch
    (tasks.store.lake), or the engine's task of it. `checks`: those of the gate, as somebody decided about them."""
    return commit_with(
        store,
        identity=identity,
        raw=raw,
        posts=gate.posts,
        accounts=gate.accounts,
        quarantine=gate.quarantine,
        rows_landed=gate.rows_landed,
        effort=parsed.effort,
        drift=parsed.drift,
        checks=checks,
        others=gate.others,
        supersedes=earlier_reading(batch_records(store, identity.campaign), identity),
    )


def blocked_pages(files: Sequence[LandedFile]) -> tuple[BlockedPage, ...]:
    """How the files came, to read them again should their batch be accepted."""
    return tuple(BlockedPage(name=f.name, sha256=f.sha256, fetched_at=f.fetched_at, effort=f.effort) for f in files)


def admit_files(
    run: Run,
    identity: BatchIdentity,
    raw: Sequence[RawObject],
    files: Sequence[LandedFile],
    *,
    observed_at: ObservedAt,
    options: dict[str, Any],
    now: datetime,
) -> list[BatchRecord]:
    """Store files that a person has: one batch, or, of a format that is read in parts, one a part of 250,000 posts. Parts after the first
    are told apart by the query of their identity, so the same files again change nothing: nor do those that were stored whole, before
    their format was read in parts. Nothing is stored of a file with a fault in it. A part that validation blocks ends it, and the parts
    before it stay: with the same files again it goes on behind that part, once somebody has accepted or discarded it.
    """
    stored = batch_record(run.store, identity.campaign, identity.batch_id)
    in_parts = isinstance(importer(identity.format), StreamingImporter)
    if not in_parts or (stored is not None and sum(stored.rows_landed.values()) < PART_ROWS):
        return [admit(run, identity, raw, files, observed_at=observed_at, options=options, now=now)]
    with tempfile.TemporaryDirectory(prefix="resurge-parts-") as folder:
        with run.stage(f"parse {identity.format}"):
            parts = read_parts(files, identity.format, observed_at, options, Path(folder))
        records = []
        for number, take_up in enumerate(parts, start=1):
            parsed = take_up()
            if number == 1 and stored is not None and _some(stored.rows_landed) != _some(parsed.rows_landed):
                return [stored]
            try:
                records.append(
                    admit(
                        run, identity.of_part(number), raw, _so_far(files, last=number == len(parts)),
                        observed_at=observed_at, options=options, now=now, parsed=parsed, part=number if len(parts) > 1 else None,
                    )
                )  # fmt: skip
            except BatchDiscarded:
                if len(parts) == 1:
                    raise
        return records


def read_parts(
    files: Sequence[LandedFile], form: str, observed_at: ObservedAt, options: dict[str, Any], folder: Path
) -> list[Callable[[], Parsed]]:
    """As `parse_parts`, each with the collection effort that it is stored with."""
    parts = parse_parts(files, form, observed_at, options, folder)
    return [partial(_with_effort, part, files, last=number == len(parts)) for number, part in enumerate(parts, start=1)]


def _with_effort(take_up: Callable[[], Parsed], files: Sequence[LandedFile], *, last: bool) -> Parsed:
    return _whole_at(take_up(), files, last=last)


def _so_far(files: Sequence[LandedFile], *, last: bool) -> list[LandedFile]:
    """The files as a part is noted with them where it is blocked: only the last ends the effort."""
    if last:
        return list(files)
    return [
        replace(file, effort=file.effort.model_copy(update={"finished": False})) if file.effort is not None else file
        for file in files
    ]


def _whole_at(parsed: Parsed, files: Sequence[LandedFile], *, last: bool) -> Parsed:
    """Only the last part says that the files are taken, and of all of them: what breaks off before is begun again, not passed over."""
    if not last:
        return replace(parsed, effort=tuple(effort.model_copy(update={"finished": False}) for effort in parsed.effort))
    named = {effort.query_id for effort in parsed.effort}
    ended_before = [file.effort for file in files if file.effort is not None and file.effort.query_id not in named]
    return replace(parsed, effort=(*parsed.effort, *(e.model_copy(update={"rows": 0, "pages": 0}) for e in ended_before)))


def _some(rows: Mapping[str, int]) -> dict[str, int]:
    return {table: count for table, count in rows.items() if count}


def ending(path: Path) -> str:
    """What a file is landed as: its last two endings, such as `csv.gz`; `bin` where they are none."""
    last = "".join(path.suffixes[-2:]).lstrip(".").lower()
    return last if last and all(part.isalnum() for part in last.split(".")) else "bin"
