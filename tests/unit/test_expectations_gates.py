"""The two gates: rows are split without loss, and a batch or period that must not pass does not."""

import json
import time
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.bounds import Bounds, bounds_for
from expectations.gates import batch_gate
from expectations.period_gate import covered_days, period_gate, takedown_gate
from expectations.tables import TABLES
from tasks.domain.batches import BatchIdentity, BatchRecord, BlockedBatch, FieldDrift, QueryEffort
from tasks.domain.campaign import Campaign
from tasks.domain.errors import ResurgeError
from tasks.domain.parsed import QUARANTINE, Parsed
from tasks.domain.periods import parse_period
from tasks.domain.takedowns import Takedown

NOW = datetime(2024, 1, 2, tzinfo=UTC)
POSTS, ACCOUNTS = TABLES["posts"].schema, TABLES["accounts"].schema
DEFAULT = bounds_for([])


def posts(rows: int, bad: tuple[int, ...] = (), first_row: int = 0) -> pd.DataFrame:
    if not rows:
        return POSTS.empty()
    return POSTS.conform(
        pd.DataFrame(
            {
                "platform": "x",
                "post_id": [f"p{i}" for i in range(rows)],
                "observed_at": pd.Timestamp("2023-09-02", tz="UTC"),
                "account_id": "a",
                "posted_at": pd.Timestamp("2023-09-01", tz="UTC"),
                "time_precision_s": 1,
                "kind": ["odd" if i in bad else "original" for i in range(rows)],
                "like_count": [-1 if i in bad[:1] else None for i in range(rows)],
                "text": "text with a \n line break",
                "urls": [["https://example.org"]] * rows,
                "row_number": range(first_row, first_row + rows),
            }
        )
    )


def accounts(rows: int, **columns: object) -> pd.DataFrame:
    base = {
        "platform": "x",
        "account_id": [f"a{i}" for i in range(rows)],
        "observed_at": pd.Timestamp("2023-09-02", tz="UTC"),
        "row_number": range(rows),
    }
    return ACCOUNTS.conform(pd.DataFrame(base | columns)) if rows else ACCOUNTS.empty()


def rejected(rows: int, table: str = "posts", first_row: int = 1000) -> pd.DataFrame:
    if not rows:
        return QUARANTINE.empty()
    numbers = range(first_row, first_row + rows)
    return QUARANTINE.conform(pd.DataFrame({"table": table, "row_number": numbers, "reason": "posted_at is no date", "raw": "{}"}))


def parsed(p: pd.DataFrame, a: pd.DataFrame | None = None, r: pd.DataFrame | None = None, **more: object) -> Parsed:
    a = ACCOUNTS.empty() if a is None else a
    r = QUARANTINE.empty() if r is None else r
    landed = {t: len(f) + int((r["table"] == t).sum()) for t, f in (("posts", p), ("accounts", a))}
    return Parsed(**({"posts": p, "accounts": a, "rejected": r, "rows_landed": landed} | more))


def bounds(**batch: object) -> Bounds:
    return DEFAULT.model_copy(update={"batch": DEFAULT.batch.model_copy(update=batch)})


def failed(outcome) -> set[str]:
    return {c.name for c in outcome.checks if not c.success}


def test_rows_are_split_and_the_books_balance():
    result = batch_gate(parsed(posts(100, bad=(3, 5)), accounts(4), rejected(1)), DEFAULT, latest_instant=NOW)
    assert result.outcome.verdict == "warned"
    assert len(result.posts) == 98
    assert len(result.accounts) == 4
    assert "odd" not in set(result.posts["kind"])
    assert result.rows_landed == {"posts": 101, "accounts": 4}
    assert result.rows_quarantined == {
        "posts": {"kind is none of original, repost, reply and quote": 2, "posted_at is no date": 1},
    }
    assert result.quarantine["row_number"].tolist() == [3, 5, 1000]
    assert result.quarantine["reason"].tolist()[0] == "kind is none of original, repost, reply and quote; like_count is negative"


