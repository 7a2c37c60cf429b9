"""Key judgements, bottom line and key figures, composed from facts by rules (docs/methods.md, words)."""

from tasks.domain.facts import Judgement, JudgementFacts
from tasks.narrate.bottom_line import bottom_line
from tasks.narrate.comeback import judge_cohorts, judge_comeback, lead_of
from tasks.narrate.judged import JudgementInputs
from tasks.narrate.key_figures import key_figures
from tasks.narrate.present import judge_coordination, judge_effect, judge_outlook, judge_themes

MAX_JUDGEMENTS = 5

__all__ = ["JudgementInputs", "judgement_facts"]


def judgement_facts(parts: JudgementInputs) -> JudgementFacts:
    """At most 5 judgements, those on the takedown first; the outlook closes them and is dropped only if 5 others stand.

    A judgement whose ground could not be measured is left out rather than hedged, so that little data make a short page.
    """
    lead = lead_of(parts)
    candidates: list[Judgement | None] = [judge_comeback(parts, lead), judge_cohorts(parts, lead)] if lead else []
    candidates += [judge_themes(parts), judge_effect(parts), judge_coordination(parts), judge_outlook(parts)]
    return JudgementFacts(
        bottom_line=bottom_line(parts, lead),
        items=tuple(item for item in candidates if item is not None)[:MAX_JUDGEMENTS],
        key_figures=key_figures(parts, lead),
    )
