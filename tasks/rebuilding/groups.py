"""By whom: the index of each language, codebook category and cluster of one platform.

Every post is in exactly one group of a kind: what is too small to be printed is pooled as `other`, what has no group is named as such.
So `posts_before` and `posts_latest` of a kind sum to the platform's posts in the baseline weeks and in the last seven days. The baselines
do not sum: each is the median of its own weeks.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.domain.measures import Interval, NotMeasurable
from tasks.domain.rebuilding import GroupRow
from tasks.rebuilding.baseline import BaselineWeeks
from tasks.rebuilding.beside import Beside
from tasks.rebuilding.index import LEVEL, log_factor
from tasks.rebuilding.timeline import Timeline

FEWEST_SHARE = 0.01  # a group below this share before and after is pooled as "other"
MOST_GROUPS = 8  # of a kind; the largest by posts before or after
UNSTATED = "not stated"
NO_CLUSTER = "in no cluster"
OTHER = "other"


@dataclass(frozen=True)
class Spans:
    """The posts that groups are counted in: rows of the baseline weeks and of the last 7 days. `week`: position of the baseline week,
    newest first; the last 7 days are week `weeks`."""

    row: np.ndarray  # positions in the platform's rows
    account: np.ndarray
    day: np.ndarray
    week: np.ndarray
    weeks: int

    @classmethod
    def of(cls, timeline: Timeline, weeks: BaselineWeeks) -> "Spans":
        starts = np.array([*weeks.starts, timeline.end - 7])
        order = np.argsort(starts)
        place = np.searchsorted(starts[order], timeline.rows.day, side="right") - 1
        week = order[np.maximum(place, 0)]
        inside = (place >= 0) & (timeline.rows.day < starts[week] + 7)
        row = np.flatnonzero(inside)
        return cls(row, timeline.rows.account[row], timeline.rows.day[row], week[row], len(weeks.starts))


def by_group(timeline: Timeline, weeks: BaselineWeeks, after: int, beside: Beside) -> tuple[GroupRow, ...] | NotMeasurable:
    """Posts and active accounts a day of each language (as the source states it), codebook category (the first in the file's order that
    matches) and cluster (of the author): the median baseline week, the last 7 days and their ratio. Largest first within a kind."""
    if timeline.end - after < 7:
        return NotMeasurable(reason="the last 7 days reach back into the takedown")
    spans = Spans.of(timeline, weeks)
    rows = _rows("language", _languages(timeline, spans), spans)
    if beside.categorise is not None:
        posts = timeline.rows.posts.iloc[spans.row]
        rows += _rows("category", beside.categorise(posts["text"], posts["lang"]), spans)
    if beside.clusters is not None and len(beside.clusters):
        rows += _rows("cluster", _clusters(timeline, spans, beside.clusters), spans)
    return tuple(rows)


def _languages(timeline: Timeline, spans: Spans) -> pd.Series:
    names = np.array([*timeline.rows.langs, UNSTATED], dtype=object)
    return pd.Series(names[timeline.rows.lang[spans.row]])  # -1, not stated, is the last


def _clusters(timeline: Timeline, spans: Spans, clusters: pd.DataFrame) -> pd.Series:
    of_account = clusters.set_index("account")["cluster_id"]
    named = of_account.reindex(timeline.platform + "/" + pd.Index(timeline.accounts).astype(str)).fillna(NO_CLUSTER)
    return pd.Series(named.to_numpy(dtype=object)[spans.account])


def _rows(kind: str, labels: pd.Series, spans: Spans) -> list[GroupRow]:
    """One row a group of `labels` (one a post of `spans`), those that are pooled as the last."""
    code, names = pd.factorize(labels.to_numpy(dtype=object), sort=True)
    posts = _per_week(code, spans.week, spans.weeks, len(names))
    code, shown = _pooled(code, [str(name) for name in names], posts, spans)
    posts = _per_week(code, spans.week, spans.weeks, len(shown))
    days = np.stack([code, spans.account, spans.day]).astype(np.int64)
    first = _first_of(days)
    active = _per_week(code[first], spans.week[first], spans.weeks, len(shown))
    rows = [_row(kind, name, posts[i], active[i]) for i, name in enumerate(shown)]
    return sorted(rows, key=lambda row: (row.group == OTHER, -row.posts_before, -row.posts_latest, row.group))


def _first_of(columns: np.ndarray) -> np.ndarray:
    """Positions of the first of each distinct column."""
    spread = [int(column.max(initial=0)) + 1 for column in columns]
    packed = (columns[0] * spread[1] + columns[1]) * spread[2] + columns[2]
    return np.unique(packed, return_index=True)[1]


def _per_week(code: np.ndarray, week: np.ndarray, weeks: int, groups: int) -> np.ndarray:
    """Shape (groups, weeks + 1): how many entries fall into each baseline week, and into the last 7 days."""
    cell = code.astype(np.int64) * (weeks + 1) + week
    return np.bincount(cell, minlength=groups * (weeks + 1)).reshape(groups, weeks + 1)


def _pooled(code: np.ndarray, names: list[str], posts: np.ndarray, spans: Spans) -> tuple[np.ndarray, list[str]]:
    """New codes and names: groups that are small before and after, and those beyond the largest, become `other`."""
    before, latest = posts[:, : spans.weeks].sum(axis=1), posts[:, spans.weeks]
    size = np.maximum(before / max(before.sum(), 1), latest / max(latest.sum(), 1))
    order = np.lexsort((np.arange(len(names)), -size))
    kept = [int(i) for i in order[:MOST_GROUPS] if size[i] >= FEWEST_SHARE]
    if len(kept) == len(names):
        return code, names
    place = np.full(len(names), len(kept))
    place[kept] = np.arange(len(kept))
    return place[code], [*(names[i] for i in kept), OTHER]


def _row(kind: str, name: str, posts: np.ndarray, active: np.ndarray) -> GroupRow:
    weekly, latest = posts[:-1] / 7, float(posts[-1]) / 7
    weekly_accounts, latest_accounts = active[:-1] / 7, float(active[-1]) / 7
    index = _ratio(latest, float(np.median(weekly)), f"the median baseline week has no posts of {name}")
    interval: Interval | NotMeasurable = NotMeasurable(reason="a zero has no interval as a ratio, and no baseline no index")
    if not isinstance(index, NotMeasurable) and index > 0:
        factor = log_factor(weekly)
        low, high = round(index / factor, 6), round(index * factor, 6)
        interval = Interval(low=low, high=high, level=LEVEL, method="spread of the baseline weeks")
    return GroupRow(
        kind=kind,
        group=name,
        baseline_posts=round(float(np.median(weekly)), 6),
        latest_posts=round(latest, 6),
        index=index,
        interval=interval,
        posts_before=int(posts[:-1].sum()),
        posts_latest=int(posts[-1]),
        baseline_accounts=round(float(np.median(weekly_accounts)), 6),
        latest_accounts=round(latest_accounts, 6),
        index_accounts=_ratio(
            latest_accounts, float(np.median(weekly_accounts)), f"the median baseline week has no accounts of {name}"
        ),
    )


def _ratio(latest: float, baseline: float, reason: str) -> float | NotMeasurable:
    return round(latest / baseline, 6) if baseline > 0 else NotMeasurable(reason=reason)
