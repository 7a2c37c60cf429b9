"""Workspaces with published briefings of invented facts, for the tests of the archive page."""

import sys
from pathlib import Path

from tasks.domain.facts import Facts
from tasks.domain.periods import parse_period
from tasks.store.bundles import Published, publish_bundle
from tasks.store.local import LocalStore
from tasks.store.workspace import init_workspace

sys.path.append(str(Path(__file__).parent / "render"))
from sample_facts import full, nearly_empty


def workspace(folder: Path) -> LocalStore:
    store = LocalStore(folder)
    init_workspace(store)
    return store


def briefing_of(slug: str, week: str, *, title: str = "", tlp: str = "AMBER", line: str = "", large: bool = True) -> Facts:
    """The facts of an invented campaign's week."""
    facts = full() if large else nearly_empty()
    period = parse_period(week)
    campaign = facts.campaign.model_copy(update={"slug": slug, "title": title or slug.title(), "tlp": tlp})
    span = facts.period.model_copy(update={"key": period.key, "kind": "week", "start": period.start, "end": period.end})
    judged = facts.judgements.model_copy(update={"bottom_line": (line,)}) if line else facts.judgements
    return facts.model_copy(update={"campaign": campaign, "period": span, "as_of": period.end, "judgements": judged})


def publish(store: LocalStore, facts: Facts, *, supersedes: str | None = None) -> Published:
    return publish_bundle(
        store,
        campaign=facts.campaign.slug,
        period_path=parse_period(facts.period.key).path,
        tlp=facts.campaign.tlp,
        facts=facts.to_bytes(),
        files={"briefing.pdf": b"%PDF-1.7 invented", "annex/edges.csv": b"source,target\n"},
        as_of=facts.as_of,
        batch_ids=[],
        predecessor=None,
        supersedes=supersedes,
    )
