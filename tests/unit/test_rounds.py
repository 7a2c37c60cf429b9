"""Detection in rounds over files: equal to detection in memory, whatever the size of parts, buckets, runs and ranges."""

import io
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from test_coordination import NAMES, Row, found, ids, texts, times

import flows.console
from tasks.detect import hashing, outofcore, parts, rounds, sweep
from tasks.detect.files import detect_file
from tasks.detect.hashing import SharedHash, bucket_of, hashed, verify
from tasks.detect.outofcore import detect_in_rounds
from tasks.detect.runners import in_turn
from tasks.domain.errors import UnreadableInput, UsageProblem, WorkspaceProblem

TINY = {
    (parts, "BATCH_ROWS"): 5,
    (outofcore, "BUCKET_ROWS"): 4,
    (rounds, "RANGE_ROWS"): 3,
    (rounds, "RUN_PAIRS"): 2,
    (sweep, "PART_PAIRS"): 3,
}


@contextmanager
def sizes(of: dict[tuple[Any, str], int]) -> Iterator[None]:
    """Small sizes, so that every batch, bucket, run and range ends in the middle of something."""
    before = {at: getattr(*at) for at in of}
    for (module, name), value in of.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name), value in before.items():
            setattr(module, name, value)


def silent(name: str, done: int, of: int) -> None:
    """Progress that nobody watches."""


def in_rounds(source: Path, out: Path, **given: Any) -> list[list[object]]:
    count = detect_in_rounds(source, out, run=in_turn(silent), **given)
    edges = pd.read_parquet(out)
    assert len(edges) == count
    assert list(edges.columns) == ["source", "target", "weight"]
    return edges.values.tolist()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.lists(st.tuples(ids, ids, st.integers(0, 12), times), max_size=40),
        st.lists(st.tuples(texts, texts, st.sampled_from("abcdefghijk"), times), max_size=40),
        st.lists(st.tuples(texts, ids, ids, times), max_size=40),
        st.lists(st.tuples(ids.map(str), ids, ids, times), max_size=40),  # text that may equal a post's number
    ),
    st.sampled_from([0.25, 1, 10]),
    st.integers(1, 4),
    st.integers(1, 7),
)
def test_equals_detection_in_memory(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], window_s: float, min_participation: int, group: int
) -> None:
    folder = tmp_path_factory.mktemp("rounds")
    frame = pd.DataFrame(rows, columns=NAMES).astype({"timestamp_share": "float64"})
    frame.to_parquet(folder / "in.parquet", row_group_size=group)
    with sizes(TINY):
        edges = in_rounds(folder / "in.parquet", folder / "out.parquet", window_s=window_s, min_participation=min_participation)
    expected = found(rows, window_s, min_participation)
    assert [(source, target) for source, target, _ in edges] == sorted(expected)  # type: ignore[type-var]
    assert {(source, target): weight for source, target, weight in edges} == {pair: each[0] for pair, each in expected.items()}
    assert sorted(path.name for path in folder.iterdir()) == ["in.parquet", "out.parquet"]


@pytest.mark.parametrize(("min_participation", "window_s"), [(1, 60), (2, 10), (2, 60)])
def test_equals_the_reference(shared_data: Path, tmp_path: Path, min_participation: int, window_s: int) -> None:
    folder = shared_data / "coordination"
    expected = pd.read_csv(folder / "expected" / f"coortweet_russian_edges_mp{min_participation}_tw{window_s}.csv.gz", dtype=str)
    with sizes({(parts, "BATCH_ROWS"): 4_000, (outofcore, "BUCKET_ROWS"): 3_000, (rounds, "RANGE_ROWS"): 500}):
        edges = in_rounds(
            folder / "russian_coord_tweets.csv.gz", tmp_path / "e.parquet", window_s=window_s, min_participation=min_participation
        )
    assert {(source, target, str(weight)) for source, target, weight in edges} == {
        (min(row["from"], row["to"]), max(row["from"], row["to"]), row["weight"]) for row in expected.to_dict("records")
    }


