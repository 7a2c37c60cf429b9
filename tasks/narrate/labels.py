"""A name a reader understands: the terms that set a narrative apart from the others.

Class-based TF-IDF (Grootendorst 2022): a term's count in the narrative, times log(1 + mean narrative size / its count in all of them).
Words become the phrases that the narrative's own texts make of them, written as they are there. Character pairs of scripts without
spaces are no words; they are put together again from the same texts.
"""

import re
from collections import Counter

import numpy as np
from scipy import sparse

from tasks.narrate.phrases import Phrases, says_what_is_done
from tasks.narrate.stopwords import CHINESE, CHINESE_PARTICLES, NO_NAMES
from tasks.narrate.terms import simplified

LABEL_TERMS = 3
HELD = 0.05  # of the texts given: what a term must stand in, whole; the best one alone may stand in fewer
# Beside a whole phrase of most texts, a turn of phrase of a tenth of them ("south bank forget") misleads; a single word, as a hurricane's
# name, is told by what stands beside it.
MOST, BESIDE_PHRASE, BESIDE_WORD = 0.6, 0.5, 0.12
_HASHTAG = 6  # letters from which a word within another, without its spaces, is that word and no chance
_CANDIDATES = 12  # readable terms among which the label is chosen
_PHRASE_TEXTS = 80  # of a narrative; more cost time and change no phrase
MIN_FAMILIES = 2  # a term of one family among several names that text, not the narrative
_REMAINS = re.compile(r"https?|htt|www|com|org|net|co|ly|html?|php|utm\w*|\W*\d[\d\W_]*")  # of links, and numbers
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]+")
_SILENT = re.compile(r"['’\u200b-\u200f\u2060\ufeff]")
_LONGEST = 8  # characters of a word put together
_BESIDE = frozenset(
    "的了是在和与也都就而及把被吗呢吧啊呀使对"
)  # beside these a phrase ends; others, as in 睡不着 or 什么, are parts of words
_NO_HEAD, _NO_TAIL = frozenset("却还那这张座又让从为向因"), frozenset("却还那这张座又让从为向因比")
_ABSORBED = 0.6  # a piece is part of a longer one that occurs at least this often


def class_scores(counts: sparse.csr_array, cluster: np.ndarray, mass: np.ndarray, clusters: int) -> sparse.csr_array:
    """Score of every term (column) for every cluster (row). `counts` rows are families, `mass` their posts, `cluster` -1 = none.

    A family counts with the logarithm of its posts: one text passed on 200 times would otherwise name the narrative. In a narrative of
    at least `2 * MIN_FAMILIES` posted families a term must occur in `MIN_FAMILIES` of them.
    """
    inside = np.flatnonzero((cluster >= 0) & (mass > 0))
    present = sparse.csr_array((np.ones(len(counts.data)), counts.indices, counts.indptr), shape=counts.shape)
    ones = sparse.csr_array((np.ones(len(inside)), (cluster[inside], inside)), shape=(clusters, counts.shape[0]))
    held = (ones @ present).tocsr()
    several = np.bincount(cluster[inside], minlength=clusters) >= 2 * MIN_FAMILIES
    rows = np.repeat(np.arange(clusters), np.diff(held.indptr))
    kept = sparse.csr_array(
        (((held.data >= MIN_FAMILIES) | ~several[rows]).astype(float), held.indices, held.indptr), shape=held.shape
    )
    grouped = sparse.csr_array((np.log1p(mass[inside]), (cluster[inside], inside)), shape=(clusters, counts.shape[0]))
    scores = sparse.csr_array((grouped @ present).multiply(kept))
    scores.eliminate_zeros()
    total = np.asarray(scores.sum(axis=0)).ravel()
    mean_size = total.sum() / max(clusters, 1)
    scores.data = scores.data * np.log1p(mean_size / np.maximum(total[scores.indices], 1))
    return sparse.csr_array(scores)


def label(scores: sparse.csr_array, row: int, vocabulary: np.ndarray, texts: list[str]) -> tuple[str, ...]:
    """At most `LABEL_TERMS` terms of one cluster, best first, as whole words and phrases that its texts share. `texts`: some of them.

    A term stands in at least `HELD` of the texts, and in half as many as the commonest if that is a phrase of most of them. Words
    that only say what is done ("keeps", "arrested") stand for a narrative that has no others.
    """
    part = slice(scores.indptr[row], scores.indptr[row + 1])
    columns, values = scores.indices[part], scores.data[part]
    order = np.lexsort((columns, -values))[:40]
    ranked = [str(vocabulary[columns[i]]) for i in order]
    spaced = {term for term in ranked if not _UNSPACED.fullmatch(term)}
    words = _words([simplified(text) for text in texts], {term for term in ranked if term not in spaced})
    phrases = Phrases(texts[:_PHRASE_TEXTS], spaced)
    candidates: list[str] = []
    for term in ranked:
        readable = _readable(term, words, phrases) if term in spaced or term in words else ""
        if readable and readable not in candidates:
            candidates.append(readable)
        if len(candidates) == _CANDIDATES:
            break
    return _shared(candidates, texts) or tuple(ranked[:1])


