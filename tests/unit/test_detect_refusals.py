"""What detection refuses is refused in the same words however the file is read: whole, or in parts of five rows and buckets of four."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_rounds import TINY, silent, sizes

from tasks.detect import bounds, rounds
from tasks.detect.files import detect_file
from tasks.detect.outofcore import detect_in_rounds
from tasks.detect.runners import in_turn
from tasks.domain.errors import ResurgeError

Columns = dict[str, list[object]]
Said = tuple[type[ResurgeError], str, str | None]


def sound(rows: int = 17) -> Columns:
    return {
        "object_id": ["o"] * rows,
        "account_id": [f"a{n % 5}" for n in range(rows)],
        "content_id": [f"p{n}" for n in range(rows)],
        "timestamp_share": [str(n) for n in range(rows)],
    }


def at(values: list[object], changes: dict[int, object]) -> list[object]:
    return [changes.get(n, value) for n, value in enumerate(values)]


def write(columns: Columns, path: Path) -> Path:
    frame = pd.DataFrame(columns)
    if path.suffix == ".parquet":
        frame.to_parquet(path, row_group_size=3)
    else:
        frame.to_csv(path, index=False)
    return path


def said(detect: Callable[..., int], source: Path, **given_: Any) -> Said | None:
    """How `detect` refuses `source`; None if it does not. Nothing is written but what was asked for."""
    out = source.with_name("out.csv")
    try:
        detect(source, out, **{"window_s": 2, "min_participation": 1, **given_})
    except ResurgeError as error:
        assert [path.name for path in source.parent.iterdir()] == [source.name]
        return type(error), str(error), error.remedy
    out.unlink()
    return None


def both(source: Path, **given_: Any) -> tuple[Said | None, Said | None]:
    with sizes(TINY):
        parted = said(detect_in_rounds, source, run=in_turn(silent), **given_)
    return said(detect_file, source, **given_), parted


UTC = [f"2023-10-07T10:00:{n:02d}Z" for n in range(17)]


@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz", "in.parquet"])
@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"timestamp_share": UTC[:12] + ["2023-10-07T12:00:00+02:00"] * 5}, "12: another time zone than the first row; 5 such"),
        ({"timestamp_share": UTC[:9] + ["2023-10-07T12:00:00+02:00", "2023-10-07T12:00:00+03:00"] * 4}, "9: another time zone; 8 such"),
        ({"timestamp_share": [*UTC[:16], "1696672800"]}, "16: seconds and instants are mixed; 1 such"),
        ({"timestamp_share": ["1696672800"] * 7 + UTC[7:]}, "7: seconds and instants are mixed; 10 such"),
        ({"timestamp_share": [*UTC[:14], "2023-10-07T10:00:00", *UTC[15:]]}, "14: is a time without a zone; 1 such"),
        ({"timestamp_share": at([*UTC], {3: "2023-10-07T12:00:00+02:00", 13: "noon", 15: "night"})}, "13: 'noon'; 2 such"),
        ({"timestamp_share": at(sound()["timestamp_share"], {8: "1e999", 11: None})}, "8: '1e999'; 2 such"),
        ({"account_id": at(sound()["account_id"], {6: None, 16: None})}, "6: account_id is empty; 2 such"),
        ({"content_id": at(sound()["content_id"], {15: None}), "timestamp_share": ["soon"] * 17}, "15: content_id is empty; 1 such"),
        ({"object_id": at(sound()["object_id"], {16: None}), "account_id": [None] * 17}, "16: object_id is empty; 1 such"),
        ({"behaviour": ["co-url"] * 11 + ["co-text"] * 6}, "several behaviours: co-url, co-text"),
        ({"behaviour": [None] * 9 + ["co-url"] * 8}, "0: behaviour is empty; 9 such"),
    ],
)  # fmt: skip
def test_faults_of_any_part_are_told_in_the_same_words(tmp_path: Path, name: str, columns: Columns, words: str) -> None:
    memory, parted = both(write(sound() | columns, tmp_path / name))
    assert memory == parted
    assert memory is not None
    place, _, rest = words.rpartition(": ") if not words[0].isdigit() else words.partition(": ")
    if place.isdigit():
        row = int(place) + (1 if name.endswith("parquet") else 2)
        assert f", {'row' if name.endswith('parquet') else 'line'} {row}: " in memory[1]
    assert all(part in memory[1] for part in rest.split("; "))


@pytest.mark.parametrize("name", ["in.csv", "in.parquet"])
def test_columns_and_parameters(tmp_path: Path, name: str) -> None:
    columns = sound()
    del columns["content_id"], columns["object_id"]
    cases: list[tuple[Columns, dict[str, Any], str]] = [
        (columns, {}, "no column object_id, content_id; it has account_id, timestamp_share"),
        (sound(), {"behaviour": "co-url"}, "no column behaviour to choose co-url by"),
        (sound(), {"behaviour": "co-dance"}, "'co-dance' is not a behaviour"),
        (sound() | {"account_id": [None] * 17}, {"window_s": 0}, "window of 0 s"),
        (sound(), {"min_participation": 0}, "participation of 0"),
    ]
    for held, given_, words in cases:
        source = write(held, tmp_path / name)
        memory, parted = both(source, **given_)
        assert memory == parted
        assert memory is not None
        assert words in memory[1]


def test_parquet_of_types_that_cannot_be_meant(tmp_path: Path) -> None:
    naive = pd.date_range("2023-10-07", periods=17, freq="s")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"account_id": [1.5] * 17}, "account_id is of type double"),
        ({"timestamp_share": naive, "account_id": [None] * 17}, "has times without a zone"),
        ({"timestamp_share": [*range(12), float("nan"), *range(4)]}, "row 13: timestamp_share (nan) is not a number of seconds; 1"),
        (
            {"timestamp_share": [*naive.tz_localize("UTC")[:13], *[pd.NaT] * 4]},
            "row 14: timestamp_share is not a number of seconds; 4",
        ),
        ({"object_id": at(sound()["object_id"], {14: "", 2: None})}, "row 15: object_id is empty; 1 such"),
    ]
    for change, words in cases:
        memory, parted = both(write(sound() | change, tmp_path / "in.parquet"))
        assert memory == parted
        assert memory is not None
        assert words.replace("(nan)", "('nan')") in memory[1] or words.replace(" (nan)", "") in memory[1]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["o", "o", "o", None]),
            st.sampled_from(["a", "b", "c", None]),
            st.one_of(
                st.sampled_from(["7", "8.5", *UTC[:3], *UTC[:3], "2023-10-07T12:00:00+02:00", "2023-10-07T10:00:00", "noon", None]),
            ),
            st.sampled_from(["co-url", "co-url", "co-url", "co-text", None]),
        ),
        min_size=1,
        max_size=20,
    ),
    st.booleans(),
    st.sampled_from([None, None, "co-url"]),
    st.sampled_from(["in.csv", "in.parquet"]),
)
def test_any_table_is_refused_or_not_in_the_same_words(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, ...]], with_kinds: bool, behaviour: str | None, name: str
) -> None:
    names = ("object_id", "account_id", "timestamp_share", *(["behaviour"] if with_kinds else []))
    columns: Columns = {each: [row[n] for row in rows] for n, each in enumerate(names)}
    source = write(columns | {"content_id": [f"p{n}" for n in range(len(rows))]}, tmp_path_factory.mktemp("any") / name)
    memory, parted = both(source, behaviour=behaviour)
    assert memory == parted


def crowded(path: Path) -> Path:
    """Thirty accounts on `hub` at once and again, so that 435 pairs of them and 1,770 of rows lie in a window; twenty objects of four
    accounts each, six pairs of rows each."""
    rng = np.random.default_rng(0)
    hub = pd.DataFrame({"object_id": "hub", "account_id": [f"h{n % 30}" for n in range(60)], "timestamp_share": 0.0})
    others = pd.DataFrame(
        {"object_id": [f"o{n // 4}" for n in range(80)], "account_id": [f"a{n}" for n in range(80)], "timestamp_share": 5.0}
    )
    frame = pd.concat([others, hub]).sample(frac=1, random_state=rng.integers(9))
    frame.assign(content_id=[f"p{n}" for n in range(140)]).to_parquet(path, row_group_size=9)
    return path


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MOST_ROW_PAIRS", 1_889, "'hub' (60 rows) is too crowded: 1,890 pairs of rows lie within the window; 1,889 is the limit"),
        (
            "MOST_ACCOUNT_PAIRS",
            434,
            "'hub' (60 rows) is too crowded: up to 435 pairs of its 30 accounts would be edges; 434 is the limit",
        ),
    ],
)
def test_crowds_are_refused_in_the_same_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str
) -> None:
    source = crowded(tmp_path / "in.parquet")
    counted: list[int] = []
    before = rounds._pairs
    monkeypatch.setattr(bounds, limit, value)
    monkeypatch.setattr(
        rounds, "_pairs", lambda plan, sweep, *rest: (counted.append(len(sweep.row)), before(plan, sweep, *rest))[1]
    )
    memory, parted = both(source)
    assert memory == parted
    assert memory is not None
    assert words in memory[1]
    assert sum(counted) <= 80  # the hub's bucket was not counted


@pytest.mark.parametrize("significance", [False, True])
def test_a_crowd_at_the_limit_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, significance: bool) -> None:
    """Its bucket waits for the others and is then counted: the same edges as in memory."""
    source = crowded(tmp_path / "in.parquet")
    monkeypatch.setattr(bounds, "MOST_ROW_PAIRS", 1_890)
    monkeypatch.setattr(bounds, "MOST_ACCOUNT_PAIRS", 435)
    given_: dict[str, Any] = {"window_s": 2, "min_participation": 1, "significance": significance}
    names: list[str] = []
    with sizes(TINY):
        detect_in_rounds(source, tmp_path / "parted.csv", run=in_turn(lambda *of: names.append(of[0])), **given_)
    assert detect_file(source, tmp_path / "memory.csv", **given_) == 435 + 20 * 6
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "parted.csv"), pd.read_csv(tmp_path / "memory.csv"))
    assert "Crowded pairs" in names


@pytest.mark.parametrize("body", ["", "object_id,account_id,content_id,timestamp_share\no,a,1,5\no,a,1\n", "\xff"])
def test_files_that_cannot_be_read(tmp_path: Path, body: str) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(body.encode("latin-1"))
    memory, parted = both(source)
    assert memory is not None
    assert memory == parted
