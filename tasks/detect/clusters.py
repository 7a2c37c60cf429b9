"""Groups of accounts that act together, and a drawing of them."""

import hashlib
import random
from dataclasses import dataclass

import igraph
import leidenalg
import numpy as np
import pandas as pd

from tasks.detect.sweep import Ints

ITERATIONS = 2
MAX_PARTITIONS = 512  # kept in memory, 4 bytes an account each: the weeks of several years
MAX_DRAWN = 300  # nodes that can still be told apart on half a printed page

_partitions: dict[bytes, np.ndarray] = {}


@dataclass(frozen=True)
class Drawing:
    """Positions for the figure. `nodes`: account, cluster_id, degree, x, y (in [0, 1]); `edges`: source and target as positions in
    `nodes`, weight. `left_out` accounts are beyond what can be read; where there are any, `discs` (cluster_id, accounts, x, y; largest
    first) and `links` (source and target as positions in `discs`, edges) hold the whole network by cluster. Else both are empty."""

    nodes: pd.DataFrame
    edges: pd.DataFrame
    left_out: int
    discs: pd.DataFrame
    links: pd.DataFrame


def fuse(edges: pd.DataFrame) -> pd.DataFrame:
    """One row a pair over all behaviours: source, target, weight (distinct objects, summed over behaviours), sorted."""
    fused = edges.groupby(["source", "target"], sort=True, observed=True)["objects"].sum()
    return fused.rename("weight").astype("int64").reset_index()


def communities(source: Ints, target: Ints, weight: Ints, start: Ints, seed: int) -> tuple[Ints, Ints]:
    """Leiden communities of a weighted graph (Traag, Waltman and van Eck 2019, by modularity), seeded.

    `source`, `target`: codes of accounts, each pair once; `start`: by code the community to begin from, -1 = one of its own. Two
    iterations from there: on 12 weeks of simulation 0.93 of the accounts then stayed in their cluster from week to week, from scratch
    0.79, because many partitions are about as good. Returns the codes that occur, ascending, and for each the number of its community,
    0.. without a gap.
    """
    accounts, ends = np.unique(np.stack([source, target], axis=1), return_inverse=True)
    if not len(accounts):
        return accounts.astype(np.int64), np.empty(0, np.int64)
    begin = np.where(start[accounts] >= 0, start[accounts], start.max(initial=0) + 1 + np.arange(len(accounts)))
    group = _partition(ends.reshape(-1, 2), np.unique(begin, return_inverse=True)[1], weight, seed)
    return accounts.astype(np.int64), group


def _partition(ends: Ints, begin: Ints, weight: Ints, seed: int) -> Ints:
    """Leiden of a graph whose nodes are 0, 1, ...; `begin`: by node. What was asked before is answered from memory: the weeks of a
    campaign are replayed for each of its periods (a second each in a large one)."""
    asked = hashlib.sha256(f"{len(begin)} {len(ends)} {seed} ".encode())
    for part in (ends, begin, weight):
        asked.update(np.ascontiguousarray(part, np.int64).tobytes())
    key = asked.digest()
    if key not in _partitions:
        found = leidenalg.find_partition(
            igraph.Graph(n=len(begin), edges=ends.tolist()),
            leidenalg.ModularityVertexPartition,
            initial_membership=begin.tolist(),
            weights=weight.tolist(),
            seed=seed,
            n_iterations=ITERATIONS,
        )
        _partitions[key] = np.asarray(found.membership, np.int32)
        if len(_partitions) > MAX_PARTITIONS:
            del _partitions[next(iter(_partitions))]
    return _partitions[key].astype(np.int64)


def draw(edges: pd.DataFrame, clusters: pd.DataFrame, seed: int) -> Drawing:
    """Lay out the best connected MAX_DRAWN accounts, and of more than these the clusters (Fruchterman and Reingold 1991), the same way
    for the same seed.

    `edges`: EDGES, significant ones; `clusters`: account, cluster_id.
    """
    fused = fuse(edges)
    degree = pd.concat([fused["source"], fused["target"]]).value_counts().rename_axis("account").rename("degree").reset_index()
    chosen = degree.sort_values(["degree", "account"], ascending=[False, True]).head(MAX_DRAWN)
    left_out = len(degree) - len(chosen)
    discs, links = _by_cluster(degree["account"], fused, clusters, seed) if left_out else (pd.DataFrame(), pd.DataFrame())
    fused = fused[(fused["source"].isin(chosen["account"]) & fused["target"].isin(chosen["account"])).to_numpy(bool)]
    nodes = chosen.merge(clusters, on="account", how="left").sort_values("account").reset_index(drop=True)
    at = pd.Series(np.arange(len(nodes)), index=nodes["account"])
    pairs = pd.DataFrame(
        {
            "source": at.reindex(fused["source"]).to_numpy(),
            "target": at.reindex(fused["target"]).to_numpy(),
            "weight": fused["weight"],
        }
    )
    places = _places(len(nodes), pairs, seed)
    nodes["x"], nodes["y"] = places[:, 0], places[:, 1]
    return Drawing(nodes, pairs.reset_index(drop=True), left_out, discs, links)


def _by_cluster(accounts: pd.Series, fused: pd.DataFrame, clusters: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every account stands in the disc of its cluster, every edge between clusters in a link."""
    home = clusters.set_index("account")["cluster_id"].astype("str")
    sizes = home.reindex(accounts).value_counts().rename_axis("cluster_id").rename("accounts").reset_index()
    discs = sizes.sort_values(["accounts", "cluster_id"], ascending=[False, True], ignore_index=True)
    at = pd.Series(np.arange(len(discs)), index=discs["cluster_id"])
    ends = np.sort(np.stack([at.reindex(home.reindex(fused[end])).to_numpy() for end in ("source", "target")], axis=1), axis=1)
    pairs = pd.DataFrame(ends[ends[:, 0] != ends[:, 1]], columns=["source", "target"])
    links = pairs.groupby(["source", "target"], sort=True).size().rename("edges").reset_index()
    places = _places(len(discs), links, seed)
    return discs.assign(x=places[:, 0], y=places[:, 1]), links


def _places(count: int, pairs: pd.DataFrame, seed: int) -> np.ndarray:
    """Coordinates in [0, 1], to 4 digits. igraph draws its random numbers from `random.Random(seed)` for the time of the layout."""
    if not count:
        return np.empty((0, 2))
    graph = igraph.Graph(n=count, edges=pairs[["source", "target"]].to_numpy().tolist())
    igraph.set_random_number_generator(random.Random(seed))  # noqa: S311 (a drawing, not a secret)
    try:
        places = np.array(graph.layout_fruchterman_reingold(niter=500, grid=False).coords)
    finally:
        igraph.set_random_number_generator(random)
    low, span = places.min(axis=0), np.ptp(places, axis=0)
    return np.asarray(np.round((places - low) / np.where(span > 0, span, 1.0), 4))
