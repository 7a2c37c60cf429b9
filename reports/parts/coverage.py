"""Page 3: what was collected and what was not, the verdict on the data, and the rows that were set aside."""

from dataclasses import dataclass

from reports.charts import coverage_days
from reports.formats import clock_instant, count, dated, percent, platform, plural, sentence, sentence_list, short_date
from reports.parts.blocks import Cell, Column, Figure, Notes, Table, head, number_cell, text_cell
from tasks.domain.batches import CheckResult
from tasks.domain.facts import Facts, PlatformCoverage
from tasks.domain.measures import NotMeasurable, Shared

VERDICTS = {
    "passed": "The data passed every check.",
    "warned": "The data passed every blocking check; warnings are listed below.",
    "blocked": "A blocking check failed.",
}


@dataclass(frozen=True)
class Coverage:
    platforms: Table | None
    days: Figure
    queries: Table | None
    caveats: tuple[str, ...]
    verdict: str
    verdict_word: str
    books: str
    quarantine: Table | None
    checks_passed: str
    checks: Table | None
    drift: tuple[str, ...]


def coverage(facts: Facts) -> Coverage:
    record, books = facts.coverage, facts.validation
    changed = (
        f"Queries that began or ended inside the windows compared: {sentence_list([dated(one) for one in record.queries_changed])}."
        if record.queries_changed
        else ""
    )
    return Coverage(
        platforms=_platforms(record.platforms),
        days=_days(facts),
        queries=_queries(facts),
        caveats=(*filter(None, [changed]), *map(sentence, record.caveats)),
        verdict=VERDICTS[books.verdict],
        verdict_word=books.verdict,
        books=(
            f"Of {plural(books.landed, 'row')} landed, {count(books.accepted)} were accepted, "
            f"{count(books.quarantined)} quarantined with a reason "
            f"and {count(books.collapsed)} collapsed because an equal row was there already."
        ),
        quarantine=_quarantine(facts),
        checks_passed=_checks_passed(books.checks),
        checks=_checks(facts),
        drift=tuple(map(sentence, books.drift)),
    )


def _platforms(rows: tuple[PlatformCoverage, ...]) -> Table | None:
    if not rows:
        return None
    notes = Notes()
    columns = (
        "Posts, all time",
        "Posts, period",
        "Accounts, period",
        "Days without posts",
        "Clock",
        "Engagement known",
        "Status last checked (UTC)",
    )
    return Table(
        "What was collected, by platform",
        (Column("Platform"), *(Column(name, numeric=True) for name in columns)),
        tuple(_platform(row, notes) for row in rows),
        notes.pairs,
    )


def _platform(row: PlatformCoverage, notes: Notes) -> tuple[Cell, ...]:
    never = NotMeasurable(reason=f"accounts on {platform(row.platform)} were never checked (not observed)")
    checked = (
        number_cell(f"{clock_instant(row.status_last)} ({count(row.status_checked)})")
        if row.status_last is not None
        else notes.cell(never, str)
    )
    return (
        head(platform(row.platform)),
        number_cell(count(row.posts_all)),
        number_cell(count(row.posts_period)),
        number_cell(count(row.accounts_period)),
        number_cell(count(row.days_without_posts)),
        number_cell(clock(row.time_precision_s)),
        number_cell(part(row.engagement_measured)),
        checked,
    )


def clock(seconds: int) -> str:
    """The step of a platform's clock: `1 s`, `1 min`."""
    return f"{seconds} s" if seconds < 60 or seconds % 60 else f"{seconds // 60} min"


def part(value: Shared) -> str:
    return percent(value.share) if value.share is not None else "no posts"


def _days(facts: Facts) -> Figure:
    rows = tuple(row for row in facts.coverage.platforms if row.days)
    title = "Posts collected on each day of the period"
    if not any(entry.posts for row in rows for entry in row.days):
        return Figure("coverage", title, absent="No post was collected in the period, so there is no day to draw.")
    silent = [f"{platform(row.platform)} on {row.days_without_posts}" for row in rows if row.days_without_posts]
    finding = f"Days without posts: {', '.join(silent)}." if silent else "Every platform has posts on every day."
    return Figure(
        "coverage",
        title,
        coverage_days(rows),
        f"{finding} Bars by day, one row for each of {plural(len(rows), 'platform')}.",
        "Members and outsiders together; each platform on its own scale. A cross marks a day without posts.",
    )


def _queries(facts: Facts) -> Table | None:
    if not facts.coverage.queries:
        return None
    rows = tuple(
        (
            head(query.query_id),
            text_cell(short_date(query.since) if query.since else "open"),
            text_cell(short_date(query.until) if query.until else "open"),
            number_cell(count(query.rows)),
        )
        for query in facts.coverage.queries
    )
    return Table(
        "Queries behind the collection",
        (Column("Query"), Column("From"), Column("Until"), Column("Rows", numeric=True)),
        rows,
        fit=True,
    )


def _quarantine(facts: Facts) -> Table | None:
    if not facts.validation.quarantine:
        return None
    rows = tuple((head(row.reason), number_cell(count(row.rows))) for row in facts.validation.quarantine)
    return Table("Rows set aside, and why", (Column("Reason"), Column("Rows", numeric=True)), rows, fit=True)


def _failing(check: CheckResult) -> str:
    """A check of the whole frame fails without any one row to blame."""
    whole = not check.success and not check.failed_rows
    return "as a whole" if whole else f"{count(check.failed_rows)} of {count(check.rows)}"


def _checks_passed(checks: tuple[CheckResult, ...]) -> str:
    """How many checks passed, by suite; those that failed have a table."""
    passed = [check.suite for check in checks if check.success]
    if not checks:
        return "No check was run."
    by_suite = sentence_list([f"{count(passed.count(suite))} on {suite}" for suite in dict.fromkeys(passed)])
    return f"{count(len(passed))} of {plural(len(checks), 'check')} passed{f' ({by_suite})' if passed else ''}."


def _checks(facts: Facts) -> Table | None:
    failed = sorted((check for check in facts.validation.checks if not check.success), key=lambda check: not check.blocking)
    if not failed:
        return None
    rows = tuple(
        (
            head(check.description),
            text_cell(check.suite),
            text_cell("blocking" if check.blocking else "warning"),
            number_cell(_failing(check)),
            text_cell(check.note),
        )
        for check in failed
    )
    columns = (
        Column("Check"),
        Column("Suite"),
        Column("Kind"),
        Column("Rows failing", numeric=True),
        Column("Note"),
    )
    return Table("Checks that failed", columns, rows)
