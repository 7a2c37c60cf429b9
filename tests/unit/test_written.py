"""Days as a reader sees them, the same in the PDF, the mail and the archive."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tasks.domain.written import days, instant


@pytest.mark.parametrize(
    ("start", "end", "written"),
    [
        ((2023, 10, 30), (2023, 11, 6), "30 October to 5 November 2023"),
        ((2023, 10, 1), (2023, 11, 1), "1 to 31 October 2023"),
        ((2022, 12, 26), (2023, 1, 2), "26 December 2022 to 1 January 2023"),
        ((2023, 10, 1), (2023, 10, 2), "1 October 2023"),
        ((2023, 1, 1), (2024, 1, 1), "1 January to 31 December 2023"),
    ],
)
def test_the_last_day_is_the_last_one_inside(start: tuple[int, int, int], end: tuple[int, int, int], written: str) -> None:
    assert days(datetime(*start, tzinfo=UTC), datetime(*end, tzinfo=UTC)) == written


def test_an_instant_is_written_in_utc() -> None:
    assert instant(datetime(2023, 11, 7, 1, 30, tzinfo=timezone(timedelta(hours=2)))) == "6 November 2023, 23:30 UTC"
