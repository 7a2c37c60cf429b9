"""Links made comparable: the same page written in two ways becomes one object, so that two accounts that share it can be seen to.

What `canonical_url` unifies: scheme and host in lower case, unicode hosts as punycode, user names, default ports, the final dot of a
host and a final slash dropped, percent escapes in capitals, tracking parameters and fragments dropped (`#!` names a page and stays),
defanged forms (`hxxp`, `[.]`) restored. What it leaves apart: http and https, `www.` and bare hosts, the order of parameters, dot
segments, letter case of paths. Links that were cut short are no links. No link is ever opened.
"""

import re
from collections.abc import Callable, Collection
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.domain.links import names_a_share

MAX_URL = 2_048  # longer ones are kept as they are: browsers and sitemaps stop here

_TRACKING_NAMES = """
    fbclid gclid dclid gbraid wbraid gclsrc msclkid yclid ysclid twclid ttclid li_fat_id igshid igsh mc_cid mc_eid mkt_tok _hsenc _hsmi
    oly_anon_id oly_enc_id vero_id vero_conv _openstat s_cid _ga _gl ref_src ref_url __twitter_impression fb_source fb_action_ids
    fb_action_types spm share_token
"""
_TRACKING = frozenset(_TRACKING_NAMES.split())
_TRACKING_BY_HOST = {
    "twitter.com": {"s", "t", "cn", "refsrc"},
    "x.com": {"s", "t", "cn", "refsrc"},
    "youtube.com": {"si", "feature", "pp", "ab_channel"},
    "youtu.be": {"si", "feature"},
    "facebook.com": {"__tn__", "__xts__", "mibextid", "rdid", "share_url"},
    "tiktok.com": {"is_from_webapp", "sender_device", "_r", "_t", "is_copy_url"},
}
_LAST_PORT = 65_535
_DEFAULT_PORT = {"http": 80, "https": 443}
_REFANG = re.compile(r"(?i)\[(?:\.|dot)\]|\((?:\.|dot)\)|\{\.\}")
_DOUBLED = re.compile(r"(?i)^(?:https?:/*)+(?=https?://)")  # `http://https://t.co/x`: written by hand or by a broken tool
_CUT = re.compile(r"(?:…|\.{3})$")  # a repost that grew too long ends inside its link: every "https://t.…" would be one object
_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
# Scheme, host, port, path, query, fragment of a link without oddities: four times faster than urllib's splitter.
_PLAIN = re.compile(
    r"(?i)(https?)://([a-z0-9-]+(?:\.[a-z0-9-]+)+\.?)(?::(\d{1,5}))?(/[^?#\[\](){}\\]*)?(?:\?([^#\[\](){}\\]*))?(?:#(.*))?$"
)
# Nothing left to do: lower-case host, path of plain characters, no query, no final slash. 1.1M t.co links pass in 0.2 s.
_ALREADY = r"^https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*(?:/[A-Za-z0-9_~.-]*[A-Za-z0-9_~-])*$"
_NOT_IN_HOSTS = re.compile(r"[\x00-\x20\x7f!\"#$%&'()*+,/:;<=>?@\[\\\]^`{|}~]")
_HOST = r"^https?://(?:www\.)?(?P<host>\[[^\]/]*\]|[^/?#:\[\]]+)"


def canonical_url(url: str) -> str | None:
    """The canonical form of one link, or None where the text names no host (`mailto:`, `javascript:`, a bare word) or was cut short
    (its end, or that of its canonical form, is `…` or `...`).

    A link without a scheme counts as http. Links of other schemes (`tg://`, `ftp://`) and longer than 2,048 characters stay as written.
    """
    text = "".join(url.split())
    if _CUT.search(text):
        return None
    found = text if len(text) > MAX_URL else _canonical(text)
    return None if found is None or _CUT.search(found) else found


def _canonical(text: str) -> str | None:
    if plain := _PLAIN.match(text):
        scheme, host, port, path, query, fragment = plain.groups("")
        if port and int(port) > _LAST_PORT:
            return None
        return _joined(scheme.lower(), host.rstrip(".").lower(), int(port) if port else None, path, query, fragment)
    text = _REFANG.sub(".", re.sub(r"(?i)^(h)xx(ps?)(?=\W)", r"\1tt\2", text).replace("[:]", ":").replace("[://]", "://"))
    text = _DOUBLED.sub("", text)
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        if not re.match(r"(?:[\w-]+\.)+[^\W\d_][\w-]+(?::\d+)?(?:[/?#]|$)", text):
            return None
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        port_number = parts.port
    except ValueError:  # an unbalanced bracket, a port that is no number: not a link
        return None
    if parts.scheme not in _DEFAULT_PORT:
        return text
    host = _ascii_host(parts.hostname or "")
    return _joined(parts.scheme, host, port_number, parts.path, parts.query, parts.fragment) if host else None


