"""Readers of NDJSON, CSV and Parquet: landed files in, chunks of rows out.

A row that is whole but wrong (a CSV row with a cell too many, a JSON line that is no object) is refused alone. A file that cannot be
taken apart into rows is refused whole, with the file and the line: a reader that guesses where the next row starts invents rows.
"""

import codecs
import csv
import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import islice
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.domain.ports import LandedFile
from tasks.fetch.chunks import CHUNK_ROWS, ArrowChunk, RecordChunk, TextChunk, batched, open_batch, open_records
from tasks.fetch.packed import Member, members, refused

MAX_LINE = 64 * 1024 * 1024  # bytes of one JSON line
MAX_CELL = 1_100_000  # characters of one CSV cell: a little over what a text may have, so that the row is refused and not the file

_TORN = (zipfile.BadZipFile, zlib.error, EOFError)
_NO_OBJECT = "the line is not a JSON object"


def read_ndjson(files: Sequence[LandedFile], outer: list[str]) -> Iterator[RecordChunk]:
    """One JSON object a line, UTF-8, with or without BOM; blank lines are no rows; a file without a row is allowed (an empty page).

    Raises UnreadableInput naming file and line for invalid JSON or UTF-8."""
    first_row = 0
    for file in files:
        for rows in batched(_json_line(line, number, file) for number, line in _lines(file)):
            odd = {place: value for place, value in enumerate(rows) if not isinstance(value, dict)}
            records = [value if isinstance(value, dict) else {} for value in rows]
            open_records(records, outer)
            yield RecordChunk(file, first_row, records, dict.fromkeys(odd, _NO_OBJECT), odd)
            first_row += len(rows)


def read_csv(files: Sequence[LandedFile], delimiter: str) -> Iterator[TextChunk]:
    """RFC 4180 with a header, UTF-8, with or without BOM, any line ends, line breaks in quotes. An empty cell is null. A zip is read
    as the CSV files in it (tasks.fetch.packed).

    Raises UnreadableInput naming file and line for an unbalanced quote, invalid UTF-8, a missing or repeated header name."""
    first_row = 0
    for file in files:
        for member in members(file):
            for header, block in _blocks(member, delimiter):
                yield _chunk(file, first_row, header, block)
                first_row += len(block)


def csv_header(member: Member, delimiter: str = ",") -> tuple[str, ...]:
    """The names of the columns. Raises as `read_csv`."""
    return tuple(next(_member_lines(member, delimiter))[1])


def _chunk(file: LandedFile, first_row: int, header: tuple[str, ...], block: list[list[str]]) -> TextChunk:
    width = len(header)
    if set(map(len, block)) == {width}:
        return TextChunk(file, first_row, header, block)
    wrong = {place: cells for place, cells in enumerate(block) if len(cells) != width}
    cells = [[""] * width if place in wrong else row for place, row in enumerate(block)]
    why = dict.fromkeys(wrong, "the row has more or fewer cells than the header")
    return TextChunk(file, first_row, header, cells, why, wrong)


def _blocks(member: Member, delimiter: str) -> Iterator[tuple[tuple[str, ...], list[list[str]]]]:
    """Blocks of rows without blank lines. A damaged file is read again line by line, to name the line."""
    header = csv_header(member, delimiter)
    csv.field_size_limit(MAX_CELL)
    with _text(member) as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        while not next(reader):  # blank lines, then the header
            pass
        while True:
            try:
                block = list(islice(reader, CHUNK_ROWS))
            except (csv.Error, UnicodeDecodeError, *_TORN):
                for _ in _member_lines(member, delimiter):
                    pass
                raise
            if not block:
                return
            if rows := [cells for cells in block if cells]:
                yield header, rows