@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz", "in.parquet"])
@pytest.mark.parametrize("out", ["out.csv", "out.csv.gz", "out.parquet"])
def test_formats_give_the_same_file_as_in_memory(tmp_path: Path, name: str, out: str) -> None:
    rng = np.random.default_rng(8)
    shares = pd.DataFrame(
        {
            "object_id": [f"https://example.org/{n}" for n in rng.integers(0, 20, 400)],
            "account_id": [f"a{n:03d}" for n in rng.integers(0, 30, 400)],
            "content_id": np.arange(400),
            "timestamp_share": rng.integers(0, 2_000, 400),
        }
    )
    (shares.to_parquet if name.endswith("parquet") else shares.to_csv)(tmp_path / name, index=False)
    given: dict[str, Any] = {"window_s": 30, "min_participation": 2}
    with sizes(TINY | {(outofcore, "BUCKET_ROWS"): 60}):
        assert detect_in_rounds(tmp_path / name, tmp_path / out, run=in_turn(silent), **given) > 10
    memory = tmp_path / f"memory-{out}"
    detect_file(tmp_path / name, memory, **given)
    read = pd.read_parquet if out.endswith("parquet") else pd.read_csv
    pd.testing.assert_frame_equal(read(tmp_path / out), read(memory))
    if out == "out.csv":
        assert (tmp_path / out).read_bytes() == memory.read_bytes()


def test_one_crowded_object_is_written_in_several_runs(tmp_path: Path) -> None:
    """600 rows of 60 accounts in one window: 180,000 row pairs, 1,770 pairs of accounts, in runs of 500 and one object each."""
    frame = pd.DataFrame(
        {"object_id": 1, "account_id": np.arange(600) % 60, "content_id": np.arange(10, 610), "timestamp_share": 0.0}
    )
    frame.to_parquet(tmp_path / "in.parquet")
    with sizes({(sweep, "PART_PAIRS"): 2_000, (rounds, "RUN_PAIRS"): 500, (rounds, "RANGE_ROWS"): 100}):
        edges = in_rounds(tmp_path / "in.parquet", tmp_path / "out.parquet", window_s=1, min_participation=1)
    assert len(edges) == 60 * 59 // 2
    assert {weight for _, _, weight in edges} == {100}


