"""A backfill's briefings as runs of a deployment, made by whoever works for the configured server. What came of each is read from the
workspace: the engine's word about a run is neither needed nor believed."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun
from prefect.states import Cancelled

from flows.liveness import is_gone
from flows.server import is_ours
from flows.wiring import open_store
from tasks.domain.errors import ResurgeError
from tasks.domain.periods import parse_period
from tasks.domain.ports import ObjectStore
from tasks.domain.run_summary import RunSummary
from tasks.store.keys import claim_key
from tasks.store.ledger import held_claim, runs

PATIENCE_S = 180.0  # a worker asks every 15 s; with a process to start, a run that nobody took for so long nobody will take
POLL_S = 3.0
_LOOK_EVERY_S = 30.0  # in the ledger, whether a run that the engine calls running still lives
_FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")

Outcome = dict[str, Any]


@dataclass
class Remote:
    """Briefings of one campaign and workspace through one deployment. `client`: the engine's, synchronous. `here`: how this process
    makes a period itself, where it may."""

    client: Any
    deployment: Any  # prefect's DeploymentResponse
    store: ObjectStore
    campaign: str
    as_of: datetime | None
    deliver: bool
    here: Callable[[str], Outcome] | None = None
    patience_s: float = PATIENCE_S
    poll_s: float = POLL_S

    def make(self, periods: Sequence[str], max_active: int, begun: Callable[[str], None]) -> Iterator[tuple[str, Outcome]]:
        """(period key, outcome) as each ends; at most `max_active` are handed over at a time, each when the one before it is under way: its
        briefing waits for that one's where it compares the two.

        If no worker takes any of them for `patience_s`, those handed over are called back and nothing more is handed over: the rest is made
        `here`, or failed. A run that a worker took at that very moment is `busy` here: the claim of a period is held by one.
        """
        waiting, active, untaken = list(periods), dict[str, FlowRun](), False
        last_sign = looked = time.monotonic()
        while waiting or active:
            while waiting and len(active) < max_active and not untaken:
                begun(waiting[0])
                active[waiting[0]] = self._hand_over(waiting[0])
                del waiting[0]
                untaken = True
            untaken = False
            if look := time.monotonic() - looked > _LOOK_EVERY_S:
                looked = time.monotonic()
            for period, handed in list(active.items()):
                run = self.client.read_flow_run(handed.id)
                if _is_scheduled(run):
                    untaken = True
                else:
                    last_sign = time.monotonic()
                if _is_final(run) or (look and self._interrupted(run)):
                    del active[period]
                    yield period, self._outcome(run, period)
            if active and time.monotonic() - last_sign > self.patience_s:
                yield from self._without_workers(active, waiting)
                return
            if active:
                time.sleep(self.poll_s)

    def _hand_over(self, period: str) -> FlowRun:
        """A run of this attempt, or the one handed over before that has not ended: a backfill that was killed asks for no second."""
        attempt = sum(run.period == _path(period) and _stands(run) != "running" for run in self._briefings()) + 1
        while True:
            run = self.client.create_flow_run_from_deployment(
                self.deployment.id,
                parameters={
                    "campaign": self.campaign,
                    "period": period,
                    "as_of": self.as_of.isoformat() if self.as_of else None,
                    "deliver": self.deliver,
                },
                name=f"briefing {self.campaign} {period}",
                tags=["backfill"],
                idempotency_key=self.idempotency_key(period, attempt),
            )
            found: FlowRun = self.client.read_flow_run(run.id)
            if not _is_final(found):
                return found
            attempt += 1  # this one ended, maybe before it reached the ledger

    def idempotency_key(self, period: str, attempt: int) -> str:
        """The same for the same attempt at the same thing."""
        until = self.as_of.isoformat() if self.as_of else "period-end"
        send = " deliver" if self.deliver else ""
        return f"backfill {self.store.address} {self.campaign} {period} as-of {until}{send} attempt {attempt}"

    def _outcome(self, run: FlowRun, period: str) -> Outcome:
        own = self._entry(run)
        told = _stands(own) if own else "running"
        if own and told == "interrupted":
            return _failed(f"The run {own.run_id} was killed or cut off.")
        if own and told != "running":
            return {"outcome": told, "edition": own.edition, "problem": own.problem}
        held = held_claim(self.store, claim_key(self.campaign, _path(period)), datetime.now(UTC))
        if own is None and held is not None:
            return {
                "outcome": "busy",
                "edition": "",
                "problem": f"{self.campaign}, {period} is being made by the run {held.nonce}.",
            }
        said = (run.state.message or run.state.name) if run.state else "nothing"
        return _failed(f"Its run left no end in the ledger of this workspace; the engine says of it: {said}")

    def _without_workers(self, active: dict[str, FlowRun], waiting: Sequence[str]) -> Iterator[tuple[str, Outcome]]:
        for handed in active.values():
            self.client.set_flow_run_state(handed.id, Cancelled(message="No worker took it; called back by backfill."))
        for period in (*active, *waiting):
            yield period, self.here(period) if self.here else self._nobody()

    def _nobody(self) -> Outcome:
        pool = getattr(self.deployment, "work_pool_name", None) or "its work pool"
        return _failed(
            f"No worker of {pool} took it within {self.patience_s:.0f} s. Start one where this project is installed:"
            f" prefect worker start --pool {pool}"
        )

    def _briefings(self) -> list[RunSummary]:
        return [run for run in runs(self.store, self.campaign) if run.flow == "briefing"]

    def _entry(self, run: FlowRun) -> RunSummary | None:
        """The ledger's entry of an engine's run: its id ends with the first eight digits of the engine's."""
        return next((entry for entry in self._briefings() if entry.run_id.endswith(f"-{run.id.hex[:8]}")), None)

    def _interrupted(self, run: FlowRun) -> bool:
        entry = self._entry(run)
        return entry is not None and _stands(entry) == "interrupted"


