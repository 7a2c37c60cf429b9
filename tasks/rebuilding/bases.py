"""The rebuild index on its three bases: everything collected, what unchanged queries found, and who posted before the takedown."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np

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
    timeline: Timeline, episode: Episode, weeks: BaselineWeeks | NotMeasurable, queries: Sequence[QueryEffort], seed: int
) -> tuple[IndexSeries, ...]:
    """Plain, fixed queries and fixed accounts (those with a post before t0), each for accounts, posts and engagement."""
    if isinstance(weeks, NotMeasurable):
        return unmeasured_index(f"there is no baseline: {weeks.reason}")
    window = Window(weeks, episode.end, timeline.end)
    uncounted = engagement_missing(timeline, weeks.oldest)
    missing: dict[Series, str] = {"engagement": uncounted.reason} if uncounted else {}
    taking_part = timeline.posted(weeks.oldest, weeks.starts[0] + 7) | timeline.posted(episode.end, timeline.end)
    rng = np.random.default_rng([seed, crc32(timeline.platform.encode()), episode.start])
    draws = AccountBootstrap.draw(taking_part, rng)
    steady = steady_queries(queries, day_start(weeks.oldest), day_start(timeline.end)) & set(timeline.rows.queries)
    found = np.array([name in steady for name in timeline.rows.queries] + [False])  # last: query not recorded
    if steady:
        by_query = index_of(timeline.rows.account_days(found[timeline.rows.query]), window, "fixed_queries", draws, missing)
    else:
        by_query = not_measured("fixed_queries", "no query is recorded that ran from the baseline to the end of the period")
    known_before = timeline.first_day[timeline.days.account] < episode.start
    return (
        *index_of(timeline.days, window, "plain", draws, missing),
        *by_query,
        *index_of(timeline.days.where(known_before), window, "fixed_accounts", draws, missing),
    )


def engagement_missing(timeline: Timeline, first: int) -> NotMeasurable | None:
    """Why engagement is no series: too few posts since the day `first` have a measured count. None if it is one."""
    since = timeline.days.day >= first
    measured, posts = int(timeline.days.measured[since].sum()), int(timeline.days.posts[since].sum())
    if posts and measured >= ENGAGEMENT_COVER * posts:
        return None
    return NotMeasurable(reason=f"engagement was measured for {measured:,} of the {posts:,} posts since the baseline began")
