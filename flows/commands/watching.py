"""`resurge status`, `runs`, `serve` and `verify`."""

from collections import Counter
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
from flows.liveness import is_gone
from flows.plan import period_states
from flows.watching import is_watched, tell_overdue
from flows.wiring import open_workspace, settings
from tasks.domain.errors import ResurgeError, UsageProblem
from tasks.store.blocked import blocked_batches
from tasks.store.bundles import published_periods
from tasks.store.lake import batch_records
from tasks.store.ledger import paused_since, set_pause
from tasks.store.ledger import runs as runs_of
from tasks.store.verify import verify_bundle

_LISTED = 5  # due periods that are listed one by one
_OWED = ("waiting", "due", "late")


def status(campaign: str, *, workspace: str | None, as_json: bool, notify: bool = False) -> None:
    """A line a period that was published, tried, or is due by the campaign's schedule; what is not published says why. `notify` also tells
    the owner of what is late, waiting or cut off. Raises UsageProblem if there is no owner to tell."""
    store = open_workspace(workspace or settings().workspace)
    plan = load_campaign(store, campaign)
    if notify:
        if not is_watched():
            raise UsageProblem(
                "There is no owner to notify.", remedy="Set RESURGE_OWNER to a mail address, or RESURGE_OWNER_WEBHOOK."
            )
        tell_overdue(store, plan)
    published = published_periods(store, campaign, plan.tlp)
    states = period_states(plan, published, runs_of(store, campaign), batch_records(store, campaign), datetime.now(UTC))
    owed = [state for state in states if state.state in _OWED]
    if len(owed) > _LISTED and not as_json:  # a schedule that slept for years is one line, not 150
        told = Counter(state.state for state in owed)
        line = owed[-1].model_copy(
            update={
                "period": f"{owed[0].period} to {owed[-1].period}",
                "state": ", ".join(f"{name} ({count} periods)" for name, count in told.items()),
            }
        )
        states = [state for state in states if state.state not in _OWED] + [line]
    _print([state.model_dump(mode="json") for state in states], as_json=as_json)
    if (since := paused_since(store, campaign)) is not None:
        console.print(
            f"The schedule is paused since {since:%Y-%m-%d %H:%M} UTC; `resurge serve --resume {campaign}` lets it go on."
        )
    if waiting := blocked_batches(store, campaign):
        console.print(f"{len(waiting)} blocked batches wait for a decision: `resurge status {campaign} --blocked` lists them.")


def runs(campaign: str, *, workspace: str | None, as_json: bool) -> None:
    """A line a run, newest first."""
    store = open_workspace(workspace or settings().workspace)
    load_campaign(store, campaign)
    now = datetime.now(UTC)
    rows = [
        {
            "run": run.run_id,
            "flow": run.flow,
            "period": run.period,
            "state": run.standing(now, is_gone),
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


def pause(campaign: str, *, paused: bool, workspace: str | None) -> None:
    """Let a campaign's scheduled briefings rest, or go on; whoever serves it need not be started anew. Collecting goes on meanwhile."""
    store = open_workspace(workspace or settings().workspace)
    plan = load_campaign(store, campaign)
    if not plan.schedule:
        raise UsageProblem(f"The campaign {campaign} has no schedule of briefings.", remedy="Add `schedule:` to its file.")
    since = set_pause(store, campaign, paused=paused, now=datetime.now(UTC)).since
    told = "are paused; posts are still collected" if paused else "go on; what was missed is made at the next firing, oldest first"
    typer.echo(f"Scheduled briefings of {campaign} {told} (since {since:%Y-%m-%d %H:%M} UTC).")


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
