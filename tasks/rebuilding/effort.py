"""Collection effort: which queries ran unchanged from before the takedown to the end, so that more asking is not read as more posting."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from tasks.domain.batches import QueryEffort

TOLERANCE = timedelta(days=1)  # a daily fetch leaves up to a day open at either end


def steady_queries(queries: Sequence[QueryEffort], start: datetime, end: datetime) -> frozenset[str]:
    """Ids of the queries whose spans [since, until) together cover [start, end) without a gap of more than a day.

    A span without `since` reaches back without limit, one without `until` forward. What was asked counts, not only its name: a query
    whose text changed inside the span (more seeds, another keyword) is not the same query.
    """
    return frozenset(name for (name, _), spans in _spans(queries).items() if _covers(spans, start, end))


def changed_queries(queries: Sequence[QueryEffort], names: Iterable[str], start: datetime, end: datetime) -> tuple[str, ...]:
    """Those of `names` that began, paused or ended inside [start, end)."""
    steady = steady_queries(queries, start, end)
    recorded = {query.query_id for query in queries}
    return tuple(sorted(name for name in names if name in recorded and name not in steady))


def _spans(queries: Sequence[QueryEffort]) -> dict[tuple[str, str], list[tuple[datetime | None, datetime | None]]]:
    spans: dict[tuple[str, str], list[tuple[datetime | None, datetime | None]]] = {}
    for query in queries:
        spans.setdefault((query.query_id, query.query), []).append((query.since, query.until))
    return spans


def _covers(spans: list[tuple[datetime | None, datetime | None]], start: datetime, end: datetime) -> bool:
    reached = start
    for since, until in sorted(((since or start, until or end) for since, until in spans)):
        if since > reached + TOLERANCE:
            return False
        reached = max(reached, until)
    return reached + TOLERANCE >= end
