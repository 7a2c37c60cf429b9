"""What the measures show of known techniques, and which innocent explanations were put to a test."""

from typing import Literal

from tasks.domain.records import Record

TacticState = Literal["seen", "not seen", "not looked for"]
AlternativeOutcome = Literal["weakened", "not weakened", "not tested"]


class TacticFacts(Record):
    """One technique, in the words of two public vocabularies: DISARM Red (DISARM Foundation, CC BY-SA 4.0) and Meta's Online Operations
    Kill Chain (Nimmo and Hutchins 2023). `seen` only where a measure of this briefing shows it; `not looked for` says in `finding` why.
    """

    key: str  # our own short name of the row; lasts
    technique_id: str  # DISARM, e.g. "T0084.001"; empty: DISARM has none for it
    name: str  # DISARM's name, or the kill chain's where DISARM has none
    tactic_id: str  # DISARM, e.g. "TA06"; empty as above
    tactic: str
    phase_id: str  # of the kill chain: "9" for a phase, "9.2.3" for a procedure; empty: none fits
    phase: str  # the phase's name
    state: TacticState
    finding: str  # one sentence
    refs: tuple[str, ...] = ()  # JSON pointers of the values that every number in `finding` came from


class AlternativeFacts(Record):
    """An explanation without a campaign. `weakened`: a test spoke against it, which never excludes it."""

    key: str
    explanation: str
    test: str  # what was done to tell it apart
    outcome: AlternativeOutcome
    finding: str  # one sentence
    refs: tuple[str, ...] = ()
