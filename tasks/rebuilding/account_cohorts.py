"""Which cohort each account is in after each takedown: the counts of the briefing, account by account."""

import numpy as np
import pandas as pd

from tasks.domain.annexes import ACCOUNT_COHORTS
from tasks.domain.campaign import Campaign
from tasks.domain.periods import Cutoff, Period
from tasks.rebuilding.cohorts import NAMES, assign, read_knowledge
from tasks.rebuilding.episodes import read_ledger
from tasks.rebuilding.timeline import read_timelines


def account_cohorts(
    campaign: Campaign, *, posts: pd.DataFrame, observations: pd.DataFrame, period: Period, cutoff: Cutoff
) -> pd.DataFrame:
    """ACCOUNT_COHORTS: one row an account and episode after which it posted, sorted; per episode and cohort as many rows as
    tasks.rebuilding.measure counts, of the same `posts` (POSTS, by members) and `observations` (ACCOUNTS)."""
    known = Cutoff(min(period.end, cutoff.end), cutoff.as_of)
    timelines = read_timelines(posts, known.end)
    parts = [ACCOUNT_COHORTS.empty()]
    for ledger in read_ledger(campaign.takedowns, known):
        timeline = timelines.get(ledger.platform)
        if timeline is None:
            continue
        knowledge = read_knowledge(timeline, observations)
        for episode in ledger.episodes:
            cohort = assign(timeline, knowledge, episode).cohort
            placed = np.flatnonzero(cohort >= 0)
            parts.append(
                pd.DataFrame(
                    {
                        "takedown_id": episode.known_as,
                        "platform": ledger.platform,
                        "account_id": np.asarray(timeline.accounts, dtype=object)[placed],
                        "cohort": np.asarray(NAMES, dtype=object)[cohort[placed]],
                    }
                )
            )
    rows = pd.concat([ACCOUNT_COHORTS.conform(part) for part in parts], ignore_index=True)
    return rows.sort_values(["platform", "account_id", "takedown_id"], ignore_index=True)
