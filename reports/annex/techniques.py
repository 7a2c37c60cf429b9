"""Codes of the techniques that the measures of a briefing show."""

from dataclasses import dataclass

from tasks.domain.facts import Facts

DISARM, KILL_CHAIN = "DISARM", "Online Operations Kill Chain"


@dataclass(frozen=True)
class Technique:
    """`why`: what the data say, one sentence."""

    framework: str
    code: str
    name: str
    why: str


def techniques(facts: Facts) -> tuple[Technique, ...]:
    """Those that were seen, in the order of the facts: by DISARM's code, or by the kill chain's where DISARM has none for it."""
    found: dict[str, Technique] = {}
    for row in facts.tactics:
        code = row.technique_id or row.phase_id
        if row.state == "seen" and code:
            found.setdefault(code, Technique(DISARM if row.technique_id else KILL_CHAIN, code, row.name, row.finding))
    return tuple(found.values())
