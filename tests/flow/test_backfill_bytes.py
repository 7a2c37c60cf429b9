"""A backfill of old periods with --as-of period-end gives, byte for byte, what was published at the time: what was known then counts."""

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from small_campaign import CAMPAIGN, campaign_file, contents

from flows.liveness import is_gone
from flows.wiring import open_workspace
from tasks.domain.periods import parse_period
from tasks.domain.strict_yaml import read_mapping
from tasks.store.ledger import runs

pytestmark = pytest.mark.xdist_group("engine")
WEEKS = ("2023-W42", "2023-W43", "2023-W44")
CHECKS = "[{name: checks, kind: simulated-status, options: {scale: 10000}}]"
FIRST = datetime(2023, 9, 18, tzinfo=UTC)  # of the posts: few, for a quick test


def published(workspace: Path) -> dict[str, bytes]:
    return {name: data for name, data in contents(workspace / "briefings").items() if not name.endswith(".html")}


@pytest.fixture(scope="module")
def as_time_went(prefect: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every Tuesday at six: fetch, look at the accounts that are due, make the briefing; then learn of something that bears a later day.
    At last three weeks more are fetched."""
    from flows.briefing import briefing
    from flows.collect import collect

    folder = tmp_path_factory.mktemp("as-time-went") / "w"
    (folder / "campaigns").mkdir(parents=True)
    for number, week in enumerate(WEEKS):
        (folder / "campaigns" / f"{CAMPAIGN}.yml").write_text(stated(number))
        tuesday = parse_period(week).end + timedelta(days=1, hours=6)
        collect(CAMPAIGN, str(folder), since=FIRST if number == 0 else None, until=tuesday)
        briefing(CAMPAIGN, week, str(folder))
    (folder / "campaigns" / f"{CAMPAIGN}.yml").write_text(stated(len(WEEKS)))
    collect(CAMPAIGN, str(folder), until=datetime(2023, 11, 28, 6, tzinfo=UTC))
    return folder


def stated(weeks: int) -> str:
    """The campaign file after so many briefings: each week it grew by what was learnt on the Wednesday after the one before."""
    plan = read_mapping(campaign_file(status_sources=CHECKS).encode(), "the bundled campaign")
    for week in WEEKS[:weeks]:
        wednesday = f"{parse_period(week).end + timedelta(days=2):%Y-%m-%d}"
        day = {"on": wednesday}
        seed = {"platform": "x", "account_id": f"named-{week}", "known_at": wednesday, "reason": "found by hand"}
        told = {
            "platform": "x",
            "account_id": f"told-{week}",
            "decision": "rejected",
            "by": "desk",
            "reason": "a journalist",
            **day,
        }
        quote = {"quote": f"said after {week}", "by": "a ministry", "address": "https://example.org/said", **day}
        event = {"event_id": f"after-{week.lower()}", "title": f"An event after {week}", "keywords": {"en": ["bridge"]}, **day}
        action = {
            "takedown_id": f"x-{week.lower()}",
            "platform": "x",
            "known": "yes",
            **dict.fromkeys(("announced_on", "effective_from", "effective_to"), wednesday),
            "counts": {"accounts": 3},
            "accounts_listed": False,
            "source": "platform",
        }
        plan["membership"]["seeds"].append(seed)
        plan["membership"].setdefault("decisions", []).append(told)
        plan["attribution"].append(quote)
        plan["events"].append(event)
        plan["takedowns"].append(action)
    return orjson.dumps(plan, default=str).decode()  # which is YAML


def knowing_all(workspace: Path, target: Path, *without: str) -> Path:
    """A copy with every batch and the whole campaign file, and without the briefings of the periods `without`, or without any."""
    copy = shutil.copytree(workspace, target, ignore=shutil.ignore_patterns("ledger", "cache", *([] if without else ["briefings"])))
    for period in without:
        shutil.rmtree(copy / "briefings" / CAMPAIGN / period)
    return copy


def backfilled(workspace: Path, **options: Any) -> list[str]:
    from flows.backfill import backfill

    return [row["outcome"] for row in backfill(CAMPAIGN, str(workspace), WEEKS[0], WEEKS[-1], **options)]


@pytest.mark.parametrize("max_active", [1, 2])
def test_old_periods_come_out_as_they_did_at_the_time(as_time_went, tmp_path, max_active):
    """Also two at a time: each waits for the one before it where it compares the two."""
    workspace = knowing_all(as_time_went, tmp_path / "w")
    assert backfilled(workspace, max_active=max_active) == ["done"] * 3
    made = published(as_time_went)
    assert {name.rpartition("/")[2] for name in made} >= {"facts.json", "briefing.pdf", "manifest.json", "latest.json"}
    assert published(workspace) == made


def test_a_period_that_was_lost_comes_back_with_the_bytes_it_had(as_time_went, tmp_path):
    """With the period before it in its place, the one after it untouched, and in any order."""
    workspace = knowing_all(as_time_went, tmp_path / "w", WEEKS[1])
    assert backfilled(workspace, reverse=True) == ["skipped", "done", "skipped"]
    assert published(workspace) == published(as_time_went)


def test_with_a_later_cut_off_more_is_known_and_the_newer_edition_counts(as_time_went, tmp_path):
    from flows.briefing import briefing

    workspace = knowing_all(as_time_went, tmp_path / "w", WEEKS[0])
    assert backfilled(workspace, as_of=datetime(2023, 10, 31, tzinfo=UTC)) == ["done", "skipped", "skipped"]
    later = published(workspace)
    own = [data for name, data in later.items() if f"/{WEEKS[0]}/" in f"/{name}" and name.endswith("facts.json")]
    (facts,) = map(orjson.loads, own)
    assert facts["as_of"].startswith("2023-10-31")
    assert [one["quote"] for one in facts["campaign"]["attribution"]][1:] == [f"said after {WEEKS[0]}"]
    then = briefing(CAMPAIGN, WEEKS[0], str(workspace))  # the cut-off of then: its edition stands beside the newer one
    assert "stands beside" in then["problem"]
    again = published(workspace)
    of_then = {name: data for name, data in published(as_time_went).items() if not name.endswith("latest.json")}
    assert again.items() >= of_then.items()
    assert {name: data for name, data in again.items() if name in later} == later


def test_killed_twice_then_run_once_more(as_time_went, tmp_path, prefect):
    """kill -9 of all its processes, in the first period and in the second: the same command makes what is missing, and each once."""
    workspace = knowing_all(as_time_went, tmp_path / "w")
    span = ["--from", WEEKS[0], "--to", WEEKS[-1], "--as-of", "period-end", "--workspace", str(workspace), "--json"]
    command = [str(Path(sys.executable).parent / "resurge"), "backfill", CAMPAIGN, *span]
    environment = {**os.environ, "PREFECT_API_URL": prefect}
    for week in WEEKS[:2]:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        give_up = time.monotonic() + 300
        while not list((workspace / "briefings").glob(f"{CAMPAIGN}/{week}/**/facts.json")) and time.monotonic() < give_up:
            assert process.poll() is None
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    rows = orjson.loads(ended.stdout)
    assert [row["period"] for row in rows] == list(WEEKS)
    assert rows[2]["outcome"] == "done"
    assert {row["outcome"] for row in rows} <= {"done", "skipped"}  # the second may have got as far as its pointer
    assert published(workspace) == published(as_time_went)
    stands = [run.standing(datetime.now(UTC), is_gone) for run in runs(open_workspace(str(workspace)), CAMPAIGN)]
    assert stands.count("interrupted") >= 1
    assert set(stands) <= {"interrupted", "done"}
