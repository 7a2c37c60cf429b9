"""Co-action against the reference's own output, and against the definition written out plainly."""

import random
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.detect import coordination, sweep
from tasks.detect.coordination import co_actions
from tasks.domain.errors import UsageProblem

NAMES = ["object_id", "account_id", "content_id", "timestamp_share"]
Row = tuple[object, object, object, float]


def plainly(rows: list[Row], window_s: float, min_participation: int) -> dict[tuple[object, object], tuple[int, int]]:
    """The five steps, one after the other, over every pair of rows: weight and distinct objects by pair."""
    per_account = Counter(account for _, account, _, _ in rows)
    rows = [row for row in rows if per_account[row[1]] >= min_participation]
    pairs = [
        (x, y)
        for x, y in combinations(rows, 2)
        if x[0] == y[0] and abs(x[3] - y[3]) <= window_s and x[1] != y[1] and x[2] != y[2] and x[0] not in (x[2], y[2])
    ]
    contents = {row[2] for pair in pairs for row in pair}
    counts = Counter(account for _, account, content, _ in rows if content in contents)
    weight: Counter[tuple[object, object]] = Counter()
    objects: dict[tuple[object, object], set[object]] = {}
    for x, y in pairs:
        if counts[x[1]] >= min_participation or counts[y[1]] >= min_participation:
            key = (min(x[1], y[1]), max(x[1], y[1]))  # type: ignore[type-var]
            weight[key] += 1
            objects.setdefault(key, set()).add(x[0])
    return {key: (count, len(objects[key])) for key, count in weight.items()}


def found(rows: list[Row], window_s: float, min_participation: int) -> dict[tuple[object, object], tuple[int, int]]:
    edges = co_actions(pd.DataFrame(rows, columns=NAMES), window_s=window_s, min_participation=min_participation)
    return {(e.source, e.target): (e.weight, e.objects) for e in edges.itertuples()}


@pytest.mark.parametrize(("min_participation", "window_s"), [(1, 60), (2, 10), (2, 60)])
def test_equals_the_reference(shared_data: Path, min_participation: int, window_s: int) -> None:
    folder = shared_data / "coordination"
    shares = pd.read_csv(folder / "russian_coord_tweets.csv.gz")
    name = f"coortweet_russian_edges_mp{min_participation}_tw{window_s}.csv.gz"
    expected = {
        (min(r["from"], r["to"]), max(r["from"], r["to"])): r["weight"]
        for r in pd.read_csv(folder / "expected" / name).to_dict("records")
    }
    edges = co_actions(shares, window_s=window_s, min_participation=min_participation)
    assert dict(zip(zip(edges["source"], edges["target"], strict=True), edges["weight"], strict=True)) == expected


ids = st.integers(0, 4)
texts = st.sampled_from(["a", "b", "c", "d"])
times = st.one_of(st.integers(-5, 15).map(float), st.sampled_from([0.25, -0.5, 2.75, 1e9, 1e9 + 0.5]))


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.lists(st.tuples(ids, ids, st.integers(0, 12), times), max_size=30),
        st.lists(st.tuples(texts, texts, st.sampled_from("abcdefghijk"), times), max_size=30),
        st.lists(st.tuples(texts, ids, ids, times), max_size=30),
    ),
    st.sampled_from([0.25, 0.5, 1, 3, 10]),
    st.integers(1, 4),
    st.sampled_from([1, 3, 1000]),
)
def test_equals_the_definition(rows: list[Row], window_s: float, min_participation: int, part_pairs: int) -> None:
    before = sweep.PART_PAIRS, coordination.MERGE_AT
    sweep.PART_PAIRS, coordination.MERGE_AT = part_pairs, part_pairs  # so that parts end inside objects
    try:
        assert found(rows, window_s, min_participation) == plainly(rows, window_s, min_participation)
    finally:
        sweep.PART_PAIRS, coordination.MERGE_AT = before


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(texts, ids, st.integers(0, 30), times), min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(rows: list[Row], rng: random.Random) -> None:
    mixed = rows.copy()
    rng.shuffle(mixed)
    assert found(rows, 2, 1) == found(mixed, 2, 1)


