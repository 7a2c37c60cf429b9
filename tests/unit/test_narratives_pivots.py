"""Change-points: found where there is one, seldom claimed where there is none."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from campaign_posts import MONDAY, posts_frame
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.domain.campaign import Campaign, Holiday
from tasks.domain.measures import NotMeasurable
from tasks.domain.narratives import Pivot
from tasks.domain.takedowns import Event
from tasks.narrate.pivots import MAX_P, change_point, pivots

EVENT = Event(event_id="e", on=date(2023, 10, 7), title="the harbour opening", keywords={"en": ["Harbour"], "zh": ["港口"]})


def test_a_rise_is_found_on_its_day() -> None:
    errors = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        total = rng.poisson(80, 70) + 1
        matched = rng.binomial(total, np.where(np.arange(70) < 56, 0.02, 0.15))
        change = change_point(matched, total, seed)
        assert change is not None
        assert change.p_value <= MAX_P
        assert change.low <= change.at <= change.high
        errors.append(abs(change.at - 56))
    assert np.median(errors) <= 1


def test_few_claims_without_a_rise() -> None:
    """Shares that wander (log-odds AR(1), 0.5 from day to day): at most 5 of 100 series may be claimed."""
    claimed = 0
    for seed in range(100):
        rng = np.random.default_rng(1000 + seed)
        noise = np.zeros(70)
        for day in range(1, 70):
            noise[day] = 0.5 * noise[day - 1] + rng.normal(0, 0.3)
        total = rng.poisson(80, 70) + 1
        change = change_point(rng.binomial(total, 0.05 * np.exp(noise)), total, seed)
        claimed += change is not None and change.p_value <= MAX_P
    assert claimed <= 5


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=0, max_size=30))
def test_any_series_gives_a_rise_or_none(days: list[tuple[int, int]]) -> None:
    total = np.array([n for _, n in days], np.int64)
    matched = np.minimum(np.array([k for k, _ in days], np.int64), total)
    change = change_point(matched, total, 0)
    if change is not None:
        assert change.before < change.after
        assert 0 < change.p_value <= 1
        assert 3 <= change.low <= change.at <= change.high <= len(days) - 3


def _posts(lag_days: int, share_before: float = 0.02, share_after: float = 0.2) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    rows = []
    for day in range(-50, 9):
        at = MONDAY + timedelta(days=day)
        share = share_after if at.date() >= EVENT.on + timedelta(days=lag_days) else share_before
        for n in range(40):
            text = ("news of the HARBOUR" if n % 2 else "港口消息") if rng.random() < share else "something else"
            rows.append({"text": text, "posted_at": at + timedelta(minutes=n)})
    return posts_frame(rows)


def test_pivot_with_lag_interval_and_holiday_control() -> None:
    holiday = Holiday(name="Golden Week", first=date(2023, 9, 29), last=date(2023, 10, 6))
    found = pivots(_posts(1), Campaign(slug="c", title="C", events=[EVENT], holidays=[holiday]), MONDAY + timedelta(days=9), 1)
    assert isinstance(found, tuple)
    (pivot,) = found
    assert abs((pivot.day - date(2023, 10, 8)).days) <= 1
    assert pivot.lag_days == (pivot.day - EVENT.on).days
    assert pivot.interval[0] <= pivot.day <= pivot.interval[1]
    assert pivot.share_after > 3 * pivot.share_before
    assert "Golden Week" in pivot.holiday_control


def test_no_pivot_without_a_turn() -> None:
    assert pivots(_posts(0, share_after=0.02), Campaign(slug="c", title="C", events=[EVENT]), MONDAY + timedelta(days=9), 1) == ()


@pytest.mark.parametrize(
    ("campaign", "reason"),
    [
        (Campaign(slug="c", title="C"), "names no event"),
        (Campaign(slug="c", title="C", events=[EVENT.model_copy(update={"keywords": {}})]), "no keywords"),
        (Campaign(slug="c", title="C", events=[EVENT.model_copy(update={"on": date(2023, 10, 16)})]), "from its day on"),
        (Campaign(slug="c", title="C", events=[EVENT.model_copy(update={"on": date(2024, 1, 1)})]), "names no event before"),
    ],
)
def test_not_measurable_says_why(campaign: Campaign, reason: str) -> None:
    found = pivots(_posts(0), campaign, MONDAY + timedelta(days=9), 1)
    assert isinstance(found, NotMeasurable)
    assert reason in found.reason


def test_holiday_control_without_holidays() -> None:
    found = pivots(_posts(0), Campaign(slug="c", title="C", events=[EVENT]), MONDAY + timedelta(days=9), 1)
    assert isinstance(found, tuple)
    assert isinstance(found[0], Pivot)
    assert found[0].holiday_control == "not tested: the campaign file names no holidays"
