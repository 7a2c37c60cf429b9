"""The importer of takedown ledgers: precision kept, faults named by line and column, bad files refused whole."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from tasks.domain.errors import UnreadableInput, UsageProblem
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile
from tasks.fetch.fetching import parse_landed

HEADER = "row_id,date_start,date_end,date_precision,platform,campaign,asset_type,count,approximate,source_url,source_kind,note"


def parse(folder: Path, text: str, observed_at: datetime | str | None = "posted") -> Parsed:
    path = folder / "ledger.csv"
    path.write_text(text)
    return parse_landed([LandedFile(path, path.name, "0" * 64)], "takedown-ledger", observed_at, {})  # type: ignore[arg-type]


def row(**cells: str) -> str:
    given = {
        "row_id": "T1", "date_start": "2023-08-29", "date_end": "2023-08-29", "date_precision": "day", "platform": "facebook",
        "campaign": "", "asset_type": "accounts", "count": "7704", "approximate": "False", "source_url": "https://example.org/a",
        "source_kind": '"primary (Meta indicator file, MIT)"', "note": "",
    } | cells  # fmt: skip
    return ",".join(given[name] for name in HEADER.split(","))


def frame(parsed: Parsed) -> pd.DataFrame:
    return parsed.others["takedowns"]


def test_a_row_is_read_with_its_precision_and_source(tmp_path: Path) -> None:
    (only,) = frame(parse(tmp_path, f"{HEADER}\n{row(date_precision='announcement day')}\n")).to_dict("records")
    day = pd.Timestamp("2023-08-29", tz="UTC")
    assert (only["precision"], only["count"], only["source"], only["removal"]) == ("day", 7704, "platform", True)
    assert (only["effective_from"], only["announced_on"], only["observed_at"]) == (day, day, day)


@pytest.mark.parametrize(
    ("words", "precision", "known_from"),
    [
        ("month", "month", "2023-06-01"),
        ("reporting quarter", "quarter", "2023-06-01"),
        ("one month of Q2 2023", "quarter", "2023-06-01"),
        ("reporting half-year (file named H1)", "half-year", "2023-06-01"),
        ("week", "week", "2023-06-01"),
        ("lifetime", "lifetime", "2023-06-01"),
    ],
)
def test_coarse_rows_are_known_once_their_interval_is_over(tmp_path: Path, words: str, precision: str, known_from: str) -> None:
    text = f"{HEADER}\n{row(date_start='2023-05-01', date_end='2023-05-31', date_precision=words)}\n"
    (only,) = frame(parse(tmp_path, text)).to_dict("records")
    assert (only["precision"], only["observed_at"]) == (precision, pd.Timestamp(known_from, tz="UTC"))


def test_an_instant_makes_every_row_known_from_then_on(tmp_path: Path) -> None:
    then = datetime(2024, 1, 2, tzinfo=UTC)
    assert list(frame(parse(tmp_path, f"{HEADER}\n{row()}\n", then))["observed_at"]) == [then]


def test_exposures_lists_and_audiences_are_no_removals(tmp_path: Path) -> None:
    rows = [
        row(row_id="A", asset_type="accounts_exposed", date_precision='"day (exposure, not takedown)"'),
        row(row_id="B", asset_type="followers_of_pages"),
        row(row_id="C", date_precision="day (list given to Congress)"),
        row(row_id="D"),
    ]
    found = frame(parse(tmp_path, "\n".join([HEADER, *rows]) + "\n")).set_index("row_id")
    assert found["removal"].to_dict() == {"A": False, "B": False, "C": True, "D": True}
    # the list's day is an announcement: when the accounts were removed it does not say
    assert found.loc["C", "precision"] == "unknown"
    assert pd.isna(found.loc["C", "effective_from"])
    assert found.loc["C", "announced_on"] == pd.Timestamp("2023-08-29", tz="UTC")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"count": "many"}, "line 3, column count: 'many' is not a whole number of 0 or more"),
        ({"count": "-4"}, "line 3, column count: '-4' is not a whole number"),
        ({"date_start": "29.08.2023"}, "line 3, column date_start: '29.08.2023' is no day written as 2023-08-29"),
        ({"date_end": "2023-08-01"}, "line 3, column date_end: date_end 2023-08-01 lies before date_start 2023-08-29"),
        ({"date_precision": "fortnight"}, "line 3, column date_precision: 'fortnight' is no precision"),
        ({"platform": "Face Book!"}, "line 3, column platform: 'facebook!' is no platform"),
        ({"approximate": "perhaps"}, "line 3, column approximate: 'perhaps' is neither true nor false"),
        ({"note": "a,b"}, "line 3: the row has 13 cells, the header 12"),
    ],
)
def test_a_bad_row_is_refused_alone_with_line_and_column(tmp_path: Path, cells: dict[str, str], reason: str) -> None:
    parsed = parse(tmp_path, f"{HEADER}\n{row(row_id='good')}\n{row(row_id='bad', **cells)}\n{row(row_id='after')}\n")
    assert list(frame(parsed)["row_id"]) == ["good", "after"]
    assert list(parsed.rejected["row_number"]) == [1]
    assert parsed.rejected["reason"].iloc[0].startswith(reason)
    assert parsed.rows_landed["takedowns"] == 3


def test_lines_are_those_of_the_file_also_after_a_cell_with_line_breaks(tmp_path: Path) -> None:
    text = f"{HEADER}\n" + row(note='"two\nlines; here"') + "\n" + row(count="x;y") + "\n"
    assert parse(tmp_path, text).rejected["reason"].iloc[0].startswith("line 4, column count: 'x,y' is not")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date_start,platform\n2023-01-01,x\n", "line 1: no column is called date_precision"),
        ("", "the file is empty"),
        (f"{HEADER}\n" + row(note='"open'), "line 2: unbalanced quote"),
        (f"{HEADER},count\n{row()},1\n", "names 'count' twice"),
    ],
)
def test_a_file_that_is_no_ledger_is_refused_whole(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UnreadableInput, match=said):
        parse(tmp_path, text)


def test_options_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text(HEADER)
    with pytest.raises(UsageProblem, match="no option 'table'"):
        parse_landed([LandedFile(path, path.name, "0" * 64)], "takedown-ledger", "posted", {"table": "posts"})


def test_the_compiled_ledger_is_read_to_the_last_row(shared_data: Path) -> None:
    path = shared_data / "spamouflage/takedown_ledger.csv"
    parsed = parse_landed([LandedFile(path, path.name, "0" * 64)], "takedown-ledger", "posted", {})
    rows, published = frame(parsed), pd.read_csv(path)
    assert parsed.rejected.empty
    assert len(rows) == len(published) == 269
    assert rows["count"].tolist() == published["count"].tolist()
    coarse = published["date_precision"].str.contains("month|quarter|year|lifetime|week")
    assert not (rows["precision"] == "day")[coarse.to_numpy()].any()