def canonical_urls(lists: pa.Array) -> pa.Array:
    """`canonical_url` of every element of a list<string> array; each page once a post, in order; what names no host is left out.

    Works on the distinct links only. Null lists stay null.
    """
    return _map_lists(lists, _canonical_values)


def domains(lists: pa.Array) -> pa.Array:
    """The hosts of canonical links, each once a post: lower case, punycode, without `www.` and port.

    Not the registrable domain: `news.example.co.uk` stays whole, and two blogs on one blog host stay two. Shorteners
    (tasks.domain.links) are left out: their host is not where the page lies.
    """
    return _map_lists(lists, _domain_values)


def _ascii_host(host: str) -> str:
    """The host in ASCII; empty where it holds a character that no host has."""
    host = host.rstrip(".").lower()
    if ":" in host:
        return f"[{host}]"
    if not host.isascii() and len(host) <= 253:
        try:
            host = host.encode("idna").decode("ascii").rstrip(".").lower()
        except UnicodeError:  # not a legal name, but still what the post says
            return "" if _NOT_IN_HOSTS.search(host) else host
    return "" if _NOT_IN_HOSTS.search(host) else host


def _joined(scheme: str, host: str, port: int | None, path: str, query: str, fragment: str) -> str:
    """The parts of an http link in the form that compares."""
    place = host if port is None or port == _DEFAULT_PORT[scheme] else f"{host}:{port}"
    tail = path.rstrip("/")
    if query:
        own: Collection[str] = _TRACKING_BY_HOST.get(host.removeprefix("www.").removeprefix("m."), frozenset())
        kept = [item for item in query.split("&") if item and not _is_tracking(item.partition("=")[0], own)]
        tail += "?" + "&".join(kept) if kept else ""
    if fragment.startswith("!"):
        tail += f"#{fragment}"
    if "%" in tail:
        tail = _ESCAPE.sub(lambda match: match[0].upper(), tail)
    return f"{scheme}://{place}{tail}"


def _is_tracking(name: str, own: Collection[str]) -> bool:
    return name in own or name.lower() in _TRACKING or name.lower().startswith("utm_")


def _canonical_values(values: pa.Array) -> pa.Array:
    ready = pc.match_substring_regex(values, _ALREADY).fill_null(True)
    rest = values.filter(pc.invert(ready))
    mended = pa.array([canonical_url(url) for url in rest.to_pylist()], pa.string())
    return pc.replace_with_mask(values, pc.invert(ready), mended)


def _domain_values(values: pa.Array) -> pa.Array:
    hosts = pc.struct_field(pc.extract_regex(values, _HOST), [0])
    distinct = hosts.unique()
    shares = pa.array([host for host in distinct.to_pylist() if host and names_a_share(host)], pa.string())
    return pc.if_else(pc.is_in(hosts, value_set=shares), pa.scalar(None, pa.string()), hosts)


def _map_lists(lists: pa.Array, values_of: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Apply a function of distinct strings to every element; drop null results and repeats within a list."""
    rows = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(np.int64)
    given = pc.list_flatten(lists).dictionary_encode(null_encoding="encode")
    results = values_of(given.dictionary).dictionary_encode()
    code_of = results.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    codes = code_of[given.indices.to_numpy(zero_copy_only=False)]
    rows, codes = rows[codes >= 0], codes[codes >= 0]
    first = np.sort(np.unique(rows * (len(results.dictionary) + 1) + codes, return_index=True)[1])
    return _rebuild(lists, rows[first], results.dictionary.take(pa.array(codes[first])))


def _rebuild(lists: pa.Array, rows: np.ndarray, values: pa.Array) -> pa.Array:
    """A list array of the same length and nulls, holding `values` at `rows` (ascending)."""
    lengths = np.bincount(rows, minlength=len(lists)) if len(rows) else np.zeros(len(lists), np.int64)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    nulls = lists.is_null()
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=nulls if lists.null_count else None)
