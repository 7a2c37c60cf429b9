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
from tasks.narrate.codebook import matches
from tasks.narrate.grouping import grouped, with_families
from tasks.narrate.narratives import narrative_facts
from tasks.narrate.status import status_of
from tasks.narrate.weekly import MAX_CORE, week_numbers, weekly

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
    assert set(rice.label) == {"rice harvest festival", "northern valley"}
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


def test_a_narrative_fades_then_is_gone_then_is_listed_no_more() -> None:
    def status(day: float) -> dict[str, str]:
        items = facts_of(rows_of(RICE, "en", [day, day + 1]) + rows_of(BRIDGE, "zh", [-20, 0, 1])).items
        return {next(iter(item.languages), "en"): item.status for item in items}

    assert status(-6) == {"zh": "returned", "en": "fading"}
    assert status(-13) == {"zh": "returned", "en": "gone"}
    assert status(-20) == {"zh": "returned"}


def test_a_gone_narrative_shows_its_last_words() -> None:
    facts = facts_of(rows_of(RICE, "en", [-13, -12]) + rows_of(BRIDGE, "zh", [-5, 0, 1]))
    gone = facts.items[-1]
    assert (gone.status, gone.posts, gone.previous_share) == ("gone", 0, Shared(part=0, whole=4))
    assert gone.quote.text in RICE


def test_a_theme_that_skips_one_period_keeps_its_id_and_is_no_return() -> None:
    daily = rows_of(BRIDGE, "zh", list(range(-20, 7)))
    skipped = facts_of(daily + rows_of(RICE, "en", [-13, -12, 0, 1])).items
    returned = facts_of(daily + rows_of(RICE, "en", [-20, -19, 0, 1])).items
    whole = facts_of(daily + rows_of(RICE, "en", [-20, -19, -13, -12, -6, -5, 0, 1])).items
    english = [next(item for item in items if "en" in item.languages) for items in (skipped, returned, whole)]
    assert [item.status for item in english] == ["growing", "returned", "steady"]
    assert len({item.narrative_id for item in english}) == 1


def test_without_history_the_previous_share_is_not_measurable() -> None:
    facts = facts_of(rows_of(RICE, "en", [0, 1]))
    assert isinstance(facts.items[0].previous_share, NotMeasurable)
    short = facts_of(rows_of(RICE, "en", [-1, 0]) + rows_of(BRIDGE, "zh", [0, 1])).items
    assert all(isinstance(item.previous_share, NotMeasurable) and item.status in ("steady", "new") for item in short)


def test_later_posts_change_no_narrative_of_before() -> None:
    history = rows_of(RICE, "en", [-13, -12, -6, -5]) + rows_of(BRIDGE, "zh", [-13, -5, -4])
    later = [
        "The rice harvest festival of the valley ends, northern farmers say",
        "Festival of the old harbour bridge, a parade of boats",
    ]
    groups = []
    for rows in (history, history + rows_of(later, "en", [0, 1, 2, 3])):
        posts = posts_frame(rows)
        found = grouped(with_families(posts, same_text_families(posts)), PERIOD)
        table = found.posts[found.posts["posted_at"] < PERIOD.start]
        founders = [found.founders[i] if i >= 0 else None for i in table["cluster"]]
        groups.append(dict(zip(table["text"].astype(str) + table["posted_at"].astype(str), founders, strict=True)))
    assert groups[0] == groups[1]
    assert len(set(groups[0].values())) == 2


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
    with pytest.raises(UsageProblem, match=r"'farming' \(en\): '\(\?=x\)' cannot be read: invalid perl operator"):
        matches(pd.Series(["x"]), pd.Series(["en"]), {"farming": {"en": ["(?=x)"]}})


def test_a_week_is_shaped_by_its_most_posted_families() -> None:
    many = MAX_CORE + 50
    family = pd.Series([*range(many), *range(0, many, 10)]).to_numpy()
    found = weekly(week_numbers(pd.Series([0] * len(family)).to_numpy()), family)
    assert found.week.tolist() == [-1] * many  # 1970-01-01 was a Thursday
    assert found.core.sum() == MAX_CORE
    assert found.core[::10].all()
    assert found.volume == {-1: len(family)}
    kept = pd.Series(range(many)).to_numpy() % 10 == 0
    assert found.only(kept).family.tolist() == list(range(kept.sum()))
    assert set(found.only(kept).posts) == {2}


@pytest.mark.parametrize(
    ("part", "whole", "before", "before_whole", "seen", "status"),
    [
        (0, 100, 5, 100, True, "fading"),
        (0, 100, 0, 100, True, "gone"),
        (5, 100, 0, 0, True, "steady"),
        (5, 100, 0, 100, False, "new"),
        (9, 100, 0, 100, True, "growing"),
        (2, 100, 0, 100, True, "steady"),
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
        assert item.posts or item.status in ("gone", "fading")
        assert not item.posts or item.status != "gone"
        assert (item.status == "new") == (item.first_seen >= PERIOD.start)
        assert sum(item.languages.values()) == sum(item.platforms.values()) == item.posts == item.trend[-1].posts
    assert facts_of(rows, seed=seed) == facts
