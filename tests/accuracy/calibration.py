"""Is the threshold what it says? Writes docs/calibration.md: ./run calibration [--full] [--only PART ...]

Every part runs in a process of its own, two at a time. Parts not asked for keep the figures of the last run, in calibration.json beside
this file; --full asks for the 5 million posts too. Public data are looked for as in the tests (RESURGE_SHARED_DATA); without
them their parts keep the figures they have.
"""

import argparse
import json
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import calibrating as c  # noqa: E402
from calibration_page import page  # noqa: E402
from power import power  # noqa: E402

ROOT = HERE.parents[1]
KEPT, PAGE = HERE / "calibration.json", ROOT / "docs" / "calibration.md"
SEED, LABELS, TIMES = 1, range(200), range(50)
OFTEN, OWN = (2, 3, 4, 5, 6, 8, 10, 15, 20), (10, 50, 200)


def _shared_data() -> Path:
    named = os.environ.get("RESURGE_SHARED_DATA")
    return Path(named) if named else ROOT.parent / "shared" / "data"


def _permuted(data: str, what: str) -> dict[str, Any]:
    if data == "simulated":
        behaviours = c.simulated(100_000, SEED)
    elif data == "amplified":
        behaviours = c.of_every_behaviour(100_000, SEED)
    elif data == "agency":
        behaviours = c.internet_research_agency(_shared_data(), 100_000)
    else:
        behaviours = c.reference_example(_shared_data())
    return c.permuted_labels(behaviours, LABELS) if what == "labels" else c.permuted_times(behaviours, TIMES)


def _power() -> list[dict[str, Any]]:
    return [power(100_000, often, own, range(5)) for own in OWN for often in OFTEN]


PARTS: dict[str, Callable[[], Any]] = {
    "recall-1000000": partial(c.precision_and_recall, 1_000_000, SEED, true_families=False),  # the longest first
    "recall-true-1000000": partial(c.precision_and_recall, 1_000_000, SEED, true_families=True),
    "recall-100000": partial(c.precision_and_recall, 100_000, SEED, true_families=False),
    "recall-true-100000": partial(c.precision_and_recall, 100_000, SEED, true_families=True),
    "recall-true-5000000": partial(c.precision_and_recall, 5_000_000, SEED, true_families=True),
    "times-simulated": partial(_permuted, "simulated", "times"),
    "labels-simulated": partial(_permuted, "simulated", "labels"),
    "decoys-100000": partial(c.decoys, 100_000, SEED, true_families=False),
    "decoys-1000000": partial(c.decoys, 1_000_000, SEED, true_families=True),
    "labels-amplified": partial(_permuted, "amplified", "labels"),
    "times-amplified": partial(_permuted, "amplified", "times"),
    "decoys-amplified": partial(c.decoys, 100_000, SEED, true_families=False, scenario="amplified"),
    "power": _power,
    "times-agency": partial(_permuted, "agency", "times"),
    "labels-agency": partial(_permuted, "agency", "labels"),
    "times-example": partial(_permuted, "example", "times"),
    "labels-example": partial(_permuted, "example", "labels"),
    "controls": lambda: c.controls(_shared_data()),
}
PUBLIC = [name for name in PARTS if name.endswith(("-agency", "-example")) or name == "controls"]


def measured(name: str) -> dict[str, Any]:
    """The figures of a part, its processor seconds and the peak memory of the process, in MB."""
    os.nice(5)
    started = time.process_time()
    figures = PARTS[name]()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"figures": figures, "cpu_s": round(time.process_time() - started, 1), "mb": peak}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--full", action="store_true", help="the 5 million posts too")
    asked.add_argument("--only", nargs="*", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    given = asked.parse_args()
    chosen = given.only if given.only is not None else [name for name in PARTS if given.full or name != "recall-true-5000000"]
    if not _shared_data().is_dir():
        chosen = [name for name in chosen if name not in PUBLIC]
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context, max_tasks_per_child=1) as pool:
        running: dict[Future[dict[str, Any]], str] = {pool.submit(measured, name): name for name in chosen}
        for done in as_completed(running):
            kept[running[done]] = done.result()
            sys.stdout.write(f"{running[done]}: {done.result()['cpu_s']} s, {done.result()['mb']} MB\n")
            sys.stdout.flush()
            KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(page(kept), encoding="utf-8")


if __name__ == "__main__":
    main()
