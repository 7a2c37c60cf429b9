"""Batches: immutable Parquet files, and a commit record that is created last. What no record lists was never stored."""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.domain.accounts import ACCOUNTS
from tasks.domain.batches import BatchIdentity, BatchRecord, CheckResult, FieldDrift, LakeFile, QueryEffort, RawObject
from tasks.domain.errors import ResurgeError, UsageProblem, WorkspaceProblem, WriteConflict
from tasks.domain.frames import FrameSchema
from tasks.domain.ledgers import INDICATORS, TAKEDOWN_ROWS
from tasks.domain.parsed import QUARANTINE
from tasks.domain.ports import ObjectStore
from tasks.domain.post_states import POST_STATES
from tasks.domain.posts import POSTS
from tasks.store.books import check_balance, check_complete, collapse, one_entry_a_row, reasons_by_table
from tasks.store.keys import batch_key, batches_prefix, lake_key

_PART_ROWS = 2_000_000  # texts of a file stay below the 2 GB that 32-bit Arrow strings can hold
_GROUP_ROWS = 131_072
_READERS = 8
_ADDED = ("campaign", "batch_id")
_SCHEMAS = {schema.name: schema for schema in (POSTS, ACCOUNTS, TAKEDOWN_ROWS, INDICATORS, POST_STATES)}


def commit_batch(
    store: ObjectStore,
    *,
    identity: BatchIdentity,
    raw: Sequence[RawObject],
    posts: pd.DataFrame,
    accounts: pd.DataFrame,
    quarantine: pd.DataFrame,
    rows_landed: dict[str, int],
    effort: Sequence[QueryEffort] = (),
    drift: Sequence[FieldDrift] = (),
    checks: Sequence[CheckResult] = (),
    supersedes: str | None = None,
    others: Mapping[str, pd.DataFrame] | None = None,
) -> BatchRecord:
    """Store one batch whole or not at all; the same batch again changes nothing and returns the stored record.

    `posts` and `accounts` have the columns of POSTS and ACCOUNTS without `campaign` and `batch_id`; `quarantine` those of QUARANTINE;
    `others` are frames of TAKEDOWN_ROWS, INDICATORS and POST_STATES by their names.
    Rows equal in everything but `row_number` are kept once. `supersedes` names a batch of the same raw bytes read another way.
    Raises ResurgeError if landed = accepted + quarantined + collapsed does not hold for a table, UsageProblem for a
    `supersedes` that would hide other bytes.
    """
    batch_id = identity.batch_id
    if (stored := batch_record(store, identity.campaign, batch_id)) is not None:
        return stored
    _check_identity(store, identity, raw, supersedes)
    refused = one_entry_a_row(quarantine)
    given = {"posts": posts, "accounts": accounts, **(others or {})}
    kept = {table: collapse(frame, _SCHEMAS[table]) for table, frame in given.items()}
    collapsed = {table: len(frame) - len(kept[table]) for table, frame in given.items()}
    for table, frame in kept.items():
        check_complete(frame, _SCHEMAS[table])
        check_balance(table, rows_landed.get(table, 0), frame, refused[refused["table"] == table], collapsed[table])
    record = BatchRecord(
        batch_id=batch_id,
        identity=identity,
        raw=tuple(raw),
        files=(
            *(file for table, frame in kept.items() for file in _write(store, identity, _SCHEMAS[table], frame)),
            *_write(store, identity, QUARANTINE, refused),
        ),
        rows_landed={table: rows_landed.get(table, 0) for table in kept},
        rows_accepted={table: len(frame) for table, frame in kept.items()},
        rows_quarantined=reasons_by_table(refused),
        rows_collapsed=collapsed,
        posted_min=_bound([kept["posts"]["posted_at"]], "min"),
        posted_max=_bound([kept["posts"]["posted_at"]], "max"),
        observed_min=_bound([frame["observed_at"] for frame in kept.values()], "min"),
        observed_max=_bound([frame["observed_at"] for frame in kept.values()], "max"),
        effort=tuple(effort),
        drift=tuple(drift),
        checks=tuple(checks),
        supersedes=supersedes,
    )
    return _commit(store, record)


def batch_record(store: ObjectStore, campaign: str, batch_id: str) -> BatchRecord | None:
    """The commit record of a batch, or None if it was never committed."""
    key = batch_key(campaign, batch_id)
    stored = store.read(key)
    return None if stored is None else _parse(key, stored.data)


