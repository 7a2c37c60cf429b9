"""What happened to everybody: the course of comparators over the same weeks, and the campaign's loss adjusted by it.

The adjusted index is the campaign's index over the comparator's, day by day (a ratio of ratios: difference in differences of
logarithms); the adjusted loss is one less that on the day on which the campaign's own index was lowest. Interval: as for the index
(tasks.rebuilding.index), with s the standard deviation of the logarithms of the weekly ratios campaign / comparator, so that what moves
both alike widens nothing.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tasks.domain.measures import Estimate, Interval, NotMeasurable
from tasks.domain.rebuilding import ComparatorRow
from tasks.rebuilding.baseline import BaselineWeeks
from tasks.rebuilding.bootstrap import rolling_week
from tasks.rebuilding.episodes import Episode
from tasks.rebuilding.index import LEVEL, log_factor
from tasks.rebuilding.timeline import Timeline

NOT_NAMED = NotMeasurable(reason="the campaign file names no comparator")


def compare(
    timeline: Timeline, episode: Episode, weeks: BaselineWeeks, comparators: Mapping[str, pd.DataFrame]
) -> tuple[ComparatorRow, ...] | NotMeasurable:
    """One row a comparator, in the order of names. Columns used of their posts: platform, account_id, posted_at; others than on this
    platform do not count."""
    if not comparators:
        return NOT_NAMED
    if timeline.end - episode.end < 7:
        return NotMeasurable(reason="the index needs 7 days after the takedown ended")
    return tuple(_row(name, timeline, episode, weeks, posts) for name, posts in sorted(comparators.items()))


def _row(name: str, timeline: Timeline, episode: Episode, weeks: BaselineWeeks, posts: pd.DataFrame) -> ComparatorRow:
    here = posts[(posts["platform"] == timeline.platform).to_numpy(dtype=bool)]
    day = here["posted_at"].to_numpy(dtype="datetime64[D]").astype(np.int64)
    inside = (day >= weeks.oldest) & (day < timeline.end)
    theirs = np.bincount(day[inside] - weeks.oldest, minlength=timeline.end - weeks.oldest).astype(float)
    ours = timeline.days.daily(weeks.oldest, timeline.end)[1]
    their_weeks, our_weeks = _weekly(theirs, weeks), _weekly(ours, weeks)
    accounts = int(here.loc[inside, "account_id"].nunique())
    base, our_base = float(np.median(their_weeks)), float(np.median(our_weeks))
    if (their_weeks <= 0).any() or our_base <= 0:
        reason = f"{name} has no post on the platform in {int((their_weeks <= 0).sum())} of the {len(their_weeks)} baseline weeks"
        missing = NotMeasurable(reason=reason if our_base > 0 else "the baseline of posts is 0: there is nothing to compare with")
        return ComparatorRow(
            name=name, accounts=accounts, baseline_posts=base, index=missing, adjusted_index=missing, adjusted_loss=missing
        )
    first = episode.end - weeks.oldest
    index, our_index = rolling_week(theirs[first:]) / base, rolling_week(ours[first:]) / our_base
    ratio = our_weeks / their_weeks
    factor = log_factor(ratio)
    lowest = int(np.argmin(our_index))
    return ComparatorRow(
        name=name,
        accounts=accounts,
        baseline_posts=round(base, 6),
        index=round(float(index[-1]), 6),
        adjusted_index=_estimate(float(our_index[-1]), float(index[-1]), factor, name),
        adjusted_loss=_loss(_estimate(float(our_index[lowest]), float(index[lowest]), factor, name)),
    )


def _estimate(ours: float, theirs: float, factor: float, name: str) -> Estimate | NotMeasurable:
    if theirs <= 0:
        return NotMeasurable(reason=f"{name} has no post in those seven days")
    value = ours / theirs
    interval: Interval | NotMeasurable = NotMeasurable(reason="a zero has no interval as a ratio")
    if value > 0:
        method = "spread of the baseline weeks' ratios"
        interval = Interval(low=round(value / factor, 6), high=round(value * factor, 6), level=LEVEL, method=method)
    return Estimate(value=round(value, 6), interval=interval)


def _loss(index: Estimate | NotMeasurable) -> Estimate | NotMeasurable:
    if isinstance(index, NotMeasurable):
        return index
    around = index.interval
    if isinstance(around, Interval):
        around = around.model_copy(update={"low": round(1 - around.high, 6), "high": round(1 - around.low, 6)})
    return Estimate(value=round(1 - index.value, 6), interval=around)


def _weekly(daily: np.ndarray, weeks: BaselineWeeks) -> np.ndarray:
    return np.array([daily[start - weeks.oldest : start - weeks.oldest + 7].mean() for start in weeks.starts])
