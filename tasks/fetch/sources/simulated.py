"""Reads the simulated platform's NDJSON: one JSON object a line, `record` telling whether it is a post or an account observation."""

import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

import orjson
import pandas as pd
import pyarrow as pa

from tasks.domain.accounts import ACCOUNTS
from tasks.domain.batches import FieldDrift, QueryEffort, join_spans
from tasks.domain.errors import UnreadableInput, UsageProblem
from tasks.domain.frames import Column, FrameSchema
from tasks.domain.parsed import QUARANTINE, Parsed
from tasks.domain.ports import LandedFile
from tasks.domain.posts import POSTS

BLOCK_LINES = 10_000  # as Python objects about 25 MB
RAW_LIMIT = 10_000  # characters of a refused row that are kept
_OURS = {"campaign", "batch_id", "row_number"}
_TABLES: dict[str, FrameSchema] = {"post": POSTS, "account": ACCOUNTS}
_INT64 = 1 << 63


class SimulatedImporter:
    """Strict about shape, not about values: a row is refused only if a field has the wrong JSON type, an instant cannot be read, or a
    field that must be there is missing or null. Whether values make sense is decided by the suites."""

    format = "simulated"
    version = "2"

    def parse(
        self, files: Sequence[LandedFile], *, observed_at: Literal["posted"] | datetime | None, options: dict[str, Any]
    ) -> Parsed:
        """`row_number` counts lines over all files, in their order, from 0; posts and accounts count together.

        With `observed_at` "posted" a post counts as observed when it was posted (accounts keep their own instant). Raises
        UnreadableInput naming file and line for a line that is not a JSON object, UsageProblem for any option.
        """
        if options:
            raise UsageProblem(f"The format simulated has no option {sorted(options)[0]!r}.", remedy="Leave the options out.")
        tables = {record: _Table(schema) for record, schema in _TABLES.items()}
        strays = _Rejects("posts")
        with _collector_paused():
            for block in _blocks(files):
                sorted_out: dict[str, tuple[list[int], list[dict[str, Any]]]] = {record: ([], []) for record in _TABLES}
                for number, row in block:
                    record = row.pop("record", None)
                    if isinstance(record, str) and record in sorted_out:
                        sorted_out[record][0].append(number)
                        sorted_out[record][1].append(row)
                    else:
                        strays.add(number, f"record is {record!r}, neither post nor account", {"record": record, **row})
                for record, (numbers, rows) in sorted_out.items():
                    tables[record].add(numbers, rows, observed_at)
        posts, accounts = tables["post"], tables["account"]
        good = posts.frame()
        landed = posts.landed + len(strays.rows) + accounts.landed
        rejected = pd.concat([part.frame() for part in (posts.rejects, accounts.rejects, strays)], ignore_index=True)
        return Parsed(
            posts=good,
            accounts=accounts.frame(),
            rejected=QUARANTINE.conform(rejected.sort_values("row_number", ignore_index=True)),
            rows_landed={"posts": posts.landed + len(strays.rows), "accounts": accounts.landed},
            effort=_by_query(files, good["query_id"], landed),
            drift=(*posts.drift(), *accounts.drift()),
            capture_rule=observed_at.isoformat() if isinstance(observed_at, datetime) else observed_at or "simulated daily",
        )


def _by_query(files: Sequence[LandedFile], query_ids: pd.Series, landed: int) -> tuple[QueryEffort, ...]:
    """A page answers all queries of its day at once; its rows name the query that found them. What no query found are looks at
    profiles and refused rows: they count as the effort `profiles`, so that the rows add up to what was landed."""
    found = query_ids.value_counts()
    asked = [file.effort for file in files if file.effort is not None and file.fetched_at is not None]
    if not asked:
        return ()
    spans = join_spans(
        page.model_copy(update={"query_id": name, "query": "", "pages": int(name == "profiles"), "rows": 0})
        for page in asked
        for name in (*page.query.split(), "profiles")
    )
    rows = {str(name): int(count) for name, count in found.items()}
    rows["profiles"] = landed - sum(rows.values())
    last = {span.query_id: span for span in spans}  # rows are known for the query as a whole: they stand with its last stretch
    return tuple(
        span.model_copy(update={"rows": rows.get(span.query_id, 0)}) if span is last[span.query_id] else span for span in spans
    )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage collection meanwhile: decoded JSON holds no cycles, and walking it again and again halves the speed."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _blocks(files: Sequence[LandedFile]) -> Iterator[list[tuple[int, dict[str, Any]]]]:
    lines = enumerate(chain.from_iterable(_objects(file.path, file.name) for file in files))
    while block := list(islice(lines, BLOCK_LINES)):
        yield block


def _objects(path: Path, name: str) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise _unreadable(name, number, str(error)) from error
            if not isinstance(row, dict):
                raise _unreadable(name, number, f"a JSON {type(row).__name__} where an object is expected")
            yield row


def _unreadable(name: str, line: int, why: str) -> UnreadableInput:
    return UnreadableInput(
        f"{name}, line {line}: {why}.", remedy="Fetch the page again; nothing of this file was stored as posts or accounts."
    )


@dataclass
class _Rejects:
    table: str
    rows: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, number: int, reason: str, row: dict[str, Any]) -> None:
        self.rows.append((number, reason, orjson.dumps(row).decode()[:RAW_LIMIT]))

    def frame(self) -> pd.DataFrame:
        numbers, reasons, raw = (list(c) for c in zip(*self.rows, strict=True)) if self.rows else ([], [], [])
        frame = pd.DataFrame({"table": [self.table] * len(numbers), "row_number": numbers, "reason": reasons, "raw": raw})
        return QUARANTINE.conform(frame)


