"""Suites and bounds are read strictly: whatever is wrong is refused, with the line."""

import pytest

from expectations.bounds import bounds_for, parse_bounds
from expectations.suites import load_suite, parse_suite
from tasks.domain.accounts import STATUSES
from tasks.domain.errors import UsageProblem
from tasks.domain.posts import KINDS

GOOD = """suite: small
table: period
context: [least]
checks:
  - name: some-posts
    description: There are some posts
    expect: expect_column_min_to_be_between
    kwargs: {column: posts, min_value: $least}
    blocking: true
    quarantine: false
"""


def test_a_good_suite_is_read_with_lines():
    suite = parse_suite(GOOD, "small.yml")
    assert suite.checks[0].line == 5
    assert suite.checks[0].blocking is True
    assert suite.columns == {"posts"}


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("blocking: true", "blocking: true\n    severity: high", 10, "unknown key"),
        ("table: period", "table: period\nowner: me", 3, "unknown key"),
        ("table: period", "table: period\nfile: x", 3, "unknown key"),
        ("blocking: true", "blocking: true\n    line: 3", 5, "a check has the keys"),
        ("blocking: true", "blocking: 'yes'", 9, "boolean"),
        ("    blocking: true\n", "", 5, "Field required"),
        ("    quarantine: false\n", "", 5, "Field required"),
        ("quarantine: false", "quarantine: true", 10, "quarantine"),
        ("quarantine: false", "quarantine: 'a; b'", 10, "semicolon"),
        ("expect: expect_column_min", "expect: column_min", 7, "pattern"),
        ("column: posts", "column: psots", 5, "no scalar column 'psots'"),
        ("$least", "$last", 5, "$last is not declared"),
        ("[least]", "[least, most]", 3, "declares most, which no check uses"),
        ("table: period", "table: period\ntable: posts", 3, "duplicate key"),
        ("table: period", "table: perriod", 2, "no table"),
        ("suite: small", "suite: [small", 2, ""),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old, new, line, words):
    with pytest.raises(UsageProblem) as caught:
        parse_suite(GOOD.replace(old, new, 1), "small.yml")
    assert f"small.yml, line {line}:" in caught.value.problem
    assert words in caught.value.problem


def test_a_suite_without_checks_is_refused():
    with pytest.raises(UsageProblem, match="at least 1 item"):
        parse_suite(GOOD[: GOOD.index("checks:")] + "checks: []\n", "empty.yml")


def test_a_check_given_twice_is_refused():
    with pytest.raises(UsageProblem, match="some-posts is given twice"):
        parse_suite(GOOD + GOOD[GOOD.index("  - name") :], "twice.yml")


def test_a_required_column_without_a_null_check_is_refused():
    """Other expectations skip nulls, so a suite that forgets one would pass missing keys."""
    text = GOOD.replace("table: period", "table: posts").replace("column: posts", "column: like_count")
    with pytest.raises(UsageProblem, match="no check refuses nulls in platform, post_id"):
        parse_suite(text, "nulls.yml")


def test_a_list_column_is_refused():
    text = GOOD.replace("table: period", "table: posts").replace("column: posts", "column: urls")
    with pytest.raises(UsageProblem, match="no scalar column 'urls'"):
        parse_suite(text, "lists.yml")


def test_text_that_is_not_a_mapping_and_a_huge_file_are_refused():
    with pytest.raises(UsageProblem, match="holds no keys"):
        parse_suite("- a\n- b\n", "list.yml")
    with pytest.raises(UsageProblem, match="bytes"):
        parse_suite("a: " + "x" * 1_000_001, "huge.yml")
    with pytest.raises(UsageProblem):
        parse_suite(GOOD.replace("suite: small", "suite: !!python/object/apply:os.getcwd []"), "tag.yml")


def test_the_bundled_suites_are_sound_and_share_the_domains_vocabularies():
    suites = {name: load_suite(name) for name in ("posts", "accounts", "takedowns", "batch", "period")}
    sets = {
        check.name: check.kwargs["value_set"] for suite in suites.values() for check in suite.checks if "value_set" in check.kwargs
    }
    assert tuple(sets["kind-known"]) == KINDS
    assert tuple(sets["status-known"]) == STATUSES
    assert all(suite.suite == name for name, suite in suites.items())
    with pytest.raises(UsageProblem, match="no suite"):
        load_suite("pots")


BOUNDS = """source: s
batch:
  rows: {min: 1, max: 10}
  posts: {min: 0, max: 10}
  accounts: {min: 0, max: 10}
  refused: {share: 0.05, rows: 3}
period:
  posts_per_day: {min: 0, max: 5}
  days_covered_share_min: 0.5
moves:
  - {on: 2026-11-23, change: first bounds, why: made up for this test}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("min: 1, max: 10", "min: 11, max: 10", 3, "min 11 lies above max 10"),
        ("min: 1, max: 10", "min: 1, mxa: 10", 3, ""),
        ("share: 0.05", "share: 5", 6, "less than or equal to 1"),
        ("min: 1", "min: -1", 3, "greater than or equal to 0"),
        ("why: made up for this test", "why: short", 11, "at least 10"),
    ],
)
def test_bounds_are_read_strictly(old, new, line, words):
    parse_bounds(BOUNDS, "s.yml")
    with pytest.raises(UsageProblem) as caught:
        parse_bounds(BOUNDS.replace(old, new, 1), "s.yml")
    assert f"s.yml, line {line}:" in caught.value.problem
    assert words in caught.value.problem


def test_bounds_are_found_by_the_first_name_that_has_a_file(tmp_path):
    assert bounds_for(["my-feed", "ira"]).source == "ira"
    assert bounds_for(["simulated"]).batch.rows.min == 0
    assert bounds_for(["unheard-of", "../ira", ""]).source == "default"
    (tmp_path / "ira.yml").write_text(BOUNDS.replace("source: s", "source: ira"))
    assert bounds_for(["ira"], [tmp_path]).batch.rows.max == 10
    (tmp_path / "other.yml").write_text(BOUNDS)
    with pytest.raises(UsageProblem, match="says source: s"):
        bounds_for(["other"], [tmp_path])
