"""When the campaign posts: hour of week, meals, weekends, holidays, and the clock its days fit."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
from scipy.stats import binomtest, chi2, chisquare

from tasks.activity.offset import OffsetEstimate, estimate_offset
from tasks.domain.campaign import Campaign, Holiday
from tasks.domain.errors import UsageProblem
from tasks.domain.measures import Interval, NotMeasurable
from tasks.domain.narratives import HourFacts
from tasks.domain.periods import Cutoff, Period

WINDOW_DAYS = 28
COARSEST_CLOCK_S = 3600  # a clock that knows only the day cannot show hours
MIN_POSTS = 100
MAX_P = 0.01
DIP = 0.8  # a meal dip has at most this share of the posts of the hours around it
_MEALS = ((11, 14), (17, 20))  # local hours in which lunch and supper breaks are looked for


def hour_facts(member_posts: pd.DataFrame, campaign: Campaign, cutoff: Cutoff, period: Period, *, seed: int = 0) -> HourFacts:
    """Hours of the posts in the 28 days before `cutoff.end`, or in the period where that is longer.

    `member_posts`: POSTS of accounts on the campaign list; `seed` drives the bootstrap over accounts. Posts whose clock is coarser than
    an hour are left out; where none is left nothing about hours is measurable, weekends still are. Raises UsageProblem for a zone that
    does not exist.
    """
    zone = _zone(campaign.suspected_zone)
    days = max(WINDOW_DAYS, round(period.days))
    start = cutoff.end - timedelta(days=days)
    posts = member_posts[(member_posts["posted_at"] >= start) & (member_posts["posted_at"] < cutoff.end)]
    exact = posts[posts["time_precision_s"] <= COARSEST_CLOCK_S]
    missing = _why_missing(len(posts), len(exact), days)
    local = exact["posted_at"].dt.tz_convert(zone)
    by_hour = np.bincount(local.dt.hour.to_numpy(np.int64), minlength=24)
    offset = missing or _offset(exact, by_hour, seed)
    daily = _daily(posts, zone, start, cutoff.end)
    weekend, weekend_p = _ratio(daily, np.array([day.weekday() >= 5 for day in daily.index], bool), "weekend days")
    holiday, holiday_p = _holidays(daily, campaign.holidays)
    return HourFacts(
        zone=campaign.suspected_zone,
        counts=missing or _hour_of_week(local),
        posts=len(exact),
        window_days=days,
        utc_offset_h=offset.hours if isinstance(offset, OffsetEstimate) else offset,
        utc_offset_interval=_interval(offset),
        meal_dips=missing or _meal_dips(by_hour),
        weekend_ratio=weekend,
        weekend_p=weekend_p,
        holiday_ratio=holiday,
        holiday_p=holiday_p,
        uniform_p=missing or float(chisquare(by_hour).pvalue),
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UsageProblem(
            f"{name!r} is not a time zone.", remedy="Write suspected_zone as an IANA name such as Asia/Shanghai."
        ) from error


def _why_missing(posts: int, exact: int, days: int) -> NotMeasurable | None:
    if posts and not exact:
        return NotMeasurable(reason="the source gives the day of a post but not its hour")
    if exact < MIN_POSTS:
        return NotMeasurable(reason=f"{exact} posts with an hour in {days} days; {MIN_POSTS} are needed")
    return None


def _hour_of_week(local: pd.Series) -> tuple[tuple[int, ...], ...]:
    cells = local.dt.day_of_week.to_numpy(np.int64) * 24 + local.dt.hour.to_numpy(np.int64)
    return tuple(tuple(int(n) for n in row) for row in np.bincount(cells, minlength=168).reshape(7, 24))


def _offset(exact: pd.DataFrame, by_hour: np.ndarray, seed: int) -> OffsetEstimate | NotMeasurable:
    if chisquare(by_hour).pvalue > MAX_P:
        return NotMeasurable(reason="posts are spread evenly over the day, which fits no working day")
    return estimate_offset(exact, seed)


def _interval(offset: OffsetEstimate | NotMeasurable) -> Interval | NotMeasurable:
    if isinstance(offset, NotMeasurable):
        return offset
    return Interval(
        low=offset.low,
        high=offset.high,
        level=0.9,
        method=f"bootstrap over accounts, best fit to {offset.template}, an hour either way for when that day begins",
    )


def _meal_dips(by_hour: np.ndarray) -> tuple[str, ...]:
    """Local hours (one or two in a row) with at most 0.8 of the posts of the hour on either side, at p <= 0.01 (binomial,
    Bonferroni over the windows tried)."""
    tried = [(h, h + width) for first, last in _MEALS for width in (1, 2) for h in range(first, last - width + 1)]
    dips: list[tuple[float, int, int]] = []
    for start, end in tried:
        inside, sides = int(by_hour[start:end].sum()), (int(by_hour[start - 1]), int(by_hour[end]))
        width = end - start
        if not min(sides) or inside / width > DIP * min(sides):  # lower than either side: the end of a day is no dip
            continue
        p = float(binomtest(inside, inside + sum(sides), width / (width + 2), alternative="less").pvalue) * len(tried)
        if p <= MAX_P:
            dips.append((p, start, end))
    chosen: list[tuple[int, int]] = []
    for _, start, end in sorted(dips):
        if all(end <= other[0] or start >= other[1] for other in chosen):
            chosen.append((start, end))
    return tuple(f"{start:02d}:00-{end:02d}:00" for start, end in sorted(chosen))


def _daily(posts: pd.DataFrame, zone: ZoneInfo, start: datetime, end: datetime) -> pd.Series:
    """Posts by local day; only days that lie wholly in [start, end). A source that knows only the day has UTC days."""
    day_only = bool(len(posts)) and bool((posts["time_precision_s"] > COARSEST_CLOCK_S).all())
    shown = posts["posted_at"] if day_only else posts["posted_at"].dt.tz_convert(zone)
    first, last = (pd.Timestamp(at) if day_only else pd.Timestamp(at).tz_convert(zone) for at in (start, end))
    days = pd.date_range(first.tz_localize(None).ceil("D"), last.tz_localize(None).floor("D") - pd.Timedelta(days=1), freq="D")
    counts = shown.dt.tz_localize(None).dt.floor("D").value_counts()
    daily: pd.Series = counts.reindex(days, fill_value=0).astype("int64")
    return daily


def _ratio(daily: pd.Series, special: np.ndarray, what: str) -> tuple[float | NotMeasurable, float | NotMeasurable]:
    """(posts a day on special days / on the others, chi-square p-value against an equal rate, corrected for days that vary more than
    chance by dividing by their dispersion)."""
    inside, outside = daily[special], daily[~special]
    if not len(inside) or not len(outside):
        missing = NotMeasurable(reason=f"the window holds no {what}" if not len(inside) else f"the window holds nothing but {what}")
        return missing, missing
    if daily.sum() < MIN_POSTS or not outside.sum():
        missing = NotMeasurable(reason=f"{int(daily.sum())} posts on the days of the window; {MIN_POSTS} are needed")
        return missing, missing
    expected = daily.sum() * np.array([len(inside), len(outside)]) / len(daily)
    statistic = float((((np.array([inside.sum(), outside.sum()]) - expected) ** 2) / expected).sum())
    return float(inside.mean() / outside.mean()), float(chi2.sf(statistic / _dispersion(inside, outside), 1))


def _dispersion(*groups: pd.Series) -> float:
    """Pearson dispersion of daily counts around the mean of their group; at least 1."""
    total = sum(float(((group - group.mean()) ** 2).sum() / group.mean()) for group in groups if group.mean() > 0)
    return max(1.0, total / max(sum(len(group) for group in groups) - len(groups), 1))


def _holidays(daily: pd.Series, holidays: list[Holiday]) -> tuple[float | NotMeasurable, float | NotMeasurable]:
    if not holidays:
        missing = NotMeasurable(reason="the campaign file names no holidays")
        return missing, missing
    special = np.array([any(h.first <= day.date() <= h.last for h in holidays) for day in daily.index], bool)
    return _ratio(daily, special, "holiday of the campaign file")
