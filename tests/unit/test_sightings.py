"""Posts that were observed more than once, with every observation of them: what edits are seen by."""

import os
from pathlib import Path

import pytest
from store_samples import ALL, CAMPAIGN, commit, hours, post

from tasks.domain.periods import Cutoff
from tasks.store.local import LocalStore
from tasks.store.visible import read_posts, read_sightings


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalStore:
    """Post 1 comes from two sources, post 2 from one, post 3 twice from one; another platform has a post 2 too."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    made = LocalStore(tmp_path)
    first = [post("1", 0, posted=1, observed=2, text="reeds"), post("2", 1, posted=1, observed=2, text="rain")]
    commit(made, b"one", [*first, post("3", 2, posted=2, observed=3, text="quay")], source="archive")
    second = [post("1", 0, posted=1, observed=5, text="reeds, edited"), post("2", 1, posted=1, observed=5, platform="bluesky")]
    commit(made, b"two", second, source="live")
    commit(made, b"three", [post("3", 0, posted=2, observed=9, text="quay")], source="live")
    return made


def seen(store: LocalStore, cutoff: Cutoff) -> list[tuple[str, str, str]]:
    frame = read_sightings(store, CAMPAIGN, cutoff)
    assert list(frame.columns) == ["platform", "post_id", "observed_at", "batch_id", "row_number", "text"]
    assert frame["batch_id"].notna().all()
    return list(frame[["platform", "post_id", "text"]].itertuples(index=False, name=None))


def test_every_observation_of_a_post_that_was_seen_twice_in_their_order(store: LocalStore) -> None:
    found = [("x", "1", "reeds"), ("x", "1", "reeds, edited"), ("x", "3", "quay"), ("x", "3", "quay")]
    assert seen(store, ALL) == found
    posts = read_posts(store, CAMPAIGN, ALL)
    assert sorted(zip(posts["platform"], posts["post_id"], strict=True)) == [("bluesky", "2"), ("x", "1"), ("x", "2"), ("x", "3")]


def test_only_what_was_known_by_then_and_posted_before(store: LocalStore) -> None:
    assert seen(store, Cutoff(end=hours(99), as_of=hours(6))) == [("x", "1", "reeds"), ("x", "1", "reeds, edited")]
    assert seen(store, Cutoff(end=hours(99), as_of=hours(4))) == []
    assert seen(store, Cutoff(end=hours(1.5), as_of=hours(99))) == [("x", "1", "reeds"), ("x", "1", "reeds, edited")]


def test_a_campaign_with_one_post_or_none_has_no_sightings(tmp_path: Path) -> None:
    empty = LocalStore(tmp_path)
    assert seen(empty, ALL) == []
    commit(empty, b"one", [post("1", 0)])
    assert seen(empty, ALL) == []
