"""A frame against a suite, by the real engine: every trap it has must be caught."""

import logging
import re
import warnings
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations import engine
from expectations.run import reasons_by_row, validate
from expectations.suites import load_suite, parse_suite
from expectations.tables import TABLES
from tasks.domain.errors import ResurgeError, UsageProblem
from tasks.domain.validation import RowFault, ValidationOutcome

NOW = datetime(2024, 1, 2, tzinfo=UTC)
CONTEXT = {"latest_instant": NOW}
SCHEMA = TABLES["posts"].schema


def posts(rows: int = 4, **columns: object) -> pd.DataFrame:
    base = {
        "platform": "x",
        "post_id": [f"p{i}" for i in range(rows)],
        "observed_at": pd.Timestamp("2023-09-02", tz="UTC"),
        "account_id": "a",
        "posted_at": pd.Timestamp("2023-09-01", tz="UTC"),
        "time_precision_s": 1,
        "kind": "original",
        "urls": [["https://example.org/a"]] * rows,
        "row_number": list(range(rows)),
    }
    return SCHEMA.conform(pd.DataFrame(base | columns, index=range(rows)))


def faults(outcome: ValidationOutcome) -> dict[str, list[int]]:
    return {fault.reason: fault.positions.tolist() for fault in outcome.faults}


def check(outcome: ValidationOutcome, name: str):
    return next(c for c in outcome.checks if c.name == name)


def test_a_clean_frame_passes_every_check_it_was_asked():
    outcome = validate(posts(), load_suite("posts"), context=CONTEXT)
    assert outcome.verdict == "passed"
    assert [c.name for c in outcome.checks] == [c.name for c in load_suite("posts").checks]
    assert all(c.rows == 4 for c in outcome.checks)
    assert not outcome.faults


BAD_VALUES = [
    ("platform", "Twitter X", "platform is not a lower-case name of at most 64 characters"),
    ("platform", None, "platform is missing"),
    ("platform", "x" * 65, "platform is not a lower-case name of at most 64 characters"),
    ("platform", "x\n", "platform is not a lower-case name of at most 64 characters"),
    ("post_id", None, "post_id is missing"),
    ("post_id", "", "post_id is empty or over 512 characters"),
    ("post_id", "a" * 513, "post_id is empty or over 512 characters"),
    ("post_id", "a\x00b", "post_id holds control characters or an outer blank"),
    ("post_id", "a\n", "post_id holds control characters or an outer blank"),
    ("post_id", " a", "post_id holds control characters or an outer blank"),
    ("account_id", "a ", "account_id holds control characters or an outer blank"),
    ("account_id", "a\u2028b", "account_id holds control characters or an outer blank"),
    ("posted_at", pd.Timestamp("1970-01-01", tz="UTC"), "posted_at lies before 2004"),
    ("posted_at", pd.NaT, "posted_at is missing"),
    ("time_precision_s", 7, "time_precision_s is none of 1, 60, 3600 and 86400"),
    ("kind", "retweet", "kind is none of original, repost, reply and quote"),
    ("kind", None, "kind is missing"),
    ("like_count", -1, "like_count is negative"),
    ("view_count", -5, "view_count is negative"),
    ("text", "x" * 100_001, "text is longer than 100,000 characters"),
    ("posted_at", pd.Timestamp("2023-09-03 00:00:01", tz="UTC"), "observed more than a day before it was posted"),
    ("observed_at", pd.Timestamp("2024-01-02 00:00:01", tz="UTC"), "observed_at lies in the future"),
]


def test_every_bad_value_is_named_by_position_and_reason_and_the_clean_rows_by_none():
    """Row i + 1 has the i-th bad value; the first row and the last are clean."""
    frame = posts(len(BAD_VALUES) + 2)
    for position, (column, bad, _) in enumerate(BAD_VALUES, start=1):
        values = frame[column].astype(object).tolist()
        values[position] = bad
        frame[column] = pd.Series(values, dtype=SCHEMA.pandas_dtype(column))
    outcome = validate(frame, load_suite("posts"), context=CONTEXT)
    found = faults(outcome)
    for position, (column, bad, reason) in enumerate(BAD_VALUES, start=1):
        assert position in found[reason], (column, bad)
    assert sorted(set().union(*found.values())) == list(range(1, len(BAD_VALUES) + 1))
    assert outcome.verdict == "warned"


