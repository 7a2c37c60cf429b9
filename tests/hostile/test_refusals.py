"""Rows that nobody may take in are refused one by one, whatever stands in them."""

from datetime import UTC, datetime
from pathlib import Path

import road
from corpus import broken_rows, posts

from expectations.bounds import bounds_for
from expectations.gates import batch_gate
from tasks.domain.ports import LandedFile
from tasks.fetch.importers import importer


def test_every_broken_row_is_quarantined_and_every_post_kept(tmp_path: Path) -> None:
    """Among them ids with U+2028 and C1 controls, at which Python's splitlines() cuts."""
    texts = [post for post in posts("http://127.0.0.1:1", "/none") if post.carrier == "ndjson"][::4]
    (lines, _), *_ = road.write(tmp_path, texts, broken_rows())
    file = LandedFile(path=lines, sha256="a" * 64, name="hostile.ndjson")
    parsed = importer("ndjson").parse([file], observed_at="posted", options={"ignore": ["label"]})
    gate = batch_gate(parsed, bounds_for(["hostile", "ndjson"]), latest_instant=datetime(2024, 1, 1, tzinfo=UTC))
    reasons = dict(zip(gate.quarantine["row_number"] - 4 * len(texts), gate.quarantine["reason"], strict=True))
    assert {
        post.label: reasons.get(number) for number, post in enumerate(broken_rows()) if post.text not in str(reasons.get(number))
    } == {}
    assert len(gate.posts) == 4 * len(texts)
