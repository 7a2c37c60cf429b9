"""Edges opened: on which objects two accounts co-acted, with which posts, and whether the clocks put those inside the window for certain.

A clock of precision p writes an instant t for any true instant in [t, t + p). Written instants d apart, of clocks p_1 and p_2, are then
truly less than d + max(p_1, p_2) apart, and no bound below that holds. So a pair is *certain* if d + max(p_1, p_2) <= window, else
*possible*: minute clocks and a window of 120 s make differences of 0 and 60 s certain and of 120 s possible; second clocks and 60 s
leave only d = 60 possible. The same bound holds where both clocks round to the nearest instead of cutting off.

An edge is certain if it is significant on its certain objects alone: with lambda the objects expected by chance (over all pairs, so too
many for the certain ones: conservative), P(Poisson(lambda) >= certain objects) is at most the largest p-value that is significant.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import gammainc, gammaincinv

from tasks.detect.coordination import across, eligible_accounts
from tasks.detect.evidence import BehaviourEdges
from tasks.detect.sweep import Flags, Ints
from tasks.domain.networks import CLOCKS, CO_ACTED

Numbers = npt.NDArray[np.float64]
_LIST = pd.ArrowDtype(pa.list_(pa.string()))
_NONE = np.empty(0, np.int64)
_DOUBT = 2.0**50  # seconds, added to the distance of possible pairs so that certain ones come first
_Rows = tuple[Ints, Ints, Ints, Ints, Numbers]  # key of edge and object, pairs, left and right row, distance


@dataclass(frozen=True)
class Opened:
    """One row an edge and object, sorted by edge, then object id. `edge`: position in `found.edges`; `object`: code of the sweep;
    `pairs`: in-window pairs of posts that count; `source` and `target`: rows of the shares of the pair that stands for them, a certain
    one before others, then the closest, then the first; `certain`: whether that one is."""

    found: BehaviourEdges
    edge: Ints
    object: Ints
    pairs: Ints
    source: Ints
    target: Ints
    certain: Flags

    def lists(self, listed: Flags) -> pd.Series:
        """For every edge all objects co-acted on, sorted; null where `listed` is False."""
        sizes = np.bincount(self.edge, minlength=len(listed))
        values = self.found.sweep.objects.take(pa.array(self.object)).cast(pa.string())
        values = pa.concat_arrays(values.chunks) if isinstance(values, pa.ChunkedArray) else values
        offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32))
        lists = pa.ListArray.from_arrays(offsets, values, mask=pa.array(~listed))
        return pd.Series(pd.arrays.ArrowExtensionArray(lists), dtype=_LIST)

    def certain_objects(self) -> Ints:
        """By edge: how many of its objects have a certain pair."""
        return np.bincount(self.edge[self.certain], minlength=len(self.found.edges))

    def frame(self, edges: Flags) -> pd.DataFrame:
        """CO_ACTED of the edges flagged."""
        kept = np.flatnonzero(edges[self.edge]) if len(self.edge) else _NONE
        shares, at = self.found.shares.frame, self.found.edges.iloc[self.edge[kept]]
        rows = {"source": shares.iloc[self.source[kept]], "target": shares.iloc[self.target[kept]]}
        times = {
            f"{end}_at": pd.to_datetime((part["timestamp_share"].to_numpy() * 1e6).round().astype(np.int64), unit="us", utc=True)
            for end, part in rows.items()
        }
        return CO_ACTED.conform(
            pd.DataFrame(
                {
                    "behaviour": self.found.shares.behaviour,
                    "source": at["source"].to_numpy(),
                    "target": at["target"].to_numpy(),
                    "object_id": rows["source"]["object_id"].to_numpy(),
                    "pairs": self.pairs[kept],
                    "source_post": rows["source"]["content_id"].to_numpy(),
                    "target_post": rows["target"]["content_id"].to_numpy(),
                    "clock": np.where(self.certain[kept], *CLOCKS),
                    **times,
                }
            )
        )


def opened(found: BehaviourEdges, listed: Flags, precision_s: Numbers) -> Opened:
    """Open the edges flagged in `listed`. `precision_s`: of the clock of every post that the shares were taken from."""
    sweep, frame = found.sweep, found.shares.frame
    at = np.flatnonzero(listed)
    if not len(at):
        return Opened(found, _NONE, _NONE, _NONE, _NONE, _NONE, np.empty(0, np.bool_))
    time = frame["timestamp_share"].to_numpy(np.float64)[sweep.row]
    precision = precision_s[frame["post"].to_numpy(np.int64)[sweep.row]]
    codes, ends = _codes(found, at)
    eligible = eligible_accounts(sweep, found.min_participation)
    parts: list[_Rows] = []
    for first, last, _ in sweep.parts():
        left, right = across(sweep, *sweep.pairs(first, last))
        one, other = sweep.account[left], sweep.account[right]
        code = np.minimum(one, other) * len(sweep.accounts) + np.maximum(one, other)
        place = np.minimum(np.searchsorted(codes, code), len(codes) - 1)
        hit = (codes[place] == code) & (eligible[one] | eligible[other])
        left, right, edge = left[hit], right[hit], ends[place[hit]]
        apart = np.abs(time[left] - time[right])
        doubt = apart + np.maximum(precision[left], precision[right]) > found.window_s
        parts.append(
            _closest(
                edge * len(sweep.objects) + sweep.object[left], np.ones(len(left), np.int64), left, right, apart + doubt * _DOUBT
            )
        )
    key, pairs, left, right, rank = _closest(*map(np.concatenate, zip(*parts, strict=True)))
    order = np.lexsort((_names_rank(sweep.objects, key % len(sweep.objects)), key // len(sweep.objects)))
    key, pairs, left, right, certain = key[order], pairs[order], left[order], right[order], rank[order] < _DOUBT
    swap = sweep.account[left] > sweep.account[right]
    source, target = sweep.row[np.where(swap, right, left)], sweep.row[np.where(swap, left, right)]
    return Opened(found, key // len(sweep.objects), key % len(sweep.objects), pairs, source, target, certain)


def clocks(edges: pd.DataFrame, max_q: float) -> pd.Series:
    """`certain` or `possible` for every significant edge, null for the others. `edges`: objects, objects_certain, p_value, q_value."""
    passing = (edges["q_value"] <= max_q).to_numpy(bool)
    said = pd.Series(None, index=edges.index, dtype=object)
    if passing.any():
        chosen = edges[passing]
        objects, certain = (chosen[name].to_numpy(np.float64) for name in ("objects", "objects_certain"))
        p_values = chosen["p_value"].to_numpy(np.float64)
        alone = gammainc(np.maximum(certain, 1), gammaincinv(objects, p_values))
        stands = (certain == objects) | ((certain > 0) & (alone <= p_values.max()))
        said[passing] = np.where(stands, *CLOCKS)
    return said


def _codes(found: BehaviourEdges, at: Ints) -> tuple[Ints, Ints]:
    """Pair codes of the edges at these positions, ascending, and the positions in that order."""
    ids = pd.Index(found.sweep.accounts.to_pandas())
    source, target = (ids.get_indexer(pd.Index(found.edges[end].iloc[at])).astype(np.int64) for end in ("source", "target"))
    codes = source * len(ids) + target
    order = np.argsort(codes)
    return codes[order], at[order]


def _closest(key: Ints, pairs: Ints, left: Ints, right: Ints, rank: Numbers) -> _Rows:
    """One row a key: the pairs summed, and the row of smallest rank, of equals the first in the sweep."""
    order = np.lexsort((right, left, rank, key))
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    first = order[starts]
    summed = np.add.reduceat(pairs[order], starts) if len(starts) else _NONE
    return key[first], summed, left[first], right[first], rank[first]


def _names_rank(names: pa.Array, codes: Ints) -> Ints:
    """By code the place of its name among those that occur."""
    present, place = np.unique(codes, return_inverse=True)
    rank: Ints = np.empty(len(present), np.int64)
    rank[pc.sort_indices(names.take(pa.array(present))).to_numpy(zero_copy_only=False)] = np.arange(len(present))
    return rank[place]
