"""The campaign's accounts on one platform: who is there before the removal, who is taken, and who comes back when."""

import numpy as np
import pyarrow as pa

from tasks.simulate.cast import (
    CAMPAIGN_ROLE,
    DORMANT,
    FRESH,
    NEVER,
    NONE,
    PRE_POSITIONED,
    REMOVED,
    RETIRED,
    SLEEPER,
    SURVIVOR,
    SUSPENDED_ALONE,
    Cast,
)
from tasks.simulate.clock import DAY_US, END_US, SECOND_US, START_US, to_us
from tasks.simulate.identity import SEED_COUNTS, account_id, handles, profiles
from tasks.simulate.scenarios import PLATFORMS, Scenario

TEAM_SIZE = 5  # accounts that post variants of one text together
_HOUR_US = 3600 * SECOND_US
_CREATION_PRECISION_S = {"facebook": 86_400, "instagram": 0, "x": 1, "youtube": 86_400}  # 0 = not published


class Recruits:
    """Draws the accounts of one platform. `first_team`, `batches`, `accounts` are the numbers already given away on other platforms."""

    def __init__(
        self,
        rng: np.random.Generator,
        scenario: Scenario,
        platform: str,
        before: int,
        *,
        first_team: int,
        batches: int,
        accounts: int,
    ) -> None:
        course = scenario.courses[platform]
        self._rng, self._scenario, self._course, self._platform = rng, scenario, course, platform
        self._first_team, self._batches, self._offset = first_team, batches, accounts
        sleepers = max(2, round(course.sleeper_share * before))
        pre_positioned = round(0.05 * before) if course.return_share > 0 else 0
        fresh = max(0, round(course.return_share * before) - sleepers - pre_positioned)
        if course.return_share > 0:
            fresh = max(4, fresh)
        self._before, self._sleepers, self._pre, self._fresh = before, sleepers, pre_positioned, fresh
        self.count = before + sleepers + pre_positioned + fresh
        self.before_teams = max(1, round(before / TEAM_SIZE))
        self.fresh_batches = max(1, round(fresh / TEAM_SIZE)) if fresh else 0
        left = before * (1 - course.removed_share) if course.removed_share else 0
        self.remnant_teams = 0 if fresh else -(-round(left) // TEAM_SIZE)  # where nobody comes back, those left join each other

    @property
    def teams(self) -> int:
        return self.before_teams + self.fresh_batches + self.remnant_teams

    @property
    def reference_us(self) -> int:
        """The start of the return: the removal, or the reference day where nothing was removed."""
        return to_us(self._course.removed_on or self._scenario.takedown_on)

    def cast(self) -> Cast:
        count, rng = self.count, self._rng
        cohort = self._cohorts()
        on1, off1 = self._first_spans(cohort)
        removed_at = self._removals(cohort, off1)
        batch = self._batch_numbers(cohort)
        on2, created_late = self._returns(cohort, batch)
        returning = on2 < END_US
        late = np.isin(cohort, (FRESH, PRE_POSITIONED))
        on1, off1 = np.where(late, 0, on1), np.where(late, 0, off1)
        created = np.where(late, created_late, START_US - rng.integers(60, 1000, count) * DAY_US - rng.integers(0, DAY_US, count))
        team, team2, team3 = self._team_numbers(cohort, batch)
        ids = [account_id(self._platform, number, campaign=True) for number in range(count)]
        language = (team % 2).astype(np.int64)
        names, bios = profiles(rng, language)
        handle, avatar, successor_of, announced = self._succession(cohort, batch, handles(rng, ids))
        whole = np.arange(count)
        succeeded = np.where(successor_of >= 0, successor_of - self._offset, whole)
        keeps_bio = np.where(rng.random(count) < 0.6, succeeded, whole)
        return Cast(
            platform=np.full(count, PLATFORMS.index(self._platform)),
            role=np.full(count, CAMPAIGN_ROLE),
            cohort=cohort,
            language=language,
            weight=self._weights(),
            team=team,
            team2=team2,
            team3=team3,
            moves_at=self._moves(cohort, on2),
            on1=on1,
            off1=off1,
            on2=on2,
            off2=np.where(returning, END_US, 0),
            removed_at=removed_at,
            deleted=(rng.random(count) < 0.1) & (removed_at < NEVER),
            created_at=created // SECOND_US * SECOND_US,
            created_precision_s=self._creation_precision(),
            batch=batch,
            successor_of=successor_of,
            announced=announced,
            avatar=avatar,
            followers=rng.integers(0, 40, count),
            watched=np.ones(count, dtype=bool),
            account_id=pa.array(ids),
            handle=pa.array(handle),
            display_name=names,
            bio=bios.take(pa.array(keeps_bio)),
            brand=np.full(count, NONE),
            line=np.full(count, NONE),
        )

    def _weights(self) -> np.ndarray:
        """How much each posts; the seeds most, for the loudest are found first."""
        weight = np.clip(self._rng.lognormal(0, 0.25, self.count), 0.5, 2.0)
        weight[: SEED_COUNTS[self._platform]] = 2.0
        return weight

    def _cohorts(self) -> np.ndarray:
        """Of those before: removed, survivors, quitters, single suspensions; the first are the seeds, two in three removed."""
        course, before, rng = self._course, self._before, self._rng
        lost = course.removed_share
        shares = np.array([lost, 1 - lost]) * (1 - course.missed_quit - course.single_removals)
        draws = rng.permutation((np.arange(before) + 0.5) / before)  # exact shares, random order
        edges = np.cumsum([shares[0], shares[1], course.missed_quit])
        cohort = np.array([REMOVED, SURVIVOR, RETIRED, SUSPENDED_ALONE])[np.searchsorted(edges, draws, side="right")]
        seeds = np.arange(min(SEED_COUNTS[self._platform], before))
        cohort[seeds] = np.where((seeds % 3 < 2) & (lost > 0), REMOVED, SURVIVOR)
        asleep = SLEEPER if course.return_share > 0 else DORMANT
        later = [asleep] * self._sleepers + [PRE_POSITIONED] * self._pre + [FRESH] * self._fresh
        return np.concatenate([cohort, np.array(later, dtype=cohort.dtype)]) if later else cohort

    def _first_spans(self, cohort: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rng, count = self._rng, self.count
        early = (rng.random(count) < 0.6) | (np.arange(count) < SEED_COUNTS[self._platform])
        on = np.where(early, START_US, START_US + rng.integers(1, 130, count) * DAY_US)
        off = np.full(count, END_US)
        quits = np.isin(cohort, (RETIRED, SUSPENDED_ALONE))
        off = np.where(
            quits, np.maximum(on, START_US) + rng.integers(40, 160, count) * DAY_US + rng.integers(0, DAY_US, count), off
        )
        asleep = np.isin(cohort, (SLEEPER, DORMANT))
        on = np.where(asleep, START_US + rng.integers(0, 20, count) * DAY_US, on)
        last = to_us(self._scenario.takedown_on) - 96 * DAY_US  # silent for more than 90 days at the takedown
        return on, np.where(asleep, last - rng.integers(0, 60, count) * DAY_US, off)

    def _removals(self, cohort: np.ndarray, off: np.ndarray) -> np.ndarray:
        """Removal instants; `off` is cut at them, in place."""
        removed_at = np.full(self.count, NEVER)
        if self._course.removed_on:
            on_the_day = to_us(self._course.removed_on) + self._rng.integers(6 * _HOUR_US, 18 * _HOUR_US, self.count)
            removed_at = np.where(cohort == REMOVED, on_the_day, removed_at)
        removed_at = np.where(cohort == SUSPENDED_ALONE, off, removed_at)
        np.minimum(off, removed_at, out=off)
        return removed_at

    def _batch_numbers(self, cohort: np.ndarray) -> np.ndarray:
        batch = np.full(self.count, NONE)
        fresh = np.flatnonzero(cohort == FRESH)
        if len(fresh):
            batch[fresh] = self._batches + np.arange(len(fresh)) * self.fresh_batches // len(fresh)
        return batch

    def _returns(self, cohort: np.ndarray, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First instants of the second span (NEVER = none) and creation instants of the new accounts."""
        rng, tau, t0 = self._rng, self._course.return_tau_days, self.reference_us
        on, created = np.full(self.count, NEVER), np.zeros(self.count, dtype=np.int64)
        for which in (SLEEPER, PRE_POSITIONED):
            members = np.flatnonzero(cohort == which)
            on[members] = t0 + DAY_US + _arrival_us(rng.permutation(len(members)), len(members), tau)
        pre = np.flatnonzero(cohort == PRE_POSITIONED)
        created[pre] = t0 - rng.integers(15, 110) * DAY_US + rng.integers(0, 5 * _HOUR_US, len(pre))
        fresh = np.flatnonzero(cohort == FRESH)
        if len(fresh):
            number = batch[fresh] - self._batches
            begin = t0 + 2 * DAY_US + _arrival_us(np.arange(self.fresh_batches), self.fresh_batches, tau)[number]
            created[fresh] = np.maximum(begin - 2 * DAY_US, t0 + DAY_US) + rng.integers(0, 4 * _HOUR_US, len(fresh))
            on[fresh] = created[fresh] + DAY_US + rng.integers(0, 3 * DAY_US, len(fresh))
        return np.where(on < END_US, on, NEVER), created

    def _team_numbers(self, cohort: np.ndarray, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """First team: three seeds each to the first teams, the rest at random; a creation batch is a team of its own. Second team: for
        those that outlive a mass removal or wake up a late team, otherwise another early team. Third: another
        late team. These ties hold the network together; the seeds that survive stay together."""
        rng, count = self._rng, self.count
        early = np.arange(count) % self.before_teams
        rng.shuffle(early)
        seeds = np.arange(min(SEED_COUNTS[self._platform], count))
        early[seeds] = seeds // 3 % self.before_teams
        other = (early + rng.integers(1, max(2, self.before_teams), count)) % self.before_teams
        team = np.where(batch >= 0, self.before_teams + batch - self._batches, early)
        late = self.fresh_batches + self.remnant_teams
        if late:
            anywhere = self.before_teams + np.arange(count) % late  # the survivors, then the sleepers, spread evenly
            outlives = (SURVIVOR, SLEEPER, PRE_POSITIONED) if self._course.removed_share else (SLEEPER, PRE_POSITIONED)
            other = np.where(np.isin(cohort, outlives) | (batch >= 0), anywhere, other)
        third = other
        if late:
            other[seeds] = np.where(cohort[seeds] == SURVIVOR, self.before_teams, other[seeds])
            third = self.before_teams + (other - self.before_teams + rng.integers(1, max(2, late), count)) % late
        return self._first_team + team, self._first_team + other, self._first_team + third

    def _moves(self, cohort: np.ndarray, on2: np.ndarray) -> np.ndarray:
        """Who changes over to the second team for good: survivors of a mass removal after it, sleepers when they wake."""
        moves = np.where(np.isin(cohort, (SLEEPER, PRE_POSITIONED)), on2, NEVER)
        if self._course.removed_share:
            moves[cohort == SURVIVOR] = self.reference_us + DAY_US
        return moves

    def _succession(
        self, cohort: np.ndarray, batch: np.ndarray, names: list[str]
    ) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
        """A third of the new accounts replace a removed one: like handle, same picture; two in five of them say so in a post. Other new
        accounts share a picture with their batch now and then."""
        rng, count = self._rng, self.count
        avatar = rng.integers(0, 1 << 63, count, dtype=np.int64)
        successor_of, announced = np.full(count, NONE), np.zeros(count, dtype=bool)
        lost, fresh = np.flatnonzero(cohort == REMOVED), np.flatnonzero(cohort == FRESH)
        for number in np.unique(batch[fresh]):
            members = fresh[batch[fresh] == number]
            alike = members[rng.random(len(members)) < 0.25]
            avatar[alike] = avatar[members[0]]
        pairs = min(len(lost), -(-len(fresh) // 3))
        later, earlier = rng.permutation(fresh)[:pairs], rng.permutation(lost)[:pairs]
        successor_of[later] = self._offset + earlier
        announced[later[: -(-2 * pairs // 5)]] = True
        keeps_avatar = rng.random(pairs) < 0.8
        avatar[later[keeps_avatar]] = avatar[earlier[keeps_avatar]]
        for new, old in zip(later.tolist(), earlier.tolist(), strict=True):
            names[new] = f"{names[old]}_{'bk' if new % 2 else 'v2'}"
        return names, avatar, successor_of, announced

    def _creation_precision(self) -> np.ndarray:
        """On facebook creation dates are public for part of the accounts (pages), on instagram for none."""
        precision = np.full(self.count, _CREATION_PRECISION_S[self._platform])
        return np.where(self._rng.random(self.count) < 0.6, precision, 0) if self._platform == "facebook" else precision


def _arrival_us(rank: np.ndarray, count: int, tau_days: float) -> np.ndarray:
    """Delays of which a share 1 - exp(-t / tau) has passed at t: the quantile of each rank."""
    return (-np.log1p(-(rank + 0.5) / max(count, 1)) * tau_days * DAY_US).astype(np.int64)
