"""Damaged rows: what broken collectors send, so that quarantine has work. They come beside the good rows, never instead of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

FAULT_SHARE = 0.0002
FAULT_KINDS = ("future timestamp", "missing post_id", "negative count")


@dataclass(frozen=True)
class Fault:
    """A damaged copy of post `of`, captured with it; `row` is the copy in the columns of a post."""

    kind: str
    platform: str
    of: str
    row: dict[str, Any]

    @property
    def observed_at(self) -> datetime:
        observed: datetime = self.row["observed_at"]
        return observed

    def label(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "platform": self.platform,
            "of": self.of,
            "post_id": self.row["post_id"],
            "observed_at": self.observed_at,
        }


def faults(rng: np.random.Generator, posts: pa.Table) -> list[Fault]:
    """On average FAULT_SHARE of the posts, copied and damaged in turn by one of FAULT_KINDS."""
    count = min(int(rng.poisson(FAULT_SHARE * len(posts))), len(posts))
    chosen = np.sort(rng.choice(len(posts), count, replace=False))
    kinds = rng.integers(0, len(FAULT_KINDS), count)
    copies = posts.take(pa.array(chosen)).to_pylist()
    return [_damage(row, FAULT_KINDS[kind]) for row, kind in zip(copies, kinds, strict=True)]


def _damage(row: dict[str, Any], kind: str) -> Fault:
    damaged = {**row, "post_id": f"{row['post_id']}-x"}
    if kind == "future timestamp":
        damaged["posted_at"] = row["posted_at"] + timedelta(days=4000)
    elif kind == "missing post_id":
        damaged["post_id"] = None
    else:
        damaged["like_count"] = -1 - row["like_count"]
    return Fault(kind, row["platform"], row["post_id"], damaged)
