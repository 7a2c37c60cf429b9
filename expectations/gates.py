"""The batch gate: what a fetch or ingest brought is split into clean rows and quarantine, and the batch as a whole is judged."""

import math
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd

from expectations.bounds import Bounds, Span
from expectations.run import Context, reasons_by_row, validate
from expectations.suites import load_suite
from expectations.tables import BATCH_TOTALS, TABLES
from tasks.domain.errors import ResurgeError
from tasks.domain.parsed import QUARANTINE, Parsed
from tasks.domain.validation import ValidationOutcome

RAW_CHARACTERS = 10_000
BATCH_TABLES = ("posts", "accounts")
OTHER_TABLES = {"takedowns": "ledger", "indicators": "indicators", "post_states": "post_states"}  # table -> its suite


@dataclass(frozen=True)
class GateResult:
    """A batch after the gate. `posts` and `accounts` hold the clean rows (columns as the importer gave them, optional ones filled in),
    `quarantine` (QUARANTINE columns) every other landed row with all its reasons, joined by "; ".

    `rows_quarantined` counts each row once, under its first reason, so that per table landed = clean + quarantined.
    """

    posts: pd.DataFrame
    accounts: pd.DataFrame
    quarantine: pd.DataFrame
    rows_landed: dict[str, int]
    rows_quarantined: dict[str, dict[str, int]]
    outcome: ValidationOutcome
    others: dict[str, pd.DataFrame] = field(default_factory=dict)  # clean takedown rows, indicators and states of posts, by table

    @property
    def blocked(self) -> bool:
        return self.outcome.verdict == "blocked"


@dataclass(frozen=True)
class _Split:
    clean: pd.DataFrame
    quarantine: pd.DataFrame
    counts: dict[str, int]
    outcome: ValidationOutcome


def batch_gate(parsed: Parsed, bounds: Bounds, *, latest_instant: datetime) -> GateResult:
    """Check a parsed batch: row by row, then its books against the volume bounds of its source (`bounds_for`).

    `latest_instant` is the last moment a row may have been posted or observed: the time of the fetch or ingest. The outcome's
    verdict is `blocked` if the batch must stay unpublished; its clean and quarantined rows are returned all the same.

    Raises ResurgeError if the importer lost or doubled rows, UsageProblem for a suite that is wrong.
    """
    frames = {"posts": parsed.posts, "accounts": parsed.accounts, **parsed.others}
    splits = {table: _split(table, frame, parsed, latest_instant) for table, frame in frames.items()}
    for table, split in splits.items():
        _conserved(table, parsed.rows_landed.get(table, 0), len(split.clean), len(split.quarantine))
    totals, context = _totals(parsed, splits, bounds), _bounds_context(bounds)
    books = validate(totals, load_suite("batch"), context=context)
    return GateResult(
        posts=splits["posts"].clean,
        accounts=splits["accounts"].clean,
        quarantine=pd.concat([split.quarantine for split in splits.values()], ignore_index=True),
        rows_landed={table: parsed.rows_landed.get(table, 0) for table in splits},
        rows_quarantined={table: split.counts for table, split in splits.items() if split.counts},
        outcome=ValidationOutcome(books.checks + tuple(check for split in splits.values() for check in split.outcome.checks)),
        others={table: split.clean for table, split in splits.items() if table not in BATCH_TABLES},
    )


