"""What judgements are made from, and how one is put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.domain.facts import ActivityFacts, CampaignFacts, CoordinationFacts, CoverageFacts, Facts, Judgement, PeriodFacts
from tasks.domain.narratives import HourFacts, ImpactFacts, NarrativeFacts
from tasks.domain.rebuilding import TakedownFacts
from tasks.narrate.likelihood import TERMS, confidence_of, confidence_sentence, that
from tasks.narrate.told import Told


@dataclass(frozen=True)
class JudgementInputs:
    """The parts of facts.json that judgements read, under the names they have there. `previous`: the facts of the briefing before, for
    the key figures that only it can give."""

    campaign: CampaignFacts
    period: PeriodFacts
    coverage: CoverageFacts
    activity: ActivityFacts
    coordination: CoordinationFacts
    takedowns: tuple[TakedownFacts, ...]
    narratives: NarrativeFacts
    behaviour: HourFacts
    impact: ImpactFacts
    previous: Facts | None = None

    @property
    def root(self) -> Mapping[str, object]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "previous"}


@dataclass(frozen=True)
class Grounds:
    """Everything of a judgement but its opening words."""

    name: str
    term: str
    claim: str  # follows "It is likely that"
    reasons: Sequence[str]
    alternative: str
    would_change: str
    strengths: Sequence[str] = ()
    weaknesses: Sequence[str] = ()
    falsifier: str = ""


def judgement(grounds: Grounds, told: Told) -> Judgement:
    """Put one judgement together: likelihood in the statement, confidence in a sentence of its own."""
    confidence = confidence_of(len(grounds.strengths), len(grounds.weaknesses))
    return Judgement(
        judgement_id=grounds.name,
        statement=f"{that(grounds.term)} {grounds.claim}.",
        likelihood=grounds.term,
        likelihood_range=TERMS[grounds.term],
        confidence=confidence,
        confidence_statement=confidence_sentence(confidence, list(grounds.strengths), list(grounds.weaknesses)),
        reasons=tuple(grounds.reasons),
        alternative=grounds.alternative,
        would_change=grounds.would_change,
        falsifier=grounds.falsifier,
        refs=told.refs,
    )


def collection_weaknesses(inputs: JudgementInputs) -> list[str]:
    """What in the collection weakens every judgement about amounts."""
    weak = []
    if inputs.coverage.queries_changed:
        weak.append("what was collected changed on the way")
    if inputs.period.provisional:
        weak.append("late posts are still missing")
    return weak
