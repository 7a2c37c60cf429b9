"""Schedules on one machine: a source's cron line fetches from it, a campaign's asks which periods are due, and those are made."""

from datetime import UTC, datetime
from typing import Any

from prefect import flow, serve
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from flows.backfill import failures, make_one
from flows.campaign_file import load_campaign, scheduled_campaigns
from flows.collect import collect
from flows.plan import fetched_until
from flows.remembering import remembering
from flows.watching import is_watched, tell_overdue, told_of_schedule
from flows.wiring import open_workspace
from tasks.domain.campaign import Campaign
from tasks.domain.errors import ResurgeError, SomePeriodsFailed
from tasks.domain.ports import ObjectStore
from tasks.domain.schedule import due_periods, reaches, waits_for
from tasks.store.bundles import published_periods
from tasks.store.lake import batch_records
from tasks.store.ledger import paused_since

# By file path the engine would put flows/ first on sys.path, where its modules hide others of the same name.
_BY_MODULE = EntrypointType.MODULE_PATH
_WATCH = "23 * * * *"  # every hour, beside the full hour at which most schedules fire


@flow(name="scheduled", flow_run_name="scheduled {campaign}", timeout_seconds=24 * 3600, persist_result=False)
def scheduled(campaign: str, workspace: str) -> list[dict[str, Any]]:
    """Fetch, then make every period that is due and whose data are complete, oldest first; only the newest is sent. A replay finds nothing
    due and does nothing, nor does anything while the schedule is paused.

    One period that fails, is blocked or waits holds up no other: SomePeriodsFailed comes after the last.
    """
    store = open_workspace(workspace)
    plan = _plan(store, campaign)
    if paused_since(store, campaign) is not None:
        return []
    try:
        return _due_made(plan, store, workspace)
    finally:
        tell_overdue(store, plan)


def _plan(store: ObjectStore, campaign: str) -> Campaign:
    """The campaign's file; the owner is told where it cannot be read, since no run is entered that could say it."""
    try:
        return load_campaign(store, campaign)
    except ResurgeError as error:
        told_of_schedule(store, campaign, error)
        raise


def _due_made(plan: Campaign, store: ObjectStore, workspace: str) -> list[dict[str, Any]]:
    campaign = plan.slug
    due = due_periods(datetime.now(UTC), plan.period, plan.lateness, published_periods(store, campaign, plan.tlp))
    problems = _collected(plan, workspace) if due else []
    sources = reaches(plan, fetched_until(batch_records(store, campaign)))
    rows: list[dict[str, Any]] = []
    with remembering():
        for period in due:
            if why := waits_for(period, sources):
                rows.append({"period": period.key, "outcome": "waiting", "problem": why})
                continue
            deliver = bool(plan.audience) and period == due[-1]
            rows.append({"period": period.key, **make_one(period.key, campaign, workspace, None, deliver)})
    if problem := failures(rows):
        problems.append(problem)
    if problems:
        raise SomePeriodsFailed(" ".join(problems), remedy="Correct what each names; the next scheduled run tries them again.")
    return rows


@flow(name="watch", flow_run_name="watch {campaign}", timeout_seconds=600, persist_result=False)
def watch(campaign: str, workspace: str) -> list[str]:
    """Tell the owner of periods that are late or were cut off, once each, and returns them. A period that still waits for its data is
    told of when the schedule finds it so."""
    store = open_workspace(workspace)
    return [f"{one.period} {one.state}" for one in tell_overdue(store, _plan(store, campaign), waiting=False)]


def _collected(plan: Campaign, workspace: str) -> list[str]:
    """Fetch; one source that fails keeps no period of the others back, its own wait for it."""
    if not plan.sources:
        return []
    try:
        collect(plan.slug, workspace)
    except ResurgeError as error:
        return [f"Collecting failed: {error.problem}"]
    return []


def deployments_of(plan: Campaign, workspace: str) -> list[RunnerDeployment]:
    """One deployment for the campaign's briefings, one for each source that has a schedule, both in the campaign's zone, and where an
    owner is set one that looks every hour for what is late."""
    zone = plan.schedule.zone if plan.schedule else "UTC"
    common = {"campaign": plan.slug, "workspace": workspace}
    made: list[Any] = []  # to_deployment is synchronous outside a running loop
    if plan.schedule:
        made.append(
            scheduled.to_deployment(
                name=plan.slug,
                schedules=[Cron(plan.schedule.cron, timezone=zone)],
                parameters=common,
                concurrency_limit=1,
                entrypoint_type=_BY_MODULE,
            )
        )
    if plan.schedule and is_watched():
        made.append(
            watch.to_deployment(
                name=plan.slug, schedules=[Cron(_WATCH)], parameters=common, concurrency_limit=1, entrypoint_type=_BY_MODULE
            )
        )
    made += [
        collect.to_deployment(
            name=f"{plan.slug}-{spec.name}",
            schedules=[Cron(spec.schedule, timezone=zone)],
            parameters={**common, "only": spec.name},
            concurrency_limit=1,
            entrypoint_type=_BY_MODULE,
        )
        for spec in plan.sources
        if spec.schedule
    ]
    return made


def serve_all(workspace: str) -> None:
    """Serve every scheduled campaign until stopped."""
    store = open_workspace(workspace)  # its address is absolute, and runs have a working directory of their own
    serve(*(made for plan in scheduled_campaigns(store) for made in deployments_of(plan, store.address)))
