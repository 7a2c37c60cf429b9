"""Accounts are checked on a schedule; a platform where nobody can look stays unchecked and is printed as not observed."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from rebuilding_frames import at, observed, posts_frame, run, steady, takedown

from tasks.domain.accounts import ACCOUNTS
from tasks.domain.campaign import CheckPolicy
from tasks.domain.errors import SourceProblem, UsageProblem
from tasks.domain.measures import NotMeasurable
from tasks.domain.ports import LandedFile
from tasks.domain.rebuilding import Fate
from tasks.fetch.checks import DueChecks, due_checks
from tasks.fetch.fetching import parse_landed
from tasks.fetch.sources.status_file import StatusFile
from tasks.simulate.status import SimulatedStatus

POLICY = CheckPolicy()


def watched(**last: float | None) -> pd.DataFrame:
    days = [None if day is None else at(day) for day in last.values()]
    return pd.DataFrame({"platform": "x", "account_id": list(last), "last_post": pd.to_datetime(pd.Series(days), utc=True)})


def due(now: float, observations: list[dict[str, object]], accounts: pd.DataFrame, *takedowns: object) -> list[str]:
    found = due_checks(at(now), observed(observations), accounts, takedowns, POLICY)  # type: ignore[arg-type]
    return [name for _, name in found]


def check(account: str, day: float, status: str | None = "active") -> dict[str, object]:
    return {"account_id": account, "day": day, "status": status}


def test_who_was_never_checked_is_due_and_a_null_or_unknown_status_is_no_check() -> None:
    rows = [check("b", 99), check("c", 99, None), check("d", 99, "unknown")]
    assert due(100, rows, watched(a=99, b=99, c=99, d=99)) == ["a", "c", "d"]


@pytest.mark.parametrize(("days", "silent", "talking"), [(6, False, False), (7, True, False), (27, True, False), (28, True, True)])
def test_the_silent_are_due_weekly_and_the_others_every_four_weeks(days: int, silent: bool, talking: bool) -> None:
    rows = [check("quiet", 100 - days), check("loud", 100 - days)]
    assert due(100, rows, watched(quiet=60, loud=99)) == [n for n, is_due in (("loud", talking), ("quiet", silent)) if is_due]


def test_after_a_takedown_everybody_on_the_platform_is_at_risk_for_four_weeks() -> None:
    rows = [check("a", 90)]
    assert due(100, rows, watched(a=99), takedown(95)) == ["a"]
    assert due(100, rows, watched(a=99), takedown(95, platform="youtube")) == []
    assert due(100, rows, watched(a=99), takedown(60)) == []
    assert due(100, rows, watched(a=99), takedown(101)) == []


def test_who_is_gone_is_confirmed_for_four_weeks_and_then_left() -> None:
    rows = [check("a", 50), check("a", 80, "suspended"), check("a", 90, "deleted")]
    assert due(100, rows, watched(a=70)) == ["a"]
    assert due(109, rows, watched(a=70)) == []
    back = [*rows, check("a", 110), check("a", 120, "suspended")]
    assert due(130, back, watched(a=70)) == ["a"]


def test_what_was_observed_later_changes_no_earlier_schedule() -> None:
    rows = [check("a", 90)]
    assert due(97, rows, watched(a=60)) == due(97, [*rows, check("a", 98)], watched(a=60)) == ["a"]


def test_a_file_of_checks_is_asked_only_when_somebody_is_due(tmp_path: Path) -> None:
    path = tmp_path / "checks.csv"
    path.write_text("platform,account_id,observed_at,status\nx,a,2023-09-04T00:00:00Z,suspended\nx,b,2023-09-04T00:00:00Z,alive\n")
    checker = StatusFile(str(path))
    assert not list(DueChecks(checker, ()).pages(at(0), at(7)))
    (page,) = DueChecks(checker, (("x", "a"),)).pages(at(0), at(7))
    landed = LandedFile(path, path.name, "0" * 64, page.fetched_at, page.effort)
    parsed = parse_landed([landed], page.format, None, checker.options)
    assert parsed.accounts["status"].tolist() == ["suspended"]
    assert parsed.accounts["observed_at"].tolist() == [pd.Timestamp("2023-09-04", tz="UTC")]
    assert parsed.rejected["reason"].str.contains("status is none of").all()
    with pytest.raises(UsageProblem, match="no known ending"):
        StatusFile("checks.xlsx")
    with pytest.raises(SourceProblem, match="cannot be read"):
        list(StatusFile(str(tmp_path / "none.csv")).checks([("x", "a")], at(0)))


def test_the_simulated_platforms_answer_where_one_can_look(tmp_path: Path) -> None:
    checker = SimulatedStatus({"scenario": "spamouflage", "seed": 1, "scale": 10_000})
    asked = [("facebook", "610000000000"), ("youtube", "UC0000000000"), ("x", "160000000000"), ("x", "nobody")]
    (page,) = checker.checks(asked, datetime(2023, 9, 4, tzinfo=UTC))
    path = tmp_path / "page.ndjson"
    path.write_bytes(page.raw)
    parsed = parse_landed([LandedFile(path, "page", "0" * 64, page.fetched_at, page.effort)], page.format, None, {})
    assert set(parsed.accounts["platform"]) == {"facebook", "x"}
    assert parsed.accounts["status"].isin(["active", "suspended", "deleted"]).all()
    assert not list(checker.checks([("youtube", "UC0000000000")], datetime(2023, 9, 4, tzinfo=UTC)))


def test_unknown_is_counted_both_ways_and_a_platform_never_checked_is_not_observed() -> None:
    posts = posts_frame([*steady(-60, 0, accounts=10), *steady(0, 30, accounts=4)])
    checks = [check("a4", 5, "suspended"), check("a5", 5, "deleted"), check("a6", 5, "active")]
    (facts,) = run(posts, [takedown()], 30, observations=observed(checks))
    assert isinstance(facts.fate, Fate)
    assert (facts.fate.at_risk, facts.fate.removed, facts.fate.silent, facts.fate.still_posting, facts.fate.unknown) == (
        10,
        2,
        1,
        4,
        3,
    )
    assert not isinstance(facts.fate.removal_rate, NotMeasurable)
    assert (facts.fate.removal_rate.low, facts.fate.removal_rate.high) == (0.2, 0.5)
    (never,) = run(posts, [takedown()], 30, observations=ACCOUNTS.empty())
    assert isinstance(never.fate, Fate)
    assert isinstance(never.fate.removal_rate, NotMeasurable)
    assert "not observed" in never.fate.removal_rate.reason
