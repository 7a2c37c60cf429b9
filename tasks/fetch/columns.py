"""Values of a source turned into the kinds of our schema, column by column; what does not fit is marked, never guessed.

A column arrives as an Arrow array (Parquet) or as a list of Python values (NDJSON, CSV). The whole column is tried at once; only where
that fails is it read value by value.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from tasks.domain.frames import Column
from tasks.fetch.instants import TimeRule, all_match, instants

Values: TypeAlias = Any  # a pyarrow.Array or a list of Python values
MAX_TEXT = 1_000_000  # characters; the longest post any platform allows has 63,206

_LIST = pa.list_(pa.string())


@dataclass(frozen=True)
class Reading:
    """How the source writes values: times, separators in list cells (`json` = a JSON array), its words for ours."""

    times: TimeRule = field(default_factory=TimeRule)
    list_separator: str = ","
    words: dict[str, dict[str, str | None]] = field(default_factory=dict)  # our text column -> their value -> ours


@dataclass(frozen=True)
class Converted:
    """The typed array, the rows that did not fit, and why (one reason a column: reasons are counted)."""

    values: pa.Array
    faulty: np.ndarray
    reason: str


def convert(values: Values, column: Column, reading: Reading) -> Converted:
    """Turn `values` into an Arrow array of the kind of `column`; faulty rows are null there and true in `faulty`.

    Text: strings, whole numbers as digits (ids); a lone surrogate becomes U+FFFD, which is a fault in an id like any control character.
    Count: whole numbers. Instant: by `reading.times`. List: lists of strings, or one string that is split.
    """
    match column.kind:
        case "text":
            array, faulty = _text(values)
        case "count":
            array, faulty = _count(values)
        case "instant":
            array, faulty = instants(values, column.name, reading.times)
        case "list":
            array, faulty = _list(values, reading.list_separator)
        case other:
            raise ValueError(f"no source column is of kind {other}")
    reason = _REASONS[column.kind].format(column.name)
    if words := reading.words.get(column.name):
        array = _reworded(array, words)
    if column.vocabulary:
        return _in_vocabulary(array, faulty, column, reason)
    if column.kind == "text" and not column.optional:
        return _legible(array, faulty, column, reason)
    return Converted(array, faulty, reason)


_REASONS = {
    "text": f"{{}} is not text of at most {MAX_TEXT:,} characters",
    "count": "{} is not a whole number",
    "instant": "{} is not a time in the declared format",
    "list": "{} is not a list of texts",
}


def _text(values: Values) -> tuple[pa.Array, np.ndarray]:
    if isinstance(values, pa.Array):
        array = _as_strings(values)
        if array is None:
            return _each(values.to_pylist(), pa.string(), _one_text)
    else:
        try:
            array = pa.array(values, pa.string())
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeError):
            return _each(values, pa.string(), _one_text)
    long = pc.greater(pc.utf8_length(array), MAX_TEXT).fill_null(False).to_numpy(zero_copy_only=False)
    return (pc.if_else(pa.array(~long), array, pa.scalar(None, pa.string())) if long.any() else array), long


def _as_strings(array: pa.Array) -> pa.Array | None:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type) or pa.types.is_integer(array.type):
        return array.cast(pa.string())
    return pa.nulls(len(array), pa.string()) if pa.types.is_null(array.type) else None


def _one_text(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise ValueError
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _count(values: Values) -> tuple[pa.Array, np.ndarray]:
    if isinstance(values, pa.Array) and pa.types.is_integer(values.type):
        try:
            return values.cast(pa.int64()), np.zeros(len(values), bool)
        except pa.ArrowInvalid:  # unsigned, beyond 2**63
            pass
    if isinstance(values, pa.Array) and pa.types.is_string(values.type) and all_match(values, r"^-?[0-9]{1,18}$"):
        return values.cast(pa.int64()), np.zeros(len(values), bool)
    plain = values.to_pylist() if isinstance(values, pa.Array) else values
    return _each(plain, pa.int64(), _one_count)


def _one_count(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    number = int(value.strip()) if isinstance(value, str) else int(value)
    if number != (number if isinstance(value, str) else value) or abs(number) >= 2**63:
        raise ValueError
    return number


def _list(values: Values, separator: str) -> tuple[pa.Array, np.ndarray]:
    if isinstance(values, pa.Array):
        if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
            try:
                return values.cast(_LIST), np.zeros(len(values), bool)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                pass
        values = values.to_pylist()
    return _each(values, _LIST, lambda value: _one_list(value, separator))


def _one_list(value: Any, separator: str) -> list[str]:
    if isinstance(value, str):
        parts = orjson.loads(value) if separator == "json" else value.split(separator)
        value = [part.strip() for part in parts if part.strip()] if separator != "json" else parts
    if not isinstance(value, list):
        raise TypeError
    return [_one_text(item) for item in value if item is not None]


def _each(values: Sequence[Any], kind: pa.DataType, read: Callable[[Any], Any]) -> tuple[pa.Array, np.ndarray]:
    """Value by value: null stays null, a value that `read` refuses becomes null and a fault."""
    out: list[Any] = []
    faulty = np.zeros(len(values), bool)
    for position, value in enumerate(values):
        try:
            out.append(None if value is None else read(value))
        except (ValueError, TypeError, OverflowError):
            out.append(None)
            faulty[position] = True
    return pa.array(out, kind), faulty


def _legible(array: pa.Array, faulty: np.ndarray, column: Column, reason: str) -> Converted:
    broken = pc.match_substring_regex(array, r"[\x00-\x1f\x7f\x{FFFD}]|^\s*$").fill_null(False).to_numpy(zero_copy_only=False)
    if not broken.any():
        return Converted(array, faulty, reason)
    return Converted(array, faulty | broken, f"{column.name} is empty or holds control characters")


def _reworded(array: pa.Array, words: dict[str, str | None]) -> pa.Array:
    """Their words for ours; a word that stands for nothing becomes null; others stay."""
    place = pc.index_in(array, pa.array(list(words), pa.string()))
    return pc.if_else(pc.is_valid(place), pa.array(list(words.values()), pa.string()).take(place), array)


def _in_vocabulary(array: pa.Array, faulty: np.ndarray, column: Column, reason: str) -> Converted:
    known = pc.is_in(array, pa.array(column.vocabulary, pa.string()))
    strange = pc.and_(pc.is_valid(array), pc.invert(known)).to_numpy(zero_copy_only=False)
    if not strange.any():
        return Converted(array, faulty, reason)
    array = pc.if_else(known, array, pa.scalar(None, pa.string()))
    return Converted(array, faulty | strange, f"{column.name} is none of {', '.join(column.vocabulary)}")
