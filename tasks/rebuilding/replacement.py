"""Whether losses are made up: accounts gained a week over accounts lost a week."""

import numpy as np
import pandas as pd

from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import Replacement
from tasks.rebuilding.cohorts import Assignment
from tasks.rebuilding.episodes import Episode
from tasks.rebuilding.followers import latest_followers, measure_followers
from tasks.rebuilding.survival import FEWEST_ACCOUNTS, curve, lost_accounts
from tasks.rebuilding.timeline import SILENCE_DAYS, Timeline


def measure_replacement(
    timeline: Timeline, episode: Episode, risk: np.ndarray, assignment: Assignment, observations: pd.DataFrame
) -> Replacement | NotMeasurable:
    """Gained: accounts created after, pre-positioned or reactivated that posted in [t0_end, end). Lost: accounts at risk at t0 that are
    lost by the end of the data, and those that first posted later and are lost. Both per week since t0.

    Accounts about which nothing is known but a first post after t0 are not counted as gained; their number stands with the cohorts.
    Dwell: the Kaplan-Meier median from first to last post of the created and pre-positioned ones. Followers: of the accounts at risk that
    are lost, and of the gained; `observations` as in followers.py.
    """
    horizon = timeline.end - SILENCE_DAYS
    if horizon < episode.end:
        return NotMeasurable(reason=f"losses show only after {SILENCE_DAYS} days of silence, and the data end before that")
    weeks = (timeline.end - episode.start) / 7
    gained = assignment.members("created_after", "pre_positioned", "reactivated")
    fresh = assignment.members("created_after", "pre_positioned")
    silent = lost_accounts(timeline)
    lost = silent & (risk | (timeline.first_day >= episode.start))
    gained_week, lost_week = gained.sum() / weeks, lost.sum() / weeks
    return Replacement(
        gained_per_week=round(float(gained_week), 6),
        lost_per_week=round(float(lost_week), 6),
        ratio=round(float(gained_week / lost_week), 6) if lost_week else NotMeasurable(reason="no account was lost"),
        dwell_days_median=_dwell(timeline, fresh & (timeline.first_day < horizon), horizon),
        followers=measure_followers(latest_followers(timeline, observations), silent & risk, gained),
    )


def _dwell(timeline: Timeline, accounts: np.ndarray, horizon: int) -> float | NotMeasurable:
    if accounts.sum() < FEWEST_ACCOUNTS:
        return NotMeasurable(reason=f"fewer than {FEWEST_ACCOUNTS} replacements that could be followed for {SILENCE_DAYS} days")
    return curve("replacements", timeline.first_day[accounts], timeline.last_day[accounts], horizon).median_days
