"""What the annexes of one rendition are made from."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from reports.annex.naming import Names
from tasks.domain.accounts import account_key
from tasks.domain.facts import Facts
from tasks.domain.frames import flatten_lists


@dataclass(frozen=True)
class AnnexInputs:
    """Frames are those of the briefing, all of them; what may be named in this rendition is said by `nameable`, "platform/account_id".

    `facts`: of this rendition, without annexes; `collected`: POSTS, of everybody; `posts`: POSTS, by members; `families`: FAMILIES, with
    the index of `collected`; `observations`: ACCOUNTS, every one; `latest`: ACCOUNTS, one an account; `members`: MEMBERSHIP, `past` too
    (accounts that left the list); `proposed`: platform, account_id, decision, reason; `clusters`: account, cluster_id; `cohorts`:
    ACCOUNT_COHORTS; `key`: of the pseudonyms.
    """

    facts: Facts
    collected: pd.DataFrame
    posts: pd.DataFrame
    families: pd.DataFrame
    observations: pd.DataFrame
    latest: pd.DataFrame
    members: pd.DataFrame
    past: pd.DataFrame
    proposed: pd.DataFrame
    clusters: pd.DataFrame
    cohorts: pd.DataFrame
    key: bytes
    nameable: frozenset[str]

    @property
    def tlp(self) -> str:
        """As it is printed: TLP:AMBER."""
        return f"TLP:{self.facts.campaign.tlp}"

    @cached_property
    def period_posts(self) -> pd.DataFrame:
        """The members' posts of the period."""
        at = self.posts["posted_at"]
        return self.posts[((at >= self.facts.period.start) & (at < self.facts.period.end)).to_numpy(bool)]

    @cached_property
    def shared(self) -> pd.DataFrame:
        """One row a link of a post of the period: `post` (position in period_posts), `url` (canonical)."""
        position, urls = flatten_lists(self.period_posts, "urls")
        return pd.DataFrame({"post": position, "url": urls.to_numpy(dtype=object)}).drop_duplicates()

    @cached_property
    def names(self) -> Names:
        listed = pd.concat([account_key(self.members), account_key(self.past)])
        names = Names(self.observations, self.collected, self.nameable, listed, self.key)
        names.look_up(self.shared["url"].unique())
        return names
