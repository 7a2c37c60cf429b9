"""The campaign file of the real troll network holds together."""

from datetime import UTC, date, datetime
from pathlib import Path

import re2
from ruamel.yaml import YAML

from tasks.domain.campaign import Campaign

FILE = Path(__file__).resolve().parents[2] / "flows" / "campaigns" / "ira-2017.yml"


def test_the_file_says_what_is_known() -> None:
    campaign = Campaign.model_validate(YAML(typ="safe").load(FILE.read_text(encoding="utf-8")))
    assert campaign.slug == FILE.stem
    waves = [takedown for takedown in campaign.takedowns if takedown.source == "inferred"]
    assert [takedown.effective_from for takedown in waves] == [date(2017, 8, day) for day in (3, 8, 18, 23)]
    assert waves[0].interval == (datetime(2017, 8, 3, tzinfo=UTC), datetime(2017, 8, 4, tzinfo=UTC))
    (named,) = (takedown for takedown in campaign.takedowns if takedown.source == "press")
    assert (named.announced_on, named.interval) == (date(2017, 11, 1), None)
    collection = campaign.membership.whole_collection
    assert collection is not None
    assert collection.outcome_selected
    assert campaign.membership.hindsight
    assert min(campaign.thresholds.window_s.values()) >= 120  # twice the minute clock


def test_its_patterns_compile_without_backtracking() -> None:
    campaign = Campaign.model_validate(YAML(typ="safe").load(FILE.read_text(encoding="utf-8")))
    for category in campaign.codebook.values():
        for patterns in category.values():
            for pattern in patterns:
                re2.compile(pattern)
