"""`resurge detect` on awkward tables against the definition written out plainly; and what it refuses, by the real command."""

import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.detect.coordination import co_actions
from tasks.detect.files import detect_file, read_shares
from tasks.domain.errors import UnreadableInput, UsageProblem

NAMES = ["object_id", "account_id", "content_id", "timestamp_share"]
HEADER = ",".join(NAMES) + "\n"
Row = tuple[object, object, object, float]


def plainly(rows: list[Row], window_s: float, least: int) -> dict[tuple[str, str], int]:
    """The definition over every pair of rows, ids compared as text."""
    shares = [(str(o), str(a), str(c), t) for o, a, c, t in rows]
    often = Counter(a for _, a, _, _ in shares)
    shares = [row for row in shares if often[row[1]] >= least]
    pairs = [
        (x, y)
        for x, y in combinations(shares, 2)
        if x[0] == y[0] and abs(x[3] - y[3]) <= window_s and x[1] != y[1] and x[2] != y[2] and x[0] not in (x[2], y[2])
    ]
    stand = {row[2] for pair in pairs for row in pair}
    counts = Counter(a for _, a, c, _ in shares if c in stand)
    weight: Counter[tuple[str, str]] = Counter()
    for x, y in pairs:
        if counts[x[1]] >= least or counts[y[1]] >= least:
            weight[min(x[1], y[1]), max(x[1], y[1])] += 1
    return dict(weight)


ints, texts = st.integers(-2, 5), st.sampled_from(["a", "B", "007", "7", "é", "一"])
whole = st.one_of(st.integers(-10, 20).map(float), st.just(1.7e9))
fine = st.one_of(st.sampled_from([0.1, 0.2, 0.3, -0.1, 1.7e9 + 0.1, 1.7e9 + 0.3]), st.integers(0, 40).map(lambda n: 1.7e9 + n / 10))
posts = st.integers(0, 9)  # few: the same post on several objects, the same row twice, posts that are objects


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        *(
            st.lists(st.tuples(o, a, c, t), max_size=25)
            for o, a, c, t in [
                (ints, ints, posts, whole),
                (texts, texts, texts, fine),
                (ints, texts, posts, fine),
                (posts, ints, posts, whole),
            ]
        )
    ),
    st.sampled_from([0.1, 0.2, 1.0, 7.0]),
    st.integers(1, 3),
    st.booleans(),
)
def test_any_table_gives_the_pairs_of_the_definition(
    tmp_path: Path, rows: list[Row], window_s: float, least: int, as_parquet: bool
) -> None:
    source = tmp_path / ("in.parquet" if as_parquet else "in.csv")
    frame = pd.DataFrame(rows, columns=NAMES)
    if not as_parquet:
        frame.to_csv(source, index=False)
    elif rows:
        frame.to_parquet(source, index=False)
    else:
        pd.DataFrame({**dict.fromkeys(NAMES[:3], pd.Series(dtype="str")), NAMES[3]: pd.Series(dtype="float64")}).to_parquet(source)
    count = detect_file(source, tmp_path / "out.csv", window_s=window_s, min_participation=least)
    found = pd.read_csv(tmp_path / "out.csv", dtype={"source": str, "target": str}, keep_default_na=False)
    weights = {
        (min(r.source, r.target), max(r.source, r.target)): r.weight for r in found.itertuples()
    }  # integer ids are ordered as numbers, text as text
    assert weights == plainly(rows, window_s, least)
    assert count == len(found)


def test_the_bound_of_a_window_is_compared_in_double_precision() -> None:
    """As in the reference: at 1.7 * 10^9 s two times that are written 0.2 s apart are 0.20000005 s apart."""
    near = pd.DataFrame([("o", "a", 1, 0.1), ("o", "b", 2, 0.3)], columns=NAMES)
    assert len(co_actions(near, window_s=0.2, min_participation=1)) == 1
    far = near.assign(timestamp_share=near["timestamp_share"] + 1.7e9)
    assert co_actions(far, window_s=0.2, min_participation=1).empty
    assert len(co_actions(far, window_s=0.200001, min_participation=1)) == 1


