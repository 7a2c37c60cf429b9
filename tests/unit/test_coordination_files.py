"""Detection from file to file: formats, and what is refused in which words."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tasks.detect.coordination import co_actions
from tasks.detect.files import detect_file, read_shares
from tasks.domain.errors import UnreadableInput, UsageProblem, WorkspaceProblem

HEADER = "object_id,account_id,content_id,timestamp_share\n"


def frame(rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    return pd.DataFrame(
        {
            "object_id": [f"o{n}" for n in rng.integers(0, 20, rows)],
            "account_id": [f"a{n}" for n in rng.integers(0, 30, rows)],
            "content_id": [f"{n:05d}" for n in range(rows)],
            "timestamp_share": rng.integers(0, 2_000, rows),
        }
    )


@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz", "in.parquet"])
@pytest.mark.parametrize("out", ["out.csv", "out.csv.gz", "out.parquet"])
def test_formats_give_the_same_edges(tmp_path: Path, name: str, out: str) -> None:
    shares = frame()
    write = shares.to_parquet if name.endswith("parquet") else shares.to_csv
    write(tmp_path / name, index=False)
    count = detect_file(tmp_path / name, tmp_path / out, window_s=30, min_participation=1, significance=True)
    read = pd.read_parquet if out.endswith("parquet") else pd.read_csv
    edges = read(tmp_path / out)
    assert list(edges.columns) == ["source", "target", "weight", "p_value", "q_value", "p_timing", "label"]
    expected = co_actions(shares, window_s=30, min_participation=1)
    assert count == len(expected) > 10
    assert edges[["source", "target", "weight"]].values.tolist() == expected[["source", "target", "weight"]].values.tolist()
    assert edges["p_value"].between(0, 1, inclusive="right").all()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, out])


def test_the_reference_from_the_command_line_file(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "coordination" / "russian_coord_tweets.csv.gz"
    detect_file(source, tmp_path / "edges.csv", window_s=60, min_participation=2, significance=True)
    edges = pd.read_csv(tmp_path / "edges.csv")
    assert len(edges) == 3721
    assert len(set(edges["source"]) | set(edges["target"])) == 2110
    assert (edges["q_value"] > 0.01).all()  # almost every weight is 1: nothing passes, as docs/methods.md says


def test_empty_input_gives_a_header(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(HEADER)
    assert detect_file(tmp_path / "in.csv", tmp_path / "out.csv", window_s=30, min_participation=2, significance=True) == 0
    assert (tmp_path / "out.csv").read_text() == "source,target,weight,p_value,q_value,p_timing,label\n"


def test_instants_with_a_zone_become_seconds(tmp_path: Path) -> None:
    shares = frame(5)
    times = pd.to_datetime(shares["timestamp_share"], unit="s", utc=True).dt.tz_convert("Asia/Shanghai")
    shares.assign(timestamp_share=times).to_parquet(tmp_path / "in.parquet")
    assert read_shares(tmp_path / "in.parquet")["timestamp_share"].tolist() == shares["timestamp_share"].tolist()


def test_ids_that_look_like_numbers_keep_their_zeros(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(HEADER + "7,007,1,0\n7,7,2,0\n")
    detect_file(tmp_path / "in.csv", tmp_path / "out.csv", window_s=1, min_participation=1)
    assert (tmp_path / "out.csv").read_text() == "source,target,weight\n007,7,1\n"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("object_id,account_id,timestamp_share\na,b,1\n", "no column content_id"),
        (HEADER + "o,a,1,5\no,b,2,yesterday\n", r"line 3: timestamp_share \('yesterday'\)"),
        (HEADER + "o,a,1,5\no,,2,6\n", "line 3: account_id is empty"),
        (HEADER + "o,a,1,\n", "line 2: timestamp_share is not a number"),
        (HEADER + "o,a,1,nan\n", r"line 2: timestamp_share \('nan'\)"),
        (HEADER + "o,a,1,2023-10-07T10:00:00\n", "line 2: timestamp_share .* is a time without a zone"),
        (HEADER + "o,a,1\n", "cannot be read as csv"),
        ("", "cannot be read as csv"),
    ],
)
def test_bad_csv_is_refused_with_its_place(tmp_path: Path, body: str, words: str) -> None:
    (tmp_path / "in.csv").write_text(body)
    with pytest.raises(UnreadableInput, match=words):
        detect_file(tmp_path / "in.csv", tmp_path / "out.csv", window_s=1, min_participation=1)
    assert not (tmp_path / "out.csv").exists()


def test_bad_parquet_is_refused_with_its_row(tmp_path: Path) -> None:
    frame(3).assign(account_id=["a", None, "b"]).to_parquet(tmp_path / "null.parquet")
    with pytest.raises(UnreadableInput, match="row 2: account_id is empty"):
        read_shares(tmp_path / "null.parquet")
    naive = pd.to_datetime(frame(3)["timestamp_share"], unit="s")
    frame(3).assign(timestamp_share=naive).to_parquet(tmp_path / "naive.parquet")
    with pytest.raises(UnreadableInput, match="without a zone"):
        read_shares(tmp_path / "naive.parquet")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(UnreadableInput, match="cannot be read as parquet"):
        read_shares(tmp_path / "torn.parquet")


def test_torn_gzip_and_missing_file(tmp_path: Path) -> None:
    whole = gzip.compress((HEADER + "o,a,1,5\n" * 500).encode())
    (tmp_path / "in.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableInput, match="cannot be read"):
        read_shares(tmp_path / "in.csv.gz")
    with pytest.raises(UnreadableInput, match="no file"):
        read_shares(tmp_path / "absent.csv")


def test_behaviours_are_kept_apart(tmp_path: Path) -> None:
    both = pd.concat([frame(50).assign(behaviour="co-url"), frame(50).assign(behaviour="co-text")])
    both.to_csv(tmp_path / "in.csv", index=False)
    assert len(read_shares(tmp_path / "in.csv", behaviour="co-url")) == 50
    with pytest.raises(UsageProblem, match="several behaviours"):
        read_shares(tmp_path / "in.csv")
    with pytest.raises(UsageProblem, match="co-dance"):
        read_shares(tmp_path / "in.csv", behaviour="co-dance")
    frame(5).to_csv(tmp_path / "plain.csv", index=False)
    with pytest.raises(UnreadableInput, match="no column behaviour"):
        read_shares(tmp_path / "plain.csv", behaviour="co-url")


def test_names_and_folders_that_cannot_be(tmp_path: Path) -> None:
    frame(5).to_csv(tmp_path / "in.csv", index=False)
    with pytest.raises(UsageProblem, match="neither CSV nor Parquet"):
        detect_file(tmp_path / "in.csv", tmp_path / "out.xlsx", window_s=1, min_participation=1)
    with pytest.raises(UsageProblem, match="window"):
        detect_file(tmp_path / "in.csv", tmp_path / "out.csv", window_s=0, min_participation=1)
    with pytest.raises(WorkspaceProblem, match="cannot be written"):
        detect_file(tmp_path / "in.csv", tmp_path / "nowhere" / "out.csv", window_s=1, min_participation=1)
