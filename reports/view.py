"""Facts to view model: everything a briefing prints, already written out, part by part in the order of its pages."""

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from reports.parts.blocks import Figure
from reports.parts.changes import Changes, changes
from reports.parts.coordination import Coordination, coordination
from reports.parts.coverage import Coverage, coverage
from reports.parts.front import Front, front
from reports.parts.ledger import Ledger, ledger
from reports.parts.method import Method, method
from reports.parts.narratives import Narratives, narratives
from reports.parts.personas import Personas, personas
from reports.parts.reach import Reach, reach
from reports.parts.rebuilding import Rebuilding, rebuilding
from reports.parts.tactics import Tactics, tactics
from tasks.domain.facts import Facts

SHORT_EDITION = 12


@dataclass(frozen=True)
class Head:
    """What stands on every page."""

    title: str  # of the document
    campaign: str
    period: str
    tlp: str
    tlp_class: str
    simulated: bool
    edition: str
    made: str  # ISO 8601, the instant of as_of: the document's only date


@dataclass(frozen=True)
class Briefing:
    head: Head
    front: Front
    changes: Changes
    coverage: Coverage
    rebuilding: Rebuilding
    ledger: Ledger
    personas: Personas
    coordination: Coordination
    narratives: Narratives
    reach: Reach
    tactics: Tactics
    method: Method


def view(facts: Facts, *, edition: str, replaced: tuple[str, ...] = ()) -> Briefing:
    """The whole view model. `edition` is the SHA-256 of facts.json, `replaced` what had to be replaced to be printed at all."""
    return Briefing(
        head=_head(facts, edition),
        front=front(facts),
        changes=changes(facts),
        coverage=coverage(facts),
        rebuilding=rebuilding(facts),
        ledger=ledger(facts),
        personas=personas(facts),
        coordination=coordination(facts),
        narratives=narratives(facts),
        reach=reach(facts),
        tactics=tactics(facts),
        method=method(facts, edition, replaced),
    )


def figures(block: Any) -> dict[str, str]:
    """Key -> SVG of every chart in a view model or a part of it."""
    if isinstance(block, Figure):
        return {block.key: block.svg} if block.svg else {}
    parts = (
        [getattr(block, part.name) for part in fields(block)] if is_dataclass(block) else block if isinstance(block, tuple) else []
    )
    return {key: svg for part in parts for key, svg in figures(part).items()}


def _head(facts: Facts, edition: str) -> Head:
    campaign = facts.campaign
    return Head(
        title=f"{campaign.title}, {facts.period.key}: briefing",
        campaign=campaign.title,
        period=facts.period.key,
        tlp=f"TLP:{campaign.tlp}",
        tlp_class=campaign.tlp.lower().replace("+", "-"),
        simulated=campaign.simulated,
        edition=edition[:SHORT_EDITION],
        made=facts.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
