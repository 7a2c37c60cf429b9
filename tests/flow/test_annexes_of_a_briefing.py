"""The annexes of a made briefing: beside the PDF and inside it, in the manifest, and with no name of anybody outside the campaign."""

import csv
import io
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader
from small_campaign import CAMPAIGN

from flows.wiring import open_workspace
from tasks.domain.accounts import account_key
from tasks.domain.facts import read_facts
from tasks.domain.periods import Cutoff
from tasks.store.verify import verify_bundle
from tasks.store.visible import read_account_observations, read_posts

pytestmark = pytest.mark.xdist_group("engine")
NAMES = ["accounts.csv", "edges.csv", "families.csv", "indicators.csv", "links.csv", "misp.json", "stix2.1.json"]


def bundle_of(workspace: Path) -> Path:
    (facts,) = (workspace / "briefings" / CAMPAIGN / "2023-W44").glob("*/*/facts.json")
    return facts.parent


def test_annexes_stand_beside_the_pdf_inside_it_and_in_the_facts(briefed):
    bundle = bundle_of(briefed)
    facts = read_facts((bundle / "facts.json").read_bytes())
    attached = PdfReader(bundle / "briefing.pdf").attachments
    assert sorted(path.name for path in (bundle / "annex").iterdir()) == sorted(attached) == NAMES
    assert sorted(record.name for record in facts.annexes) == [f"annex/{name}" for name in NAMES]
    for name in NAMES:
        assert attached[name] == [(bundle / "annex" / name).read_bytes()]
    rows = list(csv.DictReader(io.StringIO((bundle / "annex" / "accounts.csv").read_text(), newline="")))
    assert sum(row["listed"] == "yes" for row in rows) == facts.activity.members
    for takedown in facts.takedowns:
        if hasattr(takedown.cohorts, "survivor"):
            kept = sum(f"{takedown.takedown_id}=survivor" in row["cohorts"].split("; ") for row in rows)
            assert kept == takedown.cohorts.survivor


def outsiders(workspace: Path, members: set[str]) -> tuple[set[str], set[str]]:
    """Names of one word, and of several, that only accounts outside the campaign bear; ids of their posts are among the former."""
    store = open_workspace(str(workspace))
    end = pd.Timestamp("2024-01-01", tz="UTC").to_pydatetime()
    posts, seen = read_posts(store, CAMPAIGN, Cutoff(end, end)), read_account_observations(store, CAMPAIGN, Cutoff(end, end))
    inside, member = account_key(posts).isin(members), account_key(seen).isin(members)

    def names(frame: pd.DataFrame, *columns: str) -> set[str]:
        return {value for column in columns for value in frame[column].dropna() if len(value) >= 4}

    hidden = names(posts[~inside], "post_id", "account_id") | names(seen[~member], "account_id", "handle", "display_name")
    hidden -= names(posts[inside], "post_id", "account_id") | names(seen[member], "account_id", "handle", "display_name")
    single = {name for name in hidden if re.fullmatch(r"[\w.\-]+", name)}
    return single, hidden - single


def test_nobody_outside_the_campaign_is_named_in_any_file(briefed):
    bundle = bundle_of(briefed)
    rows = list(csv.DictReader(io.StringIO((bundle / "annex" / "accounts.csv").read_text(), newline="")))
    members = {f"{row['platform']}/{row['account_id']}" for row in rows if row["listed"] != "proposed"}
    single, several = outsiders(briefed, members)
    assert len(single) > 1_000
    texts = {path.name: path.read_text() for path in bundle.rglob("*") if path.suffix in (".csv", ".json")}
    pdf = PdfReader(bundle / "briefing.pdf")
    texts["pages"] = "\n".join(page.extract_text() for page in pdf.pages) + str(pdf.metadata)
    texts |= {f"attached {name}": data[0].decode() for name, data in pdf.attachments.items()}
    assert len(texts) == 2 * len(NAMES) + 3  # facts, manifest, pages
    for name, text in texts.items():
        words = set(re.findall(r"[\w.\-]+", text)) | set(re.findall(r"\w+", text))
        assert not words & single, name
        assert not [word for word in several if word in text], name


def test_a_changed_byte_of_an_annex_is_found_and_named(briefed, tmp_path):
    workspace = shutil.copytree(briefed, tmp_path / "w")
    bundle = bundle_of(workspace)
    prefix = bundle.relative_to(workspace).as_posix()
    assert verify_bundle(open_workspace(str(workspace)), prefix) == ()
    changed = bundle / "annex" / "misp.json"
    data = bytearray(changed.read_bytes())
    data[len(data) // 2] ^= 1
    changed.chmod(0o644)
    changed.write_bytes(data)
    (problem,) = verify_bundle(open_workspace(str(workspace)), prefix)
    assert "annex/misp.json" in problem