def test_a_quarantined_row_keeps_what_the_importer_understood():
    raw = json.loads(batch_gate(parsed(posts(100, bad=(3,))), DEFAULT, latest_instant=NOW).quarantine["raw"][0])
    assert raw["post_id"] == "p3"
    assert raw["like_count"] == -1
    assert raw["urls"] == ["https://example.org"]
    assert raw["posted_at"].startswith("2023-09-01T00:00:00")
    assert "\n" in raw["text"]


def test_a_huge_raw_row_is_cut():
    frame = posts(100, bad=(3,))
    frame["text"] = frame["text"].where(frame["row_number"] != 3, "x" * 50_000)
    assert len(batch_gate(parsed(frame), DEFAULT, latest_instant=NOW).quarantine["raw"][0]) == 10_000


@pytest.mark.parametrize(
    ("rows", "bad", "unreadable", "blocked"),
    [(100, 3, 2, False), (100, 3, 3, True), (10, 3, 0, False), (10, 4, 0, True), (2, 2, 0, True), (0, 0, 2, True)],
)
def test_too_many_refused_rows_block(rows, bad, unreadable, blocked):
    """Five in a hundred, or three rows of a small batch, the importer's refusals among them; never all."""
    result = batch_gate(parsed(posts(rows, tuple(range(bad))), r=rejected(unreadable)), DEFAULT, latest_instant=NOW)
    assert result.blocked is blocked
    assert len(result.quarantine) == bad + unreadable


def test_a_batch_outside_its_bounds_stops_below_and_warns_above():
    at_least_ten = DEFAULT.batch.posts.model_copy(update={"min": 10})
    few = batch_gate(parsed(posts(9)), bounds(posts=at_least_ten), latest_instant=NOW)
    assert few.blocked
    assert "enough-posts" in failed(few.outcome)
    assert "posts landed is 9, allowed is at least 10" in few.outcome.summary()
    many = batch_gate(parsed(posts(21)), bounds(posts=DEFAULT.batch.posts.model_copy(update={"max": 20})), latest_instant=NOW)
    assert many.outcome.verdict == "warned"
    assert failed(many.outcome) == {"posts-as-usual"}


def test_an_empty_batch_never_passes_silently():
    nothing = parsed(posts(0))
    assert batch_gate(nothing, DEFAULT, latest_instant=NOW).blocked
    allowed = batch_gate(nothing, bounds_for(["simulated"]), latest_instant=NOW)
    assert allowed.outcome.verdict == "warned"
    assert failed(allowed.outcome) == {"not-empty"}


def test_accounts_alone_are_a_batch():
    result = batch_gate(parsed(posts(0), accounts(5)), DEFAULT, latest_instant=NOW)
    assert result.outcome.verdict == "passed"


def test_accounts_are_checked():
    instant = pd.Timestamp("2023-09-02", tz="UTC")
    frame = accounts(
        100,
        status=["banned", "active", None] + ["unknown"] * 97,
        followers_count=[1, -2] + [None] * 98,
        created_at=[None, None, instant + timedelta(days=9), instant + timedelta(days=9)]
        + [pd.Timestamp("1970-01-01", tz="UTC")]
        + [None] * 95,
        created_precision_s=[None, None, 1, 8 * 86400] + [1] + [None] * 95,
    )
    result = batch_gate(parsed(posts(0), frame), DEFAULT, latest_instant=NOW)
    assert result.rows_quarantined["accounts"] == {
        "created more than two days after it was observed": 1,
        "created_at lies before 2003": 1,
        "followers_count is negative": 1,
        "status is none of active, suspended, deleted, renamed and unknown": 1,
    }


def test_an_importer_that_loses_rows_is_caught():
    with pytest.raises(ResurgeError, match="lost 2"):
        batch_gate(parsed(posts(10), rows_landed={"posts": 12, "accounts": 0}), DEFAULT, latest_instant=NOW)
    with pytest.raises(ResurgeError, match="doubled 1"):
        batch_gate(parsed(posts(10), rows_landed={"posts": 9}), DEFAULT, latest_instant=NOW)


