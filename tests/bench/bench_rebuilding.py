"""What measuring a takedown costs, and how well the index's interval covers.

    pytest tests/bench/bench_rebuilding.py -s

Budget: all measures of a campaign over 1M posts within 4 s and 2 GB on 2 cores, the search for successors apart: 80 s of processor where
100,000 accounts have names of their own. Extra memory is the growth of the process's peak.
"""

import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))
from rebuilding_simulation import coverage
from test_rebuilding_batches import batches, ordinary

from tasks.domain.accounts import ACCOUNTS, MEMBERSHIP
from tasks.domain.campaign import Campaign
from tasks.domain.periods import Cutoff, Period
from tasks.domain.posts import POSTS
from tasks.domain.takedowns import Takedown
from tasks.rebuilding import platform
from tasks.rebuilding.measure import measure
from tasks.rebuilding.successors.search import Search, search

START = datetime(2023, 1, 1, tzinfo=UTC)
DAYS = 300
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]


@pytest.mark.parametrize(("posts", "accounts"), [(870_000, 1_000), (1_000_000, 100_000)])
def test_one_million_posts(posts: int, accounts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    searches: list[float] = []

    def timed(*frames: Any) -> Search:
        began = time.process_time()
        found = search(*frames)
        searches.append(time.process_time() - began)
        return found

    monkeypatch.setattr(platform, "search", timed)
    frame, observations, members = world(posts, accounts)
    rows = [
        Takedown(takedown_id=f"x-{day}", platform="x", source="platform", effective_from=date(2023, 1, 1) + timedelta(days=day))
        for day in (130, 200)
    ]
    end = START + timedelta(days=DAYS)
    before = reset_peak_kb()
    began, began_cpu = time.perf_counter(), time.process_time()
    facts = measure(
        Campaign(slug="c", title="C", takedowns=rows),
        posts=frame,
        observations=observations,
        members=members,
        period=Period("r", "range", end - timedelta(days=7), end),
        cutoff=Cutoff(end, end + timedelta(days=1)),
        queries=(),
        seed=1,
    )
    seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    extra_mb = (peak_kb() - before) / 1024
    size = f"{posts:,} posts, {accounts:,} accounts, {len(facts)} episodes"
    (successors,) = searches
    print(  # noqa: T201
        f"\n{size}: {seconds:.2f} s ({cpu - successors:.2f} of processor, and {successors:.2f} for successors), "
        f"{extra_mb:.0f} MB more at the peak"
    )
    assert len(facts) == 2
    assert cpu - successors < 4  # of processor: the wall clock also counts whatever else the machine does
    assert successors < 80
    assert extra_mb < 2_000


@pytest.mark.parametrize("rho", [0.0, 0.1, 0.2, 0.3, 0.5, 0.7])
def test_coverage(rho: float) -> None:
    covered = coverage(1_000, rho, np.random.default_rng(20230829))
    print(f"\nweekly autocorrelation {rho}: the 90 % interval covers {covered:.3f}")  # noqa: T201
    assert rho > 0.3 or 0.85 <= covered <= 0.95


def peak_kb() -> int:
    """The highest resident size since the last reset (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def reset_peak_kb() -> int:
    """Forget the peak that making the frames caused, or it would hide what measuring needs."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak_kb()


def test_batch_alarms() -> None:
    rng = np.random.default_rng(4)
    alarms = sum(bool(batches(ordinary(rng, days=120), seed)) for seed in range(200)) / 200
    print(f"\ncreation batches in histories without any, at p <= 5 %: {alarms:.3f}")  # noqa: T201
    assert alarms <= 0.08


def world(posts: int, accounts: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(5)
    names = np.array([f"account-{i:06d}" for i in range(accounts)])
    born = rng.integers(0, DAYS - 30, accounts)
    owner = rng.integers(0, accounts, posts)
    day = born[owner] + rng.random(posts) * (DAYS - born[owner])
    moments = pd.to_datetime(START) + pd.to_timedelta(day, unit="D")
    frame = POSTS.conform(
        pd.DataFrame(
            {
                "campaign": "c",
                "platform": "x",
                "post_id": np.arange(posts).astype(str),
                "observed_at": moments,
                "account_id": names[owner],
                "posted_at": moments,
                "time_precision_s": 1,
                "kind": "original",
                "lang": rng.choice(["en", "zh", "es", "ja"], posts),
                "like_count": rng.poisson(1, posts),
                "batch_id": "b",
                "row_number": np.arange(posts),
            }
        )
    )
    seen = {"campaign": "c", "platform": "x", "account_id": names}
    created = pd.to_datetime(START) + pd.to_timedelta(born - rng.integers(0, 90, accounts), unit="D")
    observations = ACCOUNTS.conform(
        pd.DataFrame(
            seen
            | {
                "observed_at": START + timedelta(days=250),
                "created_at": created,
                "status": rng.choice(["active", "suspended"], accounts),
                "handle": handles(rng, accounts),
                "batch_id": "b",
                "row_number": np.arange(accounts),
            }
        )
    )
    members = MEMBERSHIP.conform(pd.DataFrame(seen | {"known_at": START, "basis": "seed", "outcome_selected": False, "reason": ""}))
    return frame, observations, members


def handles(rng: np.random.Generator, count: int) -> list[str]:
    """Two words of two or three syllables each, and a number of up to two digits."""
    drawn = np.array(SYLLABLES)[rng.integers(0, len(SYLLABLES), (count, 6))]
    cuts = rng.integers(2, 4, (count, 2))
    numbers = rng.integers(0, 100, count)
    return [
        f"{''.join(row[:a]).capitalize()}{''.join(row[3 : 3 + b]).capitalize()}{n}"
        for row, (a, b), n in zip(drawn, cuts, numbers, strict=True)
    ]
