"""Collect: fetch, land, validate, store; and the same road for files that a person has."""

import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from prefect import flow

from flows.admission import admit, admit_files, ending
from flows.artifacts import collected
from flows.campaign_file import load_campaign
from flows.console import parse_instant
from flows.drops import take_drops
from flows.plan import fetched_until
from flows.run_record import Run, recorded
from flows.watched import Watched
from flows.watchlist import due_at, handles_at, posts_at
from flows.wiring import drop_factories, open_store, open_workspace, source_factories, status_factories
from tasks.domain.batches import BatchRecord
from tasks.domain.campaign import Campaign, SourceSpec
from tasks.domain.errors import UsageProblem
from tasks.domain.ports import LandedFile, PostChecking
from tasks.fetch.checks import DueChecks
from tasks.fetch.fetching import FetchedGroup, identity_for_files, identity_for_pages, source
from tasks.fetch.importers import ARCHIVES, importer
from tasks.fetch.rows import ObservedAt
from tasks.fetch.task import fetch
from tasks.store.lake import batch_records
from tasks.store.raw import land, open_raw

EARLIEST = datetime(2004, 1, 1, tzinfo=UTC)  # before the first platform that any source serves


@flow(name="collect", flow_run_name="collect {campaign}", timeout_seconds=6 * 3600, persist_result=False)
def collect(
    campaign: str, workspace: str, since: datetime | None = None, until: datetime | None = None, only: str | None = None
) -> dict[str, Any]:
    """Fetch what is new from every source of the campaign, or from `only` one, and store it batch by batch. Returns the run summary.

    What was fetched before a source failed is stored; the failure is raised after it.
    """
    plan = load_campaign(open_store(workspace), campaign)  # a wrong name leaves no new workspace behind
    store = open_workspace(workspace, create=True)
    if not (plan.sources or plan.status_sources):
        raise UsageProblem(f"{campaign} names no source.", remedy="Add one to its file, or bring files with `resurge ingest`.")
    if only is not None and only not in (names := [spec.name for spec in (*plan.sources, *plan.status_sources)]):
        raise UsageProblem(f"{campaign} has no source {only!r}.", remedy=f"Its sources: {', '.join(names)}.")
    now = datetime.now(UTC)
    with recorded(store, "collect", campaign) as run:
        records: list[BatchRecord] = []
        for spec in (spec for spec in plan.sources if only in (None, spec.name)):
            if spec.kind in drop_factories():
                with run.stage(f"take {spec.name}") as say:
                    taken, problem = take_drops(run, spec, source(spec, drop_factories()), say)
                records += taken
                if problem:
                    raise problem
                continue
            start = since or _resume(run, spec)
            with run.stage(f"fetch {spec.name}") as say:
                asked = source(spec, source_factories())
                groups, problem = fetch(Watched(asked, say), start, until or now, partial(land, store, campaign, spec.name))
            records += [_admit_pages(run, plan, spec, group, asked.capture_rule) for group in groups]
            if problem:
                raise problem
        records += _look_at_accounts(run, plan, only, until or now)
        collected(plan, records)
        return run.summary.model_dump(mode="json") | {"batches": [record.batch_id for record in records]}


@flow(name="ingest", flow_run_name="ingest {campaign}", timeout_seconds=6 * 3600, persist_result=False)
def ingest(
    campaign: str,
    workspace: str,
    files: list[str],
    format_name: str,
    observed_at: str | None = None,
    options: dict[str, Any] | None = None,
    source_name: str = "file",
) -> dict[str, Any]:
    """Land files and store them as one batch; the same files again change nothing. Returns the run summary."""
    plan = load_campaign(open_store(workspace), campaign)  # a wrong name leaves no new workspace behind
    store = open_workspace(workspace, create=True)
    importer(format_name)  # an unknown format is refused before anything is landed
    rule: ObservedAt = _observed_at(observed_at or ("posted" if format_name in ARCHIVES else None))
    paths = [Path(name) for name in files]
    for path in paths:
        if not path.is_file():
            raise UsageProblem(f"There is no file {path}.", remedy="Check the path.")
    with recorded(store, "collect", campaign) as run:
        with run.stage("land"):
            raw = {path: land(store, campaign, source_name, path, ending(path)) for path in paths}
        landed = [LandedFile(path, path.name, raw[path].sha256) for path in paths]
        identity = identity_for_files(campaign, source_name, landed, format_name, rule, options or {})
        objects = {item.sha256: item for item in raw.values()}
        records = admit_files(
            run,
            identity,
            [objects[sha256] for sha256 in identity.raw_sha256],
            landed,
            observed_at=rule,
            options=options or {},
            now=datetime.now(UTC),
        )
        collected(plan, records)
        return run.summary.model_dump(mode="json") | {"batches": [record.batch_id for record in records]}


def _look_at_accounts(run: Run, plan: Campaign, only: str | None, until: datetime) -> list[BatchRecord]:
    """Have the accounts that are due at `until` looked at, and the newest posts asked for again, by every status source."""
    records: list[BatchRecord] = []
    for spec in (spec for spec in plan.status_sources if only in (None, spec.name)):
        checker = source(spec, status_factories())
        with run.stage(f"check {spec.name}") as say:
            posts = posts_at(run.store, plan, until) if isinstance(checker, PostChecking) else ()
            asked = DueChecks(checker, due_at(run.store, plan, until), handles_at(run.store, plan, until), posts)
            groups, problem = fetch(Watched(asked, say), until, until, partial(land, run.store, plan.slug, spec.name))
        records += [_admit_pages(run, plan, spec, group, asked.capture_rule, options=checker.options) for group in groups]
        if problem:
            raise problem
    return records


def _admit_pages(
    run: Run,
    plan: Campaign,
    spec: SourceSpec,
    group: FetchedGroup,
    rule: str,
    *,
    options: dict[str, Any] | None = None,
) -> BatchRecord:
    identity = identity_for_pages(plan.slug, spec.name, group, rule, options or {})
    with tempfile.TemporaryDirectory(prefix="resurge-pages-") as folder:
        files = [
            LandedFile(
                open_raw(run.store, page.raw, Path(folder)), page.effort.query_id, page.raw.sha256, page.fetched_at, page.effort
            )
            for page in group.pages
        ]
        raw, now = [page.raw for page in group.pages], datetime.now(UTC)  # of after the fetch: its pages are not of the future
        return admit(run, identity, raw, files, observed_at=None, options=options or {}, now=now)


def _resume(run: Run, spec: SourceSpec) -> datetime:
    """Where the last fetch from this source ended that was not broken off."""
    return fetched_until(batch_records(run.store, run.summary.campaign)).get(spec.name, EARLIEST)


def _observed_at(text: str | None) -> ObservedAt:
    if text is None:
        return None
    return "posted" if text == "posted" else parse_instant(text, "--observed-at")
