"""Cells of published CSV files in the writing that their publishers chose: lists in brackets, yes and no, numbers with commas."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_LIST = pa.list_(pa.string())
_TRUE, _FALSE = ("true", "yes", "1", "t"), ("false", "no", "0", "f")


def flags(values: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """True and false in any letter case, also yes, no, 1, 0; null is false. Also which values are neither."""
    words = pc.utf8_lower(pc.utf8_trim_whitespace(values))
    true = pc.is_in(words, pa.array(_TRUE))
    strange = pc.and_(pc.is_valid(words), pc.invert(pc.or_(true, pc.is_in(words, pa.array(_FALSE)))))
    return true, strange.to_numpy(zero_copy_only=False)


def bracketed(values: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """`[a, b]` or `['a', 'b']` as lists of texts; `[]` and null are empty lists. Also which values stand in no brackets.

    A comma without a blank belongs to the text: links hold them."""
    whole = pc.match_substring_regex(values, r"(?s)^\s*\[.*\]\s*$").fill_null(True)
    inner = pc.replace_substring_regex(pc.if_else(whole, values, None), r"(?s)^\s*\[|\]\s*$", "").fill_null("")
    return without_blanks(pc.split_pattern(inner, ", ")), pc.invert(whole).to_numpy(zero_copy_only=False)


def separated(values: pa.Array, separator: str = ",") -> pa.Array:
    """`a,b` as lists of texts; null is an empty list."""
    return without_blanks(pc.split_pattern(values.fill_null(""), separator))


def without_blanks(lists: pa.Array) -> pa.Array:
    """The lists without empty texts; blanks and quotes around a text are dropped."""
    rows = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    texts = pc.utf8_trim(pc.list_flatten(lists), " \t\r\n'\"")
    given = pc.not_equal(texts, "").to_numpy(zero_copy_only=False)
    offsets = np.concatenate(([0], np.cumsum(np.bincount(rows[given], minlength=len(lists)))))
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), texts.filter(pa.array(given)))


def case_folded(lists: pa.Array) -> pa.Array:
    """Hashtags as the schema has them: case folded, without `#`."""
    values = pc.utf8_ltrim(pc.list_flatten(lists), "#＃").dictionary_encode()
    folded = pa.array([text.casefold() for text in values.dictionary.to_pylist()], pa.string())
    return pa.ListArray.from_arrays(lists.offsets, folded.take(values.indices))


def ungrouped(values: pa.Array) -> pa.Array:
    """`1,234,567` as `1234567`; what is no such number stays as it is, and is refused as a count."""
    grouped = pc.match_substring_regex(values, r"^\d{1,3}(?:,\d{3})+$").fill_null(False)
    return pc.if_else(grouped, pc.replace_substring(values, ",", ""), values)


def later(one: pa.Array, other: pa.Array) -> pa.Array:
    """The later of two instants; of one where the other is null."""
    return pc.if_else(pc.greater(other, one).fill_null(False), other, pc.coalesce(one, other))
