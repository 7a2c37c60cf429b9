"""Narratives of a small campaign in English and Chinese, and what must hold of any."""

from datetime import timedelta

import pandas as pd
import pytest
from campaign_posts import MONDAY, WEEK, posts_frame, same_text_families
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.domain.campaign import Campaign
from tasks.domain.errors import UsageProblem
from tasks.domain.measures import NotMeasurable, Shared
from tasks.domain.narratives import NarrativeFacts
from tasks.domain.periods import Cutoff, parse_period
from tasks.narrate.clustering import core_of
from tasks.narrate.narratives import narrative_facts
from tasks.narrate.status import status_of

PERIOD = parse_period(WEEK)
RICE = [
    "The rice harvest festival in the northern valley was wonderful this year",
    "Everybody enjoyed the rice harvest festival of the northern valley",
    "Photos of the rice harvest festival, northern valley, golden fields",
    "Northern valley farmers open the rice harvest festival with a parade",
]
BRIDGE = [
    "新的跨海大桥今天正式通车，市民纷纷前来参观",
    "跨海大桥正式通车，市民参观新的大桥",
    "市民参观新建的跨海大桥，通车仪式很热闹",
    "新跨海大桥通车仪式，市民前来参观大桥",
]
TEA = "A small shop that sells green tea leaves by the old harbour wall"
CAMPAIGN = Campaign(
    slug="c",
    title="C",
    codebook={"farming": {"en": ["rice harvest"]}, "building": {"zh": ["大桥"]}, "filler": {"en": ["tea"]}},
)


def facts_of(rows: list[dict[str, object]], campaign: Campaign = CAMPAIGN, seed: int = 1) -> NarrativeFacts:
    posts = posts_frame(rows)
    return narrative_facts(
        posts, same_text_families(posts), campaign, PERIOD, Cutoff(PERIOD.end, PERIOD.end + timedelta(days=1)), seed
    )


def rows_of(texts: list[str], lang: str, days: list[float], accounts: int = 4) -> list[dict[str, object]]:
    """Every text on every day (days after Monday of the period), accounts in turn."""
    return [
        {
            "text": text,
            "lang": lang,
            "posted_at": MONDAY + timedelta(days=day, minutes=i),
            "account_id": f"{lang}{(i + n) % accounts}",
        }
        for n, day in enumerate(days)
        for i, text in enumerate(texts)
    ]


@pytest.fixture(scope="module")
def two_themes() -> NarrativeFacts:
    return facts_of(
        rows_of(RICE, "en", [-6, -5, 0, 1, 2])
        + rows_of(BRIDGE, "zh-Hans", [3, 4])
        + [{"text": TEA, "posted_at": MONDAY, "account_id": "t"}]
    )


def test_two_themes_in_two_languages(two_themes: NarrativeFacts) -> None:
    rice, bridge = two_themes.items
    assert (rice.posts, bridge.posts) == (12, 8)
    assert rice.share == Shared(part=12, whole=21)
    assert (rice.families, rice.accounts) == (4, 4)
    assert rice.languages == {"en": 12}
    assert bridge.languages == {"zh-Hans": 8}
    assert {"rice", "harvest", "festival", "northern", "valley"} == set(rice.label)
    assert any("大桥" in term for term in bridge.label)
    assert rice.quote.text in RICE
    assert rice.quote.posted_at >= PERIOD.start
    assert bridge.quote.text in BRIDGE
    assert bridge.quote.lang == "zh-Hans"


def test_codebook_filler_and_the_unclustered(two_themes: NarrativeFacts) -> None:
    assert [item.category for item in two_themes.items] == ["farming", "building"]
    assert two_themes.categories == {"farming": 12, "building": 8, "uncoded": 1}
    assert two_themes.unclustered == Shared(part=1, whole=21)
    assert two_themes.filler == Shared(part=0, whole=21)
    assert isinstance(facts_of([], Campaign(slug="c", title="C")).filler, NotMeasurable)


def test_status_trend_and_previous_share(two_themes: NarrativeFacts) -> None:
    rice, bridge = two_themes.items
    assert bridge.status == "new"
    assert bridge.first_seen == MONDAY + timedelta(days=3)
    assert rice.status == "fading"  # 12 of 21 posts after 8 of 8
    assert rice.previous_share == Shared(part=8, whole=8)
    assert [step.posts for step in rice.trend] == [0, 0, 0, 0, 0, 0, 0, 8, 12]
    assert rice.trend[-1].start == PERIOD.start.date()
    assert rice.trend[-1].all_posts == 21


def test_copypasta_exhibits(two_themes: NarrativeFacts) -> None:
    assert len(two_themes.exhibits) == 4  # the rice texts: three days, three accounts; the bridge texts have two accounts each
    assert two_themes.copypasta == Shared(part=12, whole=21)
    assert two_themes.exhibits[0].accounts == 3
    assert two_themes.exhibits[0].first_seen == MONDAY + timedelta(days=-6, minutes=RICE.index(two_themes.exhibits[0].quote.text))


def test_reposts_and_short_texts_are_no_copypasta() -> None:
    def rows(text: str, kind: str) -> list[dict[str, object]]:
        return [{"text": text, "kind": kind, "posted_at": MONDAY, "account_id": f"a{i}"} for i in range(5)]

    assert facts_of(rows(TEA, "original")).copypasta.part == 5
    assert facts_of(rows(TEA, "repost")).copypasta.part == 0
    assert facts_of(rows("Good morning", "original")).copypasta.part == 0


