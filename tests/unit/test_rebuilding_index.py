from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from rebuilding_frames import at, posts_frame, run, steady, takedown
from scipy import stats

from tasks.domain.batches import QueryEffort
from tasks.domain.measures import Estimate, Interval, NotMeasurable
from tasks.domain.rebuilding import IndexSeries, TakedownFacts
from tasks.rebuilding.bootstrap import rolling_week
from tasks.rebuilding.effort import changed_queries, steady_queries
from tasks.rebuilding.index import find_series, interval_of, log_factor
from tasks.rebuilding.reading import WeeklyNoise, direction_of, has_regained, level_of, recovery_days, weekly_noise


def facts_of(rows: list, end: int, **more: object) -> TakedownFacts:
    (facts,) = run(posts_frame(rows, **more.pop("columns", {})), [takedown(0)], end, **more)  # type: ignore[arg-type]
    return facts


def posts_index(facts: TakedownFacts, basis: str = "plain") -> IndexSeries:
    return find_series(facts.rebuild_index, "posts", basis)  # type: ignore[arg-type]


def test_by_hand() -> None:
    # 3 accounts x 2 posts a day before; 1 account x 3 posts a day on days 1..10, nothing on 11..14
    found = posts_index(facts_of([*steady(-60, 0), *steady(1, 11, accounts=1, posts=3)], 15))
    assert [point.day for point in found.points] == [at(day).date() for day in range(7, 15)]
    expected = [3 / 6] * 4 + [3 / 6 * k / 7 for k in (6, 5, 4, 3)]
    assert [point.value for point in found.points] == pytest.approx(expected, abs=1e-6)
    assert isinstance(found.latest, Estimate)
    assert found.latest.value == pytest.approx(3 / 14, abs=1e-6)
    assert (found.nadir, found.nadir_day) == (found.latest.value, at(14).date())
    assert found.loss == pytest.approx(1 - 3 / 14, abs=1e-6)
    assert found.level == "suppressed"
    accounts = find_series(facts_of([*steady(-60, 0), *steady(1, 11, accounts=1, posts=3)], 15).rebuild_index, "accounts", "plain")
    assert accounts.points[0].value == pytest.approx(1 / 3, abs=1e-6)


def test_the_first_index_day_needs_seven_days() -> None:
    rows = [*steady(-60, 0), *steady(1, 9)]
    assert isinstance(posts_index(facts_of(rows, 7)).latest, NotMeasurable)
    assert len(posts_index(facts_of(rows, 8)).points) == 1


def test_log_interval_by_hand() -> None:
    weekly = np.array([8.0, 10, 12, 9, 11, 10, 13, 7])
    alike = 0.15 ** np.abs(np.subtract.outer(range(8), range(8)))  # correlation of the eight weeks
    mean = alike.sum() / 64
    spread = np.trace(alike - mean) / 7  # expected s^2: squares about the weeks' own mean
    half = stats.t.ppf(0.95, 7) * np.log(weekly).std(ddof=1) * np.sqrt((1 + np.pi / 2 * mean) / spread)
    assert log_factor(weekly) == pytest.approx(np.exp(half))
    assert log_factor(np.array([0.0, 1, 1, 1])) > 1  # a week of silence has no logarithm, and is not dropped


def test_the_wider_interval_is_printed() -> None:
    values = np.array([1.0, 1.0])
    replicates = np.stack([np.linspace(0.2, 3, 101), np.linspace(0.99, 1.01, 101)], axis=1)
    low, high, by_accounts = interval_of(values, 1.5, replicates)
    assert by_accounts.tolist() == [True, False]
    assert (low[0], high[0]) == (pytest.approx(0.34), pytest.approx(2.86))
    assert (low[1], high[1]) == (pytest.approx(1 / 1.5), 1.5)


def test_one_loud_account_widens_the_interval() -> None:
    even = facts_of([*steady(-60, 0, accounts=40, posts=1), *steady(1, 15, accounts=40, posts=1)], 15)
    loud = facts_of([*steady(-60, 0, accounts=40, posts=1), *steady(1, 15, accounts=1, posts=40)], 15)
    widths = []
    for facts in (even, loud):
        latest = posts_index(facts).latest
        assert isinstance(latest, Estimate)
        assert isinstance(latest.interval, Interval)
        widths.append(latest.interval.high - latest.interval.low)
    assert widths[0] < 0.2
    assert widths[1] > 1
    assert posts_index(loud).latest.interval.method == "account bootstrap"  # type: ignore[union-attr]