def test_a_strange_language_warns_and_keeps_the_row():
    strange = ["en_US", "e", "englishlang", "en-", "-en", "en--US", "1n", "en\n", ""]
    known = ["en", "zh-Hans", "sr-Latn-RS", "de-CH-1996", None]
    outcome = validate(posts(len(strange + known), lang=strange + known), load_suite("posts"), context=CONTEXT)
    assert check(outcome, "lang-shape").failed_rows == len(strange)
    assert not outcome.faults


def test_links_are_counted_without_giving_the_engine_a_list():
    frame = posts(urls=[["https://a.org", "JAVASCRIPT:alert(1)"], [], None, ["HTTP://b.org", "//c.org"]])
    outcome = validate(frame, load_suite("posts"), context=CONTEXT)
    assert check(outcome, "urls-of-the-web").failed_rows == 2
    assert TABLES["posts"].scalars(frame, {"urls_not_web_count"})["urls_not_web_count"].tolist() == [1, 0, 0, 1]


def test_positions_count_rows_whatever_the_index():
    frame = posts(kind=["original", "odd", "reply", "odd"])
    frame.index = pd.Index([7, 7, 3, 1])
    outcome = validate(frame, load_suite("posts"), context=CONTEXT)
    assert faults(outcome) == {"kind is none of original, repost, reply and quote": [1, 3]}


def test_hostile_values_are_shown_escaped_and_short():
    frame = posts(kind=["original", "\u202eevil\x07" + "x" * 500, "reply", "quote"])
    note = check(validate(frame, load_suite("posts"), context=CONTEXT), "kind-known").note
    assert "\u202e" not in note
    assert "\\u202e" in note
    assert len(note) < 200


def test_values_at_fault_are_shown_as_a_reader_would_write_them():
    far = pd.Timestamp("2034-06-08 07:59:29", tz="UTC")
    frame = posts(posted_at=[far, *posts()["posted_at"][1:]], like_count=pd.array([-16, 1, 2, 3], dtype="Int64"))
    outcome = validate(frame, load_suite("posts"), context=CONTEXT)
    assert check(outcome, "posted-not-in-future").note == "1 of 4 rows, such as 2034-06-08 07:59 UTC"
    assert check(outcome, "like-count-not-negative").note == "1 of 4 rows, such as -16"
    assert re.fullmatch(r"1 of 4 rows, such as [\d,]+ days", check(outcome, "observed-after-posted").note)


def test_a_repeated_observation_warns():
    outcome = validate(posts(post_id=["a", "b", "a", "c"]), load_suite("posts"), context=CONTEXT)
    assert check(outcome, "observed-once").failed_rows == 2
    assert outcome.verdict == "warned"


def test_a_repeated_row_number_blocks():
    assert validate(posts(row_number=[0, 1, 1, 2]), load_suite("posts"), context=CONTEXT).verdict == "blocked"


# The engine's own traps -------------------------------------------------------------------------------------------------------


def test_an_unknown_expectation_is_refused_with_its_line():
    suite = load_suite("posts")
    odd = suite.checks[3].model_copy(update={"expect": "expect_column_values_to_be_betwen"})
    with pytest.raises(UsageProblem, match=rf"line {odd.line}: .*Was expect_column_values_to_be_between meant"):
        validate(posts(), suite.model_copy(update={"checks": (odd,)}), context={"latest_instant": NOW})


def test_an_argument_that_an_expectation_does_not_know_is_refused():
    suite = load_suite("posts")
    odd = suite.checks[0].model_copy(update={"kwargs": {"column": "platform", "mostyl": 0.9}})
    with pytest.raises(UsageProblem, match=r"line \d+: .*mostyl"):
        validate(posts(), suite.model_copy(update={"checks": (odd,)}), context=CONTEXT)


