"""From likenesses to one score a pair: bits of evidence, less the bits that chance has by its choice among the lost accounts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tasks.rebuilding.successors.announcements import BITS, UNNAMED_BITS, Announcement
from tasks.rebuilding.successors.chance import after_family
from tasks.rebuilding.successors.handles import Alike, likeness
from tasks.rebuilding.successors.people import People
from tasks.rebuilding.successors.shared import Items
from tasks.rebuilding.timeline import DAY_US

THRESHOLD = 5.0  # bits; fixed on simulation seeds 1 to 4, validated on seeds 11 to 16: tests/accuracy/successors.py prints both
MARGIN = 1.0  # bits by which the likest lost account must lead, unless an announcement names it
SIBLING_SLACK = 8  # points by which a sibling's handle may be less alike: "north_daily" and "rookery_daily" differ by their towns
TOGETHER_DAYS = 7  # accounts that posted in parallel for as long are contemporaries
OVERLAP_FREE_DAYS, OVERLAP_BITS, OVERLAP_MOST = 2.0, 0.4, 6.0  # a day of posting in parallel, beyond two
# Texts and links never make a claim alone: a desk of several operators draws on one stock of them.
MOST_BITS = {"handle": 18.0, "texts": 6.0, "links": 6.0, "avatar": 8.0, "bio": 6.0, "name": 4.0}
TIMING_BITS = -1.0, 2.0  # a late beginning hardly speaks against a pair: some wait for months

# Share of successors by days from the loss to their first post: an assumption (most are made within two weeks), weighed against how many
# pairs of lost and later accounts lie as far apart by chance.
GAP_DAYS = np.array([-30.0, -7.0, -1.0, 1.0, 3.0, 7.0, 14.0, 30.0, 60.0, 90.0])
GAP_SHARES = np.array([0.03, 0.06, 0.18, 0.15, 0.15, 0.16, 0.15, 0.08, 0.04])


@dataclass
class Pairs:
    """Pairs of lost and later accounts, each once, in order; `bits` and `likeness` by kind of evidence, 0 where there is none."""

    lost: np.ndarray
    later: np.ndarray
    bits: dict[str, np.ndarray] = field(default_factory=dict)
    likeness: dict[str, np.ndarray] = field(default_factory=dict)
    p: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lost)

    @property
    def score(self) -> np.ndarray:
        return np.round(sum(self.bits.values(), np.zeros(len(self.lost))), 6)

    def where(self, keep: np.ndarray) -> "Pairs":
        return Pairs(
            self.lost[keep],
            self.later[keep],
            *({name: values[keep] for name, values in part.items()} for part in (self.bits, self.likeness, self.p)),
        )


def union(people: People, found: dict[str, Alike], named: Sequence[Announcement]) -> Pairs:
    """Every pair that any kind of evidence proposes, in the span in which a successor begins."""
    size = len(people)
    keys = [alike.later * size + alike.lost for alike in found.values()]
    keys.append(np.array([one.later * size + one.lost for one in named if one.lost >= 0], dtype=np.int64))
    every = np.unique(np.concatenate(keys))
    every = every[people.in_span(every % size, every // size)]
    pairs = Pairs(lost=every % size, later=every // size)
    for name, alike in found.items():
        key = alike.later * size + alike.lost
        order = np.argsort(key, kind="stable")
        place = np.searchsorted(key[order], every)
        place = np.minimum(place, max(len(key) - 1, 0))
        hit = key[order][place] == every if len(key) else np.zeros(len(every), dtype=bool)
        for part, values, empty in (
            (pairs.bits, np.minimum(alike.bits, MOST_BITS[name]), 0.0),
            (pairs.likeness, alike.likeness, 0.0),
            (pairs.p, alike.p, 1.0),
        ):
            column = np.full(len(every), empty)
            column[hit] = values[order][place[hit]]
            part[name] = column
    return pairs


def add_announcements(pairs: Pairs, named: Sequence[Announcement]) -> None:
    """The strongest of a pair's announcements; one that names nobody supports whatever else there is."""
    best: dict[tuple[int, int], float] = {}
    unnamed: set[int] = set()
    for one in named:
        if one.lost < 0:
            unnamed.add(one.later)
        else:
            best[one.lost, one.later] = max(BITS[one.said], best.get((one.lost, one.later), 0.0))
    together = zip(pairs.lost.tolist(), pairs.later.tolist(), strict=True)
    pairs.bits["announcement"] = np.array(
        [best.get(pair, UNNAMED_BITS if pair[1] in unnamed else 0.0) for pair in together], dtype=float
    )


def add_timing(pairs: Pairs, people: People, all_lost: np.ndarray, all_later: np.ndarray) -> None:
    """log2 of the share of successors over the share of all pairs, in the same bin of days from loss to first post; and
    parallel days, which speak against a pair."""
    gap = (people.first[pairs.later] - people.loss[pairs.lost]) / DAY_US
    losses = np.sort(people.loss[all_lost]) / DAY_US
    first = people.first[all_later] / DAY_US
    below = np.stack(
        [np.searchsorted(losses, first - edge, side="right") for edge in GAP_DAYS]
    )  # losses at least `edge` days before
    counts = (below[:-1] - below[1:]).sum(axis=1) + 1.0
    place = np.clip(np.searchsorted(GAP_DAYS, gap, side="right") - 1, 0, len(GAP_SHARES) - 1)
    ratio = np.log2(GAP_SHARES / (counts / counts.sum()))
    pairs.bits["timing"] = np.clip(ratio[place], *TIMING_BITS)
    pairs.likeness["timing"] = gap
    parallel = (people.last[pairs.lost] - people.first[pairs.later]) / DAY_US
    pairs.bits["parallel"] = -np.clip(OVERLAP_BITS * (parallel - OVERLAP_FREE_DAYS), 0, OVERLAP_MOST)


