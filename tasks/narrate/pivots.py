"""Did the campaign turn to an event? A change-point in the daily share of posts that match the event's keywords."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import xlogy

from tasks.domain.campaign import Campaign, Holiday
from tasks.domain.measures import NotMeasurable
from tasks.domain.narratives import Pivot
from tasks.domain.takedowns import Event

DAYS_BEFORE, DAYS_AFTER = 56, 56  # of the event; the window also ends with the period
MIN_BEFORE, MIN_AFTER = 14, 7  # days with posts on either side, for the test to mean anything
EDGE = 3  # days with posts that a change-point leaves on either side
MIN_POSTS, MIN_MATCHES = 100, 10
BLOCK_DAYS = 3  # days permuted together: shares of neighbouring days resemble each other
PERMUTATIONS = 999
MAX_P = 0.01  # a pivot is claimed at or below
_DROP = 1.92  # half the 95 % point of chi-square with one degree of freedom


@dataclass(frozen=True)
class Change:
    """A rise of a binomial share: `at` is the position of the first day of the new share, `low`..`high` its 95 % interval."""

    at: int
    low: int
    high: int
    before: float
    after: float
    p_value: float


def pivots(posts: pd.DataFrame, campaign: Campaign, end: datetime, seed: int) -> tuple[Pivot, ...] | NotMeasurable:
    """Test every event of the campaign file before `end` for a rise of its keywords' share. `posts`: POSTS columns of members.

    An empty tuple says that events were tested and no change was found at p <= 0.01. NotMeasurable says why nothing could be tested.
    """
    events = [event for event in campaign.events if _midnight(event.on) < end]
    if not events:
        return NotMeasurable(reason="the campaign file names no event before the end of the period")
    found: list[Pivot] = []
    reasons: list[str] = []
    for event in events:
        outcome = _pivot(posts, event, campaign.holidays, end, seed)
        if isinstance(outcome, NotMeasurable):
            reasons.append(outcome.reason)
        elif outcome is not None:
            found.append(outcome)
    return NotMeasurable(reason="; ".join(reasons)) if len(reasons) == len(events) else tuple(found)


def change_point(matched: np.ndarray, total: np.ndarray, seed: int) -> Change | None:
    """The most likely day on which a daily share rose, or None if no split rises. `matched`, `total`: counts per day, total > 0.

    Maximises the binomial likelihood ratio of two shares over one; the interval holds the days within 1.92 log units times the
    overdispersion of the best; `p_value` compares the maximum with those of series whose days were permuted in blocks of 3.
    """
    gain = _gain(matched[None, :], total[None, :])[0]
    if not len(gain) or gain.max() <= 0:
        return None
    at = int(gain.argmax()) + EDGE
    before, after = matched[:at].sum() / total[:at].sum(), matched[at:].sum() / total[at:].sum()
    expected = np.where(np.arange(len(total)) < at, before, after)
    spread = total * expected * (1 - expected)
    pearson = np.where(spread > 0, (matched - total * expected) ** 2 / np.where(spread > 0, spread, 1), 0).sum()
    near = np.flatnonzero(gain >= gain.max() - _DROP * max(1.0, pearson / max(len(total) - 2, 1))) + EDGE
    rng = np.random.default_rng(seed)
    order = _shuffled_blocks(len(total), rng)
    reached = (_gain(matched[order], total[order]).max(axis=1) >= gain.max()).sum()
    return Change(at, int(near.min()), int(near.max()), float(before), float(after), float((1 + reached) / (1 + PERMUTATIONS)))


def _gain(matched: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Log-likelihood gained by a rise at each possible day, rows are series; 0 where the share falls."""
    k, n = np.cumsum(matched, axis=1), np.cumsum(total, axis=1)
    k_all, n_all = k[:, -1:], n[:, -1:]
    split = slice(EDGE - 1, max(matched.shape[1] - EDGE, EDGE - 1))
    k0, n0 = k[:, split], n[:, split]
    k1, n1 = k_all - k0, n_all - n0
    gain = _loglik(k0, n0) + _loglik(k1, n1) - _loglik(k_all, n_all)
    return np.asarray(np.where(k1 * n0 > k0 * n1, gain, 0.0))


