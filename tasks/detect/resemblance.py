"""Which texts resemble which: character 5-grams, MinHash candidates, exact Jaccard, and texts cut short.

Texts come in order of age (0 = oldest); every function answers with the founder of every text, itself if it founds.
"""

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rensa import RMinHash

from tasks.detect.buckets import Buckets
from tasks.detect.remembered import Decided, Memory, common_beginning, decide, pairs_with_new
from tasks.detect.texts import SHORT_CHARACTERS, text_lengths
from tasks.domain.distinct import distinct

GRAM = 5
JACCARD = 0.8
BANDS, ROWS = 12, 4  # a pair at 0.8 shares a band with probability 1 - (1 - 0.8^4)^12 = 0.998
_AGREEING = 27  # of 48 MinHash values; fewer agree for 0.01 % of the pairs at 0.8: those are not looked at further
_SEED = 20230829  # of the hash functions: candidates are the same on every machine
_CHUNK_TEXTS = 20_000
_THREADS = 2
_CHUNK_PAIRS = 50_000
_NEW_PAIRS = 10_000_000  # beyond this many, waves look at fewer
_GRAM_BITS = 40  # two different 5-grams of a pair of posts meet in 40 bits once in 10^8 pairs

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


def join_near_duplicates(texts: pa.Array, memory: Memory | None = None) -> Ints:
    """The founder of every text by Jaccard >= 0.8 of 5-gram sets; texts have at least GRAM characters.

    Waves: the texts with no undecided older text in any of their bands found; the undecided texts that share a band with a new founder
    and resemble it join it (the oldest, if several). What a text does depends on older texts only, so of texts that begin like those in
    `memory` only the rest is decided.
    """
    before = memory.decided if memory else None
    known = common_beginning(before.texts, texts) if before else 0
    if before and known == len(texts):
        return before.founder[:known]
    fresh = _signatures(texts.slice(known))
    signatures = np.concatenate([before.signatures[:known], fresh]) if before else fresh
    founder, wave = np.arange(len(texts)), np.zeros(len(texts), np.int64)
    bucket, text = _buckets(signatures)
    pairs = None
    if before:
        founder[:known], wave[:known] = before.founder[:known], before.wave[:known]
        pairs = pairs_with_new(bucket, text, founder, known, _NEW_PAIRS)
    if pairs is None:
        founder, wave = _in_waves(texts, signatures, bucket, text)
    else:
        grams, offsets, place = _grams_by_place(texts, np.concatenate(pairs))
        decide(founder, wave, bucket, text, *_resembling(*pairs, signatures, grams, offsets, place), known)
    if memory:
        memory.decided = Decided(texts, founder, wave, signatures)
    return founder


def _in_waves(texts: pa.Array, signatures: npt.NDArray[np.uint32], bucket: Ints, text: Ints) -> tuple[Ints, Ints]:
    """The founder of every text, and the wave in which it was decided; 0 for one that shares no band."""
    founder, wave = np.arange(len(texts)), np.zeros(len(texts), np.int64)
    buckets = Buckets(bucket, text, len(texts))
    grams, offsets, place = _grams_by_place(texts, buckets.text)
    found, number = buckets.ready(np.arange(len(buckets.start))), 0
    while len(found):
        buckets.undecided[found] = False
        older, younger = _distinct_pairs(*buckets.younger(found), len(texts))
        older, younger = _resembling(older, younger, signatures, grams, offsets, place)
        younger, at = np.unique(younger, return_index=True)  # pairs are sorted by the older one: the oldest founder is met first
        founder[younger] = older[at]
        wave[found] = wave[younger] = number
        buckets.undecided[younger] = False
        found, number = buckets.ready(buckets.advance(np.concatenate([found, younger]))), number + 1
    return founder, wave


def _grams_by_place(texts: pa.Array, wanted: Ints) -> tuple[Words, Ints, Ints]:
    """5-grams and offsets of the `wanted` texts, and by text where in them it stands."""
    candidates = distinct(wanted)
    grams, offsets = gram_sets(texts.take(pa.array(candidates)))
    place = np.zeros(len(texts), np.int64)
    place[candidates] = np.arange(len(candidates))
    return grams, offsets, place


