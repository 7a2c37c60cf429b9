"""What is said, and by how few: continuity of content over a takedown, and the share of the loudest accounts."""

import numpy as np

from tasks.domain.measures import NotMeasurable, Shared
from tasks.domain.rebuilding import Continuity, Loudest
from tasks.rebuilding.baseline import BaselineWeeks
from tasks.rebuilding.beside import FamilyDays, first_days
from tasks.rebuilding.episodes import Episode
from tasks.rebuilding.timeline import Timeline

LOUDEST = 10
REFERENCE_DAYS = 28


def measure_continuity(timeline: Timeline, episode: Episode, families: FamilyDays | None) -> Continuity | NotMeasurable:
    """Of the text families of the posts in [t0_end, end), the share that members had posted before t0, on any platform and on this one;
    and the same share of the posts. For comparison: of the posts of the 28 days before t0, those of families older than that.

    Posts without text belong to no family and are counted apart. Families are near-duplicate texts: a theme told in new words is new.
    """
    if families is None:
        return NotMeasurable(reason="text families were not handed over")
    if timeline.end <= episode.end:
        return NotMeasurable(reason="the takedown had not ended when the period did")
    code = families.codes.loc[timeline.rows.posts.index].to_numpy()
    day = timeline.rows.day
    here = first_days(code, day, len(families.first_day))
    after = (day >= episode.end) & (day < timeline.end)
    told = code[after & (code >= 0)]
    if not len(told):
        return NotMeasurable(reason="no post since the takedown has a text")
    distinct = np.unique(told)
    before = code[(day >= episode.start - REFERENCE_DAYS) & (day < episode.start) & (code >= 0)]
    return Continuity(
        families=_share(families.first_day[distinct] < episode.start),
        posts=_share(families.first_day[told] < episode.start),
        posts_same_platform=_share(here[told] < episode.start),
        posts_before=_share(families.first_day[before] < episode.start - REFERENCE_DAYS),
        posts_without_text=int((after & (code < 0)).sum()),
    )


def measure_loudest(timeline: Timeline, episode: Episode, weeks: BaselineWeeks) -> Loudest | NotMeasurable:
    """Posts by the ten accounts that post most, in the baseline weeks and in [t0_end, end); the ten of each span are its own."""
    if timeline.end <= episode.end:
        return NotMeasurable(reason="the takedown had not ended when the period did")
    days = timeline.days
    counted = np.zeros(len(days.day), dtype=bool)
    for start in weeks.starts:
        counted |= (days.day >= start) & (days.day < start + 7)
    return Loudest(before=_top(timeline, counted), after=_top(timeline, (days.day >= episode.end) & (days.day < timeline.end)))


def _top(timeline: Timeline, inside: np.ndarray) -> Shared:
    posts = np.bincount(timeline.days.account[inside], weights=timeline.days.posts[inside], minlength=len(timeline.accounts))
    return Shared(part=int(np.sort(posts)[::-1][:LOUDEST].sum()), whole=int(posts.sum()))


def _share(flags: np.ndarray) -> Shared:
    return Shared(part=int(flags.sum()), whole=len(flags))