def test_ids_of_equal_hash_are_noticed_and_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the first two keys every id has one of four hashes: the rounds begin again until a key tells all ids apart."""
    keys: list[int] = []

    def poor(ids: pa.ChunkedArray, *, key: int, as_text: bool = False) -> hashing.Hashed:
        keys.append(key)
        good = hashed(ids, key=key, as_text=as_text)
        return good if key == 2 else hashing.Hashed(good.number % np.uint64(4), good.check)

    rng = random.Random(3)  # noqa: S311 (a fixed sample)
    rows: list[Row] = [(rng.choice("abcd"), f"n{rng.randrange(9)}", f"p{n}", float(rng.randrange(50))) for n in range(60)]
    pd.DataFrame(rows, columns=NAMES).to_parquet(tmp_path / "in.parquet")
    monkeypatch.setattr(rounds, "hashed", poor)
    edges = in_rounds(tmp_path / "in.parquet", tmp_path / "out.parquet", window_s=5, min_participation=2)
    assert {(source, target): weight for source, target, weight in edges} == {k: v[0] for k, v in found(rows, 5, 2).items()}
    assert sorted(set(keys)) == [0, 1, 2]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=50), st.integers(0, 3), st.integers(0, 10))
def test_hashes_follow_the_text_alone(values: list[str], key: int, before: int) -> None:
    whole = pa.chunked_array([pa.array(["x"] * before + values)])
    parted = pa.chunked_array([pa.array([value]) for value in values])
    one, other = hashed(whole.slice(before), key=key), hashed(parted.cast(pa.large_string()), key=key)
    assert (one.number == other.number).all()
    assert (one.check == other.check).all()
    assert len(set(one.number.tolist())) == len(set(one.check.tolist())) == len(set(values))


def test_numbers_never_share_a_hash_and_buckets_ascend() -> None:
    many = hashed(pa.chunked_array([pa.array(np.arange(-50_000, 50_000))]), key=1)
    assert len(np.unique(many.number)) == 100_000
    numbers = np.sort(many.number)
    bucket = bucket_of(numbers, 37)
    assert bucket.min() == 0
    assert bucket.max() == 36
    assert (np.diff(bucket.astype(int)) >= 0).all()
    plan = rounds.Plan(Path(), 1, 1, None, buckets=37, batch_rows=1)
    assert (np.searchsorted(numbers, plan.bounds()) == np.searchsorted(bucket, np.arange(1, 37))).all()
    with pytest.raises(SharedHash):
        verify(np.array([4, 7, 7], np.uint64), np.array([1, 2, 3], np.uint32))


def write(path: Path, **columns: list[object]) -> Path:
    base: dict[str, list[object]] = {
        "object_id": ["o"] * 12, "account_id": [f"a{n}" for n in range(12)], "content_id": list(range(12)),
        "timestamp_share": [float(n) for n in range(12)],
    }  # fmt: skip
    pq.write_table(pa.table(base | columns), path, row_group_size=5)
    return path


@pytest.mark.parametrize(
    ("columns", "problem", "words"),
    [
        ({"account_id": ["a"] * 8 + [None] + ["b"] * 3}, UnreadableInput, "row 9: account_id is empty"),
        ({"timestamp_share": [0.0] * 6 + [float("nan")] * 6}, UnreadableInput, "row 7: timestamp_share .* not a number"),
        ({"behaviour": ["co-url"] * 5 + ["co-text"] * 7}, UsageProblem, "several behaviours: co-url, co-text"),
    ],
)
def test_bad_rows_are_named_by_their_place_in_the_file(
    tmp_path: Path, columns: dict[str, list[object]], problem: type[Exception], words: str
) -> None:
    source = write(tmp_path / "in.parquet", **columns)
    with sizes(TINY), pytest.raises(problem, match=words):
        in_rounds(source, tmp_path / "out.parquet", window_s=5, min_participation=1)
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_one_behaviour_of_several(tmp_path: Path) -> None:
    source = write(tmp_path / "in.parquet", behaviour=["co-url", "co-text"] * 6)
    with sizes(TINY):
        edges = in_rounds(source, tmp_path / "out.parquet", window_s=2, min_participation=1, behaviour="co-text")
    assert edges == [["a1", "a3", 1], ["a11", "a9", 1], ["a3", "a5", 1], ["a5", "a7", 1], ["a7", "a9", 1]]


def test_a_window_that_is_no_span_is_refused_first(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="window"):
        in_rounds(write(tmp_path / "in.parquet"), tmp_path / "out.parquet", window_s=0, min_participation=1)


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(tmp_path / "in.parquet")
    monkeypatch.setattr(outofcore.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 100}))
    with pytest.raises(WorkspaceProblem, match="12 rows need 1 GB"):
        in_rounds(source, tmp_path / "out.parquet", window_s=1, min_participation=1)
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(tmp_path: Path) -> None:
    """The system refuses, for this process alone, every file above 20,000 bytes. And nobody asked for Dask: it is not imported."""
    rng = np.random.default_rng(0)
    frame = {"object_id": rng.integers(0, 9, 2_000), "account_id": rng.integers(0, 99, 2_000), "content_id": np.arange(2_000)}
    pd.DataFrame(frame | {"timestamp_share": 0.0}).to_parquet(tmp_path / "in.parquet")
    code = (
        "import resource, sys; from flows.commands import detection; from flows.cli import main\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, {resource.RLIM_INFINITY}))\n"
        "detection.exceeds_memory = lambda _: True\n"
        "try: main()\n"
        "finally: print('dask' in sys.modules, 'distributed' in sys.modules)"
    )
    arguments = ["detect", "in.parquet", "--window", "1", "--out", "out.csv"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "The rows of in.parquet cannot be spilled" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == "False False\n"
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def shares_with_two_kinds_of_groups(rng: np.random.Generator) -> pd.DataFrame:
    """4,000 shares of anybody; six accounts within seconds of each other on 40 objects that others share at any time; and six that
    share 40 objects of which everybody's shares come at once."""
    rows = [(n, account, when) for n, account, when in zip(
        rng.integers(0, 400, 4_000), np.minimum(rng.geometric(0.02, 4_000), 400), rng.uniform(-1e5, 1e5, 4_000), strict=True
    )]  # fmt: skip
    for n in range(40):
        begun = rng.uniform(-1e5, 1e5)
        rows += [(n, 1_000 + k, begun + rng.uniform(0, 10)) for k in range(6)]
        rows += [
            (1_000 + n, account, begun + rng.uniform(0, 2_500)) for account in [*range(2_000, 2_006), *rng.integers(0, 400, 30)]
        ]
    rows = [rows[n] for n in rng.permutation(len(rows))]
    return pd.DataFrame(
        {
            "object_id": [f"o{n}" for n, _, _ in rows],
            "account_id": [f"a{account}" for _, account, _ in rows],
            "content_id": np.arange(len(rows)),
            "timestamp_share": [when for _, _, when in rows],
        }
    )


