"""How long the parse part of an ingest takes, and how much memory. Run: `pytest -s tests/bench/bench_ingest.py`.

Measured on 2 cores: the archive (872,128 posts) 3.7 s CPU and 0.8 GB; tables of 100,000 posts 77,000 to 87,000 rows a CPU second, half of
it spent on hashtags, mentions and links of the texts. The whole road of `resurge ingest`, with validation and storage, of a CSV file of
3.1 GB (5 million posts of 630 bytes): 3 min 44 s, 206 s CPU, 1.5 GB at most.
"""

import csv
import hashlib
import json
import multiprocessing
import resource
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.domain.ports import LandedFile
from tasks.fetch.fetching import parse_landed

ROWS = 100_000
MAP = {
    "map": {"post_id": "id", "account_id": "author", "posted_at": "at", "text": "body", "like_count": "likes"},
    "constants": {"platform": "facebook"},
}


def _parse(paths: list[Path], form: str, options: dict[str, Any], answers: Any) -> None:
    files = [LandedFile(path, path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths]
    started, used = time.perf_counter(), time.process_time()
    parsed = parse_landed(files, form, "posted", options)
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    answers.put((len(parsed.posts), seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20))


def measured(paths: list[Path], form: str, options: dict[str, Any]) -> tuple[int, float, float, float]:
    """Rows, seconds, CPU seconds and peak GB of a parse in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    child = context.Process(target=_parse, args=(paths, form, options, answers))
    child.start()
    rows, seconds, cpu, memory = answers.get(timeout=120)
    child.join()
    print(f"\n{form}: {rows:,} posts in {seconds:.1f} s ({cpu:.1f} s CPU, {rows / cpu:,.0f} rows a CPU second), {memory:.2f} GB")  # noqa: T201
    return rows, seconds, cpu, memory


def test_the_archive(shared_data: Path) -> None:
    folder = shared_data / "ira"
    rows, _, cpu, memory = measured([folder / "ira_accounts.parquet", folder / "ira_posts_2017_01_to_10.parquet"], "ira", {})
    assert rows == 872_128
    assert cpu < 15
    assert memory < 2


@pytest.mark.parametrize("form", ["ndjson", "csv", "parquet"])
def test_tables(form: str, tmp_path: Path) -> None:
    rows = [
        {
            "id": f"p{n}",
            "author": f"a{n % 500}",
            "at": f"2023-10-{n % 28 + 1:02d}T01:02:{n % 60:02d}Z",
            "body": f"Line {n} about #topic{n % 9}, see https://news{n % 99}.example/{n}?utm_source=a @who{n % 7}",
            "likes": n % 4,
        }
        for n in range(ROWS)
    ]
    path = tmp_path / f"rows.{form}"
    if form == "ndjson":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif form == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    found, _, cpu, _ = measured([path], form, MAP)
    assert found == ROWS
    assert found / cpu > 20_000  # the margin is for slower machines
