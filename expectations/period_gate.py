"""The period gate: before anything is measured, is what was collected for the period whole enough to speak about it?"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

import pandas as pd

from expectations.bounds import Bounds
from expectations.run import validate
from expectations.suites import load_suite
from expectations.tables import PERIOD_TOTALS, TABLES
from tasks.domain.batches import BatchRecord, BlockedBatch, CheckResult
from tasks.domain.campaign import Campaign
from tasks.domain.periods import Period
from tasks.domain.takedowns import Takedown
from tasks.domain.validation import ValidationOutcome

_DAY = timedelta(days=1)


def period_gate(
    posts_by_platform: Mapping[str, int],
    batches: Sequence[BatchRecord],
    blocked: Sequence[BlockedBatch],
    campaign: Campaign,
    period: Period,
    *,
    as_of: datetime,
    bounds: Sequence[Bounds],
) -> ValidationOutcome:
    """Judge completeness and volume of one period, and the campaign's takedown ledger.

    `posts_by_platform`: visible posts in [start, end) for every platform that was ever collected, 0 among them. `batches`: the
    campaign's batches that this run may see. `blocked`: batches that a failed check keeps unpublished. `bounds`: of the
    sources in use, one each; their posts a day are added, of their coverage the smallest counts.

    Raises UsageProblem for a suite that is wrong.
    """
    days = _days(period.start, period.end)
    covered = covered_days(batches, period, as_of)
    posts = sum(posts_by_platform.values())
    row = {
        "batches": len(batches),
        "blocked_batches": len(blocked),
        "days": len(days),
        "days_not_covered": len(days) - len(covered),
        "days_covered_share": len(covered) / len(days),
        "posts": posts,
        "posts_per_day": posts / len(days),
        "platforms_without_posts": sum(1 for count in posts_by_platform.values() if count == 0),
    }
    context = {
        "days_covered_share_min": min((b.period.days_covered_share_min for b in bounds), default=0.0),
        "posts_per_day_min": sum(b.period.posts_per_day.min for b in bounds),
        "posts_per_day_max": sum(b.period.posts_per_day.max for b in bounds),
    }
    totals = validate(PERIOD_TOTALS.conform(pd.DataFrame([row])), load_suite("period"), context=context)
    silent = sorted(name for name, count in posts_by_platform.items() if count == 0)
    named = {
        "none-blocked": ", ".join(f"{b.batch_id[:12]} of {b.identity.source}" for b in blocked),
        "platforms-heard": ", ".join(silent),
    }
    checks = tuple(_naming(check, named.get(check.name, "")) for check in totals.checks)
    return ValidationOutcome(checks + takedown_gate(campaign.takedowns, as_of=as_of).checks)


def takedown_gate(takedowns: Sequence[Takedown], *, as_of: datetime) -> ValidationOutcome:
    """Judge the takedown ledger of a campaign. A campaign without takedowns warns: nothing can be said of rebuilding."""
    suite = load_suite("takedowns")
    if takedowns:
        return validate(takedown_frame(takedowns), suite, context={"latest_instant": as_of})
    return ValidationOutcome(
        (
            CheckResult(
                suite=suite.suite,
                name="any-takedown",
                description="The campaign file names at least one takedown",
                blocking=False,
                success=False,
                rows=0,
                note="none is named, so nothing can be said of rebuilding",
            ),
        )
    )


def takedown_frame(takedowns: Sequence[Takedown]) -> pd.DataFrame:
    """The ledger as the frame that suites/takedowns.yml checks; days as instants at 0 h UTC."""
    rows = [
        {
            **takedown.model_dump(include={"takedown_id", "platform", "known", "precision", "source", "address"}),
            **{name: _midnight(getattr(takedown, name)) for name in ("announced_on", "effective_from")},
            # a year or a lifetime is no action that lasts so long
            "effective_to": None if takedown.precision in ("year", "lifetime") else _midnight(takedown.effective_to),
            "assets_total": sum(takedown.counts.values()),
            "assets_least": min(takedown.counts.values(), default=0),
        }
        for takedown in takedowns
    ]
    return TABLES["takedowns"].schema.conform(pd.DataFrame(rows, columns=TABLES["takedowns"].schema.names))


def covered_days(batches: Sequence[BatchRecord], period: Period, as_of: datetime) -> set[date]:
    """Days (UTC) of the period that some batch covers: those its queries asked about, or, where a batch names no span, those from its
    first to its last post. A query up to noon covers its day; a silent day between two posts of an archive is covered."""
    covered: set[date] = set()
    for batch in batches:
        asked = [(e.since, e.until) for e in batch.effort if e.since and e.until]
        if not asked and batch.posted_min and batch.posted_max:
            asked = [(batch.posted_min, batch.posted_max + timedelta(microseconds=1))]
        for since, until in asked:
            covered |= _days(max(since, period.start), min(until, period.end, as_of))
    return covered


def _days(start: datetime, end: datetime) -> set[date]:
    """The days that [start, end) touches."""
    first = start.astimezone(UTC).date()
    return (
        {first + n * _DAY for n in range(((end - timedelta(microseconds=1)).astimezone(UTC).date() - first).days + 1)}
        if start < end
        else set()
    )


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


def _naming(check: CheckResult, names: str) -> CheckResult:
    return check.model_copy(update={"note": f"{check.note}: {names}"}) if names and not check.success else check