def _split(table: str, frame: pd.DataFrame, parsed: Parsed, latest_instant: datetime) -> _Split:
    """Clean rows, quarantined rows (those the importer rejected among them) and counts by first reason of one table."""
    suite = OTHER_TABLES.get(table, table)
    frame = _with_optional_columns(suite, frame.reset_index(drop=True))
    rejected = QUARANTINE.conform(parsed.rejected[parsed.rejected["table"] == table])
    outcome = ValidationOutcome(())
    faulty = reasons_by_row(outcome)
    if len(frame):  # a table without rows is judged by the books: an archive may bring posts or accounts alone
        outcome = validate(frame, load_suite(suite), context={"latest_instant": latest_instant})
        faulty = reasons_by_row(outcome)
    keep = np.ones(len(frame), dtype=bool)
    keep[faulty["position"].to_numpy(dtype=np.int64)] = False
    bad = frame[~keep]
    refused = QUARANTINE.conform(
        pd.DataFrame(
            {"table": table, "row_number": bad.get("row_number"), "reason": faulty["reasons"].to_numpy(), "raw": _as_json(bad)}
        )
    )
    first_reasons = pd.concat([rejected["reason"].astype(object), faulty["reason"].astype(object)])
    counts = {str(reason): int(rows) for reason, rows in first_reasons.value_counts(sort=False).sort_index().items()}
    quarantine = pd.concat([rejected, refused], ignore_index=True).sort_values("row_number", kind="stable", ignore_index=True)
    return _Split(frame[keep].reset_index(drop=True), quarantine, counts, outcome)


def _with_optional_columns(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Optional columns that the importer left out, as nulls. A required one stays missing, and its checks block the batch."""
    missing = [c.name for c in TABLES[table].schema.columns if c.optional and c.name not in frame.columns]
    empty = TABLES[table].schema.empty()
    return frame.assign(**{name: empty[name].reindex(frame.index) for name in missing}) if missing else frame


def _as_json(rows: pd.DataFrame) -> np.ndarray:
    """Each row as JSON without its nulls, at most 10,000 characters, as the importer understood it."""
    if rows.empty:
        return np.array([], dtype=object)
    written = rows.astype(object).to_json(orient="records", lines=True, date_format="iso", force_ascii=False)
    lines = written.removesuffix("\n").split(
        "\n"
    )  # splitlines() would cut at U+2028, U+0085 and others that JSON leaves as they are
    return np.array([line[:RAW_CHARACTERS] for line in lines], dtype=object)


def _conserved(table: str, landed: int, clean: int, quarantined: int) -> None:
    if lost := landed - clean - quarantined:
        raise ResurgeError(
            f"Of {landed:,} landed {table}, {clean:,} are clean and {quarantined:,} refused: the importer "
            f"{'lost' if lost > 0 else 'doubled'} {abs(lost):,}.",
            remedy="Nothing was stored. The importer of this format must account for every row; report it with the file.",
        )


def _totals(parsed: Parsed, splits: dict[str, _Split], bounds: Bounds) -> pd.DataFrame:
    landed = {table: parsed.rows_landed.get(table, 0) for table in splits}
    refused = {table: len(split.quarantine) for table, split in splits.items()}
    allowed = {table: max(math.floor(bounds.batch.refused.share * landed[table]), bounds.batch.refused.rows) for table in splits}
    beyond = {table: max(0, refused[table] - allowed[table]) for table in splits}
    row = {
        "rows_landed": sum(landed.values()),
        "posts_landed": landed["posts"],
        "accounts_landed": landed["accounts"],
        "posts_refused_beyond_allowance": beyond["posts"],
        "accounts_refused_beyond_allowance": beyond["accounts"],
        "others_refused_beyond_allowance": sum(count for table, count in beyond.items() if table not in BATCH_TABLES),
        "tables_refused_whole": sum(1 for table in splits if landed[table] and refused[table] == landed[table]),
        "fields_unknown": sum(1 for drift in parsed.drift if drift.kind == "unknown"),
        "fields_missing": sum(1 for drift in parsed.drift if drift.kind == "missing"),
    }
    return BATCH_TOTALS.conform(pd.DataFrame([row]))


def _bounds_context(bounds: Bounds) -> Context:
    spans: dict[str, Span] = {"rows": bounds.batch.rows, "posts": bounds.batch.posts, "accounts": bounds.batch.accounts}
    return {f"{name}_{end}": getattr(span, end) for name, span in spans.items() for end in ("min", "max")}
