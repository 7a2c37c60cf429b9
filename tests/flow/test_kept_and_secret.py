"""What a back-up must hold to be one, and that no secret stands anywhere after a run whose mail failed."""

import logging
import os
import shutil
from pathlib import Path

import pytest
from small_campaign import CAMPAIGN, campaign_file, contents

from flows import logs
from flows.wiring import open_workspace
from tasks.domain.errors import DeliveryProblem
from tasks.store.verify import verify_bundle

PERIOD = "2023-W43"
CANARIES = {
    "RESURGE_SECRET_FEED": "canary-feed-credential",
    "RESURGE_SMTP_USER": "canary-smtp-user",
    "RESURGE_SMTP_PASSWORD": "canary-smtp-password",
    "RESURGE_PSEUDONYM_KEY": "canary-pseudonym-key-long",
    "RESURGE_OWNER": "canary-owner@example.org",
    "RESURGE_OWNER_WEBHOOK": "http://127.0.0.1:9/canary-hook",
    "RESURGE_OWNER_WEBHOOK_SECRET": "canary-hook-secret",
    "AWS_SECRET_ACCESS_KEY": "canary-aws-secret",
    "AWS_SESSION_TOKEN": "canary-aws-session",
}


def test_a_workspace_that_was_lost_comes_back_from_its_copy(begun, tmp_path, prefect):
    from flows.briefing import briefing

    first = tmp_path / "w"
    shutil.copytree(begun, first)
    made = briefing(CAMPAIGN, PERIOD, str(first))
    shutil.copytree(first, tmp_path / "backup", ignore=shutil.ignore_patterns("cache"))
    shutil.rmtree(first)
    restored = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "backup", restored)
    store = open_workspace(str(restored))
    assert verify_bundle(store, f"briefings/{CAMPAIGN}/{PERIOD}/CLEAR/{made['edition']}") == ()
    before = {name: data for name, data in contents(restored).items() if name.startswith("briefings/")}
    assert briefing(CAMPAIGN, PERIOD, str(restored))["edition"] == made["edition"]
    after = contents(restored)
    assert {name: after[name] for name in before} == before


def test_no_secret_stands_anywhere_after_a_run_whose_mail_failed(begun, tmp_path, setting, monkeypatch, capfd):
    from flows.briefing import briefing

    monkeypatch.setattr("tasks.deliver.webhook._FIRST_WAIT_S", 0.01)
    folder, log = tmp_path / "w", tmp_path / "resurge.log"
    shutil.copytree(begun, folder)
    (folder / "campaigns" / f"{CAMPAIGN}.yml").write_text(campaign_file(audience="desk"))
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    setting(
        audiences={"desk": [{"address": "canary-reader@example.org", "clearance": "CLEAR"}]},
        mail="smtp", smtp_host="127.0.0.1", smtp_port="9", log="json", log_file=str(log), log_level="debug",
    )  # fmt: skip
    root = logging.getLogger()
    level, before = root.level, list(root.handlers)
    try:
        with pytest.raises(DeliveryProblem) as raised:
            briefing(CAMPAIGN, PERIOD, str(folder), deliver=True)
    finally:
        for handler in set(root.handlers) - set(before):
            root.removeHandler(handler)
        root.setLevel(level)
    told = capfd.readouterr()
    engine = Path(os.environ["PREFECT_HOME"])
    shown = {"error": str(raised.value).encode(), "stdout": told.out.encode(), "stderr": told.err.encode()}
    files = [log, *(path for place in (folder, engine) for path in place.rglob("*") if path.is_file())]
    shown |= {str(path): path.read_bytes() for path in files}
    assert any(name.endswith("prefect.db") for name in shown)
    assert b'"event": "run failed"' in shown[str(log)]
    assert b'"stage": "render"' in shown[str(log)]
    assert list(folder.glob("ledger/*/notices/*-webhook.json"))
    found = [name for name, data in shown.items() if b"canary" in data]
    assert found == []
    assert logs.GONE.encode() not in shown["stdout"]
