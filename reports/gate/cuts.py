"""Tables of which only the first rows are printed: what the caption says of them is counted in print.

How many rows there is room for is no fact, so that number resolves to the rows themselves; of how many they are the first is a fact.
"""

import re
from html.parser import HTMLParser

from reports.gate.violations import Violation

RULE = "cut table"
SAID = re.compile(r"\bthe (?:first|last|latest|largest|smallest) ([\d,]+) of (?=[\d,]+)", re.IGNORECASE)
EXHIBITS = re.compile(r"^([\d,]+) of (?=[\d,]+ text famil)")


class _Counted(HTMLParser):
    """(what is said, rows) of every table with a caption, and of every paragraph that leads to exhibits, up to the next heading."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[tuple[str, int]] = []
        self.leads: list[tuple[str, int]] = []
        self._tag, self._said, self._body = "", "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = dict(attrs).get("class") or ""
        if tag == "caption" or (tag == "p" and kind == "lead"):
            self._tag, self._said = tag, ""
        elif tag == "tbody":
            self._body = True
        elif tag == "tr" and self._body and self.tables:
            self.tables[-1] = (self.tables[-1][0], self.tables[-1][1] + 1)
        elif tag == "div" and kind == "exhibit" and self.leads:
            self.leads[-1] = (self.leads[-1][0], self.leads[-1][1] + 1)
        elif tag in ("h2", "h3"):
            self.leads.append(("", 0))

    def handle_endtag(self, tag: str) -> None:
        if tag == "tbody":
            self._body = False
        if tag != self._tag:
            return
        said, self._tag = " ".join(self._said.split()), ""
        if tag == "caption":
            self.tables.append((said, 0))
        else:
            self.leads.append((said, 0))

    def handle_data(self, data: str) -> None:
        if self._tag:
            self._said += data


def cut_short(html: str) -> tuple[list[str], list[Violation]]:
    """The phrases ("the first 10 of") that the rows in print bear out, and those that they do not."""
    counted = _Counted()
    counted.feed(html)
    counted.close()
    said = [(caption, found, rows) for caption, rows in counted.tables if (found := SAID.search(caption))]
    said += [(lead, found, shown) for lead, shown in counted.leads if (found := EXHIBITS.search(lead))]
    broken = [
        Violation(RULE, "a caption", found[1], f"{text} [{rows:,} are printed]")
        for text, found, rows in said
        if int(found[1].replace(",", "")) != rows
    ]
    return [found[0].strip() for _, found, rows in said if int(found[1].replace(",", "")) == rows], broken
