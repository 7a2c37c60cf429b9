"""What each takedown left behind, platform by platform: actions, baseline, silence, batches, successors, groups, confounders."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from reports.charts import survival
from reports.charts.rebuilding import GROUP_NAMES
from reports.formats import (
    clock_instant,
    count,
    dated,
    day,
    number,
    p_value,
    percent,
    platform,
    plural,
    sentence,
    sentence_list,
    shared,
    short_date,
)
from reports.parts.blocks import Column, Figure, Notes, Table, head, number_cell, text_cell
from reports.parts.groups import comparator_table, content_sentences, group_table
from reports.parts.sources import Sources
from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import Baseline, CreationBatch, Evidence, Followers, LedgerRow, LossWave, Successor, TakedownFacts

MOST_ITEMS = 3  # items of evidence printed for a pair; the record has all
MOST_ROWS = 6  # a page shows a part of long lists; how many are left out is said


@dataclass(frozen=True)
class Trace:
    """One episode: its record in words, its survival curves, its tables."""

    name: str
    record: Table
    survival: Figure | None
    tables: tuple[Table, ...]


def trace(record: TakedownFacts, name: str, sources: Sources, clusters: Mapping[str, str]) -> Trace:
    """`clusters`: what they are called, by id."""
    tables = (_waves(record), _batches(record), _successors(record), group_table(record, clusters), comparator_table(record))
    return Trace(
        name=name,
        record=_record(record, sources),
        survival=_survival(record, name),
        tables=tuple(table for table in tables if table is not None),
    )


def _record(record: TakedownFacts, sources: Sources) -> Table:
    lines = (
        ("Removed", _removed(record, sources)),
        ("Level before", _levels(record)),
        ("Ground regained", _regained(record)),
        ("Turnover since", _later(record)),
        ("Successors", _succession(record)),
        ("By whom, with what", content_sentences(record)),
        ("Confounders", tuple(map(sentence, record.confounders))),
        ("Caveats", tuple(map(sentence, record.caveats))),
        ("Not measurable", _unmeasured(record)),
    )
    rows = tuple((head(name), text_cell(" ".join(sentences))) for name, sentences in lines if sentences)
    return Table("On record", (Column("Item"), Column("What is known")), rows)


def _removed(record: TakedownFacts, sources: Sources) -> tuple[str, ...]:
    """The actions in words; many that no day is known of stand in the ledger alone (a cell that outgrows its page is never laid out)."""
    if len(record.actions) > MOST_ROWS and record.t0 is None:
        return (f"{len(record.actions)} actions without a day: the ledger lists them.",)
    return _actions(record.actions, sources)


def _actions(actions: tuple[LedgerRow, ...], sources: Sources) -> tuple[str, ...]:
    sentences = []
    for action in actions:
        when = "on a day that is not known"
        if action.effective_from is not None:
            last = action.effective_to or action.effective_from
            when = f"on {day(last)}" if last == action.effective_from else f"from {day(action.effective_from)} to {day(last)}"
        what = (
            sentence_list([f"{count(value)} {kind}" for kind, value in action.counts.items()])
            if action.counts
            else "an unstated number of accounts"
        )
        origin = {
            "platform": "stated by the platform",
            "press": "reported by the press",
            "inferred": "inferred from the data, announced by nobody",
        }.get(action.source, action.source)
        announced = f", announced on {day(action.announced_on)}" if action.announced_on else ""
        note = f" {sentence(action.note)}" if action.note else ""
        cited = f"; {sources.cite(action.address)}" if action.address else ""
        sentences.append(f"Removal of {what} {when}{announced} ({origin}{cited}).{note}")
    return tuple(sentences)


def unknown(record: TakedownFacts, sources: Sources) -> str:
    """A platform of which nobody knows whether it acted, in one line: why nothing is measured, and what the analyst noted."""
    why = record.baseline.reason if isinstance(record.baseline, NotMeasurable) else "it is not known whether the platform acted"
    noted = [f"{action.note.rstrip('. ')}{_cited(action, sources)}" for action in record.actions if action.note]
    return f"{platform(record.platform)}: {' '.join((dated(why.rstrip('. ')) + '.', *map(sentence, noted)))}"


def _cited(action: LedgerRow, sources: Sources) -> str:
    return f" ({sources.cite(action.address)})" if action.address else ""


def _levels(record: TakedownFacts) -> tuple[str, ...]:
    sentences = []
    if isinstance(record.baseline, Baseline):
        base = record.baseline
        left_out = (
            f"; {plural(base.weeks_left_out, 'week')} left out: near an earlier takedown, or before the data begin"
            if base.weeks_left_out
            else ""
        )
        age = f"; it ends {plural(base.age_days, 'day')} before the takedown" if base.age_days else ""
        level = f"{number(base.posts)} posts and {number(base.accounts)} active accounts a day"
        sentences.append(f"Baseline: {level}, the median of {base.weeks} weeks{left_out}{age}.")
    if not isinstance(record.prior_level, NotMeasurable):
        prior = record.prior_level
        index = (
            ""
            if isinstance(prior.index_posts, NotMeasurable)
            else f"; against that week the index of posts is {number(prior.index_posts)}"
        )
        level = f"{number(prior.posts)} posts and {number(prior.accounts)} active accounts a day"
        sentences.append(f"The last seven days before the takedown had {level}{index}.")
    return tuple(sentences)


def _regained(record: TakedownFacts) -> tuple[str, ...]:
    if not isinstance(record.regained, bool):
        return ()
    yes = "Yes: the posts of the last 28 days stand above an earlier stretch since the takedown"
    no = "No: the posts of the last 28 days do not stand above any earlier stretch since the takedown"
    return (f"{yes if record.regained else no} by more than weeks differ by chance.",)


def _later(record: TakedownFacts) -> tuple[str, ...]:
    sentences = []
    if not isinstance(record.replacement, NotMeasurable):
        rep = record.replacement
        ratio = "" if isinstance(rep.ratio, NotMeasurable) else f", a ratio of {number(rep.ratio)}"
        dwell = (
            ""
            if isinstance(rep.dwell_days_median, NotMeasurable)
            else f"; half of the replacements last under {number(rep.dwell_days_median)} days"
        )
        sentences.append(f"Accounts gained a week: {number(rep.gained_per_week)}; lost: {number(rep.lost_per_week)}{ratio}{dwell}.")
        sentences += _followers(rep.followers)
    if not isinstance(record.bursts, NotMeasurable) and record.bursts:
        days = [
            f"{plural(burst.accounts, 'account')} on {day(burst.day)} (expected {number(burst.expected)})"
            for burst in record.bursts[-MOST_ROWS:]
        ]
        sentences.append(f"Short-lived accounts stopped together: {sentence_list(days)}.")
    sentences += [
        f"{count(group.lost)} accounts fell silent before and at the takedown, with last posts from {day(group.first_day)} to "
        f"{day(group.last_day)}."
        for group in record.wave_groups
        if group.first_day != group.last_day
    ]
    for name, value in (("wave of silence", record.loss_waves), ("creation batch", record.creation_batches)):
        if not isinstance(value, NotMeasurable) and not value:
            sentences.append(f"No {name} stands out from chance.")
    return tuple(sentences)


def _followers(found: Followers | NotMeasurable) -> tuple[str, ...]:
    """Followers lost and regained as sums over accounts; one person who follows three of them counts three times."""
    if isinstance(found, NotMeasurable):
        return ()
    ratio = "" if isinstance(found.ratio, NotMeasurable) else f", a ratio of {number(found.ratio)}"
    sums = f"{count(found.lost)} of the accounts lost, {count(found.gained)} of those gained{ratio}"
    known = f"known for {shared(found.lost_counted)} of the lost and {shared(found.gained_counted)} of the gained"
    return (f"Followers, as last counted while the accounts were up: {sums}; {known}. Who follows several counts several times.",)


def _succession(record: TakedownFacts) -> tuple[str, ...]:
    """How many pairs are claimed among how many, and what such claims are worth."""
    looked = record.successor_search
    if looked is None or isinstance(record.successors, NotMeasurable):
        return ()
    worth, found = looked.accuracy, len(record.successors)
    among = f"{plural(looked.lost, 'lost account')} and {plural(looked.later, 'account')} that began in the span of such a loss"
    bar = f"{number(worth.threshold)} bits of evidence beyond chance"
    if found:
        first = f"Among {among}, {plural(found, 'pair')} {'reaches' if found == 1 else 'reach'} {bar}."
    else:
        first = f"No successor is named: among {among}, no pair reaches {bar}."
    measured = (
        f"On labelled simulation {count(worth.right)} of {count(worth.claimed)} pairs named at this level were right, and "
        f"{count(worth.right)} of {count(worth.pairs)} true ones were named; with announcements left unread "
        f"{count(worth.right_unannounced)} of {count(worth.claimed_unannounced)} were right."
    )
    return (first, measured) if worth.claimed else (first,)


def _unmeasured(record: TakedownFacts) -> tuple[str, ...]:
    names = {
        "baseline": record.baseline,
        "level of the last week before": record.prior_level,
        "cohorts": record.cohorts,
        "fate": record.fate,
        "replacement": record.replacement,
        "ground regained": record.regained,
        "followers regained": None if isinstance(record.replacement, NotMeasurable) else record.replacement.followers,
        "survival": record.survival,
        "waves of silence": record.loss_waves,
        "bursts": record.bursts,
        "creation batches": record.creation_batches,
        "successors": record.successors,
        "index by group": record.by_group,
        "sensitivity": record.sensitivity,
        "share of the loudest": record.loudest,
        "continuity of content": record.continuity,
        "comparators": record.comparators,
    }
    reasons: dict[str, list[str]] = {}
    for name, value in names.items():
        if isinstance(value, NotMeasurable):
            reasons.setdefault(value.reason, []).append(name)
    return tuple(sentence(f"{sentence_list(missing)}: {reason}") for reason, missing in reasons.items())


def _survival(record: TakedownFacts, name: str) -> Figure | None:
    if isinstance(record.survival, NotMeasurable):
        return None
    curves = [curve for curve in record.survival if len(curve.points) > 1]
    if not curves:
        return None
    findings = [
        f"{GROUP_NAMES.get(curve.group, curve.group)}: half silent after {number(curve.median_days)} days"
        if not isinstance(curve.median_days, NotMeasurable)
        else f"{GROUP_NAMES.get(curve.group, curve.group)}: {curve.median_days.reason}"
        for curve in curves
    ]
    title = f"How long accounts keep posting, {name}"
    source = (
        "Kaplan-Meier estimate with its 90 % band; accounts in brackets. "
        "The last 30 days are left out, since silence cannot be told there."
    )
    return Figure(
        f"survival-{record.takedown_id}", title, survival(curves), f"{'; '.join(findings)}. Step curves, one a group.", source
    )


def _left_out(caption: str, rows: int, which: str = "latest") -> str:
    return f"{caption} (the {which} {MOST_ROWS} of {count(rows)})" if rows > MOST_ROWS else caption


def _waves(record: TakedownFacts) -> Table | None:
    waves: tuple[LossWave, ...] | NotMeasurable = record.loss_waves
    if isinstance(waves, NotMeasurable) or not waves:
        return None
    notes = Notes()
    rows = tuple(
        (
            head(short_date(wave.day) + (" (provisional)" if wave.provisional else "")),
            number_cell(count(wave.lost)),
            number_cell(number(wave.expected)),
            number_cell(p_value(wave.q_value)),
            notes.cell(wave.returned_share, percent),
            text_cell(_matched(wave, record)),
        )
        for wave in waves[-MOST_ROWS:]
    )
    names = ("Fell silent", "Expected", "q-value", "Such silences that ended")
    columns = (Column("Day"), *(Column(name, numeric=True) for name in names), Column("Matched to"))
    return Table(
        _left_out("Waves of silence: days on which more accounts fell silent than chance explains", len(waves)),
        columns,
        rows,
        notes.pairs,
        fit=True,
    )


def _matched(wave: LossWave, record: TakedownFacts) -> str:
    """The takedown of this episode by its day; other ids stay as the ledger has them."""
    own = {record.takedown_id, *(action.takedown_id for action in record.actions)}
    return f"takedown of {short_date(record.t0)}" if wave.matched in own and record.t0 else wave.matched


def _batches(record: TakedownFacts) -> Table | None:
    batches: tuple[CreationBatch, ...] | NotMeasurable = record.creation_batches
    if isinstance(batches, NotMeasurable) or not batches:
        return None
    rows = tuple(
        (
            head(clock_instant(batch.start)),
            text_cell(clock_instant(batch.end)),
            number_cell(count(batch.accounts)),
            number_cell(number(batch.expected)),
            number_cell(p_value(batch.p_value)),
        )
        for batch in batches[-MOST_ROWS:]
    )
    columns = (
        Column("From (UTC)"),
        Column("To (UTC)"),
        *(Column(name, numeric=True) for name in ("Accounts created", "Expected", "p-value")),
    )
    return Table(_left_out("Creation batches: accounts made within a day of each other", len(batches)), columns, rows, fit=True)


def _successors(record: TakedownFacts) -> Table | None:
    found: tuple[Successor, ...] | NotMeasurable = record.successors
    if isinstance(found, NotMeasurable) or not found:
        return None
    rows = tuple(
        (
            head(_dated(item.lost, item.last_post)),
            text_cell(_dated(item.later, item.first_post)),
            number_cell(number(item.score)),
            text_cell("; ".join(map(_item, _weightiest(item)))),
        )
        for item in found[:MOST_ROWS]
    )
    columns = (Column("Lost (last post)"), Column("Came back as (first post)"), Column("Bits", numeric=True), Column("Evidence"))
    caption = "Successors: accounts that began when another was lost, and the evidence that they replace it"
    return Table(_left_out(caption, len(found), "first"), columns, rows)


def _dated(name: str, on: date | None) -> str:
    return f"{name} ({short_date(on)})" if on else name


def _weightiest(item: Successor) -> tuple[Evidence, ...]:
    """The items that weigh most, in the order of the record; all of them where no weights are recorded."""
    least = sorted((e.bits or 0.0 for e in item.evidence), reverse=True)[:MOST_ITEMS][-1:]
    return tuple(e for e in item.evidence if e.bits is None or e.bits >= least[0])[:MOST_ITEMS]


def _item(evidence: Evidence) -> str:
    """In words alone: the posts it rests on are in the record, their long numbers would bury the reason."""
    return f"{evidence.kind}{f': {evidence.detail}' if evidence.detail else ''}"  # a rendition may hold the kind alone
