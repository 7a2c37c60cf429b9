import dataclasses
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rebuilding_frames import at, on, posts_frame, run, takedown

from tasks.domain.measures import NotMeasurable
from tasks.domain.posts import POSTS
from tasks.domain.rebuilding import LossWave
from tasks.rebuilding.matching import UNANNOUNCED, match_day, usual_gap
from tasks.rebuilding.timeline import Timeline, day_number, read_timelines
from tasks.rebuilding.waves import find_bursts, find_excess, find_waves

WAVES = {date(2017, 8, day) for day in (3, 8, 18, 23)} | {date(2017, 9, 26)}


def world(wave_day: int, gone: int, end: int = 120) -> pd.DataFrame:
    """60 accounts that post daily from day -120; one is lost about every ten days, `gone` of the others all on `wave_day`."""
    rows = []
    for i in range(60):
        last = wave_day if i < gone else (10 * (i - gone) - 85 if i - gone < 17 else end)
        rows += [(f"a{i:02d}", float(day)) for day in range(-120, min(last + 1, end))]
    return posts_frame(rows)


def waves(posts: pd.DataFrame, end: int, *rows: object) -> tuple[LossWave, ...]:
    timeline = read_timelines(posts, at(end))["x"]
    found = find_waves(timeline, rows)  # type: ignore[arg-type]
    assert isinstance(found, tuple)
    return found


def test_a_wave_is_found_on_its_day_and_nothing_else() -> None:
    (wave,) = waves(world(0, 12), 120)
    assert (wave.day, wave.lost, wave.provisional, wave.matched) == (on(0), 12, False, UNANNOUNCED)
    assert wave.expected < 1
    assert wave.q_value < 0.01
    assert wave.returned_share == 0


def test_no_wave_where_losses_are_even() -> None:
    assert waves(world(0, 1), 120) == ()


def test_a_fresh_wave_is_provisional_and_later_confirmed_or_withdrawn() -> None:
    posts = world(0, 12)
    assert waves(posts, 7) == ()  # six whole days of silence
    (early,) = waves(posts, 8)
    assert (early.day, early.provisional) == (on(0), True)
    (late,) = waves(posts, 31)
    assert (late.day, late.provisional) == (on(0), False)
    back = posts_frame([(f"a{i:02d}", float(day)) for i in range(12) for day in range(20, 31)])
    assert waves(pd.concat([posts, back], ignore_index=True), 31) == ()


@pytest.mark.parametrize(
    ("source", "first", "last", "matched"),
    [
        ("platform", 0, 0, "t"),
        ("press", 1, 1, "t"),
        ("inferred", 0, 0, UNANNOUNCED),
        ("platform", 2, 5, UNANNOUNCED),
        ("press", -5, 3, "t"),
    ],
)
def test_only_announced_rows_match(source: str, first: int, last: int, matched: str) -> None:
    (wave,) = waves(world(0, 12), 120, takedown(first, last, takedown_id="t", source=source))
    assert wave.matched == matched


def every_few_days(gap: int, last: int) -> pd.DataFrame:
    """60 accounts that post every `gap` days until a wave takes 40 of them, whose last posts lie on the `gap` days up to `last`."""
    rows = [(f"g{i:02d}", float(day)) for i in range(60) for day in range(-119 + i % gap, last + 1 if i < 40 else 120, gap)]
    return posts_frame([*rows, *((f"e{i}", float(day)) for i in range(40) for day in range(-119, 120))])


def test_last_posts_some_days_before_a_takedown_are_its_losses() -> None:
    posts = every_few_days(4, 0)
    (facts,) = run(posts, [takedown(1, takedown_id="t")], 120)
    assert isinstance(facts.loss_waves, tuple)
    assert {(wave.day, wave.matched) for wave in facts.loss_waves} == {(on(day), "t") for day in (-3, -2, -1, 0)}
    (group,) = facts.wave_groups
    assert (group.matched, group.lost, group.first_day, group.last_day) == ("t", 40, on(-3), on(0))
    late = waves(posts, 120, takedown(3, takedown_id="t"))
    assert {(wave.day, wave.matched) for wave in late if wave.matched == "t"} == {(on(-1), "t"), (on(0), "t")}


