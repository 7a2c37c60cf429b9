"""Everything measured around the takedowns of one campaign. This is the entry to the package."""

from collections.abc import Sequence
from typing import TypeVar

import pandas as pd

from tasks.domain.batches import QueryEffort
from tasks.domain.campaign import Campaign
from tasks.domain.measures import NotMeasurable
from tasks.domain.periods import Cutoff, Period
from tasks.domain.platforms import platform_name
from tasks.domain.rebuilding import Burst, Cohorts, LossWave, TakedownFacts
from tasks.rebuilding.baseline import BaselineWeeks, choose_weeks, measure_baseline, measure_prior
from tasks.rebuilding.bases import engagement_missing, measure_index
from tasks.rebuilding.beside import Beside, FamilyDays
from tasks.rebuilding.cohorts import assign, count_cohorts, sensitivity
from tasks.rebuilding.comparators import compare
from tasks.rebuilding.confounders import name_confounders
from tasks.rebuilding.content import measure_continuity, measure_loudest
from tasks.rebuilding.episodes import Episode, PlatformLedger, imprecise_caveats, ledger_row, read_ledger
from tasks.rebuilding.fate import at_risk, measure_fate
from tasks.rebuilding.groups import by_group
from tasks.rebuilding.index import find_series
from tasks.rebuilding.matching import wave_groups
from tasks.rebuilding.missing import unmeasured
from tasks.rebuilding.platform import Inputs, Platform
from tasks.rebuilding.replacement import measure_replacement
from tasks.rebuilding.successors.evidence import successors_of
from tasks.rebuilding.survival import measure_survival
from tasks.rebuilding.timeline import Timeline, day_date, day_start, read_timelines

WAVES_BACK_DAYS = 182  # how far before t0 waves and bursts are listed
Found = TypeVar("Found", LossWave, Burst)
NOTHING_BESIDE = Beside()


def measure(
    campaign: Campaign,
    *,
    posts: pd.DataFrame,
    observations: pd.DataFrame,
    members: pd.DataFrame,
    period: Period,
    cutoff: Cutoff,
    queries: Sequence[QueryEffort],
    seed: int,
    beside: Beside = NOTHING_BESIDE,
    finds: pd.DataFrame | None = None,
) -> tuple[TakedownFacts, ...]:
    """One record per episode and platform, one per row that says `unknown`, platforms in alphabetical order.

    `posts`: POSTS, the latest visible observation of each post by a member; rows at or after the period's end are ignored.
    `observations`: ACCOUNTS, all with observed_at <= as_of. `members`: MEMBERSHIP. `queries`: the effort of every visible batch.
    Rows of the ledger that begin at or after `end`, or were announced after `as_of`, are left out: they were not known.
    `beside`: text families, clusters, codebook and comparators. `finds`: platform, post_id and query_id of posts that several queries
    found; a row of `posts` names one of them.
    The result depends on neither the order of rows nor the clock; `seed` fixes the account bootstrap.
    """
    if beside.families is not None:
        posts = posts.assign(family_id=beside.families)
    timelines = read_timelines(posts, min(period.end, cutoff.end))
    family_days = None if beside.families is None else FamilyDays.of(beside.families.loc[posts.index], posts)
    inputs = Inputs(campaign, observations, members, queries, seed, beside, family_days, finds)
    return tuple(
        facts
        for ledger in read_ledger(campaign.takedowns, Cutoff(min(period.end, cutoff.end), cutoff.as_of))
        for facts in _platform(ledger, timelines.get(ledger.platform), inputs)
    )


def _platform(ledger: PlatformLedger, timeline: Timeline | None, inputs: Inputs) -> list[TakedownFacts]:
    caveats = imprecise_caveats(ledger.imprecise)
    facts = []
    platform = Platform.read(timeline, ledger.episodes, inputs) if timeline is not None and ledger.episodes else None
    for i, episode in enumerate(ledger.episodes):
        if platform is None:
            reason = f"no member's post on {platform_name(ledger.platform)} was collected"
            facts.append(unmeasured(episode.actions, "yes", reason, episode=episode, caveats=caveats))
        else:
            facts.append(_episode(platform, ledger.episodes, i, caveats))
    if ledger.imprecise and not ledger.episodes:
        reason = f"no source dates a takedown on {platform_name(ledger.platform)} to the day"
        facts.append(unmeasured(ledger.imprecise, "yes", reason, caveats=caveats))
    facts += [
        unmeasured(
            (row,),
            "unknown",
            f"it is not known whether {platform_name(row.platform)} acted against the campaign; nothing can be measured from a date",
        )
        for row in ledger.unknown
    ]
    return facts


