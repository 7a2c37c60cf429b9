"""What an analyst wrote about one period: words beside the measures, never a part of them."""

import hashlib
import re
from typing import Literal

from pydantic import Field

from tasks.domain.campaign import Tlp
from tasks.domain.errors import UsageProblem
from tasks.domain.printable import printable
from tasks.domain.records import Record
from tasks.domain.strict_yaml import load_record, read_mapping

MOST_CHARACTERS = 3_000  # with its box about two thirds of a page: more would push the measures off page 2
MOST_BYTES = 4 * MOST_CHARACTERS + 1_000  # in UTF-8, with the head
MOST_BLOCKS = 60  # paragraphs and list items: as many lines as a page has

_ITEM = re.compile(r"(?:(?P<bullet>[-*+])|\d{1,3}[.)])[ \t]+(?=\S)")


class NoteHead(Record):
    """The keys between two lines of `---` at the top of the file; each may be left out."""

    by: str = Field(default="", max_length=100)
    tlp: Tlp = "AMBER"
    lang: str = Field(default="en", pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,2}$")


class NoteBlock(Record):
    """`text` is one line, cleaned for print; **bold** and *italic* stand in it as written."""

    kind: Literal["paragraph", "bullet", "number"]
    text: str


class AnalystNote(Record):
    """Not derived from data: no number in it is a measure, none is held against one, and none may serve to prove one."""

    by: str  # empty = not named
    tlp: Tlp  # a rendition under a lower label does not hold the note
    lang: str
    sha256: str  # of the file as it was read
    blocks: tuple[NoteBlock, ...]


def parse_note(data: bytes, name: str) -> AnalystNote | None:
    """The note in the bytes of a Markdown file; None where it holds no words. `name` is used in messages.

    Paragraphs, **bold**, *italic* and lists are known; anything else, HTML and links too, is printed as it was typed, made harmless.
    Raises UsageProblem for bytes that are not UTF-8, a head that is not sound (with the line), or a note that is too long.
    """
    if len(data) > MOST_BYTES:
        raise _too_long(name, f"{len(data):,} bytes; {MOST_BYTES:,} are the limit")
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UsageProblem(f"{name} is not UTF-8 at byte {error.start}.", remedy="Save it as UTF-8.") from error
    head, body = _head(lines, name)
    if (long := sum(map(len, body))) > MOST_CHARACTERS:
        raise _too_long(name, f"{long:,} characters; {MOST_CHARACTERS:,} are the limit")
    blocks = _blocks(body)
    if len(blocks) > MOST_BLOCKS:
        raise _too_long(name, f"{len(blocks)} paragraphs and list items; {MOST_BLOCKS} are the limit")
    if not blocks:
        return None
    by, _ = printable(head.by)
    return AnalystNote(by=by, tlp=head.tlp, lang=head.lang, sha256=hashlib.sha256(data).hexdigest(), blocks=tuple(blocks))


def _too_long(name: str, what: str) -> UsageProblem:
    return UsageProblem(
        f"The analyst's note {name} has {what}.",
        remedy="Shorten it to what a reader of page 2 needs; longer texts belong beside the briefing.",
    )


def _head(lines: list[str], name: str) -> tuple[NoteHead, list[str]]:
    if not lines or lines[0].strip() != "---":
        return NoteHead(), lines
    end = next((i for i, line in enumerate(lines[1:], 1) if line.strip() == "---"), None)
    if end is None:
        raise UsageProblem(
            f"{name}, line 1: the head that begins with --- has no end.",
            remedy="Close it with a second line of ---, or leave both out.",
        )
    stated = "\n".join(["", *lines[1:end]])  # the empty line keeps the numbers of lines
    if not any(line.strip() and not line.lstrip().startswith("#") for line in lines[1:end]):
        return NoteHead(), lines[end + 1 :]
    return load_record(NoteHead, read_mapping(stated.encode(), name), name), lines[end + 1 :]


def _blocks(lines: list[str]) -> list[NoteBlock]:
    """Lines that follow one another are one paragraph or item, as in Markdown."""
    found: list[tuple[Literal["paragraph", "bullet", "number"], list[str]]] = []
    apart = True
    for line in map(str.strip, lines):
        if not line:
            apart = True
        elif item := _ITEM.match(line):
            found.append(("bullet" if item["bullet"] else "number", [line[item.end() :]]))
            apart = False
        elif apart or not found:
            found.append(("paragraph", [line]))
            apart = False
        else:
            found[-1][1].append(line)
    return [NoteBlock(kind=kind, text=printable(" ".join(said), limit=MOST_CHARACTERS * 2)[0]) for kind, said in found]
