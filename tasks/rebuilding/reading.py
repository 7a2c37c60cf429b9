"""Reading an index: how deep it fell, where it stands, where it is going, and when it came back."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy import stats

from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import Direction, Level
from tasks.rebuilding.timeline import day_date

FALL_WITHIN_DAYS = 28
DIRECTION_DAYS = 28
RUN_DAYS = 7
BLOCK_DAYS = 28  # a level that is compared with another is the mean of so many days
REGAINED_ERROR = 0.02  # chance of a gain where there is none, over all earlier blocks together
RESEMBLANCE = 0.3  # weekly autocorrelation that the comparison of blocks allows for


@dataclass(frozen=True)
class WeeklyNoise:
    """By how much a campaign's weeks differ when nothing happens: the standard deviation of the logarithm, and its degrees of freedom."""

    sd: float
    df: float


def weekly_noise(baseline: np.ndarray, daily: np.ndarray) -> WeeklyNoise:
    """Pooled from the baseline weeks' daily means and from the whole weeks since the takedown, counted back from the end.

    Weeks that rise or fall are no noise: of those since the takedown the successive differences count (von Neumann 1941), half their mean
    square estimating the variance, with two thirds of a degree of freedom each. Needs two baseline weeks.
    """
    base = logs_of(baseline)
    weeks = len(daily) // 7
    after = np.diff(logs_of(daily[len(daily) - 7 * weeks :].reshape(weeks, 7).mean(axis=1)))
    free, more = len(base) - 1, 2 * len(after) / 3
    squares = free * base.var(ddof=1) + more * (float(after @ after) / (2 * len(after)) if len(after) else 0.0)
    return WeeklyNoise(sd=float(np.sqrt(squares / (free + more))), df=free + more)


def logs_of(weekly: np.ndarray) -> np.ndarray:
    """Logarithms of weekly daily means; if a week is empty half a unit is added to every week's total."""
    logs: np.ndarray = np.log(weekly if (weekly > 0).all() else weekly + 0.5 / 7)
    return logs


def nadir_of(values: np.ndarray, first_day: int) -> tuple[float, date]:
    """The lowest index and its day (the first, if several are equal)."""
    lowest = int(np.argmin(values))
    return float(values[lowest]), day_date(first_day + lowest)


def level_of(value: float) -> Level:
    """suppressed < 0.25 <= partial < 0.9 <= baseline <= 1.1 < above."""
    if value < 0.25:
        return "suppressed"
    if value < 0.9:
        return "partial"
    return "baseline" if value <= 1.1 else "above"


def direction_of(daily: np.ndarray, noise: WeeklyNoise | None = None) -> Direction | NotMeasurable:
    """Sign of the slope of log(daily amount + 0.5) over the last 28 days since the takedown; flat if its 90 % interval holds 0.

    `daily` starts at t0_end. Of two intervals the wider decides. One is read off the 28 days: the standard error of the
    least-squares slope, widened by sqrt((1 + r) / (1 - r)), r the lag-1 autocorrelation of the residuals if positive. The other is what
    the campaign's own weekly ups and downs (`noise`) do to a slope over four weeks; without it 10 to 17 % of campaigns on which
    nothing moved were called rising instead of 5 %.
    """
    if len(daily) < DIRECTION_DAYS:
        return NotMeasurable(reason=f"a direction needs {DIRECTION_DAYS} days after the takedown, there are {max(len(daily), 0)}")
    low, high = slope_interval(np.log(daily[-DIRECTION_DAYS:] + 0.5))
    slope, half = (low + high) / 2, (high - low) / 2
    if noise is not None:
        half = max(half, float(stats.t.ppf(0.95, noise.df)) * noise.sd * SLOPE_OF_WEEKS)
    if slope - half > 0:
        return "rising"
    return "falling" if slope + half < 0 else "flat"


def _slope_of_weeks() -> float:
    """Standard deviation of the least-squares slope over 28 days that share one independent error of SD 1 in each week: 0.06 a day."""
    x = np.arange(DIRECTION_DAYS) - (DIRECTION_DAYS - 1) / 2
    return float(np.sqrt((x.reshape(-1, 7).sum(axis=1) ** 2).sum()) / (x @ x))


SLOPE_OF_WEEKS = _slope_of_weeks()


