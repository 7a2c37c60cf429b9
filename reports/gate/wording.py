"""ICD 203 (2015), section D.6.e, as rules over the composed sentences of facts.json: how likely something is and how well that is founded
are two things in two sentences, in seven terms with their ranges, and nothing is said more surely than it is known.
"""

import re
from collections.abc import Iterator

from reports.gate.violations import Violation
from tasks.domain.facts import Facts, Judgement
from tasks.domain.likelihoods import TERMS

TOGETHER = "likelihood and confidence in one sentence"
TERM = "likelihood term"
RANGE = "range of a likelihood"
GROUNDS = "judgement without its grounds"
CERTAINTY = "word of certainty"
OUTSIDE = "likelihood outside a judgement"
THREE = "bottom line of three sentences"

_ANY_TERM = re.compile("|".join(rf"\b{re.escape(term)}\b" for term in sorted(TERMS, key=len, reverse=True)), re.IGNORECASE)
# other words for a likelihood: each means another number to another reader
_LOOSE = re.compile(
    r"\b(?:probabl[ey]|probability|improbabl[ey]|possibly|perhaps|presumably|conceivabl[ey]|(?:un)?doubtful|odds|remote chance|good chance"
    r"|(?:highly|quite|rather|extremely|most|more|less) (?:un)?likely|likelihood|nearly certain|virtually certain)\b",
    re.IGNORECASE,
)
_CERTAIN = re.compile(
    r"\b(?:certainly|undoubtedly|definitely|obviously|clearly|doubtless|unquestionably|indisputabl[ey]|without (?:a |any )?doubt"
    r"|prove[sdn]?|proof|conclusive(?:ly)?|confirm(?:s|ed) that|guarantee[sd]?)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"“[^”]*”")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z“])")


def wording(facts: Facts) -> list[Violation]:
    """Every broken rule, with the sentence. What stands in quotation marks is somebody's words, and not looked at."""
    found = list(_three_sentences(facts))
    for i, item in enumerate(facts.judgements.items):
        found += _judgement(item, f"/judgements/items/{i}")
    for where, text in _sentences(facts):
        found += _sentence(where, text)
    return found


def _three_sentences(facts: Facts) -> Iterator[Violation]:
    line = facts.judgements.bottom_line
    if len(line) != 3 or not all(sentence.strip().endswith((".", "!", "?")) for sentence in line):
        yield Violation(THREE, "/judgements/bottom_line", f"{len(line)} sentences", " ".join(line))


def _judgement(item: Judgement, where: str) -> Iterator[Violation]:
    terms = [match[0].lower() for match in _ANY_TERM.finditer(_QUOTED.sub("“”", item.statement))]
    if terms != [item.likelihood]:
        yield Violation(TERM, f"{where}/statement", ", ".join(terms) or "no term", item.statement)
    if item.likelihood_range != TERMS.get(item.likelihood):
        low, high = item.likelihood_range
        yield Violation(
            RANGE, f"{where}/likelihood_range", f"{low} to {high}", f"“{item.likelihood}” is {TERMS.get(item.likelihood)}"
        )
    for name in ("reasons", "alternative", "would_change", "confidence_statement"):
        if not "".join(getattr(item, name)).strip():
            yield Violation(GROUNDS, f"{where}/{name}", "nothing", item.statement)
    if f"confidence is {item.confidence}" not in item.confidence_statement.lower():
        yield Violation(GROUNDS, f"{where}/confidence_statement", item.confidence, item.confidence_statement)


def _sentences(facts: Facts) -> Iterator[tuple[str, str]]:
    """Every composed sentence with its pointer; statements of judgements, old ones too, are the only ones that may hold a likelihood."""
    judged = facts.judgements
    texts = [(f"/judgements/bottom_line/{i}", text) for i, text in enumerate(judged.bottom_line)]
    for i, item in enumerate(judged.items):
        where = f"/judgements/items/{i}"
        texts += [
            (f"{where}/{name}", getattr(item, name))
            for name in ("statement", "confidence_statement", "alternative", "would_change")
        ]
        texts += [(f"{where}/reasons/{k}", text) for k, text in enumerate(item.reasons)]
    texts += [(f"/changes/items/{i}/text", item.text) for i, item in enumerate(facts.changes.items)]
    for i, scored in enumerate(facts.changes.scored):
        texts += [(f"/changes/scored/{i}/statement", scored.statement), (f"/changes/scored/{i}/why", scored.why)]
    texts += [(f"/limits/{i}", text) for i, text in enumerate(facts.limits)]
    for where, text in texts:
        for sentence in _SENTENCE_END.split(_QUOTED.sub("“”", text)):
            yield where, sentence


def _sentence(where: str, text: str) -> Iterator[Violation]:
    term = _ANY_TERM.search(text)
    if term and re.search(r"\bconfiden(?:ce|t)\b", text, re.IGNORECASE):
        yield Violation(TOGETHER, where, term[0], text)
    if loose := _LOOSE.search(text):
        yield Violation(TERM, where, loose[0], text)
    elif term and not where.endswith("/statement"):
        yield Violation(OUTSIDE, where, term[0], text)
    if sure := _CERTAIN.search(text):
        yield Violation(CERTAINTY, where, sure[0], text)
