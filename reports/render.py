"""facts.json to a PDF briefing, and nothing but facts.json: the same bytes in give the same bytes out.

The renderer runs in a child process with limits of its own, forked from a server that has it loaded. Anything it logs makes the PDF
unfit. What a font cannot draw is replaced, and if the posts' own words break the renderer they are withheld with a notice: the briefing
still ships, and says so.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.attachments import named
from reports.child import FACTS
from reports.cold import Limits, cold
from reports.compose import compose_facts
from reports.forked import forked, start
from reports.wire import pack, unpack
from tasks.domain.errors import ResurgeError
from tasks.domain.facts import Facts, edition_of, read_facts

MOST_TRIES = 5
NAMED = 5  # broken rules that an error message names
NOTHING: Mapping[str, bytes] = {}


class RenderProblem(ResurgeError):
    """No PDF that could be signed came out: its text broke a rule, its pages had a fault, or the renderer complained, failed or ran past a
    limit."""


@dataclass(frozen=True)
class Rendered:
    """`replaced` names the characters and passages that could not be printed as they are; they are listed in the PDF as well."""

    pdf: bytes
    pages: int
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Outcome:
    answer: dict[str, Any]
    pdf: bytes
    failure: str  # empty = an answer came


def render_html(facts: Facts, *, edition: str, paper: str = "A4") -> str:
    """The page as HTML; charts are addressed as `resurge:/figures/KEY.svg` (reports.compose gives them as well)."""
    return compose_facts(facts, edition=edition, paper=paper).html


def render_pdf(
    facts_json: bytes, *, paper: str = "A4", attachments: Mapping[str, bytes] = NOTHING, limits: Limits | None = None
) -> Rendered:
    """Render the briefing of `facts_json` (its bytes as published; their SHA-256 is the edition) on `paper`, A4 or Letter.

    `attachments`, path -> bytes, are embedded in the PDF under the last parts of their paths (`annex/edges.csv` as `edges.csv`).
    Raises pydantic.ValidationError for facts of another shape, UsageProblem for names that cannot be attached, RenderProblem if no fit
    PDF came out, naming the broken rule, the log line or the limit.
    """
    read_facts(facts_json)
    files = {FACTS: facts_json, **named(attachments)}
    limits = limits or Limits()
    missing: frozenset[int] = frozenset()
    withhold = again = False
    reason = ""
    for _ in range(MOST_TRIES):
        outcome = _run(files, paper, limits, missing, withhold)
        if broken := outcome.answer.get("broken"):
            raise _withheld(facts_json, broken)
        complaints = outcome.answer.get("complaints", [])
        if not outcome.failure and not complaints:
            return Rendered(outcome.pdf, outcome.answer["pages"], tuple(outcome.answer["replaced"]))
        reason = reason or outcome.failure or f"the gate found: {complaints[0][:300]}"
        found = frozenset(outcome.answer.get("without_glyph", [])) - missing
        if found:
            missing |= found
        elif outcome.failure and not again:
            again = True  # it may be the machine that failed, not the words: what is withheld for nothing would stay withheld
        elif not withhold:
            withhold = True
        else:
            break
    raise RenderProblem(
        f"The PDF of edition {edition_of(facts_json)[:12]} was not made: {reason}.",
        remedy="The facts are unharmed; run the briefing again after the cause named here is gone.",
    )


def _withheld(facts_json: bytes, broken: list[str]) -> RenderProblem:
    more = f"; and {len(broken) - NAMED} more" if len(broken) > NAMED else ""
    return RenderProblem(
        f"The briefing of edition {edition_of(facts_json)[:12]} is withheld, because its text breaks the rules of docs/methods.md: "
        f"{'; '.join(broken[:NAMED])}{more}.",
        remedy="Correct the sentence, or record the number in facts.json where it is measured; nothing was published.",
    )


def warm_up() -> None:
    """Start the server of renderers, which `render_pdf` asks: it loads (3 s) while the facts are still being found. It ends with this
    process."""
    start()


def _run(files: dict[str, bytes], paper: str, limits: Limits, missing: frozenset[int], withhold: bool) -> _Outcome:
    message = pack({"paper": paper, "without_glyph": sorted(missing), "withhold": withhold}, files)
    try:
        ended = forked(message, limits) or cold(message, limits)
    except TimeoutError:
        return _Outcome({}, b"", f"the renderer took longer than {limits.wall_s:g} s")
    answer = unpack(io.BytesIO(ended.out)) if ended.code == 0 else None
    if answer is None:
        last = ended.said.decode(errors="replace").strip().splitlines()[-1:]
        how = f"signal {-ended.code}" if ended.code < 0 else f"exit code {ended.code}"
        return _Outcome({}, b"", f"the renderer ended with {how}: {''.join(last)[:300] or 'it said nothing'}")
    return _Outcome(answer[0], answer[1]["pdf"], "")