class _Table:
    """One of our tables, filled block by block."""

    def __init__(self, schema: FrameSchema) -> None:
        self._schema = schema
        self._columns = [column for column in schema.columns if column.name not in _OURS]
        self._known = {column.name for column in self._columns}
        self._blocks: list[pa.Table] = []
        self._unknown: Counter[str] = Counter()
        self._missing: Counter[str] = Counter()
        self._samples: dict[str, str] = {}
        self.rejects = _Rejects(schema.name)
        self.landed = 0

    def add(self, numbers: list[int], rows: list[dict[str, Any]], observed_at: Literal["posted"] | datetime | None) -> None:
        """Take over a block of rows; `observed_at` as in `parse`."""
        if not rows:
            return
        self.landed += len(rows)
        shapes = Counter(map(tuple, rows))
        self._note_drift(rows, shapes)
        columns = self._transposed(rows, shapes)
        if isinstance(observed_at, datetime):
            columns["observed_at"] = [observed_at.isoformat()] * len(rows)
        elif observed_at == "posted" and "posted_at" in columns:
            columns["observed_at"] = columns["posted_at"]
        faults: dict[int, str] = {}
        arrays = {column.name: _array(column, columns[column.name], faults) for column in self._columns}
        arrays["row_number"] = pa.array(numbers, pa.int64())
        for position in sorted(faults):
            self.rejects.add(numbers[position], faults[position], rows[position])
        table = pa.table(arrays)
        if faults:
            table = table.take(pa.array([i for i in range(len(rows)) if i not in faults], pa.int64()))
        self._blocks.append(table)

    def frame(self) -> pd.DataFrame:
        names = [*(column.name for column in self._columns), "row_number"]
        if not self._blocks:
            return self._schema.empty()[names]
        return self._schema.from_arrow(pa.concat_tables(self._blocks))[names]

    def drift(self) -> Iterator[FieldDrift]:
        for kind, counts in (("unknown", self._unknown), ("missing", self._missing)):
            for name in sorted(counts):
                yield FieldDrift(
                    table=self._schema.name, field=name, kind=kind, rows=counts[name], sample=self._samples.get(name, "")
                )

    def _transposed(self, rows: list[dict[str, Any]], shapes: Counter[tuple[str, ...]]) -> dict[str, Sequence[Any]]:
        """Column by column; at once where all rows have the same fields in the same order, as they nearly always do."""
        shape = next(iter(shapes))
        if len(shapes) == 1 and self._known <= set(shape):
            return dict(zip(shape, zip(*(row.values() for row in rows), strict=True), strict=True))
        return {column.name: [row.get(column.name) for row in rows] for column in self._columns}

    def _note_drift(self, rows: list[dict[str, Any]], shapes: Counter[tuple[str, ...]]) -> None:
        for shape, count in shapes.items():
            names = set(shape)
            for name in names - self._known:
                self._unknown[name] += count
                if name not in self._samples:
                    self._samples[name] = orjson.dumps(next(row[name] for row in rows if name in row)).decode()[:100]
            for name in self._known - names:
                self._missing[name] += count


def _array(column: Column, values: Sequence[Any], faults: dict[int, str]) -> pa.Array:
    """The values as Arrow; positions whose value does not fit go to `faults` with the reason and become null."""
    types = set(map(type, values))
    if not column.optional and type(None) in types:
        for position, value in enumerate(values):
            if value is None:
                faults.setdefault(position, f"{column.name} is missing")
    if column.kind == "instant":
        return _instants(column.name, values, faults)
    wanted, words = _JSON_TYPES[column.kind]
    if not types <= {wanted, type(None)}:
        values = _checked(column.name, values, faults, lambda value: type(value) is wanted, words)
    if column.kind == "list":
        inner = set(map(type, chain.from_iterable(value for value in values if value)))
        if not inner <= {str}:
            values = _checked(column.name, values, faults, lambda value: all(type(part) is str for part in value), words)
        return pa.array(values, pa.list_(pa.string()))
    if column.kind == "count":
        present = [value for value in values if value is not None]
        if present and not (min(present) >= -_INT64 and max(present) < _INT64):
            values = _checked(column.name, values, faults, lambda value: -_INT64 <= value < _INT64, "a number that fits 64 bits")
        return pa.array(values, pa.int64())
    return pa.array(values, pa.string())


_JSON_TYPES: dict[str, tuple[type, str]] = {
    "text": (str, "text"),
    "count": (int, "a whole number"),
    "list": (list, "a list of texts"),
}


def _checked(name: str, values: Sequence[Any], faults: dict[int, str], fits: Any, words: str) -> list[Any]:
    kept = list(values)
    for position, value in enumerate(values):
        if value is not None and not fits(value):
            faults.setdefault(position, f"{name} is not {words}")
            kept[position] = None
    return kept


def _instants(name: str, values: Sequence[Any], faults: dict[int, str]) -> pa.Array:
    """ISO 8601 with a zone, to the microsecond; whole columns at once, and one by one only if that fails."""
    kind = pa.timestamp("us", tz="UTC")
    if not set(map(type, values)) <= {str, type(None)}:
        values = _checked(name, values, faults, lambda value: type(value) is str, "an instant in ISO 8601 with a zone")
    try:
        return pa.array(values, pa.string()).cast(kind)
    except pa.ArrowInvalid:
        return pa.array(_checked(name, values, faults, _is_instant, "an instant in ISO 8601 with a zone"), pa.string()).cast(kind)


def _is_instant(value: str) -> bool:
    try:
        pa.array([value], pa.string()).cast(pa.timestamp("us", tz="UTC"))
    except pa.ArrowInvalid:
        return False
    return True
