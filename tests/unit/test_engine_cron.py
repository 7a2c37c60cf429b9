"""The engine's own cron over changes of clocks, held against the instants that `resurge status` counts from (tasks/domain/schedule.py)."""

import asyncio
from datetime import UTC, datetime
from itertools import islice

import pytest
from prefect.server.schemas.schedules import CronSchedule

from tasks.domain.campaign import Schedule
from tasks.domain.schedule import firings


def by_the_engine(cron: str, zone: str, start: datetime) -> list[datetime]:
    return [instant.astimezone(UTC) for instant in asyncio.run(CronSchedule(cron=cron, timezone=zone).get_dates(4, start))]


def as_stated(cron: str, zone: str, start: datetime) -> list[datetime]:
    return list(islice(firings(Schedule(cron=cron, zone=zone), start), 4))


@pytest.mark.parametrize(
    ("cron", "zone", "start"),
    [
        ("0 6 * * TUE", "Europe/Paris", datetime(2026, 10, 18, tzinfo=UTC)),
        ("0 6 * * TUE", "Europe/Paris", datetime(2027, 3, 20, tzinfo=UTC)),
        ("30 2 * * *", "Europe/Paris", datetime(2026, 10, 23, 12, tzinfo=UTC)),  # an hour that comes twice: once, in the first
        ("0 6 1 * *", "America/New_York", datetime(2026, 9, 15, tzinfo=UTC)),
    ],
)
def test_the_engine_fires_when_it_is_said_to(cron: str, zone: str, start: datetime) -> None:
    assert by_the_engine(cron, zone, start) == as_stated(cron, zone, start)


def test_in_the_hour_that_is_left_out_the_engine_fires_once_half_an_hour_sooner() -> None:
    """02:30 does not exist on 28 March 2027 in Paris: the engine takes 00:30 UTC, before the gap; cron and `status` take 01:00."""
    line = ("30 2 * * *", "Europe/Paris", datetime(2027, 3, 26, 12, tzinfo=UTC))
    engine, stated = by_the_engine(*line), as_stated(*line)
    assert [engine[0], *engine[2:]] == [stated[0], *stated[2:]]
    assert (engine[1], stated[1]) == (datetime(2027, 3, 28, 0, 30, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC))
