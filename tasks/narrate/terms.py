"""Texts to terms, in any script: words where a script has spaces, character pairs where it has none.

Everything runs in Arrow's kernels over whole columns: a Python tokeniser over 500,000 posts takes longer than the whole briefing may.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import opencc
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from tasks.narrate.stopwords import CHINESE_PARTICLES, STOP_WORDS

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LINKS = r"https?://\S+|www\.\S+|\[url\]|@[\p{L}\p{N}_]+"
_INVISIBLE = r"[\p{Cf}\x{FFFD}'’]"  # apostrophes too: "don't" is one word
MAX_TERM = 40  # characters; longer ones are keys and codes
SHORT_SPACED, SHORT_UNSPACED = 20, 10  # below these lengths a text is never copypasta (docs/methods.md, narratives)


@dataclass(frozen=True)
class Terms:
    """`counts[i, j]`: how often text i holds `vocabulary[j]` (CSR, float32)."""

    counts: sparse.csr_array
    vocabulary: np.ndarray  # of str


def normal_form(texts: pd.Series) -> pa.Array:
    """NFKC, lower case, links, mentions and invisible characters removed. Null becomes the empty string."""
    array = pa.array(texts.fillna("").astype(object), pa.string())
    array = pc.utf8_lower(pc.utf8_normalize(array, "NFKC"))
    array = pc.replace_substring_regex(array, _LINKS, " ")
    return pc.replace_substring_regex(array, _INVISIBLE, "")


def long_enough(texts: pd.Series) -> np.ndarray:
    """Which texts have 20 characters, or 10 in a script without spaces, once links and mentions are gone."""
    array = pc.replace_substring_regex(normal_form(texts), r"\s+", "")
    length = pc.utf8_length(array).to_numpy(zero_copy_only=False)
    unspaced = pc.utf8_length(pc.replace_substring_regex(array, f"[^{_UNSPACED}]+", "")).to_numpy(zero_copy_only=False)
    return np.asarray((length >= SHORT_SPACED) | (unspaced >= SHORT_UNSPACED))


def terms_of(texts: pd.Series) -> Terms:
    """Count the terms of every text.

    Words of 2 to 40 characters without digits only and stop words; for Han, Kana, Thai and their like every pair of neighbouring
    characters (traditional Chinese folded to simplified, so that both forms meet). Vocabulary in code point order.
    """
    array = pc.replace_substring_regex(normal_form(texts), r"[^\p{L}\p{N}\p{M}]+", " ")
    array = pc.replace_substring_regex(array, f"([{_UNSPACED}]+)", r" \1 ")
    lists = pc.utf8_split_whitespace(array)
    rows = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(np.int64)
    encoded = pc.list_flatten(lists).dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return _matrix(rows, codes, encoded.dictionary, len(texts))


def _matrix(rows: np.ndarray, codes: np.ndarray, tokens: pa.Array, texts: int) -> Terms:
    unspaced = pc.match_substring_regex(tokens, f"^[{_UNSPACED}]+$").to_numpy(zero_copy_only=False).astype(bool)
    words = _usable_words(tokens, unspaced)
    pair_token, pair_text = _pairs(tokens, np.flatnonzero(unspaced))
    word_ids = np.flatnonzero(words)
    vocabulary, term = _vocabulary(pa.concat_arrays([tokens.take(pa.array(word_ids)), pair_text]))
    term_of_word = np.full(len(tokens), -1, np.int64)
    term_of_word[word_ids] = term[: len(word_ids)]
    is_word = words[codes]
    at, pairs = _expand(codes, pair_token, len(tokens))
    row = np.concatenate([rows[is_word], rows[at]])
    column = np.concatenate([term_of_word[codes[is_word]], term[len(word_ids) :][pairs]])
    counts = sparse.csr_array((np.ones(len(row), np.float32), (row, column)), shape=(texts, len(vocabulary)))
    counts.sum_duplicates()
    return Terms(counts, vocabulary)


def _vocabulary(names: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Distinct names in code point order, and for every name its place among them."""
    encoded = names.dictionary_encode()
    order = pc.array_sort_indices(encoded.dictionary).to_numpy(zero_copy_only=False).astype(np.int64)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    vocabulary = np.asarray(encoded.dictionary.take(pa.array(order)).to_pylist(), object)
    return vocabulary, place[encoded.indices.to_numpy(zero_copy_only=False)]


def _usable_words(tokens: pa.Array, unspaced: np.ndarray) -> np.ndarray:
    length = pc.utf8_length(tokens).to_numpy(zero_copy_only=False)
    letters = pc.match_substring_regex(tokens, r"\p{L}").to_numpy(zero_copy_only=False).astype(bool)
    stop = pc.is_in(tokens, pa.array(sorted(STOP_WORDS))).to_numpy(zero_copy_only=False).astype(bool)
    return np.asarray(~unspaced & letters & ~stop & (length >= 2) & (length <= MAX_TERM))


def _pairs(tokens: pa.Array, chosen: np.ndarray) -> tuple[np.ndarray, pa.Array]:
    """(token position, pair) for every usable character pair of the chosen tokens, in token order."""
    runs = [simplified(token) for token in tokens.take(pa.array(chosen)).to_pylist()]
    out_token: list[int] = []
    out_pair: list[str] = []
    for position, run in zip(chosen.tolist(), runs, strict=True):
        for first, second in pairwise(run):
            pair = first + second
            if first not in CHINESE_PARTICLES and second not in CHINESE_PARTICLES and pair not in STOP_WORDS:
                out_token.append(position)
                out_pair.append(pair)
    return np.asarray(out_token, np.int64), pa.array(out_pair, pa.string())


def _expand(codes: np.ndarray, pair_token: np.ndarray, tokens: int) -> tuple[np.ndarray, np.ndarray]:
    """For every occurrence of a token with pairs: (position of the occurrence, position of the pair)."""
    first = np.searchsorted(pair_token, np.arange(tokens + 1))
    many = np.diff(first)[codes]
    at = np.repeat(np.arange(len(codes)), many)
    within = np.arange(len(at)) - np.repeat(np.cumsum(many) - many, many)
    return at, np.repeat(first[:-1][codes], many) + within


@cache
def _folding() -> dict[int, str]:
    """Traditional to simplified, character by character, from OpenCC over the CJK ideographs (cached: one conversion a process)."""
    blocks = [*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000)]
    converted = opencc.OpenCC("t2s").convert("\n".join(map(chr, blocks))).split("\n")
    return {code: out for code, out in zip(blocks, converted, strict=True) if len(out) == 1 and ord(out) != code}


def simplified(text: str) -> str:
    """Fold traditional Chinese characters to simplified ones."""
    return text.translate(_folding())
