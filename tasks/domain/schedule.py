"""Which periods are due: the only question a schedule asks, so that a replayed or doubled scheduler run does nothing."""

from collections.abc import Collection
from datetime import datetime, timedelta

from tasks.domain.periods import Period, PeriodKind, containing, parse_period, periods_between


def last_complete(now: datetime, kind: PeriodKind, lateness: timedelta) -> Period:
    """The newest period whose lateness allowance has passed at `now`."""
    return containing(now - lateness, kind).previous()


def due_periods(now: datetime, kind: PeriodKind, lateness: timedelta, published: Collection[str]) -> list[Period]:
    """Complete periods without a briefing, oldest first.

    `published` holds the period paths that have one. The count starts at the oldest of them: a machine that slept for three periods
    makes exactly those three; a campaign without any briefing starts with the newest complete period, and older ones are a backfill.
    """
    newest = last_complete(now, kind, lateness)
    own = sorted((period for period in map(_parse, published) if period.kind == kind), key=lambda period: period.start)
    if not own:
        return [newest]
    first = own[0]
    if first.start > newest.start:
        return []
    return [period for period in periods_between(first, newest) if period.path not in published]


def _parse(path: str) -> Period:
    return parse_period(path.replace("--", ".."))