def _loglik(k: np.ndarray, n: np.ndarray) -> np.ndarray:
    share = k / np.maximum(n, 1)
    return np.asarray(xlogy(k, share) + xlogy(n - k, 1 - share))


def _shuffled_blocks(days: int, rng: np.random.Generator) -> np.ndarray:
    """PERMUTATIONS orders of the days, a row each: blocks of BLOCK_DAYS in random order, the first one shorter at random."""
    shorter = rng.integers(BLOCK_DAYS, size=(PERMUTATIONS, 1))
    block = (np.arange(days) + shorter) // BLOCK_DAYS
    place = rng.random((PERMUTATIONS, days // BLOCK_DAYS + 2))
    return np.argsort(np.take_along_axis(place, block, axis=1), axis=1, kind="stable")


def _pivot(
    posts: pd.DataFrame, event: Event, holidays: Sequence[Holiday], end: datetime, seed: int
) -> Pivot | NotMeasurable | None:
    words = sorted({word.lower() for words in event.keywords.values() for word in words if word.strip()})
    if not words:
        return NotMeasurable(reason=f"{event.event_id} has no keywords in the campaign file")
    daily = _daily(
        posts, words, _midnight(event.on) - timedelta(days=DAYS_BEFORE), min(end, _midnight(event.on) + timedelta(days=DAYS_AFTER))
    )
    before, after = (daily.index < event.on).sum(), (daily.index >= event.on).sum()
    if before < MIN_BEFORE or after < MIN_AFTER or daily["total"].sum() < MIN_POSTS:
        return NotMeasurable(
            reason=f"{event.event_id} has {before} days with posts before it, {after} from its day on and {daily['total'].sum()} posts;"
            f" the test needs {MIN_BEFORE}, {MIN_AFTER} and {MIN_POSTS}"
        )
    if daily["matched"].sum() < MIN_MATCHES:
        return None
    change = change_point(daily["matched"].to_numpy(), daily["total"].to_numpy(), seed)
    if change is None or change.p_value > MAX_P:
        return None
    day = daily.index[change.at]
    return Pivot(
        event_id=event.event_id,
        event=event.title,
        event_on=event.on,
        day=day,
        interval=(daily.index[change.low], daily.index[change.high]),
        lag_days=(day - event.on).days,
        share_before=change.before,
        share_after=change.after,
        p_value=change.p_value,
        holiday_control=_holiday_control(daily, day, holidays, seed),
    )


def _daily(posts: pd.DataFrame, words: list[str], start: datetime, end: datetime) -> pd.DataFrame:
    """matched, total by day (index: date), days with posts only."""
    window = posts[(posts["posted_at"] >= start) & (posts["posted_at"] < end)]
    text = pc.utf8_lower(pa.array(window["text"].fillna("")))
    hit = np.zeros(len(window), bool)
    for word in words:
        hit |= pc.match_substring(text, word).to_numpy(zero_copy_only=False).astype(bool)
    day = window["posted_at"].dt.tz_convert(None).dt.floor("D").to_numpy()  # dates as Python objects cost 1 s for 800k posts
    daily = pd.DataFrame({"day": day, "matched": hit.astype(np.int64), "total": 1}).groupby("day")[["matched", "total"]].sum()
    return daily.set_axis(pd.Index(pd.DatetimeIndex(daily.index).date, name="day"), axis=0)


def _holiday_control(daily: pd.DataFrame, day: date, holidays: Sequence[Holiday], seed: int) -> str:
    if not holidays:
        return "not tested: the campaign file names no holidays"
    off = np.zeros(len(daily), bool)
    names = []
    for holiday in holidays:
        inside = np.array([holiday.first <= d <= holiday.last for d in daily.index], bool)
        if inside.any():
            names.append(holiday.name)
            off |= inside
    if not names:
        return "no holiday of the campaign file lies in the window"
    rest = daily[~off]
    change = change_point(rest["matched"].to_numpy(), rest["total"].to_numpy(), seed) if len(rest) > 2 * EDGE else None
    shown = ", ".join(dict.fromkeys(names))
    if change is None or change.p_value > MAX_P:
        return f"without the days of {shown} the change can no longer be shown"
    moved = rest.index[change.at]
    if moved == day:
        return f"the same day without the days of {shown}"
    return f"without the days of {shown} the change falls on {moved} instead of {day}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
