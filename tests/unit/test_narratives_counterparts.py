"""The same story in two languages is linked where something other than words says so, and only there."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from reports.parts.narratives import _languages
from tasks.domain.measures import Shared
from tasks.domain.narratives import Narrative, Quote, WeekShare
from tasks.narrate.counterparts import linked

THEN = datetime(2023, 10, 16, tzinfo=UTC)
CODEBOOK = {"bridge": {"en": ["bridge"], "zh": ["港桥"]}, "lake": {"en": ["lake"]}}


def told(name: str, lang: str, posts: int = 40, category: str = "uncoded") -> Narrative:
    return Narrative(
        narrative_id=name,
        label=(name,),
        category=category,
        quote=Quote(text="t", lang=lang, platform="x", post_id="1", posted_at=THEN),
        posts=posts,
        accounts=4,
        families=4,
        share=Shared(part=posts, whole=1000),
        previous_share=Shared(part=0, whole=1000),
        languages={lang: posts},
        platforms={"x": posts},
        first_seen=THEN,
        status="new",
        trend=(WeekShare(start=date(2023, 10, 16), posts=posts, all_posts=1000),),
    )


def marks(**held: list[str]) -> pd.DataFrame:
    return pd.DataFrame([(name, mark) for name, all_ in held.items() for mark in all_], columns=["narrative_id", "mark"])


NONE = marks()


def pairs(items: list[Narrative], found: pd.DataFrame = NONE) -> set[tuple[str, str | None]]:
    return {(item.narrative_id, item.counterpart) for item in linked(items, found, CODEBOOK) if item.counterpart}


def test_a_category_with_patterns_in_both_languages_links_the_largest_of_each() -> None:
    items = [told("a", "en", 50, "bridge"), told("b", "zh-Hans", 40, "bridge"), told("c", "zh", 12, "bridge")]
    assert pairs(items) == {("a", "b"), ("b", "a")}


@pytest.mark.parametrize("category", ["uncoded", "lake"])
def test_no_category_and_one_of_a_single_language_link_nothing(category: str) -> None:
    assert pairs([told("a", "en", category=category), told("b", "zh", category=category)]) == set()


def test_a_narrative_of_few_posts_is_linked_to_nothing() -> None:
    assert pairs([told("a", "en", 40, "bridge"), told("b", "zh", 9, "bridge")]) == set()


def test_rare_links_in_common_link_and_common_ones_do_not() -> None:
    items = [told("a", "en"), told("b", "zh"), told("c", "ru")]
    stock = [f"urls {i}" for i in range(400)]
    shared = [f"urls rare {i}" for i in range(5)]
    rare = marks(a=[*shared, *stock[:10]], b=[*shared, *stock[10:20]], c=stock[20:])
    assert pairs(items, rare) == {("a", "b"), ("b", "a")}
    assert pairs(items, marks(a=stock, b=stock, c=stock)) == set()  # one desk's stock, behind every theme
    two = marks(a=["urls x", "urls y", *stock[:20]], b=["urls x", "urls y", *stock[20:]])
    assert pairs(items, two) == set()


def test_a_narrative_of_mixed_languages_speaks_none() -> None:
    mixed = told("b", "zh", category="bridge").model_copy(update={"languages": {"zh": 24, "en": 16}})
    assert pairs([told("a", "en", category="bridge"), mixed]) == set()


def test_one_language_is_not_linked_with_itself_and_ids_and_order_stay() -> None:
    items = [told("a", "en", category="bridge"), told("b", "en-GB", category="bridge")]
    assert pairs(items, marks(a=["urls x", "urls y", "urls z"], b=["urls x", "urls y", "urls z"])) == set()
    assert linked(items, NONE, CODEBOOK) == tuple(items)


def test_the_page_says_which_are_one_story_and_that_languages_stand_apart() -> None:
    both = linked([told("a", "en", category="bridge"), told("b", "zh", category="bridge")], NONE, CODEBOOK)
    assert "1. a, also in Chinese: 2. b (both in the codebook's category bridge)" in _languages(both)
    assert "Nothing links" in _languages((told("a", "en"), told("b", "zh")))
    assert _languages((told("a", "en"),)) == ""
