"""Engagement as a distribution, counts at one age, internal share and the Breakout Scale."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from campaign_posts import MONDAY, WEEK, members_frame, posts_frame
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.activity.impact import impact_facts
from tasks.domain.campaign import BreakoutEvidence, Campaign
from tasks.domain.measures import NotMeasurable, Shared
from tasks.domain.narratives import ImpactFacts
from tasks.domain.periods import parse_period

PERIOD = parse_period(WEEK)
CAMPAIGN = Campaign(slug="c", title="C")


def facts_of(posts: pd.DataFrame, observations: pd.DataFrame | None = None, campaign: Campaign = CAMPAIGN) -> ImpactFacts:
    return impact_facts(posts, posts if observations is None else observations, members_frame(posts), campaign, PERIOD)


def post(likes: int | None = None, shares: int | None = None, replies: int | None = None, **more: Any) -> dict[str, Any]:
    return {"posted_at": MONDAY, "like_count": likes, "share_count": shares, "reply_count": replies, **more}


def test_distribution_by_hand() -> None:
    rows = [
        post(0, 0, 0),
        post(0),
        post(5, 1, None),
        post(None, None, 10),
        post(),
        post(999, 1, 0),
        post(7, posted_at=MONDAY - timedelta(days=1)),
    ]
    facts = facts_of(posts_frame(rows))
    assert (facts.posts, facts.measured) == (6, 5)
    assert facts.zero == Shared(part=2, whole=5)
    assert facts.median == 6
    assert (facts.top, facts.top_post) == (1000, "x/p000005")
    assert {bucket.label: bucket.posts for bucket in facts.buckets} == {
        "0": 2,
        "1-9": 1,
        "10-99": 1,
        "100-999": 0,
        "1,000-9,999": 1,
        "10,000+": 0,
    }
    assert facts.age_control == "age not controlled"
    assert isinstance(facts.views_median, NotMeasurable)


def test_nothing_measured_is_not_zero() -> None:
    facts = facts_of(posts_frame([post(), post(platform="youtube")]))
    assert facts.measured == 0
    for value in (facts.zero, facts.median, facts.p95, facts.top, facts.top_post, facts.internal_share):
        assert isinstance(value, NotMeasurable)
    assert facts.buckets == ()
    assert facts.breakout_category == 2
    assert "lower bound" in facts.breakout_reason
    assert isinstance(facts_of(posts_frame([])).breakout_category, NotMeasurable)


def test_counts_of_one_age_are_used_where_nearly_all_posts_have_them() -> None:
    def seen(number: int, hours: float, likes: int) -> dict[str, Any]:
        return post(likes, post_id=f"q{number}", observed_at=MONDAY + timedelta(hours=hours))

    latest = posts_frame([seen(number, 100, 50) for number in range(10)])
    earlier = posts_frame([seen(number, 25, number) for number in range(10)] + [seen(number, 35, 90) for number in range(10)])
    facts = facts_of(latest, pd.concat([latest, earlier], ignore_index=True))
    assert facts.age_control == "at 24 h"
    assert (facts.median, facts.top) == (4.5, 9)
    few = facts_of(latest, pd.concat([latest, earlier.head(5)], ignore_index=True))
    assert few.age_control == "age not controlled"
    assert few.median == 50


def test_frames_of_accounts_are_refused() -> None:
    posts = posts_frame([post(1)])
    with pytest.raises(ValueError, match="post_id"):
        facts_of(posts, posts.drop(columns=["post_id"]))


def test_internal_share_is_capped_post_by_post() -> None:
    rows = [
        post(0, 3, 0, post_id="target"),
        post(9, 0, 2, post_id="other"),
        *[post(0, 0, 0, kind="repost", repost_of_id="target", account_id=f"m{i}") for i in range(2)],
        *[post(0, 0, 0, kind="reply", reply_to_id="other", account_id=f"m{i}") for i in range(5)],
    ]
    assert facts_of(posts_frame(rows)).internal_share == Shared(part=4, whole=5)
    assert isinstance(facts_of(posts_frame(rows[:2])).internal_share, NotMeasurable)


def _breakout(rows: list[dict[str, Any]], campaign: Campaign = CAMPAIGN) -> int | NotMeasurable:
    return facts_of(posts_frame(rows), campaign=campaign).breakout_category


def test_breakout_from_platforms_and_pick_up() -> None:
    ignored, seen = [post(0)] * 200, [post(0)] * 197 + [post(50)] * 3
    assert _breakout(ignored) == 1
    assert _breakout(seen) == 2
    assert _breakout([*ignored, post(0, platform="facebook")]) == 2
    assert _breakout([*seen, post(0, platform="facebook")]) == 3
    elsewhere = [post(50, platform="youtube")] * 3
    assert facts_of(posts_frame([*ignored, *elsewhere]), campaign=CAMPAIGN).breakout_reason.endswith("on YouTube")


def test_own_engagement_is_no_breakout() -> None:
    rows = [
        post(0, 20, 0, post_id="target"),
        *[post(0, 0, 0, kind="repost", repost_of_id="target", account_id=f"m{i}") for i in range(15)],
    ]
    assert _breakout(rows) == 1


def test_higher_categories_only_from_evidence_of_its_day() -> None:
    def evidence(on: date) -> Campaign:
        return CAMPAIGN.model_copy(
            update={"breakout_evidence": [BreakoutEvidence(category=5, on=on, what="a minister quoted it", address="a")]}
        )

    assert _breakout([post(0)], evidence(date(2023, 10, 15))) == 5
    assert _breakout([post(0)], evidence(date(2023, 10, 16))) == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.none() | st.integers(0, 20000)] * 3), max_size=40))
def test_buckets_sum_to_the_measured(counts: list[tuple[int | None, int | None, int | None]]) -> None:
    facts = facts_of(posts_frame([post(*row) for row in counts]))
    known = [sum(c or 0 for c in row) for row in counts if any(c is not None for c in row)]
    assert facts.posts == len(counts)
    assert facts.measured == len(known) == sum(bucket.posts for bucket in facts.buckets)
    if known:
        assert facts.median == pytest.approx(np.median(known))
        assert facts.top == max(known)
        assert facts.zero == Shared(part=known.count(0), whole=len(known))
