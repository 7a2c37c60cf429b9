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
_INVISIBLE = r"[\p{Cf}\x{FFFD}\x{FE00}-\x{FE0F}]+"  # format characters, the replacement character, variation selectors
_LINKS_AND_MENTIONS = (
    r"https?://[^\s\p{Han}]*|www\.[^\s\p{Han}]+|\[url\]|^\s*rt @[\p{L}\p{N}_.\-]+ ?:|@[\p{L}\p{N}_][\p{L}\p{N}_.\-]*"
)
_SPACES = r"[\s\p{Z}\p{Cc}]+"


def normal_texts(texts: pd.Series) -> pa.Array:
    """The comparable form of every text, as Arrow strings; null and empty texts give "".

    In order: format characters, U+FFFD and variation selectors removed; NFKC and case folding; traditional Chinese characters
    folded to simplified ones (OpenCC's character table); links, `[url]`, mentions and a leading "RT @name:" removed; spaces squeezed.
    """
    array = pa.array(texts, from_pandas=True).cast(pa.string())
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], pa.string())
    encoded = pc.fill_null(array, "").dictionary_encode()  # a text copied many times is read once
    array = encoded.dictionary
    odd = pc.invert(pc.string_is_ascii(array))  # half the posts of the 2017 archive are plain ASCII and need no Python
    strange = pc.replace_substring_regex(array.filter(odd), _INVISIBLE, "")  # before NFKC: it composes what then stands together
    strange = _simplified(pa.array([_fold(text) for text in strange.to_pylist()], pa.string()))
    array = pc.replace_with_mask(pc.ascii_lower(array), odd, strange)
    array = pc.replace_substring_regex(array, _LINKS_AND_MENTIONS, " ")
    array = pc.utf8_trim_whitespace(pc.replace_substring_regex(array, _SPACES, " "))
    return array.take(encoded.indices)


def text_lengths(normal: pa.Array) -> npt.NDArray[np.int64]:
    """Characters, a CJK one counting for two."""
    lengths = pc.add(pc.utf8_length(normal), pc.count_substring_regex(normal, _CJK))
    return np.asarray(lengths.to_numpy(zero_copy_only=False), np.int64)


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
