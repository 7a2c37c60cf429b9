"""Page 11: known techniques with the measures that show them, and explanations without a campaign that were considered."""

from dataclasses import dataclass

from reports.formats import plural, sentence_list, verb
from reports.parts.blocks import Cell, Column, Table, head, text_cell
from tasks.domain.facts import Facts
from tasks.domain.tactics import AlternativeFacts, TacticFacts


@dataclass(frozen=True)
class Tactics:
    """`absent` is why there is nothing to show; `blind` names what was not looked for."""

    absent: str
    lead: str
    seen: Table | None
    unseen: str
    blind: Table | None
    alternatives_lead: str
    alternatives: Table | None
    vocabularies: str


def tactics(facts: Facts) -> Tactics:
    rows = facts.tactics
    if not rows:
        return Tactics("", "", None, "", None, "", None, "")
    seen, unseen, blind = ([row for row in rows if row.state == state] for state in ("seen", "not seen", "not looked for"))
    if not facts.activity.posts:
        return Tactics(
            "There was no post by an account on the list, so no technique could show in this period.",
            "",
            None,
            "",
            None,
            "",
            None,
            "",
        )
    return Tactics(
        absent="",
        lead=f"Of {plural(len(rows), 'technique')} considered, {len(seen)} {verb(len(seen), 'shows', 'show')} in the measures of this "
        "briefing. A technique says what was done, not who did it or why.",
        seen=_table("Techniques seen, and what shows them", seen) if seen else None,
        unseen=f"Looked for and not seen: {sentence_list([_named(row) for row in unseen])}." if unseen else "",
        blind=_blind(blind),
        alternatives_lead="A test can speak against an innocent explanation; it never excludes it.",
        alternatives=_alternatives(facts.alternatives),
        vocabularies="Techniques: DISARM Red Framework (DISARM Foundation, CC BY-SA 4.0). Phases: Online Operations Kill Chain (Nimmo and "
        "Hutchins 2023), codes as published by Meta.",
    )


def _named(row: TacticFacts) -> str:
    code = row.technique_id or (f"phase {row.phase_id}" if row.phase_id else "")
    return f"{row.name} ({code})" if code else row.name


def _table(caption: str, rows: list[TacticFacts]) -> Table:
    columns = (Column("Technique"), Column("DISARM"), Column("Kill chain"), Column("What the data say"))
    return Table(caption, columns, tuple(map(_row, rows)))


def _blind(rows: list[TacticFacts]) -> Table | None:
    if not rows:
        return None
    cells = tuple((head(_named(row)), text_cell(row.finding)) for row in rows)
    return Table("Not looked for, and why", (Column("Technique"), Column("Why")), cells)


def _row(row: TacticFacts) -> tuple[Cell, ...]:
    disarm = f"{row.technique_id}, {row.tactic}" if row.technique_id else "–"
    chain = f"{row.phase_id} {row.phase}" if row.phase_id else "–"
    return head(row.name), text_cell(disarm), text_cell(chain), text_cell(row.finding)


def _alternatives(rows: tuple[AlternativeFacts, ...]) -> Table | None:
    if not rows:
        return None
    columns = (Column("Explanation"), Column("Test"), Column("Outcome"), Column("What was found"))
    cells = tuple((head(row.explanation), text_cell(row.test), text_cell(row.outcome), text_cell(row.finding)) for row in rows)
    return Table("Alternative explanations considered", columns, cells)
