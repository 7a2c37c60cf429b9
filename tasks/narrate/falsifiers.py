"""Last period's judgements, scored against this period's facts."""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.domain.facts import Facts, Judgement, ScoredFalsifier
from tasks.domain.measures import NotMeasurable
from tasks.domain.narratives import NarrativeFacts
from tasks.domain.platforms import platform_name
from tasks.domain.rebuilding import TakedownFacts
from tasks.narrate.told import resolve


def scored(previous: Facts, root: Mapping[str, object]) -> tuple[ScoredFalsifier, ...]:
    """Score every judgement of `previous` that carries a falsifier; `root`: this period's parts of facts.json by name.

    A falsifier is a JSON pointer and what must be found there for the judgement to have held: `POINTER in A|B` or
    `POINTER between LOW HIGH`. Takedowns are found again by id and platform, wherever they stand now.
    """
    return tuple(_scored(item, previous, root) for item in previous.judgements.items if item.falsifier)


def _scored(item: Judgement, previous: Facts, root: Mapping[str, object]) -> ScoredFalsifier:
    pointer, _, condition = item.falsifier.partition(" ")
    found, why = _found(pointer, previous.takedowns, root)
    if why:
        return ScoredFalsifier(judgement_id=item.judgement_id, statement=item.statement, outcome="cannot be told", why=why)
    held = _holds(found, condition)
    if held is None:
        why = f"the condition {condition!r} of the last briefing is not understood"
        return ScoredFalsifier(judgement_id=item.judgement_id, statement=item.statement, outcome="cannot be told", why=why)
    names = _names(previous, root)
    expected = _in_words(condition, names)
    return ScoredFalsifier(
        judgement_id=item.judgement_id,
        statement=item.statement,
        outcome="held" if held else "did not hold",
        why=f"expected {_unit(pointer)}{expected}, found {_shown(found, names)}",
    )


def _found(pointer: str, takedowns: Sequence[TakedownFacts], root: Mapping[str, object]) -> tuple[Any, str]:
    """(value, "") or (None, why it cannot be read)."""
    parts = pointer.split("/")
    if parts[1] == "takedowns":
        before = takedowns[int(parts[2])]
        place = next(
            (i for i, t in enumerate(_takedowns(root)) if (t.takedown_id, t.platform) == (before.takedown_id, before.platform)),
            None,
        )
        if place is None:
            return None, f"the takedown {before.takedown_id} on {platform_name(before.platform)} is no longer in the ledger"
        pointer = "/".join(["", "takedowns", str(place), *parts[3:]])
    try:
        value = resolve(root, pointer)
    except KeyError:
        return None, "this period has no such value"
    return (None, value.reason) if isinstance(value, NotMeasurable) else (value, "")


def _takedowns(root: Mapping[str, object]) -> Sequence[TakedownFacts]:
    found = root["takedowns"]
    return found if isinstance(found, tuple) else ()


def _holds(value: Any, condition: str) -> bool | None:
    operator, _, operands = condition.partition(" ")
    if operator == "in":
        return str(value) in operands.split("|")
    if operator == "between" and isinstance(value, int | float):
        low, high = (float(part) for part in operands.split())
        return low <= value <= high
    return None


def _names(previous: Facts, root: Mapping[str, object]) -> dict[str, str]:
    """Labels of the narratives then and now, by id: an id tells a reader nothing."""
    now = root.get("narratives")
    items = (*previous.narratives.items, *(now.items if isinstance(now, NarrativeFacts) else ()))
    return {item.narrative_id: f"“{', '.join(item.label)}”" for item in items if item.label}


def _unit(pointer: str) -> str:
    return "category " if pointer.endswith("/breakout_category") else ""


def _in_words(condition: str, names: Mapping[str, str]) -> str:
    operator, _, operands = condition.partition(" ")
    if operator == "between":
        low, high = operands.split()
        return f"between {float(low):,.0f} and {float(high):,.0f}"
    values = operands.split("|")
    if len(values) > 2 and values[0].isdigit() and values == [str(int(values[0]) + i) for i in range(len(values))]:
        return f"{values[0]} to {values[-1]}"
    return " or ".join(names.get(value, value) for value in values)


def _shown(value: Any, names: Mapping[str, str]) -> str:
    return f"{value:,}" if isinstance(value, int) else names.get(str(value), str(value))
