"""The last page: the method in short, the limits, and the hashes by which every number can be checked."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from reports.formats import count, instant, number, sentence, sentence_list
from reports.glyphs import MARK
from reports.parts.blocks import Column, Table, head, number_cell, text_cell
from reports.parts.coordination import BEHAVIOURS
from reports.parts.sources import sources
from tasks.domain.facts import Facts

MOST_BATCHES = 40
PARAMETERS = {
    "campaign_sha256": "Campaign file, without audience and schedules (SHA-256)",
    "detection_days": "Days searched for co-action",
    "max_q": "Largest q-value of a significant edge",
    "min_participation": "Shares that an account needs to count",
    "seed": "Seed of every random draw",
    "window_s": "Window of co-action in seconds",
}


@dataclass(frozen=True)
class Method:
    left_out: tuple[str, ...]  # what this rendition lacks
    limits: tuple[str, ...]
    conventions: tuple[str, ...]
    parameters: Table | None
    batches: Table | None
    hashes: Table
    replaced: tuple[str, ...]
    sources: Table | None
    annexes: Table | None = None


def method(facts: Facts, edition: str, replaced: tuple[str, ...]) -> Method:
    inputs = facts.inputs
    conventions = []
    if inputs.capture_time_assumed:
        conventions.append("Capture times are assumed: the archive has none, so each post counts as seen when it was posted.")
    if inputs.membership_hindsight:
        conventions.append("Membership is used with hindsight: accounts count as members before it was known that they are.")
    return Method(
        left_out=facts.left_out,
        limits=tuple(map(sentence, facts.limits)),
        conventions=tuple(conventions),
        parameters=_parameters(facts),
        batches=_batches(facts),
        hashes=_hashes(facts, edition),
        replaced=_replaced(replaced),
        sources=sources(facts).table,
        annexes=_annexes(facts),
    )


def _replaced(replaced: tuple[str, ...]) -> tuple[str, ...]:
    """The notices, and all replaced characters in one sentence."""
    characters = [line for line in replaced if line.startswith("U+") and MARK not in line]
    unseen = [line.split(",")[0] for line in replaced if line.startswith("U+") and MARK in line]
    notices = [line for line in replaced if not line.startswith("U+")]
    if characters:
        notices.append(
            f"No glyph in the fonts at hand, or no visible form; the code stands in place of {sentence_list(characters)}."
        )
    if unseen:
        notices.append(f"{MARK} stands in place of a character that has no width: {sentence_list(unseen)}.")
    return tuple(notices)


def _parameter(key: str) -> str:
    """`Window of the same link, s` for `window_s co-url`; a key without a name here stays as it is in the facts."""
    name, _, which = key.partition(" ")
    return f"{PARAMETERS[name]}{f' ({BEHAVIOURS.get(which, which)})' if which else ''}" if name in PARAMETERS else key


def _named(parameters: dict[str, str]) -> list[tuple[str, str]]:
    """Names and values; a parameter that is the same for several behaviours stands once."""
    of_one: dict[str, list[str]] = {}
    for key, value in parameters.items():
        of_one.setdefault(key.partition(" ")[0], []).append(value)
    alike = {name for name, values in of_one.items() if len(values) > 1 and len(set(values)) == 1}
    told = {key.partition(" ")[0] if key.partition(" ")[0] in alike else key: value for key, value in sorted(parameters.items())}
    return [(_parameter(key) + (", for every behaviour" if key in alike else ""), value) for key, value in told.items()]


def _parameters(facts: Facts) -> Table | None:
    if not facts.inputs.parameters:
        return None
    rows = tuple((head(name), number_cell(value)) for name, value in _named(facts.inputs.parameters))
    return Table("Parameters in force", (Column("Parameter"), Column("Value", True)), rows, fit=True)


def _batches(facts: Facts) -> Table | None:
    batches = facts.inputs.batches
    if not batches:
        return None
    rows = tuple(
        (
            head(batch.source),
            text_cell(batch.batch_id[:16]),
            text_cell(
                ", ".join(digest[:16] for digest in batch.raw_sha256[:2])
                + (f" and {count(len(batch.raw_sha256) - 2)} more" if len(batch.raw_sha256) > 2 else "")
            ),
            *(
                number_cell(count(value))
                for value in (batch.rows_landed, batch.rows_accepted, batch.rows_quarantined, batch.rows_collapsed)
            ),
        )
        for batch in batches[:MOST_BATCHES]
    )
    caption = "Batches, with the first 16 digits of their ids and of their raw bytes' SHA-256"
    if len(batches) > MOST_BATCHES:
        caption += f" (the first {MOST_BATCHES} of {count(len(batches))}; facts.json has all)"
    names = ("Landed", "Accepted", "Quarantined", "Collapsed")
    return Table(caption, (Column("Source"), Column("Batch"), Column("Raw bytes"), *(Column(name, True) for name in names)), rows)


def _annexes(facts: Facts) -> Table | None:
    if not facts.annexes:
        return None
    rows = tuple(
        (
            head(PurePosixPath(one.name).name),
            text_cell(one.what),
            number_cell(count(one.rows)),
            number_cell(count(one.rows_left_out)),
            text_cell(one.sha256[:16]),
        )
        for one in facts.annexes
    )
    caption = "Annexes, attached to this PDF and beside it, with the first 16 digits of their SHA-256 (facts.json has all)"
    columns = (Column("File"), Column("What it holds"), Column("Rows", True), Column("Left out", True), Column("SHA-256"))
    return Table(caption, columns, rows)


def _hashes(facts: Facts, edition: str) -> Table:
    made = facts.generated_by
    before = facts.inputs.predecessor
    cut_offs = f"posts before {instant(facts.period.end)}; known by {instant(facts.as_of)}"
    late = f"{number(facts.period.lateness_h)} h allowed for late posts"
    rows = (
        ("Edition (SHA-256 of facts.json)", edition),
        ("Predecessor", f"{before.period}, {before.edition}" if before else "none: there is no briefing of the period before"),
        (
            "Period and cut-offs",
            f"{facts.period.key}; {cut_offs}; {late}",
        ),
        ("Made by", f"{made.name} {made.version}"),
        ("Code", made.code_sha256),
        ("Locked packages", made.lock_sha256),
        ("Fonts", made.fonts_sha256),
        ("Key of the pseudonyms", facts.inputs.pseudonym_key_id),
    )
    return Table(
        "What this briefing rests on",
        (Column("Item"), Column("Value")),
        tuple((head(name), text_cell(value)) for name, value in rows),
    )
