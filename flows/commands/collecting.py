"""`resurge collect` and `resurge ingest`."""

from pathlib import Path
from typing import Any

import orjson
import typer
from rich.box import SIMPLE
from rich.table import Table

from flows import engine
from flows.commands import preflight
from flows.console import parse_instant, show
from flows.wiring import open_workspace, settings
from tasks.domain.strict_yaml import plain, read_mapping
from tasks.fetch.importers import importer
from tasks.store.lake import batch_record


def collect(campaign: str, *, since: str | None, until: str | None, workspace: str | None, as_json: bool) -> None:
    """Fetch, and print what came in."""
    first = parse_instant(since, "--since") if since else None
    last = parse_instant(until, "--until") if until else None
    address = workspace or settings().workspace
    preflight.campaign_in(address, campaign, create=True)
    with engine.running(settings().state_dir, "flows.collect", "great_expectations"):
        from flows.collect import collect as run

        done = run(campaign, address, since=first, until=last)
    _print(address, campaign, done, as_json=as_json)


def ingest(
    campaign: str,
    files: list[Path],
    format_name: str,
    *,
    observed_at: str | None,
    columns: Path | None,
    source: str,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Bring files in, and print what came in."""
    importer(format_name)
    if observed_at and observed_at != "posted":
        parse_instant(observed_at, "--observed-at")
    preflight.readable([*files, *([columns] if columns else [])])
    options = plain(read_mapping(columns.read_bytes(), columns.name)) if columns else {}
    address = workspace or settings().workspace
    preflight.campaign_in(address, campaign, create=True)
    with engine.running(settings().state_dir, "flows.collect", "great_expectations"):
        from flows.collect import ingest as run

        done = run(campaign, address, [str(path) for path in files], format_name, observed_at, options, source)
    _print(address, campaign, done, as_json=as_json)


def _print(address: str, campaign: str, done: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(done, option=orjson.OPT_INDENT_2).decode())
        return
    store = open_workspace(address)
    table = Table("batch", "table", "landed", "accepted", "refused", "equal", "fields unread", box=SIMPLE)
    records = [batch_record(store, campaign, batch_id) for batch_id in done["batches"]]
    for record in filter(None, records):
        held = {name: landed for name, landed in record.rows_landed.items() if landed} or record.rows_landed
        for name, landed in held.items():
            refused = sum(record.rows_quarantined.get(name, {}).values())
            unread = sum(1 for drift in record.drift if drift.table == name)
            row = (landed, record.rows_accepted[name], refused, record.rows_collapsed[name], unread)
            table.add_row(record.batch_id[:12], name, *(f"{value:,}" for value in row))
    show(table if records else "Nothing new.")