def test_a_missing_required_column_blocks_and_a_missing_optional_one_is_null():
    assert batch_gate(parsed(posts(10).drop(columns=["kind"])), DEFAULT, latest_instant=NOW).blocked
    result = batch_gate(parsed(posts(10).drop(columns=["like_count", "urls"])), DEFAULT, latest_instant=NOW)
    assert result.outcome.verdict == "passed"
    assert result.posts["like_count"].isna().all()
    assert result.posts["urls"].dtype == POSTS.pandas_dtype("urls")


def test_unexpected_fields_warn():
    drift = (
        FieldDrift(table="posts", field="mood", kind="unknown", rows=3),
        FieldDrift(table="posts", field="lang", kind="missing", rows=3),
    )
    result = batch_gate(parsed(posts(10), drift=drift), DEFAULT, latest_instant=NOW)
    assert failed(result.outcome) == {"no-unknown-fields", "no-missing-fields"}
    assert result.outcome.verdict == "warned"


@given(bad=st.sets(st.integers(0, 39)), unreadable=st.integers(0, 3))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_row_is_lost_or_counted_twice(bad, unreadable):
    result = batch_gate(parsed(posts(40, tuple(sorted(bad))), r=rejected(unreadable)), DEFAULT, latest_instant=NOW)
    numbers = result.posts["row_number"].tolist() + result.quarantine["row_number"].tolist()
    assert sorted(numbers) == [*range(40), *range(1000, 1000 + unreadable)]
    assert sum(result.rows_quarantined.get("posts", {}).values()) == len(result.quarantine) == len(bad) + unreadable


def test_the_public_archive_passes_within_ten_seconds(shared_data):
    wanted = ["post_id", "account_id", "posted_at", "text", "urls"]
    table = pq.read_table(shared_data / "ira" / "ira_posts_2017_01_to_10.parquet", columns=wanted)
    columns = {name: table[name].cast(POSTS.arrow.field(name).type) for name in wanted}
    rows = table.num_rows
    columns |= {"platform": pa.array(["x"] * rows), "observed_at": columns["posted_at"], "kind": pa.array(["original"] * rows)}
    columns |= {"time_precision_s": pa.array(np.full(rows, 60)), "row_number": pa.array(np.arange(rows))}
    frame = POSTS.from_arrow(pa.table(columns))
    batch_gate(parsed(posts(1)), DEFAULT, latest_instant=NOW)  # the import of the engine is not what is timed
    began = time.process_time()
    result = batch_gate(parsed(frame), bounds_for(["ira"]), latest_instant=NOW)
    assert time.process_time() - began < 10
    assert len(result.posts) + len(result.quarantine) == rows == 872_128
    assert not result.blocked
    assert len(result.quarantine) == 0


# The period gate --------------------------------------------------------------------------------------------------------------

WEEK = parse_period("2023-W36")
AS_OF = WEEK.end + timedelta(days=1)
TAKEDOWN = Takedown(
    takedown_id="t1",
    platform="facebook",
    effective_from=date(2023, 8, 29),
    announced_on=date(2023, 8, 29),
    source="platform",
    counts={"accounts": 5},
)
CAMPAIGN = Campaign(slug="c", title="C", takedowns=[TAKEDOWN])


def record(**more: object) -> BatchRecord:
    identity = BatchIdentity(
        campaign="c", source="s", capture_rule="live", format="ndjson", parser_version="1", raw_sha256=("0" * 64,)
    )
    empty = {"raw": (), "files": (), "rows_landed": {}, "rows_accepted": {}, "rows_quarantined": {}, "rows_collapsed": {}}
    return BatchRecord(**({"batch_id": identity.batch_id, "identity": identity} | empty | more))


def asked(since: datetime, until: datetime) -> BatchRecord:
    return record(effort=(QueryEffort(query_id="q", since=since, until=until),))


WHOLE = asked(WEEK.start, WEEK.end)


def gate(counts=None, batches=(WHOLE,), blocked=(), campaign=CAMPAIGN, limits=(DEFAULT,)):
    return period_gate({"x": 7} if counts is None else counts, batches, blocked, campaign, WEEK, as_of=AS_OF, bounds=limits)


