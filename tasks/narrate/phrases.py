"""Whole names and phrases from a narrative's own texts, in scripts with spaces: `orlin` becomes "Lake Orlin council".

A phrase is the longest run of up to four words that holds the term, in at least 0.6 of the term's places, and is not cut out of a longer
one: on either side it stands at the end of a sentence, beside a stop word, or beside different words.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from tasks.narrate.stopwords import DOING, NAMES_LIKE_DOING, NO_NAMES

LONGEST, CONTENT = 4, 3  # words, and those among them that are no stop words
SHOUTED = 5  # letters from which a word in capitals is no abbreviation
MIN_PLACES = 3  # in fewer, a phrase may be one text passed on
ABSORBED = 0.6  # of the term's places that a phrase must hold
OPEN = 0.9  # a neighbour that stands beside a phrase in more of its places belongs to it
_LINKS = re.compile(r"https?://\S+|www\.\S+|\[url\]|@\w+|\brt\b", re.IGNORECASE)
_PARTS = re.compile(r"[.,;:!?…|()\[\]{}<>\"“”„«»،؛؟\n\t]+|\s[-–—]\s")
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_SILENT = re.compile(r"['’\u200b-\u200f\u2060\ufeff]")


@dataclass
class _Seen:
    places: int = 0
    written: Counter[str] = field(default_factory=Counter)  # how often written so, ten for a place that is not the head of a part
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)


class Phrases:
    """Phrases of some texts of one narrative around the terms that may name it."""

    def __init__(self, texts: list[str], terms: set[str]) -> None:
        self._seen: dict[tuple[str, ...], _Seen] = defaultdict(_Seen)
        self._holding: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for text in texts:
            for part in _PARTS.split(_LINKS.sub(" ", text)):
                self._read(_WORD.findall(part), terms)

    def best(self, term: str) -> str:
        """The phrase of `term`, or the word itself as it is mostly written; empty if the texts do not hold it."""
        alone = self._seen.get((term,))
        if alone is None:
            return ""
        least = max(MIN_PLACES, ABSORBED * alone.places)
        whole = [
            keys
            for keys in self._holding[term]
            if self._seen[keys].places >= least and _is_open(self._seen[keys]) and len(keys) > 1
        ]
        keys = max(whole, key=lambda one: (len(one), self._seen[one].places, one), default=(term,))
        written = self._seen[keys].written
        return " ".join(map(_calm, max(written, key=lambda one: (written[one], one)).split(" ")))

    def _read(self, words: list[str], terms: set[str]) -> None:
        keys = [_SILENT.sub("", word).lower() for word in words]
        ends = [key not in NO_NAMES and not key.isdigit() for key in keys]
        edges = [end and not says_what_is_done(key) for end, key in zip(ends, keys, strict=True)]
        wanted = [key in terms for key in keys]
        for start in range(len(keys)):
            for end in range(start + 1, min(start + LONGEST, len(keys)) + 1):
                alone = end == start + 1
                whole = ends[start] if alone else edges[start] and edges[end - 1]
                if whole and sum(ends[start:end]) <= CONTENT and any(wanted[start:end]):
                    self._note(words, keys, start, end, terms)

    def _note(self, words: list[str], keys: list[str], start: int, end: int, terms: set[str]) -> None:
        piece = tuple(keys[start:end])
        seen = self._seen[piece]
        seen.places += 1
        seen.written[" ".join(words[start:end])] += 10 if start else 1  # there a capital says little
        seen.before[keys[start - 1] if start and keys[start - 1] not in NO_NAMES else ""] += 1
        seen.after[keys[end] if end < len(keys) and keys[end] not in NO_NAMES else ""] += 1
        for key in set(piece) & terms:
            self._holding[key].add(piece)


def says_what_is_done(word: str) -> bool:
    """Whether an English word (lower case) is a verb's form rather than a name; by a list and by its ending."""
    return word in DOING or (len(word) >= 6 and word.endswith(("ing", "ed")) and word not in NAMES_LIKE_DOING)


def _calm(word: str) -> str:
    return word.capitalize() if word.isupper() and len(word) >= SHOUTED else word


def _is_open(seen: _Seen) -> bool:
    for side in (seen.before, seen.after):
        key, often = side.most_common(1)[0]
        if key and often > OPEN * seen.places:
            return False
    return True
