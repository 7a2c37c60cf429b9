"""Tables as CSV that a spreadsheet opens without running anything.

UTF-8 without a byte order mark, as edges.csv and Meta's own files are: with one, programs that read CSV take it for a part of the first
column's name. Lines end with a line feed, the header comes first, and a cell that a spreadsheet would take for a formula begins with an
apostrophe.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.domain.annexes import AnnexFile
from tasks.domain.printable import spreadsheet_cell


@dataclass(frozen=True)
class Annex:
    """One file, and what facts.json says of it."""

    data: bytes
    file: AnnexFile


def table(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, what: str, left_out: int = 0) -> Annex:
    """A CSV file `annex/<name>`. None becomes an empty cell, an instant ISO 8601 in UTC, everything else its text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([spreadsheet_cell(_text(cell)) for cell in row])
        count += 1
    return annex(name, out.getvalue().encode("utf-8", "replace"), rows=count, left_out=left_out, media_type="text/csv", what=what)


def annex(name: str, data: bytes, *, rows: int, left_out: int, media_type: str, what: str) -> Annex:
    """The file `annex/<name>` with its record."""
    digest = hashlib.sha256(data).hexdigest()
    return Annex(
        data, AnnexFile(name=f"annex/{name}", sha256=digest, rows=rows, rows_left_out=left_out, media_type=media_type, what=what)
    )


def instant(value: datetime | None) -> str:
    """`2023-10-30T14:05:00Z`; nothing for None."""
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if value is not None else ""


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return instant(cell) if isinstance(cell, datetime) else str(cell)
