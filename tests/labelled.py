"""Simulated campaigns with the truth about every account, as detection sees them: posts, one observation each, and their families."""

import resource
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tasks.detect.families import text_families
from tasks.domain.networks import FAMILIES
from tasks.domain.posts import POST_KEY, POSTS
from tasks.simulate.scenario import simulate


@dataclass(frozen=True)
class Labelled:
    """`posts`: POSTS; `families`: FAMILIES row by row; `roles`: by "platform/account_id" campaign, activist, news_fan or ordinary.
    `seconds`: processor time of simulation and families."""

    posts: pd.DataFrame
    families: pd.DataFrame
    roles: pd.Series
    seconds: float


def labelled_campaign(scale: int, seed: int, work: Path | None = None) -> Labelled:
    """The scenario `spamouflage` at about `scale` posts, all 48 weeks. With `work`, posts and families are kept there as Parquet and
    read again: families of 5 million posts take most of an hour."""
    simulation = simulate("spamouflage", seed=seed, scale=scale)
    accounts = pd.DataFrame(simulation.truth_with(iter(()))["accounts"])
    roles = accounts.set_index(accounts["platform"] + "/" + accounts["account_id"])["role"]
    kept = None if work is None else [work / f"{name}-{scale}-{seed}.parquet" for name in ("posts", "families", "cost")]
    if kept is not None and all(path.exists() for path in kept):
        posts, families, cost = (pd.read_parquet(path) for path in kept)
        return Labelled(POSTS.conform(posts), FAMILIES.conform(families), roles, float(cost["seconds"].iloc[0]))
    started = time.process_time()
    weeks = [week.posts for week in simulation.weeks()]
    names = [name for name in POSTS.names if name in weeks[0].column_names]
    posts = pd.concat([POSTS.from_arrow(table.select(names)) for table in weeks], ignore_index=True)
    posts = POSTS.conform(posts.assign(campaign="simulated", batch_id="simulated", row_number=range(len(posts))))
    posts = posts.sort_values("observed_at", kind="stable").drop_duplicates(list(POST_KEY), keep="last", ignore_index=True)
    families = text_families(posts)
    seconds = time.process_time() - started
    if kept is not None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        cost = pd.DataFrame({"seconds": [seconds], "mb": [peak]})
        for frame, path in zip((posts, families, cost), kept, strict=True):
            frame.to_parquet(path, index=False)
    return Labelled(posts, families, roles, seconds)
