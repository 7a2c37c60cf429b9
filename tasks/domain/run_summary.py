"""The run summary: the only source for notifications and retries."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from tasks.domain.records import Record

RunState = Literal["running", "done", "failed", "blocked"]
Standing = Literal["running", "interrupted", "done", "failed", "blocked"]
LONGEST = timedelta(hours=24)  # a run without a lease, as older versions entered them, that began before is not running any more
EXIT_CODES: dict[RunState, int] = {"done": 0, "failed": 1, "blocked": 3, "running": 1}


class StageTime(Record):
    stage: str
    seconds: float
    rows: int | None = None


class PublishedRendition(Record):
    tlp: str
    edition: str
    bundle: str


class RunSummary(Record):
    """What one run did. Lives in the ledger, never in facts.json: times and hosts differ between equal briefings."""

    run_id: str
    flow: Literal["collect", "briefing", "backfill"]
    campaign: str
    period: str = ""
    state: RunState
    started_at: datetime
    ended_at: datetime | None = None
    edition: str = ""  # of the full briefing; so is `bundle`
    bundle: str = ""
    renditions: tuple[PublishedRendition, ...] = ()  # the lowest label first, the full briefing last
    problem: str = ""
    stages: tuple[StageTime, ...] = ()
    deliveries: tuple[str, ...] = ()
    process: str = ""  # who runs it (flows/liveness.py)
    lease_until: datetime | None = None  # renewed while it runs; one that has run out belongs to a run that was killed or cut off

    def standing(self, now: datetime, gone: Callable[[str], bool]) -> Standing:
        """At `now`: `interrupted` where the entry says running and nobody runs it. `gone`: is that process known to have ended?"""
        if self.state != "running":
            return self.state
        ends = self.lease_until or self.started_at + LONGEST
        return "interrupted" if ends <= now or (self.process and gone(self.process)) else "running"
