"""Page 2: what changed since the last briefing, what would change our mind, and last period's falsifiers, scored."""

from dataclasses import dataclass
from datetime import date

from reports.charts import Mark, weekly_series
from reports.charts.canvas import drawable
from reports.formats import count, day, percent, platform, plural, sentence, sentence_list, short_day, verb
from reports.parts.blocks import Cell, Column, Figure, Table, head, text_cell
from reports.parts.front import JudgementView, front
from reports.parts.notes import Note, note
from tasks.domain.facts import ActivityFacts, Facts, WeekCount
from tasks.domain.measures import NotMeasurable

LOUDEST = 10  # accounts
KINDS = {"world": "In the world", "data": "In the data", "method": "In the method"}


@dataclass(frozen=True)
class Changes:
    since: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    falsifiers: Table | None
    minds: tuple[JudgementView, ...]
    activity: tuple[str, ...]
    weeks: Figure
    note: Note | None


def changes(facts: Facts) -> Changes:
    record = facts.changes
    since = f"since the briefing of {record.since.period} (edition {record.since.edition[:8]})" if record.since else ""
    groups = tuple(
        (title, texts)
        for kind, title in KINDS.items()
        if (texts := tuple(sentence(item.text) for item in record.items if item.kind == kind))
    )
    return Changes(
        since=since,
        groups=groups,
        falsifiers=_falsifiers(facts),
        minds=front(facts).judgements,
        activity=_activity(facts),
        weeks=_weeks(facts),
        note=note(facts.analyst_notes),
    )


def marks(facts: Facts) -> tuple[Mark, ...]:
    """The takedowns (one mark a day, its platforms named) and world events for every time axis."""
    by_day: dict[date, list[str]] = {}
    for record in facts.takedowns:
        if record.t0 is not None:
            name = platform(record.platform) + (" (inferred)" if record.source == "inferred" else "")
            by_day.setdefault(record.t0.date(), []).append(name)
    takedowns = [Mark(on, f"Takedown: {', '.join(names)}, {short_day(on)}", True) for on, names in by_day.items()]
    events = [
        Mark(event.on, f"{_short(drawable(event.title, 'World event'))}, {short_day(event.on)}", False)
        for event in facts.campaign.events
    ]
    return tuple(sorted(takedowns + events, key=lambda mark: (mark.day, mark.label)))


def _short(title: str) -> str:
    return title if len(title) <= 34 else title[:33].rstrip() + "…"


def _falsifiers(facts: Facts) -> Table | None:
    if not facts.changes.scored:
        return None
    rows = tuple((head(item.statement), Cell(item.outcome), text_cell(sentence(item.why))) for item in facts.changes.scored)
    return Table("What the last briefing said would show it wrong", (Column("Statement"), Column("Outcome"), Column("Why")), rows)


def _activity(facts: Facts) -> tuple[str, ...]:
    activity = facts.activity
    who = f"{plural(activity.members, 'member')}: {_basis(activity.members_by_basis)}"
    said = f"{plural(activity.posts, 'post')} by {plural(activity.accounts, 'account')} on the campaign list ({who})."
    loud = activity.top10_share
    sentences = [f"{said} {_before(activity)}"]
    if loud.share is not None and activity.accounts > LOUDEST:
        counts = f"{count(loud.part)} of {count(loud.whole)}"
        sentences.append(f"The ten loudest accounts wrote {percent(loud.share)} of the posts ({counts}).")
    more, were = plural(activity.posts_outsiders, "further post"), verb(activity.posts_outsiders, "was", "were")
    if activity.posts_outsiders:
        sentences.append(f"{more} by accounts outside the list {were} collected.")
    return (sentences[0], *([" ".join(sentences[1:])] if sentences[1:] else []))


def _before(activity: ActivityFacts) -> str:
    posts, accounts = activity.previous_posts, activity.previous_accounts
    if isinstance(posts, NotMeasurable):
        return sentence(f"A comparison with the period before is not possible: {posts.reason}")
    if isinstance(accounts, NotMeasurable):
        return sentence(f"A comparison with the period before is not possible: {accounts.reason}")
    return f"The period before had {plural(posts, 'post')} by {plural(accounts, 'account')}."


def _basis(members: dict[str, int]) -> str:
    return (
        sentence_list([f"{count(number)} by {basis}" for basis, number in members.items() if number])
        if any(members.values())
        else "none"
    )


def _weeks(facts: Facts) -> Figure:
    weeks = facts.activity.weeks
    title = "Posts and active accounts a week"
    if len(weeks) < 2:
        return Figure(
            "weeks", title, absent="A weekly series needs at least two whole weeks of posts; there are not that many yet."
        )
    peak: WeekCount = max(weeks, key=lambda week: week.posts)
    alt = (
        f"The last of {len(weeks)} weeks has {plural(weeks[-1].posts, 'post')} "
        f"by {plural(weeks[-1].accounts, 'account')}; "
        f"the busiest week, from {day(peak.start)}, had {plural(peak.posts, 'post')}."
    )
    source = (
        "Posts by accounts on the campaign list, whole weeks before the cut-off. Solid line: takedown; dotted line: world event."
    )
    return Figure("weeks", title, weekly_series(weeks, marks(facts)), alt, source)
