"""Reading an index: how deep it fell, where it stands, where it is going, and when it came back."""

from datetime import date

import numpy as np
from scipy import stats

from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import Direction, Level
from tasks.rebuilding.timeline import day_date

FALL_WITHIN_DAYS = 28
DIRECTION_DAYS = 28
RUN_DAYS = 7


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


def direction_of(daily: np.ndarray) -> Direction | NotMeasurable:
    """Sign of the slope of log(daily amount + 0.5) over the last 28 days since the takedown; flat if its 90 % interval holds 0.

    `daily` starts at t0_end. The standard error of the least-squares slope is widened by sqrt((1 + r) / (1 - r)), r the lag-1
    autocorrelation of the residuals if positive: days of one campaign are not independent, and without this a random
    wandering reads as a trend.
    """
    if len(daily) < DIRECTION_DAYS:
        return NotMeasurable(reason=f"a direction needs {DIRECTION_DAYS} days after the takedown, there are {max(len(daily), 0)}")
    low, high = slope_interval(np.log(daily[-DIRECTION_DAYS:] + 0.5))
    if low > 0:
        return "rising"
    return "falling" if high < 0 else "flat"


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


def recovery_days(values: np.ndarray, threshold: float) -> int | NotMeasurable:
    """Days from t0_end to the first of 7 days in a row at or above `threshold`, after the index fell below it.

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
    above = (values >= threshold).astype(int)
    runs = (
        np.convolve(above, np.ones(RUN_DAYS, dtype=int), mode="valid") == RUN_DAYS if len(above) >= RUN_DAYS else np.zeros(0, bool)
    )
    back = np.flatnonzero(runs[fell[0] :]) if len(runs) > fell[0] else np.zeros(0, int)
    if len(back):
        return int(days[fell[0] + back[0]])
    return NotMeasurable(
        reason=f"right-censored: the index was not back at {threshold:g} for {RUN_DAYS} days in a row within the {days[-1] + 1} days seen"
    )
