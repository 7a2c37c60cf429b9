"""Texts that share a band, and which of them is next: the order in which near-duplicates are decided, at a cost that follows the decisions.

Going through all undecided texts again in every wave took 48 of 56 s for 590,000 posts of one campaign: waves are many (1,500) where
variants of a text follow each other, and each decides few.
"""

import numpy as np
import numpy.typing as npt

from tasks.domain.distinct import distinct

Ints = npt.NDArray[np.int64]

_STEPS = 8  # a bucket's next undecided text is mostly near; further ones are looked for all at once


class Buckets:
    """Buckets of at least two texts, each in order of age, and the first undecided text (head) of each.

    `undecided` belongs to the caller, who sets it to False for what is decided and then calls `advance`.
    """

    def __init__(self, bucket: Ints, text: Ints, texts: int) -> None:
        """`bucket`, `text`: one entry a text in a bucket, sorted by bucket and age; `texts`: how many there are."""
        self.text = text
        self.undecided = np.ones(texts, np.bool_)
        new = np.concatenate([np.ones(min(len(bucket), 1), np.bool_), bucket[1:] != bucket[:-1]])
        self.start = np.flatnonzero(new)
        self.end = np.append(self.start[1:], len(text))
        self._head = self.start.copy()
        self._bucket_of = np.cumsum(new) - 1
        self._by_text = np.argsort(text, kind="stable")
        self._of_text = np.bincount(text, minlength=texts)
        self._offset = np.cumsum(self._of_text) - self._of_text
        self._headed = np.zeros(texts, np.int64)  # in how many of its buckets a text is the head

    def ready(self, moved: Ints) -> Ints:
        """The texts, sorted, that are now the head of all their buckets; `moved`: buckets with a new head."""
        heads = self.text[self._head[moved]]
        np.add.at(self._headed, heads, 1)
        heads = distinct(heads)
        return np.asarray(heads[self._headed[heads] == self._of_text[heads]], np.int64)

    def younger(self, founders: Ints) -> tuple[Ints, Ints]:
        """(founder, undecided text behind it in one of its buckets), a pair as often as they share a bucket."""
        older, buckets = self._buckets(founders)
        first = self._head[buckets] + 1
        at, pair = _ranges(first, self.end[buckets])
        younger = self.text[at]
        open_ = self.undecided[younger]
        return older[pair][open_], younger[open_]

    def advance(self, decided: Ints) -> Ints:
        """Move the heads that were decided; the buckets that have a new one. Buckets without an undecided text are done."""
        buckets = distinct(self._buckets(decided)[1])
        buckets = buckets[self._head[buckets] < self.end[buckets]]
        buckets = buckets[~self.undecided[self.text[self._head[buckets]]]]
        moved, head = [buckets[:0]], self._head
        for _ in range(_STEPS):
            head[buckets] += 1
            buckets = buckets[head[buckets] < self.end[buckets]]
            here = self.undecided[self.text[head[buckets]]]
            moved.append(buckets[here])
            buckets = buckets[~here]
        if len(buckets):
            moved.append(self._search(buckets))
        return np.concatenate(moved)

    def _search(self, buckets: Ints) -> Ints:
        """Set the heads of `buckets` to their first undecided text; those that have one."""
        at, which = _ranges(self._head[buckets], self.end[buckets])
        open_ = self.undecided[self.text[at]]
        which, first = np.unique(which[open_], return_index=True)
        self._head[buckets] = self.end[buckets]
        self._head[buckets[which]] = at[open_][first]
        return np.asarray(buckets[which], np.int64)

    def _buckets(self, texts: Ints) -> tuple[Ints, Ints]:
        """(text, bucket) for every bucket of `texts`."""
        at, which = _ranges(self._offset[texts], self._offset[texts] + self._of_text[texts])
        return texts[which], self._bucket_of[self._by_text[at]]


def _ranges(first: Ints, end: Ints) -> tuple[Ints, Ints]:
    """All positions of [first[k], end[k]) one after the other, and the k of each."""
    sizes = end - first
    which = np.repeat(np.arange(len(first)), sizes)
    return np.arange(len(which)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(first, sizes), which
