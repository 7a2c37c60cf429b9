"""Periods and cut-offs: which span a briefing covers, and how much was known when it was made.

All times are UTC instants; spans are half-open `[start, end)`. Nothing here reads the clock.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from tasks.domain.errors import UsageProblem

PeriodKind = Literal["week", "month", "quarter", "range"]


@dataclass(frozen=True)
class Period:
    """A reporting period. `key` is what a person types (`2023-W44`); `path` is the same with `--` for `..`."""

    key: str
    kind: PeriodKind
    start: datetime
    end: datetime

    @property
    def path(self) -> str:
        return self.key.replace("..", "--")

    @property
    def days(self) -> float:
        return (self.end - self.start) / timedelta(days=1)

    def previous(self) -> "Period":
        """The period of the same kind that ends where this one starts (for a range: of the same length)."""
        return (
            containing(self.start - timedelta(microseconds=1), self.kind)
            if self.kind != "range"
            else _range(self.start - (self.end - self.start), self.start)
        )

    def next(self) -> "Period":
        return containing(self.end, self.kind) if self.kind != "range" else _range(self.end, self.end + (self.end - self.start))


@dataclass(frozen=True)
class Cutoff:
    """What a run may see: posts before `end`, and only observations with `observed_at <= as_of`."""

    end: datetime
    as_of: datetime


def default_as_of(period: Period, lateness: timedelta) -> datetime:
    """`end` + the campaign's lateness allowance: collecting daily, 13.7 % of a week's posts arrive after its end."""
    return period.end + lateness


def parse_period(key: str) -> Period:
    """Read `2023-W44`, `2023-10`, `2023-Q4` or `2023-10-01..2023-11-01` (end exclusive).

    Raises UsageProblem with the forms that are understood.
    """
    try:
        if match := re.fullmatch(r"(\d{4})-W(\d{2})", key):
            return _week(date.fromisocalendar(int(match[1]), int(match[2]), 1))
        if match := re.fullmatch(r"(\d{4})-(\d{2})", key):
            return _months(int(match[1]), int(match[2]), 1, key)
        if match := re.fullmatch(r"(\d{4})-Q([1-4])", key):
            return _months(int(match[1]), 3 * int(match[2]) - 2, 3, key)
        if match := re.fullmatch(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})", key):
            start, end = (_midnight(date.fromisoformat(text)) for text in match.groups())
            if start < end:
                return _range(start, end)
            raise ValueError("the range ends before it starts")
    except (ValueError, OverflowError) as error:
        raise _bad_period(key, f" ({error})") from error
    raise _bad_period(key)


def containing(instant: datetime, kind: PeriodKind) -> Period:
    """The week, month or quarter that contains `instant`."""
    day = instant.astimezone(UTC).date()
    if kind == "week":
        return _week(day - timedelta(days=day.weekday()))
    if kind == "month":
        return _months(day.year, day.month, 1, f"{day.year:04d}-{day.month:02d}")
    if kind == "quarter":
        quarter = (day.month - 1) // 3 + 1
        return _months(day.year, 3 * quarter - 2, 3, f"{day.year:04d}-Q{quarter}")
    raise ValueError("a range contains no calendar of its own")


def periods_between(first: Period, last: Period) -> Iterator[Period]:
    """Every period from `first` to `last`, both included, oldest first. Raises UsageProblem if kinds differ or the order is wrong."""
    if first.kind != last.kind or first.kind == "range":
        raise UsageProblem(
            f"A backfill runs over weeks, months or quarters of one kind, not from {first.key} to {last.key}.",
            remedy="Give both ends in the same form, such as --from 2023-W36 --to 2023-W44.",
        )
    if last.start < first.start:
        raise UsageProblem(f"{last.key} lies before {first.key}.", remedy="Give the older period with --from.")
    period = first
    while period.start <= last.start:
        yield period
        period = period.next()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _week(monday: date) -> Period:
    year, week, _ = monday.isocalendar()
    start = _midnight(monday)
    return Period(f"{year:04d}-W{week:02d}", "week", start, start + timedelta(days=7))


def _months(year: int, month: int, count: int, key: str) -> Period:
    after = year * 12 + month - 1 + count
    start, end = _midnight(date(year, month, 1)), _midnight(date(after // 12, after % 12 + 1, 1))
    return Period(key, "month" if count == 1 else "quarter", start, end)


def _range(start: datetime, end: datetime) -> Period:
    return Period(f"{start.date()}..{end.date()}", "range", start, end)


def _bad_period(key: str, why: str = "") -> UsageProblem:
    return UsageProblem(
        f"{key!r} is not a period{why}.",
        remedy="Write 2023-W44 (ISO week), 2023-10 (month), 2023-Q4 (quarter) or 2023-10-01..2023-11-01 (end exclusive).",
    )
