"""From chunks of landed rows to the frames of `Parsed`: every row ends in the table or in the refused, with one reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.domain.accounts import ACCOUNTS
from tasks.domain.batches import FieldDrift, QueryEffort
from tasks.domain.errors import UsageProblem
from tasks.domain.frames import Column, FrameSchema
from tasks.domain.parsed import QUARANTINE, Parsed
from tasks.domain.ports import LandedFile
from tasks.domain.post_states import EDITED, POST_STATES
from tasks.domain.posts import POSTS
from tasks.fetch.chunks import Chunk
from tasks.fetch.columns import Reading, convert
from tasks.fetch.instants import precision_of
from tasks.fetch.links import canonical_urls, domains
from tasks.fetch.texts import WORD_HANDLES, hashtags, links, mentions

ObservedAt = Literal["posted"] | datetime | None

_SET_LATER = ("campaign", "batch_id")


def without_batch(schema: FrameSchema) -> FrameSchema:
    """The schema of a parsed frame: campaign and batch id are known only once the batch is."""
    return FrameSchema(schema.name, tuple(column for column in schema.columns if column.name not in _SET_LATER))


PARSED = {"posts": without_batch(POSTS), "accounts": without_batch(ACCOUNTS), "post_states": without_batch(POST_STATES)}


@dataclass(frozen=True)
class Recipe:
    """How rows of a source become rows of `table`: our column -> their field, and constants for the rest."""

    table: str
    fields: Mapping[str, str]
    constants: Mapping[str, Any] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)

    @property
    def schema(self) -> FrameSchema:
        return PARSED[self.table]


@dataclass
class Harvest:
    """What has been read so far."""

    tables: dict[str, list[pa.Table]] = field(default_factory=lambda: {"posts": [], "accounts": [], "post_states": []})
    rejected: list[pd.DataFrame] = field(default_factory=list)
    landed: dict[str, int] = field(default_factory=lambda: {"posts": 0, "accounts": 0})
    rows_by_file: dict[str, int] = field(default_factory=dict)

    def parsed(self, files: Iterable[LandedFile], drift: tuple[FieldDrift, ...], rule: str) -> Parsed:
        """Close the books."""
        states = self.tables["post_states"]
        return Parsed(
            posts=_frame(self.tables["posts"], PARSED["posts"]),
            accounts=_frame(self.tables["accounts"], PARSED["accounts"]),
            rejected=QUARANTINE.conform(pd.concat([QUARANTINE.empty(), *self.rejected], ignore_index=True)),
            rows_landed=dict(self.landed),
            others={"post_states": _frame(states, PARSED["post_states"])} if "post_states" in self.landed else {},
            effort=tuple(_effort(file, self.rows_by_file.get(file.sha256, 0)) for file in files),
            drift=drift,
            capture_rule=rule,
        )


def capture_rule(files: Iterable[LandedFile], observed_at: ObservedAt, *, stated: bool = False) -> str:
    """How `observed_at` of the rows came about: `posted`, an instant in ISO 8601, `stated` in the rows, or `live`.

    Raises UsageProblem where nothing says when the rows were captured, or the instant has no offset."""
    if isinstance(observed_at, datetime):
        if observed_at.tzinfo is None:
            raise UsageProblem(f"The capture time {observed_at} has no offset.", remedy="Write it like 2023-10-07T12:00:00Z.")
        return pd.Timestamp(observed_at).tz_convert("UTC").isoformat()
    if observed_at == "posted":
        return "posted"
    if stated:
        return "stated"
    if nameless := [file.name for file in files if file.fetched_at is None]:
        raise UsageProblem(
            f"Nothing says when the rows of {nameless[0]} were captured.",
            remedy="Give --observed-at posted or an instant, or map a field to observed_at.",
        )
    return "live"


def take(
    chunk: Chunk, recipe: Recipe, observed_at: ObservedAt, harvest: Harvest, given: Mapping[str, pa.Array] | None = None
) -> pa.Table:
    """Convert one chunk, add its rows to `harvest`, and return the accepted ones (with `row_number`).

    `given` are columns that the importer made itself. A row is refused for its first fault in the order of the schema's columns; a
    value that does not fit refuses the row even where the column is optional. Posts get what their text carries (`enrich`).
    """
    reasons = np.full(chunk.rows, None, dtype=object)
    for position, reason in chunk.refused.items():
        reasons[position] = reason
    drafts = {column.name: _draft(chunk, column, recipe, given or {}, reasons) for column in recipe.schema.columns}
    drafts["row_number"] = pa.array(np.arange(chunk.first_row, chunk.first_row + chunk.rows))
    drafts["observed_at"] = _observed(chunk, drafts, observed_at)
    for column in recipe.schema.columns:
        if not column.optional and column.name not in ("row_number", "kind", "time_precision_s"):
            _mark(reasons, pc.is_null(drafts[column.name]), f"{column.name} is missing")
    if recipe.table == "posts":
        _complete(chunk, recipe, drafts)
    keep = np.array([reason is None for reason in reasons], bool)
    table = pa.table({name: drafts[name] for name in recipe.schema.names}).filter(pa.array(keep))
    if recipe.table == "posts":
        table = enrich(table, {*recipe.fields, *recipe.constants, *(given or {})})
    harvest.tables[recipe.table].append(table)
    harvest.landed[recipe.table] = harvest.landed.get(recipe.table, 0) + chunk.rows
    harvest.rows_by_file[chunk.file.sha256] = harvest.rows_by_file.get(chunk.file.sha256, 0) + chunk.rows
    harvest.rejected.append(_refused(chunk, recipe.table, reasons, np.flatnonzero(~keep)))
    return table


def take_edits(posts: pa.Table, edited: pa.Array, first_row: int, harvest: Harvest) -> None:
    """Add those of the accepted `posts` (as `take` returned them) to the states of posts that were edited. `edited`: when, one instant a
    row of the chunk, which began at `first_row`; null = never."""
    changed = edited.take(pc.subtract(posts["row_number"].combine_chunks(), first_row))
    told = pc.is_valid(changed)
    if not (count := int(pc.sum(told).as_py() or 0)):
        return
    rows, schema = posts.filter(told), PARSED["post_states"]
    columns = {name: rows[name] for name in ("platform", "post_id", "observed_at", "row_number")}
    columns |= {"state": pa.repeat(EDITED, count), "changed_at": changed.filter(told)}
    harvest.tables["post_states"].append(pa.table({name: columns[name] for name in schema.names}, schema=schema.arrow))
    harvest.landed["post_states"] = harvest.landed.get("post_states", 0) + count


def enrich(table: pa.Table, known: set[str]) -> pa.Table:
    """Fill urls, domains, hashtags and mentions of posts from the text, except those in `known`; links become canonical."""
    text = table["text"].combine_chunks()
    urls = table["urls"].combine_chunks() if "urls" in known else links(text)
    canonical = canonical_urls(urls)
    made = {"urls": canonical}
    if "domains" not in known:
        made["domains"] = domains(canonical)
    if "hashtags" not in known:
        made["hashtags"] = hashtags(text)
    if "mentions" not in known:
        made["mentions"] = _mentions(text, table["platform"].combine_chunks())
    for name, values in made.items():
        table = table.set_column(table.schema.get_field_index(name), name, values)
    return table


def _draft(chunk: Chunk, column: Column, recipe: Recipe, given: Mapping[str, pa.Array], reasons: np.ndarray) -> pa.Array:
    if column.name in given:
        return given[column.name]
    if column.name in recipe.constants:
        return pa.repeat(recipe.constants[column.name], chunk.rows)
    if column.name not in recipe.fields:
        kind = recipe.schema.arrow.field(column.name).type
        return pa.nulls(chunk.rows, kind)
    converted = convert(chunk.column(recipe.fields[column.name]), column, recipe.reading)
    _mark(reasons, pa.array(converted.faulty), converted.reason)
    return converted.values


def _observed(chunk: Chunk, drafts: Mapping[str, pa.Array], observed_at: ObservedAt) -> pa.Array:
    if observed_at == "posted":
        return drafts.get("posted_at", drafts["observed_at"])
    instant = observed_at if isinstance(observed_at, datetime) else chunk.file.fetched_at
    if instant is None or (observed_at is None and drafts["observed_at"].null_count < chunk.rows):
        return drafts["observed_at"]
    return pa.repeat(pa.scalar(instant, pa.timestamp("us", tz="UTC")), chunk.rows)


def _complete(chunk: Chunk, recipe: Recipe, drafts: dict[str, pa.Array]) -> None:
    """Kind and clock where the source has no field for them: a post with repost_of_id is a repost, with reply_to_id a reply; the clock
    is as fine as the times are written, a second where that does not show."""
    guess = pc.if_else(pc.is_valid(drafts["reply_to_id"]), "reply", "original")
    guess = pc.if_else(pc.is_valid(drafts["repost_of_id"]), "repost", guess)
    drafts["kind"] = pc.coalesce(drafts["kind"], guess)
    written = None
    if "posted_at" in recipe.fields:
        written = precision_of(chunk.column(recipe.fields["posted_at"]), recipe.reading.times, "posted_at")
    drafts["time_precision_s"] = pc.coalesce(
        drafts["time_precision_s"], *([written] if written is not None else []), pa.scalar(1, pa.int64())
    )
    if chunk.file.effort is not None and drafts["query_id"].null_count == chunk.rows:
        drafts["query_id"] = pa.repeat(chunk.file.effort.query_id, chunk.rows)


def _mentions(text: pa.Array, platform: pa.Array) -> pa.Array:
    words = pc.is_in(platform, pa.array(sorted(WORD_HANDLES)))
    if pc.all(words).as_py():
        return mentions(text, "twitter")
    dotted = mentions(text, "")
    return pc.if_else(words, mentions(text, "twitter"), dotted) if pc.any(words).as_py() else dotted


def _mark(reasons: np.ndarray, faulty: pa.Array, reason: str) -> None:
    """Give the rows in `faulty` this reason unless they have one."""
    for position in np.flatnonzero(faulty.to_numpy(zero_copy_only=False)):
        if reasons[position] is None:
            reasons[position] = reason


def _refused(chunk: Chunk, table: str, reasons: np.ndarray, positions: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "table": table,
            "row_number": chunk.first_row + positions,
            "reason": reasons[positions],
            "raw": [chunk.raw(int(position)) for position in positions],
        }
    )


def _frame(tables: list[pa.Table], schema: FrameSchema) -> pd.DataFrame:
    if not tables:
        return schema.empty()
    return schema.conform(schema.from_arrow(pa.concat_tables(tables)))


def _effort(file: LandedFile, rows: int) -> QueryEffort:
    """What a fetch asked for, or, for a file of an ingest, its name; with the rows it holds."""
    if file.effort is not None:
        return file.effort.model_copy(update={"rows": rows})
    return QueryEffort(query_id=file.sha256[:12], query=f"file {file.name}", pages=1, rows=rows)
