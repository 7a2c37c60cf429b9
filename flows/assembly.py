"""From findings to facts.json: every part in its place, nothing computed twice."""

import hashlib
from typing import Any

from flows.evidence import Evidence
from flows.findings import SEED, Findings
from flows.known_then import known_then
from flows.provenance import generated_by
from reports.assets import fonts_sha256
from tasks.activity.coverage import coverage_facts, validation_facts
from tasks.activity.hours import hour_facts
from tasks.activity.impact import impact_facts
from tasks.activity.series import activity_facts
from tasks.detect.avatars import avatar_facts
from tasks.detect.events import with_history
from tasks.detect.listed import list_facts
from tasks.detect.report import coordination_facts, proposed_accounts
from tasks.domain.campaign import Campaign
from tasks.domain.facts import BatchFacts, CampaignFacts, EdgesFile, EventFacts, Facts, InputFacts, PeriodFacts
from tasks.domain.periods import default_as_of
from tasks.domain.pseudonyms import key_id
from tasks.narrate.alternatives import alternative_facts
from tasks.narrate.changes import ChangeInputs, change_facts
from tasks.narrate.judged import JudgementInputs
from tasks.narrate.judgements import judgement_facts
from tasks.narrate.limits import limits
from tasks.narrate.tactics import tactic_facts


def assemble(seen: Evidence, found: Findings, key: bytes, edges_file: EdgesFile | None = None) -> Facts:
    """Compose the facts of one briefing; `key` hashes the names of outsiders, `edges_file` names the annex of edges."""
    campaign, period, cutoff = seen.campaign, seen.period, seen.cutoff
    members, posts = found.members.frame, found.member_posts
    accounts = seen.accounts
    inputs = _inputs(seen, found, key)
    parts = JudgementInputs(
        campaign=_campaign(seen),
        period=_period(seen),
        coverage=coverage_facts(seen.posts, seen.observations, seen.batches, campaign, period, cutoff, seen.states, seen.sightings),
        activity=activity_facts(seen.posts, posts, members, period, seen.posts["posted_at"].min() if len(seen.posts) else None),
        coordination=with_history(
            coordination_facts(found.detection, found.members, accounts, found.narratives.exhibits, key, edges_file),
            found.detection,
            period.start,
        ),
        takedowns=found.takedowns,
        narratives=found.narratives,
        behaviour=hour_facts(posts, campaign, cutoff, period, seed=SEED),
        impact=impact_facts(posts, posts, members, campaign, period),
        previous=seen.previous,
    )
    made = generated_by(fonts_sha256())
    compared = ChangeInputs(
        campaign=parts.campaign,
        period=parts.period,
        generated_by=made,
        inputs=inputs,
        validation=validation_facts(seen.batches, seen.outcome),
        activity=parts.activity,
        coordination=parts.coordination,
        takedowns=parts.takedowns,
        narratives=parts.narratives,
        impact=parts.impact,
        campaign_list=list_facts(found.members, accounts, key, since=seen.previous.as_of if seen.previous else period.start),
    )
    measured = Facts(
        **compared.root,
        as_of=cutoff.as_of,
        coverage=parts.coverage,
        behaviour=parts.behaviour,
        accounts_proposed=proposed_accounts(found.members, accounts, key),
        avatars=avatar_facts(seen.observations, found.looks, found.members.keys, campaign.default_avatars, key),
        judgements=judgement_facts(parts),
        ledger=seen.ledger,
        analyst_notes=seen.note,
        indicators=found.indicators,
        changes=change_facts(compared, seen.previous),
        limits=limits(parts.campaign, parts.period, inputs, parts.coverage, parts.coordination, parts.takedowns, parts.activity),
    )
    return measured.model_copy(update={"tactics": tactic_facts(measured), "alternatives": alternative_facts(measured)})


def _campaign(seen: Evidence) -> CampaignFacts:
    campaign = seen.campaign
    return CampaignFacts(
        slug=campaign.slug,
        title=campaign.title,
        aliases=tuple(campaign.aliases),
        summary=campaign.summary,
        simulated=campaign.simulated,
        tlp=campaign.tlp,
        suspected_zone=campaign.suspected_zone,
        attribution=tuple(campaign.attribution),
        events=tuple(
            EventFacts(event_id=event.event_id, on=event.on, title=event.title)
            for event in sorted(campaign.events, key=lambda event: (event.on, event.event_id))
            if event.on < seen.cutoff.end.date()
        ),
    )


def _period(seen: Evidence) -> PeriodFacts:
    period, campaign = seen.period, seen.campaign
    return PeriodFacts(
        key=period.key,
        kind=period.kind,
        start=period.start,
        end=period.end,
        provisional=seen.cutoff.as_of < default_as_of(period, campaign.lateness),
        lateness_h=campaign.lateness_h,
    )


def _inputs(seen: Evidence, found: Findings, key: bytes) -> InputFacts:
    limits_in_force = seen.campaign.thresholds.model_dump(mode="json")
    windows = limits_in_force.pop("window_s")
    known_late = found.members.frame["known_at"] > seen.cutoff.as_of
    return InputFacts(
        batches=tuple(
            BatchFacts(
                batch_id=batch.batch_id,
                source=batch.identity.source,
                format=batch.identity.format,
                raw_sha256=batch.identity.raw_sha256,
                rows_landed=batch.landed,
                rows_accepted=sum(batch.rows_accepted.values()),
                rows_quarantined=sum(sum(reasons.values()) for reasons in batch.rows_quarantined.values()),
                rows_collapsed=sum(batch.rows_collapsed.values()),
            )
            for batch in seen.batches
        ),
        predecessor=seen.predecessor,
        capture_time_assumed=any(batch.identity.capture_rule == "posted" for batch in seen.batches),
        membership_hindsight=bool(known_late.any()),
        pseudonym_key_id=key_id(key),
        parameters={
            **{name: str(value) for name, value in sorted(limits_in_force.items())},
            **{f"window_s {name}": str(value) for name, value in sorted(windows.items())},
            "campaign_sha256": what_is_measured(known_then(seen.stated, seen.cutoff)),
            "seed": str(SEED),
        },
    )


def what_is_measured(campaign: Campaign) -> str:
    """Hash of the campaign file without who is told, when, and who may be named under lower labels: a new audience must not make another
    edition of what it is to be sent."""
    left_out: Any = {
        "audience": True,
        "renditions": True,
        "membership": {"seeds": {"__all__": {"public"}}},
        "schedule": True,
        "sources": {"__all__": {"schedule", "lateness_h"}},
        "status_sources": {"__all__": {"schedule", "lateness_h"}},
    }
    return hashlib.sha256(campaign.model_dump_json(exclude=left_out).encode()).hexdigest()
