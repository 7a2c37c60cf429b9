"""What else could have moved the numbers: printed beside them, never corrected away."""

from collections.abc import Sequence

import numpy as np

from tasks.domain.batches import QueryEffort
from tasks.domain.campaign import Campaign
from tasks.domain.platforms import platform_name
from tasks.rebuilding.baseline import BaselineWeeks
from tasks.rebuilding.effort import changed_queries
from tasks.rebuilding.episodes import Episode
from tasks.rebuilding.fate import OutcomeSelection
from tasks.rebuilding.timeline import Timeline, day_date, day_number, day_start

CENSORED_DAYS = 30


def name_confounders(
    campaign: Campaign,
    timeline: Timeline,
    episode: Episode,
    weeks: BaselineWeeks | None,
    queries: Sequence[QueryEffort],
    selection: OutcomeSelection,
) -> tuple[str, ...]:
    """Sentences on effort, holidays, days without posts, lists made with hindsight, and where the data begin and end."""
    first = weeks.oldest if weeks else episode.start
    found = [
        *_effort(timeline, episode, first, queries),
        *_holidays(campaign, first, timeline.end),
        *_quiet_days(timeline, first),
        *_hindsight(timeline, episode, selection),
        *_censoring(timeline, episode),
    ]
    return tuple(found)


def _effort(timeline: Timeline, episode: Episode, first: int, queries: Sequence[QueryEffort]) -> list[str]:
    if not timeline.rows.queries or not queries:
        where = platform_name(timeline.platform)
        return [f"Collection effort on {where} is not recorded by query: more collecting cannot be told from more posting."]
    changed = changed_queries(queries, timeline.rows.queries, day_start(first), day_start(timeline.end))
    if not changed:
        return []
    since = timeline.rows.day >= episode.end
    theirs = np.array([name in changed for name in timeline.rows.queries] + [False])[timeline.rows.query] & since
    return [
        (
            f"Collection effort changed on {platform_name(timeline.platform)}: {len(changed)} of {len(timeline.rows.queries)} queries did "
            f"not run unchanged from {day_date(first)} to {day_date(timeline.end)} ({', '.join(changed[:5])}"
            f"{' ...' if len(changed) > 5 else ''}); {theirs.sum():,} of {since.sum():,} posts since the takedown are theirs; "
            "read the fixed-query index."
        )
    ]


def _holidays(campaign: Campaign, first: int, end: int) -> list[str]:
    return [
        f"{holiday.name} ({holiday.first} to {holiday.last}) lies in the span compared."
        for holiday in campaign.holidays
        if day_number(holiday.first) < end and day_number(holiday.last) >= first
    ]


def _quiet_days(timeline: Timeline, first: int) -> list[str]:
    start = max(first, timeline.data_start)
    quiet = int((timeline.days.daily(start, timeline.end)[1] == 0).sum())
    if not quiet:
        return []
    where = platform_name(timeline.platform)
    return [f"{quiet} of {timeline.end - start} days have no member's post on {where}: silence or a gap in collection."]


def _hindsight(timeline: Timeline, episode: Episode, selection: OutcomeSelection) -> list[str]:
    if selection.named is None:
        return []
    return [
        (
            f"{selection.accounts.sum():,} of {len(timeline.accounts):,} accounts are known because they were removed later (named "
            f"{selection.named}): every one of them had stopped by then, so a decline toward {selection.named} is built in, and accounts "
            f"that stayed up are not in the data. A fall after {day_date(episode.start)} is partly this."
        )
    ]


def _censoring(timeline: Timeline, episode: Episode) -> list[str]:
    found = []
    if timeline.data_start > episode.start - 180:
        found.append(
            f"The data begin {day_date(timeline.data_start)}, {episode.start - timeline.data_start} days before t0: "
            "accounts active only before that look new."
        )
    if timeline.end - episode.end < CENSORED_DAYS:
        found.append(
            f"The data end {max(timeline.end - episode.end, 0)} days after the takedown: who pauses cannot be told from who is gone."
        )
    return found