def test_the_reach_of_a_takedown_ends_at_14_days() -> None:
    posts = every_few_days(20, 0)
    days = read_timelines(posts, at(120))["x"].days
    last = np.r_[days.account[1:] != days.account[:-1], True]
    assert usual_gap(days, last & (days.account >= 40)) == 14
    assert usual_gap(days, last & (days.account < 40)) == 1
    assert usual_gap(days, np.zeros(len(last), bool)) == 1


def test_the_takedown_that_holds_the_day_comes_before_the_next_one() -> None:
    rows = [takedown(1, takedown_id="a-next"), takedown(-1, 0, takedown_id="b-here"), takedown(3, takedown_id="c")]
    assert match_day(day_number(on(0)), rows, 5) == "b-here"
    assert match_day(day_number(on(0)), rows[::2], 5) == "a-next"
    assert match_day(day_number(on(0)), rows[2:], 2) == UNANNOUNCED


def test_short_lives_are_a_burst_not_a_wave() -> None:
    short = posts_frame([(f"s{i}", float(day)) for i in range(15) for day in (-2, -1, 0)])
    posts = pd.concat([world(0, 0), short], ignore_index=True)
    assert waves(posts, 120) == ()
    (facts,) = run(posts, [takedown(3)], 120)
    assert isinstance(facts.bursts, tuple)
    assert [(burst.day, burst.accounts) for burst in facts.bursts] == [(on(0), 15)]


def test_too_little_data_is_said() -> None:
    timeline = read_timelines(world(0, 12), at(-60))["x"]
    assert isinstance(find_waves(timeline, []), NotMeasurable)
    assert isinstance(find_bursts(timeline), NotMeasurable)


def test_days_without_anybody_at_risk_are_not_tested() -> None:
    excess = find_excess(np.array([0, 0, 3]), np.array([0, 10, 10]))
    assert np.isnan(excess.q_value[0])
    assert not np.isnan(excess.q_value[1:]).any()
    assert np.isnan(find_excess(np.zeros(3), np.zeros(3)).p_value).all()


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Timeline:
    raw = pd.read_parquet(shared_data / "ira" / "ira_posts_2017_01_to_10.parquet", columns=["account_id", "posted_at"])
    columns = {"platform": "twitter", "account_id": raw["account_id"].astype(str), "posted_at": raw["posted_at"]}
    empty = {name: pd.Series([None] * len(raw), dtype=POSTS.pandas_dtype(name)) for name in POSTS.names if name not in columns}  # type: ignore[call-overload]
    return read_timelines(pd.DataFrame(columns | empty), datetime(2017, 11, 1, tzinfo=UTC))["twitter"]


def test_the_losses_of_2017_and_the_burst_of_22_july(real: Timeline) -> None:
    found = find_waves(real, [])
    assert isinstance(found, tuple)
    confirmed = {wave.day: wave.lost for wave in found if not wave.provisional}
    assert set(confirmed) >= WAVES
    assert [confirmed[day] for day in sorted(WAVES)] == [22, 48, 79, 23, 32]
    assert date(2017, 7, 22) not in confirmed
    bursts = find_bursts(real)
    assert isinstance(bursts, tuple)
    assert {burst.day: burst.accounts for burst in bursts}[date(2017, 7, 22)] == 46


def test_nothing_is_found_when_every_account_is_shifted_by_chance(real: Timeline) -> None:
    """Each account's series moved as a whole, uniformly within the data: silences begin on unrelated days."""
    rng = np.random.default_rng(2017)
    alarms = sum(bool(find_waves(shifted(real, rng), [])) for _ in range(40))
    assert alarms <= 2  # 1 % of found days may be false; 40 worlds with nothing to find


def shifted(timeline: Timeline, rng: np.random.Generator) -> Timeline:
    move = rng.integers(timeline.data_start - timeline.first_day, timeline.end - timeline.last_day)
    days = dataclasses.replace(timeline.days, day=timeline.days.day + move[timeline.days.account])
    return dataclasses.replace(timeline, days=days, first_day=timeline.first_day + move, last_day=timeline.last_day + move)
