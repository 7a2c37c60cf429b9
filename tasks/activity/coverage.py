"""What was collected, from where and how completely: the ground every other number stands on."""

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from tasks.activity.post_changes import post_changes
from tasks.domain.accounts import ACCOUNT_KEY
from tasks.domain.batches import BatchRecord
from tasks.domain.campaign import Campaign
from tasks.domain.errors import ValidationBlocked
from tasks.domain.facts import CoverageFacts, DayCount, PlatformCoverage, QuarantineRow, QueryCoverage, ValidationFacts
from tasks.domain.measures import Shared
from tasks.domain.periods import Cutoff, Period
from tasks.domain.platforms import platform_name, platform_names
from tasks.domain.validation import ValidationOutcome

BASELINE = timedelta(days=56)  # before a takedown (docs/methods.md, rebuilding)
_ENGAGEMENT = ["like_count", "share_count", "reply_count"]


def coverage_facts(
    posts_all: pd.DataFrame,
    observations: pd.DataFrame,
    batches: Sequence[BatchRecord],
    campaign: Campaign,
    period: Period,
    cutoff: Cutoff,
    states: pd.DataFrame | None = None,
    sightings: pd.DataFrame | None = None,
) -> CoverageFacts:
    """Count what is visible.

    `posts_all`: POSTS, one row a post, members and outsiders. `observations`: ACCOUNTS, every visible observation. `batches`: the commit
    records behind them; those observed only after `cutoff.as_of` are left out.
    `states` and `sightings`: as `post_changes`; without them edits and deletions are not counted.
    """
    posts = posts_all[posts_all["posted_at"] < cutoff.end]
    seen = [batch for batch in batches if batch.observed_min is None or batch.observed_min <= cutoff.as_of]
    checked = _checked(observations[observations["observed_at"] <= cutoff.as_of])
    platforms = tuple(_platform(name, rows, checked, period) for name, rows in posts.groupby("platform", sort=True))
    if states is not None and sightings is not None:
        current = posts[posts["posted_at"] >= period.start]
        platforms = tuple(_with_changes(entry, current, states, sightings) for entry in platforms)
    queries = _queries(seen)
    return CoverageFacts(
        platforms=platforms,
        queries=queries,
        queries_changed=_changed(queries, campaign, period),
        caveats=(*_caveats(platforms, seen, campaign, period), *(_of_changes(platforms) if states is not None else ())),
    )


