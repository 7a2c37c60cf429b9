"""What a briefing is made from: everything visible at its cut-off, after the period gate."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

import pandas as pd

from expectations.bounds import bounds_for
from expectations.task import validate_period
from flows import artifacts
from flows.known_then import known_then
from flows.liveness import is_gone
from flows.notes import read_note
from flows.run_record import Run
from tasks.domain.batches import BatchRecord, BlockedBatch, CheckResult
from tasks.domain.campaign import Campaign
from tasks.domain.errors import UsageProblem, ValidationBlocked
from tasks.domain.facts import Facts, Predecessor, edition_of, read_facts
from tasks.domain.ledgers import LedgerFacts
from tasks.domain.notes import AnalystNote
from tasks.domain.periods import Cutoff, Period, default_as_of
from tasks.domain.ports import ObjectStore
from tasks.domain.validation import ValidationOutcome
from tasks.rebuilding.ledger import merge
from tasks.store.blocked import blocked_batches, discarded_batches
from tasks.store.bundles import read_facts_of
from tasks.store.keys import claim_key
from tasks.store.lake import batch_records, current_batches
from tasks.store.ledger import held_claim
from tasks.store.task import load_accounts, load_indicators, load_post_states, load_posts, load_sightings, load_takedowns
from tasks.store.visible import latest_accounts

_LOOK_EVERY_S = 0.5  # whether the run that makes the period before has ended


@dataclass(frozen=True)
class Evidence:
    """Posts (POSTS, one row a post), account observations (ACCOUNTS, all), the batches behind them, the verdict, the briefing before.

    `campaign` is the campaign file as it was known at the cut-off, with the takedowns of imported ledgers; `stated` is the file as it
    is."""

    campaign: Campaign
    period: Period
    cutoff: Cutoff
    posts: pd.DataFrame
    observations: pd.DataFrame
    batches: tuple[BatchRecord, ...]
    outcome: ValidationOutcome
    stated: Campaign
    ledger: LedgerFacts
    indicators: pd.DataFrame  # INDICATORS
    states: pd.DataFrame  # POST_STATES
    sightings: pd.DataFrame  # every observation of posts observed more than once
    note: AnalystNote | None = None  # what an analyst wrote about the period
    predecessor: Predecessor | None = None  # the briefing before: see with_predecessor
    previous: Facts | None = None

    @cached_property
    def accounts(self) -> pd.DataFrame:
        """The latest known values of each account: what most stages print."""
        return latest_accounts(self.observations)


def close_knowledge(campaign: Campaign, period: Period, as_of: datetime | None, now: datetime) -> Cutoff:
    """The cut-off of a run at `now`: what was asked for, else the period's end plus the lateness allowance, else now (provisional)."""
    if period.start >= now:
        raise UsageProblem(f"{period.key} has not begun.", remedy="Name a period that has.")
    if as_of is not None and not period.start < as_of <= now:
        raise UsageProblem(
            f"Knowledge of {period.key} cannot be closed at {as_of:%Y-%m-%d %H:%M} UTC.",
            remedy=f"Name an instant after {period.start:%Y-%m-%d} and not in the future, or leave --as-of out.",
        )
    return Cutoff(end=period.end, as_of=as_of or min(default_as_of(period, campaign.lateness), now))


