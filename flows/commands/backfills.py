"""`resurge backfill`."""

from typing import Any

import orjson
import typer
from rich.box import SIMPLE
from rich.table import Table

from flows import engine
from flows.commands import preflight
from flows.console import parse_instant, show
from flows.plan import checked_mode
from flows.wiring import settings
from tasks.domain.periods import parse_period, periods_between


def backfill(
    campaign: str,
    first: str,
    last: str,
    *,
    mode: str,
    as_of: str | None,
    max_active: int,
    reverse: bool,
    dry_run: bool,
    deliver: bool,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Plan or make; exit 4 if a period failed or was blocked."""
    address = workspace or settings().workspace
    closed = parse_instant(as_of, "--as-of") if as_of and as_of != "period-end" else None
    checked_mode(mode)
    list(periods_between(parse_period(first), parse_period(last)))
    preflight.campaign_in(address, campaign, deliver=deliver)
    if dry_run:
        engine.prepare(settings().state_dir)
        from flows.backfill import plan

        planned = plan(campaign, address, first, last, mode, deliver=deliver)
        _print([item.model_dump(mode="json") for item in planned], ("state", "action", "rows", "seconds", "mails"), as_json=as_json)
        return
    with engine.running(settings().state_dir, "flows.backfill", "great_expectations"):
        from flows.backfill import BackfillProblem
        from flows.backfill import backfill as run

        try:
            rows = run(campaign, address, first, last, mode, closed, max_active, reverse, deliver)
        except BackfillProblem as problem:
            _print(problem.rows, ("state", "action", "rows", "outcome", "edition"), as_json=as_json)
            raise
    _print(rows, ("state", "action", "rows", "outcome", "edition"), as_json=as_json)


def _print(rows: list[dict[str, Any]], names: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("period", *names, box=SIMPLE)
    for row in rows:
        table.add_row(row["period"], *(_cell(row[name]) for name in names))
    show(table)


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"about {value:.0f}"
    return "" if value is None else str(value)[:16]