def test_a_whole_period_passes():
    assert gate().verdict == "passed"


def test_a_blocked_batch_blocks_the_period_and_is_named():
    identity = WHOLE.identity
    waiting = BlockedBatch(
        batch_id="ab" * 32, identity=identity, raw=(), rows_landed={}, checks=(), problem="too many refused rows"
    )
    outcome = gate(blocked=(waiting,))
    assert outcome.verdict == "blocked"
    assert failed(outcome) == {"none-blocked"}
    assert "abababababab of s" in outcome.summary()


def test_a_period_that_nobody_collected_blocks():
    outcome = gate({}, batches=())
    assert {"collected-at-all", "mostly-covered"} <= failed(outcome)
    assert outcome.verdict == "blocked"
    other = gate({"x": 0}, batches=(asked(WEEK.start - timedelta(days=30), WEEK.start),))
    assert other.verdict == "blocked"


def test_silence_that_was_asked_about_is_a_finding_and_only_warns():
    outcome = gate({"x": 0, "youtube": 0})
    assert outcome.verdict == "warned"
    assert failed(outcome) == {"posts-found", "platforms-heard"}
    assert "x, youtube" in outcome.summary()


def test_missing_days_warn_and_most_days_missing_block():
    five = gate(batches=(asked(WEEK.start, WEEK.start + timedelta(days=5)),))
    assert five.verdict == "warned"
    assert failed(five) == {"wholly-covered"}
    three = gate(batches=(asked(WEEK.start, WEEK.start + timedelta(days=3)),))
    assert three.verdict == "blocked"


def test_volumes_add_over_sources():
    tight = DEFAULT.model_copy(
        update={
            "period": DEFAULT.period.model_copy(
                update={"posts_per_day": DEFAULT.batch.posts.model_copy(update={"min": 2, "max": 4})}
            )
        }
    )
    assert gate({"x": 28}, limits=(tight, tight)).verdict == "passed"
    assert gate({"x": 27}, limits=(tight, tight)).verdict == "blocked"
    assert failed(gate({"x": 57}, limits=(tight, tight))) == {"posts-as-usual"}


def test_coverage_comes_from_queries_or_else_from_posts_and_ends_with_what_may_be_known():
    archive = record(posted_min=WEEK.start - timedelta(days=9), posted_max=WEEK.start + timedelta(days=1, hours=3))
    assert covered_days([archive], WEEK, AS_OF) == {date(2023, 9, 4), date(2023, 9, 5)}
    assert covered_days([WHOLE], WEEK, WEEK.start + timedelta(hours=1)) == {date(2023, 9, 4)}
    assert covered_days([WHOLE], WEEK, WEEK.start) == set()
    assert covered_days([record()], WEEK, AS_OF) == set()
    assert len(covered_days([WHOLE, archive], WEEK, AS_OF)) == 7


def test_the_takedown_ledger_is_checked():
    assert takedown_gate([TAKEDOWN], as_of=AS_OF).verdict == "passed"
    assert takedown_gate([], as_of=AS_OF).verdict == "warned"
    unknown = Takedown(takedown_id="t2", platform="x", known="unknown", precision="unknown", source="press")
    assert takedown_gate([TAKEDOWN, unknown], as_of=AS_OF).verdict == "passed"
    typo = TAKEDOWN.model_copy(update={"takedown_id": "t3", "effective_from": date(2032, 8, 29), "effective_to": date(2032, 8, 29)})
    assert failed(takedown_gate([typo], as_of=AS_OF)) == {"not-in-future", "announced-within-a-year"}
    negative = TAKEDOWN.model_copy(update={"counts": {"accounts": 5, "pages": -1}, "address": "see report"})
    assert failed(takedown_gate([negative, negative], as_of=AS_OF)) == {"counts-not-negative", "takedown-id-once", "address-shape"}
    assert gate(campaign=CAMPAIGN.model_copy(update={"takedowns": [negative]})).verdict == "blocked"
