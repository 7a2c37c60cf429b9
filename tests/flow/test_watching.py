"""The owner is told once of trouble, by mail and by webhook, on real servers; whatever these do, the trouble itself is raised."""

import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from mail_samples import Mailbox, RunningServer
from web_service import Answer, serving

from flows import wiring
from flows.run_record import recorded
from flows.watching import catch_up, tell_overdue
from tasks.domain.campaign import Campaign
from tasks.domain.errors import SourceProblem, UsageProblem, ValidationBlocked
from tasks.domain.run_summary import RunSummary
from tasks.store.keys import notices_prefix
from tasks.store.ledger import record_run
from tasks.store.local import LocalStore
from tasks.store.workspace import init_workspace

NAME, PERIOD = "river-reeds", "2023-W44"
TROUBLE = SourceProblem("The source of @somebody gave 0 of 3 pages to reader@example.net.", remedy="Collect again later.")


@pytest.fixture
def store(tmp_path):
    made = LocalStore(tmp_path / "w")
    init_workspace(made)
    return made


@pytest.fixture
def owner(monkeypatch, tmp_path):
    """Sets RESURGE_<NAME>=value; with a mail server that keeps what it takes."""
    box = Mailbox()
    server = RunningServer(box)
    server.start()

    def change(**values: str) -> Mailbox:
        common = {"mail": "smtp", "smtp_security": "none", "smtp_host": "127.0.0.1", "smtp_port": str(server.port)}
        for name, value in (common | {"state_dir": str(tmp_path)} | values).items():
            monkeypatch.setenv(f"RESURGE_{name.upper()}", value)
        wiring.settings.cache_clear()
        return box

    yield change
    server.stop()
    monkeypatch.undo()
    wiring.settings.cache_clear()


def fail(store, error=TROUBLE, period=PERIOD) -> None:
    with pytest.raises(type(error)) as raised, recorded(store, "briefing", NAME, period):
        raise error
    assert raised.value is error  # never replaced by what a notice met


def states(store) -> dict[str, str]:
    keys = [info.key for info in store.entries(notices_prefix(NAME)) if info.key.endswith(("-mail.json", "-webhook.json"))]
    return {key.rsplit("-", 1)[1].removesuffix(".json"): json.loads(store.read(key).data)["state"] for key in keys}


def test_the_owner_gets_one_mail_that_says_what_to_do(store, owner):
    box = owner(owner="owner@example.org")
    for _ in range(3):
        fail(store)
    assert [recipient for recipient, _ in box.taken] == ["owner@example.org"]
    mail = message_from_bytes(box.taken[0][1], policy=policy.default)
    body = mail.get_body().get_content()
    assert mail["Subject"] == f"[Resurge] {NAME} {PERIOD}: failed"
    assert "gave 0 of 3 pages" in body
    assert "Collect again later." in body
    assert f"resurge brief {NAME} --period {PERIOD}" in body
    assert "somebody" not in body
    assert "reader@" not in body


def test_another_state_cause_or_period_is_told_of_anew_and_the_same_with_other_figures_is_not(store, owner):
    box = owner(owner="owner@example.org")
    fail(store)
    fail(store, SourceProblem(TROUBLE.problem.replace("3 pages", "7 pages"), remedy=""))
    assert len(box.taken) == 1
    fail(store, ValidationBlocked("Validation blocked the briefing.", remedy="Collect more."))
    fail(store, SourceProblem("The disk is full.", remedy="Free some."))
    fail(store, period="2023-W45")
    subjects = [message_from_bytes(data, policy=policy.default)["Subject"].split(" ", 2)[2] for _, data in box.taken]
    assert subjects == [f"{PERIOD}: failed", f"{PERIOD}: blocked", f"{PERIOD}: failed", "2023-W45: failed"]


def test_the_webhook_is_signed_and_told_once_by_twins(store, owner):
    with serving(lambda _: Answer({})) as service:
        box = owner(owner="owner@example.org", owner_webhook=f"{service.url}/hook/token-1", owner_webhook_secret="signing canary")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: fail(store), range(4)))
    assert len(box.taken) == 1
    (asked,) = service.asked
    signed = hmac.new(b"signing canary", asked.headers["x-resurge-timestamp"].encode() + b"." + asked.body, hashlib.sha256)
    assert asked.headers["x-resurge-signature"] == f"sha256={signed.hexdigest()}"
    told = json.loads(asked.body)
    assert (told["campaign"], told["period"], told["state"], told["remedy"]) == (NAME, PERIOD, "failed", "Collect again later.")
    assert states(store) == {"mail": "sent", "webhook": "sent"}


