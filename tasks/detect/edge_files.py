"""Edges to a file, in pieces: whole or not at all."""

import gzip
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.detect.files import cannot_write, kind_of


def write_edges(pieces: Iterable[pd.DataFrame], out: Path) -> int:
    """Write the pieces, at least one of them, one after the other as CSV or Parquet by the name of `out`; returns their rows.

    They stand beside `out` under another name until all are written. Raises WorkspaceProblem; nothing is written then.
    """
    writer = _parquet if kind_of(out) == "parquet" else _csv
    partial = out.with_name(f".{out.name}.partial{'.gz' if out.name.lower().endswith('.gz') else ''}")
    count = 0
    try:
        with writer(partial) as write:
            for piece in pieces:
                write(piece)
                count += len(piece)
        partial.replace(out)
    except OSError as error:
        raise cannot_write(out, error) from error
    finally:
        partial.unlink(missing_ok=True)
    return count


@contextmanager
def _parquet(path: Path) -> Iterator[Callable[[pd.DataFrame], Any]]:
    held: list[pq.ParquetWriter] = []

    def write(piece: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(piece, preserve_index=False)
        if not held:
            held.append(pq.ParquetWriter(path, table.schema))
        held[0].write_table(table)

    try:
        yield write
    finally:
        for each in held:
            each.close()


@contextmanager
def _csv(path: Path) -> Iterator[Callable[[pd.DataFrame], Any]]:
    begun = False
    with (
        gzip.open(path, "wt", encoding="utf-8", newline="")
        if path.suffix == ".gz"
        else path.open("w", encoding="utf-8", newline="") as file
    ):

        def write(piece: pd.DataFrame) -> None:
            nonlocal begun
            piece.to_csv(file, index=False, header=not begun)
            begun = True

        yield write
