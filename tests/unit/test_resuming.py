"""Where the next fetch from a source begins."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from flows import collect as collecting
from tasks.domain.batches import QueryEffort
from tasks.domain.campaign import SourceSpec

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
RUN: Any = SimpleNamespace(store=None, summary=SimpleNamespace(campaign="reeds"))


def record(source: str, *efforts: QueryEffort) -> Any:
    return SimpleNamespace(identity=SimpleNamespace(source=source), effort=efforts)


def effort(days: int, *, finished: bool = True) -> QueryEffort:
    return QueryEffort(query_id="q", since=START, until=START + days * DAY, finished=finished)


def test_a_fetch_begins_where_the_last_whole_one_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [record("live", effort(1)), record("live", effort(2, finished=False), effort(2)), record("other", effort(9))]
    monkeypatch.setattr(collecting, "batch_records", lambda *_: records)
    assert collecting._resume(RUN, SourceSpec(name="live", kind="k")) == START + 2 * DAY
    records.append(record("live", effort(3, finished=False)))  # broken off: asked for again
    assert collecting._resume(RUN, SourceSpec(name="live", kind="k")) == START + 2 * DAY
    assert collecting._resume(RUN, SourceSpec(name="new", kind="k")) == collecting.EARLIEST
