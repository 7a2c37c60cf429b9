"""Collecting from a live service, with a real engine: a fetch that breaks off, the next one, an account that was taken down."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bluesky_service import AppView, did
from pypdf import PdfReader
from web_service import Answer, serving

from flows.wiring import open_workspace
from tasks.domain.errors import SourceProblem
from tasks.domain.facts import read_facts
from tasks.domain.periods import Cutoff
from tasks.store.lake import batch_records
from tasks.store.visible import read_account_observations, read_posts

pytestmark = pytest.mark.xdist_group("engine")

CAMPAIGN = """
slug: reeds
title: Reeds
sources:
  - {{name: live, kind: bluesky, options: {{keywords: [reeds], appview: "{url}"}}}}
status_sources:
  - {{name: looks, kind: bluesky-status, options: {{appview: "{url}"}}}}
membership:
  seeds:
    - {{platform: bluesky, account_id: "{tern}", known_at: 2026-01-01, reason: seen}}
    - {{platform: bluesky, account_id: "{heron}", known_at: 2026-01-01, reason: seen}}
"""


def test_what_was_posted_is_collected_once_whatever_happens(prefect: str, tmp_path: Path) -> None:
    from flows.collect import collect

    now = datetime.now(UTC)
    view = AppView(page=10, people=["tern", "lark"], gone={"heron": "AccountTakedown"})
    for n in range(35):
        view.post("tern" if n % 2 else "lark", n, now - timedelta(hours=60 - n), f"Reeds by the harbour {n}")
    with serving(view) as service:
        (tmp_path / "campaigns").mkdir()
        text = CAMPAIGN.format(url=service.url, tern=did("tern"), heron=did("heron"))
        (tmp_path / "campaigns/reeds.yml").write_text(text)
        view.fail = {3: Answer(status=302, headers={"location": "https://other.example/"})}
        with pytest.raises(SourceProblem, match="1 of 1 queries were not answered to the end: keyword reeds"):
            collect("reeds", str(tmp_path))
        store = open_workspace(str(tmp_path))
        assert sum(record.rows_accepted["posts"] for record in batch_records(store, "reeds")) == 20
        collect("reeds", str(tmp_path))
        view.post("lark", 90, datetime.now(UTC), "Reeds anew")
        asked = len(service.asked)
        collect("reeds", str(tmp_path))
        assert service.asked[asked].one("since") > (now - timedelta(hours=7)).isoformat()  # six hours before the last fetch
    later = datetime.now(UTC)
    posts = read_posts(store, "reeds", Cutoff(end=later, as_of=later))
    assert sorted(posts["post_id"]) == sorted(post["uri"] for post in view.posts)
    looks = read_account_observations(store, "reeds", Cutoff(end=later, as_of=later)).dropna(subset="status")
    assert set(zip(looks["account_id"], looks["status"], strict=True)) == {(did("tern"), "active"), (did("heron"), "suspended")}


def test_a_deleted_post_is_counted_once_and_printed_and_one_nobody_answered_for_is_not(prefect: str, tmp_path: Path) -> None:
    from flows.briefing import briefing
    from flows.collect import collect

    now = datetime.now(UTC)
    view = AppView(people=["tern", "lark", "heron"])
    for n in range(40):
        view.post("tern" if n % 2 else "lark", n, now - timedelta(hours=80 - 2 * n), f"Reeds by the harbour {n}")
    own = [post["uri"] for post in view.posts if post["author"]["did"] == did("tern")]
    days = f"{now - timedelta(days=4):%Y-%m-%d}..{now + timedelta(days=1):%Y-%m-%d}"
    with serving(view) as service:
        (tmp_path / "campaigns").mkdir()
        (tmp_path / "campaigns/reeds.yml").write_text(CAMPAIGN.format(url=service.url, tern=did("tern"), heron=did("heron")))
        collect("reeds", str(tmp_path), since=now - timedelta(days=5))
        before = datetime.now(UTC)
        view.posts = [post for post in view.posts if post["uri"] not in own[-2:]]
        collect("reeds", str(tmp_path))
        collect("reeds", str(tmp_path))  # asked for once more: still two
        view.posts = [post for post in view.posts if post["uri"] != own[-3]]
        view.refused = "getPosts"
        with pytest.raises(SourceProblem, match="queries were not answered to the end"):
            collect("reeds", str(tmp_path))
    done = briefing("reeds", days, str(tmp_path))
    facts = read_facts((Path(done["bundle"]) / "facts.json").read_bytes())
    (entry,) = facts.coverage.platforms
    assert entry.posts_deleted == 2
    assert "Bluesky: posts of the period that are gone since: 2; they are counted like the others" in facts.coverage.caveats
    pages = " ".join(page.extract_text() for page in PdfReader(Path(done["bundle"]) / "briefing.pdf").pages)
    assert "posts of the period that are gone since: 2" in " ".join(pages.split())
    assert briefing("reeds", days, str(tmp_path), as_of=facts.as_of)["edition"] == done["edition"]
    earlier = briefing("reeds", days, str(tmp_path), as_of=before)
    (entry,) = read_facts((Path(earlier["bundle"]) / "facts.json").read_bytes()).coverage.platforms
    assert entry.posts_deleted is None  # nobody had asked again by then
