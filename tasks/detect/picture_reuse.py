"""Pictures that are the same to the eye: PDQ hashes at most 31 of 256 bits apart, found without comparing all pairs."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

MOST_BITS = 31  # "confident match" of PDQ's authors; two unrelated portraits are 62 bits apart at the least, 124 at the median
_BANDS = 16
_FLIPS = np.array([0, *(1 << bit for bit in range(16))], np.uint16)
_AT_ONCE = 1 << 21  # candidate pairs


def unpack(hashes: Sequence[str]) -> np.ndarray:
    """PDQ hashes of 64 hex digits as rows of four uint64."""
    if not len(hashes):
        return np.zeros((0, 4), np.uint64)
    return np.frombuffer(bytes.fromhex("".join(hashes)), dtype=np.uint64).reshape(len(hashes), 4)


def near_pairs(left: np.ndarray, right: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Blocks of (position in `left`, position in `right`, bits that differ) of every pair at most 31 bits apart; a pair may come twice.

    31 bits over 16 bands of 16 leave some band with at most one differing bit, so a pair is looked at only if a band of one is equal to
    that of the other or one bit off: 17 look-ups a band in place of all pairs.
    """
    bands_left, bands_right = left.view(np.uint16), right.view(np.uint16)
    for band in range(_BANDS):
        order = np.argsort(bands_right[:, band], kind="stable")
        starts = np.searchsorted(bands_right[order, band], np.arange((1 << 16) + 1))
        for flip in _FLIPS:
            wanted = (bands_left[:, band] ^ flip).astype(np.int64)
            first, counts = starts[wanted], starts[wanted + 1] - starts[wanted]
            yield from _checked(left, right, order, first, counts)


def same_pictures(hashes: Sequence[str], mirrored: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Group of each picture, and for each group how far its furthest linked pair is apart (bits) and whether a link needs mirroring.

    Groups are connected: a picture belongs if it is near *one* of the group. `hashes` and `mirrored` (of the mirror images): 64 hex digits.
    """
    _, chosen, member = np.unique(
        np.array(hashes, dtype=str), return_index=True, return_inverse=True
    )  # a thousand equal ones are one
    group, furthest, needed = _linked(unpack([hashes[one] for one in chosen]), unpack([mirrored[one] for one in chosen]))
    return group[member], furthest, needed


def _linked(own: np.ndarray, flipped: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    found = [(*block, False) for block in near_pairs(own, own)] + [(*block, True) for block in near_pairs(own, flipped)]
    parts = [(one, two, bits, np.full(len(one), mirror)) for one, two, bits, mirror in found if len(one)]
    if not parts:
        return np.arange(len(own)), np.zeros(len(own), np.int64), np.zeros(len(own), bool)
    one, two, bits, mirror = (np.concatenate(column) for column in zip(*parts, strict=True))
    links = coo_array((np.ones(len(one), np.int8), (one, two)), shape=(len(own), len(own)))
    number, group = connected_components(links, directed=False)
    furthest, needed = np.zeros(number, np.int64), np.zeros(number, bool)
    as_they_are = ~mirror & (one != two)
    np.maximum.at(furthest, group[one[as_they_are]], bits[as_they_are])
    plain = set(zip(one[as_they_are].tolist(), two[as_they_are].tolist(), strict=True))
    for a, b, apart in zip(one[mirror].tolist(), two[mirror].tolist(), bits[mirror].tolist(), strict=True):
        if a != b and (a, b) not in plain:  # a picture that is near its own mirror image says nothing
            needed[group[a]] = True
            furthest[group[a]] = max(furthest[group[a]], apart)
    return group, furthest, needed


def _checked(
    left: np.ndarray, right: np.ndarray, order: np.ndarray, first: np.ndarray, counts: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The candidates `order[first:first + counts]` of each row of `left`, compared in full."""
    ends = np.cumsum(counts)
    begin = 0
    while begin < len(counts):
        done = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + _AT_ONCE, side="right")))
        sizes = counts[begin:end]
        one = np.repeat(np.arange(begin, end), sizes)
        inside = np.arange(len(one)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        two = order[np.repeat(first[begin:end], sizes) + inside]
        bits = np.bitwise_count(left[one] ^ right[two]).sum(axis=1, dtype=np.int64)
        near = bits <= MOST_BITS
        if near.any():
            yield one[near], two[near], bits[near]
        begin = end
