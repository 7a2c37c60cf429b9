"""What must hold whatever the posts are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rebuilding_frames import observed, posts_frame, run, takedown

from tasks.domain.measures import Estimate, NotMeasurable
from tasks.domain.rebuilding import CohortCounts, CohortPosts, Cohorts, Fate, IndexSeries, RemovalRate, TakedownFacts

END = 30
NAMES = ("survivor", "reactivated", "created_after", "pre_positioned", "first_observed", "undetermined")

account = st.sampled_from([f"a{i}" for i in range(8)])
post = st.tuples(account, st.integers(-220, END + 20).map(float), st.integers(1, 4))
check = st.fixed_dictionaries(
    {"account_id": account, "day": st.integers(-10, END)},
    optional={
        "status": st.sampled_from(["active", "suspended", "deleted", "unknown"]),
        "created": st.integers(-300, 20),
        "created_precision_s": st.sampled_from([1, 86_400, 2_000_000]),
    },
)
worlds = given(st.lists(post, min_size=1, max_size=60), st.lists(check, max_size=10))
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def measured(posts: pd.DataFrame, checks: list[dict], seed: int = 7) -> TakedownFacts:
    (facts,) = run(posts, [takedown(0, 2)], END, observations=observed(checks), seed=seed)
    return facts


def summed(counts: CohortCounts | CohortPosts) -> int:
    values = [getattr(counts, name) for name in NAMES]
    return sum(0 if isinstance(value, NotMeasurable) else value for value in values)


@quick
@worlds
def test_cohorts_and_fates_sum(rows: list, checks: list) -> None:
    posts = posts_frame(rows)
    facts = measured(posts, checks)
    if facts.cohorts == NotMeasurable(reason="no member's post on X was collected"):
        assert all(day >= END for _, day, _ in rows)
        return
    assert isinstance(facts.cohorts, Cohorts)
    inside = [(name, count) for name, day, count in rows if 3 <= day < END]
    assert facts.cohorts.total == summed(facts.cohorts) == len({name for name, _ in inside})
    assert facts.cohorts.posts.total == summed(facts.cohorts.posts) == sum(count for _, count in inside)
    assert isinstance(facts.sensitivity, tuple)
    assert all(row.cohorts.total == summed(row.cohorts) == facts.cohorts.total for row in facts.sensitivity)
    if isinstance(facts.fate, Fate):
        fate = facts.fate
        assert fate.at_risk == fate.removed + fate.silent + fate.still_posting + fate.unknown
        assert fate.checked >= fate.removed + fate.silent
        if isinstance(fate.removal_rate, RemovalRate):
            assert 0 <= fate.removal_rate.low <= fate.removal_rate.high <= 1


@quick
@worlds
def test_the_order_of_rows_changes_nothing(rows: list, checks: list) -> None:
    posts = posts_frame(rows)
    shuffled = posts.sample(frac=1, random_state=1)
    assert measured(posts, checks) == measured(shuffled.reset_index(drop=True), checks)
    assert measured(posts, checks) == measured(shuffled, checks)


@quick
@worlds
def test_posts_at_or_after_the_end_are_never_used(rows: list, checks: list) -> None:
    early = [row for row in rows if row[1] < END]
    if early:
        assert measured(posts_frame(rows), checks) == measured(posts_frame(early), checks)


@settings(quick, max_examples=6)
@given(st.integers(2, 9), st.integers(0, 1000))
def test_the_index_of_posts_does_not_depend_on_their_scale(factor: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [(f"a{rng.integers(12)}", float(day), int(rng.integers(1, 5))) for day in range(-60, END) for _ in range(4)]
    once = measured(posts_frame(rows), [])
    more = measured(posts_frame([(name, day, count * factor) for name, day, count in rows]), [])
    for one, many in zip(once.rebuild_index, more.rebuild_index, strict=True):
        assert points(one) == pytest.approx(points(many), abs=2e-6)
        assert isinstance(one.level, NotMeasurable) or one.level == many.level


def points(series: IndexSeries) -> list[float]:
    bounds = [(p.value, p.low or 0.0, p.high or 0.0) for p in series.points]
    return [value for triple in bounds for value in triple]


def test_the_seed_moves_the_bootstrap_and_nothing_else() -> None:
    rows = [(f"a{i}", float(day), 1) for i in range(6) for day in range(-60, 0)] + [("a0", float(day), 6) for day in range(END)]
    first, same, other = (measured(posts_frame(rows), [], seed) for seed in (1, 1, 2))
    assert first == same
    assert first != other
    latest = [s.latest.value for s in first.rebuild_index if isinstance(s.latest, Estimate)]
    assert latest == [s.latest.value for s in other.rebuild_index if isinstance(s.latest, Estimate)]
    assert first.cohorts == other.cohorts
