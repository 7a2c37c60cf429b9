"""The window sweep: which rows on one object lie at most `window_s` apart, in memory that does not grow with the pairs.

Rows are encoded to integers, sorted by object and time, and every row is given the end of its window. Pairs are then produced in
parts of at most PART_PAIRS, so an object with 100,000 rows inside one window (5 * 10^9 pairs) costs time, never memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.domain.errors import UsageProblem
from tasks.domain.networks import SHARES

PART_PAIRS = 2_000_000  # 5 int64 arrays a part: about 100 MB

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sweep:
    """Rows that can take part in a pair, sorted by object, then time, then the order in which they came.

    `row` is the 0-based position in the input; `account` is ranked, so that a smaller code is a smaller id; `end[i]` is one past the
    last row of i's object that is at most `window_s` later.
    """

    row: Ints
    object: Ints
    account: Ints
    content: Ints
    end: Ints
    every_account: Ints  # codes of every input row, in input order
    every_content: Ints
    accounts: pa.Array  # ids, sorted
    objects: pa.Array

    def parts(self, limit: int | None = None) -> Iterator[tuple[int, int, bool]]:
        """Spans [first, last) of rows whose pairs together stay below `limit`, with a flag: this span continues the object of the
        one before. Spans end between objects; only an object with more pairs than `limit` is cut, and then stands in spans of its
        own."""
        limit = PART_PAIRS if limit is None else limit
        done = np.concatenate([[0], np.cumsum(self.end - np.arange(len(self.end)) - 1)])
        bounds = np.flatnonzero(np.diff(self.object, prepend=-1, append=-1)) if len(self.object) else np.array([0])
        at = 0
        while at < len(bounds) - 1:
            until = int(np.searchsorted(done[bounds], done[bounds[at]] + limit, side="right")) - 1
            if until > at:
                yield int(bounds[at]), int(bounds[until]), False
                at = until
                continue
            first, stop = int(bounds[at]), int(bounds[at + 1])
            while first < stop:
                last = max(first + 1, int(np.searchsorted(done, done[first] + limit, side="right")) - 1)
                yield first, min(last, stop), first > bounds[at]
                first = min(last, stop)
            at += 1

    def pairs(self, first: int, last: int) -> tuple[Ints, Ints]:
        """Every in-window pair (left < right, positions in this sweep) whose left row lies in [first, last) and whose posts differ."""
        left = np.arange(first, last)
        counts = self.end[first:last] - left - 1
        left = np.repeat(left, counts)
        right = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts) + left + 1
        kept = self.content[left] != self.content[right]
        return left[kept], right[kept]


def sweep_of(shares: pd.DataFrame, *, window_s: float, min_participation: int, remove_loops: bool = True) -> Sweep:
    """Encode and sort `shares` (columns object_id, account_id, content_id: strings or integers; timestamp_share: seconds).

    Steps 1 to 3 of the reference that do not depend on the pair: rows of accounts with fewer than `min_participation` rows are left
    out, and so are rows that share their own post. Raises UsageProblem for a window or a participation below what is defined, a
    missing column, a null id or a time that is not finite.
    """
    check_parameters(window_s, min_participation)
    _check(shares)
    account, accounts = _encode(shares["account_id"], ranked=True)
    objects_of, objects = _encode(shares["object_id"])
    content, contents = _encode(shares["content_id"])
    time = shares["timestamp_share"].to_numpy(np.float64)
    kept = np.bincount(account, minlength=len(accounts))[account] >= min_participation
    if remove_loops:
        kept &= _same_id(objects, contents)[content] != objects_of
    row = np.flatnonzero(kept)
    row = row[_order(objects_of[row], time[row])]
    ordered, sorted_time = objects_of[row], time[row]
    ends = _window_ends(ordered, sorted_time, window_s)
    return Sweep(row, ordered, account[row], content[row], ends, account, content, accounts, objects)


def sweep_of_codes(
    object_: Ints, account: Ints, content: Ints, time: npt.NDArray[np.float64], *, window_s: float, objects: int
) -> Sweep:
    """A sweep of rows that are encoded and filtered already, object codes below `objects`; it knows no ids."""
    row = _order(object_, time)
    ordered, none, nobody = object_[row], np.empty(0, np.int64), pa.nulls(0)
    ends = _window_ends(ordered, time[row], window_s)
    return Sweep(row, ordered, account[row], content[row], ends, none, none, nobody, pa.nulls(objects))


def check_parameters(window_s: float, min_participation: int) -> None:
    """Raises UsageProblem for a window or a participation below what is defined."""
    if not (np.isfinite(window_s) and window_s > 0):
        raise UsageProblem(f"A window of {window_s} s is not a span of time.", remedy="Give a window above 0 seconds, such as 60.")
    if min_participation < 1:
        raise UsageProblem(f"A minimum participation of {min_participation} is below 1.", remedy="Give 1 or more rows an account.")


def _check(shares: pd.DataFrame) -> None:
    if missing := [name for name in SHARES.names if name not in shares.columns]:
        raise UsageProblem(
            f"The shares have no column {', '.join(missing)}.", remedy=f"Needed are the columns {', '.join(SHARES.names)}."
        )
    for name in ("object_id", "account_id", "content_id"):
        if (null := shares[name].isna().to_numpy()).any():
            raise UsageProblem(f"Row {int(null.argmax())} (0-based) has no {name}.", remedy="Leave such rows out first.")
    if (bad := ~np.isfinite(shares["timestamp_share"].to_numpy(np.float64))).any():
        raise UsageProblem(
            f"Row {int(bad.argmax())} (0-based) has no finite timestamp_share.", remedy="Times are seconds since 1970-01-01 UTC."
        )


def _encode(ids: pd.Series, *, ranked: bool = False) -> tuple[Ints, pa.Array]:
    """Codes 0..n-1 and the distinct ids; `ranked` codes follow the order of the ids."""
    if isinstance(ids.dtype, pd.CategoricalDtype):
        ids = ids.astype(ids.cat.categories.dtype)
    try:
        array = pa.array(ids, from_pandas=True)
    except pa.ArrowInvalid:  # a column of mixed Python objects: compared by their text
        array = pa.array(ids.astype(str))
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    encoded = array.dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    if not ranked:
        return codes, encoded.dictionary
    order = pc.sort_indices(encoded.dictionary).to_numpy(zero_copy_only=False).astype(np.int64)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[codes], encoded.dictionary.take(pa.array(order))


def _same_id(objects: pa.Array, contents: pa.Array) -> Ints:
    """For every distinct content id the code of the object with the same id, or -1. Ids of different types are compared as text."""
    if objects.type != contents.type:
        objects, contents = objects.cast(pa.string()), contents.cast(pa.string())
    found = pc.fill_null(pc.index_in(contents, value_set=objects), -1)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.int64)


def _order(objects: Ints, time: npt.NDArray[np.float64]) -> Ints:
    """Positions by object, then time, then the order in which they came.

    Whole seconds are packed with object and position into one integer, where 63 bits hold them: one sort of 2 million integers takes
    0.03 s, a sort by two keys 0.5 s.
    """
    if not len(time):
        return np.empty(0, np.int64)
    whole = bool((time == np.floor(time)).all()) and float(np.abs(time).max()) < 2**52  # so that differences are exact
    spans = [int(objects.max()) + 1, int(time.max() - time.min()) + 1, len(time)]
    if not whole or spans[0] * spans[1] * spans[2] >= 2**63:
        return np.asarray(np.lexsort((time, objects)), np.int64)
    since = (time - time.min()).astype(np.int64)
    packed = np.sort((objects * spans[1] + since) * spans[2] + np.arange(len(time)))
    return np.asarray(packed % spans[2], np.int64)


def _window_ends(objects: Ints, time: npt.NDArray[np.float64], window_s: float) -> Ints:
    """For rows sorted by object and time, one past the last row j of the same object with time[j] - time[i] <= window_s.

    Galloping search, all rows at once: most rows have nobody in their window and are settled by one comparison. The difference is
    taken, not a sum, so that the bound is exactly the reference's inclusive comparison in double precision.
    """
    count = len(time)
    end = np.arange(1, count + 1)
    active = np.arange(count)
    low, step = active.copy(), 1  # low: the last position known to lie inside
    beyond = np.full(count, count)  # the first position known to lie outside

    def inside(rows: Ints, at: Ints) -> Flags:
        safe = np.minimum(at, count - 1)
        return np.asarray((at < count) & (objects[safe] == objects[rows]) & (time[safe] - time[rows] <= window_s), np.bool_)

    while len(active):
        at = low[active] + step
        within = inside(active, at)
        beyond[active[~within]] = np.minimum(at[~within], count)
        active = active[within]
        low[active] = at[within]
        step *= 2
    open_rows = np.flatnonzero(beyond - low > 1)
    while len(open_rows):
        middle = (low[open_rows] + beyond[open_rows]) // 2
        within = inside(open_rows, middle)
        low[open_rows[within]] = middle[within]
        beyond[open_rows[~within]] = middle[~within]
        open_rows = open_rows[beyond[open_rows] - low[open_rows] > 1]
    end[:] = low + 1
    return end
