"""What a backfill decides before it runs, and which campaigns a workspace schedules."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.campaign_file import scheduled_campaigns
from flows.plan import checked_mode, plan_backfill, standing
from tasks.domain.bundles import Pointer
from tasks.domain.errors import UsageProblem
from tasks.domain.periods import parse_period, periods_between
from tasks.domain.run_summary import RunState, RunSummary, StageTime
from tasks.store.local import LocalStore

DAY = datetime(2023, 11, 7, tzinfo=UTC)
POINTER = Pointer(edition="e" * 64, as_of=DAY, fence=1, corrections=0, supersedes=None)
WEEKS = list(periods_between(parse_period("2023-W41"), parse_period("2023-W45")))


def run(period: str, state: RunState, seconds: float = 3) -> RunSummary:
    times = (StageTime(stage="load", seconds=1), StageTime(stage="render", seconds=seconds))
    return RunSummary(run_id="r", flow="briefing", campaign="c", period=period, state=state, started_at=DAY, stages=times)


NOW = DAY + timedelta(hours=1)
RUNS = [
    run("2023-W41", "done", 7),
    run("2023-W42", "failed"),
    run("2023-W43", "failed"),
    run("2023-W43", "blocked"),
    run("2023-W44", "running").model_copy(update={"lease_until": DAY}),
]


def decided(mode: str, recipients: int = 0) -> dict[str, tuple[str, str, int]]:
    planned = plan_backfill(WEEKS, checked_mode(mode), {"2023-W41": POINTER}, RUNS, {"2023-W41": 12}, recipients, NOW)
    return {item.period: (item.state, item.action, item.mails) for item in planned}


def test_missing_makes_what_has_no_briefing():
    assert decided("missing", 2) == {
        "2023-W41": ("published", "skip", 0),
        "2023-W42": ("failed", "make", 2),
        "2023-W43": ("blocked", "make", 2),
        "2023-W44": ("interrupted", "make", 2),
        "2023-W45": ("missing", "make", 2),
    }


def test_failed_and_all():
    assert [period for period, (_, action, _) in decided("failed").items() if action == "make"] == [
        "2023-W42",
        "2023-W43",
        "2023-W44",  # its run was killed
    ]
    assert {action for _, action, _ in decided("all").values()} == {"make"}
    with pytest.raises(UsageProblem, match="'some' is not a mode"):
        checked_mode("some")


def test_rows_and_the_time_that_the_last_made_briefing_took():
    first, second, *_ = plan_backfill(WEEKS, "missing", {}, RUNS, {"2023-W41": 12}, 0, NOW)
    assert (first.rows, second.rows) == (12, 0)
    assert first.seconds == second.seconds == 8.0
    assert plan_backfill(WEEKS, "missing", {}, [], {}, 0, NOW)[0].seconds is None


def test_a_published_period_stays_published_whatever_was_tried_after():
    week = parse_period("2023-W42")
    assert standing(week, {"2023-W42": POINTER}, [run("2023-W42", "failed")], NOW) == "published"
    assert standing(week, {}, [run("2023-W42", "blocked"), run("2023-W42", "failed")], NOW) == "failed"
    assert standing(parse_period("2023-10-01..2023-10-08"), {"2023-10-01--2023-10-08": POINTER}, [], NOW) == "published"


def test_only_the_workspaces_own_campaigns_are_scheduled(tmp_path: Path):
    store = LocalStore(tmp_path)
    with pytest.raises(UsageProblem, match="has a schedule"):
        scheduled_campaigns(store)  # the bundled ones are run by hand
    folder = tmp_path / "campaigns"
    folder.mkdir()
    (folder / "quiet.yml").write_text("slug: quiet\ntitle: Quiet\n")
    (folder / "weekly.yml").write_text('slug: weekly\ntitle: Weekly\nschedule: {cron: "0 6 * * TUE", zone: Europe/Paris}\n')
    (folder / "fed.yml").write_text('slug: fed\ntitle: Fed\nsources: [{name: feed, kind: simulated, schedule: "30 1 * * *"}]\n')
    assert [plan.slug for plan in scheduled_campaigns(store)] == ["fed", "weekly"]
    (folder / "broken.yml").write_text("slug: broken\ntitle: Broken\nshedule: x\n")
    with pytest.raises(UsageProblem, match=r"broken\.yml, line 3: unknown key shedule"):
        scheduled_campaigns(store)
