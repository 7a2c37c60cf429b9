"""The edges of one behaviour, each with an example pair of posts; tasks.detect.opened shows everything that they rest on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from tasks.detect.coordination import count_pairs
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


def _lists(offsets: Ints, values: pa.Array) -> pd.Series:
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], pa.string())
    lists = pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values.cast(pa.string()))
    return pd.Series(pd.arrays.ArrowExtensionArray(lists), dtype=_LIST)
