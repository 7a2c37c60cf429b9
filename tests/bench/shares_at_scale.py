"""Shares of any number at constant density: blocks of a million rows that have nothing in common, each the same process.

A block has 100,000 accounts and 100,000 objects, Zipf-Mandelbrot popularity, 30 days, and 5 % of its accounts in campaigns of 8 to 25
that share eight objects each, every member with probability one half and within a minute. A block is drawn and written before
the next, so memory stays below 400 MB for any number of rows. `python tests/bench/shares_at_scale.py ROWS FILE.parquet`.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

BLOCK = 1_000_000
SPAN_S = 30 * 86_400


def block(number: int, rows: int = BLOCK) -> pa.Table:
    """One block, rows in random order; ids are strings of digits that no other block has. Seeded by its number."""
    rng = np.random.default_rng([7, number])
    many = rows // 10
    object_, account, time = _campaigns(rng, many)
    organic = rows - len(object_)
    popularity = 1 / (np.arange(many) + 10.0)
    object_ = np.concatenate([object_, rng.choice(many, organic, p=popularity / popularity.sum())])
    account = np.concatenate([account, rng.integers(0, many, organic)])
    time = np.concatenate([time, rng.uniform(0, SPAN_S, organic)])
    order = rng.permutation(rows)
    first = 10**9 + number * BLOCK
    return pa.table(
        {
            "object_id": pa.array(first + object_[order]).cast(pa.string()),
            "account_id": pa.array(first + account[order]).cast(pa.string()),
            "content_id": pa.array(first + np.arange(rows)).cast(pa.string()),
            "timestamp_share": np.floor(time[order]),
        }
    )


def _campaigns(rng: np.random.Generator, many: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Object, account and time of the shares that campaigns make."""
    members = rng.permutation(many)[: many // 20]
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    at = 0
    while at < len(members):
        group = members[at : at + int(rng.integers(8, 26))]
        at += len(group)
        for object_ in rng.integers(0, many, 8):
            acting = group[rng.random(len(group)) < 0.5]
            when = rng.uniform(0, SPAN_S - 60) + rng.uniform(0, 60, len(acting))
            found.append((np.full(len(acting), object_), acting, when))
    return tuple(np.concatenate(column) for column in zip(*found, strict=True))  # type: ignore[return-value]


def write_shares(path: Path, rows: int) -> None:
    """`rows` shares as Parquet, a row group a block; `rows` below a million make one smaller block."""
    writer: pq.ParquetWriter | None = None
    for number in range(max(1, rows // BLOCK)):
        table = block(number, min(rows, BLOCK))
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


if __name__ == "__main__":
    write_shares(Path(sys.argv[2]), int(sys.argv[1]))
