"""Invariants of the lake over generated histories: order of ingestion, knowledge at an instant, and the books."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_samples import ALL, CAMPAIGN, account, commit, hours, post, posts_frame

from tasks.domain.periods import Cutoff
from tasks.domain.posts import POSTS
from tasks.store.books import collapse, list_codes
from tasks.store.lake import batch_records
from tasks.store.local import LocalStore
from tasks.store.visible import latest_accounts, read_account_observations, read_posts

Batch = tuple[bytes, list[dict[str, Any]], list[dict[str, Any]], list[tuple[str, int, str]]]

LISTS = st.one_of(st.none(), st.lists(st.one_of(st.none(), st.sampled_from(["", "a", "b", "a,b", "null"])), max_size=2))
ROWS = st.lists(
    st.tuples(
        st.sampled_from("123"), st.integers(0, 3), st.integers(0, 3), st.sampled_from([None, "x", "y"]), LISTS, st.booleans()
    ),
    max_size=8,
)


@pytest.fixture(scope="module", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """These histories need no durability; tests/faults shows it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@st.composite
def histories(draw: st.DrawFn) -> list[Batch]:
    """One to three batches; a row of each is refused where its flag says so. Posts are observed up to 6 hours after T0."""
    batches: list[Batch] = []
    for number in range(draw(st.integers(1, 3))):
        posts, refused = [], []
        for row, (post_id, posted, late, text, urls, bad) in enumerate(draw(ROWS)):
            if bad:
                refused.append(("posts", row, "bad"))
            else:
                posts.append(post(post_id, row, posted=posted, observed=posted + late, text=text, urls=urls))
        accounts = [
            account(name, row, observed=at, handle=handle, status=status)
            for row, (name, at, handle, status) in enumerate(
                draw(
                    st.lists(
                        st.tuples(
                            st.sampled_from("ab"),
                            st.integers(0, 6),
                            st.sampled_from([None, "h1", "h2"]),
                            st.sampled_from([None, "unknown", "active", "suspended"]),
                        ),
                        max_size=3,
                    )
                )
            )
        ]
        batches.append((f"batch {number}".encode(), posts, accounts, refused))
    return batches


class Lake:
    """A store of its own for one example."""

    def __init__(self, batches: Sequence[Batch]) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = LocalStore(self.folder)
        self.records = [commit(self.store, *batch) for batch in batches]

    def __enter__(self) -> "Lake":
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder)

    def seen(self, cutoff: Cutoff) -> tuple[pd.DataFrame, pd.DataFrame]:
        return read_posts(self.store, CAMPAIGN, cutoff), latest_accounts(read_account_observations(self.store, CAMPAIGN, cutoff))


def same(left: tuple[pd.DataFrame, ...], right: tuple[pd.DataFrame, ...]) -> None:
    for one, other in zip(left, right, strict=True):
        pd.testing.assert_frame_equal(one, other)


@settings(max_examples=10, deadline=None)
@given(histories(), st.randoms(use_true_random=False), st.integers(0, 4), st.integers(0, 7))
def test_the_order_of_ingestion_does_not_matter(batches: list[Batch], random: Any, end: int, as_of: int) -> None:
    shuffled = batches * 2  # and neither does ingesting twice
    random.shuffle(shuffled)
    cutoff = Cutoff(hours(end), hours(as_of))
    with Lake(batches) as lake, Lake(shuffled) as other:
        same(lake.seen(cutoff), other.seen(cutoff))
        assert batch_records(lake.store, CAMPAIGN) == batch_records(other.store, CAMPAIGN)


@settings(max_examples=10, deadline=None)
@given(histories(), histories(), st.integers(0, 4), st.integers(0, 6))
def test_later_observations_change_no_earlier_view(batches: list[Batch], later: list[Batch], end: int, as_of: int) -> None:
    cutoff = Cutoff(hours(end), hours(as_of))
    moved = [
        (
            b"later " + content,
            *[[{**row, "observed_at": row["observed_at"] + (hours(7) - hours(0))} for row in rows] for rows in (posts, accounts)],
            refused,
        )
        for content, posts, accounts, refused in later
    ]
    with Lake(batches) as lake:
        before = lake.seen(cutoff)
        for batch in moved:
            commit(lake.store, *batch)
        same(lake.seen(cutoff), before)


