"""Accounts: one row is one observation of one account; memberships: which accounts belong to the campaign, since when, and why."""

import pandas as pd

from tasks.domain.frames import Column, FrameSchema

STATUSES = ("active", "suspended", "deleted", "renamed", "unknown")
REMOVED_STATUSES = ("suspended", "deleted")
BASES = ("seed", "platform list", "detection", "analyst")

ACCOUNTS = FrameSchema(
    "accounts",
    (
        Column("campaign", "text"),
        Column("platform", "text"),
        Column("account_id", "text"),
        Column("observed_at", "instant"),
        Column("handle", "text", optional=True),
        Column("display_name", "text", optional=True),
        Column("bio", "text", optional=True),
        Column("created_at", "instant", optional=True),
        Column("created_precision_s", "count", optional=True),  # created_at is the start of an interval of this length
        Column("followers_count", "count", optional=True),
        Column("following_count", "count", optional=True),
        Column("avatar_hash", "text", optional=True),
        Column("status", "text", optional=True, vocabulary=STATUSES),  # null or "unknown" = not checked
        Column("batch_id", "text"),
        Column("row_number", "count"),
    ),
)
ACCOUNT_KEY = ("platform", "account_id")

MEMBERSHIP = FrameSchema(
    "membership",
    (
        Column("campaign", "text"),
        Column("platform", "text"),
        Column("account_id", "text"),
        Column("known_at", "instant"),
        Column("basis", "text", vocabulary=BASES),
        Column("until", "instant", optional=True),  # null = still a member
        Column("outcome_selected", "flag"),  # known *because* it was later removed: no removal rate can be read from it
        Column("reason", "text"),
    ),
)


def posts_of_members(posts: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """The rows of `posts` (POSTS) whose account is in `members` (MEMBERSHIP, one row an account), up to its `until`. Index kept."""
    until = members.set_index(account_key(members))["until"]
    keys = account_key(posts)
    inside = keys.isin(until.index)
    if until.notna().any():
        inside &= ~(posts["posted_at"] >= keys.map(until))
    return posts[inside]


def account_key(frame: pd.DataFrame) -> pd.Series:
    """`platform/account_id`: ids are unique per platform only."""
    return frame["platform"] + "/" + frame["account_id"]