def test_one_object_with_100_000_rows() -> None:
    """Over a day with a window of 60 s: 7 million pairs of rows, 14 s of one core at most."""
    rng = np.random.default_rng(1)
    count = 100_000
    frame = pd.DataFrame(
        {"object_id": 1, "account_id": rng.integers(0, 300, count), "content_id": np.arange(10, count + 10), "timestamp_share": 0.0}
    )
    frame["timestamp_share"] = np.sort(rng.integers(0, 86_400, count)).astype("float64")
    tracemalloc.start()
    started = time.process_time()
    edges = co_actions(frame, window_s=60, min_participation=2)
    took, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    at, account = frame["timestamp_share"].to_numpy(), frame["account_id"].to_numpy()
    ends = np.searchsorted(at, at + 60, side="right") - np.arange(count) - 1  # whole seconds: exact
    same = sum(
        int((np.searchsorted(own, own + 60, side="right") - np.arange(len(own)) - 1).sum())
        for own in (at[account == one] for one in range(300))
    )
    assert edges["weight"].sum() == ends.sum() - same
    assert took < 14
    assert peak < 400e6


def test_what_cannot_be_counted_is_refused_before_it_is_tried(tmp_path: Path) -> None:
    count = 100_000
    frame = pd.DataFrame(
        {"object_id": "hub", "account_id": np.arange(count), "content_id": np.arange(count), "timestamp_share": 0.0}
    )
    frame.to_parquet(tmp_path / "in.parquet")
    with pytest.raises(
        UsageProblem, match=r"'hub' \(100,000 rows\) is too crowded: up to 4,999,950,000 pairs of its 100,000 accounts"
    ):
        detect_file(tmp_path / "in.parquet", tmp_path / "out.csv", window_s=1, min_participation=1)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("given_", "seconds"),
    [
        (["2023-10-07T10:00:00Z", "2023-10-07 10:00:01.5+00:00"], [0.0, 1.5]),
        (["2023-10-07T12:00+02:00", "2023-10-07T12:00:03,25+0200"], [0.0, 3.25]),
        (["2023-10-07T04:30:00-0530", "2023-10-07T04:29:59-05:30"], [0.0, -1.0]),
    ],
)
def test_iso_instants_of_one_zone_are_read(tmp_path: Path, given_: list[str], seconds: list[float]) -> None:
    start = datetime(2023, 10, 7, 10, tzinfo=UTC).timestamp()
    body = "".join(f'o,{i},p{i},"{text}"\n' for i, text in enumerate(given_))
    (tmp_path / "in.csv").write_text(HEADER + body)
    assert (read_shares(tmp_path / "in.csv")["timestamp_share"] - start).tolist() == seconds


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (["2023-10-07T10:00:00Z", "2023-10-07T10:00:00+02:00"], r"line 3: .*\+02:00.* another time zone than the first row"),
        (["2023-10-07T10:00:00Z", "2023-10-07T10:00:00"], "line 3: .* is a time without a zone"),
        (["2023-10-07T10:00:00", "2023-10-07T10:00:00Z"], "line 2: .* is a time without a zone"),
        (["2023-10-07T10:00:00Z", "1696672800"], "line 3: .*seconds and instants are mixed"),
        (["2023-13-07T10:00:00Z", "2023-10-07T10:00:00Z"], "line 2: .*2023-13-07.* is not a number of seconds or an instant"),
        (["2023-10-07T10:00:00Z", "noon"], "line 3: .*'noon'.* is not a number"),
        (["07/10/2023 10:00", "5"], "line 2: .* is not a number of seconds or an instant"),
        (["1e999", "5"], "line 2"),
    ],
)
def test_times_that_cannot_be_compared_are_refused_with_their_line(tmp_path: Path, times: list[str], words: str) -> None:
    (tmp_path / "in.csv").write_text(HEADER + "".join(f"o,a{i},p{i},{text}\n" for i, text in enumerate(times)))
    with pytest.raises(UnreadableInput, match=words):
        read_shares(tmp_path / "in.csv")


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("resurge")), "detect", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr + done.stdout


