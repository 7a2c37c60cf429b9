"""The pages under docs/ name what the code has: settings, campaign keys, commands, fields of facts.json, and files that exist."""

import re
from pathlib import Path

import pytest

from flows.cli import app
from flows.settings import Settings
from tasks.domain.campaign import Campaign, Thresholds
from tasks.domain.facts import Facts
from tasks.domain.rebuilding import TakedownFacts
from tasks.domain.takedowns import Takedown
from tasks.fetch.sources.tabular import TabularOptions

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"])
LEDGER_OF_FACTS = {"takedown_id", "platform", "known", "source", "actions", "t0", "t0_end"}  # the row itself, no measure


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_operations_name_every_setting_and_no_other() -> None:
    named = set(re.findall(r"\bRESURGE_[A-Z0-9_]+", page("operations.md")))
    assert named == {f"RESURGE_{name.upper()}" for name in Settings.model_fields}


def test_operations_name_every_key_of_a_campaign_file() -> None:
    section = page("operations.md").split("## Campaign file")[1].split("\n## ")[0]
    named = set(re.findall(r"\w+", section))
    assert {*Campaign.model_fields, *Takedown.model_fields, *Thresholds.model_fields} <= named


def test_operations_name_every_command_and_option_of_the_importers() -> None:
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    section = page("operations.md").split("## Commands")[1].split("\n## ")[0]
    assert commands == set(re.findall(r"`([a-z]+)[ `]", "\n".join(re.findall(r"^\| (`.*?) \|", section, re.M))))
    assert set(TabularOptions.model_fields) <= set(re.findall(r"^    (\w+):", page("operations.md"), re.M))


def test_methods_name_every_part_of_the_facts() -> None:
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", page("methods.md")))))
    own = {"campaign", "schema_version"}  # who and which form, nothing measured
    assert set(Facts.model_fields) - own <= named
    assert set(TakedownFacts.model_fields) - LEDGER_OF_FACTS <= named


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", path.read_text(encoding="utf-8")):
        found = (path.parent / target).resolve() if target else path
        assert found.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.M)
            assert anchor in {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}, f"{target}#{anchor}"
