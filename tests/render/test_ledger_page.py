"""Dozens of imported actions are a table of their own: one cell that outgrew its page kept the renderer busy for ever."""

from datetime import date

import sample_facts

from reports.parts.ledger import MOST_ACTIONS, ledger
from reports.parts.sources import sources
from reports.parts.traces import trace
from tasks.domain.ledgers import LedgerEntry, LedgerFacts
from tasks.domain.rebuilding import LedgerRow


def test_many_actions_without_a_day_stand_in_the_ledger_alone() -> None:
    facts = sample_facts.full()
    action = LedgerRow(
        takedown_id="a", announced_on=None, effective_from=date(2023, 1, 1), effective_to=date(2023, 1, 31),
        counts={"channels": 1_000}, source="press", address="", note="note " * 20,
    )  # fmt: skip
    record = facts.takedowns[0].model_copy(update={"t0": None, "actions": (action,) * 30})
    shown = trace(record, "YouTube", sources(facts), {}).record
    assert shown.rows[0][1].text == "30 actions without a day: the ledger lists them."


def test_the_ledger_shows_its_latest_actions_and_says_how_many_there_are() -> None:
    entries = tuple(
        LedgerEntry(
            takedown_id=f"t{n}", platforms=("youtube",), known="yes", first=date(2022, 1 + n % 12, 1), last=date(2022, 1 + n % 12, 28),
            precision="month", announced_on=None, counts={"channels": n}, approximate=False, removal=n % 2 == 0, source="press",
            address="", note="", stated_in="ledger file",
        )
        for n in range(40)
    )  # fmt: skip
    facts = sample_facts.full().model_copy(update={"ledger": LedgerFacts(entries=entries, rows_of_other_networks=3)})
    made = ledger(facts)
    assert made.table is not None
    assert len(made.table.rows) == MOST_ACTIONS
    assert f"the latest {MOST_ACTIONS} of 40" in made.table.caption
    assert any("no removal" in row[3].text for row in made.table.rows)
    assert made.said == ("3 imported rows are about other networks and left out.",)
