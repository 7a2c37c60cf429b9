"""Throughput and memory of the importers of archives and tables, on rows made here, read part by part as an ingest does. Run:
`pytest -s tests/bench/bench_importers.py`; `RESURGE_BENCH_ROWS=1000000` for the size that docs/sources.md states."""

import csv
import json
import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.domain.ports import LandedFile
from tasks.fetch.chunks import batched
from tasks.fetch.importers import importer
from tasks.fetch.streaming import StreamingImporter

ROWS = int(os.environ.get("RESURGE_BENCH_ROWS", "200000"))
SAMPLES = Path(__file__).resolve().parents[1] / "data"
WORDS = [
    "harbour",
    "quay",
    "ships",
    "tide",
    "lamp",
    "stone",
    "bridge",
    "north",
    "letter",
    "market",
    "bell",
    "rope",
    "crane",
    "gull",
]
LEAST = 25_000  # rows a CPU second; 50,000 are wanted, and reached on the machine that docs/sources.md names


def sentence(draw: random.Random, number: int) -> str:
    words = " ".join(draw.choices(WORDS, k=14))
    tag = f" #topic{number % 90}" if number % 3 == 0 else ""
    link = f" https://news{number % 300}.example/{number}" if number % 4 == 0 else ""
    return f"{words}{tag}{link}{f' @who{number % 70}' if number % 5 == 0 else ''}"


def rows_of(name: str) -> tuple[list[str], dict[str, str]]:
    with (SAMPLES / name).open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return list(rows[0]), rows[0]


def made(name: str, change: Callable[[int, str], dict[str, str]], path: Path) -> None:
    header, first = rows_of(name)
    draw = random.Random(7)  # noqa: S311
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, header)
        writer.writeheader()
        for number in range(ROWS):
            writer.writerow(first | change(number, sentence(draw, number)))


def minute(number: int, form: str) -> str:
    return time.strftime(form, time.gmtime(1_560_000_000 + 37 * number))


def tweet(number: int, text: str) -> dict[str, str]:
    link = f"[https://news{number % 300}.example/{number}]" if number % 4 == 0 else "[]"
    account = f"{number % 900:064d}"
    return {
        "tweetid": str(10**18 + number), "userid": account, "user_screen_name": account, "user_display_name": account, "tweet_text": text,
        "tweet_time": minute(number, "%Y-%m-%d %H:%M"), "urls": link, "hashtags": f"[topic{number % 90}]" if number % 3 == 0 else "[]",
    }  # fmt: skip


def page_post(number: int, text: str) -> dict[str, str]:
    return {
        "Facebook Id": str(10**9 + number % 900), "URL": f"https://www.facebook.com/{10**9 + number % 900}/posts/{number}", "Message": text,
        "Post Created": minute(number, "%Y-%m-%d %H:%M:%S EDT"), "Likes": f"{number % 5000:,}",
    }  # fmt: skip


def library_post(number: int, text: str) -> dict[str, str]:
    return {
        "id": str(number),
        "creation_time": minute(number, "%Y-%m-%dT%H:%M:%S"),
        "text": text,
        "post_owner.id": str(number % 900),
    }


def message(number: int, text: str) -> dict[str, str]:
    return {"id": str(number), "unix_timestamp": str(1_560_000_000 + 37 * number), "body": text, "author": str(number % 900)}


CASES: dict[str, tuple[str, Callable[[int, str], dict[str, str]], dict[str, Any]]] = {
    "twitter-io": ("twitter_io_tweets.csv", tweet, {}),
    "crowdtangle": ("crowdtangle_pages.csv", page_post, {}),
    "meta-content-library": ("meta_content_library_posts.csv", library_post, {"platform": "facebook"}),
    "4cat": ("4cat_telegram.csv", message, {"source": "telegram"}),
}


OWN = {
    "map": {"post_id": "id", "account_id": "author.id", "posted_at": "created", "text": "body", "like_count": "likes"},
    "constants": {"platform": "facebook"},
    "ignore": ["note"],
}
GROUP = 100_000  # rows handed to the Parquet writer at once