def test_quarantine_by_an_expectation_that_judges_no_rows_is_refused():
    text = (
        "suite: t\ntable: period\nchecks:\n  - name: many\n    description: Many posts are there\n"
        "    expect: expect_column_min_to_be_between\n    kwargs: {column: posts, min_value: 1}\n"
        "    blocking: true\n    quarantine: too few posts\n"
    )
    frame = TABLES["period"].schema.conform(pd.DataFrame({"posts": [3.0]}))
    with pytest.raises(UsageProblem, match="judges no single rows"):
        validate(frame, parse_suite(text, "t.yml"), context={})


def test_an_empty_frame_blocks():
    outcome = validate(SCHEMA.empty(), load_suite("posts"), context=CONTEXT)
    assert outcome.verdict == "blocked"
    assert not any(c.success for c in outcome.checks)
    assert "no rows" in outcome.checks[0].note


@pytest.mark.parametrize("column", ["kind", "like_count", "text", "urls"])
def test_a_missing_column_blocks_even_where_the_check_only_warns(column):
    outcome = validate(posts().drop(columns=[column]), load_suite("posts"), context=CONTEXT)
    assert outcome.verdict == "blocked"
    assert "could not be checked" in outcome.summary()


def test_a_column_of_the_wrong_type_blocks():
    frame = posts()
    frame["like_count"] = ["many"] * 4
    outcome = validate(frame, load_suite("posts"), context=CONTEXT)
    assert outcome.verdict == "blocked"
    assert check(outcome, "like-count-not-negative").note.startswith("could not be checked")


def test_a_minimum_over_nothing_fails():
    frame = TABLES["period"].schema.conform(pd.DataFrame({"batches": [1.0]}))
    context = {"days_covered_share_min": 0.5, "posts_per_day_min": 0, "posts_per_day_max": 9}
    outcome = validate(frame, load_suite("period"), context=context)
    assert check(outcome, "collected-at-all").success
    assert not check(outcome, "posts-found").success
    assert outcome.verdict == "blocked"


def test_an_answer_that_was_not_given_is_noticed(monkeypatch):
    import great_expectations as gx

    monkeypatch.setattr(
        gx, "ExpectationSuite", lambda name, expectations: gx.core.ExpectationSuite(name, expectations=expectations[1:])
    )
    with pytest.raises(ResurgeError, match="answered"):
        validate(posts(), load_suite("posts"), context=CONTEXT)


def test_context_values_are_exactly_those_declared():
    for context in ({}, {"latest_instant": NOW, "more": 1}):
        with pytest.raises(UsageProblem, match="declares under context"):
            validate(posts(), load_suite("posts"), context=context)


def test_nothing_is_printed_logged_or_warned_and_no_statistics_are_sent(capfd, caplog):
    with caplog.at_level(logging.WARNING), warnings.catch_warnings():
        warnings.simplefilter("error")
        validate(posts(kind=["odd"] * 4), load_suite("posts"), context=CONTEXT)
        validate(posts().drop(columns=["text"]), load_suite("posts"), context=CONTEXT)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert engine.os.environ["GX_ANALYTICS_ENABLED"] == "false"


@given(
    broken=st.lists(
        st.tuples(st.sampled_from(["a", "b", "c"]), st.sets(st.integers(0, 30), min_size=1)),
        max_size=4,
        unique_by=lambda pair: pair[0],
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_at_fault_has_its_reasons_in_the_order_of_the_suite(broken):
    outcome = ValidationOutcome((), tuple(RowFault(reason, np.array(sorted(rows))) for reason, rows in broken))
    table = reasons_by_row(outcome)
    assert table["position"].tolist() == sorted(set().union(*(rows for _, rows in broken)) if broken else [])
    for row in table.itertuples():
        expected = [reason for reason, rows in broken if row.position in rows]
        assert row.reason == expected[0]
        assert row.reasons == "; ".join(expected)
