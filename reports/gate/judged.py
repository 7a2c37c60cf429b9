"""The numbers of a judgement come from the values it refers to, and from no others: its `refs` are what a reader opens to check it."""

from typing import Any

from reports.gate.known import Known
from reports.gate.numbers import missing
from reports.gate.violations import Violation

RULE = "number of a judgement outside its references"
COMMON = ("campaign", "period", "as_of")  # names, the span and the cut-off may stand in any sentence


def outside_references(parsed: dict[str, Any]) -> list[Violation]:
    """Violations of every judgement in parsed facts.json; a reference that leads nowhere is one as well."""
    found = []
    for i, item in enumerate(parsed["judgements"]["items"]):
        where = f"/judgements/items/{i}"
        known = Known()
        for name in COMMON:
            known.add(parsed[name])
        for ref in item["refs"]:
            try:
                known.add(at(parsed, ref))
            except (KeyError, IndexError, ValueError):
                found.append(Violation(RULE, f"{where}/refs", ref, "nothing stands at this reference"))
        for name in ("statement", "confidence_statement", "alternative", "would_change"):
            found += _outside(f"{where}/{name}", item[name], known)
        for k, text in enumerate(item["reasons"]):
            found += _outside(f"{where}/reasons/{k}", text, known)
    return found


def _outside(where: str, text: str, known: Known) -> list[Violation]:
    return [Violation(RULE, where, token.text, text) for token in missing(text, known)]


def at(parsed: Any, pointer: str) -> Any:
    """The value at a JSON pointer (RFC 6901). Raises KeyError, IndexError or ValueError where there is none."""
    value = parsed
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value
