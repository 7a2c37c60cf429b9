"""The linter of a composed briefing: run before it is printed, and nothing that breaks a rule is."""

from typing import Any

from reports.gate.cuts import cut_short
from reports.gate.derived import CONSTANTS, add_derived, ranks
from reports.gate.judged import other_figures, outside_references
from reports.gate.known import Known
from reports.gate.numbers import unresolved
from reports.gate.passages import passages
from reports.gate.violations import Violation
from reports.gate.wording import wording
from tasks.domain.facts import Facts


def lint(facts: Facts, html: str, figures: dict[str, str], *, edition: str, replaced: tuple[str, ...] = ()) -> list[Violation]:
    """Every broken rule of docs/methods.md ("Rules of the text"); empty = fit to print.

    `facts` are those the page was composed of, `replaced` the lines that say what could not be printed as it is. About 0.3 s of CPU.
    """
    parsed = facts.model_dump(mode="json")
    phrases, miscounted = cut_short(html)
    return [
        *wording(facts),
        *outside_references(parsed),
        *other_figures(parsed),
        *miscounted,
        *unresolved(passages(html, figures), _known(parsed, facts, edition, replaced), (*CONSTANTS, *phrases, *ranks(facts))),
    ]


def _known(parsed: dict[str, Any], facts: Facts, edition: str, replaced: tuple[str, ...]) -> Known:
    known = Known()
    known.add({name: value for name, value in parsed.items() if name != "analyst_notes"})  # a person's numbers prove none of ours
    known.text(facts.analyst_notes.by if facts.analyst_notes else "")
    known.text(edition)
    for line in replaced:
        known.text(line)
    add_derived(known, facts)
    return known
