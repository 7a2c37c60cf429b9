"""Families to clusters: a graph of near neighbours by TF-IDF cosine, cut by Leiden.

Method: cosine over TF-IDF (Salton & Buckley 1988, log tf, smoothed idf), k nearest neighbours, Leiden on modularity (Traag, Waltman &
van Eck 2019), seeded. The graph is made of at most `MAX_CORE` families; every other family joins the cluster whose centroid is nearest,
or none.
"""

import hashlib

import igraph
import leidenalg
import numpy as np
from scipy import sparse

from tasks.narrate.terms import Terms

MAX_CORE = 12_000  # families in the graph: 12,000 x 12,000 sparse cosines take about 2 s on one core
NEIGHBOURS = 15
MIN_EDGE = 0.2  # cosine below which two families are not neighbours
MIN_JOIN = 0.3  # cosine to a centroid below which a family stays outside
RESOLUTION = 2.0  # of modularity; at 1, simulated themes that share phrases merge (purity 0.85; at 2 it is 1.00)
SMALL_GRAPH = 200  # families below which resolution 1 is right: 2 would break a graph that holds one theme only
MAX_DOCUMENT_SHARE, COMMON_TERM = 0.1, 500  # a term in more of the core than both tells nothing apart and costs df^2
_BLOCK = 2_000  # rows of cosines at once
_JOIN_BLOCK = 50_000


def weighted(terms: Terms) -> sparse.csr_array:
    """TF-IDF rows of length 1 (a text without terms stays 0)."""
    counts = terms.counts
    document_share = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log((1 + counts.shape[0]) / (1 + document_share)) + 1
    data = (1 + np.log(counts.data)) * idf[counts.indices]
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    norm = np.sqrt(np.bincount(rows, data**2, minlength=counts.shape[0]))
    data = data / np.where(norm > 0, norm, 1)[rows]
    return sparse.csr_array((data.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape)


def core_of(family_ids: np.ndarray, posts: np.ndarray, usable: np.ndarray, limit: int = MAX_CORE) -> np.ndarray:
    """Positions of the families that make the graph: those with most posts; among equals a hash of the id decides, which is a fair
    sample of the many that were posted once and stays the same from week to week."""
    positions = np.flatnonzero(usable)
    if len(positions) <= limit:
        return positions
    hashed = np.array(
        [int.from_bytes(hashlib.blake2b(str(i).encode(), digest_size=8).digest()) for i in family_ids[positions]], np.uint64
    )
    order = np.lexsort((hashed, -posts[positions]))
    return np.asarray(np.sort(positions[order[:limit]]))


def clusters(weights: sparse.csr_array, seed: int) -> np.ndarray:
    """Cluster number of every row of `weights` (rows of length 1); a row without neighbour is a cluster of its own."""
    first, second, cosine = _neighbours(weights)
    graph = igraph.Graph(n=weights.shape[0], edges=np.column_stack([first, second]).tolist())
    partition = leidenalg.find_partition(
        graph,
        leidenalg.RBConfigurationVertexPartition,
        weights=cosine.tolist(),
        resolution_parameter=RESOLUTION if weights.shape[0] >= SMALL_GRAPH else 1.0,
        n_iterations=2,
        seed=seed,
    )
    return np.asarray(partition.membership, np.int64)


def joined(weights: sparse.csr_array, core: np.ndarray, cluster: np.ndarray, mass: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give every row of `weights`, those of the graph too, to the cluster whose centroid is nearest, if the cosine reaches `MIN_JOIN`.

    `core` are positions, `cluster` their numbers 0..K-1 or -1 (no cluster), `mass` their weights in the centroid. Returns
    (cluster number or -1, cosine to the nearest centroid) for every row.
    """
    many = int(cluster.max(initial=-1)) + 1
    result, score = np.full(weights.shape[0], -1, np.int64), np.zeros(weights.shape[0], np.float32)
    if not many:
        return result, score
    inside = cluster >= 0
    ones = sparse.csr_array((mass[inside], (cluster[inside], core[inside])), shape=(many, weights.shape[0]))
    centroids = (ones @ weights).tocsr()
    length = np.sqrt(np.asarray(centroids.multiply(centroids).sum(axis=1)).ravel())
    centroids.data = (centroids.data / np.repeat(np.maximum(length, 1e-12), np.diff(centroids.indptr))).astype(np.float32)
    turned = centroids.T.tocsr()
    for start in range(0, weights.shape[0], _JOIN_BLOCK):
        cosine = (weights[start : start + _JOIN_BLOCK] @ turned).toarray()
        best = cosine.argmax(axis=1)
        value = cosine[np.arange(len(best)), best]
        result[start : start + len(best)] = np.where(value >= MIN_JOIN - 1e-6, best, -1)
        score[start : start + len(best)] = value
    return result, score


def _neighbours(weights: sparse.csr_array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Undirected edges (first < second) between each row and its up to `NEIGHBOURS` nearest, with cosine >= `MIN_EDGE`."""
    held = np.bincount(weights.indices, minlength=weights.shape[1])
    useful = (held >= 2) & ((held <= COMMON_TERM) | (held <= MAX_DOCUMENT_SHARE * weights.shape[0]))
    slim = weights[:, np.flatnonzero(useful)].tocsr()
    turned = slim.T.tocsr()
    parts = [_block_neighbours(slim, turned, start) for start in range(0, slim.shape[0], _BLOCK)]
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    row, column, value = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    first, second = np.minimum(row, column), np.maximum(row, column)
    _, once = np.unique(first * weights.shape[0] + second, return_index=True)
    return first[once], second[once], value[once].astype(float)


def _block_neighbours(slim: sparse.csr_array, turned: sparse.csr_array, start: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    product = (slim[start : start + _BLOCK] @ turned).tocoo()
    row, column = product.row.astype(np.int64) + start, product.col.astype(np.int64)
    near = (product.data >= MIN_EDGE) & (row != column)
    row, column, value = row[near], column[near], product.data[near]
    order = np.lexsort((column, -value, row))
    row, column, value = row[order], column[order], value[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    keep = rank < NEIGHBOURS
    return row[keep], column[keep], value[keep]
