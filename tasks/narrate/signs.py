"""What a rule says of a technique, and the words for a value that could not be measured."""

from dataclasses import dataclass

from tasks.domain.measures import NotMeasurable
from tasks.domain.tactics import TacticState


@dataclass(frozen=True)
class Sign:
    """`finding` is one sentence."""

    state: TacticState
    finding: str


def seen_if(shown: bool) -> TacticState:
    return "seen" if shown else "not seen"


def unknown(value: NotMeasurable) -> Sign:
    """Not looked for, for the reason that the measure gives."""
    return Sign("not looked for", sentence(value.reason))


def sentence(reason: str) -> str:
    """`nothing was seen` -> `Nothing was seen.`"""
    return f"{reason[:1].upper()}{reason[1:]}".rstrip(".") + "."
