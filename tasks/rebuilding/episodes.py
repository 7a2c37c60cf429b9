"""Episodes: actions of one platform less than 28 days apart, as far as the ledger was known at the cut-off.

A row is visible if the world already knew of it: `announced_on` (where given) not after `as_of`, and its effect begun before `end`.
A removal that took effect earlier but was announced later is not visible: a briefing made then could not have known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from tasks.domain.periods import Cutoff
from tasks.domain.platforms import platform_name
from tasks.domain.rebuilding import LedgerRow
from tasks.domain.takedowns import Takedown
from tasks.rebuilding.timeline import day_date, day_number

GAP_DAYS = 28
MOST_SENTENCES = 3  # imported ledgers bring dozens of months and quarters


@dataclass(frozen=True)
class Episode:
    """Actions in order of their start. Days as in timeline.py; `end` is the first day after the last action."""

    actions: tuple[Takedown, ...]
    start: int
    end: int

    @property
    def known_as(self) -> str:
        """The id of the first action, by which the episode goes."""
        return self.actions[0].takedown_id

    @property
    def source(self) -> str:
        return ", ".join(sorted({action.source for action in self.actions}))


@dataclass(frozen=True)
class PlatformLedger:
    """What the ledger says of one platform at the cut-off."""

    platform: str
    episodes: tuple[Episode, ...]
    imprecise: tuple[Takedown, ...]  # month, quarter, year, lifetime: a caveat, never an episode
    unknown: tuple[Takedown, ...]


def read_ledger(takedowns: Iterable[Takedown], cutoff: Cutoff) -> tuple[PlatformLedger, ...]:
    """Group the visible rows by platform, platforms in alphabetical order."""
    visible = [row for row in takedowns if is_visible(row, cutoff)]
    ledgers = []
    for platform in sorted({row.platform for row in visible}):
        rows = [row for row in visible if row.platform == platform]
        ledgers.append(
            PlatformLedger(
                platform=platform,
                episodes=group_episodes(row for row in rows if row.interval is not None),
                imprecise=tuple(row for row in rows if row.known == "yes" and row.interval is None),
                unknown=tuple(row for row in rows if row.known == "unknown"),
            )
        )
    return tuple(ledgers)


def is_visible(row: Takedown, cutoff: Cutoff) -> bool:
    """Was this row known at `as_of`, and did it begin before both `end` and `as_of`?"""
    if row.announced_on is not None and _midnight(row.announced_on) > cutoff.as_of:
        return False
    return row.effective_from is None or _midnight(row.effective_from) < min(cutoff.end, cutoff.as_of)


def group_episodes(rows: Iterable[Takedown]) -> tuple[Episode, ...]:
    """Join day-precise rows whose start lies less than 28 days after the end of everything before them."""
    spans = [(day_number(row.interval[0]), day_number(row.interval[1]), row) for row in rows if row.interval is not None]
    episodes: list[Episode] = []
    for start, end, row in sorted(spans, key=lambda span: (span[0], span[1], span[2].takedown_id)):
        if episodes and start - episodes[-1].end < GAP_DAYS:
            last = episodes[-1]
            episodes[-1] = Episode((*last.actions, row), last.start, max(last.end, end))
        else:
            episodes.append(Episode((row,), start, end))
    return tuple(episodes)


def ledger_row(row: Takedown) -> LedgerRow:
    """The row as it is printed."""
    return LedgerRow(
        takedown_id=row.takedown_id,
        announced_on=row.announced_on,
        effective_from=row.effective_from,
        effective_to=row.effective_to,
        counts=row.counts,
        source=row.source,
        address=row.address,
        note=row.note,
        accounts_listed=row.accounts_listed,
    )


def imprecise_caveats(rows: Sequence[Takedown]) -> tuple[str, ...]:
    """What is said of rows that are no episode: a sentence each, or one for many. Their counts overlap and are never added."""
    if len(rows) <= MOST_SENTENCES:
        return tuple(imprecise_caveat(row) for row in rows)
    by_precision = {
        precision: sum(row.precision == precision for row in rows) for precision in dict.fromkeys(r.precision for r in rows)
    }
    dated = ", ".join(f"{count} only by {precision}" for precision, count in by_precision.items())
    said = (
        f"{len(rows)} further actions on {platform_name(rows[0].platform)} are dated without a day ({dated}). They start no episode and "
        "nothing is measured around them; their counts may hold one another and are never added. The ledger lists them."
    )
    return (said,)


def imprecise_caveat(row: Takedown) -> str:
    """One sentence for a row that is no episode."""
    counts = ", ".join(f"{count:,} {kind}" for kind, count in row.counts.items()) or "no counts"
    when = f", from {day_date(day_number(row.effective_from))}" if row.effective_from else ""
    return (
        f"{row.takedown_id}: the {row.source} source dates this action on {platform_name(row.platform)} only by {row.precision}{when} "
        f"({counts}); without a day it starts no episode and nothing is measured around it."
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
