"""Run a suite over a frame and say what follows in our own terms: checks, and rows at fault with the reason."""

from collections.abc import Mapping
from datetime import datetime
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from expectations.engine import Finding, judge
from expectations.suites import Check, Suite
from expectations.tables import TABLES
from tasks.domain.batches import CheckResult
from tasks.domain.errors import UsageProblem
from tasks.domain.validation import RowFault, ValidationOutcome

UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))

QUOTES = "'\""
Context = Mapping[str, datetime | float | int]


def validate(frame: pd.DataFrame, suite: Suite, *, context: Context) -> ValidationOutcome:
    """Check `frame` (the columns of `suite.table`; lists allowed) against `suite`; `context` fills in its `$values`.

    A check that could not be carried out (a column is missing, a value cannot be compared) fails and blocks, whatever the suite
    says of it. A frame without rows blocks: nothing was checked. Positions in the faults are 0-based rows of `frame`.

    Raises UsageProblem for a suite that Great Expectations cannot carry out or a context value that is missing or not declared;
    ResurgeError if it answers other checks than were asked.
    """
    _same_names(suite, context)
    if frame.empty:
        return ValidationOutcome(tuple(_unchecked(suite, check, 0, "no rows: nothing was checked") for check in suite.checks))
    table = TABLES[suite.table]
    scalars = table.scalars(frame, suite.columns)
    arguments = {check.name: _arguments(check, context, scalars) for check in suite.checks}
    findings = judge(scalars, suite, arguments)
    results = tuple(_result(suite, check, findings[check.name], arguments[check.name], len(frame)) for check in suite.checks)
    faults = tuple(
        RowFault(check.quarantine, findings[check.name].positions)
        for check in suite.checks
        if check.quarantine is not False and len(findings[check.name].positions)
    )
    return ValidationOutcome(results, faults)


def reasons_by_row(outcome: ValidationOutcome) -> pd.DataFrame:
    """The rows at fault, one a row: position, `reason` (the first in the suite's order, under which it is counted) and `reasons`
    (all, joined by "; ")."""
    if not outcome.faults:
        return pd.DataFrame({"position": np.array([], dtype=np.int64), "reason": [], "reasons": []})
    rows = np.unique(np.concatenate([fault.positions for fault in outcome.faults]))
    broken = np.zeros((len(rows), len(outcome.faults)), dtype=bool)
    for column, fault in enumerate(outcome.faults):
        broken[np.searchsorted(rows, fault.positions), column] = True
    patterns, pattern = np.unique(broken, axis=0, return_inverse=True)  # few: words are joined once a pattern, not once a row
    words = [list(dict.fromkeys(outcome.faults[i].reason for i in np.flatnonzero(bits))) for bits in patterns]
    first, every = np.array([w[0] for w in words], dtype=object), np.array(["; ".join(w) for w in words], dtype=object)
    return pd.DataFrame({"position": rows, "reason": first[pattern], "reasons": every[pattern]})


def _same_names(suite: Suite, context: Context) -> None:
    if set(context) != set(suite.context):
        missing, extra = sorted(set(suite.context) - set(context)), sorted(set(context) - set(suite.context))
        raise UsageProblem(
            f"{suite.file} was run without {', '.join(missing) or 'nothing'} and with undeclared {', '.join(extra) or 'nothing'}.",
            remedy="Give exactly the values that it declares under context.",
        )


def _arguments(check: Check, context: Context, scalars: pd.DataFrame) -> dict[str, Any]:
    """The kwargs with `$values` filled in; bounds on instants become instants."""
    filled = {
        key: context[value[1:]] if isinstance(value, str) and value.startswith("$") else value
        for key, value in check.kwargs.items()
    }
    column = filled.get("column")
    if column in scalars.columns and isinstance(scalars[column].dtype, pd.DatetimeTZDtype):
        return {key: pd.Timestamp(v) if key in ("min_value", "max_value") and v is not None else v for key, v in filled.items()}
    return filled


def _result(suite: Suite, check: Check, finding: Finding, arguments: Mapping[str, Any], rows: int) -> CheckResult:
    if finding.problem:
        return _unchecked(suite, check, rows, f"could not be checked: {finding.problem}")
    return CheckResult(
        suite=suite.suite,
        name=check.name,
        description=check.description,
        blocking=check.blocking,
        success=finding.success,
        rows=rows,
        failed_rows=len(finding.positions),
        note="" if finding.success else _note(check, finding, arguments, rows),
    )


def _unchecked(suite: Suite, check: Check, rows: int, note: str) -> CheckResult:
    return CheckResult(
        suite=suite.suite, name=check.name, description=check.description, blocking=True, success=False, rows=rows, note=note
    )


def _note(check: Check, finding: Finding, arguments: Mapping[str, Any], rows: int) -> str:
    if finding.observed is not None:
        low, high = arguments.get("min_value"), arguments.get("max_value")
        allowed = " and ".join(f"{word} {value:,g}" for word, value in (("at least", low), ("at most", high)) if value is not None)
        return f"{check.columns[0].replace('_', ' ')} is {finding.observed:,g}, allowed is {allowed}"
    counted = f"{len(finding.positions):,} of {rows:,} rows"
    seconds = bool(check.columns) and check.columns[0].endswith("_s")
    shown = ", ".join(_shown(value, seconds) for value in finding.sample if value is not None and value == value)
    return f"{counted}, such as {shown}" if shown else counted


def _shown(value: object, seconds: bool) -> str:
    """A sample value for print: `repr` makes controls and bidi overrides of hostile text visible, instants are in UTC, and spans of
    `seconds` in the largest unit that they fill."""
    if isinstance(value, dict):  # the columns of a key that stands twice
        return f"({', '.join(_shown(part, seconds=False).strip(QUOTES) for part in value.values())})"
    if isinstance(value, str):
        return repr(value)[:60]
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}" + (" UTC" if value.tzinfo else "")
    if seconds and isinstance(value, Real):
        return _span(float(value))
    return f"{value:,.10g}" if isinstance(value, Real) else str(value)[:60]


def _span(seconds: float) -> str:
    """345600.0 -> `4 days`, -90 -> `-2 minutes`, 1 -> `1 second`."""
    length, unit = next(((length, unit) for length, unit in UNITS if abs(seconds) >= length), (1, "second"))
    count = round(seconds / length)
    return f"{count:,} {unit}{'' if abs(count) == 1 else 's'}"
