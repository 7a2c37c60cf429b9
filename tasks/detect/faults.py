"""What shares are refused for, gathered from parts of a file and judged together: the same sentence however the file is read."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from tasks.detect.times import AWARE, NAIVE, NEITHER, NUMBER, Times
from tasks.domain.errors import UnreadableInput, UsageProblem

K = TypeVar("K")
IDS = ("object_id", "account_id", "content_id")


@dataclass(frozen=True)
class Fault:
    """Rows at fault in one way: how many, the first of them (from 0, in the file) and what it says."""

    rows: int
    first: int
    value: str

    def and_(self, other: "Fault") -> "Fault":
        """Both."""
        one = min(self, other, key=lambda each: each.first)
        return Fault(self.rows + other.rows, one.first, one.value)


@dataclass(frozen=True)
class Survey:
    """A part of a file, or several. `kinds`: its behaviours; `faults` by (column, way); `forms`: times in text by way of writing them, a
    number or an offset from UTC in seconds; `opening`: its first row and the time written there, trimmed."""

    kinds: tuple[str, ...] = ()
    faults: dict[tuple[str, str], Fault] = field(default_factory=dict)
    forms: dict[float | str, Fault] = field(default_factory=dict)
    opening: tuple[int, str] | None = None

    @property
    def spoilt(self) -> bool:
        """Some row can be used for nothing."""
        return any(column != "behaviour" for column, _ in self.faults)


def note(survey: Survey, table: pa.Table, name: str, way: str, bad: pa.Array | pa.ChunkedArray) -> None:
    """Add the rows of `table` (0-based numbers in its column `_row`) where `bad` to the faults."""
    if (found := _fault(table, name, bad)) is not None:
        survey.faults[name, way] = found


def note_times(survey: Survey, table: pa.Table, times: Times) -> None:
    """As `note`, for times in text: what each row could be read as."""
    for way, kind in (("neither", NEITHER), ("naive", NAIVE)):
        note(survey, table, "timestamp_share", way, pa.array(times.kind == kind))
    if (found := _fault(table, "timestamp_share", pa.array(times.kind == NUMBER))) is not None:
        survey.forms["number"] = found
    for offset in set(times.offset[times.kind == AWARE].tolist()):
        if (found := _fault(table, "timestamp_share", pa.array((times.kind == AWARE) & (times.offset == offset)))) is not None:
            survey.forms[offset] = found


def _fault(table: pa.Table, name: str, bad: pa.Array | pa.ChunkedArray) -> Fault | None:
    rows = table.select(["_row", name]).filter(bad)
    if not rows.num_rows:
        return None
    value = rows.column(name)[0].as_py()
    return Fault(rows.num_rows, rows.column("_row")[0].as_py(), "" if value is None else str(value)[:60])


def together(surveys: Iterable[Survey]) -> Survey:
    """One survey of several parts, which come in the order of their rows."""
    kinds: dict[str, None] = {}
    whole = Survey()
    opening = None
    for each in surveys:
        kinds |= dict.fromkeys(each.kinds)
        _add(whole.faults, each.faults)
        _add(whole.forms, each.forms)
        opening = opening or each.opening
    return Survey(tuple(kinds), whole.faults, whole.forms, opening)


def _add(held: dict[K, Fault], more: dict[K, Fault]) -> None:
    for key, fault in more.items():
        held[key] = held[key].and_(fault) if key in held else fault


def refuse(survey: Survey, source: Path, *, first_line: int, behaviour: str | None) -> None:
    """Raises UnreadableInput naming the column and the line (CSV, `first_line` 2) or row (Parquet, 1) at fault, and UsageProblem for
    several behaviours of which none is chosen; returns if the rows are sound."""
    if survey.kinds and ("behaviour", "null") in survey.faults:
        raise _refusal(source, "behaviour", "is empty", survey.faults["behaviour", "null"], first_line)
    if behaviour is None and len(survey.kinds) > 1:
        raise UsageProblem(
            f"{source} holds several behaviours: {', '.join(survey.kinds)}.",
            remedy="Choose one with --behaviour: each has its own pairs.",
        )
    ways = [(name, way, "is empty") for name in IDS for way in ("blank", "null")]
    for name, way, what in [*ways, *(("timestamp_share", way, words) for way, words in _TIMES.items())]:
        if (name, way) in survey.faults:
            raise _refusal(source, name, what, survey.faults[name, way], first_line)
    _same_form(survey, source, first_line)


_TIMES = {
    "infinite": "is not a number of seconds",
    "neither": "is not a number of seconds or an instant such as 2023-10-07T10:00:00Z",
    "naive": "is a time without a zone: write Z or an offset such as +02:00 behind it",
}


def _same_form(survey: Survey, source: Path, first_line: int) -> None:
    """The first row settles in which form and with which offset all times must be written."""
    if len(survey.forms) < 2 or survey.opening is None:
        return
    row, text = survey.opening
    first = next(form for form, fault in survey.forms.items() if fault.first == row)
    if "number" in survey.forms:
        odd = [fault for form, fault in survey.forms.items() if (form == "number") != (first == "number")]
        what = f"is written otherwise than the first row ({text!r}): seconds and instants are mixed"
    else:
        odd = [fault for form, fault in survey.forms.items() if form != first]
        what = f"has another time zone than the first row ({text!r}): convert all to UTC"
    fault = odd[0]
    for more in odd[1:]:
        fault = fault.and_(more)
    raise _refusal(source, "timestamp_share", what, fault, first_line)


def _refusal(source: Path, name: str, what: str, fault: Fault, first_line: int) -> UnreadableInput:
    place = f"{'line' if first_line == 2 else 'row'} {fault.first + first_line}"
    shown = f" ({fault.value!r})" if fault.value else ""
    return UnreadableInput(
        f"{source}, {place}: {name}{shown} {what}; {fault.rows} such in all.",
        remedy="Correct or remove these rows; nothing was written.",
    )
