"""Hostile posts through the whole road, and what is looked at on the way: files are written as partners would send them, members of the
small campaign post every text, and everything that is published is read back by programs of other people."""

import csv
import io
import json
import os
import pty
import re
import socket
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from corpus import HANDLES, Post

MEMBERS = (
    "610000000000",
    "611013904226",
    "612027808452",
    "613041712678",
    "614055616904",
    "610774553834",
)  # seeds of the bundled campaign, on Facebook
SECRET = "canary words of a file 4c1d9e"
STEERING = frozenset(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xE0000, 0xE0080)]))
EXECUTED = "=+-@\t\r\n"
STARTS = pd.Timestamp("2023-10-30T06:00:00Z")  # within 2023-W44


@contextmanager
def canary_server() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that notes whoever connects: (its address, the connections)."""
    met: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        ended = threading.Event()

        def listen() -> None:
            while not ended.is_set():
                try:
                    line, _ = listening.accept()
                except TimeoutError:
                    continue
                line.settimeout(1)
                met.append(repr(line.recv(200)))
                line.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", met
        finally:
            ended.set()
            thread.join()


def before_ours(web: str, met: list[str]) -> list[str]:
    """The connections so far. Then one of our own, to show that the server would have noted them: RuntimeError if it does not."""
    before, (host, _, port) = list(met), web.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(b"is anybody noting this?")
    for _ in range(100):
        if len(met) > len(before):
            return before
        time.sleep(0.1)
    raise RuntimeError("the server that must not be asked notes nothing: no connections to it prove nothing")


def rows_of(posts: Sequence[Post]) -> list[dict[str, Any]]:
    """Four members post each text within ten seconds, one text a minute."""
    rows = []
    for number, post in enumerate(posts):
        at = STARTS + pd.Timedelta(minutes=7 * number)
        for n in range(4):
            row = {"post_id": f"{post.row.get('post_id', 'p')}{post.label}.{n}", "account_id": MEMBERS[(number + n) % len(MEMBERS)]}
            rows.append(
                {
                    **row,
                    "platform": "facebook",
                    "posted_at": f"{at + pd.Timedelta(seconds=2 * n):%Y-%m-%dT%H:%M:%SZ}",
                    "text": post.text,
                }
            )
    return rows


def broken_of(posts: Sequence[Post]) -> list[dict[str, Any]]:
    """One row each; the label is the name of an own field."""
    at = f"{STARTS:%Y-%m-%dT%H:%M:%SZ}"
    ordinary = {
        "account_id": MEMBERS[0],
        "platform": "facebook",
        "posted_at": at,
        "text": "a plain sentence",
        "kind": "original",
        "like_count": 1,
    }
    return [{"post_id": post.label, **ordinary, **post.row, "label": post.label} for post in posts]


def profiles() -> list[dict[str, Any]]:
    """Hostile names for the members and others, twice each: they change from day to day."""
    return [
        {
            "account_id": MEMBERS[number % len(MEMBERS)],
            "platform": "facebook",
            "observed_at": f"2023-11-0{1 + number // len(MEMBERS)}T00:00:00Z",
            "handle": handle,
            "display_name": f"{handle[:200]} name",
            "bio": handle,
            "status": "active",
        }
        for number, handle in enumerate(HANDLES)
    ]


def write(folder: Path, posts: Sequence[Post], broken: Sequence[Post]) -> list[tuple[Path, str]]:
    """The files, and the importer of each."""
    folder.mkdir(parents=True, exist_ok=True)
    by = {carrier: rows_of_carrier(posts, carrier) for carrier in ("ndjson", "csv", "parquet")}
    lines = folder / "hostile.ndjson"
    lines.write_text("".join(json.dumps(row) + "\r\n" for row in [*by["ndjson"], *broken_of(broken)]))
    made = [(lines, "ndjson")]
    if by["csv"]:
        table = folder / "=hostile [red].csv"
        pd.DataFrame(by["csv"]).to_csv(table, index=False, encoding="utf-8-sig", lineterminator="\r\n")
        made.append((table, "csv"))
    if by["parquet"]:
        packed = folder / "hostile.parquet"
        pd.DataFrame(by["parquet"]).to_parquet(packed)
        made.append((packed, "parquet"))
    accounts = folder / "profiles.ndjson"
    accounts.write_text("".join(json.dumps(row) + "\n" for row in profiles()))
    return [*made, (accounts, "profiles")]


def rows_of_carrier(posts: Sequence[Post], carrier: str) -> list[dict[str, Any]]:
    """All posts keep their minute, whatever file they come in."""
    labels = {post.label for post in posts if post.carrier == carrier}
    return [
        row for row, post in zip(rows_of(posts), [post for post in posts for _ in range(4)], strict=True) if post.label in labels
    ]


def folded(text: str) -> str:
    """As a careless program sees a cell: compatibility forms, without what is not seen."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in ("Cf", "Cc", "Mn", "Me", "Cn"))
    return plain.strip().replace("−", "-")


def executed_cells(data: bytes) -> list[str]:
    """Cells of a CSV file that a spreadsheet might run, as written and after folding; numbers are none. Raises where it is no table."""
    text = data.decode("utf-8")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    cells = [cell for row in rows for cell in row if not re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell)]
    return [cell for cell in cells if cell[:1] and (cell[0] in EXECUTED or folded(cell)[:1] in tuple("=+-@"))]


def on_a_terminal(*arguments: str, timeout_s: float = 120) -> tuple[int, str]:
    """Run the command on a pseudo-terminal: (exit code, all it wrote)."""
    ours, theirs = pty.openpty()
    env = os.environ | {"TERM": "xterm-256color", "COLUMNS": "200", "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    code = "import sys; from flows.cli import main; sys.argv[0] = 'resurge'; main()"
    command = [sys.executable, "-c", code, *arguments]
    out = bytearray()
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, close_fds=True) as child:
        os.close(theirs)
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the last program that had the terminal open is gone
                break
            if not part:
                break
            out += part
        child.wait(timeout_s)
    os.close(ours)
    return child.returncode, out.decode("utf-8")


# What rich itself writes: bold, dim and reset, and the spinner's cursor moves.
OURS = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[hl]|[0-9]*[AKG]|2K|1A)")


def foreign_sequences(said: str) -> list[str]:
    """Control characters on a terminal that are not the command's own."""
    left = OURS.sub("", said).replace("\r\n", "\n").replace("\r", "")
    return sorted({repr(c) for c in left if c != "\n" and unicodedata.category(c) in ("Cc", "Cf") and c not in "\u200c\u200d"})


def acting(text: str) -> list[str]:
    """Characters that steer what shows them: controls but line ends and tabs, overrides of direction, tags, halves of surrogates."""
    return sorted({repr(c) for c in set(text) if (unicodedata.category(c) in ("Cc", "Cs") and c not in "\r\n\t") or c in STEERING})


def fates_in_families(data: bytes, posts: Sequence[Post]) -> dict[str, str]:
    """Label -> printed or replaced, for the texts that stand in annex/families.csv."""
    texts = [row["text"] for row in csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""))]
    joined = {post.label: next((text for text in texts if post.label in text), None) for post in posts}
    return {
        post.label: "printed" if text.removeprefix("'") == " ".join(post.text.split()) else "replaced"
        for post in posts
        if (text := joined[post.label]) is not None
    }
