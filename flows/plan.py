"""How the periods of a campaign stand, and what a backfill will do: one line a period, decided before anything runs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Literal

from flows.liveness import is_gone
from tasks.domain.batches import BatchRecord
from tasks.domain.bundles import Pointer
from tasks.domain.campaign import Campaign
from tasks.domain.errors import UsageProblem
from tasks.domain.periods import Period, parse_period
from tasks.domain.records import Record
from tasks.domain.run_summary import RunSummary
from tasks.domain.schedule import due_periods, is_late, reaches, waits_for

Mode = Literal["missing", "failed", "all"]
Standing = Literal["published", "running", "interrupted", "failed", "blocked", "missing"]
_BROKEN = ("failed", "blocked", "interrupted")
_RECENT = 10  # runs from which the time of the next is estimated


class PlannedPeriod(Record):
    """`state` as found, `action` as decided: make or skip. `mails`: how many messages it may send."""

    period: str
    state: Standing
    action: Literal["make", "skip"]
    rows: int
    seconds: float | None  # the middle of what the newest ten runs took; null: there was none
    mails: int


def checked_mode(mode: str) -> Mode:
    """Raises UsageProblem for a mode that is none."""
    match mode:
        case "missing" | "failed" | "all":
            return mode
    raise UsageProblem(f"{mode!r} is not a mode of backfill.", remedy="Use missing, failed or all.")


def standing(period: Period, published: Collection[str], runs: Sequence[RunSummary], now: datetime) -> Standing:
    """How a period stands: published counts most, else what its newest run came to. `interrupted`: it was killed or cut off."""
    if period.path in published:
        return "published"
    stands = [run.standing(now, is_gone) for run in runs if run.flow == "briefing" and run.period == period.path]
    if "running" in stands:
        return "running"
    for state in reversed(stands):
        if state != "done":
            return state
    return "missing"


class PeriodState(Record):
    """A line of `status`. `state`: a Standing, or of a period that nobody has tried yet: waiting (its data are not complete), due, late.
    `why`: what was wrong, or what it waits for."""

    period: str  # as in a path
    state: str
    edition: str = ""
    as_of: str = ""
    runs: int = 0
    why: str = ""


def period_states(
    plan: Campaign,
    published: Mapping[str, Pointer],
    runs: Sequence[RunSummary],
    batches: Iterable[BatchRecord],
    now: datetime,
) -> list[PeriodState]:
    """Every period that was published, tried, or is due by the campaign's schedule, oldest first."""
    due = due_periods(now, plan.period, plan.lateness, published) if plan.schedule else []
    sources = reaches(plan, fetched_until(batches))
    tried = [run for run in runs if run.flow == "briefing"]
    known = {path: parse_period(path.replace("--", "..")) for path in {*published, *(run.period for run in tried)}}
    found = []
    for period in sorted({*known.values(), *due}, key=lambda one: (one.start, one.path)):
        own = [run for run in tried if run.period == period.path]
        state: str = standing(period, published, own, now)
        why = own[-1].problem.partition("\n")[0] if state in ("failed", "blocked") else ""
        if state == "interrupted":
            why = f"the run {own[-1].run_id} was killed or cut off; nothing of it is published"
        elif state == "missing" and period in due and plan.schedule:
            why = waits_for(period, sources)
            state = "waiting" if why else "late" if is_late(period, plan.schedule, plan.lateness, now) else "due"
        pointer = published.get(period.path)
        found.append(
            PeriodState(
                period=period.path,
                state=state,
                edition=pointer.edition[:12] if pointer else "",
                as_of=pointer.as_of.isoformat() if pointer else "",
                runs=len(own),
                why=why,
            )
        )
    return found


def fetched_until(batches: Iterable[BatchRecord]) -> dict[str, datetime]:
    """By source where its last fetch ended that was not broken off."""
    ends: dict[str, datetime] = {}
    for record in batches:
        for effort in record.effort:
            if effort.until and effort.finished:
                ends[record.identity.source] = max(effort.until, ends.get(record.identity.source, effort.until))
    return ends


def plan_backfill(
    periods: Sequence[Period],
    mode: Mode,
    published: Mapping[str, Pointer],
    runs: Sequence[RunSummary],
    rows: Mapping[str, int],
    recipients: int,
    now: datetime,
) -> list[PlannedPeriod]:
    """Decide for each period. `missing`: whatever has no briefing; `failed`: whose newest run failed, was blocked or was
    interrupted; `all`: everything (what is unchanged comes out as the same edition). `rows` by period key; `recipients` is 0 without
    --deliver."""
    took = [sum(time.seconds for time in run.stages) for run in runs if run.flow == "briefing" and run.state == "done"][-_RECENT:]
    planned = []
    for period in periods:
        state = standing(period, published, runs, now)
        make = mode == "all" or (mode == "missing" and state != "published") or (mode == "failed" and state in _BROKEN)
        planned.append(
            PlannedPeriod(
                period=period.key,
                state=state,
                action="make" if make else "skip",
                rows=rows.get(period.key, 0),
                seconds=round(median(took), 1) if took else None,
                mails=recipients if make else 0,
            )
        )
    return planned
