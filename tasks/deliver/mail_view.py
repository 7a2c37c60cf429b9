"""What an e-mail says, from facts.json: everything written out, ready for the two templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.domain.facts import Facts, KeyFigure
from tasks.domain.measures import NotMeasurable
from tasks.domain.printable import printable
from tasks.domain.written import amount, days, figure_name, instant

MAX_KEY_FIGURES = 6
_COLOURS = {
    "CLEAR": "#ffffff",
    "GREEN": "#33ff00",
    "AMBER": "#ffc000",
    "AMBER+STRICT": "#ffc000",
    "RED": "#ff2b2b",
}  # TLP 2.0, on black
_LETTERS = "abcdefghijklmnopqr"  # six figures of three values
_LONGEST = 1000  # graphemes of any one text


@dataclass(frozen=True)
class Picture:
    """The chart inside the mail: `title` above it, `alt` for whoever does not see it, `width` in px of the page."""

    png: bytes
    title: str
    alt: str
    width: int


@dataclass(frozen=True)
class FigureRow:
    """One key figure; a value that could not be measured is `unknown` with the letter of its reason below the table."""

    name: str
    value: str
    previous: str
    baseline: str


def mail_view(
    facts: Facts,
    *,
    delivery_no: int,
    link: str | None,
    link_until: datetime | None,
    picture: Picture | None,
    cid: str,
    changed: Sequence[str],
) -> dict[str, object]:
    """The templates' variables. `link` is None where the PDF is attached; `cid` names the picture's part of the message."""
    rows, notes = _rows(facts.judgements.key_figures[:MAX_KEY_FIGURES])
    return {
        "tlp": facts.campaign.tlp,
        "colour": _COLOURS.get(facts.campaign.tlp, "#ffffff"),
        "title": clean(facts.campaign.title),
        "period": facts.period.key,
        "days": days(facts.period.start, facts.period.end),
        "as_of": instant(facts.as_of),
        "provisional": facts.period.provisional,
        "simulated": facts.campaign.simulated,
        "correction": delivery_no - 1,
        "changed": [clean(line) for line in changed],
        "verdict": facts.validation.verdict,
        "quarantined": f"{facts.validation.quarantined:,}",
        "landed": f"{facts.validation.landed:,}",
        "bottom_line": [clean(sentence) for sentence in facts.judgements.bottom_line],
        "figures": rows,
        "notes": notes,
        "picture": picture and {"cid": cid, "title": clean(picture.title), "alt": clean(picture.alt), "width": picture.width},
        "link": link,
        "link_opens": bool(link) and str(link).startswith(("https://", "http://")),
        "link_until": instant(link_until) if link and link_until else "",
    }


def clean(text: str) -> str:
    """Others' words made safe to show."""
    return printable(text, limit=_LONGEST)[0]


def written_name(figure: KeyFigure) -> str:
    return clean(figure_name(figure.name, figure.unit))


def _rows(figures: Sequence[KeyFigure]) -> tuple[list[FigureRow], list[tuple[str, str]]]:
    """The rows, and (letter, reason) of what could not be measured, each reason once."""
    letters: dict[str, str] = {}

    def cell(value: float | int | NotMeasurable, unit: str) -> str:
        if isinstance(value, NotMeasurable):
            letter = letters.setdefault(clean(value.reason), _LETTERS[len(letters)] if len(letters) < len(_LETTERS) else "")
            return f"unknown ({letter})"
        return amount(value, unit)

    rows = [FigureRow(written_name(f), *(cell(value, f.unit) for value in (f.value, f.previous, f.baseline))) for f in figures]
    return rows, [(letter, reason) for reason, letter in letters.items()]