def test_two_posts_each_weigh_four_and_two_tags_weigh_two() -> None:
    four: list[Row] = [("o", "a", 1, 0), ("o", "a", 2, 1), ("o", "b", 3, 0), ("o", "b", 4, 1)]
    assert found(four, 10, 1) == {("a", "b"): (4, 1)}
    two: list[Row] = [("o", "a", 1, 0), ("p", "a", 1, 0), ("o", "b", 2, 0), ("p", "b", 2, 0)]
    assert found(two, 10, 1) == {("a", "b"): (2, 2)}


def test_example_rows_are_a_pair_of_the_edge() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "object_id": rng.integers(0, 40, 3000),
            "account_id": rng.integers(0, 60, 3000).astype(str),
            "content_id": np.arange(1000, 4000),
            "timestamp_share": rng.uniform(0, 5000, 3000),
        }
    )
    edges = co_actions(frame, window_s=20, min_participation=2)
    assert len(edges) > 100
    left, right = frame.iloc[edges["left"]].reset_index(drop=True), frame.iloc[edges["right"]].reset_index(drop=True)
    assert (left["object_id"] == right["object_id"]).all()
    assert ((left["timestamp_share"] - right["timestamp_share"]).abs() <= 20).all()
    ends = np.sort(np.stack([left["account_id"], right["account_id"]]).astype(str), axis=0)
    assert (ends == np.stack([edges["source"], edges["target"]]).astype(str)).all()


def test_one_account_and_no_rows_give_no_edges() -> None:
    assert found([("o", "a", i, 0) for i in range(5)], 10, 1) == {}
    empty = co_actions(pd.DataFrame({name: [] for name in NAMES}), window_s=10, min_participation=2)
    assert list(empty.columns) == ["source", "target", "weight", "objects", "left", "right"]
    assert empty.empty


def test_one_crowded_object_needs_no_memory_for_its_pairs() -> None:
    """8,000 rows of 40 accounts in one window are 32 million pairs: above 1 GB if they stood in memory at once."""
    import tracemalloc

    count = 8_000
    frame = pd.DataFrame(
        {"object_id": 1, "account_id": np.arange(count) % 40, "content_id": np.arange(10, 10 + count), "timestamp_share": 0.0}
    )
    tracemalloc.start()
    edges = co_actions(frame, window_s=1, min_participation=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(edges) == 40 * 39 // 2
    assert (edges["weight"] == 200 * 200).all()
    assert (edges["objects"] == 1).all()
    assert peak < 400e6


@pytest.mark.parametrize("window_s", [0, -1, float("nan")])
def test_a_window_that_is_no_span_is_refused(window_s: float) -> None:
    with pytest.raises(UsageProblem, match="window"):
        found([("o", "a", 1, 0)], window_s, 1)


def test_bad_rows_are_named() -> None:
    frame = pd.DataFrame([("o", "a", 1, 0.0), ("o", None, 2, 0.0)], columns=NAMES)
    with pytest.raises(UsageProblem, match=r"Row 1 .* account_id"):
        co_actions(frame, window_s=1, min_participation=1)
    with pytest.raises(UsageProblem, match="content_id"):
        co_actions(frame.drop(columns="content_id"), window_s=1, min_participation=1)
    frame = pd.DataFrame([("o", "a", 1, float("nan"))], columns=NAMES)
    with pytest.raises(UsageProblem, match="timestamp_share"):
        co_actions(frame, window_s=1, min_participation=1)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.one_of(st.integers(-5, 5).map(float), st.sampled_from([0.1, 0.3, -(2.0**53), 2.0**60]))),
        max_size=30,
    )
)
def test_rows_are_put_in_the_same_order_whatever_the_clock(rows: list[tuple[int, float]]) -> None:
    objects, time = np.array([o for o, _ in rows], np.int64), np.array([t for _, t in rows], np.float64)
    plain = sorted(range(len(rows)), key=lambda at: (rows[at][0], rows[at][1], at))
    assert sweep._order(objects, time).tolist() == plain
