"""The rebuild index on its three bases: everything collected, what unchanged queries found, and who posted before the takedown."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np
import pandas as pd

from tasks.domain.batches import QueryEffort
from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import IndexSeries, Series
from tasks.rebuilding.baseline import BaselineWeeks
from tasks.rebuilding.bootstrap import AccountBootstrap
from tasks.rebuilding.effort import steady_queries
from tasks.rebuilding.episodes import Episode
from tasks.rebuilding.index import Window, index_of, not_measured
from tasks.rebuilding.missing import unmeasured_index
from tasks.rebuilding.timeline import Timeline, day_start

ENGAGEMENT_COVER = 0.9  # share of posts with a measured count below which engagement is no series


def measure_index(
    timeline: Timeline,
    episode: Episode,
    weeks: BaselineWeeks | NotMeasurable,
    queries: Sequence[QueryEffort],
    seed: int,
    finds: pd.DataFrame | None = None,
) -> tuple[IndexSeries, ...]:
    """Plain, fixed queries and fixed accounts (those with a post before t0), each for accounts, posts and engagement.

    `finds`: platform, post_id and query_id of the posts that several queries found.
    """
    if isinstance(weeks, NotMeasurable):
        return unmeasured_index(f"there is no baseline: {weeks.reason}")
    window = Window(weeks, episode.end, timeline.end)
    uncounted = engagement_missing(timeline, weeks.oldest)
    missing: dict[Series, str] = {"engagement": uncounted.reason} if uncounted else {}
    taking_part = timeline.posted(weeks.oldest, weeks.starts[0] + 7) | timeline.posted(episode.end, timeline.end)
    rng = np.random.default_rng([seed, crc32(timeline.platform.encode()), episode.start])
    draws = AccountBootstrap.draw(taking_part, rng)
    steady = steady_queries(queries, day_start(weeks.oldest), day_start(timeline.end))
    found = found_by(timeline, steady, finds)
    if found.any():
        by_query = index_of(timeline.rows.account_days(found), window, "fixed_queries", draws, missing)
    else:
        which = "none of the queries that ran" if steady else "no query is recorded that ran"
        suffix = " found a member's post" if steady else ""
        by_query = not_measured("fixed_queries", f"{which} from the baseline to the end of the period{suffix}")
    known_before = timeline.first_day[timeline.days.account] < episode.start
    return (
        *index_of(timeline.days, window, "plain", draws, missing),
        *by_query,
        *index_of(timeline.days.where(known_before), window, "fixed_accounts", draws, missing),
    )


def found_by(timeline: Timeline, names: frozenset[str], finds: pd.DataFrame | None) -> np.ndarray:
    """Boolean per row: did one of the queries `names` find the post, alone or with others?"""
    rows = timeline.rows
    found: np.ndarray = np.array([name in names for name in rows.queries] + [False])[rows.query]  # last: query not recorded
    if finds is None or finds.empty:
        return found
    shared = finds.loc[(finds["platform"] == timeline.platform) & finds["query_id"].isin(names), "post_id"]
    return found | rows.posts["post_id"].isin(shared).to_numpy(dtype=bool)


def engagement_missing(timeline: Timeline, first: int) -> NotMeasurable | None:
    """Why engagement is no series: too few posts since the day `first` have a measured count. None if it is one."""
    since = timeline.days.day >= first
    measured, posts = int(timeline.days.measured[since].sum()), int(timeline.days.posts[since].sum())
    if posts and measured >= ENGAGEMENT_COVER * posts:
        return None
    return NotMeasurable(reason=f"engagement was measured for {measured:,} of the {posts:,} posts since the baseline began")
