"""The run summary: the only source for notifications and retries."""

from datetime import datetime
from typing import Literal

from tasks.domain.records import Record

RunState = Literal["running", "done", "failed", "blocked"]
EXIT_CODES: dict[RunState, int] = {"done": 0, "failed": 1, "blocked": 3, "running": 1}


class StageTime(Record):
    stage: str
    seconds: float
    rows: int | None = None


class RunSummary(Record):
    """What one run did. Lives in the ledger, never in facts.json: times and hosts differ between equal briefings."""

    run_id: str
    flow: Literal["collect", "briefing", "backfill"]
    campaign: str
    period: str = ""
    state: RunState
    started_at: datetime
    ended_at: datetime | None = None
    edition: str = ""
    bundle: str = ""
    problem: str = ""
    stages: tuple[StageTime, ...] = ()
    deliveries: tuple[str, ...] = ()
