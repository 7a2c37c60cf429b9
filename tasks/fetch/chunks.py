"""Landed rows in chunks of a bounded size, each with its place in the batch, before anything is known about their meaning."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from tasks.domain.ports import LandedFile
from tasks.fetch.columns import Values

Row = TypeVar("Row")
CHUNK_ROWS = 50_000
RAW_LIMIT = 10_000
SAMPLE_LIMIT = 100


class Chunk(Protocol):
    """Some rows of one landed file. `first_row` counts over all files of the batch; `refused` are rows that are no record at all,
    by position, with the reason."""

    @property
    def file(self) -> LandedFile: ...
    @property
    def first_row(self) -> int: ...
    @property
    def rows(self) -> int: ...
    @property
    def refused(self) -> Mapping[int, str]: ...

    def names(self) -> set[str]:
        """The fields that stand in any of the rows."""

    def column(self, name: str) -> Values:
        """The values of a field, null where a row lacks it."""

    def raw(self, position: int) -> str:
        """The row as it came, as JSON of at most 10,000 characters."""


@dataclass(frozen=True)
class RecordChunk:
    """Rows as dictionaries (NDJSON, CSV); a refused row is an empty one, kept as it came in `oddities`."""

    file: LandedFile
    first_row: int
    records: list[dict[str, Any]]
    refused: dict[int, str] = field(default_factory=dict)
    oddities: dict[int, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return len(self.records)

    def names(self) -> set[str]:
        return set().union(*self.records)

    def column(self, name: str) -> Values:
        return [record.get(name) for record in self.records]

    def raw(self, position: int) -> str:
        return as_json(self.oddities.get(position, self.records[position]))


@dataclass(frozen=True)
class TextChunk:
    """Rows as lists of cells (CSV); an empty cell is null. A column becomes an Arrow array when it is asked for: of the 31 columns of
    an archive most never are. `made` are columns that an importer put in the place of those in the file, or beside them."""

    file: LandedFile
    first_row: int
    header: tuple[str, ...]
    cells: list[list[str]]
    refused: dict[int, str] = field(default_factory=dict)
    oddities: dict[int, list[str]] = field(default_factory=dict)
    made: Mapping[str, pa.Array] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return len(self.cells)

    def names(self) -> set[str]:
        return set(self.header)

    def column(self, name: str) -> pa.Array:
        if name in self.made:
            return self.made[name]
        if name not in self.header:
            return pa.nulls(self.rows, pa.string())
        place = self.header.index(name)
        return pa.array([row[place] or None for row in self.cells], pa.string())

    def raw(self, position: int) -> str:
        if position in self.oddities:
            return as_json(self.oddities[position])
        return as_json({name: cell or None for name, cell in zip(self.header, self.cells[position], strict=True)})


@dataclass(frozen=True)
class ArrowChunk:
    """Rows as an Arrow record batch (Parquet)."""

    file: LandedFile
    first_row: int
    batch: pa.RecordBatch
    refused: dict[int, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return int(self.batch.num_rows)

    def names(self) -> set[str]:
        return set(self.batch.schema.names)

    def column(self, name: str) -> Values:
        return self.batch.column(name) if name in self.names() else pa.nulls(self.rows)

    def raw(self, position: int) -> str:
        return as_json(self.batch.slice(position, 1).to_pylist()[0])


def as_json(value: Any, limit: int = RAW_LIMIT) -> str:
    """JSON that encodes to UTF-8 whatever came: lone surrogates are written as escapes."""
    text = json.dumps(value, ensure_ascii=False, default=str)[:limit]
    return text.encode("utf-8", "backslashreplace").decode()[:limit]


def count_and_sample(values: Values) -> tuple[int, str]:
    """How many values are given, and the first of them in at most 100 characters."""
    if isinstance(values, pa.Array):
        given = pc.drop_null(values)
        return len(given), as_json(given[0].as_py(), SAMPLE_LIMIT) if len(given) else ""
    present = [value for value in values if value is not None]
    return len(present), as_json(present[0], SAMPLE_LIMIT) if present else ""


def opened(names: Iterable[str]) -> list[str]:
    """The fields to open so that dotted names can be reached: `author.id` opens `author`; outer ones first."""
    parts = [name.split(".") for name in names]
    return sorted({".".join(part[:depth]) for part in parts for depth in range(1, len(part))}, key=lambda name: name.count("."))


def open_records(records: list[dict[str, Any]], outer: list[str]) -> None:
    """Replace nested objects at `outer` by one field each (`author.id`), in place."""
    for name in outer:
        for record in records:
            if isinstance(inner := record.get(name), dict):
                del record[name]
                record.update({f"{name}.{key}": value for key, value in inner.items()})


def open_batch(batch: pa.RecordBatch, outer: list[str]) -> pa.RecordBatch:
    """The same for struct columns."""
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    for name in outer:
        if name in columns and pa.types.is_struct(columns[name].type):
            struct = columns.pop(name)
            inner = [struct.type.field(place).name for place in range(struct.type.num_fields)]
            columns |= dict(zip((f"{name}.{key}" for key in inner), struct.flatten(), strict=True))
    return pa.RecordBatch.from_pydict(columns) if columns else batch


def batched(rows: Iterable[Row], size: int = CHUNK_ROWS) -> Iterator[list[Row]]:
    """Lists of at most `size` rows."""
    pending: list[Row] = []
    for row in rows:
        pending.append(row)
        if len(pending) == size:
            yield pending
            pending = []
    if pending:
        yield pending
