"""`resurge status --blocked`, `accept` and `discard`: what becomes of a batch that a check kept out. Raw bytes are never deleted."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import orjson
import typer
from rich.box import SIMPLE
from rich.table import Table

from expectations.bounds import bounds_for
from expectations.gates import batch_gate
from flows.admission import read_parts, store_gated
from flows.campaign_file import load_campaign
from flows.console import parse_instant, show
from flows.wiring import open_workspace, settings
from tasks.domain.batches import BlockedBatch, CheckResult, Resolution
from tasks.domain.errors import UsageProblem
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile, ObjectStore
from tasks.fetch.fetching import parse_landed
from tasks.fetch.rows import ObservedAt
from tasks.store.blocked import blocked_batches, find_blocked, resolve
from tasks.store.lake import commit_batch
from tasks.store.raw import open_raw


def blocked(campaign: str, *, workspace: str | None, as_json: bool) -> None:
    """A line for every batch that waits for a decision."""
    store = open_workspace(workspace or settings().workspace)
    load_campaign(store, campaign)
    rows = [
        {
            "batch": item.batch_id if as_json else item.batch_id[:12],
            "source": item.identity.source + (f", part {item.part} of {item.pages[0].name}" if item.part and item.pages else ""),
            "rows": sum(item.rows_landed.values()),
            "why": "; ".join(f"{one.description} - {one.note}" for one in item.checks if one.blocking and not one.success),
        }
        for item in blocked_batches(store, campaign)
    ]
    if as_json:
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
    elif not rows:
        show("No batch is blocked.")
    else:
        table = Table(*rows[0], box=SIMPLE)
        for row in rows:
            table.add_row(*map(str, row.values()))
        show(table)


def decide(campaign: str, batch: str, *, accept: bool, reason: str, by: str, workspace: str | None) -> None:
    """Store the clean rows of a blocked batch in spite of the check, or leave it out for good; either way the decision is kept."""
    if not reason.strip() or not by.strip():
        raise UsageProblem(
            "The decision has no reason or nobody who made it.", remedy="Give both --reason and --by: they are printed."
        )
    store = open_workspace(workspace or settings().workspace)
    load_campaign(store, campaign)
    item = find_blocked(store, campaign, batch)
    decision = Resolution(
        batch_id=item.batch_id,
        decision="accepted" if accept else "discarded",
        reason=reason.strip(),
        by=by.strip(),
        at=datetime.now(UTC),
    )
    if accept:
        _store(store, item, decision)
    resolve(store, campaign, decision)
    kept = "its clean rows are stored" if accept else "its raw bytes are kept, its rows are left out"
    more = " The parts after it come in with the command that brought it." if item.part else ""
    typer.echo(f"The batch {item.batch_id[:12]} of {item.identity.source} is {decision.decision}: {kept}. Briefings say so.{more}")


def _store(store: ObjectStore, item: BlockedBatch, decision: Resolution) -> None:
    if not item.pages:
        raise UsageProblem(
            f"The batch {item.batch_id[:12]} cannot be read again: it was blocked by an older version.",
            remedy="Run the command that brought it again, or discard it.",
        )
    rule, raw = item.identity.capture_rule, {one.sha256: one for one in item.raw}
    live = any(page.fetched_at for page in item.pages)
    observed_at: ObservedAt = (
        None if live or rule == "stated" else "posted" if rule == "posted" else parse_instant(rule, "capture rule")
    )
    with tempfile.TemporaryDirectory(prefix="resurge-accept-") as folder:
        files = [
            LandedFile(open_raw(store, raw[page.sha256], Path(folder)), page.name, page.sha256, page.fetched_at, page.effort)
            for page in item.pages
        ]
        parsed = _read_again(item, files, observed_at, Path(folder))
    gate = batch_gate(parsed, bounds_for([item.identity.source, item.identity.format]), latest_instant=decision.at)
    checks = [_accepted(check, decision) for check in gate.outcome.checks]
    store_gated(store, commit_batch, identity=item.identity, raw=item.raw, gate=gate, parsed=parsed, checks=checks)


def _read_again(item: BlockedBatch, files: list[LandedFile], observed_at: ObservedAt, folder: Path) -> Parsed:
    form, options = item.identity.format, item.identity.parameters
    if item.part is None:
        return parse_landed(files, form, observed_at, options)
    parts = read_parts(files, form, observed_at, options, folder)
    if item.part > len(parts):
        raise UsageProblem(
            f"The batch {item.batch_id[:12]} is part {item.part} of files that are read in {len(parts)} parts now.",
            remedy="Run the command that brought it again, or discard it.",
        )
    return parts[item.part - 1]()


def _accepted(check: CheckResult, decision: Resolution) -> CheckResult:
    """A blocking check that failed no longer blocks, and its note says who decided that."""
    if check.success or not check.blocking:
        return check
    note = f"{check.note}; accepted all the same by {decision.by} on {decision.at:%Y-%m-%d}: {decision.reason}"
    return check.model_copy(update={"blocking": False, "note": note})
