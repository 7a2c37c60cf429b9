"""Who posted on which day: the one compact form of a platform's posts that every measure of this package works on.

872,128 posts of 1,083 accounts shrink to some 90 thousand (account, day) pairs; nothing after this module touches the posts again.
Days are whole UTC days counted from 1970-01-01, because takedowns and periods begin and end at midnight UTC.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

EPOCH = date(1970, 1, 1)
DAY_US = 86_400_000_000
SILENCE_DAYS = 30  # a silence shorter than this proves nothing: of 625 real accounts 302 came back even from a longer one
ENGAGEMENT = ("like_count", "share_count", "reply_count")


@dataclass(frozen=True)
class AccountDays:
    """One entry per account and day with at least one post, sorted by account, then day."""

    account: np.ndarray  # position in Timeline.accounts
    day: np.ndarray
    posts: np.ndarray
    engagement: np.ndarray  # likes + shares + replies over the posts where any of them was measured
    measured: np.ndarray  # posts with at least one of them measured

    def where(self, keep: np.ndarray) -> "AccountDays":
        """The entries for which the boolean array `keep` holds."""
        return AccountDays(self.account[keep], self.day[keep], self.posts[keep], self.engagement[keep], self.measured[keep])

    def daily(self, first: int, end: int) -> np.ndarray:
        """Shape (3, end - first): active accounts, posts and engagement of every day in [first, end)."""
        inside = (self.day >= first) & (self.day < end)
        day = self.day[inside] - first
        columns = (None, self.posts[inside], self.engagement[inside])
        return np.stack([np.bincount(day, weights=c, minlength=end - first).astype(float) for c in columns])


@dataclass(frozen=True)
class PostRows:
    """The posts themselves as integer codes, for the questions that need more than account and day."""

    account: np.ndarray
    day: np.ndarray
    engagement: np.ndarray  # NaN = not measured
    lang: np.ndarray  # position in `langs`; -1 = the source does not say
    query: np.ndarray  # position in `queries`; -1 = not recorded
    langs: tuple[str, ...]
    queries: tuple[str, ...]
    at_us: np.ndarray  # microseconds since 1970
    posts: pd.DataFrame  # the rows themselves, in the same order

    def account_days(self, keep: np.ndarray | None = None) -> AccountDays:
        """Collapse the rows (all, or those for which `keep` holds) to one entry per account and day."""
        account, day, engagement = self.account, self.day, self.engagement
        if keep is not None:
            account, day, engagement = account[keep], day[keep], engagement[keep]
        if not len(account):
            none = np.zeros(0, dtype=np.int64)
            return AccountDays(none, none, none, none.astype(float), none)
        first, span = int(day.min()), int(day.max() - day.min()) + 1
        codes = account.astype(np.int64) * span + (day - first)
        order = np.argsort(codes, kind="stable")
        codes = codes[order]
        starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
        values = engagement[order]
        measured = ~np.isnan(values)
        return AccountDays(
            account=codes[starts] // span,
            day=codes[starts] % span + first,
            posts=np.diff(np.r_[starts, len(codes)]),
            engagement=np.add.reduceat(np.where(measured, values, 0.0), starts),
            measured=np.add.reduceat(measured.astype(np.int64), starts),
        )


@dataclass(frozen=True)
class Timeline:
    """The members' posts on one platform before `end`."""

    platform: str
    accounts: np.ndarray  # account ids, sorted, so that no result depends on the order of rows
    days: AccountDays
    rows: PostRows
    first_day: np.ndarray  # of each account
    last_day: np.ndarray
    data_start: int  # day of the first post: earlier days are unobserved, not empty
    end: int  # first day after the data

    def posted(self, first: int, end: int) -> np.ndarray:
        """Boolean per account: at least one post in [first, end)."""
        inside = (self.days.day >= first) & (self.days.day < end)
        flags = np.zeros(len(self.accounts), dtype=bool)
        flags[self.days.account[inside]] = True
        return flags

    @cached_property
    def lost_after(self) -> np.ndarray:
        """Per account the silence in days after which it counts as lost: max(30, 99th percentile of its own gaps between days).

        The percentile is the inverse of the empirical distribution (no interpolation). An account with one day has no gaps: 30.
        """
        same = self.days.account[1:] == self.days.account[:-1]
        owner, gap = self.days.account[1:][same].astype(np.int64), np.diff(self.days.day)[same].astype(np.int64)
        span = int(gap.max()) + 1 if len(gap) else 1
        gap = np.sort(owner * span + gap) % span  # by owner, then length
        counts = np.bincount(owner, minlength=len(self.accounts))
        starts = np.cumsum(counts) - counts
        limit = np.full(len(self.accounts), SILENCE_DAYS, dtype=np.int64)
        some = counts > 0
        limit[some] = np.maximum(gap[starts[some] + np.ceil(0.99 * counts[some]).astype(int) - 1], SILENCE_DAYS)
        return limit


