"""The analyst's note of page 2: its paragraphs and lists, with bold and italic as runs of text; the template escapes all of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from reports.formats import direction, lang_attribute
from tasks.domain.notes import AnalystNote

# no run may hold its own mark: the search is linear, whatever was typed
_MARKED = re.compile(r"\*\*(?P<bold>[^*\s](?:[^*]*[^*\s])?)\*\*|(?<![\w*])\*(?P<italic>[^*\s](?:[^*]*[^*\s])?)\*(?!\w)")


@dataclass(frozen=True)
class Run:
    text: str
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True)
class Part:
    """Blocks of one kind that follow one another: paragraphs, or the items of one list."""

    kind: str
    items: tuple[tuple[Run, ...], ...]


@dataclass(frozen=True)
class Note:
    by: str
    tlp: str
    lang: str
    direction: str
    parts: tuple[Part, ...]


def note(record: AnalystNote | None) -> Note | None:
    """None where there is no note."""
    if record is None:
        return None
    parts = tuple(
        Part(kind, tuple(tuple(_runs(block.text)) for block in blocks))
        for kind, blocks in groupby(record.blocks, key=lambda block: block.kind)
    )
    words = "".join(block.text for block in record.blocks)
    return Note(record.by, f"TLP:{record.tlp}", lang_attribute(record.lang), direction(words), parts)


def _runs(text: str) -> Iterator[Run]:
    at = 0
    for found in _MARKED.finditer(text):
        if text[at : found.start()]:
            yield Run(text[at : found.start()])
        yield Run(found["bold"] or found["italic"], bold=bool(found["bold"]), italic=bool(found["italic"]))
        at = found.end()
    if text[at:]:
        yield Run(text[at:])
