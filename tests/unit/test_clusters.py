"""Clusters: found, the same for the same seed, with ids that outlive changes; and a drawing that can be read."""

from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest

from tasks.detect.clusters import MAX_DRAWN, draw, fuse
from tasks.detect.lineage import Founders, replayed
from tasks.domain.networks import EDGES


def edges_among(*groups: list[str], behaviour: str = "co-text") -> pd.DataFrame:
    rows = [
        {"behaviour": behaviour, "source": a, "target": b, "weight": 5, "objects": 4}
        for group in groups
        for a, b in combinations(sorted(group), 2)
    ]
    return EDGES.conform(pd.DataFrame(rows)) if rows else EDGES.empty()


def first_posts(accounts: list[str]) -> pd.Series:
    return pd.Series(pd.date_range("2023-01-01", periods=len(accounts), freq="D", tz="UTC"), index=accounts)


def cluster(edges: pd.DataFrame, first_posted: pd.Series, seed: int) -> pd.DataFrame:
    """Clusters of a first period: nothing came before."""
    founders = Founders(first_posted.index.to_numpy(object), first_posted.rank(method="first").to_numpy("int64"))
    return replayed([], founders, first=0, weeks=0, max_q=0.01, seed=seed).continued(edges, seed)


A, B = [f"x/a{i}" for i in range(6)], [f"facebook/b{i}" for i in range(5)]
EVERYONE = first_posts([*A, *B])


def groups_of(clusters: pd.DataFrame) -> set[frozenset[str]]:
    return {frozenset(part["account"]) for _, part in clusters.groupby("cluster_id")}


def test_two_groups_with_a_bridge_are_two_clusters() -> None:
    edges = pd.concat([edges_among(A, B), edges_among([A[0], B[0]])], ignore_index=True)
    assert groups_of(cluster(edges, EVERYONE, 7)) == {frozenset(A), frozenset(B)}


def test_an_id_lasts_while_its_oldest_account_stays() -> None:
    def id_of(account: str, edges: pd.DataFrame) -> str:
        return str(cluster(edges, EVERYONE, 7).set_index("account").loc[account, "cluster_id"])

    then, later = edges_among(A[:4], B), edges_among([A[0], *A[3:]], B[:3])
    assert id_of(A[3], then) == id_of(A[3], later)
    assert id_of(B[1], then) == id_of(B[1], later) != id_of(A[3], then)
    assert id_of(A[3], edges_among(A[1:])) != id_of(A[3], then)


def test_behaviours_are_fused_by_their_objects() -> None:
    edges = pd.concat([edges_among(A[:2]), edges_among(A[:2], behaviour="co-url")], ignore_index=True)
    assert fuse(edges).values.tolist() == [[A[0], A[1], 8]]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_drawing_repeats_and_stays_in_its_frame(seed: int) -> None:
    edges = edges_among(A, B)
    clusters = cluster(edges, EVERYONE, seed)
    first, second = draw(edges, clusters, seed), draw(edges, clusters, seed)
    pd.testing.assert_frame_equal(first.nodes, second.nodes)
    assert np.ptp(first.nodes[["x", "y"]].to_numpy(), axis=0).tolist() == [1.0, 1.0]
    assert first.nodes[["x", "y"]].to_numpy().min() == 0.0
    assert first.nodes.set_index("account")["degree"].to_dict() == {**dict.fromkeys(A, 5), **dict.fromkeys(B, 4)}
    assert len(first.edges) == 15 + 10
    places = first.nodes[["x", "y"]].round(3)
    assert not places.duplicated().any()


def test_what_cannot_be_drawn_is_counted() -> None:
    many = [f"x/n{i:04d}" for i in range(MAX_DRAWN + 40)]
    edges = edges_among(*[list(pair) for pair in zip(many[::2], many[1::2], strict=True)], A)
    drawing = draw(edges, cluster(edges, first_posts([*many, *A]), 1), 1)
    assert len(drawing.nodes) == MAX_DRAWN
    assert drawing.left_out == 40 + len(A)
    assert set(A) <= set(drawing.nodes["account"])  # the best connected stay
    assert drawing.edges[["source", "target"]].to_numpy().max() < MAX_DRAWN


def test_where_accounts_are_left_out_discs_hold_all_of_them() -> None:
    groups = [[f"x/g{g:02d}n{i}" for i in range(3 + g % 7)] for g in range(60)]
    edges = pd.concat([edges_among(*groups), edges_among(*([a[0], b[0]] for a, b in pairwise(groups)))], ignore_index=True)
    everyone = [account for group in groups for account in group]
    clusters = cluster(edges, first_posts(everyone), 1)
    drawing = draw(edges, clusters, 1)
    assert len(everyone) > MAX_DRAWN
    assert drawing.left_out == len(everyone) - MAX_DRAWN
    assert drawing.discs["accounts"].sum() == len(everyone)
    assert drawing.discs["accounts"].is_monotonic_decreasing
    assert (
        dict(zip(drawing.discs["cluster_id"], drawing.discs["accounts"], strict=True))
        == clusters["cluster_id"].value_counts().to_dict()
    )
    home = clusters.set_index("account")["cluster_id"]
    apart = sum(home[a] != home[b] for a, b in fuse(edges)[["source", "target"]].itertuples(index=False))
    assert drawing.links["edges"].sum() == apart > 0
    assert (drawing.links["source"] < drawing.links["target"]).all()
    assert drawing.discs[["x", "y"]].stack().between(0, 1).all()
    pd.testing.assert_frame_equal(drawing.discs, draw(edges, clusters, 1).discs)
    few = draw(edges_among(groups[9]), clusters, 1)
    assert (len(few.discs), len(few.links)) == (0, 0)


def test_no_edges_no_clusters() -> None:
    clusters = cluster(EDGES.empty(), EVERYONE, 1)
    assert clusters.empty
    drawing = draw(EDGES.empty(), clusters, 1)
    assert drawing.nodes.empty
    assert drawing.left_out == 0
