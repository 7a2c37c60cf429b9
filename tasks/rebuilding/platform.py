"""One platform of one run: its posts, what is known of its accounts, and what is found once for all its episodes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
import pandas as pd

from tasks.domain.batches import QueryEffort
from tasks.domain.campaign import Campaign
from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import Burst, CreationBatch, LossWave
from tasks.rebuilding.batches import find_batches, read_creations
from tasks.rebuilding.beside import Beside, FamilyDays
from tasks.rebuilding.cohorts import AccountKnowledge, read_knowledge
from tasks.rebuilding.episodes import Episode
from tasks.rebuilding.fate import OutcomeSelection, StatusChecks, read_checks, read_selection
from tasks.rebuilding.successors.search import Search, search
from tasks.rebuilding.timeline import Timeline
from tasks.rebuilding.waves import find_bursts, find_waves


@dataclass(frozen=True)
class Inputs:
    """What every platform of a run is measured with."""

    campaign: Campaign
    observations: pd.DataFrame
    members: pd.DataFrame
    queries: Sequence[QueryEffort]
    seed: int
    beside: Beside = field(default_factory=Beside)
    families: FamilyDays | None = None
    finds: pd.DataFrame | None = None  # platform, post_id, query_id of posts that several queries found


@dataclass(frozen=True)
class Platform:
    """One platform's posts and what is known of its accounts, read once for all its episodes."""

    inputs: Inputs
    timeline: Timeline
    knowledge: AccountKnowledge
    checks: StatusChecks
    selection: OutcomeSelection
    batches: tuple[CreationBatch, ...] | NotMeasurable
    batches_caveat: str
    waves: tuple[LossWave, ...] | NotMeasurable
    bursts: tuple[Burst, ...] | NotMeasurable
    successors: Search

    @classmethod
    def read(cls, timeline: Timeline, episodes: Sequence[Episode], inputs: Inputs) -> "Platform":
        knowledge = read_knowledge(timeline, inputs.observations)
        creations = read_creations(knowledge, timeline.end)
        batches = find_batches(creations, np.random.default_rng([inputs.seed, crc32(timeline.platform.encode())]))
        checks = read_checks(timeline, inputs.observations)
        return cls(
            inputs=inputs,
            timeline=timeline,
            knowledge=knowledge,
            checks=checks,
            selection=read_selection(timeline, inputs.members),
            batches=batches,
            batches_caveat="" if isinstance(batches, NotMeasurable) else creations.caveat,
            waves=find_waves(timeline, [row for episode in episodes for row in episode.actions]),
            bursts=find_bursts(timeline),
            successors=search(timeline, knowledge, checks, inputs.observations),
        )
