"""Batches, visible rows and landed bytes over both stores."""

import itertools
from pathlib import Path

import pandas as pd
import pytest
from store_samples import ALL, CAMPAIGN, account, accounts_frame, commit, hours, identity, post, posts_frame, refused_frame

from tasks.domain.batches import CheckResult
from tasks.domain.errors import ResurgeError, UsageProblem, WorkspaceProblem
from tasks.domain.periods import Cutoff
from tasks.domain.ports import ObjectStore
from tasks.domain.posts import POSTS
from tasks.store.blocked import blocked_batches, record_blocked
from tasks.store.lake import batch_record, batch_records, commit_batch, current_batches, earlier_reading
from tasks.store.raw import check_raw, land, open_raw
from tasks.store.visible import latest_accounts, read_account_observations, read_finds, read_posts, read_quarantine


def everything(store: ObjectStore) -> dict[str, str]:
    return {info.key: info.version for folder in ("raw", "lake", "quarantine") for info in store.entries(folder)}


def test_a_batch_comes_back_as_it_was(store: ObjectStore) -> None:
    rows = [
        post("2", 0, posted=2, text="雨 \x00 'quoted'", urls=["https://a.example/1", None], like_count=0, query_id="q"),
        post("1", 1, posted=1, urls=[], lang="zh-Hans"),
    ]
    record = commit(
        store, b"landed", rows, [account("a1", 0, created_at=hours(-5))], [("posts", 2, "no time"), ("accounts", 1, "no id")]
    )
    assert record == batch_record(store, CAMPAIGN, record.batch_id)
    assert (record.rows_landed, record.rows_accepted) == ({"posts": 3, "accounts": 2}, {"posts": 2, "accounts": 1})
    assert record.rows_quarantined == {"posts": {"no time": 1}, "accounts": {"no id": 1}}
    assert (record.posted_min, record.posted_max, record.observed_min) == (hours(1), hours(2), hours(0))
    frame = read_posts(store, CAMPAIGN, ALL)
    expected = posts_frame(rows).assign(campaign=CAMPAIGN, batch_id=record.batch_id).iloc[[1, 0]].reset_index(drop=True)
    pd.testing.assert_frame_equal(frame, POSTS.conform(expected))
    assert frame.dtypes.to_dict() == {name: POSTS.pandas_dtype(name) for name in POSTS.names}
    refused = read_quarantine(store, CAMPAIGN)
    assert refused[["table", "row_number", "reason"]].values.tolist() == [["accounts", 1, "no id"], ["posts", 2, "no time"]]


def test_the_same_batch_twice_changes_nothing(store: ObjectStore) -> None:
    rows = [post("1", 0), post("2", 1)]
    first = commit(store, b"landed", rows, [], [("posts", 2, "bad")])
    before = everything(store)
    assert commit(store, b"landed", rows, [], [("posts", 2, "bad")]) == first
    assert everything(store) == before
    assert len(read_posts(store, CAMPAIGN, ALL)) == 2


def test_equal_rows_are_kept_once_and_differing_ones_are_not(store: ObjectStore) -> None:
    lists = [None, [], [None], [""], ["a"], ["a", "b"], ["a,b"], ["b", "a"]]
    rows = [post("1", number, urls=urls) for number, urls in enumerate(lists * 2)]
    rows += [post("1", 16, urls=["a"], like_count=0), post("1", 17, urls=["a"], mentions=["a"])]
    record = commit(store, b"landed", rows)
    assert record.rows_collapsed["posts"] == len(lists)
    assert record.rows_accepted["posts"] == len(lists) + 2
    table = pd.read_parquet(store.local_path(record.files[0].key), dtype_backend="pyarrow")
    assert table["row_number"].tolist() == [*range(8), 16, 17]  # the first of each, in landed order


def test_books_that_do_not_balance_are_refused(store: ObjectStore) -> None:
    raw = land(store, CAMPAIGN, "feed", b"landed", "ndjson")

    def attempt(landed: int, refused: list[tuple[str, int, str]]) -> None:
        commit_batch(
            store,
            identity=identity(raw),
            raw=[raw],
            posts=posts_frame([post("1", 0)]),
            accounts=accounts_frame([]),
            quarantine=refused_frame(refused),
            rows_landed={"posts": landed, "accounts": 0},
        )

    with pytest.raises(ResurgeError, match="do not balance: 2 rows landed, but 1 were accepted"):
        attempt(2, [])
    with pytest.raises(ResurgeError, match="both accepted and quarantined, the first is row 0"):
        attempt(2, [("posts", 0, "bad")])
    assert batch_records(store, CAMPAIGN) == ()
    attempt(2, [("posts", 1, "bad"), ("posts", 1, "worse")])  # one row, two reasons
    assert batch_records(store, CAMPAIGN)[0].rows_quarantined == {"posts": {"bad; worse": 1}}


