"""The numbers in a text: each with what it counts as, so that it can be looked up.

A word that bears a digit is read whole first (`2023-W44`, `p-100482`, `@name_17`), as names and ids are; what is left is dates, times and
numbers. Ranges (`48–80`, `3 to 23 August 2017`) are two values.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reports.formats import MONTHS

Kind = Literal["word", "date", "time", "number", "percent"]
SHORT = {name[:3]: i for i, name in enumerate(MONTHS, start=1)}
_MONTH = "|".join(sorted((*MONTHS, *SHORT), key=len, reverse=True))
DATE = re.compile(rf"(?<![\w.,])(?:(\d{{1,2}})(?:–| to | and ))?(\d{{1,2}}) ({_MONTH})\b(?:,? (\d{{4}})(?!\d))?")
TIME = re.compile(r"(?<!\d)([01]\d|2[0-4]):([0-5]\d)(?!\d)")
WORD = re.compile(r"[^\s“”‘’«»\"();,⁨⁩‎‏]*\d[^\s“”‘’«»\"();⁨⁩‎‏]*")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[−-]?\d+)?")
EDGES = ".,:;!?…'’‘”“)(]["
PER_CENT = re.compile(r"^(?:[–−-]| to | and )?[\d.,]*\s?%")


@dataclass(frozen=True)
class Token:
    """`text` as printed; `key` as it is looked up: a date is `2023-08-29` or, without its year, `08-29`."""

    kind: Kind
    text: str
    key: str
    at: int


def tokens(text: str) -> Iterator[Token]:
    """Every number of `text` in order; words that bear digits come as one token and hold their numbers in `text`."""
    taken: list[tuple[int, int]] = []
    for match in DATE.finditer(text):
        taken.append(match.span())
        for day in filter(None, match.group(1, 2)):
            month = SHORT[match[3][:3]]
            key = f"{month:02d}-{int(day):02d}"
            yield Token("date", match[0], f"{match[4]}-{key}" if match[4] else key, match.start())
    for match in TIME.finditer(text):
        taken.append(match.span())
        yield Token("time", match[0], match[0], match.start())
    blanked = _blanked(text, taken)
    for match in WORD.finditer(blanked):
        word = match[0].strip(EDGES)
        if word:
            yield Token("word", word, word, match.start())


def numbers(word: str, rest: str) -> Iterator[Token]:
    """The numbers inside a word that is no name; `rest` is the text after it, which tells a percentage."""
    for match in NUMBER.finditer(word):
        bare = match[0].rstrip(",.")
        after = (word[match.end() :] + rest)[:24]
        yield Token("percent" if PER_CENT.match(after) else "number", bare, bare, match.start())


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    signs = list(text)
    for start, end in spans:
        signs[start:end] = " " * (end - start)
    return "".join(signs)
