"""A name a reader understands: the terms that set a narrative apart from the others.

Class-based TF-IDF (Grootendorst 2022): a term's count in the narrative, times log(1 + mean narrative size / its count in all of them).
Character pairs of scripts without spaces are no words; they are put together again from the narrative's own texts.
"""

import re
from collections import Counter

import numpy as np
from scipy import sparse

from tasks.narrate.stopwords import CHINESE, CHINESE_PARTICLES
from tasks.narrate.terms import simplified

LABEL_TERMS = 5
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]+")
_LONGEST = 6  # characters of a word put together
_ABSORBED = 0.6  # a piece is part of a longer one that occurs at least this often


def class_scores(counts: sparse.csr_array, cluster: np.ndarray, mass: np.ndarray, clusters: int) -> sparse.csr_array:
    """Score of every term (column) for every cluster (row). `counts` rows are families, `mass` their posts, `cluster` -1 = none."""
    inside = np.flatnonzero(cluster >= 0)
    present = sparse.csr_array((np.ones(len(counts.data)), counts.indices, counts.indptr), shape=counts.shape)
    grouped = sparse.csr_array((mass[inside].astype(float), (cluster[inside], inside)), shape=(clusters, counts.shape[0]))
    scores = (grouped @ present).tocsr()
    total = np.asarray(scores.sum(axis=0)).ravel()
    mean_size = total.sum() / max(clusters, 1)
    scores.data = scores.data * np.log1p(mean_size / np.maximum(total[scores.indices], 1))
    return scores


def label(scores: sparse.csr_array, row: int, vocabulary: np.ndarray, texts: list[str]) -> tuple[str, ...]:
    """The best `LABEL_TERMS` terms of one cluster. `texts`: some of its texts, from which words of unspaced scripts are taken."""
    part = slice(scores.indptr[row], scores.indptr[row + 1])
    columns, values = scores.indices[part], scores.data[part]
    order = np.lexsort((columns, -values))[:40]
    ranked = [str(vocabulary[columns[i]]) for i in order]
    words = _words([simplified(text) for text in texts], {term for term in ranked if _UNSPACED.fullmatch(term)})
    chosen: list[str] = []
    for term in ranked:
        readable = words.get(term, "") if _UNSPACED.fullmatch(term) else term
        if readable and not any(_same(readable, other) for other in chosen):
            chosen.append(readable)
        if len(chosen) == LABEL_TERMS:
            break
    return tuple(chosen)


def _words(texts: list[str], pairs: set[str]) -> dict[str, str]:
    """For every pair the word it belongs to: the longest piece of the texts that holds it and occurs nearly as often."""
    if not pairs:
        return {}
    pieces: Counter[str] = Counter()
    for text in texts:
        for run in _UNSPACED.findall(text):
            pieces.update({run[i : i + n] for n in range(2, _LONGEST + 1) for i in range(len(run) - n + 1)})
    words = {}
    for pair in pairs:
        known = [p for p, count in pieces.items() if pair in p and count >= max(2, _ABSORBED * pieces[pair]) and _clean(p)]
        words[pair] = max(known, key=lambda p: (len(p), pieces[p], p), default=pair)
    return words


def _clean(piece: str) -> bool:
    inner = {piece[i : i + 2] for i in range(len(piece) - 1)}
    return not CHINESE_PARTICLES & set(piece) and not (inner & CHINESE and len(piece) > 2)


def _same(term: str, other: str) -> bool:
    """One holds the other, or (without spaces) they share half of the shorter one's character pairs."""
    if term in other or other in term:
        return True
    if not _UNSPACED.fullmatch(term) or not _UNSPACED.fullmatch(other):
        return False
    first, second = ({piece[i : i + 2] for i in range(len(piece) - 1)} for piece in (term, other))
    return 2 * len(first & second) >= min(len(first), len(second))