def test_a_required_value_must_be_there(store: ObjectStore) -> None:
    with pytest.raises(ResurgeError, match="1 rows have no account_id"):
        commit(store, b"landed", [post("1", 0, account_id=None)])
    assert batch_records(store, CAMPAIGN) == ()


def test_end_and_as_of_close_every_read(store: ObjectStore) -> None:
    commit(store, b"one", [post("1", 0, posted=1, observed=2, like_count=1), post("2", 1, posted=5, observed=5)])
    commit(store, b"two", [post("1", 0, posted=1, observed=10, like_count=7)])

    def likes(end: float, as_of: float) -> dict[str, int]:
        frame = read_posts(store, CAMPAIGN, Cutoff(hours(end), hours(as_of)), columns=["post_id", "like_count"])
        return dict(zip(frame["post_id"], frame["like_count"].fillna(-1), strict=True))

    assert likes(1, 100) == {}  # posted at the end is outside
    assert likes(5, 1.9) == {}
    assert likes(5, 2) == {"1": 1}  # observed at as_of is inside
    assert likes(6, 9.9) == {"1": 1, "2": -1}
    assert likes(6, 10) == {"1": 7, "2": -1}


def test_ties_go_to_the_greater_batch_id_then_row(store: ObjectStore) -> None:
    first = commit(store, b"one", [post("1", 0, text="a"), post("1", 1, text="b")])
    second = commit(store, b"two", [post("1", 0, text="c"), post("1", 1, text="d")])
    frame = read_posts(store, CAMPAIGN, ALL, columns=["text", "batch_id", "row_number"])
    winner = max(first.batch_id, second.batch_id)
    assert frame.values.tolist() == [["b" if winner == first.batch_id else "d", winner, 1]]


def test_a_post_that_two_queries_found_counts_for_both(store: ObjectStore) -> None:
    commit(store, b"one", [post("1", 0, query_id="q1"), post("2", 1, query_id="q1")], queries=["q1"])
    assert read_finds(store, CAMPAIGN, ALL).empty
    later = [
        post("1", 0, observed=5, query_id="q2"),
        post("1", 1, observed=6, query_id="q2"),
        post("3", 2, observed=5, query_id="q2"),
    ]
    commit(store, b"two", later, queries=["q2"])
    assert set(read_posts(store, CAMPAIGN, ALL)["query_id"]) == {"q1", "q2"}
    assert read_finds(store, CAMPAIGN, ALL).values.tolist() == [["x", "1", "q1"], ["x", "1", "q2"]]
    assert read_finds(store, CAMPAIGN, Cutoff(hours(9), hours(4))).empty  # the second query was not known to have found it yet


def test_a_superseding_batch_replaces_the_earlier_reading_only(store: ObjectStore) -> None:
    other = commit(store, b"other", [post("9", 0)])
    old = commit(store, b"landed", [post("1", 0, text="misread"), post("2", 1)], [], [("posts", 2, "bad")])
    new = identity(old.raw[0], parser_version="2")
    assert earlier_reading(batch_records(store, CAMPAIGN), new) == old.batch_id
    assert earlier_reading(batch_records(store, CAMPAIGN), new.model_copy(update={"fetched_at": hours(1)})) is None
    record = commit(store, b"landed", [post("1", 0, text="read"), post("2", 1)], supersedes=old.batch_id, parser_version="2")
    assert {batch.batch_id for batch in current_batches(batch_records(store, CAMPAIGN))} == {other.batch_id, record.batch_id}
    assert read_posts(store, CAMPAIGN, ALL, columns=["post_id"])["post_id"].tolist() == ["1", "2", "9"]
    assert read_posts(store, CAMPAIGN, ALL)["text"].iloc[0] == "read"
    assert read_quarantine(store, CAMPAIGN).empty
    with pytest.raises(UsageProblem, match="cannot be superseded"):
        commit(store, b"unrelated", [post("1", 0)], supersedes=old.batch_id)


