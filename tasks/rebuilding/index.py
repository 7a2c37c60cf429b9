"""The rebuild index: the mean of seven days over the median baseline week, with an interval for the expected index.

Interval: index x exp(+-t(n - 1, 0.95) s w(n)), n baseline weeks, s the standard deviation of the logarithms of their means, and w(n) what
one week's noise in the numerator and a median's in the denominator make of it. The account bootstrap gives another; the wider is printed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from scipy import stats

from tasks.domain.measures import Estimate, Interval, NotMeasurable
from tasks.domain.rebuilding import Basis, IndexPoint, IndexSeries, Series
from tasks.rebuilding.baseline import BaselineWeeks, weekly_means
from tasks.rebuilding.bootstrap import AccountBootstrap, rolling_week
from tasks.rebuilding.reading import (
    direction_of,
    has_regained,
    level_of,
    logs_of,
    nadir_of,
    recovery_days,
    variance_of_mean,
    weekly_noise,
)
from tasks.rebuilding.timeline import AccountDays, day_date

SERIES: tuple[Series, ...] = get_args(Series)
BASES: tuple[Basis, ...] = get_args(Basis)
LEVEL = 0.9
RESEMBLANCE = 0.15  # weekly autocorrelation that the interval is made for
DIGITS = 6


@dataclass(frozen=True)
class Window:
    """The span of an index: baseline weeks, first day after the takedown, first day after the data."""

    weeks: BaselineWeeks
    after: int
    end: int

    @property
    def first_index_day(self) -> int:
        return self.after + 6


def index_of(
    days: AccountDays, window: Window, basis: Basis, draws: AccountBootstrap, missing: dict[Series, str]
) -> list[IndexSeries]:
    """Accounts, posts and engagement of one basis. `missing` gives the reason for a series that the data do not hold."""
    if window.end - window.after < 7:
        seen = max(window.end - window.after, 0)
        return not_measured(basis, f"the index needs 7 days after the takedown ended, there are {seen}")
    means = weekly_means(days, window.weeks)
    base = np.median(means, axis=1)
    daily = days.daily(window.after, window.end)
    replicates = draws.index(days, window.weeks, window.after, window.end, engagement="engagement" not in missing)
    out = []
    for i, series in enumerate(SERIES):
        if series in missing:
            out.append(_no_series(series, basis, missing[series]))
        elif base[i] <= 0:
            out.append(_no_series(series, basis, f"the baseline of {series} is 0: there is nothing to compare with"))
        else:
            values = rolling_week(daily[i]) / base[i]
            out.append(_series(series, basis, window, values, daily[i], means[i], replicates[i]))
    return out


def not_measured(basis: Basis, reason: str) -> list[IndexSeries]:
    """The three series of a basis that could not be measured at all."""
    return [_no_series(series, basis, reason) for series in SERIES]


def log_factor(weekly: np.ndarray) -> float:
    """The factor by which the interval reaches up and down from the index. `weekly`: daily means of the n baseline weeks.

    A week without any activity has no logarithm; then half a unit is added to every week's total.
    """
    n = len(weekly)
    half = stats.t.ppf(1 - (1 - LEVEL) / 2, n - 1) * logs_of(weekly).std(ddof=1) * widening(n)
    return float(np.exp(half))


def widening(weeks: int) -> float:
    """w(n): the standard deviation of a log index over the s that is expected of n weeks.

    A median of n weeks varies pi / 2 times as much as their mean, which varies by v(n) if a week does by 1; and s^2 of weeks that
    resemble each other is too small, by n / (n - 1) (1 - v(n)). Both for an autocorrelation of 0.15, the middle of what the interval is
    promised for; 1.145 for 8 weeks, where independent weeks have sqrt(1 + pi / (2 n)) = 1.094.
    """
    v = variance_of_mean(weeks, RESEMBLANCE)
    return float(np.sqrt((1 + np.pi / 2 * v) / (weeks / (weeks - 1) * (1 - v))))


def interval_of(values: np.ndarray, factor: float, replicates: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per point low, high and whether they are the bootstrap's: of both intervals the wider one."""
    low, high = values / factor, values * factor
    tail = 100 * (1 - LEVEL) / 2
    defined = replicates[~np.isnan(replicates).any(axis=1)]  # a replicate without a baseline has no value on any day
    if not len(defined):
        return low, high, np.zeros(len(values), dtype=bool)
    boot_low, boot_high = np.percentile(defined, [tail, 100 - tail], axis=0)
    wider = (boot_high - boot_low) > (high - low)
    return np.where(wider, boot_low, low), np.where(wider, boot_high, high), wider


def _series(
    series: Series, basis: Basis, window: Window, values: np.ndarray, daily: np.ndarray, weekly: np.ndarray, replicates: np.ndarray
) -> IndexSeries:
    low, high, by_accounts = interval_of(values, log_factor(weekly), replicates)
    noise = weekly_noise(weekly, daily)
    nadir, nadir_day = nadir_of(values, window.first_index_day)
    method = "account bootstrap" if by_accounts[-1] else "spread of the baseline weeks"
    latest: Interval | NotMeasurable = NotMeasurable(reason=f"no {series} in the last 7 days: a zero has no interval as a ratio")
    if values[-1] > 0:
        latest = Interval(low=_round(low[-1]), high=_round(high[-1]), level=LEVEL, method=method)
    return IndexSeries(
        series=series,
        basis=basis,
        points=_points(window, values, low, high),
        latest=Estimate(value=_round(values[-1]), interval=latest),
        nadir=_round(nadir),
        nadir_day=nadir_day,
        loss=_round(1 - nadir),
        level=level_of(float(values[-1])),
        direction=direction_of(daily, noise),
        t50_days=recovery_days(values, 0.5),
        t90_days=recovery_days(values, 0.9),
        regained=has_regained(daily, noise),
        t50_between=(recovery_days(values, 0.5, high), recovery_days(values, 0.5, low)),
        t90_between=(recovery_days(values, 0.9, high), recovery_days(values, 0.9, low)),
    )


def _points(window: Window, values: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[IndexPoint, ...]:
    return tuple(
        IndexPoint(
            day=day_date(window.first_index_day + k),
            value=_round(value),
            low=_round(low[k]) if value > 0 else None,
            high=_round(high[k]) if value > 0 else None,
        )
        for k, value in enumerate(values)
    )


def _no_series(series: Series, basis: Basis, reason: str) -> IndexSeries:
    missing = NotMeasurable(reason=reason)
    return IndexSeries(
        series=series,
        basis=basis,
        points=(),
        latest=missing,
        nadir=missing,
        nadir_day=None,
        loss=missing,
        level=missing,
        direction=missing,
        t50_days=missing,
        t90_days=missing,
        regained=missing,
    )


def _round(value: float) -> float:
    return round(float(value), DIGITS)


def find_series(index: Sequence[IndexSeries], series: Series, basis: Basis) -> IndexSeries:
    """The one series of that name and basis."""
    return next(s for s in index if s.series == series and s.basis == basis)
