"""Days on which more accounts fell silent than chance explains: loss waves, and bursts of accounts that lived less than a week.

Of every active account-day the question is whether a silence began there. Expected number on a day: accounts active that day times the
median hazard of the 57 days around it, or the pooled hazard of the calm ones where that is higher (the median of small counts is 0:
at 0.6 losses a day every loss would be a wave). Counts are negative binomial; Benjamini-Hochberg at 1 %.

Calm are the nine in ten days of lowest hazard, and the dispersion is the maximum likelihood for counts truncated there. Estimating it from
all days that were not flagged, again and again, unravels on real data: a wave that is missed once raises the dispersion and hides
the next, until none of the losses of August 2017 (22, 48, 79 and 23 accounts against about one a day) is found.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import Burst, LossWave
from tasks.domain.takedowns import Takedown
from tasks.rebuilding.matching import match_day, usual_gap
from tasks.rebuilding.timeline import SILENCE_DAYS, Timeline, day_date

WINDOW_DAYS = 57
FDR = 0.01
LIVED_DAYS = 7  # an account whose posts span fewer days ends in a burst, not in a wave
PROVISIONAL_DAYS = 7
FEWEST = 3
CALM_SHARE = 0.9


@dataclass(frozen=True)
class Silences:
    """One entry per active account-day, with the silence that follows it."""

    day: np.ndarray
    gap: np.ndarray  # days without a post after it: up to the next post, or to the end of the data
    last: np.ndarray  # no post follows
    lived: np.ndarray  # days from the account's first post to this day, both included
    lifespan: np.ndarray  # days from the account's first post to its last, both included
    threshold: np.ndarray  # the silence from which this account counts as lost


@dataclass(frozen=True)
class Excess:
    """Per day of a series: expected count, p-value and q-value; NaN where the day was not tested."""

    expected: np.ndarray
    p_value: np.ndarray
    q_value: np.ndarray


def read_silences(timeline: Timeline) -> Silences:
    """Every active account-day of the timeline and what came after it."""
    days = timeline.days
    last = np.r_[days.account[1:] != days.account[:-1], True]
    following = np.r_[days.day[1:], timeline.end]
    first = timeline.first_day[days.account]
    return Silences(
        day=days.day,
        gap=np.where(last, timeline.end, following) - days.day - 1,
        last=last,
        lived=days.day - first + 1,
        lifespan=timeline.last_day[days.account] - first + 1,
        threshold=timeline.lost_after[days.account],
    )


def find_waves(timeline: Timeline, ledger: Iterable[Takedown]) -> tuple[LossWave, ...] | NotMeasurable:
    """Every loss wave in the data, oldest first, the provisional ones last.

    Confirmed: a silence of at least the account's own threshold (30 days or more), tested on the days at which the data are long enough
    to show it; accounts for which they are not are left out of losses and of those at risk. Provisional: a silence of 7 days or
    more that the data do not yet decide, tested against the hazard of any such pause; `returned_share` is the share of earlier
    pauses that ended with a return.

    A wave's day is the day of the last posts, and who posts every few days posted last some days before the removal. `matched` is
    therefore the takedown (source platform or press; an `inferred` row matches nothing) whose span holds the day or begins after it
    within the usual gap of the accounts lost that day: the 90th percentile of their own gaps between days with a post, at least 1 and
    at most 14 days. Of several the one that holds the day, else the nearest.
    """
    if timeline.end - timeline.data_start < WINDOW_DAYS + PROVISIONAL_DAYS:
        return NotMeasurable(reason=f"waves need {WINDOW_DAYS + PROVISIONAL_DAYS} days of data")
    silences, rows = read_silences(timeline), list(ledger)
    grown = silences.lived >= LIVED_DAYS
    to_end = timeline.end - 1 - silences.day
    decided = grown & (to_end >= silences.threshold)
    open_yet = grown & (to_end >= PROVISIONAL_DAYS)
    firm_end, soft_end = timeline.end - SILENCE_DAYS, timeline.end - PROVISIONAL_DAYS
    lost = decided & silences.last
    paused = open_yet & (silences.gap >= PROVISIONAL_DAYS)
    firm = _waves(timeline, silences.day[lost], silences.day[decided], firm_end, timeline.data_start)
    soft = _waves(timeline, silences.day[paused], silences.day[open_yet], soft_end, firm_end)
    returned = {
        False: _returned(silences, grown & (to_end >= SILENCE_DAYS), SILENCE_DAYS),
        True: _returned(silences, grown & (to_end >= SILENCE_DAYS), PROVISIONAL_DAYS),
    }
    ends = {False: lost, True: paused}
    return tuple(
        LossWave(
            day=day_date(day),
            lost=count,
            expected=round(expected, 3),
            p_value=p,
            q_value=q,
            provisional=provisional,
            returned_share=returned[provisional],
            matched=match_day(day, rows, usual_gap(timeline.days, ends[provisional] & (silences.day == day))),
        )
        for provisional, found in ((False, firm), (True, soft))
        for day, count, expected, p, q in found
    )


def find_bursts(timeline: Timeline) -> tuple[Burst, ...] | NotMeasurable:
    """Days on which more accounts that lived less than 7 days stopped than the days around explain."""
    if timeline.end - timeline.data_start < WINDOW_DAYS + PROVISIONAL_DAYS:
        return NotMeasurable(reason=f"bursts need {WINDOW_DAYS + PROVISIONAL_DAYS} days of data")
    silences = read_silences(timeline)
    short = silences.last & (silences.lifespan < LIVED_DAYS) & (silences.gap >= silences.threshold)
    every_day = np.arange(timeline.data_start, timeline.end - SILENCE_DAYS)
    found = _waves(timeline, silences.day[short], every_day, timeline.end - SILENCE_DAYS, timeline.data_start)
    return tuple(
        Burst(day=day_date(day), accounts=count, expected=round(expected, 3), q_value=q) for day, count, expected, _, q in found
    )


def _waves(
    timeline: Timeline, events: np.ndarray, exposed: np.ndarray, end: int, report_from: int
) -> list[tuple[int, int, float, float, float]]:
    """(day, count, expected, p, q) of the flagged days in [report_from, end); all days before `end` serve as background."""
    first = timeline.data_start
    if end <= first:
        return []
    count = np.bincount(events[events < end] - first, minlength=end - first)
    at_risk = np.bincount(exposed[exposed < end] - first, minlength=end - first)
    excess = find_excess(count, at_risk)
    flagged = np.flatnonzero((excess.q_value <= FDR) & (count >= FEWEST))
    return [
        (first + int(i), int(count[i]), float(excess.expected[i]), float(excess.p_value[i]), float(excess.q_value[i]))
        for i in flagged
        if first + i >= report_from
    ]


def find_excess(count: np.ndarray, at_risk: np.ndarray) -> Excess:
    """Test every day with somebody at risk. `count`, `at_risk`: one entry per day."""
    p, q = np.full(len(count), np.nan), np.full(len(count), np.nan)
    tested = at_risk > 0
    if not tested.any():
        return Excess(np.zeros(len(count)), p, q)
    hazard = count / np.maximum(at_risk, 1)
    limit = float(np.quantile(hazard[tested], CALM_SHARE))
    calm = tested & (hazard <= limit)
    expected = _expected(count, at_risk, calm)
    ceiling = np.floor(limit * at_risk + 1e-9)
    alpha = _dispersion(count[calm], expected[calm], ceiling[calm])
    p[tested] = stats.nbinom.sf(count[tested] - 1, 1 / alpha, 1 / (1 + alpha * expected[tested]))
    q[tested] = stats.false_discovery_control(np.clip(p[tested], 0, 1))
    return Excess(expected, p, q)


def _expected(count: np.ndarray, at_risk: np.ndarray, calm: np.ndarray) -> np.ndarray:
    half = WINDOW_DAYS // 2
    hazard = np.full(len(count) + 2 * half, np.nan)
    hazard[half : half + len(count)] = np.where(at_risk > 0, count / np.maximum(at_risk, 1), np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(hazard, WINDOW_DAYS)
    some = ~np.isnan(windows).all(axis=1)
    median = np.zeros(len(count))
    median[some] = np.nanmedian(windows[some], axis=1)
    kernel = np.ones(WINDOW_DAYS)
    events = np.convolve(np.where(calm, count, 0), kernel)[half : half + len(count)]
    exposed = np.convolve(np.where(calm, at_risk, 0), kernel)[half : half + len(count)]
    pooled = (events + 0.5) / np.maximum(exposed, 1)  # never 0: half a loss in a window without any
    expected: np.ndarray = np.maximum(median, pooled) * at_risk
    return expected


def _dispersion(count: np.ndarray, expected: np.ndarray, ceiling: np.ndarray) -> float:
    """alpha in variance = mu + alpha mu^2 that makes counts known to lie at or below `ceiling` likeliest, within e^-9 .. e^4."""

    def surprise(log_alpha: float) -> float:
        size = np.exp(-log_alpha)
        share = size / (size + expected)
        return -float((stats.nbinom.logpmf(count, size, share) - stats.nbinom.logcdf(ceiling, size, share)).sum())

    return float(np.exp(optimize.minimize_scalar(surprise, bounds=(-9, 4), method="bounded").x))


def _returned(silences: Silences, eligible: np.ndarray, at_least: int) -> float | NotMeasurable:
    """Share of the silences of `at_least` days that ended with another post."""
    long = eligible & (silences.gap >= at_least)
    if not long.any():
        return NotMeasurable(reason=f"no silence of {at_least} days is in the data yet")
    return round(float((~silences.last[long]).mean()), 6)
