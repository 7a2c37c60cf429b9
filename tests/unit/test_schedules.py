"""Schedules over any clock: when they fire, what is due, what it waits for, and how that is told."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.plan import fetched_until, period_states
from tasks.domain.batches import BatchIdentity, BatchRecord, QueryEffort
from tasks.domain.bundles import Pointer
from tasks.domain.campaign import Campaign, Schedule
from tasks.domain.periods import containing, parse_period, periods_between
from tasks.domain.run_summary import RunSummary
from tasks.domain.schedule import SourceReach, due_periods, firings, is_late, last_complete, reaches, waits_for

HOUR = timedelta(hours=1)
ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago", "Pacific/Apia", "UTC")
INSTANTS = st.integers(1_577_836_800, 1_893_456_000).map(lambda s: datetime.fromtimestamp(s, UTC))  # 2020 to 2030


@given(INSTANTS, st.sampled_from(ZONES), st.integers(0, 23), st.integers(0, 59))
def test_a_daily_line_fires_once_on_every_day_of_its_zone(after, zone, hour, minute):
    schedule = Schedule(cron=f"{minute} {hour} * * *", zone=zone)
    fired = list(islice(firings(schedule, after), 40))
    days = [instant.astimezone(ZoneInfo(zone)).date() for instant in fired]
    assert fired[0] > after
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))
    assert all(timedelta(hours=22) <= later - earlier <= timedelta(hours=26) for earlier, later in pairwise(fired))


@given(INSTANTS, st.sampled_from(ZONES))
def test_an_hourly_line_goes_by_real_time(after, zone):
    fired = list(islice(firings(Schedule(cron="0 * * * *", zone=zone), after), 60))
    assert all(timedelta(minutes=30) <= later - earlier <= timedelta(minutes=90) for earlier, later in pairwise(fired))


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        ("30 2 * * *", "Europe/Paris", "2023-03-24", ["03-24 01:30", "03-25 01:30", "03-26 01:00", "03-27 00:30"]),  # left out
        ("30 2 * * *", "Europe/Paris", "2023-10-27", ["10-27 00:30", "10-28 00:30", "10-29 00:30", "10-30 01:30"]),  # twice
        ("15 2 * * *", "Australia/Lord_Howe", "2023-09-29", ["09-29 15:45", "09-30 15:30", "10-01 15:15"]),  # 02:00 to 02:30
        ("45 1 * * *", "Australia/Lord_Howe", "2023-03-31", ["03-31 14:45", "04-01 14:45", "04-02 15:15"]),  # 01:30 to 02:00 twice
        ("0 6 L * *", "UTC", "2024-01-15", ["01-31 06:00", "02-29 06:00", "03-31 06:00"]),  # month ends
        ("0 6 31 * *", "UTC", "2023-01-15", ["01-31 06:00", "03-31 06:00", "05-31 06:00"]),
        ("0 6 * * MON", "Asia/Tokyo", "2020-12-24", ["12-27 21:00", "01-03 21:00", "01-10 21:00"]),  # Monday there is Sunday here
    ],
)
def test_changes_of_clocks_and_calendars(cron, zone, after, expected):
    fired = firings(Schedule(cron=cron, zone=zone), datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert [f"{instant:%m-%d %H:%M}" for instant in islice(fired, len(expected))] == expected


@given(INSTANTS, st.sampled_from(["week", "month", "quarter"]), st.integers(0, 24 * 20), st.integers(0, 8))
def test_a_machine_that_slept_makes_exactly_what_it_missed(now, kind, late_h, slept):
    """Whatever the clock: woken after `slept` periods those and no others are due, oldest first, and once they are made none is."""
    lateness = late_h * HOUR
    newest = last_complete(now, kind, lateness)
    assert newest.end + lateness <= now < newest.next().end + lateness
    last_made = newest
    for _ in range(slept):
        last_made = last_made.previous()
    due = due_periods(now, kind, lateness, [last_made.path])
    assert [period.key for period in due] == [p.key for p in periods_between(last_made, newest)][1:]
    assert len(due) == slept
    assert due_periods(now, kind, lateness, [last_made.path, *(period.path for period in due)]) == []
    assert due_periods(now, kind, lateness, []) == [newest]


def test_week_53_is_due_like_any_other():
    now = datetime(2021, 1, 12, 6, tzinfo=UTC)
    assert [period.key for period in due_periods(now, "week", 24 * HOUR, ["2020-W51"])] == ["2020-W52", "2020-W53", "2021-W01"]


@given(INSTANTS, st.lists(st.tuples(st.none() | st.integers(-400, 400), st.integers(0, 100)), max_size=4))
def test_a_period_waits_for_every_source_until_it_was_asked_past_the_end(now, told):
    period = containing(now, "week")
    sources = [
        SourceReach(f"s{at}", None if hours is None else period.end + hours * HOUR, late * HOUR)
        for at, (hours, late) in enumerate(told)
    ]
    why = waits_for(period, sources)
    for at, (hours, late) in enumerate(told):
        assert (f"source s{at} " in why) == (hours is None or hours < late)
    assert bool(why) == any(hours is None or hours < late for hours, late in told)


def test_a_drop_is_not_waited_for():
    """Nobody says when a partner has laid down the last file of a period."""
    sources = [{"name": "feed", "kind": "bluesky"}, {"name": "drop", "kind": "s3-drop"}]
    campaign = Campaign.model_validate({"slug": "c", "title": "C", "summary": "A campaign.", "sources": sources})
    assert [reach.name for reach in reaches(campaign, {})] == ["feed"]


def test_late_is_an_hour_after_the_first_firing_that_could_have_made_it():
    schedule, week = Schedule(cron="0 6 * * TUE", zone="Europe/Paris"), parse_period("2023-W44")  # due on Tuesday at 00:00 UTC
    fires = datetime(2023, 11, 7, 5, tzinfo=UTC)
    assert not is_late(week, schedule, 24 * HOUR, fires + HOUR)
    assert is_late(week, schedule, 24 * HOUR, fires + HOUR + timedelta(seconds=1))


CAMPAIGN = Campaign.model_validate(
    {
        "slug": "c",
        "title": "C",
        "schedule": {"cron": "0 6 * * TUE"},
        "sources": [{"name": "feed", "kind": "k"}, {"name": "slow", "kind": "k", "lateness_h": 12}],
    }
)
NOW = datetime(2023, 11, 7, 6, 30, tzinfo=UTC)


def batch(source: str, until: datetime, *, finished: bool = True) -> BatchRecord:
    identity = BatchIdentity(campaign="c", source=source, capture_rule="live", format="f", parser_version="1", raw_sha256=())
    return BatchRecord(
        batch_id=identity.batch_id,
        identity=identity,
        raw=(),
        files=(),
        rows_landed={},
        rows_accepted={},
        rows_quarantined={},
        rows_collapsed={},
        effort=(QueryEffort(query_id="q", until=until, finished=finished),),
    )


def run(period: str, **fields: object) -> RunSummary:
    return RunSummary.model_validate(
        {"run_id": f"r-{period}", "flow": "briefing", "campaign": "c", "period": period, "started_at": NOW, **fields}
    )


def test_every_state_and_why():
    pointer = Pointer(edition="e" * 64, as_of=NOW, fence=1)
    runs = [
        run("2023-W40", state="failed", problem="no disk\nmore"),
        run("2023-W41", state="blocked", problem="too few posts"),
        run("2023-W42", state="running", lease_until=NOW),
        run("2023-W43", state="running", lease_until=NOW + HOUR),
    ]
    ends = parse_period("2023-W44").end
    short = [batch("feed", NOW), batch("slow", ends + 11 * HOUR), batch("slow", NOW, finished=False)]

    def told(batches: list[BatchRecord], now: datetime = NOW) -> dict[str, tuple[str, str]]:
        return {s.period: (s.state, s.why) for s in period_states(CAMPAIGN, {"2023-W39": pointer}, runs, batches, now)}

    assert told(short) == {
        "2023-W39": ("published", ""),
        "2023-W40": ("failed", "no disk"),
        "2023-W41": ("blocked", "too few posts"),
        "2023-W42": ("interrupted", "the run r-2023-W42 was killed or cut off; nothing of it is published"),
        "2023-W43": ("running", ""),
        "2023-W44": ("waiting", "source slow last fetched up to 2023-11-06 11:00, needed 2023-11-06 12:00 UTC"),
    }
    assert told([batch("feed", NOW)])["2023-W44"] == ("waiting", "source slow was never fetched")
    whole = [batch("feed", NOW), batch("slow", ends + 12 * HOUR)]
    assert told(whole)["2023-W44"] == ("due", "")
    assert told(whole, NOW + HOUR)["2023-W44"] == ("late", "")
    assert fetched_until(short) == {"feed": NOW, "slow": ends + 11 * HOUR}