def _episode(platform: Platform, episodes: Sequence[Episode], i: int, caveats: tuple[str, ...]) -> TakedownFacts:
    episode = episodes[i]
    timeline, knowledge, checks, inputs = platform.timeline, platform.knowledge, platform.checks, platform.inputs
    weeks = choose_weeks(episode.start, timeline.data_start, episodes[:i])
    known_weeks = None if isinstance(weeks, NotMeasurable) else weeks
    no_engagement = engagement_missing(timeline, known_weeks.oldest if known_weeks else episode.start)
    index = measure_index(timeline, episode, weeks, inputs.queries, inputs.seed, inputs.finds)
    shown = find_series(index, "posts", "plain")
    assignment, risk = assign(timeline, knowledge, episode), at_risk(timeline, checks, episode)
    cohorts = count_cohorts(timeline, episode, assignment)
    waves = _from(platform.waves, episode)
    successors, looked = successors_of(platform.successors, episode, timeline.platform)
    not_over = None if timeline.end > episode.end else NotMeasurable(reason="the takedown had not ended when the period did")
    return TakedownFacts(
        takedown_id=episode.known_as,
        platform=timeline.platform,
        known="yes",
        source=episode.source,
        actions=tuple(ledger_row(row) for row in episode.actions),
        t0=day_start(episode.start),
        t0_end=day_start(episode.end),
        baseline=weeks if isinstance(weeks, NotMeasurable) else measure_baseline(timeline.days, weeks, no_engagement),
        prior_level=measure_prior(timeline.days, episode.start, episode.end, timeline.end, timeline.data_start),
        cohorts=not_over or cohorts,
        fate=measure_fate(timeline, checks, episode, platform.selection),
        rebuild_index=index,
        nadir=shown.nadir,
        loss=shown.loss,
        level=shown.level,
        direction=shown.direction,
        t50_days=shown.t50_days,
        t90_days=shown.t90_days,
        regained=shown.regained,
        replacement=measure_replacement(timeline, episode, risk, assignment, inputs.observations),
        survival=measure_survival(timeline, episode, risk, assignment),
        loss_waves=waves,
        wave_groups=() if isinstance(waves, NotMeasurable) else wave_groups(waves),
        bursts=_from(platform.bursts, episode),
        creation_batches=platform.batches,
        successors=successors,
        successor_search=looked,
        by_group=weeks if isinstance(weeks, NotMeasurable) else by_group(timeline, weeks, episode.end, inputs.beside),
        loudest=weeks if isinstance(weeks, NotMeasurable) else measure_loudest(timeline, episode, weeks),
        continuity=measure_continuity(timeline, episode, inputs.families),
        comparators=weeks if isinstance(weeks, NotMeasurable) else compare(timeline, episode, weeks, inputs.beside.comparators),
        sensitivity=not_over or sensitivity(timeline, knowledge, episode),
        confounders=name_confounders(inputs.campaign, timeline, episode, known_weeks, inputs.queries, platform.selection),
        caveats=(*caveats, *_caveats(episode, known_weeks, cohorts), *filter(None, [platform.batches_caveat])),
    )


def _from(found: tuple[Found, ...] | NotMeasurable, episode: Episode) -> tuple[Found, ...] | NotMeasurable:
    """Waves or bursts from 182 days before t0 on."""
    if isinstance(found, NotMeasurable):
        return found
    first = day_date(episode.start - WAVES_BACK_DAYS)
    return tuple(item for item in found if item.day >= first)


def _caveats(episode: Episode, weeks: BaselineWeeks | None, cohorts: Cohorts) -> list[str]:
    found = []
    if "inferred" in {row.source for row in episode.actions}:
        found.append("This takedown is inferred from the data themselves: the platform has not announced it.")
    if weeks and weeks.left_out:
        found.append(
            f"{weeks.left_out} baseline weeks are left out ({weeks.near_earlier} near an earlier takedown, {weeks.before_data} before "
            f"the data begin); the newest week used ends {weeks.age_days} days before the takedown."
        )
    if cohorts.first_observed:
        accounts = f"{cohorts.first_observed:,} account{'s' * (cohorts.first_observed != 1)}"
        found.append(f"Of {accounts} only a first post after the takedown is known: new, or older and unseen till then.")
    if isinstance(cohorts.reactivated, NotMeasurable) and cohorts.undetermined:
        found.append(
            "Accounts that posted before the look-back window stand under undetermined, because reactivation is not measurable."
        )
    return found
