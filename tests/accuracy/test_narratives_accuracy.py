"""A smaller form of docs/narratives.md, which `./run narratives` makes: fails if narratives do not last or pivots are claimed at random."""

import narratives as n
import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def world() -> pd.DataFrame:
    return n.labelled(15, 30_000)


def test_ids_last_and_narratives_are_of_one_theme(world: pd.DataFrame) -> None:
    found = n.lasting(world, last_week=42, periods=5)
    assert found.followed > 20
    assert found.kept >= 0.95 * found.followed
    assert found.pure >= 0.93 * found.placed
    assert found.inside >= 0.9


def test_stories_are_linked_by_a_codebook_in_both_languages_and_by_nothing_else(world: pd.DataFrame) -> None:
    found = n.counterparts(world, n.load_campaign(None, "spamouflage").codebook)
    assert found.right == found.linked > 0
    assert found.found >= 0.75 * found.both > 0
    assert n.counterparts(world, {}).linked == 0


def test_the_day_of_a_clear_pivot_is_right() -> None:
    found = n.turned(n.TURNS[0], range(30))
    assert found.claimed == found.runs
    assert np.median(found.off) <= 1
    assert found.held >= 0.85 * found.claimed


def test_no_pivot_is_claimed_where_there_is_none() -> None:
    for course in (n.STEADY[0], n.STEADY[2]):
        found = n.turned(course, range(40))
        assert found.claimed <= 2  # 5 % of 40


def test_the_true_offset_lies_in_the_interval(world: pd.DataFrame) -> None:
    found = n.clock(world)
    assert isinstance(found.interval, n.Interval)
    assert found.interval.low <= 8 <= found.interval.high
    assert found.pivot_off is not None
    assert found.pivot_off <= 1


def test_the_page_is_that_of_the_command() -> None:
    written = n.PAGE.read_text(encoding="utf-8")
    assert all(f"| {course.name} |" in written for course in (*n.TURNS, *n.STEADY))
    assert all(f"\n| {seed} |" in written for seed in n.SEEDS)
