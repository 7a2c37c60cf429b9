"""Records: identities that depend on content alone, takedowns that hold together, outsiders without names."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.domain.batches import BatchIdentity, QueryEffort, join_spans
from tasks.domain.campaign import Campaign
from tasks.domain.measures import Interval, Shared
from tasks.domain.pseudonyms import key_id, pseudonym
from tasks.domain.takedowns import Takedown
from tasks.domain.validation import ValidationOutcome

START = datetime(2023, 8, 1, tzinfo=UTC)
IDENTITY = BatchIdentity(
    campaign="c", source="file", capture_rule="posted", format="csv", parser_version="1", raw_sha256=("a" * 64,)
)


def test_the_batch_id_depends_on_every_field_and_on_nothing_else() -> None:
    again = BatchIdentity.model_validate_json(IDENTITY.model_dump_json())
    assert again.batch_id == IDENTITY.batch_id
    changes = {"campaign": "d", "source": "feed", "query": "q", "fetched_at": START, "capture_rule": "live", "format": "ira",
               "parameters": {"a": 1}, "parser_version": "2", "raw_sha256": ("b" * 64,)}  # fmt: skip
    assert set(changes) == set(BatchIdentity.model_fields)
    ids = {IDENTITY.model_copy(update={name: value}).batch_id for name, value in changes.items()}
    assert len(ids | {IDENTITY.batch_id}) == len(changes) + 1


def test_takedowns_without_a_day_start_no_interval() -> None:
    day = Takedown(takedown_id="a", platform="x", effective_from=date(2017, 8, 3), effective_to=date(2017, 8, 4), source="press")
    assert day.interval == (datetime(2017, 8, 3, tzinfo=UTC), datetime(2017, 8, 5, tzinfo=UTC))
    assert Takedown(takedown_id="b", platform="x", precision="quarter", source="press").interval is None
    assert Takedown(takedown_id="c", platform="x", known="unknown", source="press").interval is None
    with pytest.raises(ValidationError, match="needs effective_from"):
        Takedown(takedown_id="d", platform="x", source="press")
    with pytest.raises(ValidationError, match="before effective_from"):
        Takedown(takedown_id="e", platform="x", effective_from=date(2017, 8, 3), effective_to=date(2017, 8, 2), source="press")


def test_a_campaign_refuses_ids_given_twice() -> None:
    row = {"takedown_id": "a", "platform": "x", "known": "unknown", "source": "press"}
    with pytest.raises(ValidationError, match="takedown_id given twice: a"):
        Campaign.model_validate({"slug": "c", "title": "C", "takedowns": [row, row]})


def test_outsiders_have_stable_names_that_depend_on_the_key_and_the_platform() -> None:
    one = pseudonym(b"key-one", "x", "alice")
    assert one == pseudonym(b"key-one", "x", "alice")
    assert "alice" not in one
    assert len({one, pseudonym(b"key-two", "x", "alice"), pseudonym(b"key-one", "youtube", "alice")}) == 3
    assert key_id(b"key-one") != key_id(b"key-two")
    assert pseudonym(b"k", "ab", "c") != pseudonym(b"k", "a", "bc")


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValidationError):
        Interval(low=float("nan"), high=1.0)
    assert Shared(part=0, whole=0).share is None


def test_nothing_checked_passes_but_says_nothing() -> None:
    outcome = ValidationOutcome(())
    assert (outcome.verdict, outcome.summary()) == ("passed", "")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 20), st.integers(1, 5), st.integers(0, 9)), max_size=15))
def test_joined_spans_cover_the_same_days_and_add_up(asked: list[tuple[str, int, int, int]]) -> None:
    efforts = [
        QueryEffort(
            query_id=name, since=START + timedelta(days=first), until=START + timedelta(days=first + days), pages=1, rows=rows
        )
        for name, first, days, rows in asked
    ]
    joined = join_spans(efforts)

    def days(spans: list[QueryEffort] | tuple[QueryEffort, ...]) -> set[tuple[str, datetime]]:
        return {
            (span.query_id, span.since + timedelta(days=n))
            for span in spans
            if span.since and span.until
            for n in range((span.until - span.since).days)
        }

    assert days(joined) == days(efforts)
    assert sum(span.rows for span in joined) == sum(effort.rows for effort in efforts)
    assert sum(span.pages for span in joined) == len(efforts)
    for earlier, later in itertools.pairwise(joined):
        assert earlier.query_id != later.query_id or (
            earlier.until is not None and later.since is not None and later.since > earlier.until
        )
