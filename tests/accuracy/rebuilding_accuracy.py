"""How right the measures of rebuilding are, on campaigns whose course is known: the tables of docs/accuracy.md.

    python tests/accuracy/rebuilding_accuracy.py [--replicates 1000] [--processes 2]

What is measured are the functions of tasks.rebuilding themselves (and the rule of words of tasks.narrate.comeback) on the posts that
were collected; what they are compared with are labels made by the simulator (rebuilding_worlds.py).
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import numpy as np
from accuracy_page import page
from rebuilding_worlds import EPOCH_DAY, LAST, NAMES, TAU, World, doubled_queries, simulate

from tasks.domain.batches import QueryEffort
from tasks.domain.campaign import Campaign
from tasks.domain.measures import Estimate, Interval, NotMeasurable
from tasks.domain.rebuilding import IndexSeries, TakedownFacts
from tasks.domain.takedowns import Takedown
from tasks.narrate.comeback import state_of
from tasks.rebuilding.baseline import BaselineWeeks, choose_weeks
from tasks.rebuilding.bases import measure_index
from tasks.rebuilding.bootstrap import AccountBootstrap
from tasks.rebuilding.cohorts import NAMES as COHORTS
from tasks.rebuilding.cohorts import assign, read_knowledge
from tasks.rebuilding.confounders import name_confounders
from tasks.rebuilding.episodes import group_episodes
from tasks.rebuilding.fate import OutcomeSelection
from tasks.rebuilding.index import Window, find_series, index_of
from tasks.rebuilding.timeline import Timeline, day_date, read_timelines

SEED = 20230829
RHOS = (0.0, 0.3, 0.6)
MISSING = (0.0, 0.3)
READ_AT = (43, 64, LAST)  # first days after the data: 6, 9 and 18 weeks after the takedown
CELLS = tuple(product(TAU, MISSING, RHOS))
T0 = datetime.combine(day_date(EPOCH_DAY), datetime.min.time(), UTC)
(EPISODE,) = group_episodes([Takedown(takedown_id="t", platform="x", source="platform", effective_from=T0.date())])
PLAN = Campaign(slug="c", title="C")
UNSELECTED = OutcomeSelection(np.zeros(0, dtype=bool), None)


@dataclass(frozen=True)
class Read:
    """One briefing of one campaign: what it says against what holds."""

    covered: dict[str, bool]  # by series
    ratio: dict[str, float]  # measured over expected index, by series
    state: str


@dataclass(frozen=True)
class Times:
    """Days to a threshold, measured and expected; "censored" or "never fell" instead of days."""

    measured: int | str
    expected: int | str
    between: bool  # does the range from the interval hold the expected day, or reach beyond the end where that was censored?


@dataclass(frozen=True)
class Outcome:
    reads: tuple[Read, ...]
    t50: Times
    t90: Times
    total_error: float  # of accounts with a post after the takedown, relative
    misplaced: float  # share of the accounts found that stand in a definite cohort that is not theirs
    left_open: float  # share of them in first_observed or undetermined


def replicate(scenario: str, missing: float, rho: float, number: int) -> Outcome:
    """Simulate one campaign and measure it at every day of READ_AT."""
    world = simulate(scenario, rho, missing, _rng(scenario, missing, rho, number))
    timeline, index = measured(world, number)
    plain = find_series(index, "posts", "plain")
    reads = (*(_read(world, plain_index(timeline, end, number), end) for end in READ_AT[:-1]), _read(world, index, LAST))
    expected = world.expected_posts()
    return Outcome(
        reads=reads,
        t50=_times(plain.t50_days, plain.t50_between, expected_days(expected, 0.5)),
        t90=_times(plain.t90_days, plain.t90_between, expected_days(expected, 0.9)),
        **_cohort_errors(world, timeline),
    )


def measured(world: World, seed: int, queries: Sequence[QueryEffort] = ()) -> tuple[Timeline, tuple[IndexSeries, ...]]:
    """All posts through the functions of tasks.rebuilding."""
    timeline = read_timelines(world.posts, T0 + timedelta(days=LAST))["x"]
    return timeline, measure_index(timeline, EPISODE, _weeks(timeline), queries, seed)


def plain_index(timeline: Timeline, end: int, seed: int) -> tuple[IndexSeries, ...]:
    """The plain basis as an earlier briefing measured it, at whose time the posts of [.., end) were made."""
    weeks, last = _weeks(timeline), EPOCH_DAY + end
    days = timeline.days.where(timeline.days.day < last)
    seen = timeline.posted(weeks.oldest, weeks.starts[0] + 7) | timeline.posted(EPISODE.end, last)
    draws = AccountBootstrap.draw(seen, np.random.default_rng(seed))
    return tuple(index_of(days, Window(weeks, EPISODE.end, last), "plain", draws, {"engagement": "no counts"}))


def _weeks(timeline: Timeline) -> BaselineWeeks:
    weeks = choose_weeks(EPISODE.start, timeline.data_start, [])
    assert not isinstance(weeks, NotMeasurable)
    return weeks


def expected_days(expected: np.ndarray, threshold: float) -> int | str:
    """Days from t0_end until the expected index has been at or above the threshold for seven days; the first entry is day 6."""
    if expected[: 28 - 6].min() >= threshold:
        return "never fell"
    back = np.flatnonzero(expected >= threshold)
    back = back[back > np.flatnonzero(expected < threshold)[0]]
    return int(back[0]) + 6 if len(back) and back[0] + 7 <= len(expected) else "censored"


def _rng(scenario: str, missing: float, rho: float, number: int) -> np.random.Generator:
    return np.random.default_rng([SEED, list(TAU).index(scenario), round(100 * missing), round(100 * rho), number])


def _read(world: World, index: tuple[IndexSeries, ...], end: int) -> Read:
    expected = {"posts": world.expected_posts()[end - 8], "accounts": world.expected_accounts()[end - 8]}
    covered, ratio = {}, {}
    for series, truth in expected.items():
        covered[series], ratio[series] = held(find_series(index, series, "plain"), truth)  # type: ignore[arg-type]
    plain = find_series(index, "posts", "plain")
    facts = TakedownFacts.model_construct(
        nadir=plain.nadir, level=plain.level, direction=plain.direction, regained=plain.regained, rebuild_index=index
    )
    return Read(covered, ratio, state_of(facts))


def held(series: IndexSeries, expected: float) -> tuple[bool, float]:
    """Does the latest interval hold the expected index, and the ratio of the two. A zero has no interval and holds nothing."""
    if not isinstance(series.latest, Estimate):
        raise TypeError(f"not measured: {series.latest.reason}")
    if series.latest.value == expected == 0:  # nobody of a small half was left, and that is what is said
        return True, 1.0
    interval = series.latest.interval
    covers = isinstance(interval, Interval) and interval.low <= expected <= interval.high
    return covers, series.latest.value / expected


def _times(
    days: int | NotMeasurable, between: tuple[int | NotMeasurable, int | NotMeasurable] | None, expected: int | str
) -> Times:
    assert between is not None
    earliest, latest = (LAST if isinstance(bound, NotMeasurable) else bound for bound in between)
    if not isinstance(expected, int):
        return Times(_told(days), expected, latest == LAST)
    return Times(_told(days), expected, earliest <= expected <= latest)


def _told(days: int | NotMeasurable) -> int | str:
    if isinstance(days, int):
        return days
    return "censored" if days.reason.startswith("right-censored") else "never fell"


def _cohort_errors(world: World, timeline: Timeline) -> dict[str, float]:
    true = world.cohorts(LAST)
    found = assign(timeline, read_knowledge(timeline, world.observations), EPISODE).cohort
    ids = np.array([int(name[1:]) for name in timeline.accounts])[found >= 0]
    names = [COHORTS[kind] for kind in found[found >= 0]]
    definite = np.array([name in NAMES for name in names])
    right = np.array([name in NAMES and NAMES.index(name) == true[i] for i, name in zip(ids, names, strict=True)])
    return {
        "total_error": len(ids) / (true >= 0).sum() - 1,
        "misplaced": float((definite & ~right).mean()),
        "left_open": float((~definite).mean()),
    }


@dataclass(frozen=True)
class EffortOutcome:
    """Queries double three weeks after the takedown: does each basis hold the true index, and is the change named?"""

    plain: bool
    fixed: bool
    plain_ratio: float
    fixed_ratio: float
    flagged: bool


def effort_replicate(scenario: str, rho: float, number: int) -> EffortOutcome:
    rng = _rng(scenario, 0.5, rho, number)
    world, queries, first = doubled_queries(simulate(scenario, rho, 0.0, rng), T0, rng)
    timeline, index = measured(world, number, queries)
    plain = held(find_series(index, "posts", "plain"), world.expected_posts()[-1])
    fixed = held(find_series(index, "posts", "fixed_queries"), world.expected_posts(first)[-1])
    named = name_confounders(PLAN, timeline, EPISODE, _weeks(timeline), queries, UNSELECTED)
    flagged = any("Collection effort changed" in sentence and "q2" in sentence for sentence in named)
    return EffortOutcome(plain[0], fixed[0], plain[1], fixed[1], flagged)


def run(
    replicates: int, processes: int
) -> tuple[dict[tuple[str, float, float], list[Outcome]], dict[tuple[str, float], list[EffortOutcome]]]:
    """All cells, `replicates` campaigns each; the same numbers give the same tables whatever the number of processes."""
    numbers = range(replicates)
    effort_cells = list(product(TAU, RHOS[:2]))
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # as many processes as cores: threads of the matrix library would only
        os.environ[name] = "1"  # wait for each other, at 3 times the cost
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        chunk = max(1, replicates // 20)
        cells = {cell: pool.map(replicate, *_columns(cell, numbers), chunksize=chunk) for cell in CELLS}
        effort = {cell: pool.map(effort_replicate, *_columns(cell, numbers), chunksize=chunk) for cell in effort_cells}
        return {cell: list(found) for cell, found in cells.items()}, {cell: list(found) for cell, found in effort.items()}


def _columns(cell: Sequence[object], numbers: Sequence[int]) -> list[Sequence[object]]:
    return [*([value] * len(numbers) for value in cell), numbers]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how right the measures of rebuilding are, and write docs/accuracy.md.")
    parser.add_argument("--replicates", type=int, default=1000, help="campaigns a row")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[2] / "docs" / "accuracy.md")
    options = parser.parse_args()
    began = time.perf_counter()
    outcomes, effort = run(options.replicates, options.processes)
    options.out.write_text(page(outcomes, effort, options.replicates), encoding="utf-8")
    sys.stdout.write(f"{options.out.name}: {options.replicates} campaigns a cell, {time.perf_counter() - began:.0f} s\n")


if __name__ == "__main__":
    main()