def join_truncations(texts: pa.Array) -> Ints:
    """The founder of every text where one is the other cut short: the shorter (at least twice the short limit, a closing "..." left
    away) begins the longer, so that all its 5-grams are contained. The older of the two founds."""
    founder = list(range(len(texts)))
    keys = pc.replace_substring_regex(texts, r"[ .]*\.\.\.$", "")
    long_enough = text_lengths(keys, 2 * SHORT_CHARACTERS) >= 2 * SHORT_CHARACTERS
    order = pc.sort_indices(keys).to_numpy(zero_copy_only=False)
    related: dict[int, list[int]] = {}
    for at, other in _beginnings(keys.take(pa.array(order)).to_pylist(), order.tolist(), long_enough[order].tolist()):
        related.setdefault(min(at, other), []).append(max(at, other))
    for older in sorted(related):
        if founder[older] == older:
            for younger in related[older]:
                if founder[younger] == younger:
                    founder[younger] = older
    return np.array(founder, np.int64)


def _beginnings(keys: list[str], texts: list[int], able: list[bool]) -> Iterator[tuple[int, int]]:
    """(text, one that it begins with) of sorted `keys`; one that does not come right before something that begins with it begins nothing,
    so that nearly all are passed over by one comparison."""
    done = 0
    for first in range(len(keys) - 1):
        if first < done or not able[first] or not keys[first + 1].startswith(keys[first]):
            continue
        open_ones = [(keys[first], texts[first])]
        for done in range(first + 1, len(keys)):
            while open_ones and not keys[done].startswith(open_ones[-1][0]):
                open_ones.pop()
            if not open_ones:
                break
            yield from ((texts[done], other) for _, other in open_ones)
            if able[done]:
                open_ones.append((keys[done], texts[done]))
        else:
            return


def gram_sets(texts: pa.Array) -> tuple[Words, Ints]:
    """The distinct 5-grams of every text as sorted 40-bit hashes, one text after the other, and the offsets of the texts."""
    flat: list[Words] = []
    sizes: list[Ints] = []
    for first in range(0, len(texts), _CHUNK_TEXTS):
        words, counts = _grams_of(texts.slice(first, _CHUNK_TEXTS))
        flat.append(words)
        sizes.append(counts)
    counts = np.concatenate([np.zeros(1, np.int64), *sizes])
    return np.concatenate([np.empty(0, np.uint64), *flat]), np.cumsum(counts)


def _grams_of(texts: pa.Array) -> tuple[Words, Ints]:
    points = np.frombuffer("".join(texts.to_pylist()).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    lengths = np.asarray(pc.utf8_length(texts).to_numpy(zero_copy_only=False), np.int64)
    of_text = np.repeat(np.arange(len(lengths), dtype=np.uint64), np.maximum(lengths - GRAM + 1, 0))
    inside = np.arange(len(of_text)) + (GRAM - 1) * of_text.astype(np.int64)  # a text gives GRAM - 1 fewer grams than characters
    rolled = np.zeros(max(len(points) - GRAM + 1, 0), np.uint64)
    for place in range(GRAM):
        rolled = rolled * np.uint64(0x9E3779B97F4A7C15) + points[place : place + len(rolled)] + np.uint64(1)
    mixed = rolled[inside]
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = np.sort((of_text << np.uint64(_GRAM_BITS)) | (mixed >> np.uint64(64 - _GRAM_BITS)))
    keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])] if len(keys) else keys
    counts = np.bincount((keys >> np.uint64(_GRAM_BITS)).astype(np.int64), minlength=len(lengths))
    return keys & np.uint64((1 << _GRAM_BITS) - 1), counts.astype(np.int64)


