"""When people post: weights by day and by time of day, in UTC.

The campaign keeps office hours in UTC+8: a morning, an afternoon and a shorter evening shift, with gaps for lunch and dinner, less at
the weekend, little on Chinese public holidays, and full work on the make-up working days around them. Decoys post in their leisure.
"""

from datetime import UTC, date, datetime, timedelta

import numpy as np

from tasks.simulate.scenarios import START, WEEKS

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
BIN_US = 600 * SECOND_US  # time of day is drawn in bins of ten minutes
DAYS = WEEKS * 7
CAMPAIGN, LEISURE_EN, LEISURE_ZH = 0, 1, 2

HOLIDAYS = (  # public holidays of 2023, first and last day
    (date(2023, 1, 21), date(2023, 1, 27)),
    (date(2023, 4, 29), date(2023, 5, 3)),
    (date(2023, 9, 29), date(2023, 10, 6)),
)
MAKE_UP_WORKDAYS = (date(2023, 1, 28), date(2023, 1, 29), date(2023, 4, 23), date(2023, 5, 6), date(2023, 10, 7), date(2023, 10, 8))


def to_us(instant: datetime) -> int:
    """Microseconds since 1970."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


START_US = to_us(START)
END_US = START_US + DAYS * DAY_US


def campaign_day_factors() -> np.ndarray:
    """Relative activity of the campaign on every simulated day."""
    factors = np.ones(DAYS)
    for index in range(DAYS):
        day = START.date() + timedelta(days=index)
        if day in MAKE_UP_WORKDAYS:
            continue
        if any(first <= day <= last for first, last in HOLIDAYS):
            factors[index] = 0.3
        elif day.weekday() >= 5:
            factors[index] = 0.4 if day.weekday() == 5 else 0.3
    return factors


def decoy_day_factors() -> np.ndarray:
    """Relative activity of everybody else: a little more at the weekend."""
    return np.where(np.arange(DAYS) % 7 >= 5, 1.2, 1.0)


_OFFICE_HOURS = (  # local start, local end, weight
    (0.0, 8.5, 0.02),
    (8.5, 12.0, 1.0),
    (12.0, 13.5, 0.25),  # lunch
    (13.5, 18.0, 1.0),
    (18.0, 19.5, 0.2),  # dinner
    (19.5, 22.0, 0.3),
    (22.0, 24.0, 0.05),
)


def _office() -> np.ndarray:
    hours = np.arange(144) / 6
    local = np.zeros(144)
    for first, last, weight in _OFFICE_HOURS:
        local[(hours >= first) & (hours < last)] = weight
    return np.roll(local, -48)  # UTC = local - 8 h


def _leisure(peak_utc: float, floor: float) -> np.ndarray:
    hours = np.arange(144) / 6
    return floor + (1 - floor) * (0.5 + 0.5 * np.cos((hours - peak_utc) / 24 * 2 * np.pi)) ** 1.5


_CUMULATIVE = np.stack([np.cumsum(w / w.sum()) for w in (_office(), _leisure(6.0, 0.1), _leisure(8.0, 0.1))])


def time_of_day(rng: np.random.Generator, groups: np.ndarray) -> np.ndarray:
    """Microseconds after midnight UTC, one draw for every entry of `groups` (CAMPAIGN, LEISURE_EN or LEISURE_ZH); whole seconds."""
    position = rng.random(len(groups))
    bins = np.zeros(len(groups), dtype=np.int64)
    for group in (CAMPAIGN, LEISURE_EN, LEISURE_ZH):
        chosen = groups == group
        bins[chosen] = np.minimum(np.searchsorted(_CUMULATIVE[group], position[chosen], side="right"), 143)
    seconds: np.ndarray = bins * 600 + rng.integers(0, 600, len(groups))
    return seconds * SECOND_US


def exposure(factors: np.ndarray, on_us: np.ndarray, off_us: np.ndarray) -> np.ndarray:
    """Factor-weighted days in [on, off), the unit in which posts are planned."""
    edges = START_US + np.arange(DAYS + 1) * DAY_US
    cumulative = np.concatenate([[0.0], np.cumsum(factors)])
    days: np.ndarray = np.interp(off_us, edges, cumulative) - np.interp(on_us, edges, cumulative)
    return days
