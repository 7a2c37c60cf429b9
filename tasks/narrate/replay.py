"""Narratives that last: families are sorted into them week by week, from the campaign's first post on.

In every week, in this order: families that no narrative holds join the one whose profile is nearest; what is left of the last weeks is
clustered, and its clusters found new narratives, to which families of this very week may still move; narratives that have grown alike
become one, under the older's number. Nothing looks ahead: term weights, profiles and clusters of a week rest on posts of that week and
before, so later posts change no founder and (but for such unions) move no family, and the periods of a backfill may be computed in any
order. Leader clustering (Hartigan 1975) whose leaders are Leiden clusters. Clustering every period's window for itself kept one id in
five from week to week.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from tasks.narrate.clustering import centroids, clusters, rows_of, unit_rows
from tasks.narrate.weekly import Weekly

POOL_WEEKS = 4  # for which a family that no narrative holds may still help to found one
# Of all posts of these weeks: what the founding families need. With 5 posts, a turn of phrase that four texts share founded a narrative
# of its own in small campaigns (4 simulations of 40,000 posts: purity 0.94 to 0.99; with 8, 0.98 to 1).
MIN_POSTS, MIN_SHARE = 8, 0.0005
MIN_JOIN = 0.3  # cosine to a profile below which a family stays outside
MERGE = 0.6  # cosine of two profiles from which they are one narrative
IDF_POWER = 0.5  # at 1, turns of phrase that themes share founded narratives of their own (7 simulations: purity 0.89 to 1)
MIN_FAMILIES = 2  # a term of one family only is like no other and would shorten every cosine
PROFILE_TERMS = 300
MAX_ALIVE = 300  # narratives that can be joined: those with most posts, a week counting a tenth less than the next
DECAY = 0.9
_JOIN_BLOCK = 20_000


@dataclass(frozen=True)
class Sorted:
    """`narrative[i]`: number of the narrative that holds family i, or -1. `score[i]`: cosine to its profile on joining. `founder[n]`:
    the oldest of the families that founded narrative n (position); lower numbers are older."""

    narrative: np.ndarray
    score: np.ndarray
    founder: np.ndarray


def replayed(frequencies: sparse.csr_array, weekly: Weekly, first_seen: np.ndarray) -> Sorted:
    """Sort the families (rows of `frequencies`: log term frequencies of length 1) as they appear. `first_seen`: comparable instants."""
    replay = _Replay(frequencies, weekly, first_seen)
    weeks = np.unique(weekly.week)
    for week in weeks.tolist():
        replay.step(week)
    return Sorted(replay.narrative, replay.score, np.asarray(replay.founder, np.int64))


class _Replay:
    def __init__(self, frequencies: sparse.csr_array, weekly: Weekly, first_seen: np.ndarray) -> None:
        families, terms = frequencies.shape
        self.frequencies, self.weekly, self.first_seen = frequencies, weekly, first_seen
        self.narrative = np.full(families, -1, np.int64)
        self.score = np.zeros(families, np.float32)
        self.shaping = np.zeros(families, bool)  # families that the profile of their narrative is made of
        self.founder: list[int] = []
        self.mass = np.zeros(0)  # of every narrative, decayed; 0 once it was merged into another
        self._known = np.zeros(families, bool)
        self._holding, self._documents = np.zeros(terms), 0
        self._idf = np.zeros(terms, np.float32)
        self._last_week: int | None = None

    def step(self, week: int) -> None:
        rows = slice(*np.searchsorted(self.weekly.week, [week, week + 1]))
        families, core = self.weekly.family[rows], self.weekly.core[rows]
        self._learn(families[core])
        alive = self._alive(week)
        unsorted = families[self.narrative[families] < 0]
        self._join(unsorted, alive, families[core])
        new = self._found(week, unsorted)
        self._weigh(families[core], self.weekly.posts[rows][core])
        self._merge([*alive, *new])

    def _learn(self, core: np.ndarray) -> None:
        """Count the terms of core families not met before; term weights follow (smoothed idf)."""
        new = core[~self._known[core]]
        self._known[new] = True
        self._documents += len(new)
        self._holding += np.bincount(self.frequencies[new].indices, minlength=len(self._holding))
        idf = (np.log((1 + self._documents) / (1 + self._holding)) + 1) ** IDF_POWER
        self._idf = np.where(self._holding >= MIN_FAMILIES, idf, 0).astype(np.float32)

    def _alive(self, week: int) -> list[int]:
        if self._last_week is not None:
            self.mass *= DECAY ** (week - self._last_week)
        self._last_week = week
        order = np.lexsort((np.arange(len(self.mass)), -self.mass))[:MAX_ALIVE]
        return sorted(int(n) for n in order if self.mass[n] > 0)

    def _weigh(self, core: np.ndarray, posts: np.ndarray) -> None:
        held = self.narrative[core] >= 0
        self.mass += np.bincount(self.narrative[core[held]], posts[held], minlength=len(self.founder))

    def _weighted(self, matrix: sparse.csr_array) -> sparse.csr_array:
        weighted = sparse.csr_array((matrix.data * self._idf[matrix.indices], matrix.indices, matrix.indptr), shape=matrix.shape)
        weighted.eliminate_zeros()
        return unit_rows(weighted)

    def _profiles(self, numbers: list[int]) -> sparse.csr_array:
        """One row of length 1 for each narrative: the sum of its shaping families, weighted, its `PROFILE_TERMS` heaviest terms."""
        place = np.full(len(self.founder) + 1, -1, np.int64)
        place[numbers] = np.arange(len(numbers))
        members = np.flatnonzero(self.shaping & (place[self.narrative] >= 0))
        sums = centroids(self.frequencies[members], place[self.narrative[members]], len(numbers))
        return unit_rows(_heaviest(self._weighted(sums), PROFILE_TERMS))

    def _join(self, candidates: np.ndarray, numbers: list[int], core: np.ndarray) -> None:
        """Give each candidate to the nearest of the narratives `numbers`, if near enough and nearer than the one it is in; core families
        shape it from then on."""
        if not len(candidates) or not numbers:
            return
        turned = self._profiles(numbers).T.tocsr()
        for start in range(0, len(candidates), _JOIN_BLOCK):
            block = candidates[start : start + _JOIN_BLOCK]
            cosine = (self._weighted(self.frequencies[block]) @ turned).toarray()
            best = cosine.argmax(axis=1)
            value = cosine[np.arange(len(best)), best]
            near = (value >= MIN_JOIN - 1e-6) & (value > self.score[block])
            self.narrative[block[near]] = np.asarray(numbers)[best[near]]
            self.score[block[near]] = value[near]
        joined = np.intersect1d(candidates, core)
        self.shaping[joined[self.narrative[joined] >= 0]] = True

    def _found(self, week: int, sorted_now: np.ndarray) -> list[int]:
        """Found narratives on clusters of core families of the last weeks that none holds; the others of these weeks may join them, and
        so may the families `sorted_now`, in this very week, where the new narrative is nearer."""
        rows = slice(*np.searchsorted(self.weekly.week, [week - POOL_WEEKS + 1, week + 1]))
        families, core = self.weekly.family[rows], self.weekly.core[rows]
        free = core & (self.narrative[families] < 0)
        pool, place = np.unique(families[free], return_inverse=True)
        posts = np.bincount(place, self.weekly.posts[rows][free], minlength=len(pool))
        enough = max(MIN_POSTS, MIN_SHARE * sum(self.weekly.volume.get(week - back, 0) for back in range(POOL_WEEKS)))
        cluster, cosine = _tight_clusters(self._weighted(self.frequencies[pool]), posts, enough)
        oldest = [
            (int(self.first_seen[members[0]]), int(members[0]), number)
            for number in range(int(cluster.max(initial=-1)) + 1)
            for members in [self._oldest_first(pool[cluster == number])]
        ]
        first = len(self.founder)
        for number, (_, founder, at) in enumerate(sorted(oldest), start=first):
            members = cluster == at
            self.narrative[pool[members]], self.score[pool[members]] = number, cosine[members]
            self.shaping[pool[members]] = True
            self.founder.append(founder)
            self.mass = np.append(self.mass, posts[members].sum())
        new = list(range(first, len(self.founder)))
        self._join(np.union1d(families[self.narrative[families] < 0], sorted_now), new, np.unique(families[core]))
        return new

    def _oldest_first(self, families: np.ndarray) -> np.ndarray:
        ordered: np.ndarray = families[np.lexsort((families, self.first_seen[families]))]
        return ordered

    def _merge(self, numbers: list[int]) -> None:
        """Unite the most alike narratives, one pair after the other, while their cosine is at least `MERGE`; the older number stays."""
        numbers = sorted(numbers)
        if len(numbers) < 2:
            return
        profiles = self._profiles(numbers)
        alike = np.triu((profiles @ profiles.T).toarray(), 1)
        while alike.max() >= MERGE:
            older, younger = (int(i) for i in np.unravel_index(alike.argmax(), alike.shape))
            self.narrative[self.narrative == numbers[younger]] = numbers[older]
            self.mass[numbers[older]] += self.mass[numbers[younger]]
            self.mass[numbers[younger]] = 0
            del numbers[younger]
            profiles = self._profiles(numbers)
            alike = np.triu((profiles @ profiles.T).toarray(), 1)


def _tight_clusters(weights: sparse.csr_array, posts: np.ndarray, enough: float) -> tuple[np.ndarray, np.ndarray]:
    """(cluster 0.. or -1, cosine to its centre) of every row: Leiden clusters without the rows far from their centre, those with at
    least `enough` posts."""
    cluster, cosine = np.full(len(posts), -1, np.int64), np.zeros(len(posts), np.float32)
    usable = np.flatnonzero(np.diff(weights.indptr) > 0)
    if posts[usable].sum() < enough:
        return cluster, cosine
    cluster[usable] = clusters(weights[usable])
    many = int(cluster.max()) + 1
    for _ in range(2):  # the centre moves when the far ones leave
        inside = np.flatnonzero(cluster >= 0)
        centre = centroids(weights, cluster, many)
        cosine[inside] = np.asarray(weights[inside].multiply(centre[cluster[inside]]).sum(axis=1)).ravel()
        cluster = np.where(cosine >= MIN_JOIN - 1e-6, cluster, -1)
    held = np.bincount(cluster[cluster >= 0], posts[cluster >= 0], minlength=many)
    number = np.full(many + 1, -1, np.int64)
    good = np.flatnonzero(held >= enough)
    number[good] = np.arange(len(good))
    return number[cluster], cosine


def _heaviest(matrix: sparse.csr_array, limit: int) -> sparse.csr_array:
    """The `limit` largest values of every row, and all that equal the smallest of them."""
    floor = np.zeros(matrix.shape[0], np.float32)
    for row in np.flatnonzero(np.diff(matrix.indptr) > limit):
        values = matrix.data[matrix.indptr[row] : matrix.indptr[row + 1]]
        floor[row] = np.partition(values, len(values) - limit)[len(values) - limit]
    rows = rows_of(matrix)
    keep = matrix.data >= floor[rows]
    return sparse.csr_array((matrix.data[keep], (rows[keep], matrix.indices[keep])), shape=matrix.shape)
