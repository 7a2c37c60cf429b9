"""Periods: calendars, half-open spans, order; and which of them are due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.domain.errors import UsageProblem
from tasks.domain.periods import containing, default_as_of, parse_period, periods_between
from tasks.domain.schedule import due_periods, last_complete

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("key", "start", "end"),
    [
        ("2023-W44", "2023-10-30", "2023-11-06"),
        ("2020-W53", "2020-12-28", "2021-01-04"),
        ("2021-W01", "2021-01-04", "2021-01-11"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("2023-12", "2023-12-01", "2024-01-01"),
        ("2023-Q4", "2023-10-01", "2024-01-01"),
        ("2023-10-01..2023-11-01", "2023-10-01", "2023-11-01"),
    ],
)
def test_the_four_forms(key: str, start: str, end: str) -> None:
    period = parse_period(key)
    assert (period.key, period.start.date().isoformat(), period.end.date().isoformat()) == (key, start, end)
    assert ".." not in period.path


@pytest.mark.parametrize(
    "key", ["2023-W54", "2021-W53", "2023-13", "2023-Q5", "2023", "w44", "2023-11-01..2023-10-01", "", "2023-W44 "]
)
def test_what_is_no_period_is_refused_with_the_forms(key: str) -> None:
    with pytest.raises(UsageProblem, match="2023-W44"):
        parse_period(key)


@given(
    st.integers(631_152_000, 3_786_912_000).map(lambda s: datetime.fromtimestamp(s, UTC)),
    st.sampled_from(["week", "month", "quarter"]),
)
def test_periods_tile_time(instant: datetime, kind: str) -> None:
    period = containing(instant, kind)  # type: ignore[arg-type]
    assert period.start <= instant < period.end
    assert parse_period(period.key) == period
    assert period.next().previous() == period
    assert period.next().start == period.end


def test_ranges_step_by_their_own_length() -> None:
    period = parse_period("2023-10-01..2023-10-11")
    assert period.previous().key == "2023-09-21..2023-10-01"
    assert period.next().previous() == period


def test_between_goes_over_the_turn_of_a_year_with_53_weeks() -> None:
    keys = [p.key for p in periods_between(parse_period("2020-W52"), parse_period("2021-W02"))]
    assert keys == ["2020-W52", "2020-W53", "2021-W01", "2021-W02"]
    with pytest.raises(UsageProblem, match="one kind"):
        list(periods_between(parse_period("2020-W52"), parse_period("2021-01")))
    with pytest.raises(UsageProblem, match="before"):
        list(periods_between(parse_period("2021-W02"), parse_period("2020-W52")))


def test_as_of_leaves_time_for_late_posts() -> None:
    assert default_as_of(parse_period("2023-W44"), DAY) == datetime(2023, 11, 7, tzinfo=UTC)


def test_a_machine_that_slept_makes_exactly_what_is_missing_oldest_first() -> None:
    now = datetime(2023, 11, 7, 6, tzinfo=UTC)
    assert last_complete(now, "week", DAY).key == "2023-W44"
    assert [p.key for p in due_periods(now, "week", DAY, [])] == ["2023-W44"]
    assert [p.key for p in due_periods(now, "week", DAY, ["2023-W41", "2023-09"])] == ["2023-W42", "2023-W43", "2023-W44"]
    assert due_periods(now, "week", DAY, ["2023-W43", "2023-W44"]) == []
    assert due_periods(now, "week", DAY, ["2023-W46"]) == []
    assert last_complete(now - DAY - timedelta(seconds=21601), "week", DAY).key == "2023-W43"
