"""The flows on a small simulated campaign, with a real engine: what they leave in the workspace, in the ledger and in the engine."""

import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from mail_samples import Mailbox, RunningServer
from small_campaign import CAMPAIGN, campaign_file, contents, facts_of

from flows.wiring import open_store, open_workspace
from tasks.domain.errors import SomePeriodsFailed, UnreadableInput, UsageProblem, ValidationBlocked, WorkspaceProblem
from tasks.domain.periods import Cutoff
from tasks.domain.run_summary import RunSummary
from tasks.store.bundles import published_periods
from tasks.store.keys import claim_key
from tasks.store.ledger import claim, runs, set_pause
from tasks.store.verify import verify_bundle
from tasks.store.visible import read_account_observations

pytestmark = pytest.mark.xdist_group("engine")
FIRST_FETCH_ENDS = datetime(2023, 11, 1, tzinfo=UTC)  # of `begun`
AUDIENCE = {"desk": [{"address": "ana@example.org", "clearance": "AMBER"}, {"address": "ben@example.org"}]}


def brief(period: str, workspace: Path | str, **options: Any) -> dict[str, Any]:
    from flows.briefing import briefing

    return briefing(CAMPAIGN, period, str(workspace), **options)


def last_run(workspace: Path) -> RunSummary:
    return runs(open_workspace(str(workspace)), CAMPAIGN)[-1]


def engine_run(summary: RunSummary) -> Any:
    """The flow run behind an entry of the ledger, as the engine's own pages show it."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        (found,) = [run for run in client.read_flow_runs(limit=200) if str(run.id).startswith(summary.run_id.rsplit("-", 1)[1])]
        return found


def artifacts(run_id: UUID) -> dict[str, Any]:
    """Key -> artifact of a flow run."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

    with get_client(sync_client=True) as client:
        chosen = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
        return {artifact.key: artifact for artifact in client.read_artifacts(artifact_filter=chosen)}


def test_collecting_again_changes_nothing(workspace):
    from flows.collect import collect

    before = contents(workspace)
    done = collect(CAMPAIGN, str(workspace), since=datetime(2023, 1, 1, tzinfo=UTC), until=datetime(2023, 11, 1, tzinfo=UTC))
    assert len(done["batches"]) == 1
    assert collect(CAMPAIGN, str(workspace))["batches"] == []
    assert contents(workspace) == before
    (entry,) = orjson.loads(
        artifacts(engine_run(runs(open_workspace(str(workspace)), CAMPAIGN)[-2]).id)[f"collected-{CAMPAIGN}"].data
    )
    assert entry["landed"] == entry["accepted"] + entry["quarantined"] + entry["equal rows collapsed"]
    assert entry["landed"] > 5_000


def test_accounts_are_looked_at_when_due_and_not_before(begun, tmp_path):
    from flows.collect import collect

    folder = shutil.copytree(begun, tmp_path / "w")
    checks = "[{name: checks, kind: simulated-status, options: {scale: 10000}}]"
    (folder / "campaigns" / f"{CAMPAIGN}.yml").write_text(campaign_file(status_sources=checks))
    when = FIRST_FETCH_ENDS + timedelta(days=29)  # whoever still stood at the last look is due by then
    (batch,) = collect(CAMPAIGN, str(folder), until=when, only="checks")["batches"]
    seen = read_account_observations(open_workspace(str(folder)), CAMPAIGN, Cutoff(end=when, as_of=when))
    found = seen[(seen["batch_id"] == batch).to_numpy(bool)]
    assert len(found) > 5
    assert set(found["platform"]) == {"facebook", "x"}  # the others let nobody look
    assert set(found["status"].dropna()) <= {"active", "suspended", "deleted", "renamed"}
    assert found["status"].notna().all()
    assert (found["observed_at"] == when).all()
    assert collect(CAMPAIGN, str(folder), until=when, only="checks")["batches"] == []
    assert collect(CAMPAIGN, str(folder), until=when + timedelta(days=29), only="checks")["batches"] != [batch]


