"""Pages 4 and 5: what the takedowns did and what came back."""

from dataclasses import dataclass

from reports.charts import cohorts as cohorts_chart
from reports.charts import rebuild_index
from reports.charts.rebuilding import COHORT_NAMES, is_drawn
from reports.formats import count, estimate, number, percent, platform, plural, sentence_list, short_date
from reports.parts.blocks import Cell, Column, Figure, Notes, Table, head, number_cell, text_cell
from reports.parts.changes import marks
from reports.parts.episodes import episode_names
from reports.parts.traces import Trace, trace
from tasks.domain.facts import Facts
from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import Cohorts, IndexSeries, RemovalRate, TakedownFacts

BASES = {"plain": "plain", "fixed_queries": "same queries", "fixed_accounts": "accounts known before"}


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


def rebuilding(facts: Facts) -> Rebuilding:
    records = facts.takedowns
    empty = Figure("index", "Rebuild index", absent="No takedown is on record, so there is nothing to rebuild from.")
    if not records:
        none = "No takedown is on record for this campaign: there is nothing to measure a return against."
        return Rebuilding(none, None, empty, None, Figure("cohorts", "Cohorts", absent=empty.absent), None, None, ())
    names = episode_names(records)
    return Rebuilding(
        none="",
        table=_overview(records),
        index=_index(facts),
        index_table=_index_table(records, names),
        cohorts=_cohorts(records, names),
        cohort_table=_cohort_table(records, names),
        fate=_fate(records, names),
        traces=tuple(
            trace(record, names[record.takedown_id]) for record in records if record.known == "yes" or record.rebuild_index
        ),
    )


def _overview(records: tuple[TakedownFacts, ...]) -> Table:
    notes = Notes()
    rows = []
    for record in records:
        if record.known == "unknown":
            unknown = NotMeasurable(reason=f"it is unknown whether a takedown happened on {platform(record.platform)}")
            start = notes.cell(record.nadir if isinstance(record.nadir, NotMeasurable) else unknown, str)
        else:
            start = text_cell(short_date(record.t0) if record.t0 else "no day")
        rows.append(
            (
                head(platform(record.platform)),
                start,
                text_cell("not known" if record.known == "unknown" else record.source),
                number_cell(_stated(record)),
                notes.number(record.nadir),
                notes.cell(record.level, str),
                notes.cell(record.direction, str),
                notes.cell(record.t50_days, lambda days: f"{days} d"),
                notes.cell(record.t90_days, lambda days: f"{days} d"),
            )
        )
    names = ("Takedown", "Source", "Stated removals", "Nadir", "Level now", "Direction", "Back to half", "Back to 0.9")
    columns = (
        Column("Platform"),
        *(Column(name, numeric=name in {"Stated removals", "Nadir", "Back to half", "Back to 0.9"}) for name in names),
    )
    return Table("Takedowns on record, and where posts stand against the baseline", columns, tuple(rows), notes.pairs)


def _stated(record: TakedownFacts) -> str:
    """What the sources say was removed."""
    counts = [f"{count(number)} {kind}" for action in record.actions for kind, number in action.counts.items()]
    return sentence_list(counts) if counts else "not known" if record.known == "unknown" else "not stated"


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
        f"Small line charts, one a platform. {'; '.join(findings)}.",
        source,
    )


