"""The edges of one behaviour with what an analyst can open: an example pair of posts and, where it matters, every object."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.detect.coordination import count_pairs, objects_of_pairs
from tasks.detect.shares import BehaviourShares
from tasks.detect.significance import p_values_of
from tasks.detect.sweep import Ints, Sweep, sweep_of

_LIST = pd.ArrowDtype(pa.list_(pa.string()))


@dataclass(frozen=True)
class BehaviourEdges:
    """`edges`: the columns of EDGES but q_value and object_ids, sorted by source and target."""

    shares: BehaviourShares
    window_s: int
    min_participation: int
    sweep: Sweep
    edges: pd.DataFrame


def edges_of(shares: BehaviourShares, *, window_s: int, min_participation: int) -> BehaviourEdges:
    """Co-action edges of one behaviour, each with its p-value and one in-window pair of posts as an example."""
    frame = shares.frame
    sweep = sweep_of(frame, window_s=window_s, min_participation=min_participation)
    edges = count_pairs(sweep, min_participation=min_participation)
    rows = edges[["left", "right"]].to_numpy()
    edges = edges.drop(columns=["left", "right"])
    edges.insert(0, "behaviour", shares.behaviour)
    edges["p_value"] = p_values_of(sweep, frame["slot"].to_numpy(), edges)
    edges["example_object"] = frame["object_id"].take(rows[:, 0]).set_axis(edges.index)
    edges["example_posts"] = _lists(np.arange(len(edges) + 1) * 2, pa.array(frame["content_id"].take(rows.ravel())))
    return BehaviourEdges(shares, window_s, min_participation, sweep, edges)


def object_lists(found: BehaviourEdges, listed: np.ndarray) -> pd.Series:
    """For every edge of `found` all objects co-acted on, sorted; null where `listed` is False."""
    at = np.flatnonzero(listed)
    edge, code = objects_of_pairs(found.sweep, found.edges.iloc[at], min_participation=found.min_participation)
    names = found.sweep.objects
    rank: Ints = np.empty(len(names), np.int64)
    rank[pc.sort_indices(names).to_numpy(zero_copy_only=False)] = np.arange(len(names))
    order = np.lexsort((rank[code], edge))
    sizes = np.bincount(at[edge], minlength=len(listed))
    return _lists(np.concatenate([[0], np.cumsum(sizes)]), names.take(pa.array(code[order])), ~listed)


def _lists(offsets: Ints, values: pa.Array, null: np.ndarray | None = None) -> pd.Series:
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], pa.string())
    mask = None if null is None else pa.array(null)
    lists = pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values.cast(pa.string()), mask=mask)
    return pd.Series(pd.arrays.ArrowExtensionArray(lists), dtype=_LIST)
