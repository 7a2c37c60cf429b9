"""What became of the clusters of accounts since the period before."""

from datetime import datetime
from typing import Literal

from tasks.domain.measures import Shared
from tasks.domain.records import Record


class ClusterPart(Record):
    """A cluster of the time before: its accounts then, and how many of them the event is about."""

    cluster_id: str
    accounts: int
    shared: int


class ClusterEvent(Record):
    """`born`: not seen before. `returned`: stood earlier, but not at the end of the period before. `split`: at least half of it was part of
    the cluster named in `others`. `merged`: at least half of each of `others` is in it now. `died`: stands no more, and most of its
    accounts are not in one cluster together. `accounts`: now; of one that died, then."""

    kind: Literal["born", "returned", "split", "merged", "died"]
    cluster_id: str
    accounts: int
    others: tuple[ClusterPart, ...] = ()


class ClusterChanges(Record):
    """Clusters of at least `min_accounts`, now and at `compared_with`, the last Monday not after the period began. `stayed`: of the
    accounts in a cluster at both times, those under the same id."""

    compared_with: datetime
    min_accounts: int
    clusters: int
    clusters_before: int
    continued: int
    stayed: Shared
    small_events: int  # of smaller clusters, not listed
