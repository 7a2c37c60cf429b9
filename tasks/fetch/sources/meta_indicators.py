"""Importer `meta-indicators`: the indicator lists Meta publishes with its threat reports, as CSV or Parquet.

Needed is a column `indicator` (older files: `indicator_value`, `threat_indicator`); read besides are `tactic`, `procedure` (or
`technique`), `note` (or `description`). What an indicator is, is read from its own words, never from a column that says so:

    7,704 Facebook accounts      asset count, with platform and asset type; "22 accounts" takes its platform from the procedure
    https://twitter[.]com/Name   account, with platform and handle, where the link names one; else
    https://quora[.]com/q/x      link, refanged and canonical
    example[.]com                domain
    d41d8cd9...                  hash (MD5, SHA-1, SHA-256)
    #SomeTag                     hashtag
    anything else                text; an empty cell is `none`: the row names a technique, or separates sections

The files carry no day. `--observed-at` says from when the list counts as known: the day it was published.
"""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from tasks.domain.errors import UsageProblem
from tasks.domain.ledgers import INDICATORS
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile
from tasks.fetch.lined import Books, Fault, LinedRow, no_options, read_lined
from tasks.fetch.links import canonical_url
from tasks.fetch.rows import ObservedAt, capture_rule

VERSION = "1"
NAMES = ("indicator", "indicator_value", "threat_indicator")
MAX_INDICATOR = 10_000
_DOT = re.compile(r"(?i)\[(?:\.|dot)\]|\((?:\.|dot)\)|\{(?:\.|dot)\}")
_COLON = re.compile(r"[\[({]:(?://)?[\])}]")
_COUNT = re.compile(
    r"(?i)(\d[\d,]*)\s+(?:(facebook|instagram|threads|x|twitter|tiktok|youtube|telegram)\s+)?(accounts?|pages?|groups?|channels?)\s*\.?"
)
_HASH = re.compile(r"(?i)[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
_LINKISH = re.compile(r"(?i)h(?:tt|xx)ps?(?=[:\[({])\S+|(?:[\w-]+\.)+[a-z][\w-]*(?::\d+)?[/?#]\S*")
_DOMAIN = re.compile(r"(?i)(?:[\w-]+\.)+(?:[a-z]{2,24}|xn--[\w-]+)")
_OWNERS = {"accounts": "facebook", "pages": "facebook", "groups": "facebook", "channels": ""}
_PLATFORM_WORDS = ("facebook", "instagram", "threads", "tiktok", "youtube", "telegram")

# Where the address of an account stands: (host without www., m. or mobile.) -> (platform, pattern of the path).
_HANDLE = r"[\w.@%~-]+"
_ACCOUNTS: dict[str, tuple[str, str]] = {
    "twitter.com": ("x", rf"/({_HANDLE})"),
    "x.com": ("x", rf"/({_HANDLE})"),
    "tiktok.com": ("tiktok", rf"/@({_HANDLE})"),
    "youtube.com": ("youtube", rf"/(?:@|channel/|c/|user/)({_HANDLE})(?:/about|/videos|/featured)?"),
    "instagram.com": ("instagram", rf"/({_HANDLE})"),
    "facebook.com": ("facebook", rf"/({_HANDLE})"),
    "t.me": ("telegram", rf"/(?:s/)?({_HANDLE})"),
    "reddit.com": ("reddit", rf"/(?:user|u)/({_HANDLE})"),
    "medium.com": ("medium", rf"/@({_HANDLE})"),
    "quora.com": ("quora", rf"/profile/({_HANDLE})(?:/answers)?"),
    "tumblr.com": ("tumblr", rf"/({_HANDLE})"),
    "vk.com": ("vk", rf"/({_HANDLE})"),
    "pinterest.com": ("pinterest", rf"/({_HANDLE})"),
    "vimeo.com": ("vimeo", rf"/({_HANDLE})"),
    "soundcloud.com": ("soundcloud", rf"/({_HANDLE})"),
    "threads.net": ("threads", rf"/@({_HANDLE})"),
}
_OWN_HOSTS = {"livejournal.com": "livejournal", "tumblr.com": "tumblr", "medium.com": "medium", "blogspot.com": "blogspot"}
_NO_ACCOUNT = frozenset(
    {"i", "hashtag", "search", "home", "intent", "share", "explore", "p", "watch", "groups", "profile.php", "joinchat"}
)


class MetaIndicatorImporter:
    """`parse` as in the port tasks.domain.ports.Importer; rows come in `others["indicators"]` (INDICATORS)."""

    format = "meta-indicators"
    version = VERSION

    def parse(self, files: Sequence[LandedFile], *, observed_at: ObservedAt, options: dict[str, Any]) -> Parsed:
        """Raises UsageProblem without an instant: the files say nothing of when they were published."""
        no_options(options, self.format)
        if observed_at is None or observed_at == "posted":
            raise UsageProblem(
                "Indicator lists carry no day: nothing says from when they were known.",
                remedy="Give the day of their publication, such as --observed-at 2023-08-29T00:00:00Z.",
            )
        rule = capture_rule(files, observed_at)
        books = Books("indicators")
        for row in read_lined(files, (NAMES,), "An indicator list needs a column `indicator`."):
            try:
                books.accepted.append(
                    _read(row)
                    | {
                        "row_number": row.number,
                        "observed_at": observed_at,
                        "tactic": row.of("tactic"),
                        "procedure": row.of("procedure", "technique"),
                        "note": row.of("note", "description"),
                    }
                )
            except Fault as fault:
                books.refuse(row, fault)
        return books.parsed(INDICATORS, rule)


def _read(row: LinedRow) -> dict[str, Any]:
    if row.odd:
        raise Fault(row.odd)
    text = row.of(*NAMES)
    if text is None:
        return {"kind": "none"}
    if len(text) > MAX_INDICATOR:
        raise Fault(f"the indicator has {len(text):,} characters, more than {MAX_INDICATOR:,}", "indicator")
    if counted := _COUNT.fullmatch(text):
        return _asset_count(counted, f"{row.of('procedure') or ''} {row.of('technique') or ''}".lower())
    if _HASH.fullmatch(text):
        return {"kind": "hash", "value": text.lower()}
    if re.fullmatch(r"#[^\s#]+", text):
        return {"kind": "hashtag", "value": text}
    plain = refanged(text)
    if _DOMAIN.fullmatch(plain.rstrip("/")):
        return {"kind": "domain", "value": plain.rstrip("/").lower().removeprefix("www.")}
    if _LINKISH.fullmatch(plain) and (link := canonical_url(plain)) is not None:
        return _account(link) or {"kind": "link", "value": link, "link": link}
    return {"kind": "text", "value": text}


def refanged(text: str) -> str:
    """`hxxps[:]//www[.]example(dot)com` -> `https://www.example.com`; other texts stay."""
    text = _COLON.sub(lambda found: "://" if "/" in found[0] else ":", _DOT.sub(".", text.strip()))
    return re.sub(r"(?i)^h(?:xx|tt)p", "http", text)


def _account(link: str) -> dict[str, Any] | None:
    """The account that a canonical link names by its place alone, or None."""
    scheme_host, _, path = link.partition("://")[2].partition("/")
    host = re.sub(r"^(?:www|m|mobile|web|old)\.", "", scheme_host)
    path = "/" + path.partition("?")[0].partition("#")[0].rstrip("/")
    for parent, platform in _OWN_HOSTS.items():
        if host.endswith("." + parent) and path == "/" and (name := host[: -len(parent) - 1]).count(".") == 0:
            return {"kind": "account", "platform": platform, "value": name, "link": link}
    for parent, (platform, pattern) in _ACCOUNTS.items():
        if host == parent or (host.endswith("." + parent) and parent in ("quora.com", "pinterest.com", "reddit.com")):
            found = re.fullmatch(pattern, path)
            if found and found[1].lower() not in _NO_ACCOUNT:
                return {"kind": "account", "platform": platform, "value": unquote(found[1]), "link": link}
    return None


def _asset_count(counted: re.Match[str], procedure: str) -> dict[str, Any]:
    asset = counted[3].lower().rstrip("s") + "s"
    named = (counted[2] or "").lower().replace("twitter", "x")
    platform = named or next((word for word in _PLATFORM_WORDS if word in procedure), _OWNERS[asset])
    return {
        "kind": "asset count",
        "value": counted[0],
        "count": int(counted[1].replace(",", "")),
        "asset_type": asset,
        "platform": platform or None,
    }
