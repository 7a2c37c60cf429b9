"""Which periods are due: the only question a schedule asks, so that a replayed or doubled scheduler run does nothing. When a schedule
fires, and what a period that is due still waits for."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from tasks.domain.campaign import Campaign, Schedule
from tasks.domain.periods import Period, PeriodKind, containing, parse_period, periods_between

_LONGEST_RUN = timedelta(hours=1)


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


def firings(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """The instants (UTC) after `after` at which the schedule fires, in its zone's own time, earliest first.

    As Debian's cron does (CronSim): an hour that a change of clocks leaves out fires right after the gap, one that comes twice fires once;
    both for lines of a fixed time. Lines that name every hour or minute go by real time.
    """
    return (instant.astimezone(UTC) for instant in CronSim(schedule.cron, after.astimezone(ZoneInfo(schedule.zone))))


_WITHOUT_SPAN = frozenset({"s3-drop"})  # partners lay files down when they like: nothing says that a period is whole


@dataclass(frozen=True)
class SourceReach:
    """How far a source of a campaign was asked: everything before `until` was asked for and answered; null = never yet."""

    name: str
    until: datetime | None
    lateness: timedelta  # how far past a period's end it must have been asked


def reaches(campaign: Campaign, fetched: dict[str, datetime]) -> list[SourceReach]:
    """One entry for every source of posts that can be asked for a span; `fetched`: where the last whole fetch of each ended, by name."""
    asked = [spec for spec in campaign.sources if spec.kind not in _WITHOUT_SPAN]
    return [SourceReach(spec.name, fetched.get(spec.name), timedelta(hours=spec.lateness_h)) for spec in asked]


def waits_for(period: Period, sources: Sequence[SourceReach]) -> str:
    """Why a period is not complete yet, in words; empty if it is. It is once every source was asked past its end, and past the lateness
    allowance of that source."""
    reasons = []
    for source in sources:
        needed = period.end + source.lateness
        if source.until is None:
            reasons.append(f"source {source.name} was never fetched")
        elif source.until < needed:
            reasons.append(
                f"source {source.name} last fetched up to {source.until:%Y-%m-%d %H:%M}, needed {needed:%Y-%m-%d %H:%M} UTC"
            )
    return "; ".join(reasons)


def is_late(period: Period, schedule: Schedule, lateness: timedelta, now: datetime) -> bool:
    """Has the first firing at which the period could be made passed by more than an hour, the longest that making one may take?"""
    first = next(firings(schedule, period.end + lateness - timedelta(microseconds=1)), None)
    return first is not None and first + _LONGEST_RUN < now


def _parse(path: str) -> Period:
    return parse_period(path.replace("--", ".."))
