"""Great Expectations 1.24, kept to what it does well: judging columns. Everything it lets pass silently is refused here.

It drops an unknown expectation type with a log line, passes a suite without expectations, passes a frame without rows, skips nulls,
and reports a missing column as exception_info rather than as a failure. Importing it takes 2.5 to 5.5 s, so it is imported when a
frame is checked and not before.
"""

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from expectations.suites import Check, Suite
from tasks.domain.errors import ResurgeError, UsageProblem

# Positions of every failing row, but neither the values (20 are kept for the note) nor a query string that repeats the positions.
_RESULT_FORMAT = {"result_format": "COMPLETE", "partial_unexpected_count": 20, "return_unexpected_index_query": False}


@dataclass(frozen=True)
class Finding:
    """What the engine says of one check. `positions` are the failing rows; `observed` the value of a check on a whole column;
    `problem` why it could not be carried out."""

    success: bool
    positions: np.ndarray
    sample: tuple[object, ...] = ()
    observed: object = None
    problem: str = ""


def judge(frame: pd.DataFrame, suite: Suite, arguments: Mapping[str, Mapping[str, Any]]) -> dict[str, Finding]:
    """One finding a check, by its name. `frame` holds scalar columns numbered by position, `arguments` the filled-in kwargs.

    Raises UsageProblem naming file and line for an expectation that does not exist, an argument it does not take, or quarantine
    asked of one that judges no rows; ResurgeError if the engine answers other checks than were asked.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at import: usage statistics leave the machine otherwise
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    expectations = [_expectation(check, suite.file, arguments[check.name]) for check in suite.checks]
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset(suite.table)
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
    answer = batch.validate(gx.ExpectationSuite(suite.suite, expectations=expectations), result_format=_RESULT_FORMAT)
    findings = {_name(result): _finding(result) for result in answer.results}
    _all_answered(suite.checks, findings, len(answer.results), suite.file)
    return findings


def _expectation(check: Check, file: str, arguments: Mapping[str, Any]) -> Any:
    from great_expectations.expectations.expectation import (
        ColumnMapExpectation,
        ColumnPairMapExpectation,
        MulticolumnMapExpectation,
    )
    from great_expectations.expectations.registry import _registered_expectations as registered

    if check.expect not in registered:
        close = difflib.get_close_matches(check.expect, registered, n=1)
        raise UsageProblem(
            f"{file}, line {check.line}: Great Expectations has no {check.expect}.",
            remedy=f"Was {close[0]} meant?" if close else "Use one of its own expectations.",
        )
    kind = registered[check.expect]
    if check.quarantine and not issubclass(kind, ColumnMapExpectation | ColumnPairMapExpectation | MulticolumnMapExpectation):
        raise UsageProblem(
            f"{file}, line {check.line}: {check.expect} judges no single rows, so none can go to quarantine.",
            remedy="Set quarantine: false there.",
        )
    try:
        return kind(**arguments, meta={"check": check.name})
    except (TypeError, ValueError) as error:  # its own models raise ValueError for arguments they do not know
        raise UsageProblem(
            f"{file}, line {check.line}: {check.expect} does not take {dict(arguments)}: {error}.", remedy="Correct its kwargs."
        ) from error


def _name(result: Any) -> str:
    return str(result.expectation_config.meta["check"])


def _finding(result: Any) -> Finding:
    nowhere = np.array([], dtype=np.int64)
    if problem := _exception(result.exception_info):
        return Finding(False, nowhere, problem=problem)
    detail = result.result or {}
    if not detail:
        return Finding(False, nowhere, problem="the engine gave no result")
    observed = detail.get("observed_value")
    if "observed_value" in detail and pd.isna(observed):
        return Finding(False, nowhere, problem="there is no value to check")
    positions = np.asarray(detail.get("unexpected_index_list") or [], dtype=np.int64)
    if len(positions) != detail.get("unexpected_count", 0):
        return Finding(False, positions, problem="the engine counted other rows than it named")
    return Finding(bool(result.success), positions, tuple(detail.get("partial_unexpected_list") or ())[:3], observed)


def _exception(info: Mapping[str, Any] | None) -> str:
    """The first exception of a result: GX gives either one, or a mapping from metric to one."""
    if not info:
        return ""
    entries = [info] if "raised_exception" in info else [entry for entry in info.values() if isinstance(entry, Mapping)]
    raised = [str(entry.get("exception_message") or "unnamed exception") for entry in entries if entry.get("raised_exception")]
    return raised[0].splitlines()[0] if raised else ""


def _all_answered(asked: Sequence[Check], findings: Mapping[str, Finding], answers: int, file: str) -> None:
    missing = [check.name for check in asked if check.name not in findings]
    if missing or answers != len(asked):
        raise ResurgeError(
            f"Of {len(asked)} checks in {file}, Great Expectations answered {answers}; without an answer: {', '.join(missing) or 'none'}.",
            remedy="Nothing was validated. Check the version of great-expectations against the lock file.",
        )