def test_a_briefing_made_twice_is_one_edition(briefed, tmp_path):
    workspace = shutil.copytree(briefed, tmp_path / "w")
    made = contents(workspace)
    done = brief("2023-W44", workspace)
    assert contents(workspace) == made  # the PDF's bytes too
    assert (Path(done["bundle"]) / "briefing.pdf").read_bytes().startswith(b"%PDF-")
    facts = orjson.loads(facts_of(done))
    assert facts["activity"]["posts"] > 0
    assert facts["validation"]["verdict"] == "warned"  # the feed holds rows that are broken on purpose
    assert verify_bundle(open_workspace(str(workspace)), done["bundle"].removeprefix(f"{workspace}/")) == ()

    summary = last_run(workspace)
    assert (summary.state, summary.edition, summary.bundle) == ("done", done["edition"], done["bundle"])
    assert [stage.stage for stage in summary.stages][:2] == ["load", "validate"]
    run = engine_run(summary)
    assert (run.name, run.state.name) == (f"briefing {CAMPAIGN} 2023-W44", "Completed")
    shown = artifacts(run.id)
    assert set(shown) == {f"{what}-{CAMPAIGN}-2023-w44" for what in ("validation", "bundle", "stages")}
    assert done["bundle"] in shown[f"bundle-{CAMPAIGN}-2023-w44"].data
    assert "**passed**" in shown[f"validation-{CAMPAIGN}-2023-w44"].data


def test_later_observations_do_not_reach_an_earlier_cut_off(begun, whole, tmp_path):
    """Knowledge closed at a moment before the second fetch: the same edition, whether that fetch has happened or not."""
    closed = datetime(2023, 10, 31, 12, tzinfo=UTC)
    before = brief("2023-W43", shutil.copytree(begun, tmp_path / "before"), as_of=closed)
    after = brief("2023-W43", shutil.copytree(whole, tmp_path / "after"), as_of=closed)
    assert facts_of(after) == facts_of(before)


def test_a_briefing_on_s3_has_the_same_bytes_as_in_a_directory(briefed, s3_server, setting, monkeypatch):
    from seaweedfs import BUCKET, WRITER

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", WRITER[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", WRITER[1])
    setting(s3_endpoint_url=f"http://127.0.0.1:{s3_server.port}")
    bucket = copied_to(f"s3://{BUCKET}/flows", briefed)
    done = brief("2023-W44", bucket.address)
    here = {name: data for name, data in contents(briefed).items() if name.startswith("briefings/")}
    assert any(done["edition"] in name for name in here)
    assert done["bundle"].startswith(f"s3://{BUCKET}/flows/briefings/")
    assert {info.key: bucket.read(info.key).data for info in bucket.entries("briefings")} == here


def copied_to(address: str, workspace: Path) -> Any:
    """A store at `address` with everything of a workspace but its briefings, ledger and cache."""
    store = open_store(address)
    for path in sorted(workspace.rglob("*")):
        key = path.relative_to(workspace).as_posix()
        if path.is_file() and not key.startswith((".", "briefings/", "ledger/", "cache/")):
            store.create(key, path.read_bytes())
    return store


# --- failures -----------------------------------------------------------------------------------------------------------------------


def test_a_blocked_period_has_no_briefing_and_says_why_everywhere(begun, tmp_path):
    workspace = shutil.copytree(begun, tmp_path / "w")
    with pytest.raises(ValidationBlocked, match="Enough of the period's days were collected") as blocked:
        brief("2023-W44", workspace)
    assert blocked.value.exit_code == 3
    assert not (workspace / "briefings").exists()
    summary = last_run(workspace)
    assert summary.state == "blocked"
    assert summary.ended_at is not None
    assert "Enough of the period's days were collected" in summary.problem
    run = engine_run(summary)
    assert run.state.name == "Failed"
    assert "Validation blocked the briefing of spamouflage, 2023-W44" in run.state.message
    assert "**blocked**" in artifacts(run.id)[f"validation-{CAMPAIGN}-2023-w44"].data


def test_a_period_that_has_not_begun_and_a_cut_off_in_the_future(workspace):
    before = contents(workspace)
    with pytest.raises(UsageProblem, match=r"2999-W01 has not begun"):
        brief("2999-W01", workspace)
    with pytest.raises(UsageProblem, match="cannot be closed at 2999-01-01"):
        brief("2023-W44", workspace, as_of=datetime(2999, 1, 1, tzinfo=UTC))
    assert contents(workspace) == before


