"""Reactions to posts: next to none for the campaign, a long tail for everybody else; what a platform does not publish is null."""

import numpy as np
import pyarrow as pa

from tasks.simulate.cast import CAMPAIGN_ROLE
from tasks.simulate.scenarios import PLATFORMS

_SHARES_PUBLISHED = np.array([p in ("facebook", "x") for p in PLATFORMS])
_VIEWS_PUBLISHED = np.array([p in ("x", "youtube") for p in PLATFORMS])


def engagement(rng: np.random.Generator, platform: np.ndarray, role: np.ndarray) -> dict[str, pa.Array]:
    """like_count, share_count, reply_count, view_count, one entry a post."""
    count, campaign = len(platform), role == CAMPAIGN_ROLE
    tail = np.minimum(rng.pareto(1.6, count), 400.0)
    likes = np.where(campaign, np.where(rng.random(count) < 0.12, 1 + tail, 0), rng.lognormal(0.8, 1.4, count)).astype(np.int64)
    shares = np.where(campaign, rng.random(count) < 0.03, rng.poisson(0.15 * np.minimum(likes, 5_000))).astype(np.int64)
    replies = np.where(campaign, rng.random(count) < 0.02, rng.poisson(0.10 * np.minimum(likes, 5_000))).astype(np.int64)
    views = (np.where(campaign, rng.lognormal(2.3, 0.9, count), rng.lognormal(4.5, 1.2, count)) + 12 * likes).astype(np.int64)
    return {
        "like_count": pa.array(likes),
        "share_count": pa.array(shares, mask=~_SHARES_PUBLISHED[platform]),
        "reply_count": pa.array(replies),
        "view_count": pa.array(views, mask=~_VIEWS_PUBLISHED[platform]),
    }
