"""What `resurge collect` and `resurge ingest` say: how far they are, then a table of what came in, what was asked and not taken."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import orjson
import pytest
from store_samples import CAMPAIGN, account, accounts_frame, hours, identity, post, posts_frame, refused_frame

from flows.commands import collecting
from flows.watched import Watched
from tasks.domain.batches import BatchRecord, FieldDrift, QueryEffort
from tasks.domain.ports import Page
from tasks.store.lake import commit_batch
from tasks.store.local import LocalStore
from tasks.store.raw import land
from tasks.store.workspace import init_workspace


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BatchRecord:
    """1,203 posts landed from a live source, of which one was refused; one account; a field that nobody knows and one that is missing."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    store = LocalStore(tmp_path)
    init_workspace(store)
    raw = land(store, CAMPAIGN, "feed", b"page", "ndjson")
    asked = QueryEffort(query_id="tag reeds", query="hashtag reeds", since=hours(0), until=hours(24), pages=7, rows=1_203)
    return commit_batch(
        store,
        identity=identity(raw),
        raw=[raw],
        posts=posts_frame([post(str(n), n, posted=n / 100) for n in range(1_202)]),
        accounts=accounts_frame([account("a1", 0)]),
        quarantine=refused_frame([("posts", 1_202, "like_count is not a whole number")]),
        rows_landed={"posts": 1_203, "accounts": 1},
        effort=[asked],
        drift=[
            FieldDrift(table="posts", field="mood", kind="unknown", rows=12, sample='"calm"'),
            FieldDrift(table="posts", field="lang", kind="missing", rows=1_203),
        ],
    )


def test_a_table_of_what_came_in(stored: BatchRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    collecting._print(str(tmp_path), CAMPAIGN, {"batches": [stored.batch_id]}, as_json=False)
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert ["source", "table", "landed", "accepted", "refused", "equal", "from", "to", "batch"] in lines
    assert ["feed", "posts", "1,203", "1,202", "1", "0", "2023-09-04", "2023-09-04", stored.batch_id[:12]] in lines
    assert ["feed", "accounts", "1", "1", "0", "0", "2023-09-04", "2023-09-04", stored.batch_id[:12]] in lines
    assert ["hashtag", "reeds", "2023-09-04", "00:00", "2023-09-05", "00:00", "7", "1,203"] in lines
    said = [" ".join(line) for line in lines]
    assert "Refused, kept in quarantine: 1 of posts: like_count is not a whole number." in said
    assert "The field mood of posts is not read (12 rows, such as '\"calm\"')." in said
    assert "The field lang of posts is not there (1,203 rows)." in said


def test_the_same_for_a_program(stored: BatchRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    collecting._print(str(tmp_path), CAMPAIGN, {"batches": [stored.batch_id]}, as_json=True)
    rows = orjson.loads(capsys.readouterr().out)["came_in"]
    counts = {row["table"]: (row["landed"], row["accepted"], row["refused"]) for row in rows}
    assert counts == {"posts": (1_203, 1_202, 1), "accounts": (1, 1, 0)}


def test_nothing_new_is_said(stored: BatchRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    collecting._print(str(tmp_path), CAMPAIGN, {"batches": []}, as_json=False)
    assert capsys.readouterr().out.strip() == "Nothing new."


def test_each_page_says_how_far_a_fetch_is() -> None:
    class Feed:
        kind, capture_rule = "feed", "live"

        def pages(self, since: datetime, until: datetime) -> Iterator[Page]:
            for n, rows in enumerate((1_000, 250)):
                effort = QueryEffort(query_id=f"q{n}", query=("hashtag reeds", "")[n], pages=1, rows=rows)
                yield Page(b"x" * 2_000_000, "ndjson", until, effort)

    said: list[str] = []
    watched = Watched(Feed(), said.append)
    pages = watched.pages(hours(0), hours(1))
    next(pages)
    assert said == ["1 page, 1,000 rows, 2.0 MB (hashtag reeds)"]  # before the page is landed, not at the end
    assert len(list(pages)) == 1
    assert said[1:] == ["2 pages, 1,250 rows, 4.0 MB (q1)"]
    assert (watched.kind, watched.capture_rule) == ("feed", "live")
