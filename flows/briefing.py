"""Briefing: load, validate, detect, measure, narrate, render, publish, deliver; each rendition by itself, the full one last.

Running it again changes nothing, and repairs what a run that died left half-way.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from prefect import flow

from flows import artifacts
from flows.annexes import with_annexes
from flows.archive import refresh_archive
from flows.assembly import assemble
from flows.campaign_file import load_campaign
from flows.delivery import Handed, hand_out
from flows.evidence import close_knowledge, load_evidence, with_predecessor
from flows.findings import find
from flows.renditions import Rendition, renditions
from flows.run_record import Run, recorded
from flows.wiring import audience, open_workspace, pseudonym_key, settings
from reports.render import warm_up
from reports.task import render
from tasks.detect.annex import edges_annex
from tasks.domain.accounts import account_key
from tasks.domain.campaign import Campaign
from tasks.domain.periods import Period, parse_period
from tasks.domain.run_summary import PublishedRendition
from tasks.store.bundles import latest
from tasks.store.task import publish


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
    with recorded(store, "briefing", campaign, span.path, alone=True) as run:
        seen = load_evidence(run, plan, span, cutoff)
        warm_up()
        found = find(run, seen)
        seen = with_predecessor(run, seen)
        with run.stage("assemble"):
            key = pseudonym_key(plan)
            annex = edges_annex(found.detection, found.members, seen.posts, seen.accounts, key, f"TLP:{plan.tlp}")
            facts = assemble(seen, found, key, annex.facts)
            members = frozenset(account_key(found.members.ever))
            full = Rendition(plan.tlp, facts, {annex.facts.name: annex.data}, members)
            made = with_annexes(seen, found, renditions(store, plan, seen, found, full, key), key)
        handed = _publish(run, plan, span, made, supersede=supersede)
        if stale := refresh_archive(store, [one.facts.campaign.tlp for one in handed]):
            run.note(problem=f"{run.summary.problem} {stale}".strip())
        if deliver:
            with run.stage("deliver"):
                hand_out(run, plan, handed, recipients)
        artifacts.published(run.summary, run.summary.bundle)
    return run.summary.model_dump(mode="json")


def _publish(run: Run, plan: Campaign, period: Period, made: Sequence[Rendition], *, supersede: bool) -> list[Handed]:
    """Render all at once, then publish each whole, with its annexes, the full one last: until it stands, the period counts as not made and
    a run that died in between is repeated. A label's pointer moves unless an edition of the same cut-off stands there and is not to be
    replaced."""
    with run.stage("render"):
        pages = [render.submit(one.facts.to_bytes(), paper=settings().paper, attachments=one.annexes) for one in made]
        pdfs = [page.result().pdf for page in pages]
    with run.stage("publish"):
        handed = [_publish_one(run, plan, period, *pair, supersede=supersede) for pair in zip(made, pdfs, strict=True)]
    full = handed[-1]
    run.note(
        edition=full.published.edition,
        bundle=f"{run.store.address}/{full.published.prefix}",
        renditions=tuple(
            PublishedRendition(
                tlp=one.facts.campaign.tlp, edition=one.published.edition, bundle=f"{run.store.address}/{one.published.prefix}"
            )
            for one in handed
        ),
        problem=" ".join(filter(None, map(_stays, handed))),
    )
    return handed


def _publish_one(run: Run, plan: Campaign, period: Period, one: Rendition, pdf: bytes, *, supersede: bool) -> Handed:
    facts = one.facts
    current = latest(run.store, plan.slug, period.path, one.tlp)
    published = publish(
        run.store,
        campaign=plan.slug,
        period_path=period.path,
        tlp=one.tlp,
        facts=facts.to_bytes(),
        files={"briefing.pdf": pdf, **one.annexes},
        as_of=facts.as_of,
        batch_ids=[batch.batch_id for batch in facts.inputs.batches],
        predecessor=facts.inputs.predecessor,
        supersedes=current.edition if supersede and current else None,
    )
    return Handed(facts, published, pdf)


def _stays(one: Handed) -> str:
    """What to say where the pointer did not follow."""
    pointer = one.published.pointer
    if pointer.edition == one.published.edition:
        return ""
    return (
        f"The current edition under TLP:{one.facts.campaign.tlp} stays {pointer.edition[:12]}, of the cut-off "
        f"{pointer.as_of:%Y-%m-%d %H:%M} UTC; this one stands beside it. Use --supersede to put it in its place."
    )
