"""Renditions: the same briefing under a lower label of the Traffic Light Protocol, without what that label may not hold.

Why each thing is held or not: docs/decisions/0012-what-a-rendition-holds.md. The tree of facts is walked field by field; what a field is
stands in tasks/domain/rendition_fields.py, and one that is not there is an error. Numbers are never touched.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from tasks.domain.campaign import Tlp
from tasks.domain.facts import Facts, Predecessor, read_facts
from tasks.domain.ledgers import LedgerEntry
from tasks.domain.measures import NotMeasurable
from tasks.domain.narratives import Quote
from tasks.domain.pseudonyms import pseudonym
from tasks.domain.rebuilding import Evidence, LedgerRow, Successor
from tasks.domain.records import Record
from tasks.domain.rendition_fields import Kind, kind_of
from tasks.domain.sweeping import ACCOUNT, Terms, identifiers, swept

SHARED_BY = 3  # accounts that posted a text before it counts as the campaign's own: what makes a copypasta
LEFT_OUT = "left out of this rendition"
NOT_QUOTED = "(Not quoted in this rendition: too few accounts posted these words.)"
PLAIN_SOURCES = frozenset({"file"})  # the name that `ingest` gives: says nothing

_CODED = ("query", "source", "comparator")
_PSEUDONYM = re.compile(r"outsider-[0-9a-f]{12}")
_T = TypeVar("_T", bound=Record)


@dataclass(frozen=True)
class Holds:
    """What a rendition may hold. `names`: handles of members that only the team knows, ids of their posts, words of one account alone,
    pictures, evidence on pairs, edges. `workings`: names of queries, sources and comparators, and what analysts noted."""

    names: bool
    workings: bool


HOLDS: dict[Tlp, Holds] = {
    "CLEAR": Holds(names=False, workings=False),
    "GREEN": Holds(names=False, workings=False),  # a community is open-ended: names travel in it as they do in public
    "AMBER": Holds(names=True, workings=False),  # clients of the recipient may read it; how the team looks is not theirs
    "AMBER+STRICT": Holds(names=True, workings=True),
    "RED": Holds(names=True, workings=True),
}


@dataclass(frozen=True)
class Known:
    """What the facts alone do not say. Accounts are "platform/account_id", posts "platform/post_id".

    `accounts`: printed name -> accounts that bear it. `nameable`: may be named to everybody. `authors`, `sharers`: of every quoted post
    who wrote it, and how many members posted its text family. `names`: handles, ids and display names of other accounts (of members
    any, of outsiders those that cannot be a chance word), and ids of their posts, where they occur in the words of the facts.
    `workings`: what only analysts may read, as the campaign file says it.
    """

    accounts: Mapping[str, frozenset[str]]
    nameable: frozenset[str]
    authors: Mapping[str, str]
    sharers: Mapping[str, int]
    names: frozenset[str]
    workings: frozenset[str]
    key: bytes = field(repr=False)


def lower_rendition(facts: Facts, label: Tlp, known: Known, predecessor: Predecessor | None) -> Facts:
    """The facts as `label` may hold them, named after `label`, with the predecessor of that label. The annex of edges is gone where names
    are, and `changes` still are those of the full briefing: compare anew with the predecessor's facts.

    Raises UsageProblem, naming it, for a field of which nobody has decided what it may show.
    """
    holds = HOLDS[label]
    cleared = _Rendition(holds, known, facts).record(facts)
    edges_file = cleared.coordination.edges_file if holds.names else None
    made = cleared.model_copy(
        update={
            "campaign": cleared.campaign.model_copy(update={"tlp": label}),
            "inputs": cleared.inputs.model_copy(update={"predecessor": predecessor}),
            "coordination": cleared.coordination.model_copy(update={"edges_file": edges_file}),
            "analyst_notes": cleared.analyst_notes if facts.analyst_notes and within(facts.analyst_notes.tlp, label) else None,
            "left_out": what_is_left_out(label),
        }
    )
    return read_facts(made.to_bytes())  # read again: what a rule put in place must be lawful there


def within(label: Tlp, of: Tlp) -> bool:
    """Whether what is labelled `label` may stand in a document labelled `of`."""
    order = list(HOLDS)
    return order.index(label) <= order.index(of)


def what_is_left_out(label: Tlp) -> tuple[str, ...]:
    """For the reader of a lower rendition, in sentences."""
    holds = HOLDS[label]
    told = [
        f"This is the TLP:{label} rendition. A fuller one of the same briefing exists; every measure in it has the same value as here."
    ]
    if not holds.names:
        told.append(
            "Accounts are named only where others have published that they belong to the campaign; all others stand under a pseudonym "
            "that lasts from one briefing to the next."
        )
        told.append(
            f"Quoted are texts that at least {SHARED_BY} accounts of the campaign posted, or whose author may be named. Mentions, "
            "addresses and links into platforms were taken out of them; of other posts no id and no time of day is given."
        )
        told.append(
            "The annex of edges, what the clusters share most, hashes of pictures and the evidence on pairs of accounts are left out: "
            "each would let a reader find accounts that are not named."
        )
    if not holds.workings:
        told.append(
            "Queries, sources and groups of comparison stand under a code, and what analysts noted in the campaign file is left out: they "
            "show how the campaign is watched."
        )
    return tuple(told)


def words_in(facts: Facts) -> Iterator[str]:
    """Every string of the facts that is not vocabulary: where a name could stand."""
    for owner, name, value in leaves(facts):
        if isinstance(value, str) and kind_of(type(owner), name) != "kept":
            yield value


def quotes_in(facts: Facts) -> frozenset[str]:
    """ "platform/post_id" of every quoted post."""
    quoted = {id(owner): owner for owner, _, _ in leaves(facts) if isinstance(owner, Quote)}
    return frozenset(f"{quote.platform}/{quote.post_id}" for quote in quoted.values())


def leaves(value: Any, owner: Record | None = None, name: str = "") -> Iterator[tuple[Record, str, Any]]:
    """(record, field, value) of everything below that is no record, tuple or dictionary; keys of dictionaries too."""
    if isinstance(value, Record):
        for inner in type(value).model_fields:
            yield from leaves(getattr(value, inner), value, inner)
    elif isinstance(value, tuple):
        for item in value:
            yield from leaves(item, owner, name)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(key, owner, name)
            yield from leaves(item, owner, name)
    elif owner is not None:
        yield owner, name, value


class _Rendition:
    """One walk over one tree: first what is renamed, so that sentences can follow, then everything."""

    def __init__(self, holds: Holds, known: Known, facts: Facts) -> None:
        self._holds, self._known = holds, known
        self._nameable_names = frozenset(name.casefold() for name, accounts in known.accounts.items() if accounts <= known.nameable)
        renamed: dict[str, str] = {}
        dropped: dict[str, str] = {}
        self._strict = Terms(dict.fromkeys(known.names, ACCOUNT))
        self._sentences = Terms({})  # until it is known what is renamed
        for owner, name, value in leaves(facts):
            kind = kind_of(type(owner), name)
            if not isinstance(value, str) or kind in ("kept", "words"):
                continue
            put = self._replaced(kind, value, owner)
            if (
                isinstance(put, str)
                and put != value
                and (kind in _CODED or (kind in ("name", "pair") and value in identifiers([value])))
            ):
                renamed[value] = put
            elif kind == "term" and not holds.names and self._strict.stand_in(value):
                dropped[value] = ACCOUNT
        secrets = {} if holds.names else dict.fromkeys(identifiers(known.names), ACCOUNT) | dropped
        workings = {} if holds.workings else dict.fromkeys(known.workings, f"[{LEFT_OUT}]")
        self._sentences = Terms({**secrets, **workings, **renamed})

    def record(self, value: _T) -> _T:
        if isinstance(value, Quote) and not self._holds.names:
            return self._quote(value)  # type: ignore[return-value]
        if isinstance(value, Successor) and not self._holds.names:
            return self._pair(value)  # type: ignore[return-value]
        inner = {name: self._value(getattr(value, name), value, name) for name in type(value).model_fields}
        return value.model_copy(update=inner)

    def _value(self, value: Any, owner: Record, name: str) -> Any:
        if isinstance(value, Record):
            return self.record(value)
        if isinstance(value, tuple):
            items = tuple(self._value(item, owner, name) for item in value)
            return tuple(item for item in items if item != "") if kind_of(type(owner), name) == "term" else items
        if isinstance(value, dict):
            return {self._value(key, owner, name): self._value(item, owner, name) for key, item in value.items()}
        kind = kind_of(type(owner), name)
        return self._replaced(kind, value, owner) if isinstance(value, str) else value

    def _replaced(self, kind: Kind, value: str, owner: Record) -> str | NotMeasurable:
        """What stands in place of a string; itself where the label may hold it."""
        if not value or kind in ("kept", "quote"):
            return value
        if kind == "words":
            return self._sentences.taken_out_of(value)
        if kind in _CODED:
            return self._coded(kind, value)
        if kind in ("workings", "address"):
            return self._stated(kind, value, owner)
        return value if self._holds.names else self._named(kind, value, owner)

    def _named(self, kind: Kind, value: str, owner: Record) -> str | NotMeasurable:
        """Where names may not stand: what gives one away."""
        match kind:
            case "name" | "pair" if not isinstance(owner, Evidence):
                return self._name(value, getattr(owner, "platform", ""))
            case "term":
                return "" if value.startswith(("@", "＠")) or self._strict.stand_in(value) else value
            case "post":
                return NotMeasurable(reason=LEFT_OUT)
            case "label":
                return LEFT_OUT
        return ""

    def _name(self, value: str, platform: str) -> str:
        """A name that may stand, or a pseudonym; who is not known by that name is not named."""
        accounts = frozenset(one for one in self._known.accounts.get(value, ()) if not platform or one.startswith(f"{platform}/"))
        if accounts and accounts <= self._known.nameable:
            return value
        if not accounts and _PSEUDONYM.fullmatch(value):
            return value
        if len(accounts) == 1:
            return pseudonym(self._known.key, *next(iter(accounts)).split("/", 1), kind="account")
        return pseudonym(self._known.key, platform, f"named {value}", kind="account")

    def _coded(self, kind: Kind, value: str) -> str:
        """A name of the team's own under a code that lasts."""
        if self._holds.workings or value in PLAIN_SOURCES:
            return value
        digest = hmac.new(self._known.key, f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()
        return f"{kind}-{digest[:6]}"

    def _stated(self, kind: Kind, value: str, owner: Record) -> str:
        """Words of analysts. Where a platform or the press said it is public; where an analyst inferred it, it may be the team's own."""
        if self._holds.workings:
            return self._sentences.taken_out_of(value)
        if kind == "address":
            return value if getattr(owner, "source", "") in ("platform", "press") else ""
        return "" if isinstance(owner, LedgerRow | LedgerEntry) else LEFT_OUT

    def _quote(self, quote: Quote) -> Quote:
        post = f"{quote.platform}/{quote.post_id}"
        if self._known.authors.get(post) in self._known.nameable:
            text = swept(quote.text, self._strict, kept_mentions=self._nameable_names)
            return quote.model_copy(update={"text": text})
        day = datetime(quote.posted_at.year, quote.posted_at.month, quote.posted_at.day, tzinfo=quote.posted_at.tzinfo)
        kept = {"post_id": "", "posted_at": day}
        if self._known.sharers.get(post, 0) < SHARED_BY:
            return quote.model_copy(update={**kept, "text": NOT_QUOTED, "lang": "en", "shortened": False})
        text = swept(quote.text, self._strict, kept_mentions=self._nameable_names)
        return quote.model_copy(update={**kept, "text": text})

    def _pair(self, pair: Successor) -> Successor:
        lost, later = self._name(pair.lost, ""), self._name(pair.later, "")
        if (lost, later) == (pair.lost, pair.later):
            return pair
        evidence = tuple(one.model_copy(update={"detail": "", "posts": ()}) for one in pair.evidence)
        return pair.model_copy(update={"lost": lost, "later": later, "evidence": evidence, "last_post": None, "first_post": None})
