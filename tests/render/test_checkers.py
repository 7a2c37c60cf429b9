"""PDF/UA-1 as two independent checkers see it, on the paper of either continent, with files attached."""

from pathlib import Path
from typing import Any

import outloud
import pdfua
import pytest
import sample_facts

from reports.render import render_pdf
from tasks.domain.facts import Facts

FILES = {"annex/edges.csv": b"tlp,pair\r\nTLP:AMBER,1\r\n", "annex/stix.json": b'{"type": "bundle"}'}
# the checker's rule on empty headings fails with an exception of its own under the pinned pikepdf, and says so; the other checker has one
CANNOT_RUN = {"UA-14-001"}


def scripts() -> Facts:
    return sample_facts.without_takedowns(sample_facts.scripts())  # their charts hold no text of others


@pytest.mark.parametrize(("facts", "paper"), [(sample_facts.full, "A4"), (scripts, "Letter")])
def test_no_error_in_either_checker(facts: Any, paper: str, tmp_path: Path) -> None:
    path = tmp_path / "briefing.pdf"
    path.write_bytes(render_pdf(facts().to_bytes(), paper=paper, attachments=FILES).pdf)

    first = pdfua.validate(str(path))
    assert [f"{f.rule_id} {f.message}" for f in first.findings] == []
    assert {outcome.rule_id for outcome in first.skipped} <= CANNOT_RUN

    second = outloud.check(str(path))
    assert second.error is None
    assert [f"{f.rule} {f.message}" for f in second.findings if f.severity == "error"] == []


def test_the_checkers_see_what_is_wrong(tmp_path: Path) -> None:
    from weasyprint import HTML

    path = tmp_path / "untagged.pdf"
    path.write_bytes(HTML(string="<p>No title, no language, no tags.</p>").write_pdf())
    assert any(finding.severity is pdfua.Severity.ERROR for finding in pdfua.validate(str(path)).findings)
    assert outloud.check(str(path)).errors > 0
