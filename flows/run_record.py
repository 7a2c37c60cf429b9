"""The run's entry in the ledger: running, then done, failed or blocked; whatever happens, it does not stay running."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from prefect.runtime import flow_run

from flows.console import stage
from tasks.domain.errors import ValidationBlocked
from tasks.domain.ports import ObjectStore
from tasks.domain.run_summary import RunState, RunSummary, StageTime
from tasks.store.ledger import record_run

FlowName = Literal["collect", "briefing", "backfill"]


class Run:
    """What a flow notes while it goes: the time of each stage, and what came out."""

    def __init__(self, store: ObjectStore, flow: FlowName, campaign: str, period: str = "") -> None:
        self.store = store
        self.summary = RunSummary(
            run_id=f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{(flow_run.id or uuid4().hex)[:8]}",
            flow=flow,
            campaign=campaign,
            period=period,
            state="running",
            started_at=datetime.now(UTC),
        )

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[str], None]]:
        """Time a stage; it is handed what tells a person how far it is."""
        begun = time.monotonic()
        with stage(name) as say:
            yield say
        self.note(stages=(*self.summary.stages, StageTime(stage=name, seconds=round(time.monotonic() - begun, 3))))

    def note(self, **fields: object) -> None:
        """Set fields of the summary; written to the ledger when the run ends."""
        self.summary = self.summary.model_copy(update=fields)


@contextmanager
def recorded(store: ObjectStore, flow: FlowName, campaign: str, period: str = "") -> Iterator[Run]:
    """Enter the run in the ledger, and how it ended."""
    run = Run(store, flow, campaign, period)
    record_run(store, run.summary)
    try:
        yield run
    except BaseException as error:
        state: RunState = "blocked" if isinstance(error, ValidationBlocked) else "failed"
        run.note(state=state, ended_at=datetime.now(UTC), problem=str(error)[:2000] or type(error).__name__)
        record_run(store, run.summary)
        raise
    run.note(state="done", ended_at=datetime.now(UTC))
    record_run(store, run.summary)
