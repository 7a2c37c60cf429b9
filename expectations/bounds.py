"""Volume bounds of a source: below `min` the batch or briefing stops, above `max` it goes on with a warning.

The rule for moving them stands in bounds/README.md.
"""

import re
from collections.abc import Sequence
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable

from pydantic import Field, model_validator

from tasks.domain.errors import UsageProblem
from tasks.domain.records import Record
from tasks.domain.strict_yaml import load_record, read_mapping


class Span(Record):
    """Fewer than `min` aborts, more than `max` warns."""

    min: float = Field(ge=0)
    max: float = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> "Span":
        if self.min > self.max:
            raise ValueError(f"min {self.min:g} lies above max {self.max:g}")
        return self


class Refused(Record):
    """A table of a batch may lose the larger of `share` of its rows and `rows` rows to quarantine; beyond that the batch is blocked.
    `rows` keeps one bad row of a batch of ten from stopping it."""

    share: float = Field(ge=0, le=1)
    rows: int = Field(ge=0)


class BatchBounds(Record):
    rows: Span  # posts and accounts together
    posts: Span
    accounts: Span
    refused: Refused


class PeriodBounds(Record):
    posts_per_day: Span
    days_covered_share_min: float = Field(ge=0, le=1)


class Move(Record):
    """Why a bound has its value: every change adds one."""

    on: date
    change: str = Field(min_length=10)
    why: str = Field(min_length=10)


class Bounds(Record):
    source: str
    batch: BatchBounds
    period: PeriodBounds
    moves: tuple[Move, ...] = Field(min_length=1)


def parse_bounds(text: str, file: str) -> Bounds:
    """Read one file of bounds strictly. Raises UsageProblem naming `file` and the line at fault."""
    return load_record(Bounds, read_mapping(text.encode(), file), file)


def bounds_for(names: Sequence[str], folders: Sequence[Traversable] = ()) -> Bounds:
    """The bounds of the first of `names` (a source, its kind, its format) that has a file, else those of `default.yml`.

    `folders` (a team's own) are looked through before the bundled files. Raises UsageProblem for a file that is wrong.
    """
    places = [*folders, files("expectations").joinpath("bounds")]
    for name in (*(n for n in names if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", n)), "default"):
        for place in places:
            entry = place.joinpath(f"{name}.yml")
            if entry.is_file():
                bounds = parse_bounds(entry.read_text(encoding="utf-8"), f"bounds/{name}.yml")
                if bounds.source != name:
                    raise UsageProblem(f"bounds/{name}.yml says source: {bounds.source}.", remedy="Name the file after its source.")
                return bounds
    raise UsageProblem("The bundled bounds/default.yml is missing.", remedy="Install the package again.")
