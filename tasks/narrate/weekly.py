"""Which text family was posted in which week."""

from dataclasses import dataclass

import numpy as np

MAX_CORE = 600  # families a week that profiles and term weights are made of
_WEEK_US, _MONDAY_US = 7 * 86_400_000_000, 4 * 86_400_000_000  # 1970-01-05 was a Monday


@dataclass(frozen=True)
class Weekly:
    """One entry per week and family posted in it, sorted by week, then family.

    `week` counts from Monday, 1970-01-05, 00:00 UTC. `core` marks the week's `MAX_CORE` families with most posts; among equals the
    smaller position decides, and families are positioned by id: ids are hashes, so that is a fair sample. `volume`: posts of the whole
    week by week number.
    """

    week: np.ndarray
    family: np.ndarray
    posts: np.ndarray
    core: np.ndarray
    volume: dict[int, int]

    def only(self, kept: np.ndarray) -> "Weekly":
        """The entries of the families for which the boolean array `kept` holds, renumbered in their order."""
        inside, place = kept[self.family], np.cumsum(kept) - 1
        return Weekly(self.week[inside], place[self.family[inside]], self.posts[inside], self.core[inside], self.volume)


def week_numbers(micros: np.ndarray) -> np.ndarray:
    """Weeks since 1970-01-05 of instants in microseconds since 1970."""
    weeks: np.ndarray = (micros - _MONDAY_US) // _WEEK_US
    return weeks


def weekly(week: np.ndarray, family: np.ndarray) -> Weekly:
    """From one entry a post: its week and the position of its family, -1 for a post without one."""
    numbers, volumes = np.unique(week, return_counts=True)
    known = family >= 0
    many = max(int(family.max(initial=-1)) + 1, 1)
    pair, posts = np.unique(week[known] * many + family[known], return_counts=True)
    weeks, families = pair // many, pair % many
    order = np.lexsort((families, -posts, weeks))
    rank = np.empty(len(pair), np.int64)
    rank[order] = np.arange(len(pair)) - np.searchsorted(weeks, weeks)
    return Weekly(weeks, families, posts, rank < MAX_CORE, dict(zip(numbers.tolist(), volumes.tolist(), strict=True)))
