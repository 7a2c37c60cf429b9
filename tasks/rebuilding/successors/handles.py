"""Handles that are alike: spelled otherwise, numbered on, their words turned round."""

import re
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process

from tasks.rebuilding.cohorts import UNKNOWN_US
from tasks.rebuilding.successors.chance import bits_of
from tasks.rebuilding.successors.people import People, spans

CUTOFF = (
    65  # per cent of characters in common order; below it 1 pair in 2,500 is alike, which is no evidence among 200 lost accounts
)
BLOCK = 500  # rows of a block: 500 x 10,000 bytes, up to 500 x 50,000 where a campaign has 100,000 accounts
BEST = 8  # likest lost accounts kept per later account
# Share of pairs of handles at least as alike, by likeness: the 2,856 handles of a real network (4.1 million pairs, those of successors and
# of brands included, so that it errs upward).
_ELSEWHERE = (np.array([65, 70, 75, 80, 85, 90, 95]), np.array([4.2e-4, 2.2e-4, 7.3e-5, 3.2e-5, 1.4e-5, 7.4e-6, 4.5e-6]))
_WEIGHT = 10_000.0  # pairs that knowledge is worth
REFERENCE = 3_000  # accounts whose pairs tell chance: 4.5 million of them

_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen")
    )
}
_LEET = str.maketrans("01345", "oieas")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\dA-Za-z_]+")
_INSIDE = re.compile(r"(?<=[A-Za-z])[01345](?=[A-Za-z])")


@dataclass(frozen=True)
class Alike:
    """Pairs that are alike in one respect: positions in the platform's accounts, how much, and the share of pairs at least as alike."""

    lost: np.ndarray
    later: np.ndarray
    likeness: np.ndarray
    p: np.ndarray

    @property
    def bits(self) -> np.ndarray:
        return bits_of(self.p)


def nothing_alike() -> Alike:
    none = np.zeros(0, dtype=np.int64)
    return Alike(none, none, none.astype(float), none.astype(float))


def folded(handle: str) -> tuple[str, str]:
    """The handle without case and separators, digits that stand for letters read as such and number words as digits; and its words sorted.

    >>> folded("Crystal_Johns0n"), folded("_Oleg_Eremeev"), folded("TEN_GOP")
    (('crystaljohnson', 'crystaljohnson'), ('olegeremeev', 'eremeevoleg'), ('10gop', '10gop'))
    """
    words = [word.casefold() for word in _WORD.findall(_INSIDE.sub(lambda m: m[0].translate(_LEET), handle))]
    words = [_NUMBERS.get(word, word) for word in words]
    return "".join(words), "".join(sorted(words))


