"""By whom: the index of posts of each language."""

import numpy as np

from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import GroupRow
from tasks.rebuilding.baseline import BaselineWeeks
from tasks.rebuilding.timeline import PostRows, Timeline

FEWEST_SHARE = 0.01  # a language below this share before and after is pooled as "other"
UNSTATED = "not stated"
OTHER = "other"


def by_language(timeline: Timeline, weeks: BaselineWeeks, after: int) -> tuple[GroupRow, ...] | NotMeasurable:
    """Posts a day of each language: the median baseline week, the last 7 days, and their ratio; largest baseline first.

    The language is the one the source states (`lang`); posts without one are a group of their own.
    """
    if timeline.end - after < 7:
        return NotMeasurable(reason="the last 7 days reach back into the takedown")
    names, daily = _daily_by_language(timeline.rows, weeks.oldest, timeline.end)
    start = np.array(weeks.starts) - weeks.oldest
    weekly = np.stack([daily[:, s : s + 7].mean(axis=1) for s in start], axis=1)
    latest = daily[:, -7:].mean(axis=1)
    small = (weekly.mean(axis=1) < FEWEST_SHARE * weekly.mean(axis=1).sum()) & (latest < FEWEST_SHARE * max(latest.sum(), 1e-9))
    groups = [(name, weekly[i], latest[i]) for i, name in enumerate(names) if not small[i]]
    if small.any():
        groups.append((OTHER, weekly[small].sum(axis=0), latest[small].sum()))
    rows = [_row(name, float(np.median(before)), float(now)) for name, before, now in groups]
    return tuple(sorted(rows, key=lambda row: (row.group == OTHER, -row.baseline_posts, row.group)))


def _row(name: str, baseline: float, latest: float) -> GroupRow:
    missing = NotMeasurable(reason=f"the median baseline week has no posts in {name}")
    return GroupRow(
        kind="language",
        group=name,
        baseline_posts=round(baseline, 6),
        latest_posts=round(latest, 6),
        index=round(latest / baseline, 6) if baseline > 0 else missing,
    )


def _daily_by_language(rows: PostRows, first: int, end: int) -> tuple[list[str], np.ndarray]:
    names = [*rows.langs, UNSTATED]
    inside = (rows.day >= first) & (rows.day < end)
    lang = np.where(rows.lang[inside] < 0, len(rows.langs), rows.lang[inside])
    span = end - first
    cell = lang.astype(np.int64) * span + (rows.day[inside] - first)
    daily = np.bincount(cell, minlength=len(names) * span).reshape(len(names), span).astype(float)
    present = daily.sum(axis=1) > 0
    return [name for name, here in zip(names, present, strict=True) if here], daily[present]
