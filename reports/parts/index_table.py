"""The rebuild index in numbers: one row a platform and series, the three ways of counting side by side."""

from dataclasses import replace

from reports.formats import estimate, number, sentence_list, short_day
from reports.parts.blocks import Cell, Column, Notes, Table, head, number_cell, text_cell
from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import Basis, IndexSeries, TakedownFacts

BASES: tuple[tuple[Basis, str], ...] = (
    ("plain", "all posts"),
    ("fixed_queries", "same queries"),
    ("fixed_accounts", "accounts known before"),
)


Between = tuple[int | NotMeasurable, int | NotMeasurable]
IN_BRACKETS = "days in brackets: the earliest and the latest that the 90 % interval of the index leaves open"


def index_table(records: tuple[TakedownFacts, ...], names: dict[str, str]) -> Table | None:
    """Latest value with its 90 % interval by way of counting; lowest value, level, direction and the day of return are
    those of all posts.

    Series of which nothing could be measured are left out and named below the table with their reason; so are levels and directions
    that come out otherwise when counted otherwise.
    """
    notes, rows, below = Notes(), [], []
    missing: dict[str, list[str]] = {}
    for record in (record for record in records if record.known == "yes"):
        name = names[record.takedown_id]
        for series in dict.fromkeys(series.series for series in record.rebuild_index):
            ways = {one.basis: one for one in record.rebuild_index if one.series == series}
            if all(isinstance(one.latest, NotMeasurable) for one in ways.values()):
                for one in ways.values():
                    if isinstance(one.latest, NotMeasurable):
                        missing.setdefault(one.latest.reason.rstrip(". "), []).append(f"{name}, {series}")
                continue
            rows.append((head(f"{name}: {series}"), *_row(ways, notes)))
            below += _otherwise(f"{name}, {series}", ways)
    if not rows:
        return None
    left_out = [f"not measurable ({sentence_list(list(dict.fromkeys(which)))}): {reason}" for reason, which in missing.items()]
    columns = (
        Column("Series"),
        *(Column(f"{title[:1].upper()}{title[1:]}", numeric=True) for _, title in BASES),
        Column("Lowest (on)", numeric=True),
        Column("Level"),
        Column("Direction"),
        Column("Back to half", numeric=True),
    )
    ranges = [IN_BRACKETS] if any("(" in row[-1].text for row in rows) else []
    pairs = (*notes.pairs, *(("", text) for text in (*ranges, *below, *left_out)))
    return Table("The index in numbers: latest value (90 % interval) by what is counted", columns, tuple(rows), pairs)


def _row(ways: dict[Basis, IndexSeries], notes: Notes) -> tuple[Cell, ...]:
    shown = ways.get("plain") or next(iter(ways.values()))
    absent = NotMeasurable(reason="not counted this way")
    cells = [_value(ways[basis].latest if basis in ways else absent, shown, basis, notes) for basis, _ in BASES]
    day = f" ({short_day(shown.nadir_day)})" if shown.nadir_day else ""
    lowest = notes.cell(shown.nadir, lambda value: f"{number(value)}{day}")
    words = (_word(value, notes) for value in (shown.level, shown.direction))
    return (*cells, lowest, *words, back_cell(shown.t50_days, shown.t50_between, notes))


def back_cell(days: int | NotMeasurable, between: Between | None, notes: Notes) -> Cell:
    """`21 d (14–30)`, `(≥ 14)` if the latest day has not come and `(up to 30)` if there may have been no fall; or why there is no day,
    with the first that is left open."""
    early, late = between or (days, days)
    if isinstance(days, NotMeasurable):
        cell = notes.cell(days, str)
        return cell if isinstance(early, NotMeasurable) else replace(cell, text=f"{cell.text} (≥ {early})")
    if early == late == days or (isinstance(early, NotMeasurable) and isinstance(late, NotMeasurable)):
        return number_cell(f"{days} d")
    if isinstance(late, NotMeasurable):
        return number_cell(f"{days} d (≥ {early})")
    return number_cell(f"{days} d (up to {late})" if isinstance(early, NotMeasurable) else f"{days} d ({early}–{late})")


def _value(value: object, shown: IndexSeries, basis: Basis, notes: Notes) -> Cell:
    if basis != shown.basis and not isinstance(value, NotMeasurable) and value == shown.latest:
        return Cell("the same", numeric=True)
    return notes.cell(value, estimate)  # type: ignore[arg-type]  # an Estimate or why there is none


def _word(value: object, notes: Notes) -> Cell:
    return notes.cell(value, str) if isinstance(value, NotMeasurable) else text_cell(str(value))


def _otherwise(name: str, ways: dict[Basis, IndexSeries]) -> list[str]:
    """Levels and directions of the other ways of counting, where they are not those of all posts."""
    plain = ways.get("plain")
    found = []
    for basis, title in BASES[1:]:
        other = ways.get(basis)
        if plain is None or other is None or isinstance(other.latest, NotMeasurable):
            continue
        pairs = ((plain.level, other.level), (plain.direction, other.direction))
        differ = [str(now) for then, now in pairs if now != then and not isinstance(now, NotMeasurable)]
        if differ:
            found.append(f"{name}, counting {title}, is {sentence_list(differ)}")
    return found
