"""Which accounts are looked at, those the campaign file names and those of a whole collection, when they are due; and which of their
posts are asked for again."""

from datetime import datetime, timedelta

import pandas as pd

from tasks.domain.campaign import Campaign
from tasks.domain.periods import Cutoff
from tasks.domain.ports import ObjectStore, PostRef
from tasks.fetch.checks import due_checks, due_posts
from tasks.store.visible import read_account_observations, read_posts

_KEY = ["platform", "account_id"]


def due_at(store: ObjectStore, campaign: Campaign, now: datetime) -> tuple[tuple[str, str], ...]:
    """(platform, account id) of the watched accounts that are due at `now`. Accounts that detection proposed are not watched before an
    analyst put them into the campaign file."""
    cutoff = Cutoff(end=now + timedelta(microseconds=1), as_of=now)
    last = read_posts(store, campaign.slug, cutoff, columns=[*_KEY, "posted_at"])
    last = last.groupby(_KEY, observed=True)["posted_at"].max().rename("last_post").reset_index()
    watched = _watched(campaign, now, last)
    watched = watched.merge(last.astype(dict.fromkeys(_KEY, "str")), on=_KEY, how="left")
    observations = read_account_observations(store, campaign.slug, cutoff)
    return due_checks(now, observations, watched, campaign.takedowns, campaign.check_policy)


def posts_at(store: ObjectStore, campaign: Campaign, now: datetime) -> tuple[PostRef, ...]:
    """The posts of the watched accounts that are asked for again at `now`, newest first (`due_posts`)."""
    policy = campaign.check_policy
    if not (policy.posts_days and policy.posts_most):
        return ()
    cutoff = Cutoff(end=now + timedelta(microseconds=1), as_of=now)
    posts = read_posts(store, campaign.slug, cutoff, columns=[*_KEY, "post_id", "posted_at", "kind"])
    return due_posts(now, posts, _watched(campaign, now, posts), policy)


def _watched(campaign: Campaign, now: datetime, seen: pd.DataFrame) -> pd.DataFrame:
    """platform, account_id, each once: listed accounts at `now` and, of a whole collection, those that are `seen`."""
    watched = pd.DataFrame(
        [
            (member.platform, member.account_id)
            for member in campaign.membership.seeds
            if member.known_at <= now.date() and (member.until is None or member.until > now.date())
        ],
        columns=_KEY,
        dtype="str",
    )
    if campaign.membership.whole_collection is not None:
        watched = pd.concat([watched, seen[_KEY].astype("str")])
    return watched.drop_duplicates()


def handles_at(store: ObjectStore, campaign: Campaign, now: datetime) -> dict[tuple[str, str], str]:
    """(platform, account id) -> the handle at the last check up to `now`, or, of an account that was not checked yet, when it was first
    seen: posts that were collected between two checks under a new handle do not hide the change."""
    seen = read_account_observations(store, campaign.slug, Cutoff(end=now + timedelta(microseconds=1), as_of=now))
    named = seen.dropna(subset="handle").sort_values("observed_at", kind="stable")
    checked = named[named["status"].notna() & (named["status"] != "unknown")].drop_duplicates(_KEY, keep="last")
    known = pd.concat([checked, named.drop_duplicates(_KEY)]).drop_duplicates(_KEY)
    return dict(zip(zip(known["platform"], known["account_id"], strict=True), known["handle"], strict=True))
