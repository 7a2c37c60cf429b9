"""Families to clusters: a graph of near neighbours by TF-IDF cosine, cut by Leiden.

Method: cosine over TF-IDF (Salton & Buckley 1988, log tf, smoothed idf), k nearest neighbours, Leiden on modularity (Traag, Waltman &
van Eck 2019), seeded.
"""

import igraph
import leidenalg
import numpy as np
from scipy import sparse

from tasks.narrate.terms import Terms

NEIGHBOURS = 15
MIN_EDGE = 0.2  # cosine below which two families are not neighbours
RESOLUTION = 2.0  # of modularity; at 1, simulated themes that share phrases merge
SMALL_GRAPH = 200  # families below which resolution 1 is right: 2 would break a graph that holds one theme only
MAX_DOCUMENT_SHARE, COMMON_TERM = 0.1, 500  # a term in more of the graph than both tells nothing apart and costs df^2
_BLOCK = 2_000  # rows of cosines at once
_SEED = 1  # not a parameter: with another seed every narrative would have another id


def log_frequencies(terms: Terms) -> sparse.csr_array:
    """1 + log of the term counts, rows of length 1 (a text without terms stays 0)."""
    counts = terms.counts
    return unit_rows(sparse.csr_array((1 + np.log(counts.data), counts.indices, counts.indptr), shape=counts.shape))


def unit_rows(matrix: sparse.csr_array) -> sparse.csr_array:
    """Rows divided by their length; 0 stays 0. float32."""
    rows = rows_of(matrix)
    norm = np.sqrt(np.bincount(rows, matrix.data.astype(float) ** 2, minlength=matrix.shape[0]))
    data = (matrix.data / np.where(norm > 0, norm, 1)[rows]).astype(np.float32)
    return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def rows_of(matrix: sparse.csr_array) -> np.ndarray:
    """The row of every stored value."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def clusters(weights: sparse.csr_array) -> np.ndarray:
    """Cluster number of every row of `weights` (rows of length 1); a row without neighbour is a cluster of its own."""
    first, second, cosine = _neighbours(weights)
    graph = igraph.Graph(n=weights.shape[0], edges=np.column_stack([first, second]).tolist())
    partition = leidenalg.find_partition(
        graph,
        leidenalg.RBConfigurationVertexPartition,
        weights=cosine.tolist(),
        resolution_parameter=RESOLUTION if weights.shape[0] >= SMALL_GRAPH else 1.0,
        n_iterations=2,
        seed=_SEED,
    )
    return np.asarray(partition.membership, np.int64)


def centroids(weights: sparse.csr_array, cluster: np.ndarray, many: int) -> sparse.csr_array:
    """Mean direction of the rows of each cluster 0..many-1, of length 1; rows with cluster -1 count nowhere."""
    inside = np.flatnonzero(cluster >= 0)
    ones = sparse.csr_array((np.ones(len(inside), np.float32), (cluster[inside], inside)), shape=(many, weights.shape[0]))
    return unit_rows((ones @ weights).tocsr())


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
