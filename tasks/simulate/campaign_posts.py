"""What the campaign posts in one week: bursts in which a team posts variants of one text within seconds, and its other posts."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.simulate.cast import CAMPAIGN_ROLE, NEVER, Cast
from tasks.simulate.clock import CAMPAIGN, DAY_US, SECOND_US, START_US, campaign_day_factors, time_of_day, to_us
from tasks.simulate.disguise import own_lines
from tasks.simulate.draws import only, single_times, tags
from tasks.simulate.rows import ANNOUNCEMENT as ANNOUNCEMENT_TEXT
from tasks.simulate.rows import FAMILY, FILLER, NO_GROUP, ORIGINAL, REPOST, Rows, rows, stack
from tasks.simulate.scenarios import Scenario
from tasks.simulate.texts import VARIANT_SHARES, VARIANTS, FamilyBook, mixed
from tasks.simulate.words import ANNOUNCEMENT, CAMPAIGN_DOMAINS, TOPICS
from tasks.simulate.words import FILLER as FILLER_WORDS

MIN_BURST, MAX_BURST = 4, 20
MEAN_BURST = 5.0  # of 4 + geometric(0.5) - 1, cut at 20
BURST_SPREAD_S = 26  # all posts of a burst lie within this many seconds
OCTOBER = TOPICS.index("october")
AMPLIFIERS = 3
_SECOND_TEAM_WEIGHT = 0.45
OWN_LINE_SHARE = 0.3  # of the filler of an account that has a line of its own
_SURGES = 0.04  # bursts in which the next two teams join
_DOMAINS = pa.array(CAMPAIGN_DOMAINS)


@dataclass(frozen=True)
class Teams:
    """Members by team, padded with -1; `rank`: whether it is the member's first (0), second (1) or third (2) team. `next`: the next
    team of the same platform. Odd teams write Chinese (`zh`)."""

    members: np.ndarray
    rank: np.ndarray
    next: np.ndarray
    zh: np.ndarray

    @staticmethod
    def of(cast: Cast) -> "Teams":
        people = np.flatnonzero(cast.role == CAMPAIGN_ROLE)
        moving = people[cast.moves_at[people] < NEVER]
        both = np.concatenate([people, people, moving])
        rank = np.repeat([0, 1, 2], [len(people), len(people), len(moving)])
        team = np.concatenate([cast.team[people], cast.team2[people], cast.team3[moving]])
        keep = (rank != 1) | (team != cast.team[both])
        keep &= (rank != 2) | (team != cast.team2[both])
        order = np.flatnonzero(keep)[np.argsort(team[keep], kind="stable")]
        both, team, rank = both[order], team[order], rank[order]
        count = int(team.max()) + 1
        place = np.arange(len(team)) - np.searchsorted(team, team, side="left")
        shape = (count, int(place.max()) + 1)
        members, ranks = np.full(shape, -1), np.zeros(shape, dtype=np.int64)
        members[team, place], ranks[team, place] = both, rank
        platform = np.zeros(count, dtype=np.int64)
        platform[team] = cast.platform[both]
        following = np.arange(1, count + 1) % count
        begin = np.searchsorted(platform, platform, side="left")
        return Teams(members, ranks, np.where(platform[following] == platform, following, begin), np.arange(count) % 2 == 1)

    def weights(self, cast: Cast, team: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How readily each member of `team` takes part at `at` (0 = not at all), and whether the team is then the member's first."""
        members = np.maximum(self.members[team], 0)
        moved = (cast.moves_at[members] <= at[:, None]).astype(np.int64)
        place = np.where(
            self.members[team] >= 0, self.rank[team] - moved, -1
        )  # 0 = first, 1 = second, else none (any more, or yet)
        return cast.weight[members] * np.select([place == 0, place == 1], [1.0, _SECOND_TEAM_WEIGHT], 0.0), place == 0