def batch_records(store: ObjectStore, campaign: str) -> tuple[BatchRecord, ...]:
    """All committed batches of a campaign, ordered by batch id."""
    keys = [info.key for info in store.entries(batches_prefix(campaign))]
    with ThreadPoolExecutor(_READERS) as pool:  # on S3 each is a round trip
        found = list(pool.map(store.read, keys))
    records = [_parse(key, stored.data) for key, stored in zip(keys, found, strict=True) if stored is not None]
    return tuple(sorted(records, key=lambda record: record.batch_id))


def current_batches(records: Sequence[BatchRecord]) -> tuple[BatchRecord, ...]:
    """The records whose rows count: those no other committed batch supersedes."""
    hidden = {record.supersedes for record in records}
    return tuple(record for record in records if record.batch_id not in hidden)


def earlier_reading(records: Sequence[BatchRecord], identity: BatchIdentity) -> str | None:
    """The current batch of the same capture (source, query, fetch time, raw bytes) read by another parser version, with other
    parameters or another capture rule: what `supersedes` has to name. None if there is none."""
    reading = {"format", "parameters", "parser_version", "capture_rule"}
    capture = identity.model_dump(exclude=reading)
    for record in current_batches(records):
        if record.batch_id != identity.batch_id and record.identity.model_dump(exclude=reading) == capture:
            return record.batch_id
    return None


def _commit(store: ObjectStore, record: BatchRecord) -> BatchRecord:
    try:
        store.create(batch_key(record.identity.campaign, record.batch_id), record.canonical())
    except WriteConflict:  # a twin with another version of Parquet or of the checks was first: its commit is the batch
        stored = batch_record(store, record.identity.campaign, record.batch_id)
        if stored is None:
            raise
        return stored
    return record


def _write(store: ObjectStore, identity: BatchIdentity, schema: FrameSchema, frame: pd.DataFrame) -> list[LakeFile]:
    """Equal rows give equal bytes: fixed row groups, no pandas metadata, landed order."""
    files = []
    for start in range(0, len(frame), _PART_ROWS):
        table = _to_arrow(schema, frame.iloc[start : start + _PART_ROWS], identity)
        with tempfile.TemporaryDirectory(prefix="resurge-lake-") as folder:
            path = Path(folder) / "part.parquet"
            pq.write_table(table, path, compression="zstd", row_group_size=_GROUP_ROWS)
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            key = lake_key(schema.name, identity.campaign, identity.batch_id, sha256)
            store.create(key, path)
            files.append(LakeFile(table=schema.name, key=key, sha256=sha256, size=path.stat().st_size, rows=table.num_rows))
    return files


def _to_arrow(schema: FrameSchema, frame: pd.DataFrame, identity: BatchIdentity) -> pa.Table:
    own = FrameSchema(schema.name, tuple(column for column in schema.columns if column.name not in _ADDED))
    table = own.to_arrow(frame)
    for name, value in (("campaign", identity.campaign), ("batch_id", identity.batch_id)):
        if name in schema.names:
            table = table.append_column(name, pa.repeat(pa.scalar(value, pa.string()), table.num_rows))
    return table.select(schema.names).cast(schema.arrow).replace_schema_metadata(None)


def _check_identity(store: ObjectStore, identity: BatchIdentity, raw: Sequence[RawObject], supersedes: str | None) -> None:
    if tuple(item.sha256 for item in raw) != identity.raw_sha256:
        raise ResurgeError(
            "The batch's raw objects are not those of its identity.", remedy="Nothing was stored: report the importer."
        )
    if supersedes is None:
        return
    old = batch_record(store, identity.campaign, supersedes)
    if old is None or not set(old.identity.raw_sha256) <= set(identity.raw_sha256):
        raise UsageProblem(
            f"Batch {supersedes} cannot be superseded: it is not stored, or holds bytes the new batch does not.",
            remedy="Name a stored batch of the same raw files.",
        )
    while old is not None and old.supersedes is not None:
        if old.supersedes == identity.batch_id:
            raise UsageProblem(f"Batches {supersedes} and {identity.batch_id} would supersede each other.", remedy="Name no batch.")
        old = batch_record(store, identity.campaign, old.supersedes)


def _bound(columns: list[pd.Series], which: str) -> datetime | None:
    values = [value for column in columns if len(column) and not pd.isna(value := getattr(column, which)())]
    if not values:
        return None
    bound: datetime = (min if which == "min" else max)(values).to_pydatetime()
    return bound


def _parse(key: str, data: bytes) -> BatchRecord:
    try:
        return BatchRecord.model_validate_json(data)
    except ValueError as error:
        raise WorkspaceProblem(
            f"The batch record {key} cannot be read: {str(error).splitlines()[0]}.",
            remedy="It was damaged or written by a newer version of resurge: restore it, or use that version.",
        ) from error
