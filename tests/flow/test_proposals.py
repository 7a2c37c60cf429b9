"""Behind the pseudonym of a proposal: the account's own id, for who holds the key, and for nobody else."""

from pathlib import Path

import orjson
import pytest
from small_campaign import CAMPAIGN

from flows import wiring
from flows.commands.proposals import proposals
from tasks.domain.errors import UsageProblem
from tasks.domain.facts import Facts, read_facts
from tasks.domain.pseudonyms import pseudonym

pytestmark = pytest.mark.xdist_group("engine")


def facts_in(workspace: Path) -> Facts:
    (found,) = workspace.rglob("briefings/**/facts.json")
    return read_facts(found.read_bytes())


def test_every_proposal_is_named_and_hashes_back_to_its_pseudonym(briefed, capsys):
    waiting = [one for one in facts_in(briefed).accounts_proposed if one.decision == "proposed"]
    assert waiting, "the simulated campaign proposes somebody"
    proposals(CAMPAIGN, workspace=str(briefed), as_json=True)
    rows = orjson.loads(capsys.readouterr().out)
    key = wiring.pseudonym_key(wiring_campaign())
    assert [row["pseudonym"] for row in rows] == [one.name for one in waiting]
    assert all(pseudonym(key, row["platform"], row["account_id"]) == row["pseudonym"] for row in rows)
    proposals(CAMPAIGN, workspace=str(briefed), as_json=False)
    assert "TLP:RED, for the team only" in capsys.readouterr().out


def test_another_key_names_nobody(briefed, monkeypatch):
    monkeypatch.setattr("flows.commands.proposals.pseudonym_key", lambda _: b"another key of sixteen")
    with pytest.raises(UsageProblem, match="were made with the key"):
        proposals(CAMPAIGN, workspace=str(briefed), as_json=True)


def test_without_a_briefing_there_is_nothing_to_name(begun):
    with pytest.raises(UsageProblem, match="no briefing yet"):
        proposals(CAMPAIGN, workspace=str(begun), as_json=True)


def wiring_campaign():  # type: ignore[no-untyped-def]
    from flows.campaign_file import load_campaign

    return load_campaign(None, CAMPAIGN)
