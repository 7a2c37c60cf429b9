"""By whom: groups that sum to all posts; the loudest ten; continuity of content; comparators."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rebuilding_frames import ACCOUNTS, MEMBERSHIP, at, posts_frame, run, steady, takedown  # type: ignore[attr-defined]

from tasks.domain.campaign import Campaign
from tasks.domain.measures import Estimate, Interval, NotMeasurable
from tasks.domain.periods import Cutoff, Period
from tasks.domain.rebuilding import Continuity, GroupRow, Loudest, TakedownFacts
from tasks.narrate.codebook import UNCODED, first_categories
from tasks.rebuilding.beside import Beside
from tasks.rebuilding.measure import measure

END = 40


def measured(posts: pd.DataFrame, beside: Beside, end: int = END) -> TakedownFacts:
    (facts,) = measure(
        Campaign(slug="c", title="C", takedowns=[takedown()]),
        posts=posts,
        observations=ACCOUNTS.empty(),
        members=MEMBERSHIP.empty(),
        period=Period("r", "range", at(end - 7), at(end)),
        cutoff=Cutoff(at(end), at(end + 1)),
        queries=(),
        seed=1,
        beside=beside,
    )
    return facts


def groups_of(facts: TakedownFacts, kind: str) -> dict[str, GroupRow]:
    assert not isinstance(facts.by_group, NotMeasurable)
    return {row.group: row for row in facts.by_group if row.kind == kind}


BOOK = {"bridges": {"en": ["bridge"]}, "parks": {"en": ["park"], "fr": ["parc"]}}


def categorise(texts: pd.Series, langs: pd.Series) -> pd.Series:
    return first_categories(texts, langs, BOOK)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30))
def test_groups_of_every_kind_sum_to_all_posts(seed: int, kinds: int) -> None:
    rng = np.random.default_rng(seed)
    posts = posts_frame(steady(-60, END, accounts=12, posts=1))
    keep = rng.random(len(posts)) < rng.uniform(0.2, 1)
    words = rng.choice(["a bridge", "a park and a bridge", "le parc", "nothing", None], len(posts))
    posts = posts.assign(
        lang=pd.Series(rng.choice([*(f"l{n}" for n in range(kinds)), "en", None], len(posts)), dtype="str"),
        text=pd.Series(words, dtype="str"),
    )[keep]
    clusters = pd.DataFrame({"account": [f"x/a{n}" for n in range(12)], "cluster_id": [f"c{n % 11}" for n in range(12)]})
    facts = measured(posts, Beside(clusters=clusters.head(rng.integers(0, 13)), categorise=categorise))
    if isinstance(facts.by_group, NotMeasurable):
        return
    day = ((posts["posted_at"] - at(0)) / pd.Timedelta(days=1)).apply(np.floor)
    for kind in {row.kind for row in facts.by_group}:
        rows = groups_of(facts, kind)
        assert sum(row.posts_latest for row in rows.values()) == ((day >= END - 7) & (day < END)).sum()
        assert sum(row.posts_before for row in rows.values()) == ((day >= -56) & (day < 0)).sum()
        assert len(rows) <= 9


def test_categories_are_the_first_that_matches_and_clusters_are_the_authors() -> None:
    posts = posts_frame(steady(-60, END, accounts=3, posts=1)).assign(
        text=lambda f: f["account_id"].map({"a0": "a Park, a bridge", "a1": "park", "a2": ""}), lang="en"
    )
    clusters = pd.DataFrame({"account": ["x/a0", "x/a1", "y/a2"], "cluster_id": ["one", "one", "one"]})
    facts = measured(posts, Beside(clusters=clusters, categorise=categorise))
    assert {name: row.posts_latest for name, row in groups_of(facts, "category").items()} == {"bridges": 7, "parks": 7, UNCODED: 7}
    assert {name: row.posts_latest for name, row in groups_of(facts, "cluster").items()} == {"one": 14, "in no cluster": 7}


def test_a_group_has_its_own_index_of_posts_and_accounts() -> None:
    posts = pd.concat(
        [
            posts_frame(steady(-60, END, accounts=2, posts=2)).assign(lang="en"),
            posts_frame(steady(-60, 0, accounts=4, posts=1, name="b")).assign(lang="fr", post_id=lambda f: "b" + f["post_id"]),
            posts_frame(steady(0, END, accounts=1, posts=2, name="b")).assign(lang="fr", post_id=lambda f: "c" + f["post_id"]),
        ],
        ignore_index=True,
    )
    rows = groups_of(measured(posts, Beside()), "language")
    assert (rows["en"].index, rows["en"].index_accounts) == (1, 1)
    assert (rows["fr"].index, rows["fr"].index_accounts) == (0.5, 0.25)
    assert isinstance(rows["fr"].interval, Interval)


def test_the_loudest_ten_before_and_after() -> None:
    rows = [
        *steady(-60, 0, accounts=20, posts=1),
        *steady(5, END, accounts=1, posts=30),
        *steady(5, END, accounts=10, posts=1, name="b"),
    ]
    loudest = measured(posts_frame(rows), Beside()).loudest
    assert isinstance(loudest, Loudest)
    assert loudest.before.share == 0.5
    assert (loudest.after.part, loudest.after.whole) == (35 * 39, 35 * 40)


def test_continuity_counts_families_and_posts_known_before() -> None:
    x = posts_frame([("a", -50), ("a", -40), ("a", -5), ("a", 10), ("a", 11), ("a", 12), ("a", 13), ("a", 14)])
    y = posts_frame([("z", -30)], platform="y").assign(post_id="y0")
    posts = pd.concat([x, y], ignore_index=True)
    families = pd.Series(["old", "old", "old", "old", "new", "new", None, "elsewhere", "elsewhere"], dtype="str")
    (told,) = (f.continuity for f in (measured(posts, Beside(families=families)),))
    assert isinstance(told, Continuity)
    assert (told.families.part, told.families.whole) == (2, 3)
    assert (told.posts.part, told.posts.whole) == (2, 4)
    assert (told.posts_same_platform.part, told.posts_without_text) == (1, 1)
    assert (told.posts_before.part, told.posts_before.whole) == (1, 1)


def test_without_families_or_comparators_the_reason_is_said() -> None:
    (facts,) = run(posts_frame(steady(-60, END)), [takedown()], END)
    assert isinstance(facts.continuity, NotMeasurable)
    assert facts.comparators == NotMeasurable(reason="the campaign file names no comparator")


@pytest.mark.parametrize(("left", "expected"), [(1.0, 0.8), (0.5, 0.6)])
def test_the_loss_is_adjusted_by_what_happened_to_everybody(left: float, expected: float) -> None:
    """The campaign falls to a fifth. Where a comparator fell to a half meanwhile, only two fifths of what was to be expected are left."""
    posts = posts_frame([*steady(-60, 0, accounts=10, posts=1), *steady(0, END, accounts=2, posts=1)])
    theirs = posts_frame(
        [*steady(-60, 0, accounts=8, posts=1, name="o"), *steady(0, END, accounts=int(8 * left), posts=1, name="o")]
    )
    (row,) = measured(posts, Beside(comparators={"others": theirs})).comparators  # type: ignore[misc]
    assert row.index == left
    assert isinstance(row.adjusted_loss, Estimate)
    assert row.adjusted_loss.value == pytest.approx(expected)
    assert isinstance(row.adjusted_loss.interval, Interval)
    assert row.adjusted_loss.interval.low <= expected <= row.adjusted_loss.interval.high


def test_a_comparator_that_was_not_there_before_measures_nothing() -> None:
    theirs = posts_frame(steady(-10, END, name="o"))
    (row,) = measured(posts_frame(steady(-60, END)), Beside(comparators={"others": theirs})).comparators  # type: ignore[misc]
    assert isinstance(row.adjusted_loss, NotMeasurable)
    assert "6 of the 8 baseline weeks" in row.adjusted_loss.reason
