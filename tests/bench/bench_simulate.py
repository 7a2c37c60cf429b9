"""Speed and memory of the simulation, its files and its feed: pytest tests/bench/bench_simulate.py -s

Each case runs in a process of its own, so that its peak memory is its own. RESURGE_BENCH_LARGE=1 adds 10 million posts (about 2 min).
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.domain.ports import LandedFile
from tasks.fetch.sources.simulated import SimulatedImporter
from tasks.simulate.feed import SimulatedSource
from tasks.simulate.files import write_simulation
from tasks.simulate.scenario import simulate

MIN_POSTS_PER_S = 100_000
MIN_PARSED_PER_S = 50_000
MAX_GB = {100_000: 0.5, 1_000_000: 0.7, 10_000_000: 2.5}
SCALES = [100_000, 1_000_000, *([10_000_000] if os.environ.get("RESURGE_BENCH_LARGE") else [])]


def measure(case: str, scale: int) -> dict[str, float]:
    """Run one case in a child: rows, seconds of processor time, and peak memory in GB."""
    said = subprocess.run([sys.executable, __file__, case, str(scale)], check=True, capture_output=True, text=True).stdout
    sys.stdout.write(said)
    rows, seconds, peak = (float(word) for word in said.splitlines()[-1].split())
    return {"rows_per_s": rows / seconds, "gb": peak}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("case", ["generate", "write"])
def test_generating_and_writing(case: str, scale: int) -> None:
    found = measure(case, scale)
    print(f"{case} {scale:,}: {found['rows_per_s']:,.0f} posts/s, peak {found['gb']:.2f} GB")  # noqa: T201
    assert found["gb"] < MAX_GB[scale]
    assert case != "generate" or found["rows_per_s"] >= MIN_POSTS_PER_S


def test_feeding_and_parsing() -> None:
    served, parsed = measure("feed", 100_000), measure("parse", 100_000)
    print(f"feed: {served['rows_per_s']:,.0f} rows/s; parse: {parsed['rows_per_s']:,.0f} rows/s, peak {parsed['gb']:.2f} GB")  # noqa: T201
    assert parsed["rows_per_s"] >= MIN_PARSED_PER_S


def _generate(scale: int) -> tuple[int, float]:
    """Every week made and dropped; the first simulation of a process also loads the script tables (0.2 s), outside the clock."""
    next(simulate("slow", seed=1, scale=10_000).weeks())
    seconds = float("inf")
    for _ in range(3 if scale <= 100_000 else 1):  # the best of three: a tenth of a second is easily lost to a busy machine
        started = time.process_time()
        simulation = simulate("spamouflage", seed=1, scale=scale)
        rows = sum(len(week.posts) for week in simulation.weeks())
        seconds = min(seconds, time.process_time() - started)
    for name, counts in simulation.truth_with(iter(()))["counts"].items():
        print(f"  {name}: {counts}")  # noqa: T201
    return rows, seconds


def _write(scale: int) -> tuple[int, float]:
    with tempfile.TemporaryDirectory() as folder:
        started, heard = time.process_time(), [0]
        write_simulation(simulate("spamouflage", seed=1, scale=scale), Path(folder), heard.append)
        return heard[-1], time.process_time() - started


def _feed(scale: int, *, parse: bool) -> tuple[int, float]:
    with tempfile.TemporaryDirectory() as folder:
        started, files = time.process_time(), []
        source = SimulatedSource({"scale": scale})
        for number, page in enumerate(source.pages(datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC))):
            path = Path(folder, f"{number}.ndjson")
            path.write_bytes(page.raw)
            files.append(LandedFile(path, path.name, "", page.fetched_at, page.effort))
        if not parse:
            return sum(file.effort.rows for file in files if file.effort), time.process_time() - started
        started = time.process_time()
        parsed = SimulatedImporter().parse(files, observed_at=None, options={})
        return sum(parsed.rows_landed.values()), time.process_time() - started


if __name__ == "__main__":
    wanted, size = sys.argv[1], int(sys.argv[2])
    done = (
        {"generate": _generate, "write": _write}[wanted](size)
        if wanted in ("generate", "write")
        else _feed(size, parse=wanted == "parse")
    )
    print(*done, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)  # noqa: T201
