"""What significance needs of data beyond memory, in rounds that follow those of `rounds`.

    pair      (the same round)      -> rows by account and slot, and how many objects have K in-window row pairs in which two slots
    activity  a range of accounts   -> rows by account and slot of all buckets added up, for accounts that have an edge
    judge     a file of edges       -> p-values, by the same expectation as in memory (`significance`)

Objects lie in one bucket each, so the second table adds up over buckets. The total of a slot is over all rows that can take part.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import scipy.sparse as sp
from scipy.special import gammainc

from tasks.detect import spill
from tasks.detect.hashing import hashed
from tasks.detect.significance import SLOT_S, SMALLEST_P, Cells, cells_of, expected_by_codes
from tasks.detect.spill import Slice
from tasks.detect.sweep import Ints, Sweep

SLOTS: spill.Layout = (("slot", "i8"),)
ACTIVITY: spill.Layout = (("key", "i8"), ("rows", "i4"))  # key: account code * slots + slot
CELLS: spill.Layout = (("one", "i8"), ("other", "i8"), ("pairs", "i8"), ("many", "i8"))
P_VALUES: spill.Layout = (("p_value", "f8"),)


@dataclass(frozen=True)
class Bucketed:
    """Files of one object bucket."""

    activity: Path
    cells: Path
    totals: tuple[int, ...]  # rows by slot


def slot_values(table: pa.Table, *, key: int) -> Ints:
    """What tells the slots of a part's rows apart: the hash of the column `slot` (an empty one is a slot too), else 6-hour spans."""
    if "slot" not in table.column_names:
        return np.asarray(table.column("timestamp_share").to_numpy() // SLOT_S, np.int64)
    labels = table.column("slot")
    return hashed(labels.cast(pa.string()).fill_null("\x00 no slot"), key=key, as_text=True).number.view(np.int64)


def bucket_tables(folder: Path, bucket: int, sweep: Sweep, values: Ints) -> Bucketed:
    """Write the tables of a bucket; `values`: `slot_values` of the sweep's rows. The file `slots` holds all values, sorted."""
    known = spill.column(folder / "slots", SLOTS, "slot")
    slot = np.searchsorted(known, values)
    key, rows = np.unique(sweep.account * len(known) + slot, return_counts=True)
    activity = spill.write(folder / f"activity-{bucket:06d}", ACTIVITY, {"key": key, "rows": rows})
    columns = {name: np.empty(0, np.int64) for name, _ in CELLS}
    if (sweep.end > np.arange(1, len(sweep.end) + 1)).any():
        cells = cells_of(sweep, slot)
        many = np.diff(cells.start)
        columns = {
            "one": np.repeat(cells.one, many),
            "other": np.repeat(cells.other, many),
            "pairs": cells.pairs.astype(np.int64),
            "many": cells.many.astype(np.int64),
        }
    totals = np.bincount(slot, minlength=len(known))
    return Bucketed(activity, spill.write(folder / f"cells-{bucket:06d}", CELLS, columns), tuple(totals.tolist()))


def join_cells(folder: Path, paths: list[Path]) -> None:
    """Write the file `cells`: those of all buckets, equal ones added up, sorted."""
    joined = spill.read([Slice(path, 0, spill.rows_in(path, CELLS)) for path in paths], CELLS)
    order = np.lexsort((joined["pairs"], joined["other"], joined["one"]))
    columns = {name: values[order] for name, values in joined.items()}
    new = np.ones(len(order), np.bool_)
    new[1:] = np.any([np.diff(columns[name]) != 0 for name in ("one", "other", "pairs")], axis=0)
    starts = np.flatnonzero(new)
    many = np.add.reduceat(columns["many"], starts) if len(starts) else columns["many"]
    spill.write(folder / "cells", CELLS, {name: columns[name][starts] for name in ("one", "other", "pairs")} | {"many": many})


def activity(folder: Path, index: int, paths: list[Path], low: int, high: int, slots: int) -> Path:
    """Rows by account and slot for account codes in [low, high), those with a byte set in the file `ends` only."""
    slices = []
    for path in paths:
        first, last = np.searchsorted(spill.column(path, ACTIVITY, "key"), [low * slots, high * slots])
        slices.append(Slice(path, int(first), int(last)))
    joined = spill.read(slices, ACTIVITY)
    ends: npt.NDArray[np.bool_] = np.memmap(folder / "ends", np.bool_, "r")
    kept = ends[joined["key"] // slots]
    key, rows = joined["key"][kept], joined["rows"][kept].astype(np.int64)
    order = np.argsort(key, kind="stable")
    key, rows = key[order], rows[order]
    starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])) if len(key) else np.empty(0, np.int64)
    summed = np.add.reduceat(rows, starts) if len(starts) else rows
    return spill.write(folder / f"active-{index:06d}", ACTIVITY, {"key": key[starts], "rows": summed})


def judge(folder: Path, index: int, ends: tuple[Ints, Ints], objects: Ints, active: list[Path], totals: tuple[int, ...]) -> Path:
    """p-values of edges: `ends` their two account codes, `objects` their statistic; `active` from `activity`, in order of codes."""
    if not len(objects):
        return spill.write(folder / f"chance-{index:06d}", P_VALUES, {"p_value": np.empty(0)})
    accounts, places = np.unique(np.concatenate(ends), return_inverse=True)
    cells = spill.read([Slice(folder / "cells", 0, spill.rows_in(folder / "cells", CELLS))], CELLS)
    slots = len(totals)
    cell, start = np.unique(cells["one"] * slots + cells["other"], return_index=True)
    start = np.append(start, len(cells["one"]))
    table = Cells(cell // slots, cell % slots, start, cells["pairs"].astype(np.float64), cells["many"].astype(np.float64))
    matrix = _matrix(accounts, active, totals)
    expected = expected_by_codes(matrix, table, places[: len(objects)], places[len(objects) :])
    p_value = np.maximum(np.asarray(gammainc(objects.astype(np.float64), expected), np.float64), SMALLEST_P)
    return spill.write(folder / f"chance-{index:06d}", P_VALUES, {"p_value": p_value})


def _matrix(accounts: Ints, active: list[Path], totals: tuple[int, ...]) -> sp.csr_array:
    """Accounts by slots, and one row more for everybody else, so that its columns add up to the slots' totals."""
    slots = len(totals)
    rows, columns, data = [], [], []
    for path in active:
        key = spill.column(path, ACTIVITY, "key")
        if not len(key):
            continue
        account = np.asarray(key) // slots
        at = np.minimum(np.searchsorted(accounts, account), len(accounts) - 1)
        hit = np.flatnonzero(accounts[at] == account)
        rows.append(at[hit])
        columns.append(np.asarray(key)[hit] % slots)
        data.append(np.asarray(spill.column(path, ACTIVITY, "rows"))[hit])
    row, column, value = (np.concatenate([np.empty(0, np.int64), *each]) for each in (rows, columns, data))
    rest = np.asarray(totals) - np.bincount(column, weights=value, minlength=slots).astype(np.int64)
    row = np.concatenate([row, np.full(slots, len(accounts))])
    column = np.concatenate([column, np.arange(slots)])
    value = np.concatenate([value, rest]).astype(np.float64)
    return sp.csr_array((value, (row, column)), shape=(len(accounts) + 1, slots))
