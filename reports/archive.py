"""The archive page: every briefing of a workspace up to one label, in one HTML file that needs no server and asks for nothing.

Search and filters are a script inside the page; a policy in its head (CSP) lets that script run, by its hash, and nothing else: no
request can leave, even if a title were markup. Without scripts the page is a plain list.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.formats import clock_instant, plural
from tasks.domain.bundles import Manifest
from tasks.domain.facts import KeyFigure, PeriodFacts
from tasks.domain.measures import NotMeasurable
from tasks.domain.printable import printable
from tasks.domain.records import Record
from tasks.domain.written import amount, days, figure_name

FIRST_FILES = ("briefing.pdf", "facts.json")
MAX_KEY_FIGURES = 6
UNKNOWN = "not measurable"


class ArchivedEdition(Record):
    """What the archive says of one edition: read from its facts.json and manifest once, then kept."""

    manifest: Manifest
    title: str
    simulated: bool
    period: PeriodFacts
    bottom_line: tuple[str, ...]
    key_figures: tuple[KeyFigure, ...]

    @property
    def prefix(self) -> str:
        """The bundle's folder, as seen from the page, which stands beside the campaigns' folders."""
        m = self.manifest
        return f"{m.campaign}/{m.period}/{m.tlp}/{m.edition}"


@dataclass(frozen=True)
class ArchivedPeriod:
    """All editions of one period under one label. `current` is None where a run died before it named one."""

    editions: tuple[ArchivedEdition, ...]
    current: str | None
    corrections: int
    supersedes: str | None


def archived_edition(facts_json: bytes, manifest: Manifest) -> ArchivedEdition:
    """Read what the archive needs. Raises ValueError for facts that cannot be read; parts it does not need are not looked at, so that
    facts of other versions can be listed."""
    facts = orjson.loads(facts_json)
    try:
        return ArchivedEdition.model_validate_json(
            orjson.dumps(
                {
                    "manifest": manifest.model_dump(mode="json"),
                    "title": facts["campaign"]["title"],
                    "simulated": facts["campaign"]["simulated"],
                    "period": facts["period"],
                    "bottom_line": facts["judgements"]["bottom_line"],
                    "key_figures": facts["judgements"]["key_figures"][:MAX_KEY_FIGURES],
                }
            )
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"facts.json has no {error}") from error


def archive_page(periods: Sequence[ArchivedPeriod], *, tlp: str, unreadable: Sequence[str] = ()) -> str:
    """The page. `tlp` is the highest label it holds, `unreadable` names bundles that could not be listed. Same input, same bytes."""
    rows = sorted((_row(period) for period in periods), key=lambda row: (row["start"], row["campaign"], row["tlp"]), reverse=True)
    environment = _environment()
    script = environment.get_template("archive.js.j2").render()
    style = environment.get_template("archive.css.j2").render()
    return environment.get_template("archive.html.j2").render(
        tlp=tlp,
        rows=rows,
        campaigns=sorted({(str(row["title"]), str(row["campaign"])) for row in rows}),
        labels=sorted({str(row["tlp"]) for row in rows}),
        kinds=sorted({str(row["kind"]) for row in rows}),
        editions=plural(sum(len(period.editions) for period in periods), "edition"),
        unreadable=list(unreadable),
        script=Markup(script),  # noqa: S704  our own file, nothing is filled into it
        style=Markup(style),  # noqa: S704  the same
        policy=f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'",
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _row(period: ArchivedPeriod) -> dict[str, object]:
    """The current edition (else the one that knows most) and its history."""
    ordered = sorted(period.editions, key=lambda one: (one.manifest.as_of, one.manifest.edition), reverse=True)
    shown = next((one for one in ordered if one.manifest.edition == period.current), ordered[0])
    facts = shown.period
    return {
        "campaign": shown.manifest.campaign,
        "title": _clean(shown.title),
        "simulated": shown.simulated,
        "period": facts.key,
        "kind": facts.kind,
        "start": facts.start.isoformat(),
        "span": days(facts.start, facts.end),
        "tlp": shown.manifest.tlp,
        "provisional": facts.provisional,
        "corrections": period.corrections,
        "current": shown.manifest.edition == period.current,
        "bottom_line": [_clean(sentence) for sentence in shown.bottom_line],
        "figures": [_figure(figure) for figure in shown.key_figures],
        "edition": _edition(
            shown, "the current edition" if shown.manifest.edition == period.current else "named current by no run"
        ),
        "history": [_edition(one, _standing(one, shown, period)) for one in ordered if one is not shown],
    }


def _standing(one: ArchivedEdition, shown: ArchivedEdition, period: ArchivedPeriod) -> str:
    if one.manifest.edition == period.supersedes:
        return "replaced by a correction"
    if one.manifest.as_of < shown.manifest.as_of:
        return "known by an earlier day"
    return "not current"


def _edition(one: ArchivedEdition, standing: str) -> dict[str, object]:
    names = [file.name for file in one.manifest.files]
    ordered = [name for name in FIRST_FILES if name in names] + [name for name in names if name not in FIRST_FILES]
    return {
        "edition": one.manifest.edition[:12],
        "as_of": f"{clock_instant(one.manifest.as_of)} UTC",
        "standing": standing,
        "files": [(name, quote(f"{one.prefix}/{name}")) for name in [*ordered, "manifest.json"]],
    }


def _figure(figure: KeyFigure) -> dict[str, str]:
    def written(value: float | int | NotMeasurable) -> str:
        return UNKNOWN if isinstance(value, NotMeasurable) else amount(value, figure.unit)

    return {
        "name": _clean(figure_name(figure.name, figure.unit)),
        "value": written(figure.value),
        "previous": written(figure.previous),
        "baseline": written(figure.baseline),
    }


def _clean(text: str) -> str:
    return printable(text, limit=1000)[0]
