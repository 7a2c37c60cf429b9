"""Taking names out of words: mentions, links and addresses in quoted posts, and terms that must not stand anywhere."""

import re
from collections.abc import Iterable, Mapping

from tasks.domain.links import PLATFORM_HOSTS, SHORTENERS

ACCOUNT, LINK, ADDRESS = "[account]", "[link]", "[address]"

_DOT = r"(?:\[\.\]|\.)"  # quotes are defanged, words of analysts may not be
_MAIL = re.compile(rf"[\w.+\-\[\]]+[@＠][\w\-]+(?:{_DOT}[\w\-]+)+")
_LINK = re.compile(
    rf"(?i)(?:\b(?:h..ps?|fxp|ftp)://)?(?P<host>[\w\-]+(?:{_DOT}[\w\-]+)*\[\.\][\w\-]+)(?P<rest>[:/?#][^\s<>\"'，。]*)?"
)
_SCHEME_LINK = re.compile(r"(?i)\b(?:h..ps?|fxp|ftp)://[^\s<>\"'，。]+")
_NO_WORD = re.compile(r"[\d_ ]|(?<=[a-z])[A-Z]")
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
    letter or digit is met as a whole word only."""

    def __init__(self, terms: Mapping[str, str]) -> None:
        self._put = {term.casefold(): put for term, put in terms.items() if term.strip()}
        ordered = sorted(self._put, key=lambda term: (-len(term), term))  # the longest first
        self._found = re.compile("|".join(map(_bounded, ordered)), re.IGNORECASE) if ordered else None

    def taken_out_of(self, text: str) -> str:
        if self._found is None:
            return text
        return self._found.sub(lambda match: self._put.get(match[0].casefold(), ACCOUNT), text)

    def stand_in(self, text: str) -> bool:
        return self._found is not None and self._found.search(text) is not None


def identifiers(names: Iterable[str]) -> frozenset[str]:
    """Names that nobody writes by chance: at least six characters with a digit, an underscore, a blank or a capital letter inside.
    `love` and `facebook` are handles of somebody, too; taken out of every sentence they would leave none."""
    return frozenset(name for name in names if len(name) >= 6 and _NO_WORD.search(name))


def _bounded(term: str) -> str:
    before = r"(?<![A-Za-z0-9_])" if term[0].isascii() and (term[0].isalnum() or term[0] == "_") else ""
    after = r"(?![A-Za-z0-9_])" if term[-1].isascii() and (term[-1].isalnum() or term[-1] == "_") else ""
    return f"{before}{re.escape(term)}{after}"
