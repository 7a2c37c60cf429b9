"""Briefing: load, validate, detect, measure, narrate, render, publish, deliver. Running it again changes nothing."""

from datetime import UTC, datetime
from typing import Any

from prefect import flow

from flows import artifacts
from flows.assembly import assemble
from flows.campaign_file import load_campaign
from flows.delivery import hand_out
from flows.evidence import close_knowledge, load_evidence
from flows.findings import find
from flows.run_record import Run, recorded
from flows.wiring import audience, open_workspace, pseudonym_key, settings
from reports.render import warm_up
from reports.task import render
from tasks.detect.annex import edges_annex
from tasks.domain.campaign import Campaign
from tasks.domain.facts import Facts
from tasks.domain.periods import parse_period
from tasks.store.bundles import Published, latest
from tasks.store.task import publish
from tasks.store.visible import latest_accounts


@flow(name="briefing", flow_run_name="briefing {campaign} {period}", timeout_seconds=3600, persist_result=False)
def briefing(
    campaign: str, period: str, workspace: str, as_of: datetime | None = None, deliver: bool = False, supersede: bool = False
) -> dict[str, Any]:
    """Make and publish the briefing of one period; with `deliver` also send it. Returns the run summary.

    Raises ValidationBlocked (no briefing), RenderProblem (nothing published), DeliveryProblem (published, not handed to everyone).
    """
    store = open_workspace(workspace)
    plan, span = load_campaign(store, campaign), parse_period(period)
    recipients = audience(plan) if deliver else ()
    cutoff = close_knowledge(plan, span, as_of, datetime.now(UTC))
    with recorded(store, "briefing", campaign, span.path) as run:
        seen = load_evidence(run, plan, span, cutoff)
        warm_up(settings().paper)
        found = find(run, seen)
        with run.stage("assemble"):
            key = pseudonym_key(plan)
            annex = edges_annex(
                found.detection, found.members, seen.posts, latest_accounts(seen.observations), key, f"TLP:{plan.tlp}"
            )
            facts = assemble(seen, found, key, annex.facts)
        published, pdf = _publish(run, plan, facts, {annex.facts.name: annex.data}, supersede=supersede)
        if deliver:
            with run.stage("deliver"):
                hand_out(run, plan, facts, published, pdf, recipients)
        artifacts.published(run.summary, run.summary.bundle)
    return run.summary.model_dump(mode="json")


def _publish(run: Run, plan: Campaign, facts: Facts, annexes: dict[str, bytes], *, supersede: bool) -> tuple[Published, bytes]:
    """Render, then publish whole, with the annexes; the pointer moves unless an edition of the same cut-off stands there and is not to be
    replaced."""
    period = parse_period(facts.period.key)
    with run.stage("render"):
        pdf = render(facts.to_bytes(), paper=settings().paper).pdf
    current = latest(run.store, plan.slug, period.path, plan.tlp)
    with run.stage("publish"):
        published = publish(
            run.store,
            campaign=plan.slug,
            period_path=period.path,
            tlp=plan.tlp,
            facts=facts.to_bytes(),
            files={"briefing.pdf": pdf, **annexes},
            as_of=facts.as_of,
            batch_ids=[batch.batch_id for batch in facts.inputs.batches],
            predecessor=facts.inputs.predecessor,
            supersedes=current.edition if supersede and current else None,
        )
    run.note(edition=published.edition, bundle=f"{run.store.address}/{published.prefix}")
    if published.pointer.edition != published.edition:
        run.note(
            problem=f"The current edition stays {published.pointer.edition[:12]}, of the cut-off "
            f"{published.pointer.as_of:%Y-%m-%d %H:%M} UTC; this one stands beside it. Use --supersede to put it in its place."
        )
    return published, pdf
