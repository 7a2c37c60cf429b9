"""Counts of the period, the period before and the weeks."""

from datetime import UTC, datetime, timedelta

import pandas as pd
from campaign_posts import MONDAY, WEEK, members_frame, posts_frame
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.activity.series import activity_facts
from tasks.domain.facts import ActivityFacts
from tasks.domain.measures import NotMeasurable, Shared
from tasks.domain.periods import parse_period

PERIOD = parse_period(WEEK)


def facts_of(
    member_posts: pd.DataFrame, outside: pd.DataFrame | None = None, since: datetime | None = MONDAY - timedelta(days=28)
) -> ActivityFacts:
    everything = member_posts if outside is None else pd.concat([member_posts, outside], ignore_index=True)
    return activity_facts(everything, member_posts, members_frame(member_posts), PERIOD, since)


def test_counts_by_hand() -> None:
    rows = [
        {"posted_at": MONDAY, "account_id": "a", "lang": "zh"},
        {"posted_at": MONDAY + timedelta(days=6, hours=23), "account_id": "a", "lang": "en", "kind": "reply"},
        {
            "posted_at": MONDAY,
            "account_id": "a",
            "platform": "facebook",
            "lang": None,
        },  # another account: ids are unique per platform
        {"posted_at": MONDAY - timedelta(days=1), "account_id": "b"},
        {"posted_at": MONDAY + timedelta(days=7), "account_id": "late"},  # after the end
    ]
    outside = posts_frame(
        [{"posted_at": MONDAY, "account_id": "o", "post_id": "o1"}, {"posted_at": MONDAY - timedelta(days=3), "post_id": "o2"}]
    )
    facts = facts_of(posts_frame(rows), outside)
    assert (facts.posts, facts.accounts) == (3, 2)
    assert (facts.previous_posts, facts.previous_accounts) == (1, 1)
    assert facts.posts_outsiders == 1
    assert facts.members == 4
    assert facts.members_by_basis == {"seed": 4}
    assert facts.languages == {"en": 1, "und": 1, "zh": 1}
    assert facts.kinds == {"original": 2, "reply": 1}
    assert [(p.platform, p.posts, p.previous_posts) for p in facts.platforms] == [("facebook", 1, 0), ("x", 2, 1)]
    assert [week.posts for week in facts.weeks] == [0, 0, 0, 1, 3]
    assert facts.weeks[-1].start == MONDAY.date()
    assert facts.top10_share == Shared(part=3, whole=3)


def test_the_last_period_needs_data_that_reach_it() -> None:
    posts = posts_frame([{"posted_at": MONDAY}])
    assert isinstance(facts_of(posts, since=MONDAY - timedelta(days=5)).previous_posts, NotMeasurable)
    assert facts_of(posts, since=MONDAY - timedelta(days=6, hours=12)).previous_posts == 0
    nothing = facts_of(posts_frame([]), since=None)
    assert isinstance(nothing.previous_posts, NotMeasurable)
    assert nothing.weeks == ()
    assert nothing.top10_share == Shared(part=0, whole=0)


def test_at_most_52_weeks() -> None:
    assert len(facts_of(posts_frame([{"posted_at": MONDAY}]), since=datetime(2020, 1, 1, tzinfo=UTC)).weeks) == 52


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(-40, 10), st.integers(0, 15), st.sampled_from(["x", "facebook"])), max_size=50))
def test_parts_sum(drawn: list[tuple[int, int, str]]) -> None:
    facts = facts_of(
        posts_frame([{"posted_at": MONDAY + timedelta(days=d), "account_id": str(a), "platform": p} for d, a, p in drawn])
    )
    assert facts.posts == sum(p.posts for p in facts.platforms) == sum(facts.languages.values()) == sum(facts.kinds.values())
    assert facts.accounts == sum(p.accounts for p in facts.platforms)
    assert facts.weeks[-1].posts == facts.posts
    assert all(
        sum(p.weeks[i].posts for p in facts.platforms) == week.posts for i, week in enumerate(facts.weeks) if facts.platforms
    )
    assert facts.top10_share.part <= facts.top10_share.whole == facts.posts
