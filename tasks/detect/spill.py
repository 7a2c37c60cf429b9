"""Columns of numbers on disk: written once, whole or not at all, and read in slices.

A file is its columns one after the other, without a header: what they are is part of the code that reads them (a Layout), how many
rows there are follows from the size. Files are written beside their name and renamed, so that a task that is killed and run again,
on this machine or another, leaves the same file.
"""

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Layout = tuple[tuple[str, str], ...]  # name and numpy type
Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Slice:
    """Rows [first, last) of a file."""

    path: Path
    first: int
    last: int


def write(path: Path, layout: Layout, columns: Columns) -> Path:
    """Write `columns` in the order of `layout`. Raises OSError."""
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        with partial.open("wb") as file:
            for name, kind in layout:
                np.ascontiguousarray(columns[name], kind).tofile(file)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    return path


def rows_in(path: Path, layout: Layout) -> int:
    """Rows of a file."""
    return path.stat().st_size // sum(np.dtype(kind).itemsize for _, kind in layout)


def read(slices: Sequence[Slice], layout: Layout) -> Columns:
    """The rows of all slices, one after the other."""
    total = sum(each.last - each.first for each in slices)
    columns = {name: np.empty(total, kind) for name, kind in layout}
    at = 0
    for each in slices:
        many = each.last - each.first
        if not many:
            continue
        whole, before = rows_in(each.path, layout), 0
        with each.path.open("rb", buffering=0) as file:
            for name, kind in layout:
                width = np.dtype(kind).itemsize
                file.seek(before + each.first * width)
                _fill(file.fileno(), columns[name][at : at + many].data.cast("B"))
                before += whole * width
        at += many
    return columns


def _fill(handle: int, into: memoryview) -> None:
    """One read gives at most 2 GB."""
    while into:
        got = os.readv(handle, [into])
        if not got:
            raise OSError(5, "a spilled file is shorter than it was")
        into = into[got:]


def column(path: Path, layout: Layout, name: str) -> npt.NDArray[Any]:
    """One whole column, mapped and not read."""
    rows, before = rows_in(path, layout), 0
    for each, kind in layout:
        if each == name:
            return np.memmap(path, kind, "r", before, (rows,)) if rows else np.empty(0, kind)
        before += rows * np.dtype(kind).itemsize
    raise KeyError(name)


def write_table(path: Path, table: pa.Table) -> Path:
    """An Arrow table, for ids, which are no numbers. Raises OSError."""
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        with pa.OSFile(str(partial), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    return path


def read_table(path: Path) -> pa.Table:
    """The table, mapped and not read."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
