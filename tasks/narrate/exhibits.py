"""Posts quoted in their own words, and the copypasta of a period."""

import numpy as np
import pandas as pd

from tasks.domain.measures import Shared
from tasks.domain.narratives import Exhibit, Quote
from tasks.domain.printable import printable
from tasks.narrate.terms import long_enough

MIN_ACCOUNTS = 3
MAX_EXHIBITS = 6


def quote(post: pd.Series) -> Quote:
    """Quote one row of POSTS: at most 280 graphemes, links defanged, nothing invisible."""
    text, shortened = printable(post["text"] if isinstance(post["text"], str) else "")
    lang = post["lang"] if isinstance(post["lang"], str) else "und"
    return Quote(
        text=text,
        lang=lang,
        platform=post["platform"],
        post_id=post["post_id"],
        posted_at=post["posted_at"].to_pydatetime(),
        shortened=shortened,
    )


def copypasta(posts: pd.DataFrame, first_seen: pd.Series) -> tuple[tuple[Exhibit, ...], Shared]:
    """Text families of >= 3 accounts among `posts` (one period; POSTS columns + family_id, short), and the share of posts in them.

    Native reposts are left out of the families (passing a post on repeats its text without anybody having pasted it) but not out of
    the whole. Texts under 20 characters (10 in scripts without spaces) never count: `short` says so, or where
    it is null the text itself. `first_seen`: first post ever, by family_id.
    Exhibits: most accounts first, then most posts, then family_id.
    """
    whole = len(posts)
    own = posts[posts["family_id"].notna() & (posts["kind"] != "repost")]
    if own.empty:
        return (), Shared(part=0, whole=whole)
    account = own["platform"] + "/" + own["account_id"]
    accounts = account.groupby(own["family_id"]).nunique()
    own = own[own["family_id"].isin(accounts.index[accounts >= MIN_ACCOUNTS])]
    own = own[_quotable(own)]
    grouped = own.assign(account=own["platform"] + "/" + own["account_id"]).groupby("family_id", sort=True)
    table = grouped.agg(posts=("post_id", "size"), accounts=("account", "nunique"), variants=("text", "nunique"))
    table = table[table["accounts"] >= MIN_ACCOUNTS]
    best = table.reset_index().sort_values(["accounts", "posts", "family_id"], ascending=[False, False, True]).head(MAX_EXHIBITS)
    exhibits = tuple(_exhibit(row, own[own["family_id"] == row.family_id], first_seen) for row in best.itertuples())
    return exhibits, Shared(part=int(table["posts"].sum()), whole=whole)


def _quotable(posts: pd.DataFrame) -> np.ndarray:
    said = posts["short"].astype("boolean")
    return np.where(said.notna(), ~said.fillna(False).to_numpy(bool), long_enough(posts["text"]))


def _exhibit(row: object, posts: pd.DataFrame, first_seen: pd.Series) -> Exhibit:
    family = str(row.family_id)  # type: ignore[attr-defined]
    common = posts["text"].value_counts(sort=False)
    text = min(common.index[common == common.max()])
    shown = posts[posts["text"] == text].sort_values(["posted_at", "platform", "post_id"]).iloc[0]
    return Exhibit(
        family_id=family,
        quote=quote(shown),
        posts=int(row.posts),  # type: ignore[attr-defined]
        accounts=int(row.accounts),  # type: ignore[attr-defined]
        platforms=tuple(sorted(posts["platform"].unique())),
        first_seen=first_seen[family].to_pydatetime(),
        variants=int(row.variants),  # type: ignore[attr-defined]
    )
