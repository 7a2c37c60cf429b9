"""Schedules on one machine: each campaign's cron line asks which periods are due, and those are made."""

from datetime import UTC, datetime
from typing import Any

from prefect import flow, serve
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron

from flows.briefing import briefing
from flows.campaign_file import campaign_slugs, load_campaign
from flows.collect import collect
from flows.wiring import open_workspace
from tasks.domain.campaign import Campaign
from tasks.domain.errors import UsageProblem
from tasks.domain.ports import ObjectStore
from tasks.domain.schedule import due_periods
from tasks.store.bundles import published_periods


@flow(name="scheduled", flow_run_name="scheduled {campaign}", timeout_seconds=24 * 3600, persist_result=False)
def scheduled(campaign: str, workspace: str) -> list[dict[str, Any]]:
    """Fetch, then make every period that is due, oldest first; only the newest is sent. A replay finds nothing due and does nothing."""
    store = open_workspace(workspace)
    plan = load_campaign(store, campaign)
    due = due_periods(datetime.now(UTC), plan.period, plan.lateness, published_periods(store, campaign, plan.tlp))
    if due and plan.sources:
        collect(campaign, workspace)
    return [briefing(campaign, period.key, workspace, deliver=bool(plan.audience) and period == due[-1]) for period in due]


def scheduled_campaigns(store: ObjectStore) -> list[Campaign]:
    """The campaigns of the workspace that name a schedule. Raises UsageProblem if there are none."""
    plans = [load_campaign(store, slug) for slug in campaign_slugs(store)]
    found = [plan for plan in plans if plan.schedule]
    if not found:
        raise UsageProblem(
            f"No campaign in {store.address} has a schedule.", remedy="Add `schedule: {cron: ..., zone: ...}` to its file."
        )
    return found


def deployment_of(plan: Campaign, workspace: str) -> RunnerDeployment:
    """The deployment of one campaign's schedule."""
    if plan.schedule is None:
        raise UsageProblem(f"{plan.slug} has no schedule.", remedy="Add one to its file.")
    try:
        made: RunnerDeployment = scheduled.to_deployment(  # type: ignore[assignment]  # sync outside a running loop
            name=plan.slug,
            schedules=[Cron(plan.schedule.cron, timezone=plan.schedule.zone)],
            parameters={"campaign": plan.slug, "workspace": workspace},
            concurrency_limit=1,
        )
    except ValueError as error:
        raise UsageProblem(
            f"The schedule of {plan.slug} cannot be read: {error}.", remedy="Write cron: '0 6 * * TUE', zone: Europe/Paris."
        ) from error
    return made


def serve_all(workspace: str) -> None:
    """Serve every scheduled campaign until stopped."""
    serve(*(deployment_of(plan, workspace) for plan in scheduled_campaigns(open_workspace(workspace))))
