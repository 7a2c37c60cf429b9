"""A smaller form of docs/faults.md, which `./run faults` makes; and that the page holds what was measured, and nothing failed."""

import json
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "contract")]

import mutants  # noqa: E402
import simulation  # noqa: E402
from faults import KEPT, PAGE, SCHEDULES  # noqa: E402
from faults_page import OPEN, page  # noqa: E402
from kills import kills  # noqa: E402
from matrix import FAULTS, FETCH_FAULTS, SMTP_FAULTS, cells  # noqa: E402
from points import STEPS  # noqa: E402
from trying import tried  # noqa: E402
from world import World, world  # noqa: E402

CHOSEN = {  # each a kind of fault of its own
    ("render", "reset in mid-body"),
    ("pointer", "concurrent twin"),
    ("SMTP DATA", "lost acknowledgement"),
    ("land raw", "I/O error"),
}


@pytest.fixture(scope="module")
def small_world() -> Iterator[World]:
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder, world(Path(folder) / "w", None) as made:
        yield made


def test_schedules_hold_what_is_promised() -> None:
    found = simulation.many(range(1_000))
    assert found["schedules"] == 1_000
    assert found["deaths"] > 500
    assert found["held at the end"] > 25


@pytest.mark.parametrize("name", mutants.MUTANTS)
def test_schedules_find_an_error_put_in_on_purpose(name: str) -> None:
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(mutants.found_by, (name, 1_000)) is not None


def test_a_seed_gives_the_same_schedule() -> None:
    first, second = simulation.schedule(7, keep=True), simulation.schedule(7, keep=True)
    assert first.journal == second.journal
    assert first.objects == second.objects
    assert simulation.schedule(8, keep=True).journal != first.journal


def test_chosen_cells(small_world: World) -> None:
    made = small_world.made
    assert made is not None
    chosen = [
        (cell, one)
        for cell in cells(made.passages, quick=True, s3=False, postfix=False)
        for one in cell.tries
        if (cell.step, cell.fault) in CHOSEN
    ]
    assert len(chosen) == len(CHOSEN)
    assert {(cell.step, cell.fault): tried(small_world, cell, one).problems for cell, one in chosen} == dict.fromkeys(CHOSEN, ())


def test_some_kills(small_world: World) -> None:
    found = kills(small_world, 2, 3)
    assert found.done == 2
    assert found.problems == []


def test_the_page_says_what_was_measured_and_what_is_open() -> None:
    kept = json.loads(KEPT.read_text())
    assert PAGE.read_text(encoding="utf-8") == page(kept)
    tries = kept["matrix"]["tries"]
    assert {(one["step"], one["name"]) for one in tries if one["problems"]} <= set(OPEN)  # each stands in the page
    tried_cells = {(one["step"], one["fault"]) for one in tries}
    reasons = {tuple(cell.split(" / ")) for cell in kept["matrix"]["reasons"]}
    own = {*(("SMTP DATA", fault) for fault in SMTP_FAULTS), *(("fetch page", fault) for fault in FETCH_FAULTS)}
    assert tried_cells | reasons <= {*((step, fault) for step in STEPS for fault in FAULTS), *own}
    assert len(tried_cells) > 80
    assert kept["simulation"]["schedules"] >= SCHEDULES
    for part in {"simulation", "kills", "engine"} & set(kept):
        assert kept[part]["problems"] == []
