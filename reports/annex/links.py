"""annex/links.csv: the hosts and pages that accounts of the campaign list linked to in the period.

That an account shared a link says nothing about whose page it is. Links on platforms where anybody publishes may name somebody, so their
path is a keyed hash unless every part of it belongs to an account that may be named. A host or page that fewer than three accounts linked
to leads to their posts, so it is listed only if all of them may be named; and where one may not, days stand in place of instants.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from reports.annex.accounts import plain
from reports.annex.inputs import AnnexInputs
from reports.annex.naming import host_of
from reports.annex.tables import Annex, table
from tasks.domain.accounts import account_key
from tasks.domain.links import PLATFORM_HOSTS, SHORTENERS

MAX_HOSTS, MAX_LINKS = 1_000, 4_000
SHARED_BY = 3  # accounts after which a page no longer leads to one of them
COLUMNS = ("tlp", "kind", "address", "host", "host_kind", "posts", "accounts", "first_shared_at", "last_shared_at")
WHAT = "Hosts and pages that listed accounts linked to in the period, defanged; a link attributes nothing to its host."


def shared_addresses(inputs: AnnexInputs) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hosts and pages, one row each, most accounts first: name (the host, or the canonical address), host, host_kind (site, shortener,
    platform), posts, accounts, first, last, `named` (whether all of the accounts may be)."""
    rows = _placed(inputs)
    hosts = _counted(rows.assign(name=rows["host"]).drop_duplicates(["post", "name"]))
    return hosts, _counted(rows.assign(name=rows["url"]))


def links_csv(inputs: AnnexInputs, hosts: pd.DataFrame, links: pd.DataFrame) -> Annex:
    """`hosts`, `links`: shared_addresses of the same inputs."""
    left = max(len(hosts) - MAX_HOSTS, 0) + max(len(links) - MAX_LINKS, 0)
    return table(
        "links.csv",
        COLUMNS,
        (*_rows(inputs, hosts.head(MAX_HOSTS), "host"), *_rows(inputs, links.head(MAX_LINKS), "link")),
        what=WHAT,
        left_out=left,
    )


def _rows(inputs: AnnexInputs, counted: pd.DataFrame, kind: str) -> Iterator[tuple[object, ...]]:
    shown = {host: host_name(inputs, host) for host in counted["host"].unique()}
    for row in plain(counted):
        host = shown[row["host"]]
        address = inputs.names.link(row["name"]) if kind == "link" else host
        yield (inputs.tlp, kind, address, host.partition("/")[0], row["host_kind"], row["posts"], row["accounts"], *seen(row))


def seen(row: dict[str, Any]) -> tuple[object, object]:
    """First and last, as days where one of the accounts may not be named: an instant leads to a post."""
    first, last = row["first"], row["last"]
    return (first, last) if row["named"] else (first.date(), last.date())


def host_name(inputs: AnnexInputs, host: str) -> str:
    """A host, defanged, as a link to it would be shown: a page of somebody's own on a platform becomes a keyed hash."""
    shown = inputs.names.link(f"https://{host}")
    return shown.partition("://")[2] or shown if shown.startswith("hxxp") else shown


def _placed(inputs: AnnexInputs) -> pd.DataFrame:
    rows, posts = inputs.shared, inputs.period_posts
    distinct = {url: host_of(url) for url in rows["url"].unique()}
    place = rows["post"].to_numpy(np.int64)
    return rows.assign(
        host=[distinct[url] for url in rows["url"]],
        account=account_key(posts).to_numpy(dtype=object)[place],
        at=posts["posted_at"].iloc[place].array,
        open=account_key(posts).isin(inputs.nameable).to_numpy(bool)[place],
    )


def _counted(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows[(rows["host"] != "").to_numpy(bool)]
    grouped = rows.groupby("name", sort=True)
    counted = grouped.agg(
        host=("host", "first"),
        posts=("post", "nunique"),
        accounts=("account", "nunique"),
        first=("at", "min"),
        last=("at", "max"),
        named=("open", "all"),
    ).reset_index()
    counted = counted[(counted["named"] | (counted["accounts"] >= SHARED_BY)).to_numpy(bool)]
    counted["host_kind"] = [_kind(host) for host in counted["host"]]
    return counted.sort_values(["accounts", "posts", "name"], ascending=[False, False, True], ignore_index=True)


def _kind(host: str) -> str:
    return "shortener" if host in SHORTENERS else "platform" if host in PLATFORM_HOSTS else "site"
