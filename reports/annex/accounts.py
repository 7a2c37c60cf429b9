"""annex/accounts.csv: who is on the campaign list, who left it and who is proposed; and the table of accounts that other annexes use.

An account that may not be named has a keyed hash for a name and nothing else by which it could be found: no id, no handle, no instant, no
number of followers.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd

from reports.annex.inputs import AnnexInputs
from reports.annex.tables import Annex, table
from tasks.domain.accounts import account_key
from tasks.domain.printable import printable

MAX_ACCOUNTS = 5_000  # about 1 MB
COLUMNS = (
    "tlp", "platform", "account", "account_id", "handle", "display_name", "listed", "basis", "known_at", "left_at", "reason",
    "created_at", "created_precision_s", "first_post_at", "last_post_at", "posts", "posts_period", "followers", "status",
    "status_observed_at", "cohorts", "cluster",
)  # fmt: skip
WHAT = "Accounts on the campaign list, those that left it and those proposed, with what is known of each."


def account_table(inputs: AnnexInputs) -> pd.DataFrame:
    """One row an account, those with most posts in the period first, then those that posted last; proposed ones at the end.

    Columns: key, platform, account_id, listed (yes, left, proposed), basis, known_at, left_at, reason, named, handle, display_name,
    created_at, created_precision_s, followers, status, status_at, first, last, posts, posts_period, cohorts, cluster.
    """
    rows = pd.concat([_listed(inputs.members, "yes"), _listed(inputs.past, "left"), _proposed(inputs.proposed)], ignore_index=True)
    rows["key"] = account_key(rows)
    rows = rows.drop_duplicates("key").set_index("key", drop=False).rename_axis(None)
    rows["named"] = [inputs.names.may_name(key) for key in rows["key"]]
    latest = inputs.latest.set_index(account_key(inputs.latest)).reindex(rows.index)
    for column in ("handle", "display_name", "created_at", "created_precision_s", "status"):
        rows[column] = latest[column]
    rows["followers"] = latest["followers_count"]
    rows["status_at"] = _status_at(inputs.observations).reindex(rows.index)
    posts = inputs.posts.groupby(["platform", "account_id"], observed=True)["posted_at"].agg(["min", "max", "size"])
    posts.index = posts.index.map("/".join)
    rows["first"], rows["last"] = posts["min"].reindex(rows.index), posts["max"].reindex(rows.index)
    rows["posts"] = posts["size"].reindex(rows.index).fillna(0).astype(int)
    counts = account_key(inputs.period_posts).value_counts()
    rows["posts_period"] = counts.reindex(rows.index).fillna(0).astype(int)
    told = inputs.cohorts["takedown_id"] + "=" + inputs.cohorts["cohort"]
    rows["cohorts"] = told.groupby(account_key(inputs.cohorts)).agg("; ".join).reindex(rows.index) if len(told) else None
    rows["cluster"] = inputs.clusters.set_index("account")["cluster_id"].reindex(rows.index)
    rows["last_of_all"] = (rows["listed"] == "proposed").astype(int)
    ordered = rows.sort_values(["last_of_all", "posts_period", "last", "key"], ascending=[True, False, False, True])
    return ordered.drop(columns="last_of_all").reset_index(drop=True)


def accounts_csv(inputs: AnnexInputs, accounts: pd.DataFrame) -> Annex:
    """`accounts`: account_table of the same inputs."""
    shown = accounts.head(MAX_ACCOUNTS)
    return table("accounts.csv", COLUMNS, _rows(inputs, shown), what=WHAT, left_out=len(accounts) - len(shown))


def _rows(inputs: AnnexInputs, accounts: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    for row in plain(accounts):
        named, platform = row["named"], row["platform"]
        posts = (row["posts"], row["posts_period"]) if row["listed"] != "proposed" else (None, None)
        yield (
            inputs.tlp,
            platform,
            account_name(inputs, row),
            *((printable(row["account_id"])[0], _said(row["handle"]), _said(row["display_name"])) if named else (None,) * 3),
            row["listed"],
            row["basis"],
            row["known_at"] if named else None,
            row["left_at"] if named else None,
            inputs.names.words(row["reason"], platform) if named or row["basis"] == "detection" else None,
            *((row["created_at"], row["created_precision_s"], row["first"], row["last"], posts[0]) if named else (None,) * 5),
            posts[1],
            row["followers"] if named else None,
            row["status"] if row["listed"] != "proposed" else None,
            row["status_at"] if named else None,
            row["cohorts"],
            row["cluster"],
        )


def account_name(inputs: AnnexInputs, row: dict[str, Any]) -> str:
    """The handle, or the id where none is known; a pseudonym for an account that may not be named."""
    return printable(row["handle"] or row["account_id"])[0] if row["named"] else inputs.names.pseudonym(row["key"])


def plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain Python values: datetime, int, str; None for every null."""
    columns: dict[str, list[Any]] = {}
    for name in frame.columns:
        series = frame[name]
        values = series.tolist()
        columns[str(name)] = [_value(v) for v in values] if series.isna().any() else [_value(v, null=False) for v in values]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _value(value: Any, *, null: bool = True) -> Any:
    if null and pd.isna(value):
        return None
    return value.to_pydatetime() if isinstance(value, datetime) and hasattr(value, "to_pydatetime") else value


def _said(text: str | None) -> str | None:
    return None if text is None else printable(text)[0]


def _listed(members: pd.DataFrame, listed: str) -> pd.DataFrame:
    rows = members[["platform", "account_id", "basis", "known_at", "until", "reason"]].rename(columns={"until": "left_at"})
    return rows.assign(listed=listed)


def _proposed(proposed: pd.DataFrame) -> pd.DataFrame:
    rows = proposed[(proposed["decision"] == "proposed").to_numpy(bool)]
    return rows[["platform", "account_id", "reason"]].assign(
        listed="proposed",
        basis="detection",
        known_at=pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us, UTC]"),
        left_at=pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us, UTC]"),
    )


def _status_at(observations: pd.DataFrame) -> pd.Series:
    """When the status of each account was last observed, by key."""
    known = observations[(observations["status"].notna() & (observations["status"] != "unknown")).to_numpy(bool)]
    return known["observed_at"].groupby(account_key(known)).max()