def test_a_webhook_that_answers_500_is_told_by_the_next_run(store, owner, monkeypatch):
    monkeypatch.setattr("tasks.deliver.webhook._FIRST_WAIT_S", 0.01)
    status = [500]
    with serving(lambda _: Answer({}, status=status[0])) as service:
        owner(owner_webhook=service.url)
        fail(store)
        assert len(service.asked) == 3
        assert states(store) == {"webhook": "pending"}
        status[0] = 200
        with recorded(store, "briefing", NAME, "2023-W45"):
            pass
        assert states(store) == {"webhook": "sent"}
        assert len({asked.headers["x-resurge-notice"] for asked in service.asked}) == 1
        catch_up(store, NAME)
        assert len(service.asked) == 4


@pytest.mark.parametrize("drips", [False, True])
def test_a_webhook_that_hangs_holds_nothing_up(store, owner, monkeypatch, drips):
    monkeypatch.setattr("tasks.deliver.webhook._FIRST_WAIT_S", 0.01)

    def hang(write) -> None:
        for _ in range(40):
            if drips:
                write(b"H")
            time.sleep(0.1)

    with serving(lambda _: Answer(raw=hang)) as service:
        owner(owner_webhook=service.url, owner_webhook_timeout_s="0.3")
        begun = time.monotonic()
        fail(store)
        assert time.monotonic() - begun < 3
    assert states(store) == {"webhook": "pending"}


def test_a_webhook_that_sends_elsewhere_is_not_followed(store, owner):
    with serving(lambda _: Answer({})) as other, serving(lambda _: Answer({}, 307, {"location": f"{other.url}/x"})) as service:
        owner(owner_webhook=service.url)
        fail(store)
        assert (len(service.asked), len(other.asked)) == (1, 0)
    assert states(store) == {"webhook": "refused"}


def test_a_wrong_address_of_the_webhook_hides_nothing(store, owner):
    owner(owner_webhook="http://hooks.example.org/secret-path")
    fail(store)
    with pytest.raises(UsageProblem) as refused:
        wiring.owner_channels(store)
    assert "secret-path" not in str(refused.value)


def test_a_mail_server_that_is_down_is_told_to_later(store, owner):
    box = owner(owner="owner@example.org", smtp_port="1")
    fail(store)
    assert states(store) == {"mail": "pending"}
    owner(owner="owner@example.org")
    catch_up(store, NAME)
    assert len(box.taken) == 1


def test_late_waiting_and_cut_off_periods_are_told_of_once(store, owner):
    box = owner(owner="owner@example.org")
    plan = Campaign.model_validate(
        {
            "slug": NAME,
            "title": "River Reeds",
            "schedule": {"cron": "0 6 * * TUE"},
            "sources": [{"name": "feed", "kind": "simulated"}],
        }
    )
    now = datetime.now(UTC)
    record_run(
        store,
        RunSummary(
            run_id="r1",
            flow="briefing",
            campaign=NAME,
            period=PERIOD,
            state="running",
            started_at=now,
            lease_until=now - timedelta(1),
        ),
    )
    assert [one.state for one in tell_overdue(store, plan, waiting=False)] == ["interrupted"]
    found = [one.state for _ in range(2) for one in tell_overdue(store, plan)]
    assert found == ["interrupted", "waiting"] * 2
    late = plan.model_copy(update={"sources": ()})
    assert "late" in [one.state for one in tell_overdue(store, late)] or now.weekday() in (0, 1)
    subjects = sorted(message_from_bytes(data, policy=policy.default)["Subject"].split(": ")[-1] for _, data in box.taken)
    assert subjects[:1] == ["interrupted"]
    assert subjects.count("waiting") == 1
    assert len(subjects) == len(set(subjects))


def test_nobody_is_told_where_no_owner_is_set(store, owner):
    box = owner()
    fail(store)
    assert not box.taken
    assert not list(store.entries(notices_prefix(NAME)))
