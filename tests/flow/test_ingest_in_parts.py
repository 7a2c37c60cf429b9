"""A large archive becomes several batches; the same file again changes nothing; a fault at its end keeps all of it out."""

from pathlib import Path

import pytest
from small_campaign import CAMPAIGN, contents

from flows.wiring import open_store
from tasks.domain.errors import UnreadableInput
from tasks.fetch.streaming import StreamingImporter
from tasks.store.lake import batch_records

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "crowdtangle_pages.csv"


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.fetch.readers.CHUNK_ROWS", 3)
    monkeypatch.setattr("flows.admission.PART_ROWS", 3)
    monkeypatch.setattr(StreamingImporter.parts, "__kwdefaults__", {"rows": 3})


def ingested(workspace: Path, file: Path) -> list[str]:
    from flows.collect import ingest

    batches: list[str] = ingest(CAMPAIGN, str(workspace), [str(file)], "crowdtangle", observed_at="posted")["batches"]
    return batches


def test_parts_become_batches_once(workspace: Path, small_parts: None) -> None:
    batches = ingested(workspace, SAMPLE)
    records = {record.batch_id: record for record in batch_records(open_store(str(workspace)), CAMPAIGN)}
    assert [records[one].rows_accepted["posts"] for one in batches] == [3, 1]
    assert [records[one].identity.query for one in batches] == ["", "part 2"]
    lake = contents(workspace / "lake")
    assert ingested(workspace, SAMPLE) == batches
    assert contents(workspace / "lake") == lake


def test_a_fault_at_the_end_keeps_the_file_out(workspace: Path, small_parts: None, tmp_path: Path) -> None:
    (tmp_path / "torn.csv").write_bytes(SAMPLE.read_bytes() + b'"Quay Watch,x\n')
    lake = contents(workspace / "lake")
    with pytest.raises(UnreadableInput, match=r"torn\.csv was refused whole: line 6"):
        ingested(workspace, tmp_path / "torn.csv")
    assert contents(workspace / "lake") == lake