@pytest.mark.parametrize("slots", ["none", "text", "number", "empty"])
@pytest.mark.parametrize("min_participation", [1, 3])
def test_significance_equals_that_in_memory(tmp_path: Path, slots: str, min_participation: int) -> None:
    """Same p- and q-values and labels, whichever way slots are told; an empty label is a slot of its own."""
    rng = np.random.default_rng(4)
    frame = shares_with_two_kinds_of_groups(rng)
    many = len(frame)
    label = rng.integers(0, 5, many)
    if slots == "text":
        frame["slot"] = [f"x/{n}" for n in label]
    elif slots == "number":
        frame["slot"] = label
    elif slots == "empty":
        frame["slot"] = [None if n == 2 else f"x/{n}" for n in label]
    frame.to_parquet(tmp_path / "in.parquet", row_group_size=900)
    given: dict[str, Any] = {"window_s": 2_000, "min_participation": min_participation, "significance": True}
    with sizes({(parts, "BATCH_ROWS"): 500, (outofcore, "BUCKET_ROWS"): 700, (rounds, "RANGE_ROWS"): 300}):
        count = detect_in_rounds(tmp_path / "in.parquet", tmp_path / "rounds.parquet", run=in_turn(silent), **given)
    assert count == detect_file(tmp_path / "in.parquet", tmp_path / "memory.parquet", **given) > 500
    mine, memory = pd.read_parquet(tmp_path / "rounds.parquet"), pd.read_parquet(tmp_path / "memory.parquet")
    pd.testing.assert_frame_equal(mine, memory, rtol=1e-9)
    assert mine["p_value"].nunique() > 100
    assert mine["p_timing"].nunique() > 3
    assert set(mine["label"].dropna()) == {"co-interest", "coordinated"}


def test_significance_of_no_edges_has_the_columns(tmp_path: Path) -> None:
    source = write(tmp_path / "in.parquet", object_id=[f"o{n}" for n in range(12)])
    detect_in_rounds(source, tmp_path / "out.csv", window_s=1, min_participation=1, significance=True, run=in_turn(silent))
    assert (tmp_path / "out.csv").read_text() == "source,target,weight,p_value,q_value,p_timing,label\n"
    (tmp_path / "empty.csv").write_text("object_id,account_id,content_id,timestamp_share\n")
    assert detect_in_rounds(tmp_path / "empty.csv", tmp_path / "out.csv", window_s=1, min_participation=1, run=in_turn(silent)) == 0
    assert (tmp_path / "out.csv").read_text() == "source,target,weight\n"


def test_a_run_that_is_told_to_stop_takes_its_files_away(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = {"object_id": rng.integers(0, 9, 2_000), "account_id": rng.integers(0, 99, 2_000), "content_id": np.arange(2_000)}
    pd.DataFrame(frame | {"timestamp_share": 0.0}).to_parquet(tmp_path / "in.parquet", row_group_size=100)
    code = (
        "import time; from tasks.detect import outofcore, parts, rounds; from flows.commands import detection; from flows.cli import main\n"
        "parts.BATCH_ROWS, detection.exceeds_memory, before = 100, lambda _: True, rounds.scan\n"
        "def slowly(*of): time.sleep(0.3); return before(*of)\n"
        "rounds.scan = slowly; main()"
    )
    arguments = ["detect", "in.parquet", "--window", "1", "--out", "out.csv"]
    with subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=tmp_path) as process:
        until = time.monotonic() + 60
        while not list(tmp_path.glob(".out.csv.spill-*/0/rows-*")):
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.02)
        process.terminate()
    assert process.returncode == 143
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


@pytest.mark.parametrize(("terminal", "shown"), [(True, ["Rows", "━", "3/4"]), (False, ["Rows            4 of 4"])])
def test_progress_is_a_bar_or_lines(monkeypatch: pytest.MonkeyPatch, terminal: bool, shown: list[str]) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(flows.console, "console", Console(file=screen, force_terminal=terminal, width=80, highlight=False))
    with flows.console.rounds_progress() as progress:
        for done in range(4 if terminal else 5):
            progress("Rows", done, 4)
    assert all(each in screen.getvalue() for each in shown)
    assert len(screen.getvalue().splitlines()) == 1 or terminal
