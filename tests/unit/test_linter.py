"""The linter of a briefing's text: each rule with a case that breaks it, and no false alarm on the fixtures."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "render"))
import sample_facts

from reports.compose import Composed, compose
from reports.gate import cuts, judged, numbers, wording
from reports.gate.check import lint
from reports.gate.known import Known
from reports.gate.passages import Passage, passages
from reports.gate.tokens import tokens
from reports.gate.violations import Violation
from tasks.domain.facts import Facts, Judgement, edition_of
from tasks.domain.lineages import ClusterEvent
from tasks.domain.measures import NotMeasurable


def composed(facts: Facts) -> Composed:
    return compose(facts.to_bytes(), edition=edition_of(facts.to_bytes()), paper="A4")


def linted(page: Composed, html: str = "", figures: dict[str, str] | None = None) -> list[Violation]:
    edition = edition_of(page.facts.to_bytes())
    return lint(
        page.facts, html or page.html, page.figures if figures is None else figures, edition=edition, replaced=page.replaced
    )


@pytest.fixture(scope="module")
def full() -> Facts:
    return sample_facts.full()


@pytest.fixture(scope="module")
def page(full: Facts) -> Composed:
    return composed(full)


@pytest.mark.parametrize("name", ["full", "first", "nearly_empty", "no_takedown", "scripts", "hostile"])
def test_no_false_alarm(name: str) -> None:
    facts = getattr(sample_facts, name)()
    data = facts.to_bytes()
    page = compose(data, edition=edition_of(data), paper="A4")
    found = lint(page.facts, page.html, page.figures, edition=edition_of(data), replaced=page.replaced)
    assert [violation.told() for violation in found] == []


WRONG = [
    ("<p>It reached 48,213 people.</p>", "48,213", "Method in short"),
    ("<p>A share of 77.7 % was new.</p>", "77.7", "Method in short"),
    ("<p>Since 3 March 2019 nothing.</p>", "3 March 2019", "Method in short"),
    ("<p>It began at 03:17 UTC.</p>", "03:17", "Method in short"),
    ("<table><tr><td>913,427</td></tr></table>", "913,427", "Method in short"),
    ('<img src="resurge:/figures/x.svg" alt="It fell by 87,654 posts.">', "87,654", "alternative text"),
    ("<p>user_8841275 wrote it.</p>", "8841275", "Method in short"),
    ("<p>An index of 7.77 was reached.</p>", "7.77", "Method in short"),
]


@pytest.mark.parametrize(("added", "number", "where"), WRONG)
def test_a_number_that_is_not_in_the_facts_is_named_with_its_sentence(page: Composed, added: str, number: str, where: str) -> None:
    (found,) = linted(page, page.html.replace("</body>", f"{added}</body>"))
    assert (found.rule, found.what) == (numbers.RULE, number)
    assert where in found.where or "Limits" in found.where
    assert number in found.told()


def many_events(full: Facts) -> Facts:
    cluster = full.coordination.clusters[0]
    events = (ClusterEvent(kind="born", cluster_id=cluster.cluster_id, accounts=cluster.accounts, others=()),) * 31
    return full.model_copy(update={"coordination": full.coordination.model_copy(update={"cluster_events": events})})


def test_how_many_rows_of_a_long_table_are_printed_is_counted_in_print(full: Facts) -> None:
    """At first it was looked up in the facts, where a number such as 10 may stand or not: briefings without one were withheld."""
    page = composed(many_events(full))
    known = Known()  # nothing in it: every number has to be borne out by the rows
    caption = next(said for said in passages(page.html, {}) if "came, went, merged or split" in said.text)
    assert "(the first 10 of 31)" in caption.text
    phrases, broken = cuts.cut_short(page.html)
    assert not broken
    assert [one.what for one in numbers.unresolved([caption], known, phrases)] == ["31"]
    assert linted(page) == []


def test_a_caption_that_says_more_rows_than_are_printed(full: Facts) -> None:
    page = composed(many_events(full))
    wrong = page.html.replace("(the first 10 of 31)", "(the first 11 of 31)")
    assert (cuts.RULE, "11") in [(one.rule, one.what) for one in linted(page, wrong)]


def test_exhibits_that_are_fewer_than_their_lead_says() -> None:
    page = composed(sample_facts.hostile())
    told = next(found[1] for said in passages(page.html, {}) if (found := cuts.EXHIBITS.search(said.text)))
    wrong = page.html.replace(f"{told} of", f"{int(told) + 1} of")
    assert cuts.RULE in {one.rule for one in linted(page, wrong)}


def test_a_number_in_a_chart_is_looked_up_and_the_ticks_of_its_scales_are_not(page: Composed) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><g id="xtick_1"><text>777,777</text></g><g id="text_1"><text>888,888</text></g></svg>'
    (found,) = linted(page, figures={"weeks": svg})
    assert (found.what, found.where) == ("888,888", "the chart weeks")


def test_a_number_of_the_facts_changed_in_print_is_found(page: Composed, full: Facts) -> None:
    posts = f"{full.activity.posts:,}"
    assert posts in page.html
    wrong = f"{full.activity.posts + 111_111:,}"
    assert {violation.what for violation in linted(page, page.html.replace(posts, wrong))} == {wrong}


def test_a_posts_own_words_are_not_looked_at() -> None:
    said = list(passages("<h2>Quotes</h2><blockquote>we are 999,999 strong</blockquote><p>of 999,998</p>", {}))
    assert [violation.what for violation in numbers.unresolved(said, Known())] == ["999,998"]


def test_a_constant_is_a_whole_phrase() -> None:
    said = list(passages("<p>0 of 699 pairs; category 2 of 6; SHA-256; 190 d; 90 d</p>", {}))
    known = Known()
    known.add([0, 2, 5])
    assert [v.what for v in numbers.unresolved(said, known, ("of 6", "SHA-256", "90 d"))] == ["699", "190"]


def test_ways_of_writing_a_value() -> None:
    known = Known()
    known.add(
        {"a": 0.5821, "b": 1234567, "c": {"part": 1, "whole": 3}, "on": "2023-08-29T06:30:00Z", "id": "x/99812", "h": "ab12" * 10}
    )
    fit = "58 % or 0.58; 1,234,567; 33 % (1 of 3); 29 August 2023, 06:30 UTC; 29 Aug; 28 August; post 99812; ab12ab12ab12"
    assert list(numbers.missing(fit, known)) == []
    unfit = "59 %; 0.57; 1,234,568; 34 %; 30 August 2023; 29 August 2022; 06:31; 99813; ab12ab13ab12"
    assert len(list(numbers.missing(unfit, known))) >= 9


def test_dates_ranges_and_names_are_read_whole() -> None:
    found = [(token.kind, token.key) for token in tokens("from 3 to 23 August 2017, 7 Oct at 14:00, in 2023-W44, by @lark_17")]
    assert found == [
        ("date", "2017-08-03"),
        ("date", "2017-08-23"),
        ("date", "10-07"),
        ("time", "14:00"),
        ("word", "2023-W44"),
        ("word", "@lark_17"),
    ]


def judging(facts: Facts, **changed: Any) -> Facts:
    """The facts with their first judgement changed."""
    first, *rest = facts.judgements.items
    items = (first.model_copy(update=changed), *rest)
    return facts.model_copy(update={"judgements": facts.judgements.model_copy(update={"items": items})})


BROKEN: list[tuple[str, dict[str, Any]]] = [
    (wording.TOGETHER, {"statement": "It is likely, with high confidence, that it returns."}),
    (wording.TOGETHER, {"confidence_statement": "Our confidence is moderate: it is likely that the data are whole."}),
    (wording.TERM, {"statement": "It returns."}),
    (wording.TERM, {"statement": "It is very likely that it returns."}),  # the judgement is `likely`
    (wording.TERM, {"statement": "It is likely that it returns, and unlikely that it grows."}),
    (wording.TERM, {"statement": "It is likely that it will probably return."}),
    (wording.RANGE, {"likelihood_range": (50, 80)}),
    (wording.GROUNDS, {"reasons": ()}),
    (wording.GROUNDS, {"alternative": " "}),
    (wording.GROUNDS, {"would_change": ""}),
    (wording.GROUNDS, {"confidence_statement": "Two series agree."}),
    (wording.GROUNDS, {"confidence_statement": "Our confidence is high: two series agree."}),  # the judgement's is moderate
    (wording.CERTAINTY, {"reasons": ("This proves that the network is run from one place.",)}),
    (wording.CERTAINTY, {"statement": "It is likely that it certainly returns."}),
    (wording.OUTSIDE, {"reasons": ("The accounts are likely new.",)}),
    (judged.RULE, {"reasons": ("It posted 12,345 times.",)}),
    (judged.RULE, {"refs": ("/activity/nothing",)}),
]


@pytest.mark.parametrize(("rule", "changed"), BROKEN)
def test_each_rule_of_a_judgement(full: Facts, rule: str, changed: dict[str, Any]) -> None:
    facts = judging(full, **changed)
    found = [*wording.wording(facts), *judged.outside_references(facts.model_dump(mode="json"))]
    assert rule in {violation.rule for violation in found}
    assert all(violation.where.startswith("/judgements/items/0") for violation in found)


def test_a_number_that_stands_elsewhere_in_the_facts_is_still_outside_a_judgements_references(full: Facts) -> None:
    members = full.activity.members
    assert members not in {full.activity.accounts, full.activity.posts}
    facts = judging(full, reasons=(f"{members:,} accounts are on the list.",))
    assert [v.rule for v in judged.outside_references(facts.model_dump(mode="json"))] == [judged.RULE]


WRONG_FIGURES: list[tuple[int, dict[str, Any], str]] = [
    (0, {"value": 3942}, "3942"),
    (1, {"ref": "/activity/posts"}, "704"),
    (2, {"value": 0.41}, "0.41"),
    (4, {"value": 0.57}, "0.57"),
    (4, {"value": NotMeasurable(reason="too few posts")}, "not a number"),
    (5, {"value": 78}, "78"),
    (0, {"ref": "/activity/nothing"}, "/activity/nothing"),
    (3, {"ref": "/takedowns/0/cohorts"}, "341"),
]


@pytest.mark.parametrize(("which", "changed", "what"), WRONG_FIGURES)
def test_a_key_figure_is_the_value_at_its_reference(full: Facts, which: int, changed: dict[str, Any], what: str) -> None:
    figures = list(full.judgements.key_figures)
    figures[which] = figures[which].model_copy(update=changed)
    facts = full.model_copy(update={"judgements": full.judgements.model_copy(update={"key_figures": tuple(figures)})})
    assert judged.other_figures(full.model_dump(mode="json")) == []
    (found,) = judged.other_figures(facts.model_dump(mode="json"))
    assert (found.rule, found.what) == (judged.FIGURE, what)
    assert found.where.startswith(f"/judgements/key_figures/{which}")
    assert found in linted(composed(facts))


def bottom(facts: Facts, *lines: str) -> Facts:
    return facts.model_copy(update={"judgements": facts.judgements.model_copy(update={"bottom_line": lines})})


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda facts: bottom(facts, "One.", "Two."), wording.THREE),
        (lambda facts: bottom(facts, "One.", "Two.", "Three"), wording.THREE),
        (lambda facts: bottom(facts, "It will likely return.", "Two.", "Three."), wording.OUTSIDE),
        (lambda facts: bottom(facts, "It has definitely returned.", "Two.", "Three."), wording.CERTAINTY),
        (lambda facts: facts.model_copy(update={"limits": ("There is a good chance that rows are missing.",)}), wording.TERM),
    ],
)
def test_each_rule_of_the_other_sentences(full: Facts, change: Callable[[Facts], Facts], rule: str) -> None:
    assert {violation.rule for violation in wording.wording(change(full))} == {rule}


def test_what_is_quoted_is_somebodys_words(full: Facts) -> None:
    facts = bottom(full, "Its largest narrative, “this proves it, most likely”, holds most of its posts.", "Two.", "Three.")
    assert wording.wording(facts) == []


def test_only_the_seven_terms_with_their_ranges(full: Facts) -> None:
    item: Judgement = full.judgements.items[0]
    odd = judging(full, likelihood="probable", statement=item.statement.replace("likely", "probable"))
    assert {wording.TERM, wording.RANGE} <= {violation.rule for violation in wording.wording(odd)}


def test_a_violation_is_told_in_one_line() -> None:
    told = Violation("rule", "/limits/0", "7", "word " * 100).told()
    assert re.fullmatch(r"rule: “7” in /limits/0: “.*…”", told)
    assert len(told) < 220


def test_a_constant_phrase_ends_where_its_number_does() -> None:
    """`of 6` names the six categories; the 6 of `of 6,897 posts` is no part of it."""
    known = Known()
    known.add([1, 2, 3, 6_897, 6.5])
    assert numbers.unresolved([Passage("p", "1 of 6,897 posts, 2 of 6.5, 3 of 6.")], known, ["of 6"]) == []
    assert [fault.what for fault in numbers.unresolved([Passage("p", "of 6,898")], known, ["of 6"])] == ["6,898"]
