"""One post from several sources: the latest known value of each field, whatever the order in which they were ingested."""

import os
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_samples import ALL, CAMPAIGN, accounts_frame, commit, hours, identity, post, posts_frame, refused_frame

from tasks.domain.periods import Cutoff
from tasks.domain.posts import POSTS
from tasks.store.lake import commit_batch
from tasks.store.local import LocalStore
from tasks.store.raw import land
from tasks.store.visible import read_post_states, read_posts

IDENTITY = ["account_id", "posted_at", "observed_at", "time_precision_s", "batch_id", "row_number"]
VALUES = {
    "text": st.sampled_from([None, "", "reeds", "reeds and rain"]),
    "urls": st.sampled_from([None, [], ["https://a.example"]]),
    "like_count": st.sampled_from([None, 0, 7]),
    "repost_of_id": st.sampled_from([None, "9"]),
    "kind": st.sampled_from(["original", "repost", "reply"]),
    "account_id": st.sampled_from(["a", "b"]),
}
ROW = st.fixed_dictionaries({"post_id": st.sampled_from("12"), "observed": st.integers(1, 4), **VALUES})
BATCHES = st.lists(st.lists(ROW, max_size=4), min_size=1, max_size=3)


@pytest.fixture(scope="module", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


def lake(folder: Any, batches: list[tuple[int, list[dict[str, Any]]]]) -> LocalStore:
    store = LocalStore(folder)
    for number, rows in batches:
        made = [post(row["post_id"], place, **{k: v for k, v in row.items() if k != "post_id"}) for place, row in enumerate(rows)]
        commit(store, f"batch {number}".encode(), made, source=f"source-{number}")
    return store


def missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


@settings(max_examples=60, deadline=None)
@given(BATCHES, st.randoms(use_true_random=False), st.integers(1, 4))
def test_nothing_known_is_lost_whatever_the_order(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[dict[str, Any]]], random: Any, as_of: int
) -> None:
    numbered = list(enumerate(batches))
    shuffled = random.sample(numbered, len(numbered))
    cutoff = Cutoff(end=hours(9), as_of=hours(as_of))
    store = lake(tmp_path_factory.mktemp("one"), numbered)
    seen = read_posts(store, CAMPAIGN, cutoff)
    pd.testing.assert_frame_equal(seen, read_posts(lake(tmp_path_factory.mktemp("other"), shuffled), CAMPAIGN, cutoff))

    every = [
        {**row, "batch_id": batch.batch_id, "row_number": place}
        for number, rows in numbered
        for batch in [commit(store, f"batch {number}".encode(), source=f"source-{number}")]  # stored: its record comes back
        for place, row in enumerate(rows)
        if row["observed"] <= as_of
    ]
    every.sort(key=lambda row: (row["observed"], row["batch_id"], row["row_number"]))
    assert sorted(seen["post_id"]) == sorted({row["post_id"] for row in every})
    for found in seen.to_dict("records"):
        own = [row for row in every if row["post_id"] == found["post_id"]]
        assert found["account_id"] == own[-1]["account_id"]
        assert found["observed_at"] == hours(own[-1]["observed"])
        assert found["kind"] == next((row["kind"] for row in reversed(own) if row["kind"] != "original"), "original")
        for name in ("text", "like_count", "repost_of_id", "urls"):
            known = [row[name] for row in own if row[name] is not None]
            value = found[name]
            if known:
                assert (list(value) if name == "urls" else value) == known[-1]
            else:
                assert missing(value)


def test_a_later_sparse_source_erases_nothing(tmp_path: Any) -> None:
    rich = {"post_id": "1", "observed": 1, "text": "Reeds", "like_count": 7, "view_count": 90, "kind": "reply", "reply_to_id": "0"}
    sparse = {"post_id": "1", "observed": 2, "text": "Reeds, edited", "account_id": "renumbered"}
    store = lake(tmp_path, [(0, [rich, {"post_id": "2", "observed": 3}]), (1, [sparse])])
    (one, _) = read_posts(store, CAMPAIGN, ALL).sort_values("post_id").to_dict("records")
    assert (one["text"], one["like_count"], one["view_count"], one["kind"]) == ("Reeds, edited", 7, 90, "reply")
    assert (one["account_id"], one["observed_at"]) == ("renumbered", hours(2))
    before = read_posts(store, CAMPAIGN, Cutoff(end=hours(9), as_of=hours(1)))
    assert before["text"].tolist() == ["Reeds"]
    narrow = read_posts(store, CAMPAIGN, ALL, columns=["like_count", "post_id"])
    assert narrow.columns.tolist() == ["like_count", "post_id"]
    likes = narrow.set_index("post_id")["like_count"]
    assert likes["1"] == 7
    assert missing(likes["2"])
    assert read_posts(store, CAMPAIGN, ALL).columns.tolist() == POSTS.names


def test_states_of_posts_are_seen_from_when_they_were_told(tmp_path: Any) -> None:
    store = LocalStore(tmp_path)
    rows = [("1", 3, "edited", 2), ("1", 5, "deleted", None), ("1", 5, "deleted", None)]
    states = [
        {
            "platform": "x",
            "post_id": name,
            "observed_at": hours(told),
            "state": state,
            "changed_at": None if at is None else hours(at),
            "row_number": place,
        }
        for place, (name, told, state, at) in enumerate(rows)
    ]
    frame = pd.DataFrame(states).astype({"changed_at": "datetime64[us, UTC]"})
    raw = land(store, CAMPAIGN, "feed", b"states", "ndjson")
    record = commit_batch(
        store,
        identity=identity(raw),
        raw=[raw],
        posts=posts_frame([]),
        accounts=accounts_frame([]),
        quarantine=refused_frame([]),
        rows_landed={"post_states": 3},
        others={"post_states": frame},
    )
    assert (record.rows_accepted["post_states"], record.rows_collapsed["post_states"]) == (2, 1)
    assert read_post_states(store, CAMPAIGN, ALL)["state"].tolist() == ["edited", "deleted"]
    early = read_post_states(store, CAMPAIGN, Cutoff(end=hours(9), as_of=hours(4)))
    assert early[["state", "changed_at"]].to_dict("list") == {"state": ["edited"], "changed_at": [hours(2)]}