OLD = "source,target,weight\nkept,kept,1\n"
GOOD = HEADER + "o,a,1,5\no,b,2,6\n"


@pytest.mark.parametrize(
    ("name", "body", "options", "code", "words"),
    [
        ("in.csv", "object_id,account_id\no,a\n", [], 1, "no column content_id, timestamp_share"),
        ("in.csv", "object_id,account_id,account_id,content_id,timestamp_share\no,a,a,1,5\n", [], 1, "several columns account_id"),
        ("in.csv", HEADER + "o,a,1,5\no,,2,6\n", [], 1, "line 3: account_id is empty"),
        ("in.csv", HEADER + "o,a,1,5\n\no,a,,6\n", [], 1, "content_id is empty"),
        ("in.csv", GOOD + "o,c,3,2023-10-07T10:00:00Z\n", [], 1, "line 4: timestamp_share"),
        ("in.csv", "", [], 1, "cannot be read as csv"),
        ("in.csv", b"\xff\xfe" + GOOD.encode("utf-16-le"), [], 1, "cannot be read as csv"),
        ("in.parquet", b"PAR1 and then nothing", [], 1, "cannot be read as parquet"),
        ("in.parquet", "", [], 1, "cannot be read as parquet"),
        ("in.xlsx", GOOD, [], 2, "neither CSV nor Parquet"),
        ("in.csv", GOOD, ["--window", "0"], 2, "window"),
        ("in.csv", GOOD, ["--window", "nan"], 2, "--window"),
        ("in.csv", GOOD, ["--window", "inf"], 2, "window of inf s"),
        ("in.csv", GOOD, ["--min-participation", "0"], 2, "min-participation"),
        ("in.csv", GOOD, ["--out", "in.csv"], 2, "is the input itself"),
        ("in.csv", GOOD, ["--out", "edges.json"], 2, "neither CSV nor Parquet"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 40 and "\n" not in value else "",
)
def test_bad_input_ends_with_its_code_and_touches_nothing(
    tmp_path: Path, name: str, body: str | bytes, options: list[str], code: int, words: str
) -> None:
    (tmp_path / name).write_bytes(body if isinstance(body, bytes) else body.encode())
    (tmp_path / "out.csv").write_text(OLD)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    given_ = {"--window": "60", "--out": "out.csv", **dict(zip(options[::2], options[1::2], strict=True))}
    ended, said = run(tmp_path, name, *(part for pair in given_.items() for part in pair))
    assert (ended, words in " ".join(said.split())) == (code, True), said
    assert "Traceback" not in said
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_bad_parquet_columns_are_refused(tmp_path: Path) -> None:
    good = pd.DataFrame({"object_id": ["o", "o"], "account_id": ["a", "b"], "content_id": [1, 2], "timestamp_share": [5, 6]})
    for change, words in [
        ({"account_id": [1.5, float("nan")]}, "account_id is of type double"),
        ({"account_id": ["a", ""]}, "row 2: account_id is empty"),
        ({"object_id": [None, None]}, "row 1: object_id is empty"),
        ({"timestamp_share": [5.0, float("nan")]}, r"row 2: timestamp_share"),
        ({"behaviour": ["co-url", None]}, "row 2: behaviour is empty"),
    ]:
        good.assign(**change).to_parquet(tmp_path / "in.parquet")
        with pytest.raises(UnreadableInput, match=words):
            read_shares(tmp_path / "in.parquet")
    good.assign(account_id=pd.Categorical(["a", "b"])).to_parquet(tmp_path / "in.parquet")
    assert read_shares(tmp_path / "in.parquet")["account_id"].tolist() == ["a", "b"]
