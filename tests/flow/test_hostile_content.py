"""Some of all that is hostile through ingest, both renditions, mail, archive and terminal; `./run hostile` takes the whole corpus."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "hostile"))
import passing
from passing import Passed

pytestmark = pytest.mark.xdist_group("engine")
EACH = 2  # of every class


@pytest.fixture(scope="module")
def passed(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Passed]:
    folder = tmp_path_factory.mktemp("hostile")
    workspace = shutil.copytree(whole, folder / "w")
    with pytest.MonkeyPatch.context() as patch:
        yield passing.passed(workspace, folder, patch, each=EACH)


def test_every_label_is_accounted_for_and_the_briefing_ships(passed: Passed) -> None:
    assert "\n".join(passed.lost) == ""
    assert {
        label: fate for label, fate in passed.fates.items() if fate not in ("printed", "replaced", "quarantined", "refused")
    } == {}
    assert set(passed.editions) == {"AMBER", "CLEAR"}


def test_nothing_was_fetched_executed_or_leaked(passed: Passed) -> None:
    assert passed.connections == []
    assert passed.asked
    assert [one for one in passed.asked if not one.startswith(("resurge:/fonts/", "resurge:/styles/", "resurge:/figures/"))] == []
    assert passed.faults == []


def test_a_terminal_obeys_nothing(passed: Passed) -> None:
    assert passed.terminal == []