def read_parquet(files: Sequence[LandedFile], outer: list[str], columns: Sequence[str] | None = None) -> Iterator[ArrowChunk]:
    """Record batches of each file. Raises UnreadableInput naming the file, and the first row that could not be read."""
    first_row = 0
    for file in files:
        in_file = 0
        with parquet_file(file) as opened_file:
            try:
                for batch in opened_file.iter_batches(batch_size=CHUNK_ROWS, columns=columns):
                    yield ArrowChunk(file, first_row, open_batch(batch, outer))
                    first_row, in_file = first_row + batch.num_rows, in_file + batch.num_rows
            except (pa.ArrowException, OSError) as error:
                raise refused(
                    file.name, f"row {in_file:,} and after: damaged Parquet data ({error})", "Fetch the file again."
                ) from error


def parquet_file(file: LandedFile) -> pq.ParquetFile:
    """Open a Parquet file. Raises UnreadableInput where its footer is missing or damaged."""
    try:
        return pq.ParquetFile(file.path)
    except (pa.ArrowException, OSError) as error:
        what = (
            "the file is empty"
            if file.path.is_file() and not file.path.stat().st_size
            else "not a Parquet file, or its footer is missing"
        )
        raise refused(file.name, what, "Check that the file is whole, then ingest it again.") from error


def _lines(file: LandedFile) -> Iterator[tuple[int, bytes]]:
    with file.path.open("rb") as stream:
        number = 0
        while line := stream.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                raise refused(file.name, f"line {number}: longer than {MAX_LINE // 2**20} MiB", "Write one JSON object a line.")
            if number == 1:
                if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    raise refused(file.name, "line 1: UTF-16, not UTF-8", "Convert the file to UTF-8.")
                line = line.removeprefix(codecs.BOM_UTF8)
            if stripped := line.strip():
                yield number, stripped


def _json_line(line: bytes, number: int, file: LandedFile) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        try:  # a lone surrogate escape is legal JSON that orjson refuses
            return json.loads(line.decode("utf-8"), parse_constant=_no_constant)
        except UnicodeDecodeError as broken:
            raise refused(
                file.name, f"line {number}: invalid UTF-8 at byte {broken.start}", "Convert the file to UTF-8."
            ) from error
        except (ValueError, RecursionError):
            remedy = "Give one JSON object a line (NDJSON); a file that was cut off has to be fetched again."
            raise refused(file.name, f"line {number}: invalid JSON ({error.msg})", remedy) from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def csv_lines(file: LandedFile, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The header, then every row that is not blank, each with the line on which it starts. Raises as `read_csv`."""
    path = file.path
    return _member_lines(Member(file, file.name, lambda: path.open("rb")), delimiter)


def _member_lines(member: Member, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(MAX_CELL)
    with _text(member) as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        start, header = 1, None
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                what = f"line {start}: unbalanced quote, or a cell of more than {MAX_CELL:,} characters ({error})"
                raise refused(member.name, what, "Double every quote inside a quoted cell (RFC 4180).") from error
            except UnicodeDecodeError as error:
                what = f"line {_first_bad_line(member)}: invalid UTF-8"
                raise refused(member.name, what, "Convert the file to UTF-8.") from error
            except _TORN as error:
                what = f"line {start}: the zip is damaged here ({error})"
                raise refused(member.name, what, "Fetch the file again.") from error
            if cells is None:
                break
            if cells and header is None:
                header = _header(cells, member)
            if cells:
                yield start, cells
            start = reader.line_num + 1
    if header is None:
        raise refused(member.name, "the file is empty: not even a header", "Give the header line, also for no rows.")


@contextmanager
def _text(member: Member) -> Iterator[TextIOWrapper]:
    with member.open() as stream, TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        yield text


def _header(cells: list[str], member: Member) -> list[str]:
    if twice := sorted({name for name in cells if cells.count(name) > 1}):
        what = f"line 1: the header names {', '.join(map(repr, twice))} twice"
        raise refused(member.name, what, "Give every column a name of its own.")
    return cells


def _first_bad_line(member: Member) -> int:
    with member.open() as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1
