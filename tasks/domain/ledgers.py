"""Imported ledgers: what sources published about takedowns, and the indicators they listed; rows of the lake and facts made of them."""

from datetime import date
from typing import Literal

from tasks.domain.frames import Column, FrameSchema
from tasks.domain.records import Record
from tasks.domain.takedowns import DatePrecision, Known

PRECISIONS = ("day", "week", "month", "quarter", "half-year", "year", "lifetime", "unknown")
INDICATOR_KINDS = ("account", "link", "domain", "asset count", "hash", "hashtag", "text", "none")

TAKEDOWN_ROWS = FrameSchema(
    "takedowns",
    (
        Column("campaign", "text"),
        Column("row_id", "text"),  # the source's own number of the row
        Column("observed_at", "instant"),  # from when the row counts as known
        Column("network", "text", optional=True),  # whom the source says it was about; null = the file is about one campaign
        Column("platform", "text"),  # several, which share one count, are joined by "+"
        Column("known", "text", vocabulary=("yes", "unknown")),
        Column("asset_type", "text", optional=True),
        Column("count", "count", optional=True),
        Column("approximate", "flag", optional=True),
        Column("removal", "flag"),  # false: a list, an exposure, an audience; nothing was removed on that day
        Column("precision", "text", vocabulary=PRECISIONS),
        Column("effective_from", "instant", optional=True),  # first day, 0 h UTC
        Column("effective_to", "instant", optional=True),  # last day
        Column("announced_on", "instant", optional=True),
        Column("source", "text", vocabulary=("platform", "press", "inferred")),
        Column("link", "text", optional=True),  # the source's word for how surely it belongs to the network
        Column("address", "text", optional=True),
        Column("note", "text", optional=True),
        Column("batch_id", "text"),
        Column("row_number", "count"),
    ),
)

INDICATORS = FrameSchema(
    "indicators",
    (
        Column("campaign", "text"),
        Column("observed_at", "instant"),
        Column("kind", "text", vocabulary=INDICATOR_KINDS),  # none: the row names a technique, or nothing
        Column("value", "text", optional=True),  # an account's handle, a canonical link, a domain, the words themselves
        Column("platform", "text", optional=True),
        Column("link", "text", optional=True),  # of an account too: where it is, canonical, not defanged
        Column("count", "count", optional=True),  # of an asset count
        Column("asset_type", "text", optional=True),
        Column("tactic", "text", optional=True),
        Column("procedure", "text", optional=True),
        Column("note", "text", optional=True),
        Column("batch_id", "text"),
        Column("row_number", "count"),
    ),
)


class LedgerEntry(Record):
    """One action of the takedown ledger as known at the cut-off. Its interval is [first, last], whole days; counts of entries whose
    intervals overlap may count the same assets and are never added."""

    takedown_id: str
    platforms: tuple[str, ...]
    known: Known
    first: date | None
    last: date | None
    precision: DatePrecision
    announced_on: date | None
    counts: dict[str, int]  # by asset type
    approximate: bool
    removal: bool  # false: a list, an exposure or an audience, not a removal
    source: str
    address: str
    note: str
    stated_in: Literal["campaign file", "ledger file"]
    overlaps: tuple[str, ...] = ()  # other entries of a platform it names, whose intervals touch its own


class LedgerFacts(Record):
    """Everything stated about takedowns. `set_aside` are imported actions that an entry of the campaign file states too."""

    entries: tuple[LedgerEntry, ...] = ()
    set_aside: tuple[str, ...] = ()  # one sentence each
    rows_of_other_networks: int = 0  # imported rows about networks that are not this campaign


class ListedAccount(Record):
    """An account that an indicator file names. `link` is defanged."""

    platform: str
    handle: str
    link: str
    observed: bool
    posts: int  # visible posts of the account


class MatchedIndicators(Record):
    """How many listed indicators of one kind, on one platform where it has one, were met in what was collected."""

    kind: str
    platform: str  # empty: no platform
    listed: int
    matched: int
    posts: int  # visible posts by the accounts, or with the links


class StatedAssets(Record):
    """A count of removed assets as an indicator file states it; in no sum."""

    platform: str
    asset_type: str
    count: int


class IndicatorFacts(Record):
    """What indicator files list, and what of it was met. `others` are kinds that cannot be matched with posts, by kind."""

    files: int
    rows: int
    assets: tuple[StatedAssets, ...]
    matched: tuple[MatchedIndicators, ...]
    accounts_listed: tuple[ListedAccount, ...]  # accounts that were met first
    links_met: tuple[str, ...]  # defanged, most posts first, at most 20
    others: dict[str, int]
