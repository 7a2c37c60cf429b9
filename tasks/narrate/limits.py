"""What this briefing cannot say, read off its own facts."""

from collections.abc import Iterator

from tasks.domain.facts import ActivityFacts, CampaignFacts, CoordinationFacts, CoverageFacts, InputFacts, PeriodFacts
from tasks.domain.platforms import platform_name, platform_names
from tasks.domain.rebuilding import TakedownFacts


def limits(
    campaign: CampaignFacts,
    period: PeriodFacts,
    inputs: InputFacts,
    coverage: CoverageFacts,
    coordination: CoordinationFacts,
    takedowns: tuple[TakedownFacts, ...],
    activity: ActivityFacts,
) -> tuple[str, ...]:
    """Sentences, the gravest first; each holds only where the facts it is read from say so."""
    return (
        *_of_the_data(campaign, period, inputs),
        *_of_what_was_seen(coverage, coordination, takedowns),
        *_of_the_list(activity),
        "Posts are what the queries and archives brought: a platform or a day that shows nothing may still have seen something.",
        "Co-action beyond chance shows that accounts act together, not who runs them; attribution is quoted, never computed.",
    )


def _of_the_data(campaign: CampaignFacts, period: PeriodFacts, inputs: InputFacts) -> Iterator[str]:
    if campaign.simulated:
        yield "The posts, accounts and removals are simulated: nothing here is a finding about real accounts."
    if period.provisional:
        yield (
            f"Provisional: made before the lateness allowance of {period.lateness_h:g} hours after the period's end had passed, so "
            "late posts are missing."
        )
    if inputs.capture_time_assumed:
        yield (
            "The archive has no capture times. Each row counts as observed when it was posted, as if it had been watched live; what "
            "was deleted before the archive was made is not in it."
        )
    if inputs.membership_hindsight:
        yield (
            "Accounts count as members although it became known only after this briefing's cut-off that they are: the list was made "
            "with hindsight, and accounts that were never named are missing."
        )


def _of_the_list(activity: ActivityFacts) -> Iterator[str]:
    if activity.members_by_basis.get("detection"):
        # on simulation the index of the last weeks was low by 0.01 to 0.08
        yield (
            "Accounts that joined the campaign days ago have not acted together often enough to be found, so the latest weeks read a "
            "little low; later briefings correct them."
        )


def _of_what_was_seen(
    coverage: CoverageFacts, coordination: CoordinationFacts, takedowns: tuple[TakedownFacts, ...]
) -> Iterator[str]:
    unchecked = [row.platform for row in coverage.platforms if not row.status_checked]
    if unchecked:
        yield f"Account status was never checked on {platform_names(unchecked)}: silence there cannot be told from removal."
    unknown = sorted({row.platform for row in takedowns if row.known == "unknown"})
    if unknown:
        yield f"Whether {platform_names(unknown)} acted against the campaign is not known; nothing is measured around a takedown there."
    coarse = [row for row in coverage.platforms if row.time_precision_s > 1]
    for row in coarse:
        yield f"Clocks on {platform_name(row.platform)} are exact to {row.time_precision_s} seconds only."
    if any(not row.window_certain for row in coordination.behaviours):
        yield "Some windows of co-action are close to the clocks' precision: their edges are possible, not certain."
    unmeasured = [row.platform for row in coverage.platforms if row.posts_period and not row.engagement_measured.part]
    if unmeasured:
        yield f"Engagement was not measured on {platform_names(unmeasured)}: nothing is said about who reacts to the posts."
