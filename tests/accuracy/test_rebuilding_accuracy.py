"""A fortieth of what `./run accuracy` measures, with the tolerance that so few campaigns need (docs/accuracy.md has the whole)."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from rebuilding_accuracy import CELLS, READ_AT, EffortOutcome, Outcome, effort_replicate, expected_days, replicate
from rebuilding_worlds import HISTORY, LAST, NAMES, simulate
from scipy import stats

CAMPAIGNS = 40
RHO = 0.3


@pytest.fixture(
    scope="module", params=[("no return", 0.0), ("slow", 0.3), ("fast", 0.0)], ids=lambda cell: f"{cell[0]}, {cell[1]:.0%} missing"
)
def outcomes(request: pytest.FixtureRequest) -> tuple[str, float, list[Outcome]]:
    scenario, missing = request.param
    return scenario, missing, [replicate(scenario, missing, RHO, number) for number in range(CAMPAIGNS)]


def at_most(share: float, tries: int) -> int:
    """How many successes chance leaves room for (1 in 1,000) if the true share is at most this."""
    return int(stats.binom.ppf(0.999, tries, share))


def test_the_measures_keep_what_the_table_promises(outcomes: tuple[str, float, list[Outcome]]) -> None:
    scenario, missing, found = outcomes
    for place in range(len(READ_AT)):
        missed = sum(not outcome.reads[place].covered["posts"] for outcome in found)
        assert missed <= at_most(0.15, CAMPAIGNS)
    assert abs(np.median([outcome.reads[-1].ratio["posts"] for outcome in found]) - 1) < 4 * 1.25 * 0.35 / np.sqrt(CAMPAIGNS)
    wrong = np.mean([outcome.misplaced for outcome in found])
    assert wrong <= 0.02 if missing else wrong == 0
    assert abs(np.mean([outcome.total_error for outcome in found])) <= (0.03 if missing else 0)
    if scenario == "no return":
        for place in range(len(READ_AT)):
            assert sum(outcome.reads[place].state == "rebuilding" for outcome in found) <= at_most(0.02, CAMPAIGNS)
        assert sum(outcome.t50.measured == "censored" for outcome in found) >= CAMPAIGNS - at_most(0.05, CAMPAIGNS)
    else:
        errors = [
            o.t50.measured - o.t50.expected for o in found if isinstance(o.t50.measured, int) and isinstance(o.t50.expected, int)
        ]
        assert abs(np.median(errors)) <= (5 if scenario == "fast" else 12)
        assert sum(not outcome.t50.between for outcome in found) <= at_most(0.15, CAMPAIGNS)


def test_more_asking_is_not_read_as_more_posting() -> None:
    found: list[EffortOutcome] = [effort_replicate("slow", 0.0, number) for number in range(CAMPAIGNS)]
    assert all(outcome.flagged for outcome in found)
    assert sum(not outcome.fixed for outcome in found) <= at_most(0.15, CAMPAIGNS)
    assert np.median([outcome.plain_ratio for outcome in found]) > 1.5  # what would be believed without the other basis
    assert 0.8 < np.median([outcome.fixed_ratio for outcome in found]) < 1.25


def test_the_labels_by_another_way() -> None:
    """The simulator's truth, counted one account at a time."""
    world = simulate("fast", 0.3, 0.0, np.random.default_rng(3))
    day = np.arange(HISTORY, LAST)
    for account, kind in enumerate(world.cohorts(LAST)):
        posted = day[world.counts[account] > 0]
        if not ((posted >= 1) & (posted < LAST)).any():
            assert kind == -1
        elif ((posted >= -90) & (posted < 0)).any():
            assert NAMES[kind] == "survivor"
        elif (posted < -90).any():
            assert NAMES[kind] == "reactivated"
        else:
            assert NAMES[kind] == ("created_after" if world.created[account] >= 0 else "pre_positioned")
    total = world.rates.sum(axis=0)
    before = np.mean([total[list(day).index(d)] for d in range(-56, 0)])
    assert world.expected_posts()[0] == pytest.approx(np.mean([total[list(day).index(d)] for d in range(1, 8)]) / before)
    assert len(world.expected_posts()) == LAST - 7


def test_the_course_of_a_replicate_is_what_was_asked() -> None:
    """Weekly levels have the autocorrelation of the row: posts over their rates, week by week, over many campaigns."""
    for rho in (0.0, 0.6):
        pairs = []
        for number in range(60):
            world = simulate("no return", rho, 0.0, np.random.default_rng([5, number]))
            week = slice(-HISTORY - 56, -HISTORY)
            ratio = np.log(
                world.counts[:, week].sum(axis=0).reshape(8, 7).sum(axis=1)
                / world.rates[:, week].sum(axis=0).reshape(8, 7).sum(axis=1)
            )
            pairs += list(pairwise(ratio))
        first, second = np.array(pairs).T
        assert np.corrcoef(first, second)[0, 1] == pytest.approx(rho, abs=0.15)


def test_days_of_a_known_course() -> None:
    rising = np.r_[np.full(10, 0.3), np.full(60, 0.7)]  # entry 0 is day 6
    assert expected_days(rising, 0.5) == 16
    assert expected_days(rising, 0.9) == "censored"
    assert expected_days(rising, 0.2) == "never fell"
    assert expected_days(rising[:16], 0.5) == "censored"  # six days back are not seven


def test_the_page_holds_every_row() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "accuracy.md").read_text(encoding="utf-8")
    for scenario, missing, rho in CELLS:
        assert len(re.findall(rf"^\| {scenario} \| {missing:.0%} \| {rho:g} \|", text, re.M)) == 3


def test_the_page_keeps_its_promises() -> None:
    """The published figures: posts covered at 0.85 to 0.95 up to an autocorrelation of 0.3, each row as far as chance allows; false
    rebuilding at most 0.02 in every row."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "accuracy.md").read_text(encoding="utf-8")
    campaigns = int(re.search(r"Every row is ([\d,]+) ", text)[1].replace(",", ""))  # type: ignore[index]
    index, words = text.split("\n## ")[1:3]
    rows = [line.split(" | ") for line in index.splitlines() if re.match(r"\| (no return|slow|fast) ", line)]
    for rho in (0.0, 0.3):
        covered = [float(value) for row in rows if float(row[2]) == rho for value in row[3:6]]
        assert len(covered) == 18
        assert 0.85 <= np.mean(covered) <= 0.95
        assert all((1 - value) * campaigns <= at_most(0.15, campaigns) for value in covered)
        assert all(value * campaigns <= at_most(0.95, campaigns) for value in covered)
    said = [line.split(" | ") for line in words.splitlines() if line.startswith("| no return ")]
    assert len(said) == 6
    assert all(float(value) <= 0.02 for row in said for value in row[3:6])