def test_ids_come_from_the_oldest_family() -> None:
    week = facts_of(rows_of(RICE, "en", [0, 1]))
    later = facts_of(
        rows_of(RICE, "en", [0, 1, 2]) + rows_of(["The rice harvest festival of the valley ends, northern farmers say"], "en", [4])
    )
    assert week.items[0].narrative_id == later.items[0].narrative_id
    assert week.items[0].narrative_id.startswith("n-")


def test_gone_narratives_are_listed_and_older_ones_are_not() -> None:
    facts = facts_of(rows_of(RICE, "en", [-6, -5]) + rows_of(BRIDGE, "zh", [0, 1]))
    gone = facts.items[-1]
    assert (gone.status, gone.posts, gone.previous_share) == ("gone", 0, Shared(part=8, whole=8))
    assert gone.quote.text in RICE
    assert [item.status for item in facts_of(rows_of(RICE, "en", [-20, -19]) + rows_of(BRIDGE, "zh", [0, 1])).items] == ["new"]


def test_without_history_the_previous_share_is_not_measurable() -> None:
    facts = facts_of(rows_of(RICE, "en", [0, 1]))
    assert isinstance(facts.items[0].previous_share, NotMeasurable)
    short = facts_of(rows_of(RICE, "en", [-1, 0]) + rows_of(BRIDGE, "zh", [0, 1])).items
    assert all(isinstance(item.previous_share, NotMeasurable) and item.status in ("steady", "new") for item in short)


def test_the_order_of_rows_does_not_matter() -> None:
    posts = posts_frame(rows_of(RICE, "en", [-6, 0, 1]) + rows_of(BRIDGE, "zh", [0, 3]))
    cutoff = Cutoff(PERIOD.end, PERIOD.end)
    shuffled = posts.sample(frac=1, random_state=3).reset_index(drop=True)
    assert narrative_facts(posts, same_text_families(posts), CAMPAIGN, PERIOD, cutoff, 1) == narrative_facts(
        shuffled, same_text_families(shuffled), CAMPAIGN, PERIOD, cutoff, 1
    )


def test_nothing_at_all() -> None:
    facts = facts_of([])
    assert facts.items == ()
    assert facts.categories == {"uncoded": 0}
    assert facts.unclustered == Shared(part=0, whole=0)
    assert isinstance(facts.pivots, NotMeasurable)


def test_a_pattern_that_cannot_be_read_is_named() -> None:
    with pytest.raises(UsageProblem, match=r"\(\?=x\).*farming.*en"):
        facts_of([], Campaign(slug="c", title="C", codebook={"farming": {"en": ["(?=x)"]}}))


def test_the_graph_takes_repeated_families_before_a_sample_of_single_ones() -> None:
    ids = pd.Series([f"f{i}" for i in range(100)]).to_numpy(object)
    posts = pd.Series([5 if i % 10 == 0 else 1 for i in range(100)]).to_numpy()
    chosen = core_of(ids, posts, posts > 0, limit=20)
    assert set(range(0, 100, 10)) <= set(chosen.tolist())
    assert len(chosen) == 20


@pytest.mark.parametrize(
    ("part", "whole", "before", "before_whole", "seen", "status"),
    [
        (0, 100, 5, 100, True, "gone"),
        (5, 100, 0, 100, False, "new"),
        (5, 100, 0, 100, True, "returned"),
        (40, 100, 20, 100, True, "growing"),
        (20, 100, 40, 100, True, "fading"),
        (22, 100, 20, 100, True, "steady"),
        (4, 10, 2, 10, True, "steady"),  # twice the share, but of ten posts
    ],
)
def test_statuses(part: int, whole: int, before: int, before_whole: int, seen: bool, status: str) -> None:
    assert status_of(part, whole, before, before_whole, seen_before=seen) == status


_TEXTS = [*RICE, *BRIDGE, TEA, "ok", "", "你好", "Rice harvest festival again, valley of the north, see you there"]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(_TEXTS), st.integers(-60, 6), st.integers(0, 5), st.sampled_from(["en", "zh", None])), max_size=60
    ),
    st.integers(0, 3),
)
def test_books_balance(drawn: list[tuple[str, int, int, str | None]], seed: int) -> None:
    rows = [
        {"text": text, "posted_at": MONDAY + timedelta(days=day), "account_id": f"a{who}", "lang": lang}
        for text, day, who, lang in drawn
    ]
    facts = facts_of(rows, seed=seed)
    posts = sum(day >= 0 for _, day, _, _ in drawn)
    assert sum(item.posts for item in facts.items) + facts.unclustered.part == posts == facts.unclustered.whole
    assert sum(facts.categories.values()) == posts
    assert facts.coded.part + facts.categories["uncoded"] == posts
    assert facts.copypasta.part <= posts
    assert len({item.narrative_id for item in facts.items}) == len(facts.items)
    for item in facts.items:
        assert (item.status == "gone") == (item.posts == 0)
        assert (item.status == "new") == (item.first_seen >= PERIOD.start)
        assert sum(item.languages.values()) == sum(item.platforms.values()) == item.posts == item.trend[-1].posts
    assert facts_of(rows, seed=seed) == facts
