"""Times as sources write them, turned into UTC instants of microseconds.

Never guessed: without an offset a time is read in the declared zone; one that falls into the hour that clocks skip or repeat is a fault,
as is anything before 1990 or after 2199 (seconds read as milliseconds, and the reverse, end there).
"""

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

EPOCH_UNITS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
FIRST, LAST = pd.Timestamp("1990-01-01", tz="UTC"), pd.Timestamp("2200-01-01", tz="UTC")

_INSTANT = pa.timestamp("us", tz="UTC")
_CLOCK = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"
_WITHOUT_OFFSET = _CLOCK + r"(?::\d{2}(?:\.\d{1,6})?)?$"
_WITH_OFFSET = _CLOCK + r"(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})$"
_WITH_SECONDS = _CLOCK + r":\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:\d{2})?$"
_OFFSET = r"(?:[Zz]|[+-]\d{2}(?::?\d{2})?)\s*$"


@dataclass(frozen=True)
class TimeRule:
    """`format`: `iso` (ISO 8601), `epoch_s`, `epoch_ms`, `epoch_us`, or a strptime pattern; by our column, `*` for all others.
    `zone`: of times without an offset."""

    formats: dict[str, str] = field(default_factory=lambda: {"*": "iso"})
    zone: str = "UTC"

    def format_of(self, column: str) -> str:
        return self.formats.get(column, self.formats.get("*", "iso"))


def instants(values: pa.Array | list[Any], column: str, rule: TimeRule) -> tuple[pa.Array, np.ndarray]:
    """Returns the instants (null where there is none) and a mask of the values that are no time under `rule`."""
    if isinstance(values, pa.Array) and pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if rule.format_of(column) == "iso" and (plain := _plain(_as_texts(values), rule.zone)) is not None:
        return plain, np.zeros(len(plain), bool)
    given = _given(values)
    if isinstance(values, pa.Array) and (pa.types.is_timestamp(values.type) or pa.types.is_date(values.type)):
        parsed = _typed(values, rule.zone)
    elif rule.format_of(column) in EPOCH_UNITS:
        parsed = _epochs(values, EPOCH_UNITS[rule.format_of(column)])
    else:
        parsed = _texts(values, rule.format_of(column), rule.zone)
    parsed = parsed.where((parsed >= FIRST) & (parsed < LAST))
    return pa.Array.from_pandas(parsed, type=_INSTANT), given & parsed.isna().to_numpy()


def precision_of(values: pa.Array | list[Any], rule: TimeRule, column: str) -> pa.Array | None:
    """The clock of ISO 8601 texts and dates in seconds: 86,400 where only the day is given, 60 without seconds, else 1.

    None where the writing does not tell (epochs, patterns of strptime, typed times)."""
    if isinstance(values, pa.Array):
        if pa.types.is_date(values.type):
            return pa.array(np.full(len(values), 86_400))
        if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
            return None
    if rule.format_of(column) != "iso":
        return None
    if (strings := _as_texts(values)) is not None and all_match(strings, _WITH_SECONDS):
        return pa.repeat(pa.scalar(1, pa.int64()), len(strings))
    texts = pd.Series(values if isinstance(values, list) else values.to_pylist(), dtype=object).astype("str").str.strip()
    clock = texts.str.replace(_OFFSET, "", regex=True).where(texts.str.len() > 10, texts).str.replace(r"[.,].*", "", regex=True)
    digits = clock.str.count(r"\d")
    return pa.array(np.select([digits <= 8, digits <= 12], [86_400, 60], 1).astype(np.int64))


def _as_texts(values: pa.Array | list[Any]) -> pa.Array | None:
    """The values as an Arrow array where they are all texts."""
    if isinstance(values, pa.Array):
        return values if pa.types.is_string(values.type) else None
    if not values or not all(isinstance(value, str) or value is None for value in values):
        return None
    try:
        return pa.array(values, pa.string())
    except UnicodeError:
        return None


