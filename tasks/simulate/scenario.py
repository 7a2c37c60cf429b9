"""A labelled campaign: `simulate` casts the accounts; the posts are made week by week, so that any scale fits into memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from tasks.simulate.amplified import ACTS, Amplification
from tasks.simulate.campaign_posts import CampaignPosts
from tasks.simulate.cast import CAMPAIGN_ROLE, Cast, stack_casts
from tasks.simulate.clock import campaign_day_factors, decoy_day_factors, exposure
from tasks.simulate.decoys import decoys
from tasks.simulate.disguise import disguise
from tasks.simulate.faults import Fault, faults
from tasks.simulate.observations import Sightings, profile_observations, weekly_checks
from tasks.simulate.organic_posts import OrganicPosts
from tasks.simulate.recruits import Recruits
from tasks.simulate.rows import Rows, stack
from tasks.simulate.scenarios import PLATFORMS, WEEKS, Scenario, checked_scale, known_scenario
from tasks.simulate.truth import truth_of
from tasks.simulate.week import assemble

_CAMPAIGN_ACCOUNTS, _DECOYS = 570, 2_000  # at 100,000 posts; both grow with the 0.85th power, the rest is posts per account
_CAST, _POSTS, _FAULTS, _DISGUISE, _AMPLIFIED = (
    11,
    12,
    13,
    14,
    15,
)  # streams of random numbers: one more draw in one never shifts another


@dataclass(frozen=True)
class Week:
    """One week: posts (columns of POSTS), account observations (columns of ACCOUNTS), both without `campaign`, `batch_id` and
    `row_number`; labels, one row a post; and the damaged rows that a feed sends besides."""

    number: int
    posts: pa.Table
    accounts: pa.Table
    labels: pa.Table
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Simulation:
    """A simulated campaign. `weeks()` makes it in order, oldest first, with the memory of one week; `posts`, `accounts` and `labels`
    hold all of it. The same scenario, seed and scale give the same bytes."""

    scenario: Scenario
    seed: int
    scale: int
    cast: Cast
    campaign_rate: float
    decoy_rate: float

    def weeks(self) -> Iterator[Week]:
        campaign = CampaignPosts(self.scenario, self.cast, self.seed, self.campaign_rate)
        organic = OrganicPosts(self.scenario, self.cast, campaign.book, self.decoy_rate)
        sightings = Sightings(len(self.cast))
        for number in range(WEEKS):
            rng = np.random.default_rng([self.seed, _POSTS, number])
            checks = weekly_checks(self.cast, sightings.first_at, number)
            rows = stack([campaign.week(rng, number), organic.week(rng, number), *self._added(campaign, number)])
            made = assemble(rng, self.scenario, self.cast, rows, number)
            profiles = profile_observations(self.cast, *sightings.add(made.account, made.observed, number))
            damaged = faults(np.random.default_rng([self.seed, _FAULTS, number]), made.posts)
            yield Week(number, made.posts, pa.concat_tables([checks, profiles]), made.labels, tuple(damaged))

    def _added(self, campaign: CampaignPosts, number: int) -> list[Rows]:
        """What the scenario `amplified` adds; drawn from a stream of its own."""
        if not self.scenario.amplified:
            return []
        rng = np.random.default_rng([self.seed, _AMPLIFIED, number])
        added = Amplification(self.scenario, self.cast, campaign, self.decoy_rate)
        return [added.together(rng, number), added.alone(rng, number)]

    @cached_property
    def _all(self) -> list[Week]:
        return list(self.weeks())

    @property
    def posts(self) -> pa.Table:
        return pa.concat_tables([week.posts for week in self._all])

    @property
    def accounts(self) -> pa.Table:
        return pa.concat_tables([week.accounts for week in self._all])

    @property
    def labels(self) -> pa.Table:
        return pa.concat_tables([week.labels for week in self._all])

    @property
    def truth(self) -> dict[str, Any]:
        """Everything the simulation knows and a collector does not; see `truth_of`."""
        return self.truth_with(fault for week in self._all for fault in week.faults)

    def truth_with(self, damaged: Iterator[Fault]) -> dict[str, Any]:
        """The same, with the damaged rows given by a caller who went through the weeks himself."""
        book = CampaignPosts(self.scenario, self.cast, self.seed, self.campaign_rate).book
        known = truth_of(self.scenario, self.seed, self.scale, self.cast, book, damaged)
        return known | ({"acts": {name: list(span) for name, span in ACTS.items()}} if self.scenario.amplified else {})


def simulate(scenario: str, *, seed: int, scale: int) -> Simulation:
    """A simulation of about `scale` posts. Raises UsageProblem for an unknown scenario (listing the known ones), a negative seed or a
    scale outside 10,000 to 10,000,000."""
    chosen, scale = known_scenario(scenario), checked_scale(scale, seed)
    rng = np.random.default_rng([seed, _CAST])
    growth = (scale / 100_000) ** 0.85
    cast = _cast(rng, chosen, growth, seed)
    campaign = cast.role == CAMPAIGN_ROLE
    spans = _exposure(cast, campaign_day_factors(), campaign), _exposure(cast, decoy_day_factors(), ~campaign)
    plain = (1 - chosen.amplified) * scale
    rates = chosen.campaign_share * plain / spans[0], (1 - chosen.campaign_share) * plain / spans[1]
    return Simulation(chosen, seed, scale, cast, *rates)


def _cast(rng: np.random.Generator, scenario: Scenario, growth: float, seed: int) -> Cast:
    parts: list[Cast] = []
    teams = batches = accounts = 0
    for index, platform in enumerate(PLATFORMS):
        before = max(6, round(_CAMPAIGN_ACCOUNTS * growth * 0.62 * scenario.courses[platform].account_share))
        recruits = Recruits(rng, scenario, platform, before, first_team=teams, batches=batches, accounts=accounts)
        parts.append(disguise(recruits.cast(), np.random.default_rng([seed, _DISGUISE, index]), accounts))
        teams += recruits.teams
        batches += recruits.fresh_batches
        accounts += recruits.count
    return stack_casts([*parts, decoys(rng, round(_DECOYS * growth))])


def _exposure(cast: Cast, factors: np.ndarray, who: np.ndarray) -> float:
    days = exposure(factors, cast.on1, np.maximum(cast.on1, cast.off1)) + exposure(
        factors, cast.on2, np.maximum(cast.on2, cast.off2)
    )
    return float((days * cast.weight)[who].sum())
