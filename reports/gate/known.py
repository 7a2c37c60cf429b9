"""What a number in print may be: every way a value of facts.json is written, and nothing else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from reports.formats import count, number, p_value, percent
from reports.gate.tokens import NUMBER, tokens

# sentences composed from other values: a number in them is looked up, not taken for granted. Reasons why a value could not be measured
# and notes of checks are the value itself; what changed quotes the briefing before, whose values stand in its own facts.json.
COMPOSED = re.compile(r"^/(judgements/(bottom_line|items)/|limits/|left_out/)")
DAY = re.compile(r"(?<![\d-])\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)")
CLOCK = re.compile(r"[T ]([01]\d:[0-5]\d)")
DRAWN = re.compile(
    r"^/coordination/network/(nodes/|edges/|links/|discs/-/[xy]$)"
)  # points and lines of a figure: no number of theirs is written out
HEX = re.compile(r"[0-9a-f]{12,}")
MOST_SHOWN = 30
SHORTEST = 6  # digits of an id or hash that is printed cut


@dataclass
class Known:
    """Keys by kind, as reports.gate.tokens makes them."""

    words: set[str] = field(default_factory=set)
    dates: set[str] = field(default_factory=set)
    times: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    percents: set[str] = field(default_factory=set)
    rests: set[str] = field(default_factory=set)  # how many of a list are not shown

    def add(self, value: Any, pointer: str = "") -> None:
        """Take in a value of parsed facts.json with everything below it; `pointer` is where it stands."""
        if isinstance(value, dict):
            for key, below in value.items():
                self.text(key)  # ids that serve as keys
                self.add(below, f"{pointer}/{key}")
            if value.keys() >= {"part", "whole"} and value["whole"]:
                self.add_share(value["part"] / value["whole"])
        elif isinstance(value, list):
            self._number(len(value))
            self.rests |= {str(len(value) - shown) for shown in range(1, min(len(value), MOST_SHOWN))}
            for below in value:
                self.add(below, f"{pointer}/-")
        elif isinstance(value, str):
            if not COMPOSED.match(pointer):
                self.text(value)
        elif value is not None and not isinstance(value, bool) and not DRAWN.match(pointer):
            self._number(value)

    def _number(self, value: float) -> None:
        self.numbers |= set(_bare(count(value) if isinstance(value, int) else number(value)))
        if isinstance(value, int):
            self.numbers.add(str(abs(value)))
            self.percents.add(str(value))  # a range of a likelihood is kept in per cent
            return
        size = abs(value)
        self.numbers |= {f"{size:.{digits}f}" for digits in range(4)} | {f"{size:,.0f}", f"{size:,.1f}"}
        self.numbers |= set(_bare(p_value(size)))
        self.add_share(size)

    def add_share(self, share: float) -> None:
        """Take in a share of 1, printed in per cent."""
        self.percents |= {*_bare(percent(share)), f"{100 * share:.0f}", f"{100 * share:.1f}", f"{100 * share:,.0f}"}

    def text(self, text: str) -> None:
        """Take in a name, an id, a date or a sentence that is data: what bears a digit in it may be printed as it stands."""
        for match in DAY.finditer(text):
            day = date.fromisoformat(match[0])
            self._date(day)
            if moment := CLOCK.match(text, match.end()):
                self.times.add(moment[1])
                self._date(day - timedelta(days=1))  # the last day inside, where it is an end
        for token in tokens(text):
            getattr(self, {"date": "dates", "time": "times"}.get(token.kind, "words")).add(token.key)
            parts = token.key.split("/")  # of an address or a post's id: each part, and what follows the platform
            self.words |= {*parts, "/".join(parts[1:])}
            if token.kind == "word" and HEX.fullmatch(token.text):
                self.words |= {token.text[:length] for length in range(SHORTEST, 17)}

    def _date(self, day: date) -> None:
        self.dates |= {f"{day:%Y-%m-%d}", f"{day:%m-%d}"}
        self.numbers.add(f"{day.year}")
        self.words.add(f"{day:%Y-%m-%d}")


def _bare(text: str) -> Iterator[str]:
    return (match[0] for match in NUMBER.finditer(text))
