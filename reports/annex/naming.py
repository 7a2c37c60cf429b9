"""What a reader of an annex may know accounts, posts, links and words by.

Accounts that may be named keep their handle, id and posts. Of everybody else only a keyed hash leaves the workspace: their handles, ids,
display names and posts are replaced wherever they stand, in texts and in links too.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

import pandas as pd

from tasks.domain.accounts import account_key
from tasks.domain.links import PLATFORM_HOSTS
from tasks.domain.printable import defang, printable
from tasks.domain.pseudonyms import pseudonym

SHORTEST_NAME, SHORTEST_CJK_NAME = 4, 3  # a name below that is a word too; it is replaced after "@" only
LONGEST_NAME = 6  # words, or characters of a script that puts no space between them
_LINK = re.compile(r"(?i)\bh(?:tt|xx)ps?://[^\s\"'<>，。]+")
_MENTION = re.compile(r"[@＠](\w(?:[\w.\-]*\w)?(?:@[\w.\-]*\w)?)")
_CJK = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[A-Za-z0-9_]+|[{_CJK}]|[^\W_A-Za-z0-9{_CJK}]+")
_IN_CJK = re.compile(rf"[{_CJK}]")
_TOKEN = re.compile(r"[^/?&=#@:]+")
# Parts of a platform's addresses that say what kind of page it is, and name nobody.
_STRUCTURE = re.compile(r"status(?:es)?|watch|v|videos?|channel|c|u(?:ser)?|p(?:osts?)?|reel|i|web|s|profile|shorts|embed")


class Names:
    """Names of one rendition. `nameable`: "platform/account_id" of the accounts that may be named; `members`: of those on the list."""

    def __init__(
        self, observations: pd.DataFrame, collected: pd.DataFrame, nameable: frozenset[str], members: Iterable[str], key: bytes
    ):
        """`observations`: ACCOUNTS, every one (a name an account gave up names it too); `collected`: POSTS, of everybody."""
        self._nameable, self._members, self._key = nameable, frozenset(members), key
        self._open: set[str] = set()
        self._hidden: dict[str, str] = {}
        self._collected = collected
        self._posts: dict[str, bool] = {}
        for account, name in _named(observations, collected):
            if account in nameable:
                self._open.add(name)
            else:
                self._hidden.setdefault(name, account)
        self._sorted = sorted(self._hidden)
        self._begins: dict[str, bool] = {}
        self._said: dict[tuple[str, str, bool], str] = {}  # why an account is listed is said of thousands in the same words

    def may_name(self, account: str) -> bool:
        return account in self._nameable

    def pseudonym(self, account: str) -> str:
        """`outsider-…`, or `account-…` of a member that may not be named here."""
        platform, account_id = account.split("/", 1)
        return pseudonym(self._key, platform, account_id, kind="account" if account in self._members else "outsider")

    def look_up(self, addresses: Iterable[str]) -> None:
        """Learn which parts of these addresses are ids of collected posts, and whose. To be called before `link`, once for all."""
        tokens = {token for address in addresses for token in _TOKEN.findall(address)}
        found = self._collected.loc[
            self._collected["post_id"].isin(list(tokens)).to_numpy(bool), ["platform", "account_id", "post_id"]
        ]
        for account, post in zip(account_key(found), found["post_id"], strict=True):
            self._posts[post.casefold()] = self._posts.get(post.casefold(), True) and account in self._nameable
        self._said.clear()

    def link(self, address: str) -> str:
        """The address, defanged; with a keyed hash for its path where that names somebody or may do so: on a platform where anybody
        publishes every part must be known to belong to an account that may be named."""
        host = host_of(address)
        if not host:
            return self._of("", address, "link")
        rest = unquote(address.partition("://")[2].partition("/")[2])
        tokens = [token.casefold() for token in _TOKEN.findall(rest)]
        platform = _platform_of(host)
        label = host.removesuffix(f".{platform}") if platform and platform != host else ""
        if label:
            tokens.append(label.casefold())
        if not any(self._names_hidden(token) for token in (*tokens, *host.split("."))):
            free = not platform and "@" not in rest
            if free or all(_STRUCTURE.fullmatch(token) or token in self._open or self._posts.get(token) for token in tokens):
                return defang(printable(address, limit=2_000)[0])
        shown = platform if label else host
        return f"{printable(shown)[0].replace('[.]', '.').replace('.', '[.]')}/{self._of(shown, address, 'link')}"

    def words(self, text: str, platform: str, *, paths: bool = True) -> str:
        """A text with mentions, names and links of accounts that may not be named replaced by pseudonyms, clean for print. Without
        `paths` only the host of a link is left: the code of a shortener names one share of a page, and so a post."""
        asked = (text, platform, paths)
        if asked not in self._said:
            self._said[asked] = self._words(text, platform, paths=paths)
        return self._said[asked]

    def _words(self, text: str, platform: str, *, paths: bool) -> str:
        if not text.isascii():
            text = "".join(c for c in text if unicodedata.category(c) != "Cf" or c in "\u200c\u200d")
        text = _LINK.sub(lambda found: self.link(found[0]) if paths else self._host_of(found[0]), text)
        text = _MENTION.sub(lambda found: f"@{self._mention(found[1], platform)}", text)
        return printable(self._without_names(text))[0]

    def _host_of(self, address: str) -> str:
        scheme, _, rest = self.link(address).rpartition("://")
        host, slash, _ = rest.partition("/")
        return f"{scheme}://{host}/…" if scheme and slash else host

    def _mention(self, handle: str, platform: str) -> str:
        known = handle.casefold()
        if (known in self._open and known not in self._hidden) or known.startswith(("outsider-", "account-")):
            return handle
        return self.pseudonym(self._hidden.get(known, f"{platform}/{known}"))

    def _without_names(self, text: str) -> str:
        found = list(_WORD.finditer(text))
        out, at, i = [], 0, 0
        while i < len(found):
            if not self._begins_hidden(found[i][0]):
                i += 1
                continue
            for last in range(min(i + LONGEST_NAME, len(found)) - 1, i - 1, -1):
                said = text[found[i].start() : found[last].end()]
                if _is_name(said) and (account := self._hidden.get(said.casefold())):
                    out += [text[at : found[i].start()], self.pseudonym(account)]
                    at, i = found[last].end(), last
                    break
            i += 1
        return "".join([*out, text[at:]])

    def _begins_hidden(self, word: str) -> bool:
        """Whether a hidden name begins like this. Few words do, and trying every run of words after one takes six look-ups."""
        if word not in self._begins:
            start = word.casefold()
            at = bisect_left(self._sorted, start)
            self._begins[word] = at < len(self._sorted) and self._sorted[at].startswith(start)
        return self._begins[word]

    def _names_hidden(self, token: str) -> bool:
        return (_is_name(token) and token in self._hidden) or self._posts.get(token) is False

    def _of(self, platform: str, name: str, kind: str) -> str:
        return pseudonym(self._key, platform, f"{kind}\0{name}", kind=f"outsider-{kind}")


def host_of(address: str) -> str:
    """The host of a link, defanged or not, in lower case and without `www.`; empty where it has none."""
    try:
        return (urlsplit(address.replace("hxxp", "http", 1).replace("[.]", ".")).hostname or "").removeprefix("www.")
    except ValueError:  # brackets that hold no address
        return ""


def _is_name(word: str) -> bool:
    """Whether a word is long enough not to be somebody's name by chance."""
    return len(word) >= (SHORTEST_CJK_NAME if _IN_CJK.search(word) else SHORTEST_NAME)


def _platform_of(host: str) -> str:
    """The platform on which `host` lies, itself or the host above it; empty where it lies on none."""
    parts = host.split(".")
    return next((name for i in range(len(parts) - 1) if (name := ".".join(parts[i:])) in PLATFORM_HOSTS), "")


def _named(observations: pd.DataFrame, collected: pd.DataFrame) -> list[tuple[str, str]]:
    """("platform/account_id", name without case) of everybody."""
    ids = pd.concat([frame[["platform", "account_id"]].drop_duplicates() for frame in (observations, collected)]).drop_duplicates()
    pairs = list(zip(account_key(ids), ids["account_id"].str.casefold(), strict=True))
    for column in ("handle", "display_name"):
        rows = observations.loc[observations[column].notna().to_numpy(bool), ["platform", "account_id", column]].drop_duplicates()
        pairs += zip(account_key(rows), rows[column].str.strip().str.lstrip("@").str.casefold(), strict=True)
    return [(account, name) for account, name in pairs if name]