def folded_all(handles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both forms of every handle, "" where there is none."""
    pairs = [folded(handle) for handle in handles]
    return np.array([a for a, _ in pairs], dtype=object), np.array([b for _, b in pairs], dtype=object)


def likeness(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Shape (len(one), len(other)), uint8: 100 x 2 LCS / (length + length), the greater of the forms; 0 below CUTOFF."""
    found: np.ndarray | None = None
    for mine, theirs in zip(one, other, strict=True):
        scores = process.cdist(mine.tolist(), theirs.tolist(), scorer=fuzz.ratio, dtype=np.uint8, score_cutoff=CUTOFF)
        found = scores if found is None else np.maximum(found, scores)
    assert found is not None  # noqa: S101
    found[one[0] == ""] = 0
    found[:, other[0] == ""] = 0
    return found


def alike_handles(
    forms: tuple[np.ndarray, np.ndarray], people: People, lost: np.ndarray, later: np.ndarray
) -> tuple[Alike, np.ndarray]:
    """The BEST likest lost accounts of every later one that began, or was made, in the span of their loss; and by likeness (0 to 100)
    how many accounts are at least as like one by chance.

    Chance is how often pairs are as alike that cannot be a succession.
    """
    one, other, value = _within_span(forms, people, lost[forms[0][lost] != ""], later[forms[0][later] != ""])
    if not len(value):
        return nothing_alike(), np.zeros(101)
    order = np.lexsort((one, -value, other))
    one, other, value = one[order], other[order], value[order]
    new = np.flatnonzero(np.r_[True, other[1:] != other[:-1]])
    rank = np.arange(len(other)) - np.repeat(new, np.diff(np.r_[new, len(other)]))
    one, other, value = one[rank < BEST], other[rank < BEST], value[rank < BEST]
    counts, pairs = _other_pairs(forms, people)
    elsewhere = np.exp(np.interp(value, _ELSEWHERE[0], np.log(_ELSEWHERE[1])))
    at_least = counts[::-1].cumsum()[::-1]
    p = (at_least[value] + elsewhere * _WEIGHT + 0.5) / (pairs + _WEIGHT)
    return Alike(one, other, value.astype(float), np.minimum(p, 1.0)), at_least / max(pairs, 1) * len(people)


def _within_span(
    forms: tuple[np.ndarray, np.ndarray], people: People, lost: np.ndarray, later: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lost, later and likeness of every pair from CUTOFF on that could be a succession.

    Losses and beginnings are taken in order of time, so that a block of later accounts meets only the losses of its months: among 100,000
    accounts of ten months a fifth of all pairs.
    """
    lost = lost[np.argsort(people.loss[lost], kind="stable")]
    found = [np.zeros((3, 0), dtype=np.int64)]
    for low, high in _spans(people, people.loss[lost], later):
        some = np.flatnonzero(high > low)
        some = some[np.argsort(low[some], kind="stable")]
        for start in range(0, len(some), BLOCK):
            block = some[start : start + BLOCK]
            near, these = lost[low[block].min() : high[block].max()], later[block]
            scores = likeness((forms[0][these], forms[1][these]), (forms[0][near], forms[1][near]))
            row, column = np.nonzero(scores)
            inside = (column >= (low[block] - low[block].min())[row]) & (column < (high[block] - low[block].min())[row])
            row, column = row[inside], column[inside]
            keep = people.in_span(near[column], these[row])
            row, column = row[keep], column[keep]
            found.append(np.stack([near[column], these[row], scores[row, column]]).astype(np.int64))
    one, other, value = np.concatenate(found, axis=1)
    return one, other, value


def _spans(people: People, losses: np.ndarray, later: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """First and end positions, in the sorted `losses`, of those that each later account began within; then of those it was made within
    but did not begin within."""
    began = spans(losses, people.first[later])
    made = spans(losses, people.created[later])
    known = people.created[later] != UNKNOWN_US
    before = known & (people.created[later] <= people.first[later])
    after = known & ~before
    low = np.where(after, np.maximum(made[0], began[1]), made[0])
    high = np.where(before, np.minimum(made[1], began[0]), made[1])
    return began, (low, np.where(known, high, low))


def _other_pairs(forms: tuple[np.ndarray, np.ndarray], people: People) -> tuple[np.ndarray, int]:
    """Pairs by likeness (0 to 100) among up to REFERENCE accounts, evenly over their ids, that cannot be a succession; and their number."""
    named = np.flatnonzero(forms[0] != "")
    if len(named) > REFERENCE:
        named = named[np.linspace(0, len(named) - 1, REFERENCE).astype(np.int64)]
    gone = people.gone
    counts, pairs = np.zeros(101, dtype=np.int64), 0
    columns = forms[0][named], forms[1][named]
    for start in range(0, len(named), BLOCK):
        block = named[start : start + BLOCK]
        scores = likeness((forms[0][block], forms[1][block]), columns)
        one, other = np.broadcast_arrays(block[:, None], named[None, :])
        unlikely = one < other
        unlikely &= ~(gone[one] & people.in_span(one, other)) & ~(gone[other] & people.in_span(other, one))
        counts += np.bincount(scores[unlikely], minlength=101)
        pairs += int(unlikely.sum())
    return counts, pairs
