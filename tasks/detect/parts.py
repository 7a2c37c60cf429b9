"""A table of shares of any size, in parts that can be read alone and again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from tasks.detect.faults import Survey
from tasks.detect.files import check_columns, kind_of, surveyed
from tasks.domain.errors import UnreadableInput
from tasks.domain.networks import SHARES

T = TypeVar("T")
BATCH_ROWS = 1_000_000  # rows in work at once: about 250 MB with what is made of them
IN_MEMORY_ROWS = 2_000_000  # 700 MB; from 5 million on the rounds take a third of the memory and no more time
_WANTED = (*SHARES.names, "slot", "behaviour")
_CSV_ROW_BYTES = {".csv": 40, ".gz": 10}  # of a row of CSV, plain and packed, about


@dataclass(frozen=True)
class Part:
    """Row groups of one Parquet file, or a whole CSV file (`groups` is empty): packed or plain, CSV has no second beginning."""

    path: Path
    groups: tuple[int, ...]
    first_row: int  # of the file, from 0


def rows_of(source: Path) -> int:
    """Rows of a file: counted in Parquet, estimated from the size of CSV. Raises UnreadableInput, UsageProblem."""
    if kind_of(source) == "csv":
        return _guarded(source, lambda: source.stat().st_size // _CSV_ROW_BYTES[source.suffix.lower()])
    return int(_guarded(source, lambda: pq.read_metadata(source).num_rows))


def parts_of(source: Path, *, behaviour: str | None, rows: int) -> list[Part]:
    """The parts, each of about `rows` rows or one row group; refuses at once a file without the columns needed."""
    if kind_of(source) == "csv":
        reader = _guarded(source, lambda: pacsv.open_csv(source))
        check_columns(pa.schema([(name, pa.string()) for name in reader.schema.names]), source, behaviour)
        return [Part(source, (), 0)]
    file = _guarded(source, lambda: pq.ParquetFile(source))
    check_columns(file.schema_arrow, source, behaviour)
    found: list[Part] = []
    groups: list[int] = []
    first = held = 0
    for number in range(file.metadata.num_row_groups):
        many = file.metadata.row_group(number).num_rows
        if groups and held + many > rows:
            found.append(Part(source, tuple(groups), first))
            first, held, groups = first + held, 0, []
        groups.append(number)
        held += many
    return [*found, Part(source, tuple(groups), first)] if groups else found


def batches(part: Part, *, behaviour: str | None, rows: int) -> Iterator[tuple[pa.Table, Survey]]:
    """Tables of about `rows` rows, and what is wrong with each, as `files.surveyed` tells it."""
    row = part.first_row
    for table in _tables(part, rows):
        yield surveyed(table, behaviour=behaviour, first_row=row)
        row += table.num_rows


def _tables(part: Part, rows: int) -> Iterator[pa.Table]:
    try:
        if part.groups:
            file = pq.ParquetFile(part.path)
            names = [name for name in file.schema_arrow.names if name in _WANTED]
            for batch in file.iter_batches(batch_size=rows, row_groups=list(part.groups), columns=names):
                yield pa.Table.from_batches([batch])
            return
        yield from _csv_tables(part.path, rows)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, UnicodeDecodeError) as error:
        raise _unreadable(part.path, error) from error


def _csv_tables(source: Path, rows: int) -> Iterator[pa.Table]:
    names = [name for name in pacsv.open_csv(source).schema.names if name in _WANTED]
    options = pacsv.ConvertOptions(
        column_types=dict.fromkeys(_WANTED, pa.string()), include_columns=names, strings_can_be_null=True, null_values=[""]
    )
    waiting: list[pa.RecordBatch] = []
    held = 0
    for batch in pacsv.open_csv(source, read_options=pacsv.ReadOptions(block_size=1 << 24), convert_options=options):
        waiting.append(batch)
        held += batch.num_rows
        if held >= rows:
            yield pa.Table.from_batches(waiting)
            waiting, held = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)


def _guarded(source: Path, read: Callable[[], T]) -> T:
    try:
        return read()
    except FileNotFoundError as error:
        raise UnreadableInput(f"There is no file {source}.", remedy="Check the path.") from error
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, UnicodeDecodeError) as error:
        raise _unreadable(source, error) from error


def _unreadable(source: Path, error: Exception) -> UnreadableInput:
    return UnreadableInput(f"{source} cannot be read as {kind_of(source)}: {error}.", remedy="Check that the file is whole.")
