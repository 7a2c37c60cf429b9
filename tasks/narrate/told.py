"""Numbers into words, and nothing but numbers that stand in facts.json.

Every number of a judgement passes through `Told`, which looks it up by JSON pointer, formats it and remembers the pointer.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from tasks.domain.measures import Estimate, Interval, NotMeasurable, Shared
from tasks.domain.platforms import platform_name
from tasks.domain.records import Record


def resolve(root: object, pointer: str) -> Any:
    """The value at a JSON pointer (RFC 6901) in records, mappings and sequences. Raises KeyError if there is none."""
    value = root
    for token in pointer.split("/")[1:]:
        value = _step(value, token.replace("~1", "/").replace("~0", "~"), pointer)
    return value


def _step(value: object, token: str, pointer: str) -> object:
    if isinstance(value, Record) and token in type(value).model_fields:
        return getattr(value, token)
    if isinstance(value, Mapping) and token in value:
        return value[token]
    if isinstance(value, (tuple, list)) and token.isdigit() and int(token) < len(value):
        return value[int(token)]
    raise KeyError(f"{pointer}: no {token!r}")


class Told:
    """Formats values of `root` (the parts of facts.json by name) and keeps the pointers it used, in order of first use."""

    def __init__(self, root: Mapping[str, object]) -> None:
        self._root = root
        self._refs: dict[str, None] = {}

    @property
    def refs(self) -> tuple[str, ...]:
        return tuple(self._refs)

    def value(self, pointer: str) -> Any:
        """The value itself; its pointer is kept."""
        found = resolve(self._root, pointer)
        self._refs[pointer] = None
        return found

    def count(self, pointer: str) -> str:
        """An integer with thousands separated: 1,234."""
        return f"{self.value(pointer):,}"

    def of(self, pointer: str) -> str:
        """A Shared as percentage with its counts: 12 % (30 of 250)."""
        shared: Shared = self.value(pointer)
        return f"{percent(shared.share)} ({shared.part:,} of {shared.whole:,})"

    def share(self, pointer: str) -> str:
        """A Shared or a ratio as percentage: 12 %."""
        found = self.value(pointer)
        return percent(found.share if isinstance(found, Shared) else found)

    def estimate(self, pointer: str) -> str:
        """An Estimate of a ratio as percentage with its interval: 42 % (30 % to 55 %)."""
        found: Estimate = self.value(pointer)
        if isinstance(found.interval, NotMeasurable):
            return percent(found.value)
        return f"{percent(found.value)} ({_span(found.interval)})"

    def day(self, pointer: str) -> str:
        """A date as 29 August 2023."""
        found: date | datetime = self.value(pointer)
        return f"{found.day} {found:%B %Y}"

    def span(self, start: str, end: str) -> str:
        """The days of [start, end): 29 August 2023, or 3 to 23 August 2017."""
        first, last = self.value(start), self.value(end) - timedelta(days=1)
        if first.date() == last.date():
            return self.day(start)
        same = (first.year, first.month) == (last.year, last.month)
        begun = f"{first.day}" if same else f"{first.day} {first:%B}" if first.year == last.year else f"{first.day} {first:%B %Y}"
        return f"{begun} to {last.day} {last:%B %Y}"

    def platform(self, pointer: str) -> str:
        """A platform by the name it has in print: YouTube."""
        return platform_name(str(self.value(pointer)))

    def text(self, pointer: str) -> str:
        """A text, or a tuple of terms joined by commas."""
        found = self.value(pointer)
        return ", ".join(found) if isinstance(found, tuple) else str(found)


def percent(ratio: float | None) -> str:
    """12 %; one decimal below 10 %; "under 0.1 %" for what would round to nothing."""
    if ratio is None:
        return "no share"
    value = 100 * ratio
    if 0 < value < 0.1:
        return "under 0.1 %"
    return f"{value:,.0f} %" if value >= 9.95 or value == 0 else f"{value:.1f} %"


def _span(interval: Interval) -> str:
    return f"{percent(interval.low)} to {percent(interval.high)}"
