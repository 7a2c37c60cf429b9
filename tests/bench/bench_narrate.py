# ruff: noqa: T201 - a benchmark says what it measured
"""Time and memory of the narratives of one week of the 2017 archive: pytest tests/bench/bench_narrate.py -s

The families here are exact equality after normalisation (detection's near-duplicates would be fewer and larger), which is the
harder case: 470,000 families in the window.
"""

import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from tasks.domain.campaign import Campaign
from tasks.domain.networks import FAMILIES
from tasks.domain.periods import Cutoff, parse_period
from tasks.domain.posts import POSTS
from tasks.narrate.narratives import narrative_facts
from tasks.narrate.terms import normal_form

MAX_SECONDS, MAX_EXTRA_GB = 12.0, 1.0
LANGUAGES = {"English": "en", "Russian": "ru", "German": "de", "Italian": "it", "Arabic": "ar"}


def load(folder: Path) -> pd.DataFrame:
    """The archive as POSTS: all 872,128 rows."""
    raw = pd.read_parquet(
        folder / "ira" / "ira_posts_2017_01_to_10.parquet",
        columns=["post_id", "account_id", "posted_at", "text", "lang", "is_repost"],
    )
    frame = pd.DataFrame(
        {
            "campaign": "ira-2017",
            "platform": "x",
            "post_id": raw["post_id"].astype(str),
            "observed_at": raw["posted_at"].dt.as_unit("us"),
            "account_id": raw["account_id"].astype(str),
            "posted_at": raw["posted_at"].dt.as_unit("us"),
            "time_precision_s": 60,
            "kind": raw["is_repost"].map({True: "repost", False: "original"}),
            "text": raw["text"].astype(str),
            "lang": raw["lang"].astype(str).map(LANGUAGES),
            "batch_id": "b",
            "row_number": range(len(raw)),
        }
    )
    return POSTS.conform(frame)


def exact_families(posts: pd.DataFrame) -> pd.DataFrame:
    codes = pd.factorize(normal_form(posts["text"]).to_pandas())[0]
    return FAMILIES.conform(
        pd.DataFrame(
            {
                "platform": posts["platform"],
                "post_id": posts["post_id"],
                "family_id": pd.Series(codes, index=posts.index).astype(str),
            }
        )
    )


def test_one_week_of_the_archive(shared_data: Path) -> None:
    posts = load(shared_data)
    families = exact_families(posts)
    period = parse_period("2017-W36")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    started, started_cpu = time.perf_counter(), time.process_time()
    facts = narrative_facts(
        posts,
        families,
        Campaign(slug="ira-2017", title="IRA"),
        period,
        Cutoff(period.end, datetime(2017, 9, 12, tzinfo=UTC)),
        seed=1,
    )
    seconds, cpu = time.perf_counter() - started, time.process_time() - started_cpu
    extra = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6 - before
    print(
        f"\n{len(posts):,} posts: {seconds:.1f} s ({cpu:.1f} s of CPU), {extra:.2f} GB extra; {len(facts.items)} narratives, "
        f"{facts.unclustered.part:,} of {facts.unclustered.whole:,} posts unclustered, copypasta {facts.copypasta}"
    )
    for item in facts.items[:15]:
        print(f"  {item.status:9} {item.posts:5} {item.previous_share} {', '.join(item.label)} | {item.quote.text[:80]}")
    for exhibit in facts.exhibits:
        print(f"  {exhibit.accounts} accounts {exhibit.posts} posts: {exhibit.quote.text[:90]}")
    assert facts.unclustered.whole == int(
        ((posts["posted_at"] >= period.start) & (posts["posted_at"] < period.start + timedelta(days=7))).sum()
    )
    assert cpu < MAX_SECONDS  # wall time depends on who else is at work
    assert extra < MAX_EXTRA_GB
