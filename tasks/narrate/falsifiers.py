"""Last period's judgements, scored against this period's facts."""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.domain.facts import Facts, Judgement, ScoredFalsifier
from tasks.domain.measures import NotMeasurable
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
    expected = _in_words(condition)
    return ScoredFalsifier(
        judgement_id=item.judgement_id,
        statement=item.statement,
        outcome="held" if held else "did not hold",
        why=f"expected {expected}, found {_shown(found)}",
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


def _in_words(condition: str) -> str:
    operator, _, operands = condition.partition(" ")
    if operator == "between":
        low, high = operands.split()
        return f"between {float(low):,.0f} and {float(high):,.0f}"
    return " or ".join(operands.split("|"))


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
