"""Coverage by platform and day, and books that must balance."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from campaign_posts import MONDAY, WEEK, posts_frame

from tasks.activity.coverage import coverage_facts, validation_facts
from tasks.domain.accounts import ACCOUNTS
from tasks.domain.batches import BatchIdentity, BatchRecord, CheckResult, FieldDrift, QueryEffort
from tasks.domain.campaign import Campaign
from tasks.domain.errors import ValidationBlocked
from tasks.domain.measures import Shared
from tasks.domain.periods import Cutoff, parse_period
from tasks.domain.takedowns import Takedown
from tasks.domain.validation import ValidationOutcome

PERIOD = parse_period(WEEK)
CUTOFF = Cutoff(PERIOD.end, PERIOD.end + timedelta(days=1))
TAKEDOWN = Takedown(takedown_id="t", platform="youtube", effective_from=date(2023, 8, 29), source="platform")


def batch(**changes: object) -> BatchRecord:
    given: dict[str, object] = {
        "batch_id": "0" * 64,
        "identity": BatchIdentity(
            campaign="c", source="s", capture_rule="posted", format="f", parser_version="1", raw_sha256=("a",)
        ),
        "raw": (),
        "files": (),
        "rows_landed": {"posts": 10},
        "rows_accepted": {"posts": 7},
        "rows_quarantined": {"posts": {"text too long": 2}},
        "rows_collapsed": {"posts": 1},
        **changes,
    }
    return BatchRecord.model_validate(given)


def observations(rows: list[tuple[str, str, datetime, str | None]]) -> pd.DataFrame:
    if not rows:
        return ACCOUNTS.empty()
    frame = pd.DataFrame(rows, columns=["platform", "account_id", "observed_at", "status"])
    return ACCOUNTS.conform(frame.assign(campaign="c", batch_id="b", row_number=range(len(rows))))


def test_platform_by_hand() -> None:
    posts = posts_frame(
        [
            {"posted_at": MONDAY - timedelta(days=30), "account_id": "old"},
            {"posted_at": MONDAY, "like_count": 0, "view_count": 5},
            {"posted_at": MONDAY + timedelta(days=2), "account_id": "b", "time_precision_s": 60},
            {"posted_at": MONDAY + timedelta(days=8)},  # after the end
        ]
    )
    seen = observations(
        [
            ("x", "a", MONDAY, "active"),
            ("x", "a", MONDAY + timedelta(days=1), "suspended"),
            ("x", "b", MONDAY, "unknown"),
            ("x", "old", MONDAY + timedelta(days=30), "deleted"),  # after as_of
        ]
    )
    facts = coverage_facts(posts, seen, [batch()], Campaign(slug="c", title="C", takedowns=[TAKEDOWN]), PERIOD, CUTOFF)
    (platform,) = facts.platforms
    assert (platform.posts_all, platform.posts_period, platform.accounts_period) == (3, 2, 2)
    assert [day.posts for day in platform.days] == [1, 0, 1, 0, 0, 0, 0]
    assert platform.days_without_posts == 5
    assert platform.time_precision_s == 60
    assert (platform.status_checked, platform.status_last) == (1, MONDAY + timedelta(days=1))
    assert platform.engagement_measured == platform.views_measured == Shared(part=1, whole=2)
    text = "\n".join(facts.caveats)
    for part in ("capture time assumed", "exact to a minute", "no post on 5 of 7 days", "no post was collected on YouTube"):
        assert part in text
    assert "never checked" not in text


def test_queries_that_changed_since_the_baseline() -> None:
    def effort(name: str, since: datetime, until: datetime) -> QueryEffort:
        return QueryEffort(query_id=name, since=since, until=until, rows=2)

    early, late, end = datetime(2023, 1, 1, tzinfo=UTC), datetime(2023, 9, 1, tzinfo=UTC), PERIOD.end
    batches = [
        batch(effort=(effort("steady", early, late), effort("new", late, end))),
        batch(effort=(effort("steady", late, end), effort("stopped", early, late))),
        batch(effort=(effort("unseen", early, end),), observed_min=CUTOFF.as_of + timedelta(seconds=1)),
    ]
    facts = coverage_facts(
        posts_frame([]), ACCOUNTS.empty(), batches, Campaign(slug="c", title="C", takedowns=[TAKEDOWN]), PERIOD, CUTOFF
    )
    assert [(q.query_id, q.since, q.until, q.rows) for q in facts.queries] == [
        ("new", late, end, 2),
        ("steady", early, end, 4),
        ("stopped", early, late, 2),
    ]
    assert facts.queries_changed == ("new began on 2023-09-01", "stopped ended on 2023-09-01")
    without = coverage_facts(posts_frame([]), ACCOUNTS.empty(), batches, Campaign(slug="c", title="C"), PERIOD, CUTOFF)
    assert without.queries_changed == ()


def test_books_are_summed_and_warnings_of_batches_count() -> None:
    failed = CheckResult(
        suite="posts", name="volume", description="few rows", blocking=False, success=False, rows=10, note="3 rows"
    )
    drift = FieldDrift(table="posts", field="geo", kind="unknown", rows=4)
    facts = validation_facts([batch(checks=(failed,), drift=(drift,)), batch(drift=(drift,))], ValidationOutcome(checks=()))
    assert (facts.landed, facts.accepted, facts.quarantined, facts.collapsed) == (20, 14, 4, 2)
    assert [(row.reason, row.rows) for row in facts.quarantine] == [("text too long", 4)]
    assert facts.verdict == "warned"
    assert facts.checks == (failed,)
    assert facts.drift == ("unknown field geo in posts (8 rows)",)
    assert validation_facts([batch()], ValidationOutcome(checks=())).verdict == "passed"


@pytest.mark.parametrize("change", [{"rows_accepted": {"posts": 8}}, {"rows_collapsed": {"posts": 1, "accounts": 1}}])
def test_books_that_do_not_balance_stop_the_briefing(change: dict[str, object]) -> None:
    with pytest.raises(ValidationBlocked, match=r"do not balance for (posts|accounts)"):
        validation_facts([batch(**change)], ValidationOutcome(checks=()))
