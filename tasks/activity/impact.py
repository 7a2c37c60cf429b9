"""What the posts achieved: engagement as a distribution, and how far they broke out."""

import numpy as np
import pandas as pd

from tasks.activity.breakout import breakout
from tasks.domain.campaign import Campaign
from tasks.domain.measures import NotMeasurable, Shared
from tasks.domain.narratives import EngagementBucket, ImpactFacts
from tasks.domain.periods import Period

COUNTS = ["like_count", "share_count", "reply_count"]
AGE_H, AGE_LOW_H, AGE_HIGH_H = 24.0, 18.0, 36.0  # an observation in this range of ages stands for "at 24 h"
MIN_AGED = 0.9  # of the measured posts must have one
_KEY = ["platform", "post_id"]
_BUCKETS = (
    (0, 0, "0"),
    (1, 9, "1-9"),
    (10, 99, "10-99"),
    (100, 999, "100-999"),
    (1000, 9999, "1,000-9,999"),
    (10000, None, "10,000+"),
)


def impact_facts(
    member_posts: pd.DataFrame, observations: pd.DataFrame, members: pd.DataFrame, campaign: Campaign, period: Period
) -> ImpactFacts:
    """Measure the engagement (likes + shares + replies) of the period's posts.

    `member_posts`: POSTS, the latest visible observation of every post of accounts on the list. `observations`: POSTS, every visible
    observation of posts (the same frame where only the latest are kept): if for 90 % of the measured posts one was taken at an age of
    18 to 36 hours, these are used and the age is controlled. `members`: MEMBERSHIP, which names the accounts whose reposts and replies
    are internal. A post with no count at all is left out and counted as not measured; a single missing count of a measured post is 0.
    Raises ValueError if `observations` holds no posts' columns.
    """
    if absent := sorted({*_KEY, "posted_at", "observed_at", *COUNTS} - set(observations.columns)):
        raise ValueError(f"observations of posts are needed; columns missing: {', '.join(absent)}")
    posts = member_posts[(member_posts["posted_at"] >= period.start) & (member_posts["posted_at"] < period.end)]
    counted, control = _at_one_age(posts, observations)
    total = _engagement(counted)
    measured = counted.assign(engagement=total)[total.notna().to_numpy()]
    internal = _internal(measured, member_posts[member_posts["posted_at"] < period.end], members)
    category, reason = breakout(measured, posts, internal, campaign, period)
    values = measured["engagement"].to_numpy(np.int64)
    missing = NotMeasurable(reason="engagement was not measured" if len(posts) else "there was no post")
    known = bool(len(values))
    return ImpactFacts(
        posts=len(posts),
        measured=len(values),
        age_control=control,
        zero=Shared(part=int((values == 0).sum()), whole=len(values)) if known else missing,
        median=float(np.median(values)) if known else missing,
        p95=float(np.percentile(values, 95)) if known else missing,
        top=int(values.max()) if known else missing,
        top_post=_top_post(measured) if known else missing,
        buckets=tuple(_bucket(values, *bucket) for bucket in _BUCKETS) if known else (),
        views_median=_views(posts),
        internal_share=internal,
        breakout_category=category,
        breakout_reason=reason,
    )


def _engagement(posts: pd.DataFrame) -> pd.Series:
    """Likes + shares + replies; null where none of the three was measured."""
    return posts[COUNTS].fillna(0).sum(axis=1).astype("Int64").where(posts[COUNTS].notna().any(axis=1), pd.NA)


def _at_one_age(posts: pd.DataFrame, observations: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The counts to use, and how age was controlled. `posts` columns are kept."""
    measured = posts[posts[COUNTS].notna().any(axis=1)]
    age = (observations["observed_at"] - observations["posted_at"]).dt.total_seconds() / 3600
    near = observations[(age >= AGE_LOW_H) & (age <= AGE_HIGH_H) & observations[COUNTS].notna().any(axis=1)]
    near = near.assign(off=(age.loc[near.index] - AGE_H).abs()).sort_values(["off", "observed_at", "batch_id", "row_number"])
    near = near.drop_duplicates(_KEY)[[*_KEY, *COUNTS]]
    aged = posts.drop(columns=COUNTS).merge(near, on=_KEY, how="inner")
    if not len(measured) or len(aged) < MIN_AGED * len(measured):
        return posts, "age not controlled"
    return aged, f"at {AGE_H:.0f} h"


def _internal(measured: pd.DataFrame, member_posts: pd.DataFrame, members: pd.DataFrame) -> Shared | NotMeasurable:
    """Of the shares and replies counted, how many the campaign's own reposts and replies explain, post by post."""
    known = measured[["share_count", "reply_count"]].notna().any(axis=1)
    if not known.any():
        return NotMeasurable(reason="shares and replies were not measured")
    own = member_posts.merge(members[["platform", "account_id"]].drop_duplicates(), on=["platform", "account_id"], how="inner")
    if not own[["repost_of_id", "reply_to_id"]].notna().any(axis=None):
        return NotMeasurable(reason="the source does not say which post a repost or reply belongs to")
    posts = measured[known]
    part = sum(
        int(np.minimum(_times_named(posts, own, column), posts[count].fillna(0).to_numpy(np.int64)).sum())
        for column, count in (("repost_of_id", "share_count"), ("reply_to_id", "reply_count"))
    )
    return Shared(part=part, whole=int(posts[["share_count", "reply_count"]].fillna(0).to_numpy(np.int64).sum()))


def _times_named(posts: pd.DataFrame, own: pd.DataFrame, column: str) -> np.ndarray:
    named = own.dropna(subset=[column]).groupby(["platform", column]).size()
    keys = pd.MultiIndex.from_frame(posts[_KEY])
    return np.asarray(named.rename_axis(_KEY).reindex(keys, fill_value=0).to_numpy(np.int64))


def _top_post(measured: pd.DataFrame) -> str:
    best = measured.sort_values(["engagement", "platform", "post_id"], ascending=[False, True, True]).iloc[0]
    return f"{best['platform']}/{best['post_id']}"


def _bucket(values: np.ndarray, low: int, high: int | None, label: str) -> EngagementBucket:
    inside = (values >= low) & ((values <= high) if high is not None else True)
    return EngagementBucket(label=label, posts=int(inside.sum()))


def _views(posts: pd.DataFrame) -> float | NotMeasurable:
    views = posts["view_count"].dropna()
    return float(views.astype("int64").median()) if len(views) else NotMeasurable(reason="views were not measured")
