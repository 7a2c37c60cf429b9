"""annex/families.csv: copypasta of the period, one text family a row, with its most frequent text."""

from typing import Any

import pandas as pd

from reports.annex.accounts import plain
from reports.annex.inputs import AnnexInputs
from reports.annex.links import seen
from reports.annex.tables import Annex, table
from tasks.domain.accounts import account_key

MIN_ACCOUNTS = 3
MAX_FAMILIES = 1_000
COLUMNS = (
    "tlp", "family_id", "posts_period", "accounts_period", "platforms", "variants", "first_post_at", "last_post_at", "posts",
    "accounts", "lang", "text", "text_shortened",
)  # fmt: skip
WHAT = "Text families that three or more listed accounts posted in the period, each with its most frequent text."


def families_csv(inputs: AnnexInputs) -> Annex:
    """Families of at least 3 accounts among the period's own posts (native reposts and texts too short to compare left out), most
    accounts first; `posts`, `accounts`, first and last count all posts by members since collection began."""
    period = inputs.period_posts
    families = inputs.families.loc[period.index]
    own = (families["family_id"].notna() & ~families["short"].fillna(True) & (period["kind"] != "repost")).to_numpy(bool)
    posts = period[own].assign(family_id=families["family_id"][own], account=account_key(period[own]))
    counted = posts.groupby("family_id", sort=True).agg(
        posts_period=("post_id", "size"), accounts_period=("account", "nunique"), variants=("text", "nunique")
    )
    counted = counted[counted["accounts_period"] >= MIN_ACCOUNTS].reset_index()
    counted = counted.sort_values(
        ["accounts_period", "posts_period", "family_id"], ascending=[False, False, True], ignore_index=True
    )
    chosen = counted.head(MAX_FAMILIES)
    posts = posts[posts["family_id"].isin(chosen["family_id"]).to_numpy(bool)]
    rows = chosen.merge(_central(posts), on="family_id").merge(_ever(inputs, chosen["family_id"]), on="family_id")
    return table(
        "families.csv", COLUMNS, (_row(inputs, row) for row in plain(rows)), what=WHAT, left_out=len(counted) - len(chosen)
    )


def _row(inputs: AnnexInputs, row: dict[str, Any]) -> tuple[object, ...]:
    text = inputs.names.words(str(row["text"]), str(row["platform"]), paths=row["named"])
    return (
        inputs.tlp,
        *(row[name] for name in ("family_id", "posts_period", "accounts_period", "platforms", "variants")),
        *seen(row),
        row["posts"],
        row["accounts"],
        row["lang"],
        text,
        "yes" if text.endswith("…") and not text.endswith("/…") and not str(row["text"]).endswith("…") else "no",
    )


def _central(posts: pd.DataFrame) -> pd.DataFrame:
    """Per family its most frequent text (the first in order of characters among equals) with the platform and language of the oldest
    post that has it, and all platforms."""
    if posts.empty:
        return pd.DataFrame(columns=["family_id", "text", "platform", "lang", "platforms"], dtype="str")
    common = posts.groupby(["family_id", "text"], sort=True).size().rename("times").reset_index()
    best = common.sort_values(["family_id", "times", "text"], ascending=[True, False, True]).drop_duplicates("family_id")
    oldest = posts.sort_values(["posted_at", "platform", "post_id"]).drop_duplicates(["family_id", "text"])
    found = best[["family_id", "text"]].merge(oldest[["family_id", "text", "platform", "lang"]], on=["family_id", "text"])
    every = posts[["family_id", "platform"]].drop_duplicates().sort_values(["family_id", "platform"])
    return found.assign(platforms=found["family_id"].map(every.groupby("family_id")["platform"].agg("; ".join)))


def _ever(inputs: AnnexInputs, chosen: pd.Series) -> pd.DataFrame:
    """Per family: first, last, posts and accounts over all posts by members."""
    family = inputs.families["family_id"].loc[inputs.posts.index]
    posts = inputs.posts[family.isin(chosen).to_numpy(bool)]
    keyed = posts.assign(
        family_id=family.loc[posts.index], account=account_key(posts), open=account_key(posts).isin(inputs.nameable)
    )
    return (
        keyed.groupby("family_id", sort=True)
        .agg(
            first=("posted_at", "min"),
            last=("posted_at", "max"),
            posts=("post_id", "size"),
            accounts=("account", "nunique"),
            named=("open", "all"),
        )
        .reset_index()
    )