def own_rows() -> Iterator[dict[str, Any]]:
    """A table with six fields, as somebody's own tool writes it."""
    draw = random.Random(7)  # noqa: S311
    for number in range(ROWS):
        yield {
            "id": str(number), "author.id": str(number % 900), "created": minute(number, "%Y-%m-%dT%H:%M:%SZ"),
            "body": sentence(draw, number), "likes": number % 5000, "note": "as captured",
        }  # fmt: skip


def own_csv(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["id", "author.id", "created", "body", "likes", "note"])
        writer.writeheader()
        writer.writerows(own_rows())


def own_ndjson(path: Path) -> None:
    with path.open("w", encoding="utf-8") as stream:
        for row in own_rows():
            author = {"author": {"id": row.pop("author.id")}}
            stream.write(json.dumps(row | author) + "\n")


def own_parquet(path: Path) -> None:
    """One row group, however many rows: as tools that hold a table in memory write it."""
    table = pa.concat_tables(pa.Table.from_pylist(rows) for rows in batched(own_rows(), GROUP))
    pq.write_table(table, path, row_group_size=max(ROWS, 1))


OWN_FORMS: dict[str, Callable[[Path], None]] = {"csv": own_csv, "ndjson": own_ndjson, "parquet": own_parquet}


def peak() -> int:
    """The most memory this process has held, bytes (Linux). What getrusage says is never less than what the parent held at the start."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _read(path: Path, form: str, options: dict[str, Any], answers: Any) -> None:
    reader = importer(form)
    assert isinstance(reader, StreamingImporter)
    before = peak()
    used, rows, parts = time.process_time(), 0, 0
    for part in reader.parts([LandedFile(path, path.name, "0" * 64)], observed_at="posted", options=options):
        assert part.rejected.empty
        rows, parts = rows + len(part.posts), parts + 1
    cpu = time.process_time() - used
    answers.put((rows, parts, cpu, (peak() - before) / 2**30))


def measured(path: Path, form: str, options: dict[str, Any]) -> Iterator[float]:
    """Rows, rows a CPU second, GB above what the imports take, of a reading in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    child = context.Process(target=_read, args=(path, form, options, answers))
    child.start()
    rows, parts, cpu, memory = answers.get(timeout=1800)
    child.join()
    size = path.stat().st_size
    print(  # noqa: T201
        f"\n{form}: {rows:,} posts of {size / 1e9:.2f} GB in {parts} parts, {cpu:.1f} s CPU, {rows / cpu:,.0f} rows and "
        f"{size / cpu / 1e6:.0f} MB a CPU second, {memory:.2f} GB"
    )
    yield from (rows, rows / cpu, memory)


@pytest.mark.parametrize("form", CASES)
def test_tables(form: str, tmp_path: Path) -> None:
    sample, change, options = CASES[form]
    made(sample, change, tmp_path / "rows.csv")
    rows, speed, memory = measured(tmp_path / "rows.csv", form, options)
    assert rows == ROWS
    assert speed > LEAST
    assert memory < 1.5  # whatever the number of rows


@pytest.mark.parametrize("form", OWN_FORMS)
def test_own_tables(form: str, tmp_path: Path) -> None:
    OWN_FORMS[form](tmp_path / "rows")
    rows, speed, memory = measured(tmp_path / "rows", form, OWN)
    assert rows == ROWS
    assert speed > LEAST
    assert memory < 1.5


def test_telegram(tmp_path: Path) -> None:
    draw, path = random.Random(7), tmp_path / "result.json"  # noqa: S311
    with path.open("w", encoding="utf-8") as stream:
        stream.write('{\n "name": "Quay",\n "type": "public_channel",\n "id": 1400000001,\n "messages": [\n')
        for number in range(ROWS):
            text = sentence(draw, number)
            entry = {
                "id": number, "type": "message", "date": "2023-10-07T14:00:00", "date_unixtime": str(1_560_000_000 + 37 * number),
                "from": "Quay", "from_id": "channel1400000001", "text": text, "text_entities": [{"type": "plain", "text": text}],
            }  # fmt: skip
            stream.write(("  ," if number else "  ") + json.dumps(entry, indent=1) + "\n")
        stream.write(" ]\n}\n")
    rows, speed, memory = measured(path, "telegram-export", {})
    assert rows == ROWS
    assert speed > LEAST / 2
    assert memory < 1.5
