"""Narratives, pivot and clock on labelled simulated posts, against the labels."""

from datetime import timedelta

import pandas as pd
import pytest

from tasks.activity.hours import hour_facts
from tasks.detect.families import text_families
from tasks.domain.campaign import Campaign
from tasks.domain.periods import Cutoff, Period, parse_period
from tasks.domain.posts import POST_KEY, POSTS
from tasks.domain.takedowns import Event
from tasks.narrate.grouping import grouped, with_families
from tasks.narrate.narratives import narrative_facts
from tasks.simulate.scenario import simulate

PERIOD = parse_period("2023-W41")
CAMPAIGN = Campaign(
    slug="c",
    title="C",
    suspected_zone="Asia/Shanghai",
    events=[
        Event.model_validate(
            {
                "event_id": "e",
                "on": "2023-10-07",
                "title": "Topic October",
                "keywords": {"en": ["topic october"], "zh": ["十月话题"]},
            }
        )
    ],
)


@pytest.fixture(scope="module")
def labelled() -> pd.DataFrame:
    """The campaign's own posts with their true topic (filler posts have none)."""
    simulation = simulate("spamouflage", seed=3, scale=40_000)
    table = simulation.posts
    posts = POSTS.from_arrow(table.select([name for name in POSTS.names if name in table.column_names]))
    posts = POSTS.conform(posts.assign(campaign="c", batch_id="b", row_number=range(len(posts))))
    posts = posts.sort_values("observed_at").drop_duplicates(list(POST_KEY), keep="last")
    labels = simulation.labels.to_pandas().drop_duplicates(list(POST_KEY))
    joined = posts.merge(labels[[*POST_KEY, "role", "topic"]], on=list(POST_KEY), how="inner")
    return joined[(joined["role"] == "campaign") & (joined["posted_at"] < PERIOD.end)].reset_index(drop=True)


def _cutoff(period: Period) -> Cutoff:
    return Cutoff(period.end, period.end + timedelta(days=1))


def test_narratives_follow_the_true_topics(labelled: pd.DataFrame) -> None:
    posts = labelled[POSTS.names]
    groups = grouped(with_families(posts, text_families(posts)), PERIOD)
    topic = labelled.set_index(list(POST_KEY))["topic"].astype(object).fillna("filler")
    truth = topic.reindex(pd.MultiIndex.from_frame(groups.posts[list(POST_KEY)])).to_numpy()
    inside = groups.posts["cluster"].to_numpy() >= 0
    table = pd.crosstab(groups.posts["cluster"].to_numpy()[inside], truth[inside])
    assert table.max(axis=1).sum() / table.to_numpy().sum() >= 0.95
    assert inside.mean() >= 0.9


def test_ids_last_from_week_to_week(labelled: pd.DataFrame) -> None:
    posts = labelled[POSTS.names]
    families = text_families(posts)
    known: dict[tuple[str, str], str] = {}
    kept = moved = 0
    for number in range(34, 42):
        period = parse_period(f"2023-W{number}")
        visible = posts[posts["posted_at"] < period.end].reset_index(drop=True)
        groups = grouped(with_families(visible, families), period)
        inside = groups.posts[groups.posts["cluster"] >= 0]
        keys = zip(inside["platform"], inside["post_id"], strict=True)
        now = {key: groups.founders[cluster] for key, cluster in zip(keys, inside["cluster"], strict=True)}
        kept += sum(known[key] == now[key] for key in known.keys() & now.keys())
        moved += sum(known[key] != now[key] for key in known.keys() & now.keys())
        known = now
    assert kept > 2000
    assert moved <= 0.05 * (kept + moved)  # only where two narratives were united


def test_the_new_topic_is_a_new_narrative_and_a_pivot(labelled: pd.DataFrame) -> None:
    posts = labelled[POSTS.names]
    facts = narrative_facts(posts, text_families(posts), CAMPAIGN, PERIOD, _cutoff(PERIOD), seed=1)
    new = [item for item in facts.items if item.status == "new" and {"Topic October", "十月话题"} & set(item.label)]
    assert new
    assert isinstance(facts.pivots, tuple)
    (pivot,) = facts.pivots
    assert abs((pivot.day - PERIOD.start.date()).days) <= 1  # the simulation turns on 9 October
    assert pivot.interval[0] <= pivot.day <= pivot.interval[1]


def test_no_pivot_before_the_event(labelled: pd.DataFrame) -> None:
    early = Event.model_validate({**CAMPAIGN.events[0].model_dump(), "on": "2023-06-05"})
    period = parse_period("2023-W26")
    posts = labelled.loc[labelled["posted_at"] < period.end, POSTS.names]
    campaign = CAMPAIGN.model_copy(update={"events": [early]})
    assert narrative_facts(posts, text_families(posts), campaign, period, _cutoff(period), seed=1).pivots == ()


def test_the_clock_is_found(labelled: pd.DataFrame) -> None:
    facts = hour_facts(labelled[POSTS.names], CAMPAIGN, _cutoff(PERIOD), PERIOD, seed=1)
    assert isinstance(facts.utc_offset_h, float)
    assert abs(facts.utc_offset_h - 8) <= 1