def _shared(candidates: list[str], texts: list[str]) -> tuple[str, ...]:
    """Of the candidates, best first, those that enough texts hold, none twice in other words."""
    held = share_held(candidates, texts)
    names = [term for term in candidates if not says_what_is_done(term.lower())] or candidates
    if not names:
        return ()
    most = max(names, key=lambda term: held[term])
    phrase = held[most] >= MOST and (" " in most or bool(_UNSPACED.search(most)))
    least = max(HELD, held[most] * (BESIDE_PHRASE if phrase else BESIDE_WORD))
    chosen: list[str] = []
    for term in [one for one in names if held[one] >= least] or names[:1]:
        if len(chosen) < LABEL_TERMS and not any(_same(term, other) for other in chosen):
            chosen.append(term)
    return tuple(chosen)


def share_held(terms: list[str], texts: list[str]) -> dict[str, float]:
    """For every term the share of the texts in which it stands whole: between signs that are no letters, where its script has spaces."""
    plain = [simplified(_SILENT.sub("", text)).lower() for text in texts]
    shares = {}
    for term in terms:
        sought = re.escape(simplified(_SILENT.sub("", term)).lower()).replace(r"\ ", r"[\W_]+")
        if not _UNSPACED.search(term):
            sought = rf"(?<![^\W_]){sought}(?![^\W_])"
        shares[term] = sum(re.search(sought, text) is not None for text in plain) / max(len(plain), 1)
    return shares


def _readable(term: str, words: dict[str, str], phrases: Phrases) -> str:
    """What stands for a term in print; empty for remains of links, numbers, and words that name nothing."""
    if term in words:
        return "" if words[term] in NO_NAMES else words[term]
    return "" if _REMAINS.fullmatch(term) or term in NO_NAMES else phrases.best(term) or term


def _words(texts: list[str], pairs: set[str]) -> dict[str, str]:
    """For every pair the word it belongs to: the longest piece of the texts that holds it, occurs nearly as often and is whole: with
    open neighbours on both sides (else it is cut out of a longer phrase). A pair without one is left out."""
    if not pairs:
        return {}
    runs = [run for text in texts for run in _UNSPACED.findall(text)]
    pieces: Counter[str] = Counter()
    for run in runs:
        pieces.update({run[i : i + n] for n in range(2, _LONGEST + 1) for i in range(len(run) - n + 1)})
    known = {
        pair: [p for p, count in pieces.items() if pair in p and count >= max(2, _ABSORBED * pieces[pair]) and _clean(p)]
        for pair in pairs
    }
    sides = _open_sides(runs, {piece for found in known.values() for piece in found})
    words = {}
    for pair, found in known.items():
        best = max(found, key=lambda p: (sides[p], len(p), pieces[p], p), default=pair)
        if sides[best] == 2:
            words[pair] = best
    return words


def _open_sides(runs: list[str], candidates: set[str]) -> Counter[str]:
    """On how many sides (0 to 2) each candidate stands beside nothing, a particle, or different characters."""
    beside: tuple[dict[str, str], dict[str, str]] = ({}, {})
    open_at: tuple[set[str], set[str]] = (set(), set())
    for run in runs:
        for start in range(len(run) - 1):
            for end in range(start + 2, min(start + _LONGEST, len(run)) + 1):
                piece = run[start:end]
                if piece not in candidates:
                    continue
                for side, sign in enumerate((run[start - 1 : start], run[end : end + 1])):
                    if not sign or sign in _BESIDE or beside[side].setdefault(piece, sign) != sign:
                        open_at[side].add(piece)
    return Counter([*open_at[0], *open_at[1]])


def _clean(piece: str) -> bool:
    inner = {piece[i : i + 2] for i in range(len(piece) - 1)}
    if piece[0] in _NO_HEAD or piece[-1] in _NO_TAIL:
        return False
    return not CHINESE_PARTICLES & set(piece) and not (inner & CHINESE and len(piece) > 2)


def _same(term: str, other: str) -> bool:
    """One holds the other, or all words of the shorter, or (without spaces) they share half of the shorter one's character pairs."""
    term, other = term.lower(), other.lower()
    if term in other or other in term:
        return True
    shorter, longer = sorted((term.replace(" ", ""), other.replace(" ", "")), key=len)
    if shorter == longer or (len(shorter) >= _HASHTAG and shorter in longer):  # LakeOrlin, Lake Orlin council
        return True
    if not _UNSPACED.fullmatch(term) or not _UNSPACED.fullmatch(other):
        return bool(set(term.split()) & set(other.split()) - NO_NAMES)
    first, second = ({piece[i : i + 2] for i in range(len(piece) - 1)} for piece in (term, other))
    return 2 * len(first & second) >= min(len(first), len(second))
