"""How much the campaign posted, from how many accounts, and how that compares."""

from datetime import datetime, timedelta

import pandas as pd

from tasks.domain.facts import ActivityFacts, PlatformActivity, WeekCount
from tasks.domain.measures import NotMeasurable, Shared
from tasks.domain.periods import Period

MAX_WEEKS = 52
LOUDEST = 10
SLACK = timedelta(days=1)  # data that begin within the first day of a span cover it


def activity_facts(
    posts_all: pd.DataFrame, member_posts: pd.DataFrame, members: pd.DataFrame, period: Period, history_start: datetime | None
) -> ActivityFacts:
    """Count the posts of the period.

    `posts_all`, `member_posts`: POSTS, one row a post, the latter of accounts on the campaign list; rows at or after `period.end` are
    left out. `members`: MEMBERSHIP as visible, one row an account. `history_start`: first instant from which posts were collected (None:
    nothing was); the period before is measurable only if the data begin before its second day. Weeks are whole weeks back from
    `period.end`, at most 52, none that the data do not cover; an account is its (platform, account_id).
    """
    posts = _with_account(member_posts[member_posts["posted_at"] < period.end])
    outside = posts_all[(posts_all["posted_at"] >= period.start) & (posts_all["posted_at"] < period.end)]
    current, before = _between(posts, period.start, period.end), _before(posts, period)
    reaches = history_start is not None and history_start < period.previous().start + SLACK
    missing = NotMeasurable(reason="the collected posts do not reach back to the start of the last period")
    starts = _week_starts(period.end, history_start)
    platforms = sorted(set(posts["platform"].unique()) | set(members["platform"].unique()))
    by_account = current["account"].value_counts()
    return ActivityFacts(
        posts=len(current),
        accounts=int(current["account"].nunique()),
        members=len(members),
        members_by_basis=_counted(members["basis"]),
        previous_posts=len(before) if reaches else missing,
        previous_accounts=int(before["account"].nunique()) if reaches else missing,
        posts_outsiders=len(outside) - len(current),
        languages=_counted(current["lang"].fillna("und")),
        kinds=_counted(current["kind"]),
        platforms=tuple(_platform(name, posts, current, before, starts) for name in platforms),
        weeks=_weeks(posts, starts),
        top10_share=Shared(part=int(by_account.head(LOUDEST).sum()), whole=len(current)),
    )


def _with_account(posts: pd.DataFrame) -> pd.DataFrame:
    columns = posts[["platform", "account_id", "posted_at", "lang", "kind"]]
    return columns.assign(account=columns["platform"] + "/" + columns["account_id"])


def _between(posts: pd.DataFrame, start: datetime, end: datetime) -> pd.DataFrame:
    return posts[(posts["posted_at"] >= start) & (posts["posted_at"] < end)]


def _before(posts: pd.DataFrame, period: Period) -> pd.DataFrame:
    previous = period.previous()
    return _between(posts, previous.start, previous.end)


def _week_starts(end: datetime, history_start: datetime | None) -> list[datetime]:
    """Starts of the whole weeks before `end`, oldest first."""
    if history_start is None:
        return []
    starts = [end - timedelta(weeks=k) for k in range(1, MAX_WEEKS + 1)]
    return sorted(start for start in starts if start + SLACK > history_start)


def _weeks(posts: pd.DataFrame, starts: list[datetime]) -> tuple[WeekCount, ...]:
    if not starts:
        return ()
    inside = posts[posts["posted_at"] >= starts[0]]
    week = (inside["posted_at"] - starts[0]) // pd.Timedelta(weeks=1)
    grouped = inside.groupby(week)["account"]
    rows, accounts = grouped.size(), grouped.nunique()
    return tuple(
        WeekCount(start=start.date(), posts=int(rows.get(i, 0)), accounts=int(accounts.get(i, 0))) for i, start in enumerate(starts)
    )


def _platform(
    name: str, posts: pd.DataFrame, current: pd.DataFrame, before: pd.DataFrame, starts: list[datetime]
) -> PlatformActivity:
    now, then = current[current["platform"] == name], before[before["platform"] == name]
    return PlatformActivity(
        platform=name,
        posts=len(now),
        accounts=int(now["account"].nunique()),
        previous_posts=len(then),
        previous_accounts=int(then["account"].nunique()),
        weeks=_weeks(posts[posts["platform"] == name], starts),
    )


def _counted(values: pd.Series) -> dict[str, int]:
    counts = values.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    return {str(name): int(count) for name, count in counts.items()}
