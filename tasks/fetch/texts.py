"""What a post's text carries: hashtags, mentions, links. Arrow arrays in, Arrow list<string> arrays out, nulls stay null.

Python's `re` finds all matches in one pass (Arrow's kernels find only the first); rows that hold no marker at all are skipped by an
Arrow filter, so 872,128 posts take about 3 s. Every pattern is linear in the text.
"""

import re
import sys
import unicodedata
from collections.abc import Callable
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

WORD_HANDLES = frozenset({"twitter", "x", "telegram"})  # letters, digits and _ only: a dot after a handle ends the sentence

# Where a link ends: white space, quotes, CJK text and punctuation (Chinese puts no space after a link), an ellipsis (a cut link).
_STOP = r"\s<>\"'`|\\^{}…“”«»\u2018\u2019\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uff00-\uffef"
_LINK = re.compile(rf"(?i)(?<![a-z0-9])((?:h(?:tt|xx)ps?(?:://|\[:\]//|\[://\])|www\.)[^{_STOP}]{{1,4000}})(…?)")
_ANY_LINK = re.compile(rf"(?:[hH](?:[tT]{{2}}|[xX]{{2}})[pP][sS]?://|www\.)[^{_STOP}]+")
_MARKERS = r"(?i)https?(?::|\[)|hxxp|www\."
_ENTITY = re.compile(r"&(?:#\w{1,8}|\w{1,8});")
# The marker comes first in each pattern, what must not stand before it after it: `re` then skips to the marker.
_DOTTED_MENTION = re.compile(r"[@＠](?<![\w@＠/&].)(\w(?:[\w.-]{0,253}\w)?(?:@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9]))?)")
_WORD_MENTION = re.compile(r"[@＠](?<![\w@＠/&].)([A-Za-z0-9_]+)")


def hashtags(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Hashtags of each text, case folded, without `#` (`＃` counts too), in order and with repeats: a sequence of tags is an object.

    A tag is a run of letters, marks (Hindi, Thai and pointed Arabic need them), digits and `_` that holds a letter or `_` and does not
    continue a word, a path or an HTML entity.
    """
    return _find(texts, r"[#＃]", _tags_in)


def mentions(texts: pa.Array | pa.ChunkedArray, platform: str) -> pa.Array:
    """Handles that each text mentions, as written, without `@`, in order and with repeats; e-mail addresses are not mentions.

    On twitter, x and telegram a handle is ASCII letters, digits and `_`; elsewhere it may hold dots and hyphens and end in `@host`.
    """
    pattern = _WORD_MENTION if platform in WORD_HANDLES else _DOTTED_MENTION
    return _find(texts, r"[@＠]", lambda text: pattern.findall(_without_links(text)))


def links(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Links that stand in each text, as written, in order. A link cut off by an ellipsis names nothing and is left out.

    Found by `http(s)://`, the defanged `hxxp(s)://`, or `www.`; closing punctuation does not belong to a link.
    """
    return _find(texts, _MARKERS, _links_in)


def _tags_in(text: str) -> list[str]:
    text = _without_links(text)
    if "&" in text:
        text = _ENTITY.sub(" ", text)
    return [tag.casefold() for tag in _tag_pattern().findall(text)]


@cache
def _tag_pattern() -> re.Pattern[str]:
    """Python's `\\w` lacks the combining marks, without which a Hindi tag ends at its first vowel sign."""
    marks = "".join(char for char in map(chr, range(0x300, sys.maxunicode)) if unicodedata.category(char) in ("Mn", "Mc"))
    word = rf"\w{_ranges(marks)}\u200c\u200d"
    return re.compile(rf"[#＃](?<![{word}/&].)([{word}]*[^\W\d][{word}]*)")


def _ranges(chars: str) -> str:
    """Ascending characters as ranges of a character class."""
    codes = np.array([ord(char) for char in chars])
    starts = np.flatnonzero(np.diff(codes, prepend=-2) != 1)
    ends = np.append(starts[1:], len(codes)) - 1
    return "".join(f"{re.escape(chr(codes[a]))}-{re.escape(chr(codes[b]))}" for a, b in zip(starts, ends, strict=True))


def _without_links(text: str) -> str:
    return _ANY_LINK.sub(" ", text) if "://" in text or "www." in text else text


def _links_in(text: str) -> list[str]:
    return [_trimmed(link) for link, cut in _LINK.findall(text) if not cut and not link.endswith("...")]


def _trimmed(link: str) -> str:
    """Drop closing punctuation; a closing bracket stays when it was opened inside the link."""
    while link and link[-1] in ".,;:!?)]*_~&":
        if (link[-1] == ")" and link.count("(") >= link.count(")")) or (link[-1] == "]" and link.count("[") >= link.count("]")):
            break
        link = link[:-1]
    return link


def _find(texts: pa.Array | pa.ChunkedArray, marker: str, find: Callable[[str], list[str]]) -> pa.Array:
    """Run `find` over the texts that hold the marker pattern; everything else gets an empty list, nulls stay null."""
    array = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    hits = pc.match_substring_regex(array, marker).fill_null(False)
    found = [find(text) for text in array.filter(hits).to_pylist()]
    lengths = np.zeros(len(array), np.int64)
    lengths[hits.to_numpy(zero_copy_only=False)] = [len(items) for items in found]
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    values = pa.array([item for items in found for item in items], pa.string())
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=array.is_null() if array.null_count else None)
