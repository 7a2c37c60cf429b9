"""`resurge status`, `runs`, `serve` and `verify`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson
import typer
from rich.box import SIMPLE
from rich.table import Table

from flows import engine
from flows.campaign_file import load_campaign, scheduled_campaigns
from flows.console import console, show
from flows.plan import standing
from flows.wiring import open_workspace, settings
from tasks.domain.errors import ResurgeError, UsageProblem
from tasks.domain.periods import parse_period
from tasks.domain.schedule import due_periods
from tasks.store.bundles import published_periods
from tasks.store.ledger import runs as runs_of
from tasks.store.verify import verify_bundle

_LISTED = 5  # due periods that are listed one by one


def status(campaign: str, *, workspace: str | None, as_json: bool) -> None:
    """A line a period that was published, tried, or is due by the campaign's schedule."""
    store = open_workspace(workspace or settings().workspace)
    plan = load_campaign(store, campaign)
    published = published_periods(store, campaign, plan.tlp)
    tried = [run for run in runs_of(store, campaign) if run.flow == "briefing"]
    due = due_periods(datetime.now(UTC), plan.period, plan.lateness, published) if plan.schedule else []
    known = {*published, *(run.period for run in tried)}
    rows = [
        {
            "period": path,
            "state": "due" if path not in known else standing(parse_period(path.replace("--", "..")), published, tried),
            "edition": published[path].edition[:12] if path in published else "",
            "as_of": published[path].as_of.isoformat() if path in published else "",
            "runs": sum(1 for run in tried if run.period == path),
        }
        for path in sorted(known | {period.path for period in due})
    ]
    late = [row for row in rows if row["state"] == "due"]
    if len(late) > _LISTED and not as_json:  # a schedule that slept for years is one line, not 150
        span = {"period": f"{late[0]['period']} to {late[-1]['period']}", "state": f"due ({len(late)} periods)"}
        rows = [row for row in rows if row["state"] != "due"] + [{**late[0], **span}]
    _print(rows, as_json=as_json)


def runs(campaign: str, *, workspace: str | None, as_json: bool) -> None:
    """A line a run, newest first."""
    store = open_workspace(workspace or settings().workspace)
    load_campaign(store, campaign)
    rows = [
        {
            "run": run.run_id,
            "flow": run.flow,
            "period": run.period,
            "state": run.state,
            "seconds": round((run.ended_at - run.started_at).total_seconds(), 1) if run.ended_at else None,
            "problem": run.problem.splitlines()[0] if run.problem else "",
        }
        for run in reversed(runs_of(store, campaign))
    ]
    _print(rows, as_json=as_json)


def serve(*, workspace: str | None) -> None:
    """Serve the schedules until stopped."""
    address = workspace or settings().workspace
    scheduled_campaigns(open_workspace(address))  # what cannot be served is said before the engine starts
    with engine.running(settings().state_dir, "flows.serve", schedules=True) as api:
        from flows.serve import serve_all

        console.print(f"Schedules run until this is stopped; the engine's pages are at {api.removesuffix('/api')}.")
        serve_all(address)


def verify(bundle: str) -> None:
    """Print what does not agree and exit 1, or say that everything does."""
    address, _, rest = bundle.rstrip("/").removesuffix("/briefing.pdf").rpartition("/briefings/")
    if not address:
        raise UsageProblem(f"{bundle} is not a bundle.", remedy="Give the path that `resurge brief` prints; it holds /briefings/.")
    if "://" not in address and not Path(address).is_dir():
        raise UsageProblem(f"There is no folder {address}.", remedy="Give the path that `resurge brief` prints.")
    problems = verify_bundle(open_workspace(address), f"briefings/{rest}")
    if problems:
        raise ResurgeError(
            "\n  ".join(["The bundle does not hold:", *map(str, problems)]), remedy="Restore what is named from a backup."
        )
    typer.echo("Every hash holds, from the PDF back to the landed bytes.")


def _print(rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
    elif not rows:
        show("Nothing yet.")
    else:
        table = Table(*rows[0], box=SIMPLE)
        for row in rows:
            table.add_row(*("" if value is None else str(value) for value in row.values()))
        show(table)