def test_each_field_of_an_account_is_the_latest_known(store: ObjectStore) -> None:
    commit(
        store,
        b"accounts",
        accounts=[
            account(
                "a", 0, observed=1, handle="old", created_at=hours(-9), created_precision_s=60, status="active", followers_count=5
            ),
            account("a", 1, observed=2, handle="new", status="suspended"),
            account("a", 2, observed=3, status="unknown", followers_count=0),
            account("b", 3, observed=1, created_at=hours(-9), created_precision_s=60),
            account("b", 4, observed=2, created_at=hours(-8)),
            account("c", 5, observed=9),
        ],
    )
    observations = read_account_observations(store, CAMPAIGN, Cutoff(hours(0), hours(5)))
    assert len(observations) == 5
    latest = latest_accounts(observations).set_index("account_id")
    assert latest.loc["a", ["handle", "status", "followers_count", "row_number"]].tolist() == ["new", "suspended", 0, 2]
    assert (latest.loc["a", "created_at"], latest.loc["a", "created_precision_s"]) == (hours(-9), 60)
    assert latest.loc["b", "created_at"] == hours(-8)
    assert latest.loc["b", "created_precision_s"] is pd.NA  # of the same observation, not the last one known
    assert latest.index.tolist() == ["a", "b"]


def test_an_empty_workspace_reads_as_empty_frames(store: ObjectStore) -> None:
    assert list(read_posts(store, CAMPAIGN, ALL).columns) == POSTS.names
    assert read_posts(store, CAMPAIGN, ALL, columns=["text"]).dtypes["text"] == POSTS.pandas_dtype("text")
    observations = read_account_observations(store, CAMPAIGN, ALL)
    assert observations.empty
    assert latest_accounts(observations).empty
    assert read_quarantine(store, CAMPAIGN).empty
    record = commit(store, b"a page without rows")
    assert (record.files, record.posted_min) == ((), None)
    assert read_posts(store, CAMPAIGN, ALL).empty


def test_a_blocked_batch_stays_open_until_its_bytes_are_committed(store: ObjectStore) -> None:
    raw = land(store, CAMPAIGN, "feed", b"landed", "ndjson")
    check = CheckResult(
        suite="posts", name="volume", description="enough rows", blocking=True, success=False, rows=1, note="1 < 10"
    )
    blocked = record_blocked(
        store, identity=identity(raw), raw=[raw], rows_landed={"posts": 1}, checks=[check], problem="too few rows"
    )
    again = record_blocked(store, identity=identity(raw), raw=[raw], rows_landed={"posts": 1}, checks=[], problem="still too few")
    assert blocked_batches(store, CAMPAIGN) == (again,)
    assert blocked.batch_id == again.batch_id
    assert read_posts(store, CAMPAIGN, ALL).empty
    commit(store, b"other", [post("2", 0)])
    assert blocked_batches(store, CAMPAIGN) == (again,)
    commit(store, b"landed", [post("1", 0)], parser_version="2")
    assert blocked_batches(store, CAMPAIGN) == ()


@pytest.mark.parametrize("size", [0, 10, 3_000_000])
def test_landed_bytes_come_back_and_are_kept_once(store: ObjectStore, tmp_path: Path, size: int) -> None:
    data = bytes(itertools.islice(itertools.cycle(range(251)), size))
    (tmp_path / "file").write_bytes(data)
    raw = land(store, CAMPAIGN, "feed", data, "ndjson")
    assert land(store, CAMPAIGN, "feed", tmp_path / "file", "ndjson") == raw
    assert raw.size == size
    assert len(list(store.entries("raw"))) == 1
    opened = open_raw(store, raw, tmp_path / "opened")
    assert opened.read_bytes() == data
    assert opened.name == f"{raw.sha256}.ndjson"
    assert check_raw(store, raw) is None


def test_damaged_landed_bytes_are_not_handed_out(store: ObjectStore, tmp_path: Path) -> None:
    raw = land(store, CAMPAIGN, "feed", b"landed", "ndjson")
    other = land(store, CAMPAIGN, "feed", b"landex", "ndjson")
    mixed = raw.model_copy(update={"key": other.key})
    with pytest.raises(WorkspaceProblem, match="do not have the hash"):
        open_raw(store, mixed, tmp_path / "opened")
    assert list((tmp_path / "opened").iterdir()) == []
    bomb = land(store, CAMPAIGN, "feed", bytes(5_000_000), "ndjson")
    assert "do not have the hash" in (check_raw(store, bomb.model_copy(update={"size": 10})) or "")