@contextmanager
def remote(
    store: ObjectStore, campaign: str, as_of: datetime | None, *, deliver: bool, here: Callable[[str], Outcome]
) -> Iterator[Remote | None]:
    """Where a server is configured and has a deployment of the briefing flow for this campaign and workspace: a way to run it; else None.

    A backfill that is itself a worker's run may hold the last free place of its pool: what then nobody takes is made `here`, in the
    surroundings (mail, secrets) of a worker. A command on someone's own machine may have others, so it says that there is no worker.

    Raises ResurgeError if there are several."""
    address = os.environ.get("PREFECT_API_URL", "")
    if not address or is_ours(address):
        yield None
        return
    with get_client(sync_client=True) as client:
        found = [
            one
            for one in client.read_deployments(flow_filter=FlowFilter(name=FlowFilterName(any_=["briefing"])))
            if one.parameters.get("campaign") == campaign and _same_place(str(one.parameters.get("workspace", "")), store.address)
        ]
        if len(found) > 1:
            raise ResurgeError(
                f"Several deployments make briefings of {campaign}: {', '.join(sorted(one.name for one in found))}.",
                remedy="Delete all but one: `prefect deployment delete briefing/NAME`.",
            )
        mine = here if runtime.deployment.id else None
        yield Remote(client, found[0], store, campaign, as_of, deliver, mine) if found else None


def _path(period: str) -> str:
    return parse_period(period).path


def _stands(run: RunSummary) -> str:
    return run.standing(datetime.now(UTC), is_gone)


def _is_final(run: FlowRun) -> bool:
    return run.state_type is not None and run.state_type.value in _FINAL


def _is_scheduled(run: FlowRun) -> bool:
    return run.state_type is None or run.state_type.value == "SCHEDULED"


def _same_place(named: str, address: str) -> bool:
    try:
        return bool(named) and open_store(named).address == address
    except ResurgeError:
        return False


def _failed(problem: str) -> Outcome:
    return {"outcome": "failed", "edition": "", "problem": problem}
