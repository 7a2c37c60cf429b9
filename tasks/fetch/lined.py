"""Small tables that people compile (ledgers, indicator lists), read row by row so that every fault is named by its line and column."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tasks.domain.errors import UnreadableInput, UsageProblem
from tasks.domain.frames import FrameSchema
from tasks.domain.parsed import QUARANTINE, Parsed
from tasks.domain.ports import LandedFile
from tasks.fetch.chunks import as_json
from tasks.fetch.readers import csv_lines, read_parquet
from tasks.fetch.rows import PARSED, without_batch

PARQUET = b"PAR1"
SHOWN = 60  # characters of a value at fault


class Fault(ValueError):
    """A value of `column` that does not fit (no column: the row as a whole); its text says why."""

    def __init__(self, why: str, column: str = "") -> None:
        super().__init__(why)
        self.column = column


@dataclass(frozen=True)
class LinedRow:
    """One row: its place over all files (from 0), the line it starts on (of a Parquet file: its row, from 1), its cells by column name
    in lower case, blanks stripped, empty cells null. `odd` says why it is no row at all."""

    number: int
    line: int
    cells: dict[str, str | None]
    odd: str = ""

    def of(self, *names: str) -> str | None:
        """The first given cell among columns of these names."""
        return next((value for name in names if (value := self.cells.get(name)) is not None), None)


@dataclass
class Books:
    """Accepted rows as dictionaries, refused ones as QUARANTINE rows."""

    table: str
    accepted: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, row: LinedRow, fault: Fault) -> None:
        where = f"line {row.line}" + (f", column {fault.column}" if fault.column else "")
        reason = f"{where}: {fault}".replace(";", ",").replace("\n", " ")  # semicolons separate reasons
        self.refused.append({"table": self.table, "row_number": row.number, "reason": reason, "raw": as_json(row.cells)})

    def parsed(self, schema: FrameSchema, rule: str) -> Parsed:
        own = without_batch(schema)
        frame = own.conform(pd.DataFrame(self.accepted, columns=own.names)) if self.accepted else own.empty()
        refused = QUARANTINE.conform(pd.DataFrame(self.refused)) if self.refused else QUARANTINE.empty()
        return Parsed(
            posts=PARSED["posts"].empty(),
            accounts=PARSED["accounts"].empty(),
            rejected=refused,
            rows_landed={"posts": 0, "accounts": 0, self.table: len(self.accepted) + len(self.refused)},
            capture_rule=rule,
            others={self.table: frame},
        )


def read_lined(files: Sequence[LandedFile], required: Iterable[Sequence[str]], what: str) -> list[LinedRow]:
    """All rows of CSV or Parquet files (told apart by their first bytes). `required`: for each column that must be there its names.

    Raises UnreadableInput, naming file and line, for a file without one of them or one that cannot be taken apart.
    """
    rows: list[LinedRow] = []
    for file in files:
        with file.path.open("rb") as stream:
            parquet = stream.read(4) == PARQUET
        names, found = _parquet(file) if parquet else _csv(file)
        for choice in required:
            if not set(choice) & set(names):
                raise UnreadableInput(
                    f"{file.name} was refused whole: line 1: no column is called {' or '.join(choice)}.",
                    remedy=f"{what} It has: {', '.join(names[:40])}.",
                )
        rows += [LinedRow(len(rows) + i, line, cells, odd) for i, (line, cells, odd) in enumerate(found)]
    return rows


def no_options(options: dict[str, Any], form: str) -> None:
    """Raises UsageProblem for any option: the columns of these formats have fixed names."""
    if options:
        raise UsageProblem(f"The importer {form} has no option {next(iter(options))!r}.", remedy="Leave --columns out.")


def shown(value: str) -> str:
    """A value at fault, quoted and cut short."""
    return repr(value if len(value) <= SHOWN else value[: SHOWN - 1] + "…")


Found = tuple[list[str], list[tuple[int, dict[str, str | None], str]]]


def _csv(file: LandedFile) -> Found:
    lines = csv_lines(file, ",")
    header = [name.strip().lower() for name in next(lines)[1]]
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise UnreadableInput(
            f"{file.name} was refused whole: line 1: the header names {', '.join(map(repr, twice))} twice.",
            remedy="Give every column a name of its own.",
        )
    found: list[tuple[int, dict[str, str | None], str]] = []
    for line, cells in lines:
        if len(cells) != len(header):
            found.append((line, {"cells": as_json(cells)}, f"the row has {len(cells)} cells, the header {len(header)}"))
        else:
            found.append((line, {name: cell.strip() or None for name, cell in zip(header, cells, strict=True)}, ""))
    return header, found


def _parquet(file: LandedFile) -> Found:
    names: list[str] = []
    found: list[tuple[int, dict[str, str | None], str]] = []
    for chunk in read_parquet([file], []):
        names = [name.lower() for name in chunk.batch.schema.names]
        for i, row in enumerate(chunk.batch.to_pylist()):
            cells = {name.lower(): None if value is None else str(value).strip() or None for name, value in row.items()}
            found.append((chunk.first_row + i + 1, cells, ""))
    return names, found
