"""Indicator lists held against what was collected: which listed accounts, links and domains were met, and in how many posts.

An account is met by platform and handle (or account id), without case; `x` and `twitter` are one platform. A link is met by equality of
canonical links, without scheme and `www.`; a domain by the host of a post's link or a host below it. That something listed was met says
that it is in the collection, not that its sharer belongs to the network: a link alone attributes no account.
"""

import pandas as pd

from tasks.domain.frames import flatten_lists
from tasks.domain.ledgers import IndicatorFacts, ListedAccount, MatchedIndicators, StatedAssets
from tasks.domain.measures import NotMeasurable
from tasks.domain.printable import defang, printable

MATCHED_KINDS = ("account", "link", "domain")
LINKS_SHOWN = 20
_ONE_PLATFORM = {"twitter": "x"}
NO_LIST = NotMeasurable(reason="no indicator list was imported, or none was known at the cut-off")


def match_indicators(indicators: pd.DataFrame, posts: pd.DataFrame, observations: pd.DataFrame) -> IndicatorFacts | NotMeasurable:
    """`indicators`: INDICATORS with observed_at <= as_of. Columns used of `posts`: platform, account_id, urls, domains; of
    `observations`: platform, account_id, handle (every handle an account ever had counts)."""
    if indicators.empty:
        return NO_LIST
    accounts = _accounts(indicators, posts, observations)
    links, domains = _links(indicators, posts), _domains(indicators, posts)
    by_platform = [
        MatchedIndicators(
            kind="account",
            platform=str(platform),
            listed=len(rows),
            matched=int(rows["observed"].sum()),
            posts=int(rows["posts"].sum()),
        )
        for platform, rows in accounts.groupby("platform", sort=True)
    ]
    met = links[links["posts"] > 0].sort_values(["posts", "link"], ascending=[False, True])["link"].head(LINKS_SHOWN)
    counted = indicators[indicators["kind"] == "asset count"].drop_duplicates(["platform", "asset_type", "count", "batch_id"])
    others = indicators["kind"][~indicators["kind"].isin([*MATCHED_KINDS, "asset count"])].value_counts()
    return IndicatorFacts(
        files=int(indicators["batch_id"].nunique()),
        rows=len(indicators),
        assets=tuple(
            StatedAssets(platform=_text(platform), asset_type=_text(asset_type), count=count)
            for platform, asset_type, count in zip(
                counted["platform"], counted["asset_type"], counted["count"].astype(int).tolist(), strict=True
            )
        ),
        matched=(*by_platform, *_summed("link", links), *_summed("domain", domains)),
        accounts_listed=_listed(accounts),
        links_met=tuple(defang(link) for link in met),
        others={str(kind): int(count) for kind, count in sorted(others.items())},
    )


def _listed(accounts: pd.DataFrame) -> tuple[ListedAccount, ...]:
    ordered = accounts.sort_values(["observed", "posts", "platform", "value"], ascending=[False, False, True, True])
    columns = (ordered[name].tolist() for name in ("platform", "value", "link", "observed", "posts"))
    return tuple(
        ListedAccount(platform=platform, handle=printable(handle)[0], link=defang(_text(link)), observed=observed, posts=posts)
        for platform, handle, link, observed, posts in zip(*columns, strict=True)
    )


def _accounts(indicators: pd.DataFrame, posts: pd.DataFrame, observations: pd.DataFrame) -> pd.DataFrame:
    """One row a listed account: platform, value, link, observed, posts."""
    listed = indicators[(indicators["kind"] == "account").to_numpy(bool)].assign(
        platform=lambda rows: rows["platform"].replace(_ONE_PLATFORM), key=lambda rows: _key(rows["platform"], rows["value"])
    )
    listed = listed.drop_duplicates("key")[["platform", "value", "link", "key"]]
    counts = posts.groupby(["platform", "account_id"], observed=True).size().rename("posts").reset_index()
    named = observations[["platform", "account_id", "handle"]].drop_duplicates()
    named = named[named["handle"].notna().to_numpy(bool)]
    seen = pd.concat(
        [
            counts.assign(key=_key(counts["platform"], counts["account_id"]))[["key", "platform", "account_id"]],
            named.assign(key=_key(named["platform"], named["handle"]))[["key", "platform", "account_id"]],
        ]
    ).drop_duplicates()
    met = seen[seen["key"].isin(listed["key"])].merge(counts, on=["platform", "account_id"], how="left")
    per_key = met.groupby("key")["posts"].sum()
    found = listed["key"].isin(per_key.index)
    return listed.assign(observed=found, posts=listed["key"].map(per_key).fillna(0).astype(int))


def _links(indicators: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    """One row a listed link, with the posts that carry it."""
    listed = indicators.loc[(indicators["kind"] == "link").to_numpy(bool), ["link"]].drop_duplicates()
    return listed.assign(posts=_posts_with(posts, "urls", _bare(listed["link"])))


def _domains(indicators: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    listed = indicators.loc[(indicators["kind"] == "domain").to_numpy(bool), ["value"]].drop_duplicates()
    return listed.assign(posts=_posts_with(posts, "domains", listed["value"]))


def _posts_with(posts: pd.DataFrame, column: str, wanted: pd.Series) -> list[int]:
    """Per wanted value the number of posts that hold it (for domains: or a host below it)."""
    if wanted.empty:
        return []
    positions, values = flatten_lists(posts, column)
    distinct = pd.Series(values.unique(), dtype="str")
    keys = pd.DataFrame({"key": _bare(distinct), "value": distinct}) if column == "urls" else _with_parents(distinct)
    hits = keys[keys["key"].isin(wanted).to_numpy(bool)]
    if hits.empty:
        return [0] * len(wanted)
    found = pd.DataFrame({"post": positions, "value": values.to_numpy()}).merge(hits, on="value").drop_duplicates(["post", "key"])
    counts = found["key"].value_counts()
    return [int(counts.get(value, 0)) for value in wanted]


def _with_parents(hosts: pd.Series) -> pd.DataFrame:
    """`a.b.org` -> a.b.org and b.org: a listed domain covers the hosts below it."""
    pairs = [(".".join(parts[i:]), host) for host in hosts for parts in [host.split(".")] for i in range(len(parts) - 1)]
    return pd.DataFrame(pairs, columns=["key", "value"], dtype="str")


def _summed(kind: str, rows: pd.DataFrame) -> list[MatchedIndicators]:
    if rows.empty:
        return []
    posts = int(rows["posts"].sum())
    return [MatchedIndicators(kind=kind, platform="", listed=len(rows), matched=int((rows["posts"] > 0).sum()), posts=posts)]


def _key(platform: pd.Series, name: pd.Series) -> pd.Series:
    return platform.astype("str").replace(_ONE_PLATFORM) + "/" + name.astype("str").str.lower().str.lstrip("@")


def _bare(links: pd.Series) -> pd.Series:
    return links.str.replace(r"^[a-z]+://(?:www\.)?", "", regex=True)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
