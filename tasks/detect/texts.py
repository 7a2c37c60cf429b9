"""One spelling for texts that say the same: what is compared when copies of a text are looked for."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from unicodedata import normalize

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

SHORT_CHARACTERS = 20  # a CJK character counts for two: below 20 (10 CJK) a text is compared by equality only

_CJK = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]"
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"  # written without spaces between words
_INVISIBLE = r"[\p{Cf}\x{FFFD}\x{FE00}-\x{FE0F}]+"  # format characters, the replacement character, variation selectors
# Marks that are added and left out at will: accents no letter carries (composed letters keep theirs), Hebrew points, Arabic vowel signs
# and tatweel, enclosing signs such as the keycap. Thai and Indic vowels are letters of their words and stay.
_MARKS = (
    r"[\x{0300}-\x{036F}\x{0591}-\x{05BD}\x{05BF}\x{05C1}\x{05C2}\x{05C4}\x{05C5}\x{05C7}\x{0610}-\x{061A}\x{0640}\x{064B}-\x{065F}\x{0670}"
    r"\x{06D6}-\x{06DC}\x{06DF}-\x{06E4}\x{06E7}\x{06E8}\x{06EA}-\x{06ED}\p{Me}]+"
)
_LINKS_AND_MENTIONS = (
    rf"https?://[^\s{_UNSPACED}]*|www\.[^\s{_UNSPACED}]+|\[url\]|"
    r"^\s*rt @[\p{L}\p{N}_.\-]+ ?:|@[\p{L}\p{N}_][\p{L}\p{N}_.\-]*"
)
_SIGNS_AND_SPACES = r"[\s\p{Z}\p{Cc}\p{P}\p{S}]+"  # punctuation; symbols, which emoji are
_MIXED = r"[a-z]\p{Cyrillic}|\p{Cyrillic}[a-z]"  # within one word: letters of one alphabet that look like the other's
_TO_CYRILLIC = str.maketrans("aceopxyi", "асеорхуі")
_TO_LATIN = str.maketrans("асеорхуі", "aceopxyi")


def normal_texts(texts: pd.Series) -> pa.Array:
    """The comparable form of every text, as Arrow strings; null and empty texts give "".

    In order: format characters, U+FFFD and variation selectors removed; NFKC and case folding; vowel signs and other optional marks
    removed; traditional Chinese characters folded to simplified ones (OpenCC's character table); Cyrillic letters among Latin ones and the
    reverse folded to the text's main alphabet, if a word mixes them; links, `[url]`, mentions and a leading "RT @name:" removed;
    punctuation, symbols and emoji to spaces; spaces squeezed, and removed beside characters of scripts that use none.
    """
    array = pa.array(texts, from_pandas=True).cast(pa.string())
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], pa.string())
    encoded = pc.fill_null(array, "").dictionary_encode()  # a text copied many times is read once
    array = encoded.dictionary
    odd = pc.invert(pc.string_is_ascii(array))  # half the posts of the 2017 archive are plain ASCII and need no Python
    array = pc.replace_with_mask(pc.ascii_lower(array), odd, _strange(array.filter(odd)))
    array = pc.replace_substring_regex(array, _LINKS_AND_MENTIONS, " ")
    array = pc.utf8_trim_whitespace(pc.replace_substring_regex(array, _SIGNS_AND_SPACES, " "))
    array = pc.replace_with_mask(array, odd, _closed_up(array.filter(odd)))
    return array.take(encoded.indices)


def _strange(array: pa.Array) -> pa.Array:
    """Texts that are not plain ASCII, folded."""
    array = pc.replace_substring_regex(array, _INVISIBLE, "")  # before NFKC: it composes what then stands together
    array = pa.array([_fold(text) for text in array.to_pylist()], pa.string())
    return _one_alphabet(_simplified(pc.replace_substring_regex(array, _MARKS, "")))


def _closed_up(array: pa.Array) -> pa.Array:
    """Without spaces beside characters of scripts that use none: there they are breaks of a line, or put in to be another text."""
    array = pc.replace_substring_regex(array, f"([{_UNSPACED}]) ", r"\1")
    return pc.replace_substring_regex(array, f" ([{_UNSPACED}])", r"\1")


def _one_alphabet(array: pa.Array) -> pa.Array:
    mixed = pc.match_substring_regex(array, _MIXED)
    if not pc.any(mixed).as_py():
        return array
    return pc.replace_with_mask(array, mixed, pa.array([_unmixed(text) for text in array.filter(mixed).to_pylist()], pa.string()))


def _unmixed(text: str) -> str:
    """Letters with a look-alike, in the alphabet that holds more of the letters without one."""
    own = [sign for sign in text if sign not in _LOOKALIKES]
    cyrillic = sum("\u0400" <= sign <= "\u04ff" for sign in own)
    return text.translate(_TO_CYRILLIC if cyrillic > sum("a" <= sign <= "z" for sign in own) else _TO_LATIN)


_LOOKALIKES = frozenset("aceopxyiасеорхуі")


def text_lengths(normal: pa.Array, enough: int) -> npt.NDArray[np.int64]:
    """Characters, a CJK one counting for two; exact where it is below `enough`, else that or more."""
    lengths = np.array(pc.utf8_length(normal).to_numpy(zero_copy_only=False), np.int64)
    wide = pc.and_(pc.invert(pc.string_is_ascii(normal)), pa.array(lengths < enough))  # to count them is slow: 2 us a text
    lengths[wide.to_numpy(zero_copy_only=False)] += pc.count_substring_regex(normal.filter(wide), _CJK).to_numpy(
        zero_copy_only=False
    )
    return lengths


def _fold(text: str) -> str:
    return text.lower() if text.isascii() else normalize("NFKC", normalize("NFKC", text).casefold())


def _simplified(array: pa.Array) -> pa.Array:
    han = pc.match_substring_regex(array, r"\p{Han}")
    if not pc.any(han).as_py():
        return array
    table = _traditional_to_simplified()
    return pc.replace_with_mask(
        array, han, pa.array([text.translate(table) for text in array.filter(han).to_pylist()], pa.string())
    )


@lru_cache(maxsize=1)
def _traditional_to_simplified() -> dict[int, str]:
    """OpenCC's table of single characters; of several simplified forms the first, its default."""
    spec = find_spec("opencc")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package opencc-python-reimplemented is not installed")
    lines = (Path(spec.origin).parent / "dictionary" / "TSCharacters.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if "\t" in line)
    return {ord(traditional): simplified.split(" ")[0] for traditional, simplified in pairs if len(traditional) == 1}
