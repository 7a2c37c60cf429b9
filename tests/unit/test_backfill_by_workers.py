"""A backfill through the engine's server: what is handed over, what is waited for, and that outcomes come from the ledger alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from flows.remote import Remote
from tasks.domain.run_summary import RunState, RunSummary
from tasks.store.keys import claim_key
from tasks.store.ledger import claim, record_run
from tasks.store.local import LocalStore

CAMPAIGN = "example"
PERIODS = ["2023-W42", "2023-W43", "2023-W44"]


class Engine:
    """The engine's client, as far as it is used; `answer` is what a worker does with a run when it is next looked at."""

    def __init__(self, answer: Any) -> None:
        self.runs: dict[str, Any] = {}
        self.asked: list[str] = []
        self.called_back: list[UUID] = []
        self.most_at_once = self.untaken_at_once = 0
        self._answer = answer

    def create_flow_run_from_deployment(self, deployment_id: Any, *, idempotency_key: str, parameters: Any, **_: Any) -> Any:
        self.asked.append(idempotency_key)
        fresh = SimpleNamespace(id=uuid4(), parameters=parameters, state_type=SimpleNamespace(value="SCHEDULED"), state=None)
        run = self.runs.setdefault(idempotency_key, fresh)
        going = [one for one in self.runs.values() if one.state_type.value in ("SCHEDULED", "RUNNING")]
        self.untaken_at_once = max(self.untaken_at_once, sum(one.state_type.value == "SCHEDULED" for one in going))
        self.most_at_once = max(self.most_at_once, len(going))
        run.looked = 0
        return run

    def read_flow_run(self, run_id: UUID) -> Any:
        (run,) = [one for one in self.runs.values() if one.id == run_id]
        run.looked += 1
        if run.looked > 1 and run.state_type.value in ("SCHEDULED", "RUNNING"):
            self._answer(run)
        return run

    def set_flow_run_state(self, run_id: UUID, state: Any) -> None:
        assert state.type.value == "CANCELLED"
        self.called_back.append(run_id)


def ended(run: Any, state: str, message: str = "") -> None:
    run.state_type = SimpleNamespace(value=state)
    run.state = SimpleNamespace(message=message, name=state.title())


def entry(store: LocalStore, period: str, state: RunState, run_id: UUID | None = None, **fields: Any) -> None:
    now = datetime.now(UTC)
    name = f"{now:%Y%m%dT%H%M%S}-{(run_id or uuid4()).hex[:8]}"
    record_run(
        store, RunSummary(run_id=name, flow="briefing", campaign=CAMPAIGN, period=period, state=state, started_at=now, **fields)
    )


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path)


def through(engine: Engine, store: LocalStore, **options: Any) -> Remote:
    deployment = SimpleNamespace(id=uuid4(), work_pool_name="resurge")
    common = {"as_of": None, "deliver": False, "poll_s": 0.0} | options
    return Remote(engine, deployment, store, CAMPAIGN, **common)


def made(way: Remote, max_active: int = 1, periods: list[str] = PERIODS) -> dict[str, dict[str, Any]]:
    return dict(way.make(periods, max_active, lambda _period: None))


@pytest.mark.parametrize("max_active", [1, 2])
def test_outcomes_are_those_of_the_ledger_whatever_the_engine_says(store: LocalStore, max_active: int) -> None:
    def work(run: Any) -> None:
        period = run.parameters["period"]
        if run.state_type.value == "SCHEDULED":
            run.state_type = SimpleNamespace(value="RUNNING")
            return
        state: RunState = "blocked" if period == "2023-W43" else "done"
        entry(store, period, state, run.id, edition=f"of {period}", problem="too few days" if state == "blocked" else "")
        ended(run, "CRASHED" if period == "2023-W44" else "COMPLETED")

    engine = Engine(work)
    found = made(through(engine, store), max_active)
    assert [found[period]["outcome"] for period in PERIODS] == ["done", "blocked", "done"]
    assert found["2023-W43"]["problem"] == "too few days"
    assert found["2023-W44"]["edition"] == "of 2023-W44"
    assert engine.most_at_once == max_active
    assert engine.untaken_at_once == 1  # the next is handed over when a worker has taken the one before


def test_each_attempt_has_a_key_of_its_own_and_a_killed_backfill_asks_for_no_second_run(store: LocalStore) -> None:
    def work(run: Any) -> None:
        entry(store, "2023-W42", "failed", run.id, problem="no")
        ended(run, "FAILED")

    engine = Engine(work)
    first = through(engine, store)
    first._hand_over("2023-W42")  # and then it was killed
    assert made(through(engine, store), periods=["2023-W42"])["2023-W42"]["outcome"] == "failed"
    assert len(engine.runs) == 1
    made(through(engine, store), periods=["2023-W42"])
    assert [key.rpartition(" attempt ")[2] for key in engine.asked] == ["1", "1", "2"]
    closed = through(engine, store, as_of=datetime(2023, 11, 1, tzinfo=UTC), deliver=True)
    assert "2023-11-01" in closed.idempotency_key("2023-W42", 1)
    assert closed.idempotency_key("2023-W42", 1) != first.idempotency_key("2023-W42", 1)


def test_a_run_that_ended_before_the_ledger_is_not_waited_for_again(store: LocalStore) -> None:
    engine = Engine(lambda run: ended(run, "CRASHED", "the worker has no such module"))
    for attempts in (1, 2):
        (row,) = made(through(engine, store), periods=["2023-W42"]).values()
        assert row["outcome"] == "failed"
        assert "the worker has no such module" in row["problem"]
        assert len(engine.runs) == attempts


def test_without_a_worker_it_says_so_and_calls_back_what_it_handed_over(store: LocalStore) -> None:
    engine = Engine(lambda _run: None)
    found = made(through(engine, store, patience_s=0.05, poll_s=0.01), max_active=2)
    assert list(found) == PERIODS
    assert {row["outcome"] for row in found.values()} == {"failed"}
    assert "No worker of resurge took it" in found["2023-W44"]["problem"]
    assert "prefect worker start --pool resurge" in found["2023-W44"]["problem"]
    assert len(engine.called_back) == len(engine.runs) == 1  # nobody took the first


def test_a_backfill_that_holds_the_last_place_of_its_pool_makes_the_periods_itself(store: LocalStore) -> None:
    asked: list[str] = []

    def here(period: str) -> dict[str, Any]:
        asked.append(period)
        return {"outcome": "done", "edition": f"of {period}", "problem": ""}

    engine = Engine(lambda _run: None)
    found = made(through(engine, store, patience_s=0.05, poll_s=0.01, here=here), max_active=2)
    assert [found[period]["edition"] for period in asked] == [f"of {period}" for period in PERIODS]
    assert len(engine.called_back) == 1


def test_a_period_that_another_run_makes_is_busy(store: LocalStore) -> None:
    now = datetime.now(UTC)
    assert claim(store, claim_key(CAMPAIGN, "2023-W42"), "the other", now, timedelta(minutes=5))
    (row,) = made(through(Engine(lambda run: ended(run, "FAILED")), store), periods=["2023-W42"]).values()
    assert (row["outcome"], "the other" in row["problem"]) == ("busy", True)
