"""`resurge brief` and `resurge demo`."""

from pathlib import Path
from typing import Any

import orjson
import typer

from flows import engine
from flows.commands import preflight
from flows.console import console, parse_instant
from flows.wiring import settings
from tasks.domain.periods import parse_period

DEMO_CAMPAIGN = "spamouflage"
DEMO_PERIODS = ("2023-W43", "2023-W44")  # two, so that the second can say what changed


def brief(
    campaign: str, period: str, *, as_of: str | None, deliver: bool, supersede: bool, workspace: str | None, as_json: bool
) -> None:
    """Make one briefing; its path is the last line of stdout."""
    closed = parse_instant(as_of, "--as-of") if as_of and as_of != "period-end" else None
    address = workspace or settings().workspace
    parse_period(period)
    preflight.campaign_in(address, campaign, deliver=deliver)
    with engine.running(settings().state_dir, "flows.briefing", "great_expectations"):
        from flows.briefing import briefing

        done = briefing(campaign, period, address, closed, deliver, supersede)
    _report(done)
    typer.echo(_json(done) if as_json else done["bundle"])


def demo(out: Path, *, as_json: bool) -> None:
    """Simulate, collect and brief into the workspace `out`."""
    preflight.campaign_in(str(out), DEMO_CAMPAIGN, create=True)
    with engine.running(settings().state_dir, "flows.briefing", "great_expectations"):
        from flows.briefing import briefing
        from flows.collect import collect

        console.print(f"The campaign {DEMO_CAMPAIGN}: facts are public, posts are simulated.")
        collect(DEMO_CAMPAIGN, str(out))
        for period in DEMO_PERIODS:
            console.print(f"Briefing of {period}")
            done = briefing(DEMO_CAMPAIGN, period, str(out))
    _report(done)
    typer.echo(_json(done) if as_json else f"{done['bundle']}/briefing.pdf")


def _report(done: dict[str, Any]) -> None:
    for line in (done["problem"], *done["deliveries"]):
        if line:
            console.print(line)


def _json(done: dict[str, Any]) -> str:
    return orjson.dumps(done, option=orjson.OPT_INDENT_2).decode()
