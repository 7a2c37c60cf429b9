"""Page 9: what the campaign says, how that moves, and whether it turned after an event."""

from dataclasses import dataclass
from itertools import accumulate
from unicodedata import east_asian_width

from reports.charts import narrative_shares
from reports.charts.canvas import drawable
from reports.formats import (
    count,
    day,
    isolated,
    language,
    p_statement,
    percent,
    plural,
    sentence,
    sentence_list,
    shared,
    short_date,
)
from reports.parts.blocks import Cell, Column, Figure, Notes, Passage, Table, head, number_cell, passage, text_cell
from reports.parts.changes import marks
from tasks.domain.facts import Facts
from tasks.domain.measures import NotMeasurable
from tasks.domain.narratives import Narrative, Pivot

MOST_DRAWN, MOST_ROWS, MOST_QUOTES = 9, 12, 4


@dataclass(frozen=True)
class Narratives:
    lead: tuple[str, ...]
    shares: Figure
    table: Table | None
    languages: str
    quotes: tuple[tuple[str, Passage], ...]
    pivots: tuple[str, ...]
    categories: Table | None


def narratives(facts: Facts) -> Narratives:
    record = facts.narratives
    filler = (
        f"Filler between political posts: not measurable, {record.filler.reason}."
        if isinstance(record.filler, NotMeasurable)
        else f"Filler between political posts: {shared(record.filler)}."
    )
    return Narratives(
        lead=(
            f"Copypasta, a text that at least three accounts posted: {shared(record.copypasta)} of the period's posts.",
            f"In a narrative that the codebook covers: {shared(record.coded)}.",
            f"In no narrative, too short or alone: {shared(record.unclustered)}.",
            filler,
        ),
        shares=_shares(facts),
        table=_table(facts),
        languages=_languages(record.items),
        quotes=tuple(
            (isolated(f"{i + 1}. ", name(item)), passage(item.quote)) for i, item in enumerate(record.items[:MOST_QUOTES])
        ),
        pivots=_pivots(facts),
        categories=_categories(facts),
    )


def name(item: Narrative, longest: int = 60) -> str:
    """The narrative's first terms, cut to `longest` letters; a Chinese, Japanese or Korean one is as wide as two."""
    text = ", ".join(item.label[:3]) or item.category
    widths = list(accumulate(2 if east_asian_width(sign) in "WF" else 1 for sign in text))
    if widths[-1] <= longest:
        return text
    return text[: sum(width < longest for width in widths)].rstrip(" ,") + "…"


def _shares(facts: Facts) -> Figure:
    title, items = "Share of the campaign's posts, by narrative", facts.narratives.items
    drawn = [
        (f"{i + 1}. {drawable(name(item, 22), item.category)}", item) for i, item in enumerate(items[:MOST_DRAWN]) if item.trend
    ]
    if not drawn:
        return Figure(
            "narratives", title, absent="No narrative has posts in this period: nothing but single or very short texts was posted."
        )
    findings = [f"{label}: {percent(item.share.share)}, {item.status}" for label, item in drawn if item.share.share is not None]
    alt = f"{'; '.join(findings)}. Step charts of the shares, one a narrative, on one scale."
    more = f" The {MOST_DRAWN} largest of {count(len(items))}." if len(items) > MOST_DRAWN else ""
    source = (
        f"Each step is as long as the period; the number is the last step's. Solid line: takedown; dotted line: world event.{more}"
    )
    return Figure("narratives", title, narrative_shares(drawn, facts.period.end.date(), marks(facts)), alt, source)


def _table(facts: Facts) -> Table | None:
    items = facts.narratives.items
    if not items:
        return None
    notes = Notes()
    rows = tuple(_row(i, item, notes) for i, item in enumerate(items[:MOST_ROWS]))
    caption = "Narratives, most posts first" + (
        f" (the first {MOST_ROWS} of {count(len(items))})" if len(items) > MOST_ROWS else ""
    )
    numeric = ("Posts", "Accounts", "Share", "Before")
    names = ("Narrative, by its terms", "Category", "Status", *numeric, "Languages", "First seen")
    columns = tuple(Column(title, numeric=title in numeric) for title in names)
    return Table(caption, columns, rows, notes.pairs)