def _plain(texts: pa.Array | None, zone: str) -> pa.Array | None:
    """Times written the usual way, all of them with an offset or all without one in UTC, read by Arrow: ten times faster. None where any
    is written another way, is no time, or lies outside the years that are taken."""
    if texts is None:
        return None
    try:
        if all_match(texts, _WITH_OFFSET):
            read = texts.cast(_INSTANT)
        elif zone == "UTC" and all_match(texts, _WITHOUT_OFFSET):
            read = texts.cast(pa.timestamp("us")).cast(_INSTANT)
        else:
            return None
    except pa.ArrowInvalid:
        return None
    bounds = pc.min_max(read).as_py()
    outside = bounds["min"] is not None and not (bounds["min"] >= FIRST and bounds["max"] < LAST)
    return None if outside else read


def all_match(texts: pa.Array, pattern: str) -> bool:
    """Whether every text that is given matches: then Arrow may read the column, 10 to 20 times faster than value by value."""
    return pc.all(pc.match_substring_regex(texts, pattern)).as_py() in (True, None)


def _given(values: pa.Array | list[Any]) -> np.ndarray:
    if isinstance(values, pa.Array):
        return np.asarray(pc.is_valid(values).to_numpy(zero_copy_only=False))
    return np.fromiter((value is not None for value in values), bool, len(values))


def _typed(values: pa.Array, zone: str) -> pd.Series:
    if pa.types.is_date(values.type) or values.type.tz is None:
        return _localised(pd.Series(values.cast(pa.timestamp("us"), safe=False).to_numpy(zero_copy_only=False)), zone)
    times: pd.Series = values.cast(_INSTANT, safe=False).to_pandas()
    return times


def _epochs(values: pa.Array | list[Any], factor: int) -> pd.Series:
    plain = values.to_pylist() if isinstance(values, pa.Array) else values
    numbers = pd.to_numeric(pd.Series([None if isinstance(v, bool) else v for v in plain], dtype=object), errors="coerce")
    micros = numbers.astype("float64") * factor if factor > 1 else numbers.astype("float64")
    inside = micros.between(FIRST.value // 1_000, LAST.value // 1_000)
    return pd.to_datetime(micros.where(inside).round().astype("Int64"), unit="us", utc=True)


def _texts(values: pa.Array | list[Any], form: str, zone: str) -> pd.Series:
    plain = values.to_pylist() if isinstance(values, pa.Array) else values
    texts = pd.Series([value if isinstance(value, str) else None for value in plain], dtype=object)
    pattern = "ISO8601" if form == "iso" else form
    if form == "iso":
        dated = texts.astype("str").str.match(r"\s*\d{4}-?\d{2}-?\d{2}(?:[T ]\d|\s*$)").fillna(False).astype(bool)
        texts = texts.where(dated)  # a bare year or month would become its first day
        offset = texts.astype("str").str.contains(r"[T ].*" + _OFFSET, regex=True).fillna(False).astype(bool)
    else:
        offset = pd.Series("%z" in form, index=texts.index)
    if zone == "UTC" or offset.all():
        return _micros(pd.to_datetime(texts, format=pattern, utc=True, errors="coerce"))
    local = pd.to_datetime(texts.mask(offset), format=pattern, errors="coerce")
    absolute = _micros(pd.to_datetime(texts.where(offset), format=pattern, utc=True, errors="coerce"))
    return absolute.where(offset, _localised(local, zone))


def _localised(times: pd.Series, zone: str) -> pd.Series:
    """Times without offset, read in `zone`; the skipped and the repeated hour become NaT."""
    local = pd.to_datetime(times).dt.tz_localize(ZoneInfo(zone), ambiguous="NaT", nonexistent="NaT")
    return _micros(local.dt.tz_convert("UTC"))


def _micros(times: pd.Series) -> pd.Series:
    micros: pd.Series = times.dt.as_unit("us")
    return micros
