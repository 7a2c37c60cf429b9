"""How values are written: examples a reader would check, and what must hold for every value."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import formats
from tasks.domain.measures import Estimate, Interval, NotMeasurable, Shared


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (0.0, "0"), (1234567, "1,234,567"), (-4, "−4"),
     (0.3, "0.30"), (0.0062, "0.0062"), (1.0, "1.00"), (3.0, "3"), (48.25, "48.2"), (12345.6, "12,346")],
)  # fmt: skip
def test_numbers(value: float, written: str) -> None:
    assert formats.number(value) == written


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.5821, "58 %"),
        (0.0123, "1.2 %"),
        (0.0004, "under 0.1 %"),
        (0.9999, "over 99.9 %"),
        (0.997, "99.7 %"),
    ],
)
def test_percentages(share: float, written: str) -> None:
    assert formats.percent(share) == written


def test_dates_are_written_out() -> None:
    assert formats.day(date(2023, 10, 30)) == "30 October 2023"
    assert formats.instant(datetime(2023, 11, 6, 6, 0, tzinfo=UTC)) == "6 November 2023, 06:00 UTC"


def test_shares_stand_with_their_counts() -> None:
    assert formats.shared(Shared(part=580, whole=1000)) == "58 % (580 of 1,000)"
    assert formats.shared(Shared(part=0, whole=0)) == "none (0 of 0)"


def test_estimates_stand_with_their_interval() -> None:
    assert formats.estimate(Estimate(value=0.31, interval=Interval(low=0.24, high=0.4))) == "0.31 (0.24–0.40)"
    assert formats.estimate(Estimate(value=0.31, interval=NotMeasurable(reason="one week"))) == "0.31"


@given(part=st.integers(0, 10**9), rest=st.integers(0, 10**9))
def test_a_share_is_printed_as_none_or_all_only_if_it_is(part: int, rest: int) -> None:
    whole = part + rest
    if not whole:
        return
    written = formats.percent(part / whole)
    assert (written == "0 %") == (part == 0)
    assert (written == "100 %") == (part == whole)


@given(st.integers(-(10**15), 10**15))
def test_counts_can_be_read_back(value: int) -> None:
    assert int(formats.count(value).replace(",", "").replace("−", "-")) == value


@given(st.floats(min_value=0.001, max_value=1e12))
def test_a_number_is_within_half_of_its_last_digit(value: float) -> None:
    written = float(formats.number(value).replace(",", ""))
    step = 0.1 * value if value < 0.0095 else 0.01 if value < 9.995 else 0.1 if value < 999.5 else 1
    assert abs(written - value) <= 0.5 * step * (1 + 1e-9) + 1e-12 * value


@given(st.text(max_size=40))
def test_a_language_tag_can_never_leave_its_attribute(code: str) -> None:
    tag = formats.lang_attribute(code)
    assert tag.replace("-", "").isalnum()
    assert tag.isascii()


@pytest.mark.parametrize(
    ("text", "direction"), [("hello", "ltr"), ("שלום", "rtl"), ("2023 مرحبا", "rtl"), ("中文", "ltr"), ("123", "ltr"), ("", "ltr")]
)
def test_the_first_strong_letter_decides_the_direction(text: str, direction: str) -> None:
    assert formats.direction(text) == direction


def test_dates_inside_sentences_are_written_out_and_ids_stay() -> None:
    written = formats.sentence("changed from 2023-07-04 to 2023-11-06 (q4), see facebook-2023-08-29 and 2023-13-01")
    assert written == "Changed from 4 July 2023 to 6 November 2023 (q4), see facebook-2023-08-29 and 2023-13-01."
