"""Times of shares from text: numbers of seconds, or ISO 8601 instants."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.detect.sweep import Flags

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_ISO = r"^(?P<local>\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?) ?(?P<zone>[Zz]|[+-]\d{2}(?::?\d{2})?)?$"

NEITHER, NUMBER, NAIVE, AWARE = range(4)


@dataclass(frozen=True)
class Times:
    """By row: `seconds` since 1970-01-01 UTC; `kind`, what it could be read as: NEITHER number nor instant (its seconds mean nothing), a
    NUMBER, an instant without a zone (NAIVE) or with one (AWARE); `offset` of an instant in seconds east of UTC."""

    seconds: npt.NDArray[np.float64]
    kind: npt.NDArray[np.int8]
    offset: npt.NDArray[np.float64]


def times_of(column: pa.ChunkedArray) -> Times:
    """Parse text. Whether all rows are of one kind and one offset is for the caller to see (`faults`)."""
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    number = _flags(pc.match_substring_regex(text, _NUMBER))
    offset = np.full(len(text), np.nan)
    if number.all():
        seconds = text.cast(pa.float64()).to_numpy()
        return Times(seconds, np.where(np.isfinite(seconds), NUMBER, NEITHER).astype(np.int8), offset)
    seconds = np.full(len(text), np.nan)
    kind = np.where(number, NUMBER, NEITHER).astype(np.int8)
    if number.any():
        seconds[number] = text.filter(pa.array(number)).cast(pa.float64()).to_numpy()
    parts = pc.extract_regex(text.combine_chunks(), _ISO)
    iso = _flags(pc.is_valid(parts)) & ~number
    if iso.any():
        chosen = parts.filter(pa.array(iso))
        local = pd.to_datetime(
            pd.Series(chosen.field("local").to_pylist()).str.replace(",", "."), format="ISO8601", errors="coerce"
        )
        offset[iso] = [_offset(one) for one in chosen.field("zone").to_pylist()]
        stamps = local.astype("datetime64[us]")
        seconds[iso] = np.where(stamps.isna(), np.nan, stamps.astype("int64").to_numpy() / 1e6 - np.nan_to_num(offset[iso]))
        kind[iso] = np.where(np.isnan(offset[iso]), NAIVE, AWARE)
    kind[~np.isfinite(seconds)] = NEITHER
    return Times(seconds, kind, offset)


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
