"""Pages 4 and 5: what the takedowns did and what came back."""

from dataclasses import dataclass, replace
from datetime import timedelta

from reports.charts import cohorts as cohorts_chart
from reports.charts import rebuild_index
from reports.charts.rebuilding import COHORT_NAMES, is_drawn
from reports.formats import count, number, percent, platform, plural, sentence_list, short_date
from reports.parts.blocks import Cell, Column, Figure, Notes, Table, head, number_cell, text_cell
from reports.parts.changes import marks
from reports.parts.coordination import cluster_names
from reports.parts.episodes import episode_names
from reports.parts.index_table import IN_BRACKETS, Between, back_cell, index_table
from reports.parts.sources import sources
from reports.parts.traces import Trace, trace, unknown
from tasks.domain.facts import Facts
from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import Cohorts, RemovalRate, TakedownFacts

MAIN_LOOKBACK = 90
MOST_COUNTS = 8
FEWEST_DRAWN = 5  # accounts


@dataclass(frozen=True)
class Rebuilding:
    none: str  # why the section is empty
    table: Table | None
    index: Figure
    index_table: Table | None
    cohorts: Figure
    cohort_table: Table | None
    fate: Table | None
    traces: tuple[Trace, ...]
    unknown: tuple[str, ...]  # platforms of which it is not known whether they acted


def rebuilding(facts: Facts) -> Rebuilding:
    records = facts.takedowns
    known = tuple(record for record in records if record.known == "yes")
    cited = sources(facts)
    if not records:
        return _nothing("No takedown is on record for this campaign: there is nothing to measure a return against.")
    if not known:
        none = "No takedown of a known day is on record before the end of the period: there is nothing to measure a return against."
        return replace(_nothing(none), unknown=tuple(unknown(record, cited) for record in records))
    names, clusters = episode_names(records), cluster_names(facts)
    return Rebuilding(
        none="",
        table=_overview(records),
        index=_index(facts),
        index_table=index_table(records, names),
        cohorts=_cohorts(known, names),
        cohort_table=_cohort_table(known, names),
        fate=_fate(known, names),
        traces=tuple(trace(record, names[record.takedown_id], cited, clusters) for record in known),
        unknown=tuple(unknown(record, cited) for record in records if record.known == "unknown"),
    )


def _nothing(why: str) -> Rebuilding:
    index, cohorts = (Figure(key, title, absent=why) for key, title in (("index", "Rebuild index"), ("cohorts", "Cohorts")))
    return Rebuilding(why, None, index, None, cohorts, None, None, (), ())


def _overview(records: tuple[TakedownFacts, ...]) -> Table:
    notes = Notes()
    silent = sentence_list([platform(record.platform) for record in records if record.known == "unknown"])
    nothing = NotMeasurable(reason=f"it is not known whether {silent} acted")
    rows = [
        (
            head(platform(record.platform)),
            *(notes.cell(nothing, str) for _ in range(2)),
            text_cell("not known"),
            *(notes.cell(nothing, str) for _ in range(5)),
        )
        if record.known == "unknown"
        else _measured_row(record, notes)
        for record in records
    ]
    names = ("Takedown", "Source", "Stated removals", "Lowest", "Level now", "Direction", "Back to half", "Back to 0.9")
    columns = (
        Column("Platform"),
        *(Column(name, numeric=name in {"Lowest", "Back to half", "Back to 0.9"}) for name in names),
    )
    ranges = any("(" in cell.text for row in rows for cell in row[-2:])
    below = (("", IN_BRACKETS),) if ranges else ()
    title = "Takedowns on record, and where posts stand against the baseline"
    return Table(title, columns, tuple(rows), (*notes.pairs, *below))


def _measured_row(record: TakedownFacts, notes: Notes) -> tuple[Cell, ...]:
    return (
        head(platform(record.platform)),
        text_cell(_days(record)),
        text_cell(record.source),
        text_cell(_stated(record)),
        notes.number(record.nadir),
        *(
            notes.cell(value, str) if isinstance(value, NotMeasurable) else text_cell(value)
            for value in (record.level, record.direction)
        ),
        *(back_cell(days, between, notes) for days, between in _returns(record)),
    )


def _returns(record: TakedownFacts) -> tuple[tuple[int | NotMeasurable, Between | None], ...]:
    """Days until half and 0.9 of the baseline, with the days between which the interval of the index leaves them open."""
    plain = next((one for one in record.rebuild_index if (one.series, one.basis) == ("posts", "plain")), None)
    return (
        (record.t50_days, plain.t50_between if plain else None),
        (record.t90_days, plain.t90_between if plain else None),
    )


def _days(record: TakedownFacts) -> str:
    """The day of a takedown, or its first and last day."""
    if record.t0 is None:
        return "no day"
    last = record.t0_end - timedelta(days=1) if record.t0_end else record.t0
    return short_date(record.t0) if last.date() <= record.t0.date() else f"{short_date(record.t0)} to {short_date(last)}"


def _stated(record: TakedownFacts) -> str:
    """What the sources say was removed."""
    counts = [f"{count(number)} {kind}" for action in record.actions for kind, number in action.counts.items()]
    if len(counts) > MOST_COUNTS:
        return f"{len(record.actions)} actions, see the ledger"
    return sentence_list(counts) if counts else "not stated"


