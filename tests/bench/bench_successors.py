"""What the search for successors costs among 10,000 lost and 10,000 later accounts.

    pytest tests/bench/bench_successors.py -s

Budget: 60 s of processor and 2 GB. Extra memory is the growth of the process's peak.
"""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from tasks.domain.accounts import ACCOUNTS
from tasks.domain.posts import POSTS
from tasks.rebuilding.cohorts import read_knowledge
from tasks.rebuilding.fate import read_checks
from tasks.rebuilding.successors.scoring import claimed
from tasks.rebuilding.successors.search import search
from tasks.rebuilding.timeline import read_timelines

START = datetime(2023, 1, 1, tzinfo=UTC)
EACH = 10_000  # lost, and later
POSTS_EACH = 30
WORDS = (
    "amber",
    "badger",
    "cedar",
    "delta",
    "ember",
    "falcon",
    "garnet",
    "harbor",
    "indigo",
    "juniper",
    "kestrel",
    "lantern",
    "maple",
    "nectar",
)


def test_ten_thousand_lost_and_ten_thousand_later() -> None:
    posts, observations = world(np.random.default_rng(1))
    (timeline,) = read_timelines(posts, START + timedelta(days=300)).values()
    knowledge, checks = read_knowledge(timeline, observations), read_checks(timeline, observations)
    reset_peak()
    before, began, began_cpu = peak_kb(), time.perf_counter(), time.process_time()
    found = search(timeline, knowledge, checks, observations)
    chosen = claimed(found.pairs)
    seconds, cpu, extra = time.perf_counter() - began, time.process_time() - began_cpu, (peak_kb() - before) / 1024
    true = found.people.ids[found.pairs.later[chosen]] == np.char.replace(
        found.people.ids[found.pairs.lost[chosen]].astype(str), "a", "b"
    )
    print(  # noqa: T201
        f"\n{len(found.lost):,} lost, {len(found.later):,} later, {len(posts):,} posts: {seconds:.1f} s ({cpu:.1f} of processor), "
        f"{extra:.0f} MB more at the peak; {len(chosen):,} pairs named, {int(true.sum()):,} right"
    )
    assert min(len(found.lost), len(found.later)) >= EACH
    assert true.mean() > 0.95
    assert cpu < 60
    assert extra < 2_000


def world(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Account b0001 replaces a0001 in one of ten cases: its handle differs by a suffix, and it takes up two texts again."""
    lost, later = (np.array([f"{kind}{i:05d}" for i in range(EACH)]) for kind in "ab")
    last, first = rng.integers(120, 150, EACH), rng.integers(150, 200, EACH)
    succeeds = rng.random(EACH) < 0.1
    account = np.repeat(np.concatenate([lost, later]), POSTS_EACH)
    day = np.concatenate(
        [
            np.sort(rng.random((EACH, POSTS_EACH))) * last[:, None],
            first[:, None] + np.sort(rng.random((EACH, POSTS_EACH))) * (299 - first)[:, None],
        ]
    )
    family = np.array([f"f{n}" for n in rng.integers(0, 400_000, 2 * EACH * POSTS_EACH)], dtype=object).reshape(2, EACH, POSTS_EACH)
    family[1][succeeds, :2] = family[0][succeeds, :2]
    at = pd.to_datetime(START) + pd.to_timedelta((day.ravel() * 86_400).astype(np.int64), unit="s")
    posts = pd.DataFrame(
        {
            "account_id": account,
            "posted_at": at,
            "observed_at": at,
            "campaign": "c",
            "platform": "x",
            "kind": "original",
            "batch_id": "b",
        }
    )
    posts["post_id"], posts["row_number"], posts["time_precision_s"], posts["lang"] = (
        [f"p{i}" for i in range(len(posts))],
        range(len(posts)),
        1,
        "en",
    )
    posts["text"] = "a text of " + pd.Series(family.ravel()) + " on the weather and the roads"
    posts["urls"] = [[f"https://news.example/{n}"] for n in rng.integers(0, 200_000, len(posts))]
    posts = POSTS.conform(posts).assign(family_id=pd.Series(family.ravel(), dtype="str"))
    return posts, ACCOUNTS.conform(profiles(rng, lost, later, succeeds, posts))


def profiles(
    rng: np.random.Generator, lost: np.ndarray, later: np.ndarray, succeeds: np.ndarray, posts: pd.DataFrame
) -> pd.DataFrame:
    def handle() -> list[str]:
        return [
            f"{WORDS[a]}_{WORDS[b]}{n}"
            for a, b, n in zip(*rng.integers(0, len(WORDS), (2, EACH)), rng.integers(0, 99_999, EACH), strict=True)
        ]

    old, new = handle(), handle()
    new = [f"{a}_bk" if yes else b for a, b, yes in zip(old, new, succeeds, strict=True)]
    frame = pd.DataFrame(
        {
            "account_id": np.concatenate([lost, later]),
            "handle": old + new,
            "avatar_hash": [f"{n:x}" for n in rng.integers(0, 50_000, 2 * EACH)],
        }
    )
    frame["observed_at"] = frame["account_id"].map(posts.groupby("account_id")["posted_at"].min())
    return frame.assign(campaign="c", platform="x", batch_id="b", row_number=range(len(frame)))


def reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_kb() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
