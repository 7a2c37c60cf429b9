"""The text of a composed page in passages: a paragraph, a cell, an alternative text, a label of a chart, each with its place."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from xml.etree import ElementTree

TABLES = ("tr", "table", "thead", "tbody", "tfoot", "td", "th", "caption")
BLOCKS = frozenset(
    (
        *TABLES,
        "p",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "figcaption",
        "title",
        "blockquote",
        "div",
        "section",
        "dt",
        "dd",
        "ul",
        "ol",
        "dl",
        "figure",
        "br",
    )
)
UNSPOKEN = frozenset(("style", "script"))
TICKS = re.compile(r"^[xy]tick_\d+$|^matplotlib\.axis_\d+$")  # round numbers of a scale, chosen by the chart's library
TEXT = "{http://www.w3.org/2000/svg}text"


@dataclass(frozen=True)
class Passage:
    where: str  # the heading it stands under and what it is
    text: str
    foreign: bool = False  # a post's own words


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Passage] = []
        self.heading, self.tags, self.said = "the head", [""], ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag in BLOCKS:
            self._end()
        if tag == "sup":
            self.said += " "  # a mark of a note is no digit of the number before it
        if tag == "img":
            self.found.append(Passage(f"the alternative text under “{self.heading}”", told.get("alt") or ""))
        elif tag not in {"meta", "link", "br"}:
            self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self._end()
        if tag in self.tags:
            while self.tags.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not UNSPOKEN.intersection(self.tags):
            self.said += data

    def _end(self) -> None:
        text, self.said = " ".join(self.said.split()), ""
        if not text:
            return
        tag = next((tag for tag in reversed(self.tags) if tag in BLOCKS), "")
        if tag in {"h1", "h2", "h3", "h4"}:
            self.heading = text
        self.found.append(Passage(f"“{self.heading}”", text, "blockquote" in self.tags))


def passages(html: str, figures: Mapping[str, str]) -> Iterator[Passage]:
    """All of them, in reading order, charts last. The ticks of a chart's scales are left out: they are no statement."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    yield from reader.found
    for key, svg in figures.items():
        for text in _labels(ElementTree.fromstring(svg)):  # noqa: S314  # our own charts
            yield Passage(f"the chart {key}", text)


def _labels(element: ElementTree.Element) -> Iterator[str]:
    if TICKS.match(element.get("id", "")):
        return
    if element.tag == TEXT:
        yield " ".join("".join(element.itertext()).split())
        return
    for below in element:
        yield from _labels(below)
