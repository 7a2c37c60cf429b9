"""The campaign file as it could be read at a cut-off: what bears a later day was not known then, so a briefing of an old period that is
made today comes out as it did at the time."""

from datetime import UTC, date, datetime, time

from tasks.domain.campaign import Campaign, Membership
from tasks.domain.periods import Cutoff
from tasks.rebuilding.episodes import is_visible


def known_then(campaign: Campaign, cutoff: Cutoff) -> Campaign:
    """Without the entries that bear a day after `cutoff.as_of` (seeds, a list of the whole collection, decisions, quotes of attribution,
    announced takedowns) or on or after `cutoff.end` (events, evidence of reach, takedowns that had not begun).

    With `hindsight: true` accounts and attribution stay: such a file says that it was written afterwards. A line that was altered in place
    (a threshold, a seed's `until`) bears no day, and counts at every cut-off.
    """
    told = campaign.membership.hindsight
    return campaign.model_copy(
        update={
            "membership": campaign.membership if told else _membership(campaign.membership, cutoff.as_of),
            "attribution": [one for one in campaign.attribution if told or _midnight(one.on) <= cutoff.as_of],
            "takedowns": [one for one in campaign.takedowns if is_visible(one, cutoff)],
            "events": [one for one in campaign.events if _midnight(one.on) < cutoff.end],
            "breakout_evidence": [one for one in campaign.breakout_evidence if _midnight(one.on) < cutoff.end],
        }
    )


def _membership(stated: Membership, as_of: datetime) -> Membership:
    whole = stated.whole_collection
    return stated.model_copy(
        update={
            "seeds": [one for one in stated.seeds if _midnight(one.known_at) <= as_of],
            "decisions": [one for one in stated.decisions if _midnight(one.on) <= as_of],
            "whole_collection": whole if whole and _midnight(whole.known_at) <= as_of else None,
        }
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
