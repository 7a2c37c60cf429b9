"""Content blocks that stand between facts and templates: tables, figures, passages.

Everything in them is already formatted. Templates place them and decide nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from reports.formats import dated, direction, lang_attribute, language, number, platform, short_date
from tasks.domain.measures import NotMeasurable
from tasks.domain.narratives import Quote

T = TypeVar("T")
LONG_WORD = 22
SHORT_TABLE = 4
TIGHT = 14
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Cell:
    """One table cell; `unknown` cells are set apart, and `note` is the letter of their reason below the table."""

    text: str
    unknown: bool = False
    note: str = ""
    heading: bool = False  # a row's own heading
    numeric: bool = False
    strong: bool = False

    @property
    def breaks(self) -> bool:
        """Whether a word is so long that it may have to be broken anywhere; others keep their words whole."""
        return any(len(word) > LONG_WORD for word in self.text.split())

    @property
    def tight(self) -> bool:
        """Short enough to stay on one line: a date, a word."""
        return len(self.text) <= TIGHT


@dataclass(frozen=True)
class Column:
    title: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """`notes` are (letter, reason) pairs of the cells that could not be measured. The first cell of a row is its heading."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[tuple[str, str], ...] = ()
    total: tuple[Cell, ...] = ()
    fit: bool = False  # as wide as its content, so that numbers stand beside their labels

    @property
    def printed(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows with as few marks as tell the reasons apart: none where there is one reason, else one a row and reason."""
        letters = {letter for letter, _ in self.notes if letter}
        return tuple(
            _marked_once(cells) if len(letters) > 1 else tuple(replace(cell, note="") for cell in cells) for cells in self.rows
        )

    @property
    def printed_notes(self) -> tuple[tuple[str, str], ...]:
        """The notes; a single reason has no letter and begins with the word that its cells carry."""
        letters = {letter for letter, _ in self.notes if letter}
        if len(letters) != 1:
            return self.notes
        words = dict.fromkeys(cell.text for cells in self.rows for cell in cells if cell.note)
        return tuple(("", f"{next(iter(words))}: {reason}" if letter else reason) for letter, reason in self.notes)

    @property
    def headed(self) -> bool:
        """Whether the first cell of a row is marked up as its head. In a table of two columns or of one row the heads would outnumber
        the data: there the column heads say all, and a screen reader that read each row's head out before its one value would say it
        twice.
        """
        rows = len(self.rows) + bool(self.total)
        return len(self.columns) + rows <= (len(self.columns) - 1) * rows

    @property
    def short(self) -> bool:
        """Short enough to be kept on one page."""
        return len(self.rows) <= SHORT_TABLE


def _marked_once(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    seen: set[str] = set()
    marked = []
    for cell in cells:
        marked.append(replace(cell, note="") if cell.note in seen else cell)
        seen.add(cell.note)
    return tuple(marked)


@dataclass(frozen=True)
class Figure:
    """A chart: `svg` is our own output, `alt` states the finding, `title` is its headline, `source` says what was counted.
    Without data `svg` is empty and `absent` says why in one sentence."""

    key: str
    title: str
    svg: str = ""
    alt: str = ""
    source: str = ""
    absent: str = ""


@dataclass(frozen=True)
class Passage:
    """A post's own words, to be printed in its own language and direction."""

    text: str
    lang: str
    direction: str
    source: str
    shortened: bool


@dataclass
class Notes:
    """Collects the reasons of one table: equal reasons share one letter. `names`: what ids in them are called."""

    names: Mapping[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def letter(self, reason: str) -> str:
        reason = dated(reason.rstrip(". "))
        for key, name in self.names.items():
            reason = reason.replace(key, name)
        if reason not in self.reasons:
            self.reasons.append(reason)
        position = self.reasons.index(reason)
        return LETTERS[position % 26] * (position // 26 + 1)

    def cell(self, value: T | NotMeasurable, write: Callable[[T], str]) -> Cell:
        """The written value, or what kind of unknown it is with the letter of its reason."""
        if isinstance(value, NotMeasurable):
            return Cell(kind_of_unknown(value.reason), unknown=True, note=self.letter(value.reason), numeric=True)
        return Cell(write(value), numeric=True)

    def number(self, value: float | NotMeasurable) -> Cell:
        return self.cell(value, number)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple((self.letter(reason), reason) for reason in list(self.reasons))


def kind_of_unknown(reason: str) -> str:
    """The short word for a cell; the whole reason stands below the table."""
    words = {
        "not observed": "not observed",
        "unknown": "unknown",
        "not known whether": "unknown",
        "right-censored": "not yet",
        "never fell": "never fell",
        "never_fell": "never fell",
    }
    for sign, word in words.items():
        if sign in reason:
            return word
    return "not measurable"


def head(text: str) -> Cell:
    return Cell(text, heading=True)


def text_cell(text: str) -> Cell:
    return Cell(text)


def number_cell(text: str) -> Cell:
    return Cell(text, numeric=True)


def passage(quote: Quote) -> Passage:
    post = f", post {quote.post_id}" if quote.post_id else ""  # a rendition may not hold it
    source = f"{platform(quote.platform)}, {short_date(quote.posted_at)}{post}, {language(quote.lang)}"
    return Passage(quote.text, lang_attribute(quote.lang), direction(quote.text), source, quote.shortened)
