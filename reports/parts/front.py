"""Page 1: the bottom line, the key judgements and six key figures against the last period and the baseline."""

from dataclasses import dataclass, replace

from reports.formats import RANGE, dated, day, instant, number, sentence_list
from reports.parts.blocks import Column, Notes, Table, head
from reports.parts.sources import sources
from tasks.domain.facts import Facts, Judgement, KeyFigure
from tasks.domain.written import amount, figure_name

WHOLE = 3  # judgements
MOST_LINES = 39  # 36 leave 30 mm of A4 and 12 mm of Letter


@dataclass(frozen=True)
class JudgementView:
    """`statement` holds the likelihood and `confidence` the confidence: two sentences, two places (ICD 203)."""

    statement: str
    term: str
    confidence_level: str
    confidence: str
    reasons: tuple[str, ...]
    alternative: str
    would_change: str


@dataclass(frozen=True)
class Front:
    title: str
    aliases: str
    summary: str
    period: str
    cut_off: str
    provisional: str
    bottom_line: tuple[str, ...]
    judgements: tuple[JudgementView, ...]
    no_judgements: str
    figures: Table | None
    attribution: tuple[tuple[str, str], ...]
    whole: bool  # enough for a page of its own
    brief: bool  # too much for one page: why the confidence is what it is stands with the reasons


def front(facts: Facts) -> Front:
    campaign, period = facts.campaign, facts.period
    cited = sources(facts)
    return Front(
        title=campaign.title,
        aliases=f"Also known as {sentence_list(campaign.aliases)}." if campaign.aliases else "",
        summary=campaign.summary,
        period=period_line(facts),
        cut_off=f"Posts before {instant(period.end)}; known by {instant(facts.as_of)}.",
        provisional=f"Provisional: made before the {number(period.lateness_h)} h allowed for late posts had passed."
        if period.provisional
        else "",
        bottom_line=facts.judgements.bottom_line,
        judgements=tuple(_judgement(item) for item in facts.judgements.items),
        no_judgements="" if facts.judgements.items else "The data of this period support no judgement.",
        figures=_figures(facts.judgements.key_figures),
        attribution=tuple((a.quote, f"{a.by}, {day(a.on)}, {cited.cite(a.address)}") for a in campaign.attribution),
        whole=len(facts.judgements.items) >= WHOLE,
        brief=_lines(facts) > MOST_LINES,
    )


def _lines(facts: Facts) -> float:
    """About how many lines of text page 1 takes with every judgement's confidence explained."""
    said = [(facts.campaign.summary, 100), *((text, 84) for text in facts.judgements.bottom_line)]
    said += [(item.statement, 96) for item in facts.judgements.items]
    said += [(item.confidence_statement, 76) for item in facts.judgements.items]
    return sum(-(-len(text) // letters) for text, letters in said) + 1.2 * len(facts.judgements.key_figures)


def period_line(facts: Facts) -> str:
    """`Week 44 of 2023: 30 October 2023 to 5 November 2023`; the last day is the last one inside."""
    period = facts.period
    last = day((period.end.date()).fromordinal(period.end.date().toordinal() - 1))
    name = {"week": "Week", "month": "Month", "quarter": "Quarter", "range": "Range"}[period.kind]
    return (
        f"{name} {period.key}: {day(period.start.date())} to {last}"
        if period.kind != "range"
        else f"{day(period.start.date())} to {last}"
    )


def _judgement(item: Judgement) -> JudgementView:
    low, high = item.likelihood_range
    return JudgementView(
        statement=item.statement,
        term=f"{item.likelihood}, {low}{RANGE}{high} %",
        confidence_level=item.confidence,
        confidence=item.confidence_statement,
        reasons=tuple(map(dated, item.reasons)),
        alternative=dated(item.alternative),
        would_change=dated(item.would_change),
    )


def _figures(figures: tuple[KeyFigure, ...]) -> Table | None:
    if not figures:
        return None
    notes = Notes()
    rows = []
    for figure in figures:

        def write(value: float, unit: str = figure.unit) -> str:
            return amount(value, unit)

        now, *before = (notes.cell(value, write) for value in (figure.value, figure.previous, figure.baseline))
        rows.append((head(figure_name(figure.name, figure.unit)), replace(now, strong=True), *before))
    columns = (Column("Figure"), *(Column(name, numeric=True) for name in ("This period", "Period before", "Before the takedown")))
    return Table("Key figures", columns, tuple(rows), notes.pairs)
