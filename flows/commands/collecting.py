"""`resurge collect` and `resurge ingest`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import typer
from rich.box import SIMPLE
from rich.table import Table

from flows import engine
from flows.commands import preflight
from flows.console import parse_instant, show, visible
from flows.wiring import open_workspace, settings
from tasks.domain.batches import BatchRecord, QueryEffort, join_spans
from tasks.domain.printable import printable
from tasks.domain.strict_yaml import plain, read_mapping
from tasks.fetch.importers import importer
from tasks.store.lake import batch_record

MOST_QUERIES = 40  # lines of the table on a screen


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
    """What came in: as JSON the run summary with the table's rows, else the table, what was asked, and what was refused or not read."""
    store = open_workspace(address)
    records = list(filter(None, (batch_record(store, campaign, batch_id) for batch_id in done["batches"])))
    if as_json:
        rows = [row for record in records for row in _rows(record)]
        typer.echo(orjson.dumps(done | {"came_in": rows}, option=orjson.OPT_INDENT_2).decode())
        return
    if not records:
        show("Nothing new.")
        return
    table = Table("source", "table", "landed", "accepted", "refused", "equal", "from", "to", "batch", box=SIMPLE)
    for row in (row for record in records for row in _rows(record)):
        counts = (f"{row[name]:,}" for name in ("landed", "accepted", "refused", "equal"))
        table.add_row(row["source"], row["table"], *counts, row["from"], row["to"], row["batch"][:12])
    show(table)
    efforts = join_spans(effort for record in records for effort in record.effort)
    if efforts:
        show(_asked(efforts))
    for line in _remarks(records):
        typer.echo(line)


def _rows(record: BatchRecord) -> list[dict[str, Any]]:
    """A row for each table of a batch that something was landed for; for a batch of nothing one that says so."""
    held = {name: landed for name, landed in record.rows_landed.items() if landed} or {"posts": 0}
    return [
        {
            "source": record.identity.source,
            "table": name,
            "landed": landed,
            "accepted": record.rows_accepted.get(name, 0),
            "refused": sum(record.rows_quarantined.get(name, {}).values()),
            "equal": record.rows_collapsed.get(name, 0),
            "from": _day(record.posted_min if name == "posts" else record.observed_min if name == "accounts" else None),
            "to": _day(record.posted_max if name == "posts" else record.observed_max if name == "accounts" else None),
            "batch": record.batch_id,
        }
        for name, landed in held.items()
    ]


def _day(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d}" if instant else ""


def _asked(efforts: Sequence[QueryEffort]) -> Table:
    table = Table("asked for", "since", "until", "pages", "rows", box=SIMPLE)
    for effort in efforts[:MOST_QUERIES]:
        table.add_row(
            effort.query or effort.query_id, _minute(effort.since), _minute(effort.until), f"{effort.pages:,}", f"{effort.rows:,}"
        )
    if len(efforts) > MOST_QUERIES:
        table.add_row(f"and {len(efforts) - MOST_QUERIES:,} more", "", "", "", "")
    return table


def _minute(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else ""


def _remarks(records: Sequence[BatchRecord]) -> Iterator[str]:
    """Why rows were refused, and which fields are not as the importer knows them, each with a sample."""
    reasons: Counter[tuple[str, str]] = Counter()
    for record in records:
        for table, refused in record.rows_quarantined.items():
            reasons.update({(table, reason): rows for reason, rows in refused.items()})
    for (table, reason), rows in reasons.most_common():
        yield f"Refused, kept in quarantine: {rows:,} of {table}: {reason}."
    drifts = {(drift.table, drift.field, drift.kind): drift for record in records for drift in record.drift}
    for drift in drifts.values():
        if drift.kind == "missing":
            yield visible(f"The field {drift.field} of {drift.table} is not there ({drift.rows:,} rows).")
        else:
            sample = f", such as {printable(drift.sample)[0][:60]!r}" if drift.sample else ""
            yield visible(f"The field {drift.field} of {drift.table} is not read ({drift.rows:,} rows{sample}).")
