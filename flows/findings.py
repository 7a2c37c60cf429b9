"""From evidence to findings: families, co-action, the campaign list, rebuilding, narratives."""

from dataclasses import dataclass

import pandas as pd

from flows.beside import beside
from flows.evidence import Evidence
from flows.pictures import look_at_pictures
from flows.remembering import memory_of
from flows.run_record import Run
from tasks.detect.avatar_images import Look
from tasks.detect.membership import Members
from tasks.detect.network import Detection
from tasks.detect.task import find_coordination, find_families, settle_members
from tasks.domain.accounts import posts_of_members
from tasks.domain.ledgers import IndicatorFacts
from tasks.domain.measures import NotMeasurable
from tasks.domain.narratives import NarrativeFacts
from tasks.domain.rebuilding import TakedownFacts
from tasks.narrate.task import find_narratives
from tasks.rebuilding.indicators import match_indicators
from tasks.rebuilding.task import measure_rebuilding
from tasks.store.task import load_finds

SEED = 1  # of clustering, layout, bootstraps and permutations; printed among the parameters


@dataclass(frozen=True)
class Findings:
    """What the stages found; `member_posts` are the posts of accounts on the campaign list."""

    families: pd.DataFrame
    detection: Detection
    members: Members
    member_posts: pd.DataFrame
    takedowns: tuple[TakedownFacts, ...]
    narratives: NarrativeFacts
    looks: dict[str, Look]  # at collected profile pictures, by SHA-256
    indicators: IndicatorFacts | NotMeasurable


def find(run: Run, seen: Evidence) -> Findings:
    """Run the stages over the evidence."""
    campaign, cutoff = seen.campaign, seen.cutoff
    with run.stage("find text families"):
        families = find_families(seen.posts, memory_of(seen.campaign.slug))
    with run.stage("detect coordination"):
        detection = find_coordination(campaign, seen.posts, families, cutoff, SEED)
        members = settle_members(campaign, seen.posts, detection, cutoff)
    member_posts = posts_of_members(seen.posts, members.ever)
    with run.stage("measure rebuilding"):
        takedowns = measure_rebuilding(
            campaign,
            posts=member_posts,
            observations=seen.observations,
            members=members.frame,
            period=seen.period,
            cutoff=cutoff,
            queries=[effort for batch in seen.batches for effort in batch.effort],
            seed=SEED,
            finds=load_finds(run.store, campaign.slug, cutoff),
            beside=beside(seen, families, detection, members),
        )
    with run.stage("find narratives"):
        narratives = find_narratives(member_posts, families, campaign, seen.period, cutoff, SEED)
    with run.stage("match indicators"):
        indicators = match_indicators(seen.indicators, seen.posts, seen.observations)
    return Findings(
        families, detection, members, member_posts, takedowns, narratives, look_at_pictures(run, seen.batches), indicators
    )
