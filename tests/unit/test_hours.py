"""Hours: the clock the posts fit, meals, weekends and holidays, each against chance."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from campaign_posts import MONDAY, WEEK, posts_frame

from tasks.activity.hours import hour_facts
from tasks.domain.campaign import Campaign, Holiday
from tasks.domain.errors import UsageProblem
from tasks.domain.measures import Interval, NotMeasurable
from tasks.domain.narratives import HourFacts
from tasks.domain.periods import Cutoff, parse_period

PERIOD = parse_period(WEEK)
CUTOFF = Cutoff(PERIOD.end, PERIOD.end + timedelta(days=1))
OFFICE = {9: 8, 10: 10, 11: 10, 12: 3, 13: 9, 14: 10, 15: 10, 16: 9, 17: 7}
AWAKE = dict.fromkeys(range(8, 23), 10) | {7: 4, 23: 4}


def posts_of(
    day: dict[int, int], zone_h: float, seed: int = 0, days: int = 28, accounts: int = 30, weekend: float = 1.0
) -> pd.DataFrame:
    """Posts of `accounts` accounts over the days before the end, hours drawn with weights `day` on a clock `zone_h` ahead of UTC."""
    rng = np.random.default_rng(seed)
    hours, weights = np.array(list(day)), np.array(list(day.values()), float)
    rows = []
    for number in range(days):
        local_midnight = CUTOFF.end - timedelta(days=number + 1) - timedelta(hours=zone_h % 24)
        rate = 50 * (weekend if (local_midnight + timedelta(hours=zone_h)).weekday() >= 5 else 1.0)
        for hour in rng.choice(hours, rng.poisson(rate), p=weights / weights.sum()):
            at = local_midnight + timedelta(hours=int(hour), minutes=int(rng.integers(60)))
            rows.append({"posted_at": at, "account_id": f"a{rng.integers(accounts)}"})
    return posts_frame(rows)


def facts_of(posts: pd.DataFrame, zone: str = "Asia/Shanghai", holidays: list[Holiday] | None = None) -> HourFacts:
    return hour_facts(posts, Campaign(slug="c", title="C", suspected_zone=zone, holidays=holidays or []), CUTOFF, PERIOD, seed=3)


@pytest.mark.parametrize("day", [OFFICE, AWAKE], ids=["office", "awake"])
@pytest.mark.parametrize("offset", [8.0, 3.0, -5.0, 5.5])
def test_the_offset_is_found(day: dict[int, int], offset: float) -> None:
    facts = facts_of(posts_of(day, offset))
    assert isinstance(facts.utc_offset_h, float)
    assert isinstance(facts.utc_offset_interval, Interval)
    assert abs(facts.utc_offset_h - offset) <= 1
    assert facts.utc_offset_interval.low <= facts.utc_offset_h <= facts.utc_offset_interval.high
    assert facts.utc_offset_interval.high - facts.utc_offset_interval.low <= 3


def test_counts_and_meal_dips_on_the_suspected_clock() -> None:
    facts = facts_of(posts_of(OFFICE, 8))
    assert isinstance(facts.counts, tuple)
    table = np.array(facts.counts)
    assert table.shape == (7, 24)
    assert table.sum() == facts.posts
    assert set(np.flatnonzero(table.sum(axis=0))) == set(OFFICE)
    assert facts.meal_dips == ("12:00-13:00",)
    assert isinstance(facts.uniform_p, float)
    assert facts.uniform_p < 1e-6


def test_two_hour_lunches_and_days_without_meals() -> None:
    long_lunch = {9: 10, 10: 10, 11: 10, 12: 4, 13: 4, 14: 10, 15: 10, 16: 10, 17: 10}
    assert facts_of(posts_of(long_lunch, 8)).meal_dips == ("12:00-14:00",)
    assert facts_of(posts_of(AWAKE, 8)).meal_dips == ()


def test_an_even_day_fits_no_clock() -> None:
    facts = facts_of(posts_of(dict.fromkeys(range(24), 1), 0, seed=4))
    assert isinstance(facts.utc_offset_h, NotMeasurable)
    assert isinstance(facts.uniform_p, float)
    assert facts.uniform_p > 0.01


def test_weekends_and_holidays() -> None:
    quiet = facts_of(posts_of(OFFICE, 8, weekend=0.2))
    assert isinstance(quiet.weekend_ratio, float)
    assert isinstance(quiet.weekend_p, float)
    assert 0.1 < quiet.weekend_ratio < 0.35
    assert quiet.weekend_p < 0.001
    even = facts_of(posts_of(OFFICE, 8))
    assert isinstance(even.weekend_p, float)
    assert even.weekend_p > 0.01
    assert isinstance(quiet.holiday_ratio, NotMeasurable)
    golden = [Holiday(name="Golden Week", first=date(2023, 9, 29), last=date(2023, 10, 6))]
    posts = posts_of(OFFICE, 8)
    local_day = posts["posted_at"].dt.tz_convert("Asia/Shanghai").dt.date
    silent = posts[~((local_day >= golden[0].first) & (local_day <= golden[0].last))]
    assert facts_of(silent, holidays=golden).holiday_ratio == 0
    elsewhen = facts_of(posts, holidays=[Holiday(name="New Year", first=date(2024, 1, 1), last=date(2024, 1, 1))])
    assert isinstance(elsewhen.holiday_ratio, NotMeasurable)


def test_clocks_that_know_only_the_day() -> None:
    posts = posts_of(OFFICE, 8)
    posts["posted_at"] = posts["posted_at"].dt.floor("D")
    posts["time_precision_s"] = 86400
    facts = facts_of(posts)
    for value in (facts.counts, facts.utc_offset_h, facts.utc_offset_interval, facts.meal_dips, facts.uniform_p):
        assert isinstance(value, NotMeasurable)
        assert "not its hour" in value.reason
    assert isinstance(facts.weekend_ratio, float)


def test_few_posts_and_few_accounts() -> None:
    assert isinstance(facts_of(posts_frame([])).counts, NotMeasurable)
    assert isinstance(facts_of(posts_frame([{"posted_at": MONDAY}] * 3)).weekend_ratio, NotMeasurable)
    lonely = facts_of(posts_of(OFFICE, 8, accounts=2))
    assert isinstance(lonely.utc_offset_h, NotMeasurable)
    assert "2 accounts" in lonely.utc_offset_h.reason
    assert isinstance(lonely.counts, tuple)


def test_one_loud_account_does_not_set_the_clock() -> None:
    loud = posts_of(dict.fromkeys(range(8), 1), 8, seed=9, accounts=1).assign(account_id="bot")
    posts = pd.concat([posts_of(OFFICE, 8), loud], ignore_index=True)
    found = facts_of(posts).utc_offset_h
    assert isinstance(found, float)
    assert abs(found - 8) <= 1


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(UsageProblem, match="Mars/Olympus"):
        facts_of(posts_frame([]), zone="Mars/Olympus")


def test_equal_seeds_give_equal_facts() -> None:
    posts = posts_of(AWAKE, 8)
    assert facts_of(posts) == facts_of(posts)