def add_choice(pairs: Pairs, people: People) -> None:
    """What chance has to choose from: as many bits as the lost accounts of that time need to be told apart."""
    pairs.bits["choice"] = -np.log2(np.maximum(people.rivals(pairs.later), 1).astype(float))


def weigh_families(
    pairs: Pairs, people: People, forms: tuple[np.ndarray, np.ndarray], by_chance: np.ndarray, items: dict[str, Items]
) -> None:
    """Handles, pictures and profiles that contemporaries share as well are a brand's: they count for less, or nothing.

    `by_chance`, by likeness: how many accounts are as like a handle in any case (a hundred, if 20,000 are named by two common words each).
    """
    usual = by_chance[np.clip(pairs.likeness["handle"].astype(np.int64) - SIBLING_SLACK, 0, 100)]
    others = np.maximum(_alike_contemporaries(pairs, people, forms) - usual, 0.0)
    pairs.bits["handle"] = after_family(pairs.bits["handle"], others)
    pairs.likeness["siblings"] = others
    for name, of in items.items():
        pairs.bits[name] = after_family(pairs.bits[name], _holders(pairs, people, of, pairs.bits[name] > 0))


def claimed(pairs: Pairs, threshold: float = THRESHOLD) -> np.ndarray:
    """Positions of the pairs that are claimed: the likest lost account of each later one, from the threshold on, and ahead of the next."""
    score = pairs.score
    order = np.lexsort((pairs.lost, -score, pairs.later))
    later, best = pairs.later[order], score[order]
    first = np.flatnonzero(np.r_[True, later[1:] != later[:-1]]) if len(order) else np.zeros(0, dtype=np.int64)
    following = np.minimum(first + 1, max(len(order) - 1, 0))
    alone = (following == first) | (later[following] != later[first]) if len(order) else np.zeros(0, dtype=bool)
    ahead = alone | (best[first] - best[following] >= MARGIN) | (pairs.bits["announcement"][order[first]] > UNNAMED_BITS)
    chosen = order[first[(best[first] >= threshold) & ahead]]
    found: np.ndarray = chosen[np.lexsort((pairs.lost[chosen], pairs.later[chosen], -score[chosen]))]
    return found


def _together(people: People, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Whether two accounts posted in parallel for TOGETHER_DAYS or more."""
    shared = np.minimum(people.last[one], people.last[other]) - np.maximum(people.first[one], people.first[other])
    found: np.ndarray = shared >= TOGETHER_DAYS * DAY_US
    return found


def _alike_contemporaries(pairs: Pairs, people: People, forms: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Per pair the greater number of third accounts that posted beside one of the two and whose handle is as like it."""
    most = np.zeros(len(pairs))
    everyone = np.flatnonzero(forms[0] != "")
    columns = forms[0][everyone], forms[1][everyone]
    some = np.flatnonzero(pairs.bits["handle"] > 0)
    for mine, yours in ((pairs.lost, pairs.later), (pairs.later, pairs.lost)):
        accounts, place = np.unique(mine[some], return_inverse=True)
        for start in range(0, len(accounts), 500):
            block = accounts[start : start + 500]
            table = likeness((forms[0][block], forms[1][block]), columns)
            row, column = np.nonzero(table)  # few are alike: only of those it matters when they posted
            beside = _together(people, block[row], everyone[column]) & (block[row] != everyone[column])
            row, third, score = row[beside], everyone[column[beside]], table[row[beside], column[beside]]
            bounds = np.searchsorted(row, np.arange(len(block) + 1))
            inside = np.flatnonzero((place >= start) & (place < start + 500))
            for i in inside.tolist():
                pair, these = some[i], slice(*bounds[place[i] - start : place[i] - start + 2])
                as_like = score[these] >= max(pairs.likeness["handle"][pair] - SIBLING_SLACK, 1)
                most[pair] = max(most[pair], int((as_like & (third[these] != yours[pair])).sum()))
    return most


def _holders(pairs: Pairs, people: People, items: Items, some: np.ndarray) -> np.ndarray:
    """Per pair the third accounts that hold the same item and posted beside one of the two."""
    counts = np.zeros(len(pairs))
    rare = items.rare()
    item_of = dict(zip(rare.account.tolist(), rare.item.tolist(), strict=True))
    members: dict[int, list[int]] = {}
    for account, item in zip(rare.account.tolist(), rare.item.tolist(), strict=True):
        members.setdefault(item, []).append(account)
    for pair in np.flatnonzero(some).tolist():
        one, other = int(pairs.lost[pair]), int(pairs.later[pair])
        third = np.array([x for x in members[item_of[one]] if x not in (one, other)], dtype=np.int64)
        beside = _together(people, third, np.full(len(third), one)) | _together(people, third, np.full(len(third), other))
        counts[pair] = beside.sum()
    return counts
