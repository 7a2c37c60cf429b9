"""The six figures of page 1, each against the last period and against the time before the takedown."""

from datetime import timedelta

from tasks.domain.facts import Facts, KeyFigure
from tasks.domain.measures import Estimate, NotMeasurable, Shared
from tasks.domain.platforms import platform_name, platform_names
from tasks.narrate.comeback import Lead
from tasks.narrate.judged import JudgementInputs

Number = float | int | NotMeasurable

_NO_BASELINE = NotMeasurable(reason="no takedown with a baseline lies before the end of the period")
_NOT_BEFORE = NotMeasurable(reason="not recomputed for the weeks before the takedown")


def key_figures(inputs: JudgementInputs, lead: Lead | None) -> tuple[KeyFigure, ...]:
    """Posts, active accounts, rebuild index, survivors, copypasta share, zero-engagement share. Shares and the index are ratios."""
    before = _adjacent(inputs)
    return (
        KeyFigure(
            name="posts",
            value=inputs.activity.posts,
            unit="posts",
            previous=inputs.activity.previous_posts,
            baseline=_baseline_posts(inputs),
            ref="/activity/posts",
        ),
        KeyFigure(
            name="active accounts",
            value=inputs.activity.accounts,
            unit="accounts",
            previous=inputs.activity.previous_accounts,
            baseline=NotMeasurable(reason="the baseline counts active accounts a day, not a period") if lead else _NO_BASELINE,
            ref="/activity/accounts",
        ),
        _index(inputs, lead),
        _survivors(lead, before),
        _share(
            "copypasta share",
            inputs.narratives.copypasta,
            before.narratives.copypasta if before else None,
            "/narratives/copypasta",
            lead,
        ),
        _share("posts without engagement", inputs.impact.zero, before.impact.zero if before else None, "/impact/zero", lead),
    )


def _adjacent(inputs: JudgementInputs) -> Facts | None:
    """The facts of the briefing before, if its period is the one that ends where this one starts."""
    previous = inputs.previous
    return previous if previous and previous.period.end == inputs.period.start else None


def _baseline_posts(inputs: JudgementInputs) -> Number:
    """Baseline posts of a span as long as the period, summed over the platforms on which the campaign posts."""
    baselines: dict[str, float] = {}
    for facts in inputs.takedowns:
        if facts.t0 and facts.t0 < inputs.period.end and not isinstance(facts.baseline, NotMeasurable):
            baselines[facts.platform] = facts.baseline.posts
    if not baselines:
        return _NO_BASELINE
    without = sorted({p.platform for p in inputs.activity.platforms if p.posts} - baselines.keys())
    if without:
        return NotMeasurable(reason=f"no baseline on {platform_names(without)}")
    return round(sum(baselines.values()) * ((inputs.period.end - inputs.period.start) / timedelta(days=1)), 1)


def _index(inputs: JudgementInputs, lead: Lead | None) -> KeyFigure:
    if lead is None:
        return KeyFigure(
            name="rebuild index",
            value=_NO_BASELINE,
            unit="x baseline",
            previous=_NO_BASELINE,
            baseline=_NO_BASELINE,
            ref="/takedowns",
        )
    series = lead.facts.rebuild_index[lead.series]
    day = (inputs.period.start - timedelta(days=1)).date()
    earlier = [point.value for point in series.points if point.day == day]
    return KeyFigure(
        name=f"rebuild index on {platform_name(lead.facts.platform)}",
        value=series.latest.value if isinstance(series.latest, Estimate) else series.latest,
        unit="x baseline",
        previous=earlier[0] if earlier else NotMeasurable(reason="the index was not yet defined at the end of the last period"),
        baseline=1,
        ref=f"{lead.latest}/value",
    )


def _survivors(lead: Lead | None, before: Facts | None) -> KeyFigure:
    if lead is None:
        return KeyFigure(
            name="survivors", value=_NO_BASELINE, unit="accounts", previous=_NO_BASELINE, baseline=_NO_BASELINE, ref="/takedowns"
        )
    cohorts, fate = lead.facts.cohorts, lead.facts.fate
    known = not isinstance(cohorts, NotMeasurable)
    return KeyFigure(
        name=f"survivors on {platform_name(lead.facts.platform)}",
        value=cohorts if isinstance(cohorts, NotMeasurable) else cohorts.survivor,
        unit="accounts",
        previous=_earlier_survivors(lead, before),
        baseline=fate if isinstance(fate, NotMeasurable) else fate.at_risk,
        ref=f"{lead.pointer}/cohorts/survivor" if known else f"{lead.pointer}/cohorts",
    )


def _earlier_survivors(lead: Lead, before: Facts | None) -> Number:
    if before is None:
        return NotMeasurable(reason="there is no briefing of the period before")
    for facts in before.takedowns:
        if (facts.takedown_id, facts.platform) == (lead.facts.takedown_id, lead.facts.platform):
            return facts.cohorts if isinstance(facts.cohorts, NotMeasurable) else facts.cohorts.survivor
    return NotMeasurable(reason="the briefing of the period before did not know this takedown")


def _share(
    name: str, now: Shared | NotMeasurable, earlier: Shared | NotMeasurable | None, ref: str, lead: Lead | None
) -> KeyFigure:
    return KeyFigure(
        name=name,
        value=_ratio(now),
        unit="share",
        previous=NotMeasurable(reason="there is no briefing of the period before") if earlier is None else _ratio(earlier),
        baseline=_NOT_BEFORE if lead else _NO_BASELINE,
        ref=ref,
    )


def _ratio(shared: Shared | NotMeasurable) -> Number:
    if isinstance(shared, NotMeasurable):
        return shared
    return NotMeasurable(reason="there was no post") if shared.share is None else round(shared.share, 6)
