"""Files inside the PDF, read back by another library."""

import io
from typing import Any

import pytest
import sample_facts
from pypdf import PdfReader

from reports.attachments import named
from reports.render import Rendered, render_pdf
from tasks.domain.errors import UsageProblem

FILES = {
    "annex/stix.json": b'{"type": "bundle"}',
    "annex/edges.csv": b"tlp,pair\r\n" + b"TLP:GREEN,1\r\n" * 1000,
    "notes.odd": b"\x00\xff",
}


@pytest.fixture(scope="module")
def attached() -> Rendered:
    return render_pdf(sample_facts.nearly_empty().to_bytes(), attachments=FILES)


def test_every_file_is_embedded_whole_with_its_kind_and_description(attached: Rendered) -> None:
    reader = PdfReader(io.BytesIO(attached.pdf))
    catalog: Any = reader.trailer["/Root"]
    names = catalog["/Names"]["/EmbeddedFiles"]["/Names"]
    assert [str(name) for name in names[0::2]] == ["edges.csv", "notes.odd", "stix.json"]  # a name tree is sorted
    told = {}
    for entry in names[1::2]:
        file = entry.get_object()
        assert file["/F"] == file["/UF"]
        stream = file["/EF"]["/F"].get_object()
        assert stream["/Params"]["/CreationDate"].startswith("D:2023")  # as_of, no clock
        told[str(file["/UF"])] = (str(stream["/Subtype"]), str(file["/Desc"]), stream.get_data())
    assert told["edges.csv"] == (
        "/text/csv",
        "Pairs of accounts that acted together, with the posts each pair rests on",
        FILES["annex/edges.csv"],
    )
    assert told["stix.json"] == ("/application/json", "STIX 2.1 bundle of the campaign", FILES["annex/stix.json"])
    assert told["notes.odd"] == ("/application/octet-stream", "Annex notes.odd", b"\x00\xff")


def test_same_files_same_bytes_in_any_order(attached: Rendered) -> None:
    turned = dict(reversed(FILES.items()))
    assert render_pdf(sample_facts.nearly_empty().to_bytes(), attachments=turned) == attached
    assert render_pdf(sample_facts.nearly_empty().to_bytes()).pdf != attached.pdf


@pytest.mark.parametrize("files", [{"a/x.csv": b"", "b/x.csv": b""}, {"naïve.csv": b""}, {"": b""}])
def test_names_that_a_reader_could_not_save_are_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(UsageProblem, match="cannot be attached"):
        named(files)
