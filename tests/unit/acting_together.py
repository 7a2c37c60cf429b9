"""Posts of a crowd that shares links each in its own time, and of accounts that share links together."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from tasks.domain.networks import FAMILIES
from tasks.domain.posts import POSTS

END = datetime(2023, 9, 4, tzinfo=UTC)
START = END - timedelta(days=20)


def posts_of(rows: Iterable[tuple[str, str, datetime]]) -> pd.DataFrame:
    """POSTS from (platform/account, link, instant)."""
    frame = pd.DataFrame(list(rows), columns=["who", "link", "posted_at"])
    ids = frame["who"].str.split("/", n=1)
    at = pd.to_datetime(frame["posted_at"], utc=True).astype("datetime64[us, UTC]")
    links = pa.array([[f"https://{link}"] for link in frame["link"]], pa.list_(pa.string()))
    return POSTS.conform(
        pd.DataFrame(
            {
                "campaign": "test",
                "platform": ids.str[0],
                "account_id": ids.str[1],
                "post_id": [f"p{i}" for i in range(len(frame))],
                "posted_at": at,
                "observed_at": at,
                "time_precision_s": 1,
                "kind": "original",
                "lang": "en",
                "urls": pd.Series(links, dtype=POSTS.pandas_dtype("urls")),
                "batch_id": "b",
                "row_number": range(len(frame)),
            }
        )
    )


def no_families(posts: pd.DataFrame) -> pd.DataFrame:
    """FAMILIES of posts without text."""
    return FAMILIES.conform(posts[["platform", "post_id"]].reset_index(drop=True))


def crowd(
    posts: int, seed: int, *, accounts: int = 200, links: int = 1_500, lag_s: float = 7_200
) -> list[tuple[str, str, datetime]]:
    """Some accounts and links are far more active and popular than others; a link is shared in the hours after it appears."""
    rng = np.random.default_rng(seed)
    activity, popularity = 1 / np.arange(5, accounts + 5), 1 / np.arange(5, links + 5)
    who = rng.choice(accounts, posts, p=activity / activity.sum())
    link = rng.choice(links, posts, p=popularity / popularity.sum())
    born = rng.uniform(0, 19 * 86_400, links)
    second = np.minimum(born[link] + rng.exponential(lag_s, posts), 20 * 86_400 - 1).astype(int)
    return [(f"x/u{i}", f"news.example/{n}", START + timedelta(seconds=int(s))) for i, n, s in zip(who, link, second, strict=True)]


def together(names: list[str], links: list[str], *, gap_s: int = 5) -> list[tuple[str, str, datetime]]:
    """Every account shares every link, one after the other within seconds, a link every seven hours."""
    return [
        (name, f"pushed.example/{link}", START + timedelta(hours=7 * sum(map(ord, link)) % 470, seconds=gap_s * turn))
        for link in links
        for turn, name in enumerate(names)
    ]
