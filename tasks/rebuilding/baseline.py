"""What the campaign did before the takedown: the median of up to eight weeks, and the last seven days."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import Baseline, PriorLevel
from tasks.rebuilding.episodes import GAP_DAYS, Episode
from tasks.rebuilding.timeline import AccountDays, day_date

WEEKS = 8
FEWEST_WEEKS = 4
FURTHEST_WEEK = 26  # 182 days


@dataclass(frozen=True)
class BaselineWeeks:
    """First days of the weeks used, newest first; each week is [start, start + 7)."""

    starts: tuple[int, ...]
    left_out: int  # of the weeks between the oldest used (at least the eighth) and t0
    age_days: int  # from the newest used week's end to t0
    before_data: int  # weeks left out because the data begin later
    near_earlier: int  # weeks left out because an earlier episode touches them

    @property
    def oldest(self) -> int:
        return self.starts[-1]


def choose_weeks(t0: int, data_start: int, earlier: Sequence[Episode]) -> BaselineWeeks | NotMeasurable:
    """The weeks [t0 - 7k, t0 - 7(k - 1)), k = 1..8, without those that an earlier episode touches (from its first day to 28 days
    after its last) or that begin before the data do. With fewer than 4 left the search goes on back to k = 26.
    """
    reasons = {k: _why_not(t0 - 7 * k, data_start, earlier) for k in range(1, FURTHEST_WEEK + 1)}
    near = [k for k in range(1, WEEKS + 1) if not reasons[k]]
    used = near if len(near) >= FEWEST_WEEKS else [k for k in reasons if not reasons[k]][:WEEKS]
    if len(used) < FEWEST_WEEKS:
        return NotMeasurable(
            reason=f"only {len(used)} whole weeks within 182 days before {day_date(t0)} are observed and clear of earlier takedowns; "
            f"{FEWEST_WEEKS} are needed (data begin {day_date(data_start)})"
        )
    spanned = [reasons[k] for k in range(1, max(WEEKS, used[-1]) + 1)]
    return BaselineWeeks(
        starts=tuple(t0 - 7 * k for k in used),
        left_out=sum(1 for reason in spanned if reason),
        age_days=7 * (used[0] - 1),
        before_data=spanned.count("data"),
        near_earlier=spanned.count("earlier"),
    )


def _why_not(start: int, data_start: int, earlier: Sequence[Episode]) -> str:
    if start < data_start:
        return "data"
    return "earlier" if any(start < e.end + GAP_DAYS and start + 7 > e.start for e in earlier) else ""


def weekly_means(days: AccountDays, weeks: BaselineWeeks) -> np.ndarray:
    """Shape (3, weeks): daily mean of active accounts, posts and engagement in each baseline week, newest first."""
    first = weeks.oldest
    daily = days.daily(first, weeks.starts[0] + 7)
    return np.stack([daily[:, start - first : start - first + 7].mean(axis=1) for start in weeks.starts], axis=1)


def measure_baseline(days: AccountDays, weeks: BaselineWeeks, engagement_missing: NotMeasurable | None) -> Baseline:
    """The median week of each series; `engagement_missing` is the reason why engagement has none."""
    accounts, posts, engagement = np.median(weekly_means(days, weeks), axis=1)
    return Baseline(
        accounts=float(accounts),
        posts=float(posts),
        engagement=engagement_missing or float(engagement),
        weeks=len(weeks.starts),
        weeks_left_out=weeks.left_out,
        age_days=weeks.age_days,
    )


def measure_prior(days: AccountDays, t0: int, after: int, end: int, data_start: int) -> PriorLevel | NotMeasurable:
    """Daily means of the 7 days before t0, and the last 7 days before `end` over them: a campaign that surges before it is cut looks
    different against this than against its baseline.
    """
    if t0 - 7 < data_start:
        return NotMeasurable(reason=f"data begin {day_date(data_start)}, less than 7 days before {day_date(t0)}")
    accounts, posts, _ = days.daily(t0 - 7, t0).mean(axis=1)
    too_short = NotMeasurable(reason=f"the index needs 7 days after the takedown ended, there are {max(end - after, 0)}")
    now = days.daily(end - 7, end).mean(axis=1) if end - after >= 7 else None
    ratios = [
        too_short if now is None else round(float(now[i] / prior), 6) if prior else NotMeasurable(reason="no posts in those 7 days")
        for i, prior in enumerate((accounts, posts))
    ]
    return PriorLevel(accounts=float(accounts), posts=float(posts), index_accounts=ratios[0], index_posts=ratios[1])
