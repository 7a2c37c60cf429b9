"""docs/example-three-ledgers.md says what the program finds in the archive of 2017, to the letter."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "accuracy"))
import three_ledgers

pytestmark = pytest.mark.xdist_group("ira")  # one worker: the archive takes 1 GB


def test_the_page_is_what_is_measured(shared_data: Path) -> None:
    facts = three_ledgers.measured(shared_data)
    assert three_ledgers.table(facts) == three_ledgers.documented()
    waves = {name: dict(three_ledgers._signs(one))["loss waves inside the episode"] for name, one in facts.items()}
    assert waves["3 to 23 August"] == "172 accounts on 03 Aug, 08 Aug, 18 Aug, 23 Aug"
    assert waves["25 August alone"] == "none"
    for one in facts.values():
        assert any("decline toward 2017-11-01 is built in" in text for text in one.confounders)