def test_silence_is_zero_without_an_interval() -> None:
    found = posts_index(facts_of(steady(-60, 0), 15))
    assert isinstance(found.latest, Estimate)
    assert found.latest.value == 0
    assert isinstance(found.latest.interval, NotMeasurable)
    assert found.points[-1].low is None


def test_fixed_accounts_leave_newcomers_out() -> None:
    facts = facts_of([*steady(-60, 0), *steady(1, 15, accounts=1), *steady(1, 15, accounts=5, name="new")], 15)
    assert posts_index(facts).points[-1].value == pytest.approx(2, abs=1e-6)
    assert posts_index(facts, "fixed_accounts").points[-1].value == pytest.approx(1 / 3, abs=1e-6)


def test_doubled_seeds_do_not_move_the_fixed_query_index() -> None:
    old, new = [*steady(-60, 0), *steady(1, 15, accounts=1)], steady(5, 15, accounts=9, name="new")
    names = ["q1"] * sum(row[2] for row in old) + ["q2"] * sum(row[2] for row in new)
    queries = [QueryEffort(query_id="q1", since=at(-200), until=at(20)), QueryEffort(query_id="q2", since=at(5), until=at(20))]
    facts = facts_of([*old, *new], 15, queries=queries, columns={"query_id": names})
    assert posts_index(facts).points[-1].value > 3
    assert posts_index(facts, "fixed_queries").points[-1].value == pytest.approx(1 / 3, abs=1e-6)
    assert any("q2" in text and "180 of 208 posts" in text and "fixed-query index" in text for text in facts.confounders)


def test_a_post_found_by_an_old_and_a_new_query_is_still_the_old_ones() -> None:
    """The row names the query that found it last; without the others' finds the new query would take posts from the old one."""
    rows = [*steady(-60, 0), *steady(1, 15, accounts=1)]
    before = sum(row[2] for row in rows if row[1] < 0)
    names = ["q1"] * before + ["q2"] * (sum(row[2] for row in rows) - before)
    queries = [QueryEffort(query_id="q1", since=at(-200), until=at(20)), QueryEffort(query_id="q2", since=at(1), until=at(20))]
    both = [f"p{i}" for i in range(before, len(names))]
    finds = pd.DataFrame({"platform": "x", "post_id": [*both, *both], "query_id": ["q1"] * len(both) + ["q2"] * len(both)})
    columns = {"query_id": names}
    alone = facts_of(rows, 15, queries=queries, columns=columns)
    assert posts_index(alone, "fixed_queries").points[-1].value == 0
    shared = facts_of(rows, 15, queries=queries, columns=columns, finds=finds)
    assert posts_index(shared, "fixed_queries").points[-1].value == pytest.approx(1 / 3, abs=1e-6)


def test_without_recorded_queries_the_fixed_query_index_is_not_measurable() -> None:
    facts = facts_of([*steady(-60, 0), *steady(1, 15, accounts=1)], 15)
    assert isinstance(posts_index(facts, "fixed_queries").latest, NotMeasurable)


def test_a_query_with_a_pause_is_not_steady() -> None:
    daily = [QueryEffort(query_id="q", since=at(day), until=at(day + 1)) for day in range(10) if day not in (5, 6)]
    whole = [*daily, QueryEffort(query_id="q", since=at(5), until=at(7))]
    assert steady_queries(daily, at(0), at(10)) == frozenset()
    assert changed_queries(daily, ["q", "unrecorded"], at(0), at(10)) == ("q",)
    assert steady_queries(whole, at(0), at(10)) == frozenset({"q"})
    assert steady_queries([QueryEffort(query_id="open")], at(0), at(10)) == frozenset({"open"})
    assert steady_queries(whole, at(0), at(12) + timedelta(hours=1)) == frozenset()


def test_a_query_that_asks_for_more_is_another_query() -> None:
    halves = [
        QueryEffort(query_id="q", query=text, since=at(first), until=at(first + 5)) for text, first in (("a", 0), ("a or b", 5))
    ]
    assert steady_queries(halves, at(0), at(10)) == frozenset()
    assert changed_queries(halves, ["q"], at(0), at(10)) == ("q",)
    assert steady_queries([h.model_copy(update={"query": "a"}) for h in halves], at(0), at(10)) == frozenset({"q"})


@pytest.mark.parametrize(
    ("value", "level"),
    [(0.0, "suppressed"), (0.25, "partial"), (0.8999, "partial"), (0.9, "baseline"), (1.1, "baseline"), (1.1001, "above")],
)
def test_levels(value: float, level: str) -> None:
    assert level_of(value) == level