def load_evidence(run: Run, stated: Campaign, period: Period, cutoff: Cutoff) -> Evidence:
    """Read and judge. Raises ValidationBlocked, naming the failed checks, where the period gate says so: no briefing is made then."""
    store, then = run.store, known_then(stated, cutoff)
    with run.stage("load"):
        note = read_note(store, stated, period)
        posts = load_posts(store, stated.slug, cutoff)
        observations = load_accounts(store, stated.slug, cutoff)
        batches = _visible(batch_records(store, stated.slug), cutoff.as_of)
        ledger = merge(then, load_takedowns(store, stated.slug, cutoff), cutoff)
        indicators = load_indicators(store, stated.slug, cutoff)
        states, sightings = load_post_states(store, stated.slug, cutoff), load_sightings(store, stated.slug, cutoff)
    campaign = then.model_copy(update={"takedowns": list(ledger.takedowns)})
    with run.stage("validate"):
        collected = [batch for batch in batches if batch.rows_landed.get("posts", 0) + batch.rows_landed.get("accounts", 0)]
        names = sorted({(batch.identity.source, batch.identity.format) for batch in collected})
        outcome = validate_period(
            _posts_by_platform(posts, period),
            batches,
            [item for item in blocked_batches(store, campaign.slug) if _known(item, cutoff)],
            campaign,
            period,
            as_of=cutoff.as_of,
            bounds=list({(found := bounds_for(pair)).source: found for pair in names}.values()),
        )
    outcome = replace(outcome, checks=(*outcome.checks, *_set_aside(store, campaign.slug, cutoff)))
    artifacts.judged(run.summary, outcome)
    if outcome.verdict == "blocked":
        raise ValidationBlocked(
            f"Validation blocked the briefing of {campaign.slug}, {period.key}; none was made.\n{outcome.summary()}",
            remedy="Collect or ingest what is missing, or correct the named setting, then run the same command again.",
        )
    return Evidence(
        campaign,
        period,
        cutoff,
        posts,
        observations,
        batches,
        outcome,
        stated,
        ledger.facts,
        indicators,
        states,
        sightings,
        note,
    )


def with_predecessor(run: Run, seen: Evidence) -> Evidence:
    """The evidence with the briefing of the period before, if there is one. Where another run is making that, it is waited for: one step
    behind each other several periods can be made at once. A run that died is not waited for, or until its claim ends."""
    before = seen.period.previous()
    key = claim_key(seen.campaign.slug, before.path)
    if _being_made(run.store, key):
        with run.stage(f"wait for {before.key}"):
            while _being_made(run.store, key):
                time.sleep(_LOOK_EVERY_S)
    facts = read_facts_of(run.store, seen.campaign.slug, before.path, seen.campaign.tlp)
    if not facts:
        return seen
    return replace(seen, predecessor=Predecessor(period=before.key, edition=edition_of(facts)), previous=read_facts(facts))


def _being_made(store: ObjectStore, key: str) -> bool:
    held = held_claim(store, key, datetime.now(UTC))
    return held is not None and not is_gone(held.process)


def _known(item: BlockedBatch, cutoff: Cutoff) -> bool:
    """Had it been fetched by the cut-off? What was blocked later says nothing of this period. Files bear no time: they count always."""
    fetched = [page.fetched_at for page in item.pages] or [item.identity.fetched_at]
    return all(at is None or at <= cutoff.as_of for at in fetched)


def _set_aside(store: ObjectStore, campaign: str, cutoff: Cutoff) -> list[CheckResult]:
    """One check that failed for every blocked batch that a person discarded: a reader learns who did, and why."""
    return [
        CheckResult(
            suite="period",
            name="none-discarded",
            description="No fetched batch was discarded by a person",
            blocking=False,
            success=False,
            rows=item_rows,
            failed_rows=item_rows,
            note=f"{item.batch_id[:12]} of {item.identity.source}, discarded by {told.by} on {told.at:%Y-%m-%d}: {told.reason}",
        )
        for item, told in discarded_batches(store, campaign)
        if _known(item, cutoff)
        for item_rows in [sum(item.rows_landed.values())]
    ]


def _visible(records: Sequence[BatchRecord], as_of: datetime) -> tuple[BatchRecord, ...]:
    """Batches with a row that was observed by `as_of`; one whose rows were all refused counts from its fetch."""
    seen = [(record, record.observed_min or record.identity.fetched_at) for record in current_batches(records)]
    return tuple(record for record, first in seen if first is None or first <= as_of)


def _posts_by_platform(posts: pd.DataFrame, period: Period) -> dict[str, int]:
    inside = posts["platform"][posts["posted_at"] >= period.start].value_counts()
    return {str(name): int(inside.get(name, 0)) for name in sorted(posts["platform"].unique())}
