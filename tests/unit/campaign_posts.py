"""Small frames for the tests of narratives and activity: posts from rows that name only what matters."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from tasks.domain.accounts import MEMBERSHIP
from tasks.domain.networks import FAMILIES
from tasks.domain.posts import POSTS

WEEK = "2023-W41"  # 9 to 15 October 2023
MONDAY = datetime(2023, 10, 9, tzinfo=UTC)


def posts_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """POSTS from rows; platform x, second clocks, observed when posted, numbered ids unless a row says otherwise."""
    given = [dict(row) for row in rows]
    if not given:
        return POSTS.empty()
    frame = pd.DataFrame(
        [
            {
                "campaign": "c",
                "platform": "x",
                "post_id": f"p{number:06d}",
                "observed_at": row["posted_at"],
                "account_id": "a",
                "time_precision_s": 1,
                "kind": "original",
                "lang": "en",
                "batch_id": "b",
                "row_number": number,
                **row,
            }
            for number, row in enumerate(given)
        ]
    )
    return POSTS.conform(frame)


def same_text_families(posts: pd.DataFrame) -> pd.DataFrame:
    """FAMILIES by equal text; an empty text belongs to none."""
    family = posts["text"].map(lambda text: f"f-{text}" if isinstance(text, str) and text else None)
    return FAMILIES.conform(pd.DataFrame({"platform": posts["platform"], "post_id": posts["post_id"], "family_id": family}))


def members_frame(posts: pd.DataFrame, basis: str = "seed") -> pd.DataFrame:
    """MEMBERSHIP of every account that posted."""
    accounts = posts[["platform", "account_id"]].drop_duplicates()
    if accounts.empty:
        return MEMBERSHIP.empty()
    frame = accounts.assign(campaign="c", known_at=MONDAY, basis=basis, outcome_selected=False, reason="test")
    return MEMBERSHIP.conform(frame.reset_index(drop=True))
