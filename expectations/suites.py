"""Suites of checks, one YAML file each, read strictly.

A check names a Great Expectations expectation and its arguments, what a reader is told about it, whether its failure stops the
batch or briefing, and whether the rows that break it go to quarantine and why. An argument `$name` is filled in at run time from
the values that the suite declares under `context`.
"""

from importlib.resources import files
from typing import Any, Literal

from pydantic import Field, field_validator
from ruamel.yaml.comments import CommentedMap

from expectations.tables import TABLES
from tasks.domain.errors import UsageProblem
from tasks.domain.records import Record
from tasks.domain.strict_yaml import line_of, load_record, read_mapping

NOT_NULL = "expect_column_values_to_not_be_null"
_COLUMN_ARGUMENTS = ("column", "column_A", "column_B")


class Check(Record):
    """One entry of a suite. `quarantine` is the reason under which rows that break it are set aside, or false: the check then only
    counts. `line` is where it stands in its file."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")
    expect: str = Field(pattern=r"^expect_[a-z0-9_]+$")
    kwargs: dict[str, Any]
    blocking: bool = Field(strict=True)
    quarantine: str | Literal[False]
    description: str = Field(min_length=10)
    line: int

    @field_validator("quarantine")
    @classmethod
    def _is_a_reason(cls, value: str | Literal[False]) -> str | Literal[False]:
        if value is not False and (not value.strip() or ";" in value or "\n" in value):
            raise ValueError("the reason is empty, or has a semicolon or a line break, which separate reasons")
        return value

    @property
    def columns(self) -> list[str]:
        """The columns the expectation reads."""
        return [str(self.kwargs[key]) for key in _COLUMN_ARGUMENTS if key in self.kwargs] + list(self.kwargs.get("column_list", []))

    @property
    def placeholders(self) -> set[str]:
        return {value[1:] for value in self.kwargs.values() if isinstance(value, str) and value.startswith("$")}


class Suite(Record):
    """The checks of one table."""

    suite: str
    table: str
    context: tuple[str, ...] = ()
    checks: tuple[Check, ...] = Field(min_length=1)
    file: str

    @property
    def columns(self) -> set[str]:
        return {column for check in self.checks for column in check.columns}


def load_suite(name: str) -> Suite:
    """The bundled suite `name`: the name of a file in suites/. Raises UsageProblem if there is none or it is wrong."""
    entry = files("expectations").joinpath("suites", f"{name}.yml")
    if not entry.is_file():
        raise UsageProblem(
            f"There is no suite {name!r}.", remedy="Bundled are posts, accounts, takedowns, ledger, indicators, batch and period."
        )
    return parse_suite(entry.read_text(encoding="utf-8"), f"suites/{name}.yml")


def parse_suite(text: str, file: str) -> Suite:
    """Read one suite.

    Raises UsageProblem naming `file` and the line for a key that is unknown, missing, of the wrong type or given twice; a suite
    without checks; a check name given twice; a column that the table has not; an undeclared or unused `$value`; and a required
    column without a check that refuses nulls (every other expectation skips nulls).
    """
    node = read_mapping(text.encode(), file)
    for index, entry in enumerate(node.get("checks") or []):
        if not isinstance(entry, CommentedMap) or "line" in entry:
            raise _problem(
                file,
                line_of(node, ("checks", index)),
                "a check has the keys name, expect, kwargs, blocking, quarantine, description",
            )
        entry["line"] = line_of(node, ("checks", index))
    suite = load_record(Suite, node, file, {"file": file})
    if suite.table not in TABLES:
        raise _problem(file, line_of(node, ("table",)), f"there is no table {suite.table!r}")
    _check_names(suite)
    _check_columns(suite)
    _check_context(suite, line_of(node, ("context",)))
    return suite


def _check_names(suite: Suite) -> None:
    seen: set[str] = set()
    for check in suite.checks:
        if check.name in seen:
            raise _problem(suite.file, check.line, f"the check {check.name} is given twice")
        seen.add(check.name)


def _check_columns(suite: Suite) -> None:
    table = TABLES[suite.table]
    for check in suite.checks:
        for column in check.columns:
            if column not in table.checkable():
                raise _problem(suite.file, check.line, f"the table {suite.table} has no scalar column {column!r}")
    guarded = {check.kwargs.get("column") for check in suite.checks if check.expect == NOT_NULL}
    if missing := [column for column in table.required() if column not in guarded]:
        raise _problem(suite.file, 1, f"no check refuses nulls in {', '.join(missing)}, and all other checks skip them")


def _check_context(suite: Suite, line: int) -> None:
    for check in suite.checks:
        if unknown := check.placeholders - set(suite.context):
            raise _problem(suite.file, check.line, f"${', $'.join(sorted(unknown))} is not declared under context")
    if unused := set(suite.context) - {name for check in suite.checks for name in check.placeholders}:
        raise _problem(suite.file, line, f"context declares {', '.join(sorted(unused))}, which no check uses")


def _problem(file: str, line: int, what: str) -> UsageProblem:
    return UsageProblem(f"{file}, line {line}: {what}.", remedy="Correct the suite; no check of it was run.")