class CampaignPosts:
    """`rate`: posts an account of weight 1 makes on a working day."""

    def __init__(self, scenario: Scenario, cast: Cast, seed: int, rate: float) -> None:
        self._scenario, self._cast, self._rate = scenario, cast, rate
        self._teams = Teams.of(cast)
        self._people = np.flatnonzero(cast.role == CAMPAIGN_ROLE)
        self._factors = campaign_day_factors()
        weekly = rate * float(cast.weight[self._people].sum()) * 5 * scenario.coordinated_share / MEAN_BURST
        self._seed, self._lines = seed, own_lines(seed, cast, self._teams.zh[np.maximum(cast.team, 0)])
        self.book = FamilyBook(seed, per_block=max(2, round(weekly / 16)))

    def week(self, rng: np.random.Generator, week: int) -> Rows:
        parts = [self._bursts(rng, week), self._singles(rng, week), self._announcements(rng, week)]
        return stack(parts)

    def _bursts(self, rng: np.random.Generator, week: int) -> Rows:
        team, at, size = self._plan(rng, week)
        action = np.arange(len(team))
        surge = np.flatnonzero(rng.random(len(team)) < _SURGES)
        size[surge] = np.minimum(size[surge], MAX_BURST // 3)
        for _ in range(2):  # the two teams after it join in the same text
            team, at = np.concatenate([team, self._teams.next[team[surge]]]), np.concatenate([at, at[surge]])
            size, action = np.concatenate([size, size[surge]]), np.concatenate([action, surge])
            surge = np.arange(len(team) - len(surge), len(team))
        joined, account = self._take_part(rng, team, at, size)
        when = at[joined] + rng.integers(0, BURST_SPREAD_S, len(joined)) * SECOND_US
        once = np.unique(action[joined] * len(self._cast) + account, return_index=True)[1]
        burst = action[joined][once]
        planned = int(action.max(initial=-1)) + 1
        return self._burst_rows(rng, week, account[once], when[once], burst, self._teams.zh[team[:planned]], at[:planned])

    def joint(self, rng: np.random.Generator, week: int, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(account, instant, action) of further joint actions, `share` as many as there are bursts. Every action is one team's, within
        seconds; one team in AMPLIFIERS does them all, in the half hour after its bursts would begin."""
        team, at, size = self._plan(rng, week)
        chosen = np.repeat(np.arange(len(team)), rng.poisson(share * AMPLIFIERS, len(team)) * (team % AMPLIFIERS == 0))
        begins = at[chosen] + rng.integers(0, 1_800, len(chosen)) * SECOND_US
        action, account = self._take_part(rng, team[chosen], begins, size[chosen])
        return account, begins[action] + rng.integers(0, BURST_SPREAD_S, len(action)) * SECOND_US, action

    def _take_part(
        self, rng: np.random.Generator, team: np.ndarray, at: np.ndarray, size: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(row, account): `size` active members of each row's team, drawn by weight without replacement (exponential races)."""
        members = np.maximum(self._teams.members[team], 0)
        weight, _ = self._teams.weights(self._cast, team, at)
        able = (weight > 0) & self._cast.posting(members, at[:, None])
        able &= self._cast.posting(members, at[:, None] + BURST_SPREAD_S * SECOND_US)
        keys = np.where(able, -np.log(rng.random(members.shape)) / np.maximum(weight, 1e-9), np.inf)
        order = np.argsort(keys, axis=1)
        chosen = (np.arange(members.shape[1])[None, :] < size[:, None]) & np.take_along_axis(able, order, axis=1)
        row, column = np.nonzero(chosen)
        return row, members[row, order[row, column]]

    def _plan(self, rng: np.random.Generator, week: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Team, first instant and intended size of every burst of the week: a team's bursts follow its active members' weight."""
        everyone = np.arange(len(self._teams.members))
        members = np.maximum(self._teams.members, 0)
        days, starts, sizes = [], [], []
        for day in range(week * 7, week * 7 + 7):
            midnight = START_US + day * DAY_US
            weight, first = self._teams.weights(self._cast, everyone, np.full(len(everyone), midnight))
            present = self._cast.span_overlap(midnight, midnight + DAY_US)[members] / DAY_US * (weight > 0)
            activity = (present * weight * first).sum(axis=1)
            mean_size = np.clip((present > 0).sum(axis=1), 1.0, MEAN_BURST) * (1 + 2 * _SURGES)
            planned = rng.poisson(activity * self._rate * self._scenario.coordinated_share * self._factors[day] / mean_size)
            days.append(np.repeat(everyone, planned))
            starts.append(midnight + time_of_day(rng, np.full(planned.sum(), CAMPAIGN)))
            sizes.append(np.minimum(MIN_BURST - 1 + rng.geometric(0.5, planned.sum()), MAX_BURST))
        return np.concatenate(days), np.concatenate(starts), np.concatenate(sizes)

    def _burst_rows(
        self,
        rng: np.random.Generator,
        week: int,
        account: np.ndarray,
        when: np.ndarray,
        burst: np.ndarray,
        zh: np.ndarray,
        at: np.ndarray,
    ) -> Rows:
        topic = self._topics(rng, at)
        age = np.minimum(np.searchsorted([0.5, 0.8], rng.random(len(at)), side="right"), week)
        first_october = (to_us(self._scenario.pivot_on) - START_US) // DAY_US // 7
        age = np.where(topic == OCTOBER, np.minimum(age, max(0, week - first_october)), age)
        size = self.book.per_block
        family = (zh.astype(np.int64) * len(TOPICS) + topic) * size + rng.integers(0, size, len(at))
        blocks = [self._draw(rng, week, account, when, burst, age, family, topic, zh, ago) for ago in range(3)]
        return stack(blocks)

    def _draw(
        self,
        rng: np.random.Generator,
        week: int,
        account: np.ndarray,
        when: np.ndarray,
        burst: np.ndarray,
        age: np.ndarray,
        family: np.ndarray,
        topic: np.ndarray,
        zh: np.ndarray,
        weeks_ago: int,
    ) -> Rows:
        """The posts whose family is `weeks_ago` weeks old."""
        mine = np.flatnonzero(age[burst] == weeks_ago)
        of = burst[mine]
        book = self.book.week(max(0, week - weeks_ago))
        number, index = family[of], pa.array(family[of])
        variant = np.searchsorted(np.cumsum(VARIANT_SHARES[:-1]), rng.random(len(mine)), side="right")
        linked, mirrored = book.has_url[number], rng.random(len(mine)) < 0.12  # links are swapped now and then
        url = pc.if_else(pa.array(mirrored), book.mirror.take(index), book.url.take(index))
        domain_index = np.where(mirrored, book.mirror_of[number], book.domain_of[number])
        return rows(
            account[mine],
            when[mine],
            book.texts.take(pa.array(number * VARIANTS + variant)),
            zh[of],
            FAMILY,
            url=only(linked, url),
            domain=only(linked, _DOMAINS.take(pa.array(domain_index))),
            tag=only(rng.random(len(mine)) < 0.6, tags(topic[of], zh[of])),
            media=book.media.take(index),
            topic=topic[of],
            group=max(0, week - weeks_ago) * 1_000_000 + number,
            burst=week * 1_000_000 + of,
        )

    def _topics(self, rng: np.random.Generator, at: np.ndarray) -> np.ndarray:
        """Over the year the bridge fades and the council grows; from the pivot on the new topic takes its share."""
        course = (at - START_US) / (self._factors.size * DAY_US)
        draw = rng.random(len(at))
        old = np.where(draw < 0.5 - 0.25 * course, 0, np.where(draw < 0.8 - 0.25 * course, 1, 2))
        since = (at - to_us(self._scenario.pivot_on)) / DAY_US
        share = np.where(since >= 0, self._scenario.pivot_share * 0.5 ** (np.maximum(since, 0) / 70), 0.0)
        return np.where(rng.random(len(at)) < share, OCTOBER, old)

    def _singles(self, rng: np.random.Generator, week: int) -> Rows:
        """Posts of one account alone: mostly filler, some on the campaign's topics, a few reposts of the campaign's own."""
        account, at = single_times(
            rng, self._cast, self._people, week, self._factors, self._rate * (1 - self._scenario.coordinated_share)
        )
        count = len(account)
        zh = self._teams.zh[self._cast.team[account]]
        topic = self._topics(rng, at)
        filler = rng.random(count) < self._scenario.filler_share
        text = mixed(rng, FILLER_WORDS, zh.astype(np.int64), numbered=True)
        topical = np.flatnonzero(~filler)
        book = self.book.week(week)
        own = (zh[topical].astype(np.int64) * len(TOPICS) + topic[topical]) * self.book.per_block
        text = pc.replace_with_mask(
            text,
            pa.array(~filler),
            book.texts.take(pa.array((own + rng.integers(0, self.book.per_block, len(topical))) * VARIANTS)),
        )
        text = self._own_lines(week, account, filler, text)
        kind = np.where(rng.random(count) < 0.08, REPOST, ORIGINAL)
        group = np.full(count, NO_GROUP)
        return rows(
            account,
            at,
            text,
            zh,
            np.where(filler, FILLER, FAMILY),
            tag=only(~filler, tags(topic, zh)),
            topic=np.where(filler, -1, topic),
            group=group,
            kind=kind,
        )

    def _own_lines(self, week: int, account: np.ndarray, filler: np.ndarray, text: pa.StringArray) -> pa.StringArray:
        """Now and then an account with a line of its own says that instead of its filler."""
        rng = np.random.default_rng([self._seed, 105, week])
        repeats = filler & (self._cast.line[account] >= 0) & (rng.random(len(account)) < OWN_LINE_SHARE)
        if not repeats.any():
            return text
        said = [self._lines[number] for number in self._cast.line[account[repeats]].tolist()]
        return pc.replace_with_mask(text, pa.array(repeats), pa.array(said, pa.string()))

    def _announcements(self, rng: np.random.Generator, week: int) -> Rows:
        """The first post of a successor that says whom it replaces."""
        cast = self._cast
        begins = START_US + week * 7 * DAY_US
        account = np.flatnonzero(cast.announced & (cast.on2 >= begins) & (cast.on2 < begins + 7 * DAY_US))
        zh = self._teams.zh[cast.team[account]]
        lost = cast.handle.take(pa.array(cast.successor_of[account]))
        number = pa.array(rng.integers(1_000, 1_000_000, len(account))).cast(pa.string())
        texts = [
            pc.binary_join_element_wise(a, pc.binary_join_element_wise("@", lost, ""), b, number, " ")
            for a, b in ANNOUNCEMENT.values()
        ]
        text = pc.if_else(pa.array(zh), texts[1], texts[0])
        late = rng.integers(300, 7200, len(account)) * SECOND_US
        return rows(account, cast.on2[account] // SECOND_US * SECOND_US + late, text, zh, ANNOUNCEMENT_TEXT, mention=lost)
