"""A run that was killed does not stay running, and a period is worked on by one run at a time."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows import run_record
from flows.liveness import host_of, is_gone, this_process
from flows.run_record import recorded
from tasks.domain.errors import WorkTaken
from tasks.domain.run_summary import RunSummary
from tasks.store.keys import claim_key
from tasks.store.ledger import claim, holder, paused_since, record_run, runs, set_pause
from tasks.store.local import LocalStore

NOW = datetime(2023, 11, 7, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOLDS = """
import sys, time
from pathlib import Path
from flows.run_record import recorded
from tasks.store.local import LocalStore
with recorded(LocalStore(Path(sys.argv[1])), "briefing", "c", "2023-W44", alone=True):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that makes 2023-W44."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def entry(**fields: object) -> RunSummary:
    return RunSummary.model_validate(
        {"run_id": "r", "flow": "briefing", "campaign": "c", "state": "running", "started_at": NOW, **fields}
    )


def test_a_process_is_known_to_have_ended_only_where_it_can_be_seen() -> None:
    own = this_process()
    host, boot, space, pid, start = own.split(" ")
    assert int(pid) == os.getpid()
    assert not is_gone(own)
    assert is_gone(f"{host} {boot} {space} {pid} {int(start) + 1}")  # another process of the same number
    assert is_gone(f"{host} another-boot {space} {pid} {start}")
    assert not is_gone(f"elsewhere {boot} {space} 1 1")
    assert not is_gone(f"{host} {boot} 1 {pid} 1")  # of another container
    assert not is_gone("")
    assert host_of(own) == f"{host}, process {pid}"


def test_a_killed_run_is_interrupted_and_its_period_can_be_made_at_once(other, tmp_path):
    store = LocalStore(tmp_path)
    with (
        pytest.raises(WorkTaken, match=rf"c, 2023-W44 is being made by the run .* process {other.pid}\. Nothing was done"),
        recorded(store, "briefing", "c", "2023-W44", alone=True),
    ):
        pytest.fail("two runs of one period")
    (held,) = runs(store, "c")  # the one that stepped aside left no entry
    assert held.standing(datetime.now(UTC), is_gone) == "running"
    with recorded(store, "briefing", "c", "2023-W43", alone=True):
        pass  # another period is free

    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    assert runs(store, "c")[0].state == "running"  # what the ledger says
    assert runs(store, "c")[0].standing(datetime.now(UTC), is_gone) == "interrupted"
    with recorded(store, "briefing", "c", "2023-W44", alone=True) as run:
        assert holder(store, claim_key("c", "2023-W44"), datetime.now(UTC)) == run.summary.run_id
    assert holder(store, claim_key("c", "2023-W44"), datetime.now(UTC)) is None
    assert [one.state for one in runs(store, "c")] == ["running", "done", "done"]


def test_of_another_machine_the_lease_decides() -> None:
    running = entry(process="elsewhere boot 1 1 1", lease_until=NOW + 5 * MINUTE)
    assert running.standing(NOW + 4 * MINUTE, is_gone) == "running"
    assert running.standing(NOW + 5 * MINUTE, is_gone) == "interrupted"
    assert entry().standing(NOW + timedelta(hours=23), is_gone) == "running"  # of a version without leases
    assert entry().standing(NOW + timedelta(hours=24), is_gone) == "interrupted"
    assert entry(state="failed").standing(NOW + timedelta(days=9), is_gone) == "failed"


def test_the_lease_is_renewed_while_the_work_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(run_record, "RENEW_EVERY_S", 0.01)
    store = LocalStore(tmp_path)
    with recorded(store, "briefing", "c", "2023-W44", alone=True) as run:
        first = run.summary.lease_until
        with run.stage("load"):
            while runs(store, "c")[0].lease_until == first:
                pass
        while not runs(store, "c")[0].stages:
            pass
    (entered,) = runs(store, "c")
    assert (entered.state, [one.stage for one in entered.stages]) == ("done", ["load"])


def test_an_expired_claim_and_that_of_a_process_that_ended_can_be_taken(tmp_path):
    store, key = LocalStore(tmp_path), claim_key("c", "2023-W44")
    assert claim(store, key, "a", NOW, 5 * MINUTE, process="p")
    assert not claim(store, key, "b", NOW + MINUTE, 5 * MINUTE, gone=lambda process: process == "q")
    assert claim(store, key, "b", NOW + MINUTE, 5 * MINUTE, process="r", gone=lambda process: process == "p")
    assert not claim(store, key, "a", NOW + 2 * MINUTE, 5 * MINUTE)  # also not by the one it was taken from
    assert claim(store, key, "a", NOW + 6 * MINUTE, 5 * MINUTE)


def test_a_campaign_is_paused_until_it_is_resumed(tmp_path):
    store = LocalStore(tmp_path)
    assert paused_since(store, "c") is None
    set_pause(store, "c", paused=True, now=NOW)
    assert set_pause(store, "c", paused=True, now=NOW + MINUTE).since == NOW
    assert paused_since(store, "c") == NOW
    set_pause(store, "c", paused=False, now=NOW + MINUTE)
    assert paused_since(store, "c") is None
    record_run(store, entry())  # beside the entries of runs
    assert len(runs(store, "c")) == 1