@settings(max_examples=10, deadline=None)
@given(histories())
def test_no_post_is_lost_or_counted_twice(batches: list[Batch]) -> None:
    with Lake(batches) as lake:
        for (_, posts, _, refused), record in zip(batches, lake.records, strict=True):
            distinct = {_comparable(row) for row in posts}
            stored = [
                r
                for file in record.files
                if file.table == "posts"
                for r in pq.read_table(lake.store.local_path(file.key)).to_pylist()
            ]
            assert Counter(_comparable(row) for row in stored) == Counter(distinct)
            assert record.rows_landed["posts"] == len(posts) + len(refused)
            assert record.rows_accepted["posts"] == len(distinct)
            assert record.rows_collapsed["posts"] == len(posts) - len(distinct)
            assert sum(record.rows_quarantined.get("posts", {}).values()) == len(refused)
        expected = {row["post_id"] for _, posts, _, _ in batches for row in posts}
        assert sorted(read_posts(lake.store, CAMPAIGN, ALL, columns=["post_id"])["post_id"]) == sorted(expected)


@given(histories(), st.integers(0, 4), st.integers(0, 7))
@settings(max_examples=10, deadline=None)
def test_visible_posts_agree_with_the_definition(batches: list[Batch], end: int, as_of: int) -> None:
    """The rule of METHODS in plain Python: seen by then, posted before the end, the latest of each post."""
    with Lake(batches) as lake:
        best: dict[str, tuple[Any, ...]] = {}
        for (_, posts, _, _), record in zip(batches, lake.records, strict=True):
            first: dict[tuple[Any, ...], int] = {}
            for row in posts:
                first.setdefault(_comparable(row), row["row_number"])
            for row in posts:
                if (
                    row["posted_at"] < hours(end)
                    and row["observed_at"] <= hours(as_of)
                    and first[_comparable(row)] == row["row_number"]
                ):
                    rank = (row["observed_at"], record.batch_id, row["row_number"], row["posted_at"])
                    best[row["post_id"]] = max(rank, best.get(row["post_id"], rank))
        frame = read_posts(lake.store, CAMPAIGN, Cutoff(hours(end), hours(as_of)))
        got = {r.post_id: (r.observed_at, r.batch_id, r.row_number, r.posted_at) for r in frame.itertuples()}
        assert got == best
        assert list(got) == sorted(best, key=lambda name: (best[name][3], name))


@given(st.lists(LISTS, max_size=12))
def test_list_codes_are_equal_exactly_where_lists_are(lists: list[list[str | None] | None]) -> None:
    codes = list_codes(pd.Series(lists, dtype=POSTS.pandas_dtype("urls"))).tolist()  # type: ignore[call-overload]
    for position, code in enumerate(codes):
        assert [code == other for other in codes] == [lists[position] == other for other in lists]


def test_collapse_of_split_columns() -> None:
    """A frame put together from parts has chunked columns."""
    rows = [post("1", 0, urls=["a"]), post("2", 1, urls=None)]
    parts = [posts_frame(rows), posts_frame([{**row, "row_number": row["row_number"] + 2} for row in rows])]
    frame = pd.concat(parts, ignore_index=True)
    assert isinstance(frame["urls"].array.__arrow_array__(), pa.ChunkedArray)
    assert collapse(frame, POSTS)["row_number"].tolist() == [0, 1]


def _comparable(row: dict[str, Any]) -> tuple[Any, ...]:
    """What makes two rows of these histories equal: all that varies but the row number."""
    urls = row["urls"]
    return row["post_id"], row["posted_at"], row["observed_at"], row["text"], None if urls is None else tuple(urls)
