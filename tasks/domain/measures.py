"""Values with their uncertainty, and values that could not be measured."""

from typing import Literal

from tasks.domain.records import Record


class NotMeasurable(Record):
    """Printed as its reason; never 0 and never missing. `reason` is a clause a reader understands, e.g. "accounts on youtube were
    never checked (not observed)"."""

    status: Literal["not_measurable"] = "not_measurable"
    reason: str


class Interval(Record):
    """A two-sided interval; `level` is its nominal coverage, `method` names how it was made."""

    low: float
    high: float
    level: float = 0.9
    method: str = ""


class Estimate(Record):
    value: float
    interval: Interval | NotMeasurable


class Shared(Record):
    """A share with its counts, so that nobody has to trust a percentage."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        return self.part / self.whole if self.whole else None