def test_recovery_counts_the_first_of_seven_days_back() -> None:
    values = np.array([0.4] * 5 + [0.6] * 3 + [0.3] + [0.5] * 7)  # days 6..21
    assert recovery_days(values, 0.5) == 6 + 9
    censored = recovery_days(values[:-1], 0.5)
    assert isinstance(censored, NotMeasurable)
    assert censored.reason.startswith("right-censored")


def test_recovery_needs_a_fall_within_28_days() -> None:
    late = np.array([0.8] * 22 + [0.1] * 10)  # days 6..27 above, 28.. below
    found = recovery_days(late, 0.5)
    assert isinstance(found, NotMeasurable)
    assert found.reason.startswith("never_fell")
    early = recovery_days(late[:10], 0.5)
    assert isinstance(early, NotMeasurable)
    assert early.reason.startswith("not fallen")
    assert isinstance(recovery_days(np.array([0.8] * 21 + [0.1] * 10), 0.5), NotMeasurable)  # day 27 falls, never back
    assert recovery_days(np.array([0.8] * 21 + [0.1] + [0.7] * 7), 0.5) == 28


def test_direction() -> None:
    noise = np.tile([90.0, 110.0, 100.0, 105.0], 7)
    assert direction_of(noise) == "flat"
    assert direction_of(noise * np.exp(0.05 * np.arange(28))) == "rising"
    assert direction_of(noise * np.exp(-0.05 * np.arange(28))) == "falling"
    assert direction_of(np.zeros(40)) == "flat"
    assert isinstance(direction_of(noise[:27]), NotMeasurable)


def test_direction_is_rarely_wrong_when_nothing_moves() -> None:
    """White noise and weekly swings of 0.3 in the log: at a 90 % interval at most about one series in ten may have a direction."""
    rng = np.random.default_rng(11)
    weekday = np.tile([1, 1, 1, 1, 1, 0.6, 0.5], 4)
    wrong = sum(direction_of(rng.poisson(200 * weekday * rng.lognormal(0, 0.3, 28))) != "flat" for _ in range(400))
    assert wrong / 400 < 0.14


def test_rolling_week_by_hand() -> None:
    assert rolling_week(np.arange(9.0)).tolist() == [3, 4, 5]
    assert rolling_week(np.arange(6.0)).shape == (0,)


def test_weekly_noise_by_hand() -> None:
    base = np.exp(np.array([0.0, 0.2, 0.0, 0.2]))
    alone = weekly_noise(base, np.ones(6))
    assert (alone.sd, alone.df) == (pytest.approx(np.sqrt(0.04 / 3)), 3)
    grows = weekly_noise(base, np.repeat(np.exp([0.0, 0.3, 0.6, 0.9]), 7))  # three steps of 0.3: squares 0.27 / 6 each step's share
    assert grows.df == pytest.approx(5)
    assert grows.sd == pytest.approx(np.sqrt((3 * 0.04 / 3 + 2 * 0.27 / 6) / 5))


def test_regained_compares_blocks_of_four_weeks() -> None:
    noise = WeeklyNoise(sd=0.2, df=9)
    low, high = np.full(28, 10.0), np.full(28, 20.0)
    assert has_regained(np.r_[low, high], noise) is True
    assert has_regained(np.r_[high, low], noise) is False
    assert has_regained(np.r_[low, low * 1.1], noise) is False
    assert has_regained(np.r_[high, low, high], noise) is True  # the lowest stretch is what is left behind
    short = has_regained(np.full(34, 5.0), noise)
    assert isinstance(short, NotMeasurable)
    assert "28 days and a week" in short.reason
    assert has_regained(np.r_[np.zeros(7), high], noise) is True


def test_the_limit_of_a_gain_by_hand() -> None:
    noise = WeeklyNoise(sd=0.2, df=9)
    four = (1 + 2 * (0.75 * 0.3 + 0.5 * 0.09 + 0.25 * 0.027)) / 4
    limit = np.exp(stats.t.ppf(0.98, 9) * 0.2 * np.sqrt(2 * four))
    level = np.full(28, 1e6)
    assert has_regained(np.r_[level, level * (limit + 1e-4)], noise) is True
    assert has_regained(np.r_[level, level * (limit - 1e-4)], noise) is False


def test_a_slope_within_the_weekly_noise_is_flat() -> None:
    steps = np.repeat([100.0, 120.0, 140.0, 160.0], 7)
    assert direction_of(steps, WeeklyNoise(sd=0.01, df=9)) == "rising"
    assert direction_of(steps, WeeklyNoise(sd=0.4, df=9)) == "flat"
