"""facts.json to HTML: the templates filled from the view model, escaped, with the charts beside it."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.assets import PAPERS
from reports.charts import weekly_series
from reports.glyphs import Replacements, clean_strings
from reports.view import figures, view
from tasks.domain.errors import UsageProblem
from tasks.domain.facts import Facts, WeekCount, read_facts
from tasks.domain.printable import printable

WITHHELD = "(This passage is withheld: it could not be printed.)"
QUOTE_GRAPHEMES, LABEL_GRAPHEMES = 1000, 200  # more of a post than this is never printed
WARM_TEXT = "a 中 ا ש \U0001f3ee"  # of every script that has a font of its own
QUOTED = re.compile(r"(<blockquote.*?</blockquote>)", re.DOTALL)
PARTED = re.compile(r"(?<=\d) (?=%)|(?<=\bp) (?=(?:=|&lt;) \d)|(?<=\bp =) (?=\d)|(?<=\bp &lt;) (?=\d)")
STYLES = ("fonts.css", "page.css", "briefing.css")


@dataclass(frozen=True)
class Composed:
    """`figures` maps a chart's key to its SVG; `replaced` says which characters and passages could not be printed as they are."""

    html: str
    figures: dict[str, str]
    replaced: tuple[str, ...]
    facts: Facts  # as printed: cleaned, and with passages withheld where they had to be


def compose(
    facts_json: bytes, *, edition: str, paper: str, without_glyph: frozenset[int] = frozenset(), withhold: bool = False
) -> Composed:
    """The page of a briefing. `without_glyph` are code points a render has shown to be missing; `withhold` replaces every passage.

    Raises UsageProblem for a paper that is not known and pydantic.ValidationError for facts that are not.
    """
    if paper not in PAPERS:
        raise UsageProblem(f"{paper!r} is not a paper size.", remedy=f"Use {' or '.join(PAPERS)}.")
    replacements = Replacements(without_glyph)
    parsed = orjson.loads(facts_json)
    held = _foreign_words(parsed, withhold) + (withhold and _withhold_note(parsed))
    facts = read_facts(orjson.dumps(clean_strings(parsed, replacements)))
    replaced = replacements.report
    if withhold and held:
        replaced = (f"{held} passages are withheld, because the renderer failed with them.", *replaced)
    model = view(facts, edition=edition, replaced=replaced)
    html = _environment().get_template("briefing.html.j2").render(v=model, styles=(*STYLES, f"paper-{paper.lower()}.css"))
    return Composed(unparted(html), figures(model), replaced, facts)


def unparted(html: str) -> str:
    """`html` with a space that no line is broken at between a number and its per cent sign, and inside `p = 0.02`; quotes stay as they
    are."""
    return "".join(part if i % 2 else PARTED.sub("\u00a0", part) for i, part in enumerate(QUOTED.split(html)))


def compose_facts(facts: Facts, *, edition: str, paper: str) -> Composed:
    """The same from a Facts object."""
    return compose(facts.to_bytes(), edition=edition, paper=paper)


def warm() -> tuple[str, dict[str, str]]:
    """A page without a briefing, and its chart: to print it leaves ready in this process what every briefing needs, such as templates,
    fonts and the drawing of charts."""
    environment = _environment()
    environment.get_template("briefing.html.j2")
    Replacements().clean(WARM_TEXT)
    chart = weekly_series([WeekCount(start=date(2023, 1, day), posts=1, accounts=1) for day in (2, 9)], ())
    styles = "".join(f'<link rel="stylesheet" href="resurge:/styles/{name}">' for name in (*STYLES, "paper-a4.css"))
    html = f'<!DOCTYPE html><html lang="en"><head><title>-</title>{styles}</head><body><p>{WARM_TEXT} <strong>a</strong> <em>a</em></p>'
    return f'{html}<img src="resurge:/figures/a.svg" alt="a"></body></html>', {"a": chart}


def _foreign_words(value: Any, withhold: bool) -> int:
    """Clean what others wrote (quotes, labels made of their words) in parsed facts, or withhold the quotes; returns how many quotes."""
    if isinstance(value, list):
        return sum(_foreign_words(item, withhold) for item in value)
    if not isinstance(value, dict):
        return 0
    label = value.get("label")
    if isinstance(label, list):
        value["label"] = [printable(term, limit=LABEL_GRAPHEMES)[0] for term in label]
    elif "cluster_id" in value and isinstance(label, str):
        value["label"] = printable(label, limit=LABEL_GRAPHEMES)[0]
    if {"text", "lang", "post_id"} <= value.keys():
        text, cut = (WITHHELD, False) if withhold else printable(value["text"], limit=QUOTE_GRAPHEMES)
        value.update(text=text, lang="en" if withhold else value["lang"], shortened=cut or value.get("shortened", False))
        return 1
    return sum(_foreign_words(item, withhold) for item in value.values())


def _withhold_note(parsed: dict[str, Any]) -> int:
    """Withhold the analyst's note in parsed facts; returns whether there was one."""
    if note := parsed.get("analyst_notes"):
        note.update(blocks=[{"kind": "paragraph", "text": WITHHELD}], lang="en")
    return int(bool(note))


@cache
def _environment() -> Environment:
    """Everything is escaped and an unknown name is an error, not an empty string."""
    return Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
