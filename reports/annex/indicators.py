"""annex/indicators.csv: the columns of the indicator files that Meta publishes with its threat reports, so that one program reads both.

Tactics, techniques and procedures are those of the Online Operations Kill Chain (Nimmo and Hutchins 2023), in the words of Meta's files.
"""

from collections.abc import Iterator

import pandas as pd

from reports.annex.accounts import plain
from reports.annex.inputs import AnnexInputs
from reports.annex.links import host_name
from reports.annex.profiles import profile_address
from reports.annex.tables import Annex, table
from tasks.domain.platforms import platform_name
from tasks.domain.printable import defang, printable

COLUMNS = ("Tactic", "Technique", "Procedure", "Indicator", "Note")
MAX_ACCOUNTS, MAX_HOSTS = 5_000, 500
HOST_ACCOUNTS = 3  # a host that fewer listed accounts linked to is no indicator of the campaign
WHAT = "Indicators in the columns of Meta's threat reports: accounts by platform, and sites that three or more of them linked to."
_ACQUIRING = ("0. Acquiring assets", "0.9 Acquiring social media accounts")
_DIRECTING = ("7. Targeted engagement", "7.5 Directing online traffic", "7.5.2 Directing audience to website")
_PROCEDURES = {
    "facebook": "0.9.1 Acquiring Facebook assets",
    "instagram": "0.9.2 Acquiring Instagram accounts",
    "threads": "0.9.3 Acquiring Threads accounts",
    "twitter": "0.9.4 Acquiring X / Twitter accounts",
    "x": "0.9.4 Acquiring X / Twitter accounts",
    "youtube": "0.9.5 Acquiring YouTube channels",
    "tiktok": "0.9.6 Acquiring TikTok accounts",
    "telegram": "0.9.7 Acquiring Telegram channels",
    "medium": "0.9.8 Acquiring accounts on online forums",
    "reddit": "0.9.8 Acquiring accounts on online forums",
}
_OTHER = "0.9.12 Acquiring other social media assets"


def indicator_accounts(accounts: pd.DataFrame) -> pd.DataFrame:
    """The rows of account_table that may be named and are on the list."""
    return accounts[(accounts["named"] & (accounts["listed"] == "yes")).to_numpy(bool)]


def indicator_hosts(hosts: pd.DataFrame) -> pd.DataFrame:
    """The rows of shared_addresses that are indicators: sites (no shortener, no platform) of at least 3 accounts."""
    return hosts[((hosts["host_kind"] == "site") & (hosts["accounts"] >= HOST_ACCOUNTS)).to_numpy(bool)]


def indicators_csv(inputs: AnnexInputs, accounts: pd.DataFrame, hosts: pd.DataFrame) -> Annex:
    """Counts of accounts first, then accounts, then hosts. `accounts`: account_table; `hosts`: shared_addresses."""
    named, sites = indicator_accounts(accounts), indicator_hosts(hosts)
    left = max(len(named) - MAX_ACCOUNTS, 0) + max(len(sites) - MAX_HOSTS, 0)
    rows = (
        *_counts(accounts),
        *_accounts(inputs, named.sort_values(["platform", "key"]).head(MAX_ACCOUNTS)),
        *_hosts(inputs, sites.head(MAX_HOSTS)),
    )
    return table("indicators.csv", COLUMNS, rows, what=WHAT, left_out=left)


def _counts(accounts: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    listed = accounts.loc[(accounts["listed"] == "yes").to_numpy(bool), "platform"].value_counts().sort_index()
    for platform, count in listed.items():
        assets = "account" if count == 1 else "accounts"
        yield (
            *_ACQUIRING,
            _procedure(str(platform)),
            f"{count:,} {platform_name(str(platform))} {assets}",
            "On the campaign list.",
        )


def _accounts(inputs: AnnexInputs, named: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    for row in plain(named):
        address = account_address(inputs, row)
        name = (
            defang(address)
            if address
            else f"{platform_name(row['platform'])} account {printable(row['handle'] or row['account_id'])[0]}"
        )
        said = [f"listed by {row['basis']}", f"{row['posts']} posts collected", f"status {row['status']}" if row["status"] else ""]
        yield (*_ACQUIRING, _procedure(row["platform"]), name, "; ".join(filter(None, said)))


def account_address(inputs: AnnexInputs, row: dict[str, object]) -> str | None:
    """The address of an account's page; None in a simulated campaign, whose made-up handles may be those of real people."""
    if inputs.facts.campaign.simulated:
        return None
    handle = row["handle"]
    return profile_address(str(row["platform"]), str(row["account_id"]), None if handle is None else str(handle))


def _hosts(inputs: AnnexInputs, sites: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    for row in plain(sites):
        note = (
            f"Linked to by {row['accounts']} accounts in {row['posts']} posts of the period; that does not make it the campaign's."
        )
        yield (*_DIRECTING, host_name(inputs, row["host"]), note)


def _procedure(platform: str) -> str:
    return _PROCEDURES.get(platform, _OTHER)
