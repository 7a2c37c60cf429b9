"""Taking names out of words: mentions, links and addresses in quoted posts, and terms that must not stand anywhere."""

import re
from collections.abc import Iterable, Iterator, Mapping

from tasks.domain.links import PLATFORM_HOSTS, SHORTENERS

ACCOUNT, LINK, ADDRESS = "[account]", "[link]", "[address]"

_DOT = r"(?:\[\.\]|\.)"  # quotes are defanged, words of analysts may not be
_MAIL = re.compile(rf"[\w.+\-\[\]]+[@＠][\w\-]+(?:{_DOT}[\w\-]+)+")
_LINK = re.compile(
    rf"(?i)(?:\b(?:h..ps?|fxp|ftp)://)?(?P<host>[\w\-]+(?:{_DOT}[\w\-]+)*\[\.\][\w\-]+)(?P<rest>[:/?#][^\s<>\"'，。]*)?"
)
_SCHEME_LINK = re.compile(r"(?i)\b(?:h..ps?|fxp|ftp)://[^\s<>\"'，。]+")
_NO_WORD = re.compile(r"[\d_ ]|(?<=[a-z])[A-Z]")
_WORD = re.compile(r"[A-Za-z0-9_]")
_MAY_BEGIN = re.compile(r"(?<![A-Za-z0-9_])[A-Za-z0-9_]|[^A-Za-z0-9_]")
_KEY = 3  # characters by which a term is looked up
_MENTION = re.compile(r"[@＠][\w.\-]*\w")


def swept(text: str, gone: "Terms", *, kept_mentions: frozenset[str] = frozenset()) -> str:
    """A post's words without what names an account: mentions become [account] but for `kept_mentions` (casefolded, without @), e-mail
    addresses [address], links into platforms and shorteners [link]; of other links the host is left. Then `gone` is taken out."""

    def link(found: re.Match[str]) -> str:
        host = found["host"].replace("[.]", ".").lower().removeprefix("www.")
        if host in PLATFORM_HOSTS or host in SHORTENERS:
            return LINK
        return f"{found['host']}/…" if found["rest"] and found["rest"] != "/" else found["host"]

    def mention(found: re.Match[str]) -> str:
        return found[0] if found[0][1:].casefold() in kept_mentions else ACCOUNT

    text = _MAIL.sub(ADDRESS, text)
    text = _SCHEME_LINK.sub(LINK, _LINK.sub(link, text))
    return gone.taken_out_of(_MENTION.sub(mention, text))


class Terms:
    """Terms that must not stand in a text, each with what stands in its place. Case does not matter; a term that begins or ends with a
    letter or digit is met as a whole word only. Of several at one place the longest counts.

    A look-up by the first characters instead of one large pattern: to compile 8,000 terms takes a second, and each is met in few texts.
    """

    def __init__(self, terms: Mapping[str, str]) -> None:
        self._put = {_folded(term): put for term, put in terms.items() if term.strip()}
        begin: dict[str, list[str]] = {}
        for term in self._put:
            begin.setdefault(term[:_KEY], []).append(term)
        self._begin = {key: sorted(found, key=lambda term: (-len(term), term)) for key, found in begin.items()}
        self._keys = sorted({len(key) for key in begin}, reverse=True)

    def taken_out_of(self, text: str) -> str:
        out, at = [], 0
        for start, term in self._met(_folded(text)):
            out += [text[at:start], self._put[term]]
            at = start + len(term)
        return "".join([*out, text[at:]]) if at else text

    def stand_in(self, text: str) -> bool:
        return next(self._met(_folded(text)), None) is not None

    def _met(self, text: str) -> Iterator[tuple[int, str]]:
        """(place, term) of those that stand in a folded text, from left to right; none overlaps another."""
        if not self._begin:
            return
        end = 0
        for place in _MAY_BEGIN.finditer(text):
            start = place.start()
            if start >= end and (term := self._at(text, start)):
                yield start, term
                end = start + len(term)

    def _at(self, text: str, start: int) -> str | None:
        """The longest term that begins at `start`. One shorter than _KEY has a key of its own length, so longer keys go first."""
        for length in self._keys:
            for term in self._begin.get(text[start : start + length], ()):
                if text.startswith(term, start) and _ends(text, start + len(term)):
                    return term
        return None


def identifiers(names: Iterable[str]) -> frozenset[str]:
    """Names that nobody writes by chance: at least six characters with a digit, an underscore, a blank or a capital letter inside.
    `love` and `facebook` are handles of somebody, too; taken out of every sentence they would leave none."""
    return frozenset(name for name in names if len(name) >= 6 and _NO_WORD.search(name))


def _ends(text: str, end: int) -> bool:
    """Whether a term that ends at `end` is a whole word there, if it ends with a letter or digit."""
    return not (_WORD.match(text[end - 1]) and end < len(text) and _WORD.match(text[end]))


def _folded(text: str) -> str:
    """Without case, every character in its place: what the fold of one would make two keeps its lower case (ß)."""
    return text.lower() if text.isascii() else text.translate(_FOLDS)


class _Folds(dict[int, str]):
    """The fold of each character met so far, as str.translate asks for it. The Turkish i's count as i."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        found = next((one for one in (char.casefold(), char.lower()) if len(one) == 1), char)
        self[code] = "i" if char in "\u0130\u0131" else found
        return self[code]


_FOLDS = _Folds()
