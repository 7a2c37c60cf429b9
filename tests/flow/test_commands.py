"""The commands that look at a workspace, and those that end other than well, on a workspace that the flows made."""

import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from small_campaign import CAMPAIGN, campaign_file, contents

from flows import cli

pytestmark = pytest.mark.xdist_group("engine")


@pytest.fixture
def resurge(
    prefect: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs the command in this process: (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["resurge", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    return run


def bundle_of(workspace: Path) -> Path:
    (manifest,) = workspace.rglob("manifest.json")
    return manifest.parent


def test_status_and_runs_for_people_and_for_machines(briefed, tmp_path, resurge):
    """As on the 22nd of November 2023: what the schedule owes is named too."""
    workspace = shutil.copytree(briefed, tmp_path / "w")
    lateness = (datetime.now(UTC) - datetime(2023, 11, 22, tzinfo=UTC)) / timedelta(hours=1)
    (workspace / f"campaigns/{CAMPAIGN}.yml").write_text(campaign_file(lateness_h=f"{lateness:.1f}"))
    code, out, _ = resurge("status", CAMPAIGN, "-w", workspace, "--json")
    assert code == 0
    row, *due = orjson.loads(out)
    assert [(other["period"], other["runs"]) for other in due] == [("2023-W45", 0), ("2023-W46", 0)]
    assert due[0]["state"] == "late"  # the schedule has fired since
    assert due[1]["state"] in ("due", "late")  # by the weekday of this test
    assert row == {
        "period": "2023-W44",
        "state": "published",
        "edition": bundle_of(briefed).name[:12],
        "as_of": "2023-11-07T00:00:00+00:00",
        "runs": 1,
        "why": "",
    }
    code, out, _ = resurge("status", CAMPAIGN, "-w", workspace)
    assert code == 0
    assert [word in out for word in ("period", "2023-W44", "published", row["edition"])] == [True] * 4

    code, out, _ = resurge("runs", CAMPAIGN, "-w", briefed, "--json")
    newest, *older = orjson.loads(out)
    assert (newest["flow"], newest["period"], newest["state"], newest["problem"]) == ("briefing", "2023-W44", "done", "")
    assert newest["seconds"] > 0
    assert [run["flow"] for run in older] == ["collect", "collect"]
    assert resurge("runs", CAMPAIGN, "-w", briefed)[1].count("collect") == 2


def test_nothing_yet(begun, tmp_path, resurge):
    workspace = shutil.copytree(begun, tmp_path / "w")
    shutil.rmtree(workspace / "ledger")
    (workspace / f"campaigns/{CAMPAIGN}.yml").write_text(campaign_file(schedule="null"))
    for command in ("status", "runs"):
        assert resurge(command, CAMPAIGN, "-w", workspace)[:2] == (0, "Nothing yet.\n")
        assert resurge(command, CAMPAIGN, "-w", workspace, "--json")[:2] == (0, "[]\n")


def test_verify_finds_and_names_one_changed_byte_anywhere(briefed, tmp_path, resurge):
    workspace = shutil.copytree(briefed, tmp_path / "w")
    bundle = bundle_of(workspace)
    for named in (bundle, bundle / "briefing.pdf"):
        assert resurge("verify", named)[:2] == (0, "Every hash holds, from the PDF back to the landed bytes.\n")
    raw, lake = (sorted((workspace / name).rglob(f"*.{ending}")) for name, ending in (("raw", "zst"), ("lake", "parquet")))
    for path in (bundle / "briefing.pdf", bundle / "facts.json", lake[0], lake[-1], raw[0], raw[-1]):
        whole = path.read_bytes()
        path.write_bytes(whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])
        code, out, err = resurge("verify", bundle)
        assert (code, out) == (1, "")
        assert path.relative_to(workspace).as_posix() in err
        assert "Restore what is named from a backup." in err
        path.write_bytes(whole)
    (bundle / "note.txt").write_text("added later")
    assert "note.txt is not in the manifest" in resurge("verify", bundle)[2]
    (bundle / "note.txt").unlink()
    lake[0].unlink()
    assert f"{lake[0].relative_to(workspace)} is missing" in resurge("verify", bundle)[2]


def test_verify_of_what_is_no_bundle(briefed, tmp_path, resurge):
    assert resurge("verify", tmp_path)[0] == 2
    assert resurge("verify", tmp_path / "w/briefings/x/2023-W44/CLEAR/abc")[0] == 2
    code, _, err = resurge("verify", bundle_of(briefed).with_name("0" * 64))
    assert code == 1
    assert "was never published" in err


def test_a_dry_run_of_a_backfill_plans_and_writes_nothing(briefed, resurge):
    before = contents(briefed)
    span = ("--from", "2023-W43", "--to", "2023-W45", "-w", briefed, "--dry-run")
    code, out, _ = resurge("backfill", CAMPAIGN, *span, "--json")
    assert code == 0
    rows = orjson.loads(out)
    assert [(row["period"], row["state"], row["action"], row["mails"]) for row in rows] == [
        ("2023-W43", "missing", "make", 0),
        ("2023-W44", "published", "skip", 0),
        ("2023-W45", "missing", "make", 0),
    ]
    assert all(row["rows"] > 0 and row["seconds"] > 0 for row in rows)
    code, out, _ = resurge("backfill", CAMPAIGN, *span, "--mode", "all")
    assert (code, out.count("make"), out.count("2023-W")) == (0, 3, 3)
    assert contents(briefed) == before


def test_a_blocked_briefing_exits_3_and_a_backfill_with_one_exits_4(begun, tmp_path, resurge):
    workspace = shutil.copytree(begun, tmp_path / "w")
    code, out, err = resurge("brief", CAMPAIGN, "--period", "2023-W44", "-w", workspace)
    assert (code, out) == (3, "")
    assert "resurge: Validation blocked the briefing of spamouflage, 2023-W44; none was made." in err
    assert "BLOCKING" in err
    assert "Collect or ingest what is missing" in err
    assert "Traceback" not in err

    code, out, err = resurge("backfill", CAMPAIGN, "--from", "2023-W44", "--to", "2023-W44", "-w", workspace, "--json")
    assert code == 4
    (row,) = orjson.loads(out)
    assert (row["period"], row["state"], row["outcome"], row["edition"]) == ("2023-W44", "blocked", "blocked", "")
    assert "1 of 1 periods were not made. 2023-W44 blocked: Validation blocked the briefing" in err
    assert not (workspace / "briefings").exists()

    code, out, _ = resurge("status", CAMPAIGN, "-w", workspace, "--json")
    first, *_ = orjson.loads(out)
    assert (first["period"], first["state"], first["runs"]) == ("2023-W44", "blocked", 2)
