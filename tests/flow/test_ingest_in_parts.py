"""A large archive becomes several batches; the same file again changes nothing; a fault at its end keeps all of it out."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small_campaign import CAMPAIGN, contents

from flows.wiring import open_store
from tasks.domain.batches import BatchIdentity, BatchRecord
from tasks.domain.errors import UnreadableInput, ValidationBlocked
from tasks.domain.ports import LandedFile
from tasks.fetch.fetching import identity_for_files
from tasks.fetch.s3_drop import digest_of
from tasks.fetch.streaming import StreamingImporter
from tasks.store.lake import batch_records

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "crowdtangle_pages.csv"
MAP = {
    "map": {"post_id": "id", "account_id": "author", "posted_at": "at", "text": "body"},
    "constants": {"platform": "facebook"},
}
ROWS = [{"id": str(n), "author": f"a{n % 3}", "at": f"2021-07-06T10:0{n}:00Z", "body": f"line {n}"} for n in range(8)]


def as_csv(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(ROWS[0]))
        writer.writeheader()
        writer.writerows(ROWS)


def as_ndjson(path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")


def as_parquet(path: Path) -> None:
    pd.DataFrame(ROWS).to_parquet(path)


WRITERS: dict[str, Callable[[Path], None]] = {"csv": as_csv, "ndjson": as_ndjson, "parquet": as_parquet}


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.fetch.readers.CHUNK_ROWS", 3)
    monkeypatch.setattr("flows.admission.PART_ROWS", 3)
    monkeypatch.setattr("tasks.fetch.chunks.batched.__defaults__", (3,))
    monkeypatch.setattr(StreamingImporter.parts, "__kwdefaults__", {"rows": 3})


def ingested(workspace: Path, file: Path, form: str = "crowdtangle") -> list[str]:
    from flows.collect import ingest

    options: dict[str, Any] = {} if form == "crowdtangle" else MAP
    batches: list[str] = ingest(CAMPAIGN, str(workspace), [str(file)], form, observed_at="posted", options=options)["batches"]
    return batches


def records(workspace: Path) -> dict[str, BatchRecord]:
    return {record.batch_id: record for record in batch_records(open_store(str(workspace)), CAMPAIGN)}


def test_parts_become_batches_once(workspace: Path, small_parts: None) -> None:
    batches = ingested(workspace, SAMPLE)
    stored = records(workspace)
    assert [stored[one].rows_accepted["posts"] for one in batches] == [3, 1]
    assert [stored[one].identity.query for one in batches] == ["", "part 2"]
    lake = contents(workspace / "lake")
    assert ingested(workspace, SAMPLE) == batches
    assert contents(workspace / "lake") == lake


@pytest.mark.parametrize("form", WRITERS)
def test_tables_of_any_form_are_read_in_parts(form: str, workspace: Path, small_parts: None, tmp_path: Path) -> None:
    WRITERS[form](tmp_path / "rows")
    batches = ingested(workspace, tmp_path / "rows", form)
    stored = records(workspace)
    assert [stored[one].rows_accepted["posts"] for one in batches] == [3, 3, 2]
    assert [stored[one].identity.query for one in batches] == ["", "part 2", "part 3"]
    assert ingested(workspace, tmp_path / "rows", form) == batches


@pytest.mark.parametrize("form", WRITERS)
def test_a_small_file_is_one_batch_named_by_its_bytes_and_options(form: str, workspace: Path, tmp_path: Path) -> None:
    """The id is of what was given, not of how it was read: what was stored before files were read in parts keeps its id."""
    WRITERS[form](tmp_path / "rows")
    file = LandedFile(tmp_path / "rows", "rows", digest_of(tmp_path / "rows"))
    named = identity_for_files(CAMPAIGN, "file", [file], form, "posted", MAP)
    assert ingested(workspace, tmp_path / "rows", form) == [named.batch_id]
    as_before = BatchIdentity(
        campaign=CAMPAIGN, source="file", capture_rule="posted", format=form, parameters=MAP, parser_version="1", raw_sha256=(file.sha256,)
    )  # fmt: skip
    assert named == as_before
    assert records(workspace)[named.batch_id].rows_accepted == {"posts": 8, "accounts": 0}


def test_what_was_stored_whole_is_not_stored_again_in_parts(
    workspace: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    as_csv(tmp_path / "rows")
    whole = ingested(workspace, tmp_path / "rows", "csv")
    lake = contents(workspace / "lake")
    request.getfixturevalue("small_parts")
    assert ingested(workspace, tmp_path / "rows", "csv") == whole
    assert contents(workspace / "lake") == lake


def test_a_fault_at_the_end_keeps_the_file_out(workspace: Path, small_parts: None, tmp_path: Path) -> None:
    (tmp_path / "torn.csv").write_bytes(SAMPLE.read_bytes() + b'"Quay Watch,x\n')
    lake = contents(workspace / "lake")
    with pytest.raises(UnreadableInput, match=r"torn\.csv was refused whole: line 6"):
        ingested(workspace, tmp_path / "torn.csv")
    assert contents(workspace / "lake") == lake


@pytest.mark.parametrize(
    ("form", "fault", "where"),
    [
        ("csv", b'8,"a1,2021-07-06T10:09:00Z,x\n', "line 10: unbalanced quote"),
        ("csv", b"8,a1,2021-07-06T10:09:00Z,\xe9\n", "line 10: invalid UTF-8"),
        ("ndjson", b'{"id": "8", "aut', "line 9: invalid JSON"),
    ],
)
def test_a_late_fault_of_a_table_names_its_line(
    form: str, fault: bytes, where: str, workspace: Path, small_parts: None, tmp_path: Path
) -> None:
    torn = tmp_path / "torn"
    WRITERS[form](torn)
    torn.write_bytes(torn.read_bytes() + fault)
    lake = contents(workspace / "lake")
    with pytest.raises(UnreadableInput, match=f"torn was refused whole: {where}"):
        ingested(workspace, torn, form)
    assert contents(workspace / "lake") == lake


def test_damaged_parquet_data_late_in_a_file_keeps_it_out(workspace: Path, small_parts: None, tmp_path: Path) -> None:
    torn = tmp_path / "torn"
    pd.DataFrame(ROWS).to_parquet(torn, row_group_size=3, compression="gzip")
    data = bytearray(torn.read_bytes())
    last = data.rindex(b"\x1f\x8b")  # the last packed page
    data[last : last + 12] = bytes(12)
    torn.write_bytes(data)
    lake = contents(workspace / "lake")
    with pytest.raises(UnreadableInput, match="torn was refused whole: row 6 and after: damaged Parquet data"):
        ingested(workspace, torn, "parquet")
    assert contents(workspace / "lake") == lake


def test_a_blocked_file_that_is_one_part_can_be_read_again(workspace: Path, tmp_path: Path) -> None:
    """Its name and bytes are noted with the verdict, so that `resurge accept` gives its batch."""
    rows = [row | {"at": "soon"} if n else row for n, row in enumerate(ROWS)]
    (tmp_path / "rows").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(ValidationBlocked):
        ingested(workspace, tmp_path / "rows", "ndjson")
    from tasks.store.blocked import blocked_batches

    (item,) = blocked_batches(open_store(str(workspace)), CAMPAIGN)
    assert [page.sha256 for page in item.pages] == [digest_of(tmp_path / "rows")]


@pytest.mark.parametrize("blocked", [1, 2, 3])
@pytest.mark.parametrize("accept", [True, False])
def test_a_part_that_is_blocked_is_decided_about_and_the_rest_comes_with_the_same_command(
    blocked: int, accept: bool, workspace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Three parts of 9 rows. The blocked one waits in spite of the parts before it, which hold the same bytes."""
    monkeypatch.setattr("flows.admission.PART_ROWS", 9)
    monkeypatch.setattr("tasks.fetch.chunks.batched.__defaults__", (9,))
    monkeypatch.setattr(StreamingImporter.parts, "__kwdefaults__", {"rows": 9})
    wrong = range(blocked * 9 - 8, blocked * 9)  # all of the part but its first row
    rows = [ROWS[0] | {"id": str(n), "at": "soon" if n in wrong else f"2021-07-06T10:{n:02d}:00Z"} for n in range(27)]
    (tmp_path / "rows").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    from flows.commands.resolving import decide
    from tasks.store.blocked import blocked_batches

    for _ in range(2):
        with pytest.raises(ValidationBlocked, match="validation blocked it"):
            ingested(workspace, tmp_path / "rows", "ndjson")
        store = open_store(str(workspace))
        assert [record.rows_accepted["posts"] for record in files_of(workspace)] == [9] * (blocked - 1)
        (item,) = blocked_batches(store, CAMPAIGN)
        assert (item.part, item.rows_landed["posts"]) == (blocked, 9)
    decide(CAMPAIGN, item.batch_id[:12], accept=accept, reason="a broken export", by="the desk", workspace=str(workspace))
    assert blocked_batches(store, CAMPAIGN) == ()
    batches = ingested(workspace, tmp_path / "rows", "ndjson")
    held = [records(workspace)[one].rows_accepted["posts"] for one in batches]
    whole = [1 if part == blocked else 9 for part in (1, 2, 3)]
    assert held == (whole if accept else [9, 9])
    assert blocked_batches(store, CAMPAIGN) == ()
    assert ingested(workspace, tmp_path / "rows", "ndjson") == batches


def files_of(workspace: Path) -> list[BatchRecord]:
    return [record for record in records(workspace).values() if record.identity.source == "file"]


def test_a_discarded_file_says_who_discarded_it(workspace: Path, tmp_path: Path) -> None:
    rows = [row | {"at": "soon"} if n else row for n, row in enumerate(ROWS)]
    (tmp_path / "rows").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    from flows.commands.resolving import decide
    from tasks.store.blocked import blocked_batches

    with pytest.raises(ValidationBlocked):
        ingested(workspace, tmp_path / "rows", "ndjson")
    (item,) = blocked_batches(open_store(str(workspace)), CAMPAIGN)
    decide(CAMPAIGN, item.batch_id, accept=False, reason="a broken export", by="the desk", workspace=str(workspace))
    with pytest.raises(ValidationBlocked, match=r"stays out: the desk discarded it on .* \(a broken export\)"):
        ingested(workspace, tmp_path / "rows", "ndjson")
    assert blocked_batches(open_store(str(workspace)), CAMPAIGN) == ()
