"""Clusters that last: at every Monday since the campaign began the pairs that are more than chance are clustered, and each cluster takes
the id of the earlier one that most of it comes from.

Nothing looks ahead: what stands at a Monday rests on the posts before it, so later posts change no id, and the periods of a backfill may
be computed in any order. (One thing does: a link that becomes a hub is set aside in the weeks before as well.) Matching by member overlap
in steps: Greene, Doyle and Cunningham 2010, "Tracking the evolution of communities in dynamic social networks"; here one to one, and an
account that was in no cluster for a time still speaks for the last one it was in.
"""

import hashlib
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from tasks.detect.clusters import communities, fuse
from tasks.detect.significance import benjamini_hochberg
from tasks.detect.sweep import Ints
from tasks.detect.weekly import FIRST_MONDAY_S, WEEK_S, Listed

MIN_COMMON = 2  # accounts that a cluster must share with an earlier one to be it
MIN_OVERLAP = 0.5  # ... and of the smaller of the two


@dataclass(frozen=True)
class Lineage:
    """`snapshots`: account, cluster_id, week; the clusters at the end of each week since the first, weeks without one left out. `first`:
    number of the first week, counted from 1970-01-05; `weeks`: how many were replayed. `state`: what the next step goes on from."""

    snapshots: pd.DataFrame
    first: int
    weeks: int
    state: "State"
    founders: "Founders"

    def continued(self, edges: pd.DataFrame, seed: int) -> pd.DataFrame:
        """Clusters of the significant `edges` (EDGES) of a detection window, one step on from the last Monday: account, cluster_id, by
        account. The accounts must be among those of the founders."""
        fused, index = fuse(edges), pd.Index(self.founders.names)
        source, target = (index.get_indexer(pd.Index(fused[end])).astype(np.int64) for end in ("source", "target"))
        ids, account, group = deepcopy(self.state).step(
            source, target, fused["weight"].to_numpy(np.int64), self.founders, self.first + self.weeks, seed
        )
        cluster_id = np.asarray(ids, object)[group]
        return pd.DataFrame({"account": self.founders.names[account], "cluster_id": cluster_id}).astype("str")

    def at(self, instant: datetime) -> pd.Series:
        """cluster_id by account at the last Monday not after `instant`; empty before the first."""
        week = self._weeks_ended(instant) - 1
        rows = self.snapshots[(self.snapshots["week"] == week).to_numpy(bool)]
        return rows.set_index("account")["cluster_id"]

    def monday(self, instant: datetime) -> datetime:
        """The last Monday, 00:00 UTC, not after `instant`."""
        return datetime.fromtimestamp(FIRST_MONDAY_S, UTC) + timedelta(weeks=self.first + self._weeks_ended(instant))

    def covers(self, instant: datetime) -> bool:
        """Had a week been seen whole by then?"""
        return self._weeks_ended(instant) >= 1

    def before(self, instant: datetime) -> set[str]:
        """Every cluster_id that stood at a Monday not after `instant`."""
        return set(self.snapshots["cluster_id"][(self.snapshots["week"] < self._weeks_ended(instant)).to_numpy(bool)])

    def since(self) -> pd.Series:
        """By cluster_id the Monday at which it first stood."""
        first = self.snapshots.groupby("cluster_id")["week"].min()
        ends = pd.to_datetime((first + self.first + 1) * WEEK_S + FIRST_MONDAY_S, unit="s", utc=True)
        return pd.Series(ends, index=first.index)

    def _weeks_ended(self, instant: datetime) -> int:
        return int((instant.timestamp() - FIRST_MONDAY_S) // WEEK_S) - self.first


@dataclass
class State:
    """`last`: number of the last cluster of every account, -1 none; `now`: the same, -1 also where it was in none at the last step;
    `ids`: of all clusters so far, by number; `sizes`: of each when it last stood."""

    last: Ints
    now: Ints
    ids: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def step(
        self, source: Ints, target: Ints, weight: Ints, founders: "Founders", week: int, seed: int
    ) -> tuple[list[str], Ints, Ints]:
        """Cluster a graph and take its clusters in. Returns the id of every group, and the accounts with their groups."""
        account, group = communities(source, target, weight, self.now, seed)
        numbers = self._matched(account, group)
        for one in range(len(numbers)):
            inside = account[group == one]
            if numbers[one] < 0:
                numbers[one] = len(self.ids)
                self.ids.append(founders.new_id(inside, self.ids, week))
                self.sizes.append(0)
            self.sizes[numbers[one]] = len(inside)
        self.now = np.full(len(self.last), -1, np.int64)
        self.now[account] = self.last[account] = np.asarray(numbers, np.int64)[group]
        return [self.ids[number] for number in numbers], account, group

    def _matched(self, account: Ints, group: Ints) -> list[int]:
        """By group the number of the earlier cluster it is, or -1: most common accounts first, one to one."""
        groups, standing = int(group.max(initial=-1)) + 1, set(self.now.tolist())
        numbers, size = [-1] * groups, np.bincount(group, minlength=groups)
        known = self.last[account] >= 0
        width = max(len(self.ids), 1)
        key, common = np.unique(group[known] * width + self.last[account[known]], return_counts=True)
        found = [
            (-int(n), number not in standing, number, one)
            for one, number, n in zip((key // width).tolist(), (key % width).tolist(), common.tolist(), strict=True)
            if n >= MIN_COMMON and n >= MIN_OVERLAP * min(int(size[one]), self.sizes[number])
        ]
        taken: set[int] = set()
        for _, _, number, one in sorted(found):
            if numbers[one] < 0 and number not in taken:
                numbers[one] = number
                taken.add(number)
        return numbers


@dataclass(frozen=True)
class Founders:
    """`names` of accounts by code, and their `rank` by first visible post, then name."""

    names: np.ndarray
    rank: Ints

    def new_id(self, inside: Ints, ids: list[str], week: int) -> str:
        """Hash of the account that posted first; of that and the week where an older cluster has the name already."""
        oldest = str(self.names[inside[np.argmin(self.rank[inside])]])
        name = _hash(oldest)
        return name if name not in ids else _hash(f"{oldest} {week}")


def replayed(listed: list[Listed], founders: Founders, *, first: int, weeks: int, max_q: float, seed: int) -> Lineage:
    """Go through the weeks. `listed`: one for each behaviour, over the same accounts (those of `founders`) and weeks; `first`: number of
    week 0 counted from 1970-01-05; an edge counts at q <= `max_q` over all pairs that could have co-acted, as in a briefing."""
    accounts = len(founders.names)
    state = State(np.full(accounts, -1, np.int64), np.full(accounts, -1, np.int64))
    columns = ([getattr(one, name) for one in listed] for name in ("pair", "week", "objects", "p_value"))
    pair, week, objects, p_value = (np.concatenate([np.empty(0, np.int64), *parts]) for parts in columns)
    tests = sum((one.accounts * (one.accounts - 1) // 2 for one in listed), np.zeros(weeks, np.int64))
    order = np.argsort(week, kind="stable")
    bounds = np.searchsorted(week[order], np.arange(weeks + 1))
    told: list[pd.DataFrame] = []
    for at in range(weeks):
        rows = order[bounds[at] : bounds[at + 1]]
        rows = rows[benjamini_hochberg(p_value[rows], tests=max(int(tests[at]), len(rows))) <= max_q]
        pairs, place = np.unique(pair[rows], return_inverse=True)
        weight = np.bincount(place, objects[rows], minlength=len(pairs)).astype(np.int64)
        ids, account, group = state.step(pairs // accounts, pairs % accounts, weight, founders, first + at, seed)
        told.append(pd.DataFrame({"account": founders.names[account], "cluster_id": np.asarray(ids, object)[group], "week": at}))
    empty = pd.DataFrame(
        {"account": pd.Series(dtype="str"), "cluster_id": pd.Series(dtype="str"), "week": pd.Series(dtype="int64")}
    )
    snapshots = pd.concat([empty, *(part for part in told if len(part))], ignore_index=True)
    return Lineage(snapshots.astype({"account": "str", "cluster_id": "str", "week": "int64"}), first, weeks, state, founders)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
