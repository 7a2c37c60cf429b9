"""Takedowns and world events, as an analyst writes them in the campaign file."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from pydantic import Field, model_validator

from tasks.domain.records import Record

DatePrecision = Literal["day", "week", "month", "quarter", "half-year", "year", "lifetime", "unknown"]
Known = Literal["yes", "unknown"]
Origin = Literal["platform", "press", "inferred"]


class Takedown(Record):
    """One action of one platform against the campaign.

    `known: unknown` is a row of its own: on that platform nobody knows whether a takedown happened. `effective_from` and
    `effective_to` are the first and last calendar day (UTC) on which accounts were removed. Rows without day precision start no
    episode: they are a printed caveat. `source: inferred` means the removal was read off the data, not announced by anyone.
    """

    takedown_id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    platform: str
    known: Known = "yes"
    announced_on: date | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    precision: DatePrecision = "day"
    counts: dict[str, int] = Field(default_factory=dict)  # by asset type: accounts, pages, groups, channels ...
    accounts_listed: bool = False  # did the source name the accounts?
    source: Origin
    address: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _dates_fit(self) -> "Takedown":
        if self.known == "yes" and self.precision == "day" and self.effective_from is None:
            raise ValueError("a known takedown with day precision needs effective_from")
        if self.effective_from and self.effective_to and self.effective_to < self.effective_from:
            raise ValueError("effective_to lies before effective_from")
        return self

    @property
    def interval(self) -> tuple[datetime, datetime] | None:
        """[first instant, first instant after the last day), or None where no day is known."""
        if self.known != "yes" or self.precision != "day" or self.effective_from is None:
            return None
        last = self.effective_to or self.effective_from
        return _start(self.effective_from), _start(last) + timedelta(days=1)


class Event(Record):
    """A world event the campaign may turn to; `keywords` by language are matched without case in the post text."""

    event_id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    on: date
    title: str
    keywords: dict[str, list[str]] = Field(default_factory=dict)
    address: str = ""


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