def _index_table(records: tuple[TakedownFacts, ...], names: dict[str, str]) -> Table | None:
    """Series of which nothing could be measured are named below the table, with their reason."""
    notes, rows = Notes(), []
    missing: dict[str, list[str]] = {}
    for record in (record for record in records if record.known == "yes"):
        shown = [series for series in record.rebuild_index if not _is_missing(series)]
        rows += [(head(names[record.takedown_id]), *_index_row(series, notes)) for series in shown]
        for series in record.rebuild_index:
            if isinstance(series.latest, NotMeasurable) and series not in shown:
                whole = all(other.basis != series.basis for other in shown)
                which = (
                    f"{names[record.takedown_id]}, {BASES[series.basis] if whole else f'{series.series}, {BASES[series.basis]}'}"
                )
                missing.setdefault(series.latest.reason, []).append(which)
    if not rows:
        return None
    titles = ("Series", "Counting", "Latest (90 % interval)", "Nadir", "Nadir on", "Loss", "Level", "Direction")
    columns = (Column("Platform"), *(Column(name, numeric=name in {"Latest (90 % interval)", "Nadir", "Loss"}) for name in titles))
    left_out = tuple(
        ("", f"not measurable ({'; '.join(dict.fromkeys(which))}): {reason.rstrip('.')}") for reason, which in missing.items()
    )
    return Table("The index in numbers, by what is counted", columns, tuple(rows), (*notes.pairs, *left_out))


def _is_missing(series: IndexSeries) -> bool:
    return isinstance(series.latest, NotMeasurable) and isinstance(series.nadir, NotMeasurable)


def _index_row(series: IndexSeries, notes: Notes) -> tuple[Cell, ...]:
    return (
        text_cell(series.series),
        text_cell(BASES[series.basis]),
        notes.cell(series.latest, estimate),
        notes.number(series.nadir),
        text_cell(short_date(series.nadir_day) if series.nadir_day else "none"),
        notes.number(series.loss),
        notes.cell(series.level, str),
        notes.cell(series.direction, str),
    )


def _measured(records: tuple[TakedownFacts, ...], names: dict[str, str]) -> list[tuple[str, Cohorts]]:
    return [(names[record.takedown_id], record.cohorts) for record in records if isinstance(record.cohorts, Cohorts)]


def _cohorts(records: tuple[TakedownFacts, ...], names: dict[str, str]) -> Figure:
    title = "Who posts since the takedown: accounts and posts by cohort"
    drawn = [(name, cohort) for name, cohort in _measured(records, names) if cohort.total]
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
    return Figure("cohorts", title, cohorts_chart(drawn), f"Bars by cohort. {'; '.join(findings)}.", source)


def _cohort_table(records: tuple[TakedownFacts, ...], names: dict[str, str]) -> Table | None:
    """Also the look-backs of 30 and 180 days, so that the reader sees how much hangs on 90."""
    notes, rows = Notes(), []
    for record in records:
        if not isinstance(record.cohorts, Cohorts):
            continue
        variants = (
            [(90, record.cohorts), *((row.lookback_days, row.cohorts) for row in record.sensitivity if row.lookback_days != 90)]
            if not isinstance(record.sensitivity, NotMeasurable)
            else [(90, record.cohorts)]
        )
        for lookback, counts in variants:
            cells = [notes.cell(getattr(counts, key), count) for key, _ in COHORT_NAMES]
            rows.append((head(names[record.takedown_id]), number_cell(f"{lookback} d"), *cells, number_cell(count(counts.total))))
    if not rows:
        return None
    titles = ("Look-back", *(label.capitalize() for _, label in COHORT_NAMES), "Total")
    return Table(
        "Accounts by cohort; the columns sum to the total",
        (Column("Platform"), *(Column(name, numeric=True) for name in titles)),
        tuple(rows),
        notes.pairs,
    )


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
        values = (fate.at_risk, fate.removed, fate.silent, fate.still_posting, fate.unknown, fate.checked)
        rate = notes.cell(fate.removal_rate, _rate)
        rows.append((head(names[record.takedown_id]), *(number_cell(count(value)) for value in values), rate))
    titles = ("At risk", "Removed", "Silent", "Still posting", "Unknown", "Ever checked", "Removal rate")
    columns = (Column("Platform"), *(Column(name, numeric=True) for name in titles))
    return (
        Table("Fate of the accounts that posted in the four weeks before the takedown", columns, tuple(rows), notes.pairs)
        if rows
        else None
    )
