"""Which accounts are due to be looked at again: those lost or at risk often, the others seldom, those long gone no more. And which posts
are asked for again: the newest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import pandas as pd

from tasks.domain.accounts import REMOVED_STATUSES
from tasks.domain.campaign import CheckPolicy
from tasks.domain.ports import Page, PostChecking, PostRef, Remembering, StatusSource
from tasks.domain.takedowns import Takedown

SILENT_DAYS = 7  # a silence from which a loss is provisional
AFTER_TAKEDOWN_DAYS = 28
_KEY = ["platform", "account_id"]


def due_checks(
    now: datetime, observations: pd.DataFrame, last_posts: pd.DataFrame, takedowns: Iterable[Takedown], policy: CheckPolicy
) -> tuple[tuple[str, str], ...]:
    """(platform, account id) of the watched accounts that are due at `now`, sorted.

    `last_posts`: one row a watched account: platform, account_id, last_post (null: none seen). `observations`: ACCOUNTS; null and
    "unknown" are no check, and nothing observed after `now` counts. At risk is an account that was found gone, has been silent for 7
    days, or whose platform acted in the last 28 days. Never checked is due. Found gone without a break for longer than
    `confirm_days` is not.
    """
    checks = observations[
        (observations["observed_at"] <= now) & observations["status"].notna() & (observations["status"] != "unknown")
    ]
    checks = checks.sort_values("observed_at", kind="stable")
    checks = checks.assign(gone=checks["status"].isin(REMOVED_STATUSES).astype(bool))
    last = checks.groupby(_KEY, observed=True).agg(last_check=("observed_at", "last"), gone=("gone", "last"))
    standing = checks[~checks["gone"]].groupby(_KEY, observed=True)["observed_at"].last().rename("last_standing").reset_index()
    removed = checks[checks["gone"]].merge(standing, on=_KEY, how="left")
    run = removed[removed["last_standing"].isna() | (removed["observed_at"] > removed["last_standing"])]
    since = run.groupby(_KEY, observed=True)["observed_at"].first().rename("gone_since")
    frame = last_posts.merge(last.reset_index(), on=_KEY, how="left").merge(since.reset_index(), on=_KEY, how="left")
    gone = frame["gone"].astype("boolean").fillna(value=False).astype(bool)
    acted = {
        row.platform
        for row in takedowns
        if row.interval is not None and row.interval[0] <= now < row.interval[1] + timedelta(days=AFTER_TAKEDOWN_DAYS)
    }
    silent = frame["last_post"].isna() | (frame["last_post"] <= now - timedelta(days=SILENT_DAYS))
    at_risk = gone | silent | frame["platform"].isin(acted)
    wait = at_risk.map({True: timedelta(days=policy.at_risk_days), False: timedelta(days=policy.others_days)})
    over = gone & (frame["gone_since"] + timedelta(days=policy.confirm_days) < now)
    due = frame[(frame["last_check"].isna() | (frame["last_check"] + wait <= now)) & ~over]
    return tuple(sorted(zip(due["platform"].astype(str), due["account_id"].astype(str), strict=True)))


def due_posts(now: datetime, posts: pd.DataFrame, watched: pd.DataFrame, policy: CheckPolicy) -> tuple[PostRef, ...]:
    """The newest `posts_most` posts of the watched accounts on each platform, of the last `posts_days` before `now`, newest first.

    `posts`: platform, post_id, account_id, posted_at, kind; `watched`: platform, account_id. Reposts are none: services are asked for
    posts. A post that was found gone is asked for again like the others, for it may come back.
    """
    recent = posts[(posts["posted_at"] > now - timedelta(days=policy.posts_days)) & (posts["posted_at"] <= now)]
    recent = recent[recent["kind"].astype("str") != "repost"]
    names = pd.MultiIndex.from_frame(watched[_KEY].astype("str"))
    recent = recent[pd.MultiIndex.from_frame(recent[_KEY].astype("str")).isin(names)]
    recent = recent.sort_values(["posted_at", "platform", "post_id"], ascending=[False, True, True])
    recent = recent.groupby("platform", observed=True).head(policy.posts_most)
    columns = (recent[name].astype("str") for name in ("platform", "post_id", "account_id"))
    return tuple(PostRef(*row) for row in zip(*columns, strict=True))


class DueChecks:
    """A status source as one that can be fetched from: asked for [since, until) it looks, at `until`, at the accounts that are due, and,
    where it can (`PostChecking`), asks for posts again."""

    def __init__(
        self,
        checker: StatusSource,
        due: Sequence[tuple[str, str]],
        handles: Mapping[tuple[str, str], str] | None = None,
        posts: Sequence[PostRef] = (),
    ) -> None:
        """`handles`: those of the check before, for a checker that can tell a change by them (`Remembering`). `posts`: as `due_posts`."""
        self.kind = checker.kind
        self.capture_rule = checker.capture_rule
        self._checker, self._due, self._posts = checker, due, posts
        if isinstance(checker, Remembering):
            checker.remember(handles or {})

    def pages(self, since: datetime, until: datetime) -> Iterator[Page]:
        """No page where nothing is due, or where the span is empty the wrong way round. Raises whatever the status source raises."""
        if self._due and since <= until:
            yield from self._checker.checks(self._due, until)
        if self._posts and since <= until and isinstance(self._checker, PostChecking):
            yield from self._checker.post_checks(self._posts, until)