def day_number(instant: datetime | date) -> int:
    """Days from 1970-01-01 to the UTC day that contains `instant`."""
    day = instant.astimezone(UTC).date() if isinstance(instant, datetime) else instant
    return (day - EPOCH).days


def day_date(day: int) -> date:
    """The inverse of day_number."""
    return EPOCH + timedelta(days=int(day))


def day_start(day: int) -> datetime:
    """Midnight UTC at which the day begins."""
    return datetime.combine(day_date(day), datetime.min.time(), UTC)


def read_timelines(posts: pd.DataFrame, end: datetime) -> dict[str, Timeline]:
    """Split posts by platform and collapse them.

    Columns used: platform, account_id, posted_at, lang, query_id, like_count, share_count, reply_count (one row a post). A post
    at or after `end` is never used, whatever the caller handed in.
    """
    instants = posts["posted_at"].to_numpy(dtype="datetime64[us]").astype(np.int64)
    early = instants < (end - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    if not early.all():
        posts, instants = posts.loc[early], instants[early]
    platform, names = pd.factorize(posts["platform"], sort=True)
    timelines = {}
    for code, name in enumerate(names):
        here = platform == code
        whole = here.all()
        timelines[str(name)] = _timeline(str(name), posts if whole else posts.loc[here], instants if whole else instants[here], end)
    return timelines


def _timeline(platform: str, posts: pd.DataFrame, instants: np.ndarray, end: datetime) -> Timeline:
    account, accounts = pd.factorize(posts["account_id"], sort=True)
    lang, langs = pd.factorize(posts["lang"], sort=True)
    query, queries = pd.factorize(posts["query_id"], sort=True)
    rows = PostRows(
        account=account.astype(np.int32),
        day=(instants // DAY_US).astype(np.int32),
        engagement=_engagement(posts),
        lang=lang.astype(np.int32),
        query=query.astype(np.int32),
        langs=tuple(str(x) for x in langs),
        queries=tuple(str(x) for x in queries),
        at_us=instants,
        posts=posts,
    )
    days = rows.account_days()
    starts = np.flatnonzero(np.r_[True, days.account[1:] != days.account[:-1]])
    return Timeline(
        platform=platform,
        accounts=np.asarray(accounts, dtype=object),
        days=days,
        rows=rows,
        first_day=days.day[starts],
        last_day=days.day[np.r_[starts[1:], len(days.day)] - 1],
        data_start=int(days.day.min()),
        end=day_number(end),
    )


def _engagement(posts: pd.DataFrame) -> np.ndarray:
    total = np.zeros(len(posts))
    measured = np.zeros(len(posts), dtype=bool)
    for column in ENGAGEMENT:
        values = posts[column].to_numpy(dtype=float, na_value=np.nan)
        known = ~np.isnan(values)
        total[known] += values[known]
        measured |= known
    total[~measured] = np.nan
    return total