def has_regained(daily: np.ndarray, noise: WeeklyNoise) -> bool | NotMeasurable:
    """Do the last 28 days stand above an earlier stretch since the takedown by more than the campaign's weeks differ anyway?

    `daily` starts at t0_end. Earlier stretches are the 28-day blocks before the last 28 days and, at the start, what is left of whole
    weeks. The logarithms of two means over 4 and w weeks differ by chance with a standard deviation of sd sqrt(v(4) + v(w)), v(w) the
    variance of a mean of w weeks with autocorrelation 0.3; the comparison with each of k stretches is one-sided at 2 % / k (Bonferroni),
    so choosing the lowest is allowed for. The lowest single day, the nadir, would not do: every wandering series stands above it.
    """
    if len(daily) < BLOCK_DAYS + 7:
        return NotMeasurable(
            reason=f"a gain needs {BLOCK_DAYS} days and a week before them after the takedown, there are {len(daily)} days"
        )
    stretches = _stretches(len(daily))
    limit = float(stats.t.ppf(1 - REGAINED_ERROR / len(stretches), noise.df)) * noise.sd
    last = _log_mean(daily[-BLOCK_DAYS:])
    return any(
        last - _log_mean(daily[first:end])
        > limit * np.sqrt(variance_of_mean(BLOCK_DAYS // 7, RESEMBLANCE) + variance_of_mean((end - first) // 7, RESEMBLANCE))
        for first, end in stretches
    )


def _stretches(days: int) -> list[tuple[int, int]]:
    """[first, end) of the blocks before the last one, newest first; the oldest may be shorter, of at least one whole week."""
    ends = range(days - BLOCK_DAYS, 6, -BLOCK_DAYS)
    return [(max(end - BLOCK_DAYS, end % 7 if end < BLOCK_DAYS else 0), end) for end in ends]


def _log_mean(daily: np.ndarray) -> float:
    return float(np.log(daily.mean() + 0.5 / len(daily)))


def variance_of_mean(weeks: int, resemblance: float) -> float:
    """Of the mean of so many weeks of variance 1 with the autocorrelation `resemblance` from week to week (AR(1))."""
    lags = np.arange(1, weeks)
    return float((1 + 2 * ((1 - lags / weeks) * resemblance**lags).sum()) / weeks)


def slope_interval(y: np.ndarray) -> tuple[float, float]:
    """90 % interval of the slope per day of `y`, as described at direction_of."""
    x = np.arange(len(y)) - (len(y) - 1) / 2
    slope = float(x @ (y - y.mean()) / (x @ x))
    residuals = y - y.mean() - slope * x
    squares = float(residuals @ residuals)
    if squares < 1e-12:  # an exact line: nothing to widen; without 1e-9 rounding makes a level line fall
        return (slope, slope) if abs(slope) > 1e-9 else (0.0, 0.0)
    r = min(max(float(residuals[1:] @ residuals[:-1]) / squares, 0.0), 0.95)
    error = np.sqrt(squares / (len(y) - 2) / (x @ x) * (1 + r) / (1 - r))
    half = float(stats.t.ppf(0.95, len(y) - 2) * error)
    return slope - half, slope + half


def recovery_days(values: np.ndarray, threshold: float, bound: np.ndarray | None = None) -> int | NotMeasurable:
    """Days from t0_end to the first of 7 days in a row at or above `threshold`, after the index fell below it.

    With `bound`, the upper or lower ends of the index's interval, it is they that have to come back: the earliest and the latest day
    that the interval leaves open.

    `values` holds the index from day 6 on. Only a fall within the first 28 days counts; without one the reason says `never_fell`, and
    a level not regained at the end of the data is right-censored.
    """
    days = np.arange(6, 6 + len(values))
    fell = np.flatnonzero((values < threshold) & (days < FALL_WITHIN_DAYS))
    if not len(fell):
        if days[-1] < FALL_WITHIN_DAYS - 1:
            return NotMeasurable(
                reason=f"not fallen below {threshold:g} so far: {days[-1] + 1} of the first {FALL_WITHIN_DAYS} days are seen"
            )
        return NotMeasurable(reason=f"never_fell: the index did not fall below {threshold:g} within {FALL_WITHIN_DAYS} days")
    above = ((values if bound is None else bound) >= threshold).astype(int)
    runs = (
        np.convolve(above, np.ones(RUN_DAYS, dtype=int), mode="valid") == RUN_DAYS if len(above) >= RUN_DAYS else np.zeros(0, bool)
    )
    back = np.flatnonzero(runs[fell[0] :]) if len(runs) > fell[0] else np.zeros(0, int)
    if len(back):
        return int(days[fell[0] + back[0]])
    return NotMeasurable(
        reason=f"right-censored: the index was not back at {threshold:g} for {RUN_DAYS} days in a row within the {days[-1] + 1} days seen"
    )
