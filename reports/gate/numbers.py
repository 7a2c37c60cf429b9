"""Every number in print is one of facts.json (docs/methods.md, "Rules of the text")."""

import re
from collections.abc import Iterable, Iterator

from reports.gate.known import Known
from reports.gate.passages import Passage
from reports.gate.tokens import Token, numbers, tokens
from reports.gate.violations import Violation

RULE = "unresolved number"


CUT = "…"
REST = re.compile(r"^ (?:more|further|others?)\b")


def unresolved(said: Iterable[Passage], known: Known, constants: Iterable[str] = ()) -> list[Violation]:
    """The numbers of `said` that are no way of writing a value of the facts and stand in no constant phrase; what others wrote is not
    looked at."""
    phrases = re.compile("|".join(rf"(?<![\w.,]){re.escape(phrase)}(?!\w|[.,]\d)" for phrase in constants) or r"(?!)")
    return [
        Violation(RULE, passage.where, token.text, passage.text)
        for passage in said
        if not passage.foreign
        for token in missing(phrases.sub(" ", passage.text), known)
    ]


def missing(text: str, known: Known) -> Iterator[Token]:
    """The tokens of `text` that nothing in `known` gives."""
    for token in tokens(text):
        pool = {"date": known.dates, "time": known.times, "word": known.words}[token.kind]
        if token.key in pool:
            continue
        if token.kind != "word":
            yield token
        else:
            rest = text[token.at + len(token.text) :]
            if rest.startswith(CUT):
                continue  # a name, cut where a digit of it stood
            yield from (value for value in numbers(token.text, rest) if not _resolved(value, rest, known))


def _resolved(value: Token, rest: str, known: Known) -> bool:
    if value.kind == "percent":
        return value.key in known.percents
    return value.key in known.numbers or (bool(REST.match(rest)) and value.key.replace(",", "") in known.rests)