def validation_facts(batches: Sequence[BatchRecord], period_outcome: ValidationOutcome) -> ValidationFacts:
    """The books of all `batches` and the checks of the period. A warning of a batch is a warning of the whole.

    Raises ValidationBlocked if a batch's books do not balance: landed = accepted + quarantined + collapsed, table by table.
    """
    reasons: dict[str, int] = {}
    for batch in batches:
        _check_books(batch)
        for by_reason in batch.rows_quarantined.values():
            for reason, rows in by_reason.items():
                reasons[reason] = reasons.get(reason, 0) + rows
    failed = tuple(dict.fromkeys(check for batch in batches for check in batch.checks if not check.success))
    verdict = "warned" if period_outcome.verdict == "passed" and failed else period_outcome.verdict
    return ValidationFacts(
        verdict=verdict,
        landed=sum(batch.landed for batch in batches),
        accepted=sum(sum(batch.rows_accepted.values()) for batch in batches),
        quarantined=sum(reasons.values()),
        collapsed=sum(sum(batch.rows_collapsed.values()) for batch in batches),
        quarantine=tuple(QuarantineRow(reason=r, rows=n) for r, n in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
        checks=(*period_outcome.checks, *failed),
        drift=_drift(batches),
    )


def _check_books(batch: BatchRecord) -> None:
    tables = {*batch.rows_landed, *batch.rows_accepted, *batch.rows_quarantined, *batch.rows_collapsed}
    for table in sorted(tables):
        landed, accepted = batch.rows_landed.get(table, 0), batch.rows_accepted.get(table, 0)
        quarantined, collapsed = sum(batch.rows_quarantined.get(table, {}).values()), batch.rows_collapsed.get(table, 0)
        if landed != accepted + quarantined + collapsed:
            raise ValidationBlocked(
                f"The books of batch {batch.batch_id[:12]} do not balance for {table}: {landed} landed, but {accepted} accepted,"
                f" {quarantined} quarantined and {collapsed} collapsed.",
                remedy="Ingest its files again; if that gives the same, report the importer.",
            )


def _drift(batches: Sequence[BatchRecord]) -> tuple[str, ...]:
    rows: dict[tuple[str, str, str], int] = {}
    for batch in batches:
        for drift in batch.drift:
            key = (drift.kind, drift.table, drift.field)
            rows[key] = rows.get(key, 0) + drift.rows
    return tuple(f"{kind} field {field} in {table} ({count} rows)" for (kind, table, field), count in sorted(rows.items()))


def _checked(observations: pd.DataFrame) -> pd.DataFrame:
    """Observations that say something about the account's status."""
    return observations[observations["status"].notna() & (observations["status"] != "unknown")]


def _platform(name: object, posts: pd.DataFrame, checked: pd.DataFrame, period: Period) -> PlatformCoverage:
    current = posts[posts["posted_at"] >= period.start]
    days = [period.start.date() + timedelta(days=i) for i in range(round(period.days))]
    per_day = current["posted_at"].dt.date.value_counts()
    here = checked[checked["platform"] == name]
    counted = tuple(DayCount(day=day, posts=int(per_day.get(day, 0))) for day in days)
    return PlatformCoverage(
        platform=str(name),
        posts_all=len(posts),
        posts_period=len(current),
        accounts_period=int(current["account_id"].nunique()),
        first_post=posts["posted_at"].min().to_pydatetime(),
        last_post=posts["posted_at"].max().to_pydatetime(),
        days=counted,
        days_without_posts=sum(day.posts == 0 for day in counted),
        time_precision_s=int((current if len(current) else posts)["time_precision_s"].max()),
        status_checked=len(here.drop_duplicates(list(ACCOUNT_KEY))),
        status_last=here["observed_at"].max().to_pydatetime() if len(here) else None,
        engagement_measured=Shared(part=int(current[_ENGAGEMENT].notna().any(axis=1).sum()), whole=len(current)),
        views_measured=Shared(part=int(current["view_count"].notna().sum()), whole=len(current)),
    )


def _with_changes(
    entry: PlatformCoverage, current: pd.DataFrame, states: pd.DataFrame, sightings: pd.DataFrame
) -> PlatformCoverage:
    found = post_changes(current[current["platform"] == entry.platform], states, sightings, entry.platform)
    return entry.model_copy(
        update={"observed_again": found.observed_again, "posts_edited": found.edited, "posts_deleted": found.deleted}
    )


def _of_changes(platforms: Sequence[PlatformCoverage]) -> list[str]:
    caveats = []
    for entry in platforms:
        name = platform_name(entry.platform)
        if entry.posts_edited:
            caveats.append(f"{name}: posts of the period that were edited: {entry.posts_edited}; the text last collected counts")
        if entry.posts_deleted:
            caveats.append(
                f"{name}: posts of the period that are gone since: {entry.posts_deleted}; they are counted like the others"
            )
    silent = [entry.platform for entry in platforms if entry.posts_deleted is None]
    if silent:
        caveats.append(
            f"posts on {platform_names(silent)} were not asked for again: those deleted since are counted like the others"
        )
    return caveats


def _queries(batches: Sequence[BatchRecord]) -> tuple[QueryCoverage, ...]:
    merged: dict[str, QueryCoverage] = {}
    for effort in (effort for batch in batches for effort in batch.effort):
        known = merged.get(effort.query_id)
        merged[effort.query_id] = QueryCoverage(
            query_id=effort.query_id,
            since=min(filter(None, (known.since if known else None, effort.since)), default=None),
            until=max(filter(None, (known.until if known else None, effort.until)), default=None),
            rows=(known.rows if known else 0) + effort.rows,
        )
    return tuple(merged[query] for query in sorted(merged))


def _changed(queries: Sequence[QueryCoverage], campaign: Campaign, period: Period) -> tuple[str, ...]:
    """Queries that began or ended between 8 weeks before the first takedown with a day and the end of the period."""
    starts = [interval[0] for takedown in campaign.takedowns if (interval := takedown.interval) and interval[0] < period.end]
    if not starts:
        return ()
    since = min(starts) - BASELINE
    changed = []
    for query in queries:
        if query.since and since < query.since < period.end:
            changed.append(f"{query.query_id} began on {query.since.date()}")
        if query.until and since < query.until < period.end:
            changed.append(f"{query.query_id} ended on {query.until.date()}")
    return tuple(changed)


def _caveats(
    platforms: Sequence[PlatformCoverage], batches: Sequence[BatchRecord], campaign: Campaign, period: Period
) -> list[str]:
    caveats = []
    if any(batch.identity.capture_rule == "posted" for batch in batches):
        caveats.append("capture time assumed: rows of an archive count as observed when they were posted")
    for platform in platforms:
        caveats += _platform_caveats(platform, period)
    named = {takedown.platform for takedown in campaign.takedowns} - {platform.platform for platform in platforms}
    caveats += [f"no post was collected on {platform_name(name)}, which the takedown ledger names" for name in sorted(named)]
    return caveats


def _platform_caveats(coverage: PlatformCoverage, period: Period) -> list[str]:
    name, caveats = platform_name(coverage.platform), []
    if coverage.time_precision_s > 1:
        caveats.append(f"{name}: clocks are exact to {_span(coverage.time_precision_s)} only")
    if coverage.first_post and coverage.first_post > period.start:
        caveats.append(f"{name}: the first post collected is of {coverage.first_post.date()}, inside the period")
    if coverage.days_without_posts:
        empty = [day.day for day in coverage.days if not day.posts]
        caveats.append(
            f"{name}: no post on {len(empty)} of {len(coverage.days)} days ({_shown_days(empty)}); silence or a gap in collecting"
        )
    if not coverage.status_checked:
        caveats.append(f"{name}: the status of accounts was never checked (not observed)")
    if coverage.posts_period and not coverage.engagement_measured.part:
        caveats.append(f"{name}: engagement was not measured")
    return caveats


def _span(seconds: int) -> str:
    return {60: "a minute", 3600: "an hour", 86400: "a day"}.get(seconds, f"{seconds} s")


def _shown_days(days: Sequence[date]) -> str:
    return ", ".join(str(day) for day in days[:3]) + (" ..." if len(days) > 3 else "")
