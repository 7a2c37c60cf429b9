"""Who came on the campaign list, and by what."""

from datetime import date
from typing import Literal

from tasks.domain.records import Record


class ListEntry(Record):
    """One entry of the campaign file that came into force since the last briefing. `name`: handle of a member, pseudonym of who was
    rejected."""

    name: str
    platform: str
    what: Literal["seed", "platform list", "analyst", "rejected"]
    on: date
    reason: str


class RuleMember(Record):
    """An account that the acceptance rule holds on the list today; `name` as it is printed."""

    name: str
    platform: str


class ListFacts(Record):
    """The campaign list: members by what put them there, who an analyst rejected, and what is new since the last briefing."""

    stated: int  # by the campaign file: seeds, platform lists, analysts
    by_analyst: int  # ... of these by an analyst
    by_rule: tuple[RuleMember, ...]
    proposed: int
    rejected: int  # by an analyst, in force
    rejected_again: int  # ... of these detection would add or suggest without that
    entries: tuple[ListEntry, ...]  # since the last briefing, or in the period if this is the first
