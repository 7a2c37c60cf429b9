"""The run's entry in the ledger: running, then done, failed or blocked. While it runs its lease is renewed, so one that was killed is told
from one that works; and a period that one run makes no other makes at the same time."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import uuid4

from prefect.runtime import flow_run

from flows import logs
from flows.console import stage
from flows.liveness import host_of, is_gone, this_process
from flows.scratch import scratch
from flows.watching import catch_up, told_of_run
from flows.wiring import settings
from tasks.domain.errors import ResurgeError, ValidationBlocked, WorkTaken
from tasks.domain.ports import ObjectStore
from tasks.domain.run_summary import RunState, RunSummary, StageTime
from tasks.store.keys import claim_key
from tasks.store.ledger import claim, held_claim, record_run, release

FlowName = Literal["collect", "briefing", "backfill"]
LEASE = timedelta(minutes=5)
RENEW_EVERY_S = 60.0  # four renewals may fail before the lease runs out


class Run:
    """What a flow notes while it goes: the time of each stage, and what came out."""

    def __init__(self, store: ObjectStore, flow: FlowName, campaign: str, period: str = "") -> None:
        self.store = store
        self._noting = threading.Lock()
        now = datetime.now(UTC)
        self.summary = RunSummary(
            run_id=f"{now:%Y%m%dT%H%M%S}-{(flow_run.id or uuid4().hex)[:8]}",
            flow=flow,
            campaign=campaign,
            period=period,
            state="running",
            started_at=now,
            process=this_process(),
            lease_until=now + LEASE,
        )

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[str], None]]:
        """Time a stage; it is handed what tells a person how far it is."""
        begun = time.monotonic()
        logs.event("stage began", level="debug", stage=name)
        with stage(name) as say:
            yield say
        took = StageTime(stage=name, seconds=round(time.monotonic() - begun, 3))
        self.note(stages=(*self.summary.stages, took))
        logs.event("stage done", stage=name, seconds=took.seconds)

    def note(self, **fields: object) -> None:
        """Set fields of the summary; written to the ledger when the lease is renewed and when the run ends."""
        with self._noting:
            self.summary = self.summary.model_copy(update=fields)


@contextmanager
def recorded(store: ObjectStore, flow: FlowName, campaign: str, period: str = "", *, alone: bool = False) -> Iterator[Run]:
    """Enter the run in the ledger, and how it ended. `alone`: of this period no other run may work at the same time; raises WorkTaken,
    with nothing entered, where one does. That saves work; what is published is safe without it."""
    run = Run(store, flow, campaign, period)
    lock = _locked(run, claim_key(campaign, period)) if alone else ""
    logs.configure(settings())
    try:
        with logs.bound(run=run.summary.run_id, flow=flow, campaign=campaign, period=period):
            logs.event("run began")
            record_run(store, run.summary)
            with _renewed(run, lock), scratch():
                yield run
    except BaseException as error:
        state: RunState = "blocked" if isinstance(error, ValidationBlocked) else "failed"
        run.note(state=state, ended_at=datetime.now(UTC), problem=str(error)[:2000] or type(error).__name__)
        _log_end(run.summary)
        try:
            record_run(store, run.summary)
        finally:
            told_of_run(store, run.summary, error)
        raise
    else:
        run.note(state="done", ended_at=datetime.now(UTC))
        _log_end(run.summary)
        record_run(store, run.summary)
        catch_up(store, campaign)
    finally:
        if lock:
            with suppress(ResurgeError):  # it runs out by itself
                release(store, lock, run.summary.run_id)


def _log_end(run: RunSummary) -> None:
    logs.event(
        f"run {run.state}",
        level="info" if run.state == "done" else "error",
        run=run.run_id,
        flow=run.flow,
        campaign=run.campaign,
        period=run.period,
        edition=run.edition,
        seconds=round((run.ended_at - run.started_at).total_seconds(), 3) if run.ended_at else None,
        problem=run.problem,
        deliveries=run.deliveries,
    )


def _locked(run: Run, key: str) -> str:
    now, own = datetime.now(UTC), run.summary
    if claim(run.store, key, own.run_id, now, LEASE, process=own.process, gone=is_gone):
        return key
    held = held_claim(run.store, key, now)
    who = f"the run {held.nonce} on {host_of(held.process)}" if held else "another run"
    until = f" Its claim runs until {held.expires_at:%H:%M} UTC unless it is renewed." if held else ""
    raise WorkTaken(
        f"{own.campaign}, {own.period} is being made by {who}. Nothing was done.{until}",
        remedy=f"See `resurge runs {own.campaign}`; run the same command again once that run has ended, if it is still needed.",
    )


@contextmanager
def _renewed(run: Run, lock: str) -> Iterator[None]:
    """Renew the lease of the entry, and of the period's lock, beside the work."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEW_EVERY_S):
            now = datetime.now(UTC)
            run.note(lease_until=now + LEASE)
            with suppress(ResurgeError):  # a store out of reach for a while: the next time will do
                record_run(run.store, run.summary)
                if lock:
                    claim(run.store, lock, run.summary.run_id, now, LEASE, process=run.summary.process)

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
