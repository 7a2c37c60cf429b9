"""The campaign file as it could be read at a cut-off."""

from datetime import UTC, date, datetime

import pytest

from flows.assembly import what_is_measured
from flows.known_then import known_then
from tasks.domain.campaign import (
    Attribution,
    BreakoutEvidence,
    Campaign,
    Decision,
    Member,
    Membership,
    WholeCollection,
)
from tasks.domain.periods import Cutoff
from tasks.domain.takedowns import Event, Takedown

BEFORE, AFTER = date(2023, 10, 20), date(2023, 10, 25)
CUTOFF = Cutoff(end=datetime(2023, 10, 23, tzinfo=UTC), as_of=datetime(2023, 10, 24, tzinfo=UTC))


def stated(*days: date, hindsight: bool = False) -> Campaign:
    """One entry of each kind for each of `days`."""
    named = [(f"n{day.day}", day) for day in days]
    listed = max(days, default=BEFORE)
    return Campaign(
        slug="example",
        title="Example",
        membership=Membership(
            hindsight=hindsight,
            whole_collection=WholeCollection(source="archive", known_at=listed) if listed == AFTER else None,
            seeds=[Member(platform="x", account_id=name, known_at=day) for name, day in named],
            decisions=[
                Decision(platform="x", account_id=f"d{name}", decision="accepted", on=day, by="desk", reason="seen")
                for name, day in named
            ],
        ),
        attribution=[Attribution(quote=name, by="somebody", on=day, address="https://example.org") for name, day in named],
        events=[Event(event_id=name, on=day, title=name, keywords={"en": ["bridge"]}) for name, day in named],
        breakout_evidence=[BreakoutEvidence(category=4, on=day, what=name, address="https://example.org") for name, day in named],
        takedowns=[
            Takedown(
                takedown_id=name,
                platform="x",
                known="yes",
                announced_on=day,
                effective_from=day,
                effective_to=day,
                source="platform",
            )
            for name, day in named
        ],
    )


def test_what_bears_a_later_day_was_not_there() -> None:
    then = known_then(stated(BEFORE, AFTER), CUTOFF)
    assert then == known_then(stated(BEFORE), CUTOFF) == stated(BEFORE)
    assert what_is_measured(then) == what_is_measured(stated(BEFORE))


def test_a_file_written_afterwards_keeps_its_accounts_and_quotes() -> None:
    file = stated(BEFORE, AFTER, hindsight=True)
    then = known_then(file, CUTOFF)
    assert (then.membership, then.attribution) == (file.membership, file.attribution)
    assert [one.event_id for one in then.events] == [one.takedown_id for one in then.takedowns] == ["n20"]


@pytest.mark.parametrize("day", [date(2023, 10, 23), date(2023, 10, 24)])
def test_between_the_periods_end_and_the_cut_off_things_are_learnt_but_do_not_happen(day: date) -> None:
    then = known_then(stated(day), CUTOFF)
    assert len(then.membership.seeds) == len(then.membership.decisions) == len(then.attribution) == 1
    assert then.events == then.breakout_evidence == then.takedowns == []