def _languages(items: tuple[Narrative, ...]) -> str:
    """That languages are grouped apart, and which of the listed narratives are one story all the same; empty with one language."""
    spoken = {code.split("-")[0] for item in items for code in item.languages} - {"und"}
    if len(spoken) < 2:
        return ""
    place = {item.narrative_id: i for i, item in enumerate(items)}
    pairs = [
        (item, items[place[item.counterpart]])
        for i, item in enumerate(items[:MOST_ROWS])
        if item.counterpart in place and i < place[item.counterpart]
    ]
    apart = "Texts are grouped by their words, so each language stands apart."
    if not pairs:
        return f"{apart} Nothing links two of these narratives as one story in two languages."
    told = "; ".join(
        f"{isolated(f'{place[one.narrative_id] + 1}. ', name(one))}, also in {_spoken(two)}: "
        f"{isolated(f'{place[two.narrative_id] + 1}. ', name(two))} ({one.counterpart_evidence})"
        for one, two in pairs
    )
    return f"{apart} {told}."


def _spoken(item: Narrative) -> str:
    """The language of most of its posts; of its quote where it has none."""
    return language(max(item.languages, key=lambda code: (item.languages[code], code), default=item.quote.lang))


def _row(i: int, item: Narrative, notes: Notes) -> tuple[Cell, ...]:
    languages = sorted(item.languages, key=lambda code: (-item.languages[code], code))
    return (
        head(isolated(f"{i + 1}. ", name(item))),
        text_cell(item.category),
        text_cell(item.status),
        number_cell(count(item.posts)),
        number_cell(count(item.accounts)),
        number_cell(percent(item.share.share) if item.share.share is not None else "none"),
        notes.cell(item.previous_share, lambda value: percent(value.share) if value.share is not None else "none"),
        text_cell(sentence_list([language(code) for code in languages[:3]])),
        text_cell(short_date(item.first_seen)),
    )


def _pivots(facts: Facts) -> tuple[str, ...]:
    pivots = facts.narratives.pivots
    if isinstance(pivots, NotMeasurable):
        return (f"Whether the campaign turned after an event cannot be measured: {pivots.reason}.",)
    if not pivots:
        return ("No event on record was followed by a change of subject.",)
    return tuple(_pivot(pivot) for pivot in pivots)


def _pivot(pivot: Pivot) -> str:
    low, high = pivot.interval
    span = f"interval {day(low)} to {day(high)}" if low != high else "the interval is that day alone"
    lag = (
        f"{plural(pivot.lag_days, 'day')} after"
        if pivot.lag_days > 0
        else "on the day of"
        if pivot.lag_days == 0
        else f"{plural(-pivot.lag_days, 'day')} before"
    )
    too_early = ", so it is not the event that was answered" if pivot.interval[1] < pivot.event_on else ""
    event = pivot.event if day(pivot.event_on) in pivot.event else f"{pivot.event} ({day(pivot.event_on)})"
    return (
        f"{event}: posts that match its keywords were {percent(pivot.share_before)} of all before and "
        f"{percent(pivot.share_after)} from {day(pivot.day)} on ({span}), {lag} the event{too_early}; "
        f"{p_statement(pivot.p_value)}. {sentence('Holiday control: ' + pivot.holiday_control)}"
    )


def _categories(facts: Facts) -> Table | None:
    categories = facts.narratives.categories
    if not categories:
        return None
    total = sum(categories.values())
    ordered = sorted(categories, key=lambda key: (key == "uncoded", -categories[key], key))
    rows = tuple(
        (head(key), number_cell(count(categories[key])), number_cell(percent(categories[key] / total) if total else "none"))
        for key in ordered
    )
    sums = (head("Total"), number_cell(count(total)), number_cell(""))
    return Table(
        "Posts by category of the codebook",
        (Column("Category"), Column("Posts", True), Column("Share", True)),
        rows,
        total=sums,
        fit=True,
    )
