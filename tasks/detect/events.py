"""Births, merges, splits and deaths: the clusters of a period against those at its start."""

from datetime import datetime
from typing import Literal

import pandas as pd

from tasks.detect.lineage import MIN_COMMON, MIN_OVERLAP, Lineage
from tasks.detect.network import Detection
from tasks.domain.facts import ClusterFacts, CoordinationFacts
from tasks.domain.lineages import ClusterChanges, ClusterEvent, ClusterPart
from tasks.domain.measures import NotMeasurable, Shared

MIN_ACCOUNTS = 5  # pairs and trios come and go with one text more or less


def with_history(facts: CoordinationFacts, detection: Detection, since: datetime) -> CoordinationFacts:
    """`facts` with what became of the clusters since the instant `since`, the start of the period."""
    lineage = detection.lineage
    if not lineage.covers(since):
        why = (
            "the posts do not reach back a whole week before the period began, so its clusters cannot be compared with earlier ones"
        )
        return facts.model_copy(update={"cluster_changes": NotMeasurable(reason=why)})
    before, now = lineage.at(since), detection.clusters.set_index("account")["cluster_id"]
    changes, events = compared(before, now, lineage, since)
    first, sizes = lineage.since(), before.value_counts()
    clusters = tuple(_dated(cluster, first, sizes) for cluster in facts.clusters)
    return facts.model_copy(update={"clusters": clusters, "cluster_changes": changes, "cluster_events": events})


def compared(
    before: pd.Series, now: pd.Series, lineage: Lineage, since: datetime
) -> tuple[ClusterChanges, tuple[ClusterEvent, ...]]:
    """`before`, `now`: cluster_id by account. Events of clusters with MIN_ACCOUNTS, the largest first."""
    sizes, old_sizes = now.value_counts(), before.value_counts()
    both = pd.concat([before.rename("old"), now.rename("new")], axis=1, join="inner")
    common = both.value_counts().rename("shared").reset_index().sort_values(["shared", "old", "new"], ascending=[False, True, True])
    earlier = lineage.before(since)
    events = [
        *_arrived(sizes, old_sizes, common, earlier),
        *_left(sizes, old_sizes, common),
    ]
    large = [event for event in events if max(event.accounts, *(part.accounts for part in event.others), 0) >= MIN_ACCOUNTS]
    order = {"merged": 0, "split": 1, "born": 2, "returned": 3, "died": 4}
    large.sort(key=lambda event: (order[event.kind], -event.accounts, event.cluster_id))
    changes = ClusterChanges(
        compared_with=lineage.monday(since),
        min_accounts=MIN_ACCOUNTS,
        clusters=int((sizes >= MIN_ACCOUNTS).sum()),
        clusters_before=int((old_sizes >= MIN_ACCOUNTS).sum()),
        continued=len(set(sizes.index[sizes >= MIN_ACCOUNTS]) & set(old_sizes.index)),
        stayed=Shared(part=int((both["old"] == both["new"]).sum()), whole=len(both)),
        small_events=len(events) - len(large),
    )
    return changes, tuple(large)


def _arrived(sizes: pd.Series, old_sizes: pd.Series, common: pd.DataFrame, earlier: set[str]) -> list[ClusterEvent]:
    from_where = common.drop_duplicates("new").set_index("new")
    events = []
    for name in sorted(set(sizes.index) - set(old_sizes.index)):
        size = int(sizes[name])
        kind: Literal["born", "returned", "split"] = "returned" if name in earlier else "born"
        others: tuple[ClusterPart, ...] = ()
        if name in from_where.index and _most(int(from_where.loc[name, "shared"]), size):
            kind, others = "split", (_part(from_where.loc[name, "old"], old_sizes, from_where.loc[name, "shared"]),)
        events.append(ClusterEvent(kind=kind, cluster_id=name, accounts=size, others=others))
    return events


def _left(sizes: pd.Series, old_sizes: pd.Series, common: pd.DataFrame) -> list[ClusterEvent]:
    to_where = common.drop_duplicates("old").set_index("old")
    events: list[ClusterEvent] = []
    merged: dict[str, list[ClusterPart]] = {}
    for name in sorted(set(old_sizes.index) - set(sizes.index)):
        size = int(old_sizes[name])
        if name in to_where.index and _most(int(to_where.loc[name, "shared"]), size):
            merged.setdefault(to_where.loc[name, "new"], []).append(_part(name, old_sizes, to_where.loc[name, "shared"]))
        else:
            events.append(ClusterEvent(kind="died", cluster_id=name, accounts=size))
    return events + [
        ClusterEvent(kind="merged", cluster_id=name, accounts=int(sizes[name]), others=tuple(parts))
        for name, parts in sorted(merged.items())
    ]


def _most(shared: int, size: int) -> bool:
    return shared >= MIN_COMMON and shared >= MIN_OVERLAP * size


def _part(name: str, sizes: pd.Series, shared: int) -> ClusterPart:
    return ClusterPart(cluster_id=name, accounts=int(sizes[name]), shared=int(shared))


def _dated(cluster: ClusterFacts, first: pd.Series, sizes: pd.Series) -> ClusterFacts:
    name = cluster.cluster_id
    stood = first[name].date() if name in first.index else None
    return cluster.model_copy(update={"first_stood": stood, "accounts_before": int(sizes.get(name, 0))})
