"""Whether a source answers with the credentials this installation has: its first page is asked for, and thrown away."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from flows.wiring import drop_factories, source_factories, status_factories
from tasks.domain.campaign import Campaign, SourceSpec
from tasks.domain.errors import ResurgeError, SourceProblem
from tasks.domain.ports import Page
from tasks.fetch.fetching import source
from tasks.fetch.web.limits import WebLimits

# Somebody waits at a terminal: 20 s an attempt, two of them, and no wait that a rate limit asks for.
_PATIENCE = WebLimits(
    connect_s=5, read_s=15, request_s=20, fetch_s=45, attempts=2, first_wait_s=1, backoff_s=2, longest_wait_s=3, requests=5
)
_SPAN = timedelta(hours=1)


def reach(spec: SourceSpec) -> str:
    """Ask a source of posts for the last hour, as far as its first page. Raises UsageProblem for options and credentials, ResurgeError
    where it does not answer."""
    if spec.kind == "simulated":
        return "simulated: nothing to reach"
    if spec.kind in drop_factories():
        waiting = next(iter(source(spec, drop_factories()).drops(frozenset())), None)
        return f"{spec.kind} answered: {f'the oldest drop is {waiting[0].name}' if waiting else 'nothing lies there'}"
    now = datetime.now(UTC)
    return _first(source(spec, source_factories(_PATIENCE)).pages(now - _SPAN, now), spec, "nothing in the last hour")


def reached(spec: SourceSpec, plan: Campaign) -> str:
    """Have a status source look at one account of each platform in the campaign file. Raises as `reach`."""
    made = source(spec, status_factories(_PATIENCE))
    one_each = {member.platform: member.account_id for member in reversed(plan.membership.seeds)}
    pages = made.checks(list(one_each.items()), datetime.now(UTC))
    return _first(pages, spec, "not asked: the campaign file has no account of its platform")


def _first(pages: Iterator[Page], spec: SourceSpec, nothing: str) -> str:
    begun = time.monotonic()
    try:
        page = next(pages, None)
    except SourceProblem as problem:
        remedy = "See whether this machine reaches the service, and whether the source's options are right."
        raise ResurgeError(problem.problem, remedy=remedy) from problem
    if page is None:
        return f"{spec.kind}: {nothing}"
    effort = page.effort
    many = f"{effort.rows} {'row' if effort.rows == 1 else 'rows'}"
    return f"{spec.kind} answered in {time.monotonic() - begun:.1f} s ({effort.query or effort.query_id}: {many})"
