"""Times of shares from text: numbers of seconds, or ISO 8601 instants that all name the same offset from UTC."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.detect.sweep import Flags

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_ISO = r"^(?P<local>\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?) ?(?P<zone>[Zz]|[+-]\d{2}(?::?\d{2})?)?$"

_NEITHER = "is not a number of seconds or an instant such as 2023-10-07T10:00:00Z"


@dataclass(frozen=True)
class Times:
    """`seconds` since 1970-01-01 UTC by row; where `bad`, they mean nothing and `why` says so of the first kind of fault."""

    seconds: np.ndarray
    bad: Flags
    why: str


def times_of(column: pa.ChunkedArray) -> Times:
    """Parse text. The first row that can be read settles which form and which offset all must have."""
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    number = _flags(pc.match_substring_regex(text, _NUMBER))
    if number.all():
        seconds = text.cast(pa.float64()).to_numpy()
        return Times(seconds, ~np.isfinite(seconds), _NEITHER)
    parts = pc.extract_regex(text.combine_chunks(), _ISO)
    iso = _flags(pc.is_valid(parts)) & ~number
    seconds = np.full(len(text), np.nan)
    if number.any():
        seconds[number] = text.filter(pa.array(number)).cast(pa.float64()).to_numpy()
    if not iso.any():
        return Times(seconds, ~np.isfinite(seconds), _NEITHER)
    chosen = parts.filter(pa.array(iso))
    local = pd.to_datetime(pd.Series(chosen.field("local").to_pylist()).str.replace(",", "."), format="ISO8601", errors="coerce")
    offset = np.array([_offset(one) for one in chosen.field("zone").to_pylist()])
    stamps = local.astype("datetime64[us]")
    seconds[iso] = np.where(stamps.isna(), np.nan, stamps.astype("int64").to_numpy() / 1e6 - np.nan_to_num(offset))
    wrong = ~np.isfinite(seconds)
    if wrong.any():
        return Times(seconds, wrong, _NEITHER)
    naive, mixed = np.zeros((2, len(seconds)), np.bool_)
    naive[iso], mixed[iso] = np.isnan(offset), offset != offset[0]
    if naive.any():
        return Times(seconds, naive, "is a time without a zone: write Z or an offset such as +02:00 behind it")
    if number.any():
        other = iso if number[0] else number
        return Times(
            seconds, other, f"is written otherwise than the first row ({text[0].as_py()!r}): seconds and instants are mixed"
        )
    return Times(seconds, mixed, f"has another time zone than the first row ({text[0].as_py()!r}): convert all to UTC")


def _offset(zone: str | None) -> float:
    """Seconds east of UTC; NaN for none."""
    if not zone:
        return float("nan")
    if zone in "Zz":
        return 0.0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return (-1 if zone[0] == "-" else 1) * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)


def _flags(values: pa.Array | pa.ChunkedArray) -> Flags:
    return np.asarray(pc.fill_null(values, False), np.bool_)
