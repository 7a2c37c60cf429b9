"""The Breakout Scale (Nimmo 2020, "The Breakout Scale: measuring the impact of influence operations", Brookings).

Category 1: one platform, one community. 2: one platform and several communities, or several platforms and one community each. 3: several
platforms and several communities. 4 to 6 (other media, celebrities, policy, violence) cannot be seen in posts: they need evidence that
an analyst entered in the campaign file.
"""

import pandas as pd

from tasks.domain.campaign import Campaign
from tasks.domain.measures import NotMeasurable, Shared
from tasks.domain.periods import Period
from tasks.domain.platforms import platform_names

PICKED_UP = 10  # engagements; a post with this many was taken up
MIN_PICKED_UP = 0.01  # of a platform's measured posts
MAX_INTERNAL = 0.5  # beyond, the engagement is mostly the campaign's own


def breakout(
    measured: pd.DataFrame, posts: pd.DataFrame, internal: Shared | NotMeasurable, campaign: Campaign, period: Period
) -> tuple[int | NotMeasurable, str]:
    """(category, the reason in words). `measured`: the period's posts with a column engagement; `posts`: all of the period.

    Another community is taken to be reached on a platform where at least 1 % of the measured posts have 10 or more engagements and not
    more than half of the shares and replies are the campaign's own. Evidence counts from its own day on.
    """
    entered = [evidence for evidence in campaign.breakout_evidence if evidence.on < period.end.date()]
    if entered:
        best = max(entered, key=lambda evidence: (evidence.category, evidence.on))
        return best.category, f"entered by an analyst: {best.what} ({best.on}, {best.address})"
    if posts.empty:
        missing = NotMeasurable(reason="there was no post")
        return missing, missing.reason
    platforms = int(posts["platform"].nunique())
    where = "one platform" if platforms == 1 else f"{platforms} platforms"
    if measured.empty:
        return min(platforms, 2), f"posts on {where}; engagement was not measured, so the category is a lower bound"
    if isinstance(internal, Shared) and (internal.share or 0) > MAX_INTERNAL:
        return min(platforms, 2), f"posts on {where}; most shares and replies are the campaign's own"
    taken_up = (measured["engagement"] >= PICKED_UP).groupby(measured["platform"]).mean()
    reached = sorted(str(name) for name in taken_up.index[taken_up >= MIN_PICKED_UP])
    if not reached:
        return min(platforms, 2), f"posts on {where}, hardly taken up: fewer than 1 % reached {PICKED_UP} engagements"
    category = 2 if platforms == 1 else 3
    return (
        category,
        f"posts on {where}, taken up ({PICKED_UP} or more engagements on at least 1 % of posts) on {platform_names(reached)}",
    )