def test_an_unreadable_file_is_refused_whole(workspace, tmp_path):
    from flows.collect import ingest

    file = tmp_path / "posts.parquet"
    file.write_bytes(b"PAR1 and nothing more")
    lake = contents(workspace / "lake")
    with pytest.raises(UnreadableInput, match=r"posts\.parquet was refused whole: not a Parquet file"):
        ingest(CAMPAIGN, str(workspace), [str(file)], "parquet", options=COLUMNS)
    assert contents(workspace / "lake") == lake
    summary = last_run(workspace)
    assert (summary.state, engine_run(summary).state.name) == ("failed", "Failed")


COLUMNS = {"map": {"post_id": "id", "account_id": "user", "posted_at": "at", "text": "text"}, "constants": {"platform": "x"}}


def test_a_disk_that_takes_no_more_keeps_nothing_half_written(workspace, tmp_path):
    """No file may pass 64 kB here: the landed bytes do not fit, so there is no raw object, no batch, and the run says why."""
    import resource

    from flows.collect import ingest

    file = tmp_path / "posts.csv"
    file.write_bytes(b"id,user,at,text\n" + os.urandom(300_000).hex().encode())
    before = contents(workspace)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))
    try:
        with pytest.raises(WorkspaceProblem, match="the file would pass the size limit") as failed:
            ingest(CAMPAIGN, str(workspace), [str(file)], "csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert failed.value.remedy.startswith("Raise the limit")
    assert contents(workspace) == before
    assert last_run(workspace).state == "failed"


def test_killed_again_and_again_while_publishing_then_run_once_more(workspace, briefed, prefect):
    """kill -9 right before the PDF is written, then before the pointer is: nothing is published until a run comes through, and that
    makes the edition that a run without accidents makes."""
    for moment in ("briefing.pdf", "latest.json"):
        driver = [sys.executable, str(Path(__file__).parent / "killed_briefing.py"), CAMPAIGN, "2023-W44", str(workspace), moment]
        ended = subprocess.run(driver, env={**os.environ, "PREFECT_API_URL": prefect}, capture_output=True, text=True, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        assert list((workspace / "briefings").rglob("facts.json"))
        assert not list((workspace / "briefings").rglob(moment))
        assert published_periods(open_workspace(str(workspace)), CAMPAIGN, "CLEAR") == {}
    brief("2023-W44", workspace)
    assert contents(workspace) == contents(briefed)


# --- backfill and schedules ---------------------------------------------------------------------------------------------------------


def test_a_backfill_goes_on_after_a_blocked_period_and_again_when_it_is_run_again(begun, tmp_path):
    from flows.backfill import BackfillProblem, backfill, plan
    from flows.collect import collect

    workspace = str(shutil.copytree(begun, tmp_path / "w"))
    span = (CAMPAIGN, workspace, "2023-W42", "2023-W44")
    assert [(p.period, p.state, p.action) for p in plan(*span, "missing", deliver=False)] == [
        (f"2023-W{week}", "missing", "make") for week in (42, 43, 44)
    ]
    with pytest.raises(BackfillProblem, match=r"1 of 3 periods were not made\. 2023-W44 blocked: Validation blocked") as problem:
        backfill(*span)
    assert problem.value.exit_code == 4
    assert [row["outcome"] for row in problem.value.rows] == ["done", "done", "blocked"]

    planned = plan(*span, "failed", deliver=False)
    assert [(p.state, p.action) for p in planned] == [("published", "skip"), ("published", "skip"), ("blocked", "make")]
    assert planned[1].rows > 0
    assert planned[1].seconds is not None
    collect(CAMPAIGN, workspace)
    rows = backfill(*span)
    assert [row["outcome"] for row in rows] == ["skipped", "skipped", "done"]
    editions = {
        period: pointer.edition for period, pointer in published_periods(open_workspace(workspace), CAMPAIGN, "CLEAR").items()
    }
    assert list(editions) == ["2023-W42", "2023-W43", "2023-W44"]
    newest = orjson.loads((Path(workspace) / f"briefings/{CAMPAIGN}/2023-W44/CLEAR/{editions['2023-W44']}/facts.json").read_bytes())
    assert newest["inputs"]["predecessor"] == {"period": "2023-W43", "edition": editions["2023-W43"]}


def test_a_schedule_makes_exactly_what_is_due_sends_the_newest_and_then_nothing(briefed, tmp_path, setting):
    """A machine that slept for three weeks: with the allowance for lateness that makes now the 29th of November 2023, W47 is the newest
    complete week."""
    from flows.serve import scheduled

    workspace = shutil.copytree(briefed, tmp_path / "w")
    lateness = (datetime.now(UTC) - datetime(2023, 11, 29, tzinfo=UTC)) / timedelta(hours=1)
    (workspace / f"campaigns/{CAMPAIGN}.yml").write_text(campaign_file(lateness_h=f"{lateness:.1f}", audience="desk"))
    setting(audiences=AUDIENCE)
    rows = scheduled(CAMPAIGN, str(workspace))
    assert [(row["period"], row["outcome"]) for row in rows] == [("2023-W45", "done"), ("2023-W46", "done"), ("2023-W47", "done")]
    assert scheduled(CAMPAIGN, str(workspace)) == []
    sent = contents(workspace / "outbox")
    messages = sorted((message_from_bytes(data, policy=policy.default) for data in sent.values()), key=lambda m: m["To"])
    assert [message["To"] for message in messages] == ["ana@example.org", "ben@example.org"]
    assert all("2023-W47" in message["Subject"] for message in messages)
    assert [part.get_content_type() for part in messages[0].iter_attachments()] == ["application/pdf"]
    again = brief("2023-W47", workspace, deliver=True)
    assert contents(workspace / "outbox") == sent
    assert [": already sent" in line for line in again["deliveries"]] == [True, True]


def test_a_schedule_waits_for_its_sources_rests_while_paused_and_leaves_what_another_run_holds(briefed, tmp_path):
    """W45 and W46 are due."""
    from flows.serve import scheduled

    workspace = shutil.copytree(briefed, tmp_path / "w")
    store, file = open_workspace(str(workspace)), workspace / f"campaigns/{CAMPAIGN}.yml"
    lateness = (datetime.now(UTC) - datetime(2023, 11, 22, tzinfo=UTC)) / timedelta(hours=1)
    plan = campaign_file(lateness_h=f"{lateness:.1f}")

    def published() -> list[str]:
        return list(published_periods(store, CAMPAIGN, "CLEAR"))

    file.write_text(plan.replace("    kind: simulated\n", "    kind: simulated\n    lateness_h: 87600\n"))  # ten years
    with pytest.raises(
        SomePeriodsFailed, match=r"2 of 2 periods were not made. 2023-W45 waiting: .*simulated-feed.*; 2023-W46 waiting"
    ):
        scheduled(CAMPAIGN, str(workspace))
    file.write_text(plan)
    set_pause(store, CAMPAIGN, paused=True, now=datetime.now(UTC))
    assert scheduled(CAMPAIGN, str(workspace)) == []
    assert published() == ["2023-W44"]
    set_pause(store, CAMPAIGN, paused=False, now=datetime.now(UTC))
    assert claim(store, claim_key(CAMPAIGN, "2023-W45"), "on-another-machine", datetime.now(UTC), timedelta(seconds=6))
    with pytest.raises(SomePeriodsFailed, match=r"1 of 2 periods were not made. 2023-W45 busy: .*on-another-machine"):
        scheduled(CAMPAIGN, str(workspace))
    assert published() == ["2023-W44", "2023-W46"]
    assert [(row["period"], row["outcome"]) for row in scheduled(CAMPAIGN, str(workspace))] == [("2023-W45", "done")]


def test_a_briefing_goes_out_once_over_smtp(briefed, tmp_path, setting):
    workspace = shutil.copytree(briefed, tmp_path / "w")
    (workspace / f"campaigns/{CAMPAIGN}.yml").write_text(campaign_file(audience="desk"))
    box = Mailbox(on_rcpt={"ben@example.org": "550 no such mailbox"})
    server = RunningServer(box)
    server.start()
    try:
        setting(audiences=AUDIENCE, mail="smtp", smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="none")
        with pytest.raises(Exception, match="did not reach 1 of 2 recipients") as failed:
            brief("2023-W45", workspace, deliver=True)
        assert "example.org" not in str(failed.value)
        summary = last_run(workspace)
        assert summary.state == "failed"
        assert summary.edition
        assert engine_run(summary).state.name == "Failed"
        box.on_rcpt.clear()
        with pytest.raises(Exception, match="did not reach 1 of 2"):  # refused for good is not tried again unasked
            brief("2023-W45", workspace, deliver=True)
    finally:
        server.stop()
    ((recipient, data),) = box.taken
    assert recipient == "ana@example.org"
    pdf = next(message_from_bytes(data, policy=policy.default).iter_attachments()).get_content()
    assert pdf == (Path(summary.bundle) / "briefing.pdf").read_bytes()
