"""Backfill: plan, then one briefing run a period, then a table of what came of each. Interrupted, the same command goes on."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Any

from prefect import flow
from prefect.artifacts import create_table_artifact

from flows.briefing import briefing
from flows.campaign_file import load_campaign
from flows.period_progress import PeriodProgress, period_progress, silent
from flows.plan import PlannedPeriod, checked_mode, plan_backfill
from flows.remembering import remember, remembering
from flows.remote import remote
from flows.wiring import audience, open_workspace
from tasks.domain.errors import ResurgeError, SomePeriodsFailed, ValidationBlocked, WorkTaken
from tasks.domain.periods import Cutoff, Period, parse_period, periods_between
from tasks.domain.ports import ObjectStore
from tasks.store.bundles import published_periods
from tasks.store.keys import claim_key
from tasks.store.ledger import held_claim, runs
from tasks.store.visible import read_posts

Outcome = dict[str, Any]
_LOOK_EVERY_S = 0.2  # whether a process has begun a period: it has to load first (5 s)


class BackfillProblem(SomePeriodsFailed):
    """`rows` are those that a backfill without a failure returns."""

    def __init__(self, problem: str, rows: list[Outcome]) -> None:
        super().__init__(
            problem, remedy="Correct what each names, then run the same command again: it goes on with what is missing."
        )
        self.rows = rows


def plan(campaign: str, workspace: str, first: str, last: str, mode: str, *, deliver: bool) -> list[PlannedPeriod]:
    """Decide for every period from `first` to `last`, both included, oldest first."""
    chosen = checked_mode(mode)
    store = open_workspace(workspace)
    plan = load_campaign(store, campaign)
    periods = list(periods_between(parse_period(first), parse_period(last)))
    return plan_backfill(
        periods,
        chosen,
        published_periods(store, campaign, plan.tlp),
        [run for run in runs(store, campaign) if run.flow == "briefing"],
        _rows(store, campaign, periods),
        len(audience(plan)) if deliver else 0,
        datetime.now(UTC),
    )


@flow(name="backfill", flow_run_name="backfill {campaign} {first} to {last}", timeout_seconds=24 * 3600, persist_result=False)
def backfill(
    campaign: str,
    workspace: str,
    first: str,
    last: str,
    mode: str = "missing",
    as_of: datetime | None = None,
    max_active: int = 1,
    reverse: bool = False,
    deliver: bool = False,
) -> list[Outcome]:
    """Make the planned periods, oldest first unless `reverse`; a period that fails does not stop the others. Where a server is configured
    that has a deployment of the briefing flow for this campaign and workspace, its workers make them; else this process does.

    Returns one row a period: period, state, action, outcome (done, failed, blocked, busy, skipped), edition, problem. Raises
    BackfillProblem, which has the same rows, where a period was not made.
    """
    planned = plan(campaign, workspace, first, last, mode, deliver=deliver)
    rows: list[Outcome] = [item.model_dump(mode="json") | {"outcome": "skipped", "edition": "", "problem": ""} for item in planned]
    todo = {row["period"]: row for row in (reversed(rows) if reverse else rows) if row["action"] == "make"}
    store = open_workspace(workspace)
    common = (campaign, workspace, as_of, deliver)
    by_workers = remote(store, campaign, as_of, deliver=deliver, here=lambda period: make_one(period, *common))
    with by_workers as elsewhere, period_progress(len(todo)) as progress:
        periods = list(todo)
        made = elsewhere.make(periods, max_active, progress.begun) if elsewhere else _made(periods, common, max_active, progress)
        for period, done in made:
            todo[period].update(done)
            progress.ended(period, done["outcome"])
    create_table_artifact(table=rows, key=f"backfill-{campaign}", description=f"{campaign}, {first} to {last}, {mode}")
    if problem := failures(rows):
        raise BackfillProblem(problem, rows)
    return rows


def failures(rows: Sequence[Outcome]) -> str:
    """What to say of the periods that were not made; empty if there are none."""
    bad = [row for row in rows if row["outcome"] in ("failed", "blocked", "waiting", "busy")]
    if not bad:
        return ""
    named = "; ".join(f"{row['period']} {row['outcome']}: {row['problem'].splitlines()[0]}" for row in bad)
    return f"{len(bad)} of {len(rows)} periods were not made. {named}"


def make_one(period: str, campaign: str, workspace: str, as_of: datetime | None, deliver: bool) -> Outcome:
    """One briefing run; its failure is an outcome."""
    try:
        done = briefing(campaign, period, workspace, as_of, deliver)
    except ValidationBlocked as error:
        return {"outcome": "blocked", "problem": str(error)}
    except WorkTaken as error:
        return {"outcome": "busy", "problem": str(error)}
    except ResurgeError as error:
        return {"outcome": "failed", "problem": str(error)}
    except Exception as error:  # also what nobody foresaw: the other periods are made all the same
        return {"outcome": "failed", "problem": f"{type(error).__name__}: {error}"}
    return {"outcome": done["state"], "edition": done["edition"], "problem": done["problem"]}


def _made(todo: Sequence[str], common: tuple[Any, ...], max_active: int, progress: PeriodProgress) -> Iterator[tuple[str, Outcome]]:
    if max_active == 1:
        with remembering():
            for period in todo:
                progress.begun(period)
                yield period, make_one(period, *common)
        return
    progress.begun(f"{max_active} at a time")
    yield from _side_by_side(todo, common, max_active)


def _side_by_side(todo: Sequence[str], common: tuple[Any, ...], max_active: int) -> Iterator[tuple[str, Outcome]]:
    """Each process has a memory of its own, and all one engine. A period is handed out when the one before it is under way: its briefing
    waits for that one's where it compares the two (flows.evidence.with_predecessor), so what comes out is what comes out one by one."""
    campaign, workspace, *_ = common
    store, waiting = open_workspace(workspace), list(todo)
    running: dict[Future[Outcome], str] = {}
    with ProcessPoolExecutor(max_active, mp_context=get_context("spawn"), initializer=_worker) as pool:
        while waiting or running:
            while waiting and len(running) < max_active:
                period = waiting.pop(0)
                running[one := pool.submit(make_one, period, *common)] = period
                key = claim_key(campaign, parse_period(period).path)
                while waiting and not one.done() and held_claim(store, key, datetime.now(UTC)) is None:
                    time.sleep(_LOOK_EVERY_S)
            for ended in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(ended), ended.result()


def _worker() -> None:
    remember()
    silent()


def _rows(store: ObjectStore, campaign: str, periods: Sequence[Period]) -> dict[str, int]:
    end = periods[-1].end
    posted = read_posts(store, campaign, Cutoff(end, datetime.max.replace(tzinfo=end.tzinfo)), columns=["posted_at"])["posted_at"]
    return {period.key: int(((posted >= period.start) & (posted < period.end)).sum()) for period in periods}