def _index(facts: Facts) -> Figure:
    title = "Rebuild index: posts and active accounts against their level before the takedown"
    drawn = [record for record in facts.takedowns if any(map(is_drawn, record.rebuild_index))]
    if not drawn:
        reasons = sorted({record.baseline.reason for record in facts.takedowns if isinstance(record.baseline, NotMeasurable)})
        why = f" ({'; '.join(reasons)})" if reasons else ""
        return Figure(
            "index",
            title,
            absent=f"No rebuild index can be drawn: no platform has a baseline and seven days after its takedown{why}.",
        )
    findings = [
        f"{platform(record.platform)}: posts at {number(series.points[-1].value)} of the baseline"
        for record in drawn
        for series in record.rebuild_index
        if series.series == "posts" and series.basis == "plain" and series.points
    ]
    end = max(point.day for record in drawn for series in record.rebuild_index for point in series.points)
    source = (
        "Mean of seven days over the median week of the eight before the takedown (line at 1). Band: 90 % interval. "
        "Solid line: takedown; dotted line: world event."
    )
    return Figure(
        "index",
        title,
        rebuild_index(drawn, episode_names(facts.takedowns), end, marks(facts)),
        f"{'; '.join(findings)}. Line charts by platform, up to the end of the period.",
        source,
    )


def _measured(records: tuple[TakedownFacts, ...], names: dict[str, str]) -> list[tuple[str, Cohorts]]:
    return [(names[record.takedown_id], record.cohorts) for record in records if isinstance(record.cohorts, Cohorts)]


def _cohorts(records: tuple[TakedownFacts, ...], names: dict[str, str]) -> Figure:
    title = "Who posts since the takedown: accounts and posts by cohort"
    measured = [(name, cohort) for name, cohort in _measured(records, names) if cohort.total]
    drawn = [(name, cohort) for name, cohort in measured if cohort.total >= FEWEST_DRAWN]
    few = [f"{name} ({plural(cohort.total, 'account')})" for name, cohort in measured if cohort.total < FEWEST_DRAWN]
    if few and not drawn:
        return Figure("cohorts", title, absent=f"No cohorts are drawn for so few accounts, only counted: {sentence_list(few)}.")
    if not drawn:
        reasons = sorted({record.cohorts.reason for record in records if isinstance(record.cohorts, NotMeasurable)})
        return Figure(
            "cohorts", title, absent=f"No cohorts can be drawn: {'; '.join(reasons) or 'no account has posted since the takedown'}."
        )
    findings = []
    for name, cohort in drawn:
        key, label = max(COHORT_NAMES, key=lambda pair: value if isinstance(value := getattr(cohort, pair[0]), int) else -1)
        findings.append(f"{name}: {plural(cohort.total, 'account')}, most of them {label} ({count(getattr(cohort, key))})")
    source = "Each account is in exactly one cohort, so the bars of a block sum to its heading."
    source += f" Too few to be drawn, only in the table: {sentence_list(few)}." if few else ""
    return Figure("cohorts", title, cohorts_chart(drawn), f"{'; '.join(findings)}. Bars of accounts and of their posts.", source)


def _cohort_table(records: tuple[TakedownFacts, ...], names: dict[str, str]) -> Table | None:
    """Other look-backs (30 and 180 days) have a row only where they count otherwise; that they count the same is said below."""
    notes, rows, same = Notes(), [], []
    for record in records:
        if not isinstance(record.cohorts, Cohorts):
            continue
        name, main = names[record.takedown_id], _counts(record.cohorts)
        others = () if isinstance(record.sensitivity, NotMeasurable) else record.sensitivity
        variants = [(MAIN_LOOKBACK, record.cohorts), *((row.lookback_days, row.cohorts) for row in others)]
        for lookback, counts in variants:
            if lookback != MAIN_LOOKBACK and _counts(counts) == main:
                same.append(f"{name} with {lookback} d")
            elif lookback != MAIN_LOOKBACK or counts is record.cohorts:
                cells = [notes.cell(getattr(counts, key), count) for key, _ in COHORT_NAMES]
                rows.append((head(name), number_cell(f"{lookback} d"), *cells, number_cell(count(counts.total))))
    if not rows:
        return None
    titles = ("Look-back", *(label.capitalize() for _, label in COHORT_NAMES), "Total")
    columns = (Column("Platform"), *(Column(title, numeric=True) for title in titles))
    pairs = (*notes.pairs, *((("", f"the same counts: {sentence_list(same)}"),) if same else ()))
    return Table("Accounts by cohort; the columns sum to the total", columns, tuple(rows), pairs)


def _counts(cohorts: object) -> list[object]:
    return [getattr(cohorts, key) for key, _ in COHORT_NAMES]


def _rate(bounds: RemovalRate) -> str:
    low, high = percent(bounds.low), percent(bounds.high)
    return low if low == high else f"{low} to {high}"


def _fate(records: tuple[TakedownFacts, ...], names: dict[str, str]) -> Table | None:
    if all(isinstance(record.fate, NotMeasurable) for record in records):
        return None
    notes, rows = Notes(), []
    for record in records:
        fate = record.fate
        if isinstance(fate, NotMeasurable):
            rows.append((head(names[record.takedown_id]), *(notes.cell(fate, str) for _ in range(7))))
            continue
        unseen = NotMeasurable(reason="accounts were never checked: not observed")
        values = (fate.at_risk, *((fate.removed, fate.silent) if fate.checked else (unseen, unseen)))
        others = (fate.still_posting, fate.unknown, fate.checked)
        cells = (notes.cell(value, count) for value in (*values, *others))
        rows.append((head(names[record.takedown_id]), *cells, notes.cell(fate.removal_rate, _rate)))
    titles = ("At risk", "Removed", "Silent", "Still posting", "Unknown", "Ever checked", "Removal rate")
    columns = (Column("Platform"), *(Column(name, numeric=True) for name in titles))
    return (
        Table("Fate of the accounts that posted in the four weeks before the takedown", columns, tuple(rows), notes.pairs)
        if rows
        else None
    )
