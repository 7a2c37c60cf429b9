# ruff: noqa: T201 - a benchmark says what it measured
"""Both commands of docs/example-ira-2017.md as a person runs them: wall time, CPU time, peak memory. `pytest -s tests/bench/bench_ira.py`

The limits hold for 2 cores with nothing else to do. On a busy machine the wall time says nothing and CPU seconds grow by up to a half
(shared caches, shared cores), so there the limit is 1.5 times as much CPU time.

Measured on 2 cores shared with other jobs (load 3.5): ingest 61 s, 37 s of CPU, 1.4 GB; brief 74 s, 63 s of CPU, 1.9 GB; both with a first
start of the engine. Of the CPU time of brief: read 2, validate 3, text families 15, coordination 4, rebuilding 0.4, narratives 11,
facts 0.7, PDF 6.
"""

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

SECONDS, GIGABYTES = 60, 3
BUSY = 1.5
QUIET_LOAD = 1.0  # of the minute before, all cores together
POLL_S = 0.1


@dataclass(frozen=True)
class Cost:
    """What a command took: wall and CPU seconds, and the most memory that it and its children held at once."""

    wall_s: float
    cpu_s: float
    peak_gb: float
    quiet: bool
    output: str


def run(*arguments: str, home: Path) -> Cost:
    """Run `resurge` with state of its own, so that the first start of its engine is part of the cost."""
    quiet = os.getloadavg()[0] < QUIET_LOAD
    environment = {**os.environ, "RESURGE_STATE_DIR": str(home)}
    started, before = time.perf_counter(), os.times()
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("resurge")), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peaks: list[int] = [0]
    watcher = threading.Thread(target=_watch, args=(process, peaks))
    watcher.start()
    output, _ = process.communicate(timeout=600)
    watcher.join()
    after = os.times()
    cost = Cost(
        wall_s=time.perf_counter() - started,
        cpu_s=after.children_user - before.children_user + after.children_system - before.children_system,
        peak_gb=max(peaks) / 2**30,
        quiet=quiet,
        output=output,
    )
    print(
        f"\n{arguments[0]}: {cost.wall_s:.1f} s, {cost.cpu_s:.1f} s of CPU, {cost.peak_gb:.2f} GB{'' if quiet else ' (busy machine)'}"
    )
    print(output)
    assert process.returncode == 0
    return cost


def _watch(process: subprocess.Popen[str], peaks: list[int]) -> None:
    while process.poll() is None:
        peaks.append(sum(_resident(pid) for pid in _family(process.pid)))
        time.sleep(POLL_S)


def _family(pid: int) -> list[int]:
    """The process and everything below it."""
    found = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [member for child in path.read_text().split() for member in _family(int(child))]
        except OSError:  # ended meanwhile
            continue
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def check(cost: Cost) -> None:
    if cost.quiet:
        assert cost.wall_s <= SECONDS
    assert cost.cpu_s <= BUSY * SECONDS
    assert cost.peak_gb <= GIGABYTES


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_ingest_then_brief(shared_data: Path, tmp_path: Path) -> None:
    files = [str(shared_data / "ira" / name) for name in ("ira_accounts.parquet", "ira_posts_2017_01_to_10.parquet")]
    workspace = str(tmp_path / "W")
    ingest = run("ingest", "ira-2017", *files, "--format", "ira", "--workspace", workspace, home=tmp_path / "state")
    brief = run("brief", "ira-2017", "--period", "2017-W36", "--workspace", workspace, home=tmp_path / "state")
    bundle = Path(brief.output.strip().splitlines()[-1])
    assert orjson.loads((bundle / "facts.json").read_bytes())["activity"]["posts"] == 11_484
    assert (bundle / "briefing.pdf").stat().st_size > 50_000
    check(ingest)
    check(brief)