def _signatures(texts: pa.Array) -> npt.NDArray[np.uint32]:
    """MinHash values, one row of BANDS * ROWS a text."""
    signatures = np.empty((len(texts), BANDS * ROWS), np.uint32)

    def fill(first: int) -> None:
        words, counts = _grams_of(texts.slice(first, _CHUNK_TEXTS))
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.uint64)
        rows = RMinHash.digest_matrix_from_flat_token_hashes(words, offsets, BANDS * ROWS, _SEED).to_rows()
        values = np.fromiter(chain.from_iterable(rows), np.uint32, len(counts) * BANDS * ROWS)
        signatures[first : first + len(counts)] = values.reshape(len(counts), BANDS * ROWS)

    with _no_collection(), ThreadPoolExecutor(_THREADS) as pool:  # sorting and hashing let go of the interpreter
        list(pool.map(fill, range(0, len(texts), _CHUNK_TEXTS)))
    return signatures


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without looks for garbage: the library hands out a list a text, and being searched again and again they took twice the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _buckets(signatures: npt.NDArray[np.uint32]) -> tuple[Ints, Ints]:
    """Texts that share all values of a band: (bucket, text), sorted by bucket and age, buckets of one text left out."""

    def of_band(band: int) -> tuple[Ints, Ints]:
        key = np.zeros(len(signatures), np.uint64)
        for column in range(band * ROWS, band * ROWS + ROWS):
            key = (key ^ signatures[:, column]) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(29)
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        number = np.cumsum(np.concatenate([np.zeros(min(len(key), 1), np.int64), (ordered[1:] != ordered[:-1]).astype(np.int64)]))
        bucket, text = _without_singles(number, order)
        return bucket + band * len(key), text

    with ThreadPoolExecutor(_THREADS) as pool:
        buckets, texts = zip(*pool.map(of_band, range(BANDS)), strict=True)
    return np.concatenate(buckets), np.concatenate(texts)


def _without_singles(bucket: Ints, text: Ints) -> tuple[Ints, Ints]:
    if not len(bucket):
        return bucket, text
    change = np.concatenate([[True], bucket[1:] != bucket[:-1], [True]])
    kept = ~(change[:-1] & change[1:])
    return bucket[kept], text[kept]


def _distinct_pairs(older: Ints, younger: Ints, count: int) -> tuple[Ints, Ints]:
    keys = distinct(older * count + younger)
    return keys // count, keys % count


def _resembling(
    older: Ints, younger: Ints, signatures: npt.NDArray[np.uint32], grams: Words, offsets: Ints, place: Ints
) -> tuple[Ints, Ints]:
    """The pairs with Jaccard >= 0.8. Set sizes and MinHash agreement rule out most before the sets are intersected. `place`: where in
    `offsets` a text stands."""
    kept: list[npt.NDArray[np.bool_]] = [np.empty(0, np.bool_)]
    for x, y in _chunks(older, younger):
        a, b = place[x], place[y]
        size_a, size_b = offsets[a + 1] - offsets[a], offsets[b + 1] - offsets[b]
        like = np.minimum(size_a, size_b) >= JACCARD * np.maximum(size_a, size_b)
        like[like] = (signatures[x[like]] == signatures[y[like]]).sum(axis=1) >= _AGREEING
        common = _common(a[like], b[like], grams, offsets)
        like[like] = common >= JACCARD * (size_a[like] + size_b[like] - common)
        kept.append(like)
    matched = np.concatenate(kept)
    return older[matched], younger[matched]


def _chunks(older: Ints, younger: Ints) -> Iterator[tuple[Ints, Ints]]:
    for first in range(0, len(older), _CHUNK_PAIRS):
        yield older[first : first + _CHUNK_PAIRS], younger[first : first + _CHUNK_PAIRS]


def _common(a: Ints, b: Ints, grams: Words, offsets: Ints) -> Ints:
    """How many 5-grams the texts a[k] and b[k] have in common: equal neighbours after sorting both sets of a pair together."""
    keys = np.concatenate([_numbered(side, grams, offsets) for side in (a, b)])
    keys.sort()
    equal = keys[1:][keys[1:] == keys[:-1]]
    return np.bincount((equal >> np.uint64(_GRAM_BITS)).astype(np.int64), minlength=len(a)).astype(np.int64)


def _numbered(side: Ints, grams: Words, offsets: Ints) -> Words:
    sizes = offsets[side + 1] - offsets[side]
    pair = np.repeat(np.arange(len(side)), sizes)
    at = np.arange(len(pair)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(offsets[side], sizes)
    return np.asarray((pair.astype(np.uint64) << np.uint64(_GRAM_BITS)) | grams[at], np.uint64)
