"""Groups of accounts that act together, with ids that last, and a drawing of them."""

import hashlib
import random
from dataclasses import dataclass

import igraph
import leidenalg
import numpy as np
import pandas as pd

MAX_DRAWN = 300  # nodes that can still be told apart on half a printed page


@dataclass(frozen=True)
class Drawing:
    """Positions for the figure. `nodes`: account, cluster_id, degree, x, y (in [0, 1]); `edges`: source and target as positions in
    `nodes`, weight. `left_out` accounts are beyond what can be read."""

    nodes: pd.DataFrame
    edges: pd.DataFrame
    left_out: int


def fuse(edges: pd.DataFrame) -> pd.DataFrame:
    """One row a pair over all behaviours: source, target, weight (distinct objects, summed over behaviours), sorted."""
    fused = edges.groupby(["source", "target"], sort=True, observed=True)["objects"].sum()
    return fused.rename("weight").astype("int64").reset_index()


def cluster(edges: pd.DataFrame, first_posted: pd.Series, seed: int) -> pd.DataFrame:
    """Leiden communities (Traag, Waltman and van Eck 2019, by modularity) of the fused `edges` (columns of EDGES), seeded.

    `first_posted`: instant of the first visible post by account. Returns account and cluster_id, sorted by account. The id is the hash
    of the cluster's account that posted first (then by name): it lasts over periods while that account stays in it.
    """
    fused = fuse(edges)
    if fused.empty:
        return pd.DataFrame({"account": pd.Series(dtype="str"), "cluster_id": pd.Series(dtype="str")})
    graph, accounts = _graph(fused)
    found = leidenalg.find_partition(
        graph, leidenalg.ModularityVertexPartition, weights=fused["weight"].tolist(), seed=seed, n_iterations=-1
    )
    frame = pd.DataFrame({"account": accounts, "group": found.membership})
    frame["first"] = first_posted.reindex(accounts).to_numpy()
    anchors = frame.sort_values(["first", "account"]).drop_duplicates("group").set_index("group")["account"]
    ids = anchors.map(lambda account: hashlib.sha256(str(account).encode()).hexdigest()[:12])
    return pd.DataFrame({"account": frame["account"], "cluster_id": frame["group"].map(ids).astype("str")})


def draw(edges: pd.DataFrame, clusters: pd.DataFrame, seed: int) -> Drawing:
    """Lay out the best connected MAX_DRAWN accounts (Fruchterman and Reingold 1991), the same way for the same seed.

    `edges`: EDGES, significant ones; `clusters`: as `cluster` returns them.
    """
    fused = fuse(edges)
    degree = pd.concat([fused["source"], fused["target"]]).value_counts().rename_axis("account").rename("degree").reset_index()
    chosen = degree.sort_values(["degree", "account"], ascending=[False, True]).head(MAX_DRAWN)
    left_out = len(degree) - len(chosen)
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
    return Drawing(nodes, pairs.reset_index(drop=True), left_out)


def _graph(fused: pd.DataFrame) -> tuple[igraph.Graph, list[str]]:
    accounts = sorted(set(fused["source"]) | set(fused["target"]))
    index = pd.Index(accounts)
    ends = np.stack([index.get_indexer(pd.Index(fused["source"])), index.get_indexer(pd.Index(fused["target"]))], axis=1)
    return igraph.Graph(n=len(accounts), edges=ends.tolist()), accounts


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
