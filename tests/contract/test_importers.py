"""One suite over every importer: no row lost or counted twice, declared columns, the same answer twice, strangers reported, damaged files
refused whole. A new importer joins by a `Case`."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from importer_cases import CASES, Case
from pandas.testing import assert_frame_equal

from tasks.domain.errors import UnreadableInput, UsageProblem
from tasks.domain.frames import FrameSchema
from tasks.domain.parsed import QUARANTINE, Parsed
from tasks.domain.ports import LandedFile
from tasks.fetch.importers import FORMATS, importer
from tasks.fetch.rows import PARSED

MINUTE = datetime(2023, 10, 7, 12, 30, tzinfo=UTC)


@pytest.fixture(params=CASES, ids=lambda case: case.form)
def case(request: pytest.FixtureRequest) -> Case:
    chosen: Case = request.param
    return chosen


def landed(paths: list[Path]) -> list[LandedFile]:
    return [LandedFile(path, path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths]


def parse(case: Case, paths: list[Path], observed_at: Any = "posted") -> Parsed:
    return importer(case.form).parse(landed(paths), observed_at=observed_at, options=case.options)


def books(parsed: Parsed) -> dict[str, int]:
    return {
        table: len(frame) + int((parsed.rejected["table"] == table).sum())
        for table, frame in (("posts", parsed.posts), ("accounts", parsed.accounts))
    }


def assert_conforms(frame: pd.DataFrame, schema: FrameSchema) -> None:
    assert sorted(frame.columns) == sorted(schema.names)
    for column in schema.columns:
        assert frame[column.name].dtype == schema.pandas_dtype(column.name), column.name
        assert column.optional or not frame[column.name].isna().any(), column.name


def test_every_format_is_known() -> None:
    assert [importer(form).format for form in FORMATS] == list(FORMATS)
    with pytest.raises(UsageProblem, match=r"'tsv' is not a format.*csv, ira, .*meta-indicators, ndjson"):
        importer("tsv")


def test_good_rows_all_land(case: Case, tmp_path: Path) -> None:
    parsed = parse(case, case.write(tmp_path))
    assert parsed.rows_landed == case.landed == books(parsed)
    assert parsed.rejected.empty
    assert parsed.drift == ()
    assert parsed.capture_rule == "posted"
    assert (parsed.posts["observed_at"] == parsed.posts["posted_at"]).all()


def test_bad_rows_are_refused_and_counted(case: Case, tmp_path: Path) -> None:
    parsed = parse(case, case.write_bad(tmp_path))
    assert parsed.rows_landed["posts"] == case.landed["posts"]
    assert books(parsed) == parsed.rows_landed
    assert len(parsed.rejected) == case.bad
    assert parsed.rejected["reason"].str.len().gt(5).all()
    assert all(json.loads(text) for text in parsed.rejected["raw"])


def test_row_numbers_are_unique_and_name_the_landed_row(case: Case, tmp_path: Path) -> None:
    good, bad = parse(case, case.write(tmp_path)), parse(case, case.write_bad(tmp_path))
    for table in ("posts", "accounts"):
        kept = bad.posts if table == "posts" else bad.accounts
        refused = bad.rejected.loc[bad.rejected["table"] == table, "row_number"]
        numbers = [*kept["row_number"], *refused]
        assert len(set(numbers)) == len(numbers)
    before = good.posts.set_index("post_id")["row_number"]
    after = bad.posts.set_index("post_id")["row_number"]
    assert after.equals(before.loc[after.index])


def test_frames_have_the_declared_columns(case: Case, tmp_path: Path) -> None:
    parsed = parse(case, case.write_bad(tmp_path))
    assert_conforms(parsed.posts, PARSED["posts"])
    assert_conforms(parsed.accounts, PARSED["accounts"])
    assert_conforms(parsed.rejected, QUARANTINE)


def test_the_same_bytes_give_the_same_frames(case: Case, tmp_path: Path) -> None:
    paths = case.write_bad(tmp_path)
    one, two = parse(case, paths), parse(case, paths)
    for name in ("posts", "accounts", "rejected"):
        assert_frame_equal(getattr(one, name), getattr(two, name))
    assert (one.effort, one.drift, one.rows_landed) == (two.effort, two.drift, two.rows_landed)


def test_an_unknown_field_is_reported_with_a_sample(case: Case, tmp_path: Path) -> None:
    parsed = parse(case, case.write_strange(tmp_path))
    (drift,) = parsed.drift
    assert (drift.table, drift.field, drift.kind, drift.rows) == (*case.stranger, "unknown", case.landed["posts"])
    assert "calm" in drift.sample
    assert books(parsed) == case.landed


@pytest.mark.parametrize(("form", "name"), [(case.form, name) for case in CASES for name in case.damaged])
def test_a_damaged_file_is_refused_whole_beside_a_good_one(form: str, name: str, tmp_path: Path) -> None:
    case = next(case for case in CASES if case.form == form)
    write, message = case.damaged[name]
    with pytest.raises(UnreadableInput, match=f"(?s){message}"):
        parse(case, [*case.write(tmp_path), write(tmp_path)])


def test_a_fixed_capture_time_is_on_every_row(case: Case, tmp_path: Path) -> None:
    parsed = parse(case, case.write(tmp_path), MINUTE)
    assert (parsed.posts["observed_at"] == pd.Timestamp(MINUTE)).all()
    assert (parsed.accounts["observed_at"] == pd.Timestamp(MINUTE)).all()
    assert parsed.capture_rule == "2023-10-07T12:30:00+00:00"
    assert books(parsed) == parsed.rows_landed


def test_an_unknown_option_is_a_usage_problem(case: Case, tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="colour"):
        importer(case.form).parse(landed(case.write(tmp_path)), observed_at="posted", options={**case.options, "colour": "red"})
