"""Followers regained: whether the accounts that came instead reach as many subscriptions as those that were lost."""

import numpy as np
import pandas as pd

from tasks.domain.accounts import REMOVED_STATUSES
from tasks.domain.measures import NotMeasurable, Shared
from tasks.domain.rebuilding import Followers
from tasks.rebuilding.timeline import Timeline

COVER = 0.9  # share of the accounts, of the lost and of the gained, whose followers have to be known


def latest_followers(timeline: Timeline, observations: pd.DataFrame) -> np.ndarray:
    """Per account of the timeline the followers last counted while it was up; NaN where nobody counted.

    Columns used: platform, account_id, observed_at, followers_count, status, batch_id, row_number. What a platform shows of an
    account that it has removed is no count.
    """
    counted = (observations["platform"] == timeline.platform) & observations["followers_count"].notna()
    counted &= ~observations["status"].isin(REMOVED_STATUSES)
    rows = observations.loc[counted.to_numpy(dtype=bool)].sort_values(["observed_at", "batch_id", "row_number"])
    position = pd.Index(timeline.accounts).get_indexer(pd.Index(rows["account_id"].to_numpy(dtype=object)))
    followers = np.full(len(timeline.accounts), np.nan)
    here = position >= 0
    followers[position[here]] = rows["followers_count"].to_numpy(dtype=float)[here]  # later rows overwrite earlier ones
    return followers


def measure_followers(followers: np.ndarray, lost: np.ndarray, gained: np.ndarray) -> Followers | NotMeasurable:
    """Sums over the accounts flagged in `lost` and `gained`. One person who follows three of them counts three times."""
    if not lost.any():
        return NotMeasurable(reason="no account at risk was lost")
    known = ~np.isnan(followers)
    if any((side & known).sum() < COVER * side.sum() for side in (lost, gained)):
        return NotMeasurable(
            reason=f"followers were counted for {(lost & known).sum():,} of {lost.sum():,} accounts lost and "
            f"{(gained & known).sum():,} of {gained.sum():,} gained"
        )
    before, after = int(followers[lost & known].sum()), int(followers[gained & known].sum())
    return Followers(
        lost=before,
        gained=after,
        lost_counted=Shared(part=int((lost & known).sum()), whole=int(lost.sum())),
        gained_counted=Shared(part=int((gained & known).sum()), whole=int(gained.sum())),
        ratio=round(after / before, 6) if before else NotMeasurable(reason="the accounts lost had no followers"),
    )
