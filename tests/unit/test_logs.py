"""What must not be logged is taken out of every line, whoever wrote it."""

import json
import logging

import pytest

from flows import logs, wiring

CANARIES = {
    "RESURGE_SECRET_YOUTUBE": "canary-youtube-credential",
    "RESURGE_SMTP_PASSWORD": "canary-smtp-password",
    "RESURGE_PSEUDONYM_KEY": "canary-pseudonym-key-long",
    "RESURGE_OWNER_WEBHOOK": "https://hooks.example.org/canary-hook",
    "RESURGE_OWNER_WEBHOOK_SECRET": "canary-hook-secret",
    "AWS_SECRET_ACCESS_KEY": "canary-aws-secret",
    "AWS_SESSION_TOKEN": "canary-aws-session",
    "PREFECT_API_AUTH_STRING": "admin:canary-engine",
}
SHAPES = {
    "Authorization: Bearer canary-bearer-0123456": "canary-bearer",
    "postgresql://resurge:canary-userinfo@db/prefect": "canary-userinfo",
    "to canary-reader@example.org": "canary-reader",
    "https://b.example/k?X-Amz-Signature=canarysignature0&x=1": "canarysignature",
}


@pytest.fixture(params=["json", "text"])
def log(request, tmp_path, monkeypatch):
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "logs" / "resurge.log"
    monkeypatch.setenv("RESURGE_LOG", request.param)
    monkeypatch.setenv("RESURGE_LOG_FILE", str(path))
    monkeypatch.setenv("RESURGE_LOG_LEVEL", "debug")
    monkeypatch.setenv("RESURGE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("RESURGE_AUDIENCES", '{"desk": [{"address": "canary-desk@localhost"}]}')
    wiring.settings.cache_clear()
    root = logging.getLogger()
    level, before = root.level, list(root.handlers)
    logs.configure(wiring.settings())
    logs.configure(wiring.settings())  # again: no second handler
    assert len(root.handlers) == len(before) + 1
    yield request.param, path
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    wiring.settings.cache_clear()


def test_no_secret_stands_in_any_line(log):
    form, path = log
    with logs.bound(run="20231107T060000-abcd", campaign="reeds", period="2023-W44"):
        logs.event("stage done", stage="load", seconds=1.25, nested={"list": list(CANARIES.values())})
        for value in (*CANARIES.values(), *SHAPES, "mail to canary-desk@localhost"):
            logging.getLogger("somebody.else").debug("said %s", value)
        try:
            raise ValueError(CANARIES["RESURGE_SMTP_PASSWORD"])
        except ValueError:
            logging.getLogger("somebody.else").exception("broke")
    text = path.read_text()
    assert "canary" not in text
    assert "Traceback" in text
    assert text.count(logs.GONE) > len(CANARIES)
    if form == "json":
        first = json.loads(text.splitlines()[0])
        assert {name: first[name] for name in ("event", "run", "campaign", "period", "stage", "seconds", "level")} == {
            "event": "stage done", "run": "20231107T060000-abcd", "campaign": "reeds", "period": "2023-W44", "stage": "load",
            "seconds": 1.25, "level": "info",
        }  # fmt: skip
        assert all("timestamp" in json.loads(line) for line in text.splitlines())


def test_nothing_is_logged_unless_asked_for(monkeypatch):
    monkeypatch.delenv("RESURGE_LOG", raising=False)
    wiring.settings.cache_clear()
    before = list(logging.getLogger().handlers)
    logs.configure(wiring.settings())
    assert logging.getLogger().handlers == before
    wiring.settings.cache_clear()
