"""Importer `takedown-ledger`: a table of takedowns that somebody compiled, one row an action and asset type.

Columns (CSV or Parquet; needed are the first five):

    date_start, date_end   first and last day, YYYY-MM-DD
    date_precision         day, announcement day, week, month, quarter, half-year, year, lifetime, unknown; more may follow in brackets
    platform               as in the posts; several that share one count are joined by +
    asset_type             accounts, pages, groups, channels ...
    count                  a whole number; empty = not stated
    row_id, campaign, spamouflage_link (or link), approximate, source_url (or address), source_kind (or source), note, announced_on, known

How a row is read:

* Precision `month`, `quarter` or coarser is kept with the row: such rows overlap one another and are never added.
* `announcement day` is a day, and the day of announcement. A `day (list ...)` says when a list was published, not when it took effect.
* Exposures, followers, archives and lists are no removals: kept, marked, and never an action.
* With `--observed-at posted` (the default) a row counts as known from the day it was announced, else from the day after its interval
  ended; an instant makes all rows known from then on.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tasks.domain.ledgers import TAKEDOWN_ROWS
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile
from tasks.fetch.lined import Books, Fault, LinedRow, no_options, read_lined, shown
from tasks.fetch.rows import ObservedAt, capture_rule

VERSION = "1"
REQUIRED = (("date_start",), ("date_precision",), ("platform",), ("asset_type",), ("count",))
_NO_REMOVAL = re.compile(r"expos|follow|archive|listed")
_PLATFORM = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}(?:\+[a-z0-9][a-z0-9._-]{0,63})*")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,15}")
_MONTH_OF_A_QUARTER = re.compile(r"month of q[1-4]")


class TakedownLedgerImporter:
    """`parse` as in the port tasks.domain.ports.Importer; rows come in `others["takedowns"]` (TAKEDOWN_ROWS)."""

    format = "takedown-ledger"
    version = VERSION

    def parse(self, files: Sequence[LandedFile], *, observed_at: ObservedAt, options: dict[str, Any]) -> Parsed:
        no_options(options, self.format)
        rule = capture_rule(files, observed_at)
        books = Books("takedowns")
        for row in read_lined(
            files, REQUIRED, "A takedown ledger needs date_start, date_precision, platform, asset_type and count."
        ):
            try:
                if row.odd:
                    raise Fault(row.odd)
                values: dict[str, Any] = {"row_number": row.number}
                for read in (_dates, _platform, _count, _known, _asset, _approximate, _source, _rest):
                    values |= read(row)
                books.accepted.append(values | {"observed_at": _known_from(values, observed_at)})
            except Fault as fault:
                books.refuse(row, fault)
        return books.parsed(TAKEDOWN_ROWS, rule)


def _dates(row: LinedRow) -> dict[str, Any]:
    words = (row.of("date_precision") or "unknown").lower()
    announced, first = _day(row, "announced_on"), _day(row, "date_start")
    last = _day(row, "date_end") or first
    if first and last and last < first:
        raise Fault(f"date_end {last} lies before date_start {first}", "date_end")
    precision = _precision(words)
    if "list" in words and precision in ("day", "month"):
        announced, first, last, precision = announced or first, None, None, "unknown"
    elif words.startswith("announcement"):
        announced = announced or first
    if precision == "day" and first is None:
        raise Fault("date_start is missing, though the precision is a day", "date_start")
    dated = {"effective_from": first, "effective_to": last, "announced_on": announced}
    return {"precision": precision, **{name: _instant(day) for name, day in dated.items()}}


def _precision(words: str) -> str:
    if _MONTH_OF_A_QUARTER.search(words):  # which of the three months is not known, whatever dates were written
        return "quarter"
    plain = words.partition("(")[0].strip().removeprefix("reporting ").removeprefix("announcement ")
    if plain in ("day", "week", "month", "quarter", "half-year", "year", "lifetime", "unknown"):
        return plain
    raise Fault(
        f"{shown(words)} is no precision: day, week, month, quarter, half-year, year, lifetime or unknown", "date_precision"
    )


def _platform(row: LinedRow) -> dict[str, Any]:
    platform = (row.of("platform") or "").lower().replace(" ", "")
    if not _PLATFORM.fullmatch(platform):
        raise Fault(
            f"{shown(platform)} is no platform: lower-case letters, digits, dots and dashes, several joined by +", "platform"
        )
    return {"platform": platform}


def _count(row: LinedRow) -> dict[str, Any]:
    text = row.of("count")
    if text is not None and not _NUMBER.fullmatch(text):
        raise Fault(f"{shown(text)} is not a whole number of 0 or more", "count")
    return {"count": None if text is None else int(text.replace(",", ""))}


def _known(row: LinedRow) -> dict[str, Any]:
    known = (row.of("known") or "yes").lower()
    if known not in ("yes", "unknown"):
        raise Fault(f"{shown(known)} is neither yes nor unknown", "known")
    return {"known": known}


def _asset(row: LinedRow) -> dict[str, Any]:
    asset = row.of("asset_type")
    if asset is not None and len(asset) > 64:
        raise Fault(f"{shown(asset)} is longer than 64 characters", "asset_type")
    words = f"{asset or ''} {row.of('date_precision') or ''}".lower()
    return {"asset_type": asset, "removal": not _NO_REMOVAL.search(words)}


def _approximate(row: LinedRow) -> dict[str, Any]:
    text = (row.of("approximate") or "false").lower()
    if text not in ("true", "false", "yes", "no", "1", "0"):
        raise Fault(f"{shown(text)} is neither true nor false", "approximate")
    return {"approximate": text in ("true", "yes", "1")}


def _source(row: LinedRow) -> dict[str, Any]:
    """An indicator file or page of the platform itself is its word; all else is the press, unless it says that it was inferred."""
    words = (row.of("source_kind", "source") or "").lower()
    own = words == "platform" or re.match(r"primary \(.*(?:indicator file|platform page)", words)
    return {"source": "platform" if own else "inferred" if words == "inferred" else "press"}


def _rest(row: LinedRow) -> dict[str, Any]:
    return {
        "row_id": row.of("row_id") or f"row-{row.number}",
        "network": row.of("campaign"),
        "link": row.of("spamouflage_link", "link"),
        "address": row.of("source_url", "address"),
        "note": row.of("note"),
    }


def _known_from(values: dict[str, Any], observed_at: ObservedAt) -> datetime:
    if isinstance(observed_at, datetime):
        return observed_at
    announced, last = values["announced_on"], values["effective_to"]
    if announced is not None:
        return datetime.fromisoformat(str(announced))
    if last is None:
        raise Fault(
            "no date says from when the row was known; give date_end or announced_on, or ingest with --observed-at an instant"
        )
    ended = datetime.fromisoformat(str(last))
    return ended if values["precision"] == "day" else ended + timedelta(days=1)


def _day(row: LinedRow, column: str) -> date | None:
    if (text := row.of(column)) is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Fault(f"{shown(text)} is no day written as 2023-08-29", column) from error
    if not 1990 <= day.year < 2200:
        raise Fault(f"{text} lies outside 1990 to 2199", column)
    return day


def _instant(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None
