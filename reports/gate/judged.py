"""The numbers of a judgement come from the values it refers to, and from no others: its `refs` are what a reader opens to check it. A key
figure is the value at its `ref`."""

from typing import Any

from reports.gate.known import Known
from reports.gate.numbers import missing
from reports.gate.violations import Violation

RULE = "number of a judgement outside its references"
FIGURE = "key figure that is not the value it refers to"
ROUNDED = 1e-6  # key figures that are shares bear six digits
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


def other_figures(parsed: dict[str, Any]) -> list[Violation]:
    """Violations of every key figure of parsed facts.json whose value is not that at its `ref`: the number there, a share's part of its
    whole, or a reason where nothing could be measured."""
    found = []
    for i, figure in enumerate(parsed["judgements"]["key_figures"]):
        where = f"/judgements/key_figures/{i}"
        try:
            stands = at(parsed, figure["ref"])
        except (KeyError, IndexError, ValueError, TypeError):
            found.append(Violation(FIGURE, f"{where}/ref", figure["ref"], "nothing stands at this reference"))
            continue
        if not _same(figure["value"], stands):
            found.append(Violation(FIGURE, f"{where}/value", _said(figure["value"]), f"{figure['ref']} is {_said(stands)}"))
    return found


def _same(value: Any, stands: Any) -> bool:
    if isinstance(value, dict):  # not measurable: no number stands there either
        return not isinstance(_measured(stands), int | float)
    measured = _measured(stands)
    return isinstance(measured, int | float) and not isinstance(measured, bool) and abs(value - measured) <= ROUNDED


def _measured(stands: Any) -> Any:
    """The ratio of a share; anything else is itself."""
    if isinstance(stands, dict) and stands.keys() >= {"part", "whole"}:
        return stands["part"] / stands["whole"] if stands["whole"] else None
    return stands


def _said(value: Any) -> str:
    """For the message: a number as it is, of what could not be measured that."""
    measured = _measured(value)
    return str(measured) if isinstance(measured, int | float | str) else "not a number"


def _outside(where: str, text: str, known: Known) -> list[Violation]:
    return [Violation(RULE, where, token.text, text) for token in missing(text, known)]


def at(parsed: Any, pointer: str) -> Any:
    """The value at a JSON pointer (RFC 6901). Raises KeyError, IndexError or ValueError where there is none."""
    value = parsed
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value
