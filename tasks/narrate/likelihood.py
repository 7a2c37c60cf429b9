"""The words of ICD 203 for how likely something is; confidence is another matter and stands in another sentence."""

from typing import Literal

from tasks.domain.likelihoods import TERMS as TERMS

Confidence = Literal["low", "moderate", "high"]


def term_for(probability: float) -> str:
    """The term whose range holds `probability` (0..1); on a border the one nearer to even chance."""
    percent = round(100 * min(max(probability, 0.01), 0.99), 6)
    holding = [term for term, (low, high) in TERMS.items() if low <= percent <= high]
    return min(holding, key=lambda term: abs(sum(TERMS[term]) / 2 - 50))


def that(term: str) -> str:
    """The opening of a judgement: "It is likely that", "There is a roughly even chance that"."""
    if term == "roughly even chance":
        return "There is a roughly even chance that"
    return f"There is {term} that" if term == "almost no chance" else f"It is {term} that"


def confidence_of(strengths: int, weaknesses: int) -> Confidence:
    """No weakness: high; one, or two that a strength stands against: moderate; otherwise low."""
    if weaknesses == 0:
        return "high"
    return "moderate" if weaknesses <= (2 if strengths else 1) else "low"


def confidence_sentence(confidence: Confidence, strengths: list[str], weaknesses: list[str]) -> str:
    """One sentence on how well founded the judgement is, without a likelihood term."""
    if strengths and weaknesses:
        why = f"{_listed(strengths)}, but {_listed(weaknesses)}"
    else:
        why = _listed(strengths or weaknesses) or "nothing speaks against the data it rests on"
    return f"Our confidence is {confidence}: {why}."


def _listed(clauses: list[str]) -> str:
    return clauses[0] if len(clauses) == 1 else ", ".join(clauses[:-1]) + " and " + clauses[-1] if clauses else ""
