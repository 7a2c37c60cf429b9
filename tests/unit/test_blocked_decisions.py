"""A blocked batch does not hold briefings up for ever: a person accepts or discards it, and the briefing says so."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from expectations.bounds import bounds_for
from expectations.gates import batch_gate
from flows.admission import blocked_pages
from flows.commands import resolving
from flows.evidence import _known, _set_aside
from tasks.domain.batches import BlockedBatch, QueryEffort
from tasks.domain.errors import UsageProblem
from tasks.domain.periods import Cutoff
from tasks.domain.ports import LandedFile
from tasks.fetch.fetching import FetchedGroup, LandedPage, identity_for_files, identity_for_pages, parse_landed
from tasks.store.blocked import blocked_batches, discarded_batches, record_blocked, resolutions
from tasks.store.lake import batch_records
from tasks.store.local import LocalStore
from tasks.store.raw import land, open_raw
from tasks.store.workspace import init_workspace

NOW = datetime(2023, 11, 7, 6, tzinfo=UTC)
OPTIONS = {"map": {"post_id": "id", "account_id": "user", "posted_at": "at", "text": "text"}, "constants": {"platform": "x"}}
GOOD = b"id,user,at,text\n" + b"".join(b"%d,u,2023-11-06T10:00:00Z,hello\n" % n for n in range(10))
BAD = GOOD + b"".join(b"%d,u,yesterday,hello\n" % n for n in range(10, 16))  # more than the allowance is refused


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    store = LocalStore(tmp_path / "w")
    init_workspace(store)
    (tmp_path / "w/campaigns").mkdir(exist_ok=True)
    (tmp_path / "w/campaigns/c.yml").write_text("slug: c\ntitle: C\n")
    return store


def block(store: LocalStore, tmp_path: Path, *, fetched_at: datetime | None = None) -> BlockedBatch:
    """The batch of a file, or of a live fetch, as the gate keeps it out."""
    raw = land(store, "c", "feed", BAD, "csv")
    effort = QueryEffort(query_id="q", until=fetched_at) if fetched_at else None
    files = [LandedFile(open_raw(store, raw, tmp_path), "posts.csv", raw.sha256, fetched_at, effort)]
    if effort and fetched_at:
        group = FetchedGroup("csv", [LandedPage(raw, fetched_at, effort)])
        identity = identity_for_pages("c", "feed", group, "live", OPTIONS)
    else:
        identity = identity_for_files("c", "feed", files, "csv", NOW, OPTIONS)
    gate = batch_gate(parse_landed(files, "csv", None if effort else NOW, OPTIONS), bounds_for(["feed", "csv"]), latest_instant=NOW)
    assert gate.blocked
    return record_blocked(
        store,
        identity=identity,
        raw=[raw],
        rows_landed=gate.rows_landed,
        checks=gate.outcome.checks,
        problem="p",
        pages=blocked_pages(files),
    )


def decide(store: LocalStore, batch: str, *, accept: bool, by: str = "the desk") -> None:
    resolving.decide("c", batch, accept=accept, reason="a test page of the platform", by=by, workspace=store.address)


@pytest.mark.parametrize("fetched_at", [None, NOW])
def test_an_accepted_batch_is_stored_with_the_decision_in_its_checks(store, tmp_path, fetched_at, capsys):
    item = block(store, tmp_path, fetched_at=fetched_at)
    assert [one.batch_id for one in blocked_batches(store, "c")] == [item.batch_id]
    resolving.blocked("c", workspace=store.address, as_json=False)
    assert item.batch_id[:12] in capsys.readouterr().out
    decide(store, item.batch_id[:8], accept=True)
    assert blocked_batches(store, "c") == ()
    (record,) = batch_records(store, "c")
    assert (record.batch_id, record.rows_accepted["posts"]) == (item.batch_id, 10)
    assert sum(record.rows_quarantined["posts"].values()) == 6
    assert not any(check.blocking and not check.success for check in record.checks)
    assert any("accepted all the same by the desk" in check.note for check in record.checks)
    if fetched_at:
        assert record.effort[0].until == fetched_at  # the span was asked for, so the next fetch goes on from there
    resolving.blocked("c", workspace=store.address, as_json=False)
    assert capsys.readouterr().out.endswith("No batch is blocked.\n")


def test_a_discarded_batch_blocks_nothing_keeps_its_bytes_and_is_named_in_the_briefing(store, tmp_path):
    item = block(store, tmp_path, fetched_at=NOW)
    decide(store, item.batch_id[:12], accept=False)
    assert blocked_batches(store, "c") == ()
    assert batch_records(store, "c") == ()
    assert store.read(item.raw[0].key) is not None
    (told,) = discarded_batches(store, "c")
    assert (told[0].batch_id, told[1].by) == (item.batch_id, "the desk")
    (check,) = _set_aside(store, "c", Cutoff(NOW, NOW))
    assert (check.blocking, check.success, check.rows) == (False, False, 16)
    assert f"{item.batch_id[:12]} of feed, discarded by the desk" in check.note
    assert _set_aside(store, "c", Cutoff(NOW, NOW - timedelta(seconds=1))) == []  # an older period did not know of it
    with pytest.raises(UsageProblem, match="No blocked batches of c have an id that begins with"):
        decide(store, item.batch_id[:12], accept=True)
    assert resolutions(store, "c")[item.batch_id].decision == "discarded"


def test_what_was_blocked_after_the_cut_off_holds_no_older_period_up(store, tmp_path):
    item = block(store, tmp_path, fetched_at=NOW)
    assert _known(item, Cutoff(NOW, NOW))
    assert not _known(item, Cutoff(NOW, NOW - timedelta(hours=1)))


def test_a_decision_needs_a_reason_a_name_and_one_batch(store, tmp_path):
    item = block(store, tmp_path)
    with pytest.raises(UsageProblem, match="no reason or nobody"):
        decide(store, item.batch_id, accept=False, by=" ")
    with pytest.raises(UsageProblem, match=f"Waiting for a decision: {item.batch_id[:12]}"):
        decide(store, "ffff" if item.batch_id[0] != "f" else "0", accept=False)
    record_blocked(store, identity=item.identity, raw=item.raw, rows_landed={}, checks=(), problem="older")
    with pytest.raises(UsageProblem, match="cannot be read again"):
        decide(store, item.batch_id, accept=True)
