"""Judgements read well and truly for every situation a briefing can be in."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from judged_facts import (
    END,
    MISSING,
    activity,
    campaign,
    coordination,
    coverage,
    facts,
    hours,
    impact,
    narrative,
    narratives,
    period,
    pivot,
    takedown,
    unknown_platform,
    unmeasured_takedown,
)

from tasks.domain.facts import Judgement, JudgementFacts
from tasks.domain.measures import Estimate, NotMeasurable, Shared
from tasks.domain.rebuilding import CohortPosts
from tasks.narrate.comeback import lead_of, state_of
from tasks.narrate.judgements import JudgementInputs, judgement_facts
from tasks.narrate.likelihood import TERMS, term_for
from tasks.narrate.told import Told, percent, resolve


def inputs(**changes: Any) -> JudgementInputs:
    given: dict[str, Any] = {
        "campaign": campaign(),
        "period": period(),
        "coverage": coverage(),
        "activity": activity(),
        "coordination": coordination(),
        "takedowns": (takedown(),),
        "narratives": narratives(narrative()),
        "behaviour": hours(),
        "impact": impact(),
        **changes,
    }
    return JudgementInputs(**given)


_FIRST_OBSERVED = CohortPosts(
    survivor=10, reactivated=0, created_after=40, pre_positioned=0, first_observed=900, undetermined=5, total=955
)
_JUST_OVER_HALF = CohortPosts(
    survivor=490, reactivated=0, created_after=510, pre_positioned=0, first_observed=0, undetermined=0, total=1000
)
_COHORTS = takedown().cohorts
assert not isinstance(_COHORTS, NotMeasurable)

SITUATIONS: dict[str, JudgementInputs] = {
    "rebuilding": inputs(),
    "partly back": inputs(takedowns=(takedown(latest=0.75, low=0.6, high=0.96, level="partial", direction="flat"),)),
    "held down": inputs(takedowns=(takedown(latest=0.2, low=0.1, high=0.3, level="suppressed", direction="flat"),)),
    "back": inputs(takedowns=(takedown(latest=1.3, low=0.95, high=1.6, level="above", direction="flat"),)),
    "back and rising": inputs(takedowns=(takedown(latest=1.0, low=0.7, high=1.2, level="baseline"),)),
    "falling": inputs(takedowns=(takedown(direction="falling"),)),
    "never fell": inputs(takedowns=(takedown(nadir=0.95, latest=1.0, low=0.92, high=1.1, level="baseline", direction="rising"),)),
    "before the takedown": inputs(takedowns=()),
    "takedown to come": inputs(takedowns=(takedown(t0=END + timedelta(days=3)),)),
    "unknown platforms": inputs(takedowns=(unknown_platform("youtube"), unknown_platform("x"))),
    "one known, one unknown": inputs(takedowns=(takedown(), unknown_platform("youtube"))),
    "takedown not measurable": inputs(takedowns=(unmeasured_takedown(),)),
    "accounts of unknown past": inputs(takedowns=(takedown(cohorts=_COHORTS.model_copy(update={"posts": _FIRST_OBSERVED})),)),
    "pivot": inputs(narratives=narratives(narrative(), pivots=(pivot(),))),
    "early pivot": inputs(narratives=narratives(narrative(), pivots=(pivot(-2),))),
    "nothing coordinated": inputs(coordination=coordination(0)),
    "closer in time": inputs(coordination=coordination(coordinated=31)),
    "a shared interest": inputs(coordination=coordination(coordinated=0)),
    "nothing measurable": inputs(
        activity=activity(0, MISSING, 0),
        takedowns=(),
        narratives=narratives(whole=0),
        impact=impact(0, 0),
        coordination=coordination(MISSING),
        coverage=coverage(0),
    ),
    "tiny": inputs(
        activity=activity(3, MISSING, 2),
        takedowns=(),
        narratives=narratives(whole=3),
        impact=impact(0, 3),
        coordination=coordination(MISSING),
    ),
}

situation = pytest.mark.parametrize("parts", SITUATIONS.values(), ids=SITUATIONS.keys())


def texts(item: Judgement) -> list[str]:
    return [item.statement, item.confidence_statement, *item.reasons, item.alternative, item.would_change]


def whole_json(parts: JudgementInputs) -> Any:
    made = facts(judgement_facts(parts), **dict(parts.root.items()))
    return json.loads(made.to_bytes())


def in_json(document: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        document = document[int(token)] if isinstance(document, list) else document[token]
    return document


@situation
def test_every_reference_resolves_in_facts_json(parts: JudgementInputs) -> None:
    document = whole_json(parts)
    made = judgement_facts(parts)
    for item in made.items:
        assert item.refs
        for pointer in item.refs:
            in_json(document, pointer)
        if item.falsifier:
            in_json(document, item.falsifier.split(" ")[0])
    for figure in made.key_figures:
        in_json(document, figure.ref)


def renderings(value: object) -> str:
    """Every way in which a value may be printed, as one text."""
    if isinstance(value, Shared):
        return f"{percent(value.share)} {value.part:,} {value.whole:,}"
    if isinstance(value, Estimate):
        interval = (
            "" if isinstance(value.interval, NotMeasurable) else f"{percent(value.interval.low)} {percent(value.interval.high)}"
        )
        return f"{percent(value.value)} {interval}"
    if isinstance(value, float):
        return f"{percent(value)} {value:g}"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value} {value.day} {value.year}" if hasattr(value, "year") else str(value)


@situation
def test_every_number_comes_from_a_reference(parts: JudgementInputs) -> None:
    for item in judgement_facts(parts).items:
        allowed = set(re.findall(r"\d[\d,.]*\d|\d", " ".join(renderings(resolve(parts.root, pointer)) for pointer in item.refs)))
        for text in texts(item):
            assert set(re.findall(r"\d[\d,.]*\d|\d", text)) <= allowed, text


@situation
def test_likelihood_and_confidence_never_share_a_sentence(parts: JudgementInputs) -> None:
    made = judgement_facts(parts)
    assert 1 <= len(made.items) <= 5
    assert len({item.judgement_id for item in made.items}) == len(made.items)
    terms = re.compile("|".join(sorted(TERMS, key=len, reverse=True)))
    for item in made.items:
        assert terms.findall(item.statement) == [item.likelihood]
        assert item.likelihood_range == TERMS[item.likelihood]
        assert "confidence" not in item.statement
        assert item.confidence in item.confidence_statement
        assert not any(terms.search(text) for text in texts(item)[1:])
        assert all(text.endswith(".") for text in texts(item)), texts(item)
        assert not any("not_measurable" in text or "None" in text for text in texts(item))


@situation
def test_bottom_line_and_figures_are_complete(parts: JudgementInputs) -> None:
    made = judgement_facts(parts)
    assert len(made.bottom_line) == 3
    assert all(sentence.endswith(".") and sentence.count(". ") == 0 for sentence in made.bottom_line)
    assert made.bottom_line[2].startswith("We do not know")
    assert len(made.key_figures) == 6
    assert len({figure.name for figure in made.key_figures}) == 6


@situation
def test_the_word_rebuilding_is_earned(parts: JudgementInputs) -> None:
    made = judgement_facts(parts)
    lead = lead_of(parts)
    earned = lead is not None and state_of(lead.facts) == "rebuilding"
    said = " ".join([*made.bottom_line, *(text for item in made.items for text in texts(item))])
    assert ("rebuilding" in said) == earned


def test_statements_of_the_known_situations() -> None:
    def first(name: str) -> str:
        return judgement_facts(SITUATIONS[name]).items[0].statement

    assert (
        first("rebuilding") == "It is very likely that the campaign is rebuilding on Facebook after the takedown of 29 August 2023."
    )
    assert first("partly back") == (
        "It is very likely that the campaign has regained part of what it lost on Facebook after the takedown of 29 August 2023, "
        "and not all."
    )
    assert first("held down") == "It is very likely that the takedown of 29 August 2023 still holds the campaign down on Facebook."
    assert first("back").startswith("It is very likely that the campaign's posting on Facebook is back above the level")
    assert first("back and rising").startswith("It is likely that the campaign's posting on Facebook is back at the level")
    assert "did not cut" in first("never fell")
    assert "turned to an event: the harbour opening" in first_of("themes", "pivot").statement
    assert first_of("themes", "early pivot").likelihood == "likely"
    assert first_of("who-came-back", "accounts of unknown past").likelihood == "roughly even chance"
    assert "accounts that had been posting before it" in first_of("who-came-back", "rebuilding").statement


def test_what_an_archive_shows_is_told_with_its_doubts() -> None:
    """As with the network of 2017: nobody announced the losses of three weeks, and the interval of the index holds 1."""
    start = takedown().t0
    assert start is not None
    found = takedown(
        0.69, 0.76, 0.3, 1.94, "partial", direction=MISSING, source="inferred", t0_end=start + timedelta(days=21),
        cohorts=_COHORTS.model_copy(update={"posts": _JUST_OVER_HALF}),
    )  # fmt: skip
    listed = activity().model_copy(update={"members_by_basis": {"platform list": 120}})
    made = judgement_facts(inputs(takedowns=(found,), activity=listed))
    assert made.items[0].statement == (
        "It is likely that the inferred takedown of 29 August to 18 September 2023 still holds the campaign down on Facebook."
    )
    assert made.items[0].confidence == "moderate"
    assert (
        "69 % of its baseline and now stands at 76 % (30 % to 194 %) of its baseline: the interval holds its baseline"
        in (made.bottom_line[1])
    )
    carried = next(item for item in made.items if item.judgement_id == "who-came-back")
    assert "just over half of what the campaign has posted" in carried.statement
    assert carried.confidence == "moderate"
    wide = judgement_facts(inputs(takedowns=(takedown(0.69, 0.88, 0.35, 2.2, "partial", "flat"),)))
    assert wide.items[0].likelihood == "roughly even chance"  # the middle of the interval is hardly below 0.9


def test_a_turn_before_its_event_does_not_stand_for_one_after() -> None:
    late = pivot().model_copy(update={"event": "the fair", "event_on": pivot().event_on - timedelta(days=20)})
    made = judgement_facts(inputs(narratives=narratives(narrative(), pivots=(late, pivot(-2)))))
    assert "turned to an event: the fair" in next(item for item in made.items if item.judgement_id == "themes").statement


def first_of(name: str, situation_name: str) -> Judgement:
    return next(item for item in judgement_facts(SITUATIONS[situation_name]).items if item.judgement_id == name)


def test_confidence_follows_the_evidence() -> None:
    assert first_of("outlook", "nothing measurable").confidence == "low"
    assert first_of("outlook", "tiny").confidence == "low"
    assert first_of("who-came-back", "rebuilding").confidence == "high"
    shaky = inputs(
        period=period().model_copy(update={"provisional": True}),
        coverage=coverage().model_copy(update={"queries_changed": ("q began on 2023-09-01",)}),
    )
    assert judgement_facts(shaky).items[0].confidence == "low"


def test_other_takedowns_are_told_apart_from_the_lead() -> None:
    start = takedown().t0 - timedelta(days=60)  # type: ignore[operator]
    other = takedown(platform="x", takedown_id="x-2023", t0=start, t0_end=start + timedelta(days=1), latest=0.8)
    reasons = judgement_facts(inputs(takedowns=(other, takedown()))).items[0].reasons
    assert "Elsewhere, on X, after the takedown of 30 June 2023, they stand at 80 % (31 % to 55 %)." in reasons


def test_bottom_lines() -> None:
    def line(name: str) -> tuple[str, ...]:
        return judgement_facts(SITUATIONS[name]).bottom_line

    assert line("rebuilding")[0].startswith(
        "In 2023-W41 Spamouflage posted 1,234 times from 87 accounts (1,100 posts the period before)"
    )
    assert "fell to 11 % of its baseline and now stands at 42 % (31 % to 55 %)" in line("rebuilding")[1]
    assert "nothing yet that could have come back" in line("before the takedown")[1]
    assert "nothing yet that could have come back" in line("takedown to come")[1]
    assert "cannot be measured" in line("unknown platforms")[1]
    assert (
        "whether a takedown happened on X and YouTube" in line("unknown platforms")[2]
        or "x and youtube" in line("unknown platforms")[2]
    )
    assert "fewer than 4 weeks of history" in line("takedown not measurable")[1]
    assert line("nothing measurable")[0] == "No post by an account on the list of Spamouflage was collected in 2023-W41."


def test_the_latest_measured_takedown_leads() -> None:
    old = takedown(t0=takedown().t0 - timedelta(days=100), platform="x")  # type: ignore[operator]
    parts = inputs(takedowns=(old, unmeasured_takedown(), takedown()))
    lead = lead_of(parts)
    assert lead is not None
    assert lead.place == 2


def test_key_figures_against_the_last_period_and_the_baseline() -> None:
    before = facts()
    by_name = {figure.name: figure for figure in judgement_facts(inputs(previous=before)).key_figures}
    assert (by_name["posts"].value, by_name["posts"].previous, by_name["posts"].baseline) == (1234, 1100, 2871.8)
    index = by_name["rebuild index on Facebook"]
    assert (index.value, index.previous, index.baseline) == (0.42, 0.42, 1)
    survivors = by_name["survivors on Facebook"]
    assert (survivors.value, survivors.previous, survivors.baseline) == (31, 31, 210)
    assert by_name["copypasta share"].previous == pytest.approx(308 / 1234, abs=1e-6)
    assert isinstance(by_name["copypasta share"].baseline, NotMeasurable)
    alone = {figure.name: figure for figure in judgement_facts(inputs()).key_figures}
    assert isinstance(alone["copypasta share"].previous, NotMeasurable)
    other = activity().model_copy(
        update={"platforms": (*activity().platforms, activity().platforms[0].model_copy(update={"platform": "x"}))}
    )
    assert judgement_facts(inputs(activity=other)).key_figures[0].baseline == NotMeasurable(reason="no baseline on X")


def test_outlook_is_the_rate_so_far() -> None:
    steady = next(item for item in judgement_facts(inputs(takedowns=())).items if item.judgement_id == "outlook")
    assert steady.likelihood == "very likely"  # 11 of 11 changes within bounds: 12/13
    weeks = tuple(week.model_copy(update={"posts": 10 if i % 2 else 100}) for i, week in enumerate(activity().weeks))
    wild = activity().model_copy(update={"weeks": weeks})
    jumpy = next(item for item in judgement_facts(inputs(takedowns=(), activity=wild)).items if item.judgement_id == "outlook")
    assert jumpy.likelihood == "very unlikely"


@pytest.mark.parametrize(
    ("probability", "term"),
    [
        (0.0, "almost no chance"),
        (0.1, "very unlikely"),
        (0.3, "unlikely"),
        (0.5, "roughly even chance"),
        (0.55, "roughly even chance"),
        (0.7, "likely"),
        (0.8, "likely"),
        (0.9, "very likely"),
        (1.0, "almost certain"),
    ],
)
def test_terms(probability: float, term: str) -> None:
    assert term_for(probability) == term


def test_pointers_that_lead_nowhere_are_refused() -> None:
    told = Told(inputs().root)
    for pointer in ("/activity/nothing", "/takedowns/9/level", "/narratives/items/0/share/percent"):
        with pytest.raises(KeyError):
            told.value(pointer)
    assert told.refs == ()


@pytest.mark.parametrize(
    ("ratio", "shown"), [(0, "0 %"), (0.0004, "under 0.1 %"), (0.0123, "1.2 %"), (0.0996, "10 %"), (1.234, "123 %")]
)
def test_percentages(ratio: float, shown: str) -> None:
    assert percent(ratio) == shown


def test_a_shared_interest_is_no_concert() -> None:
    def told(name: str) -> Judgement:
        return next(j for j in judgement_facts(SITUATIONS[name]).items if j.judgement_id == "coordination")

    assert told("closer in time").likelihood == told("rebuilding").likelihood == "almost certain"
    assert any("31 of these were also closer in time" in reason for reason in told("closer in time").reasons)
    assert told("a shared interest").likelihood == "likely"
    assert "a shared interest explains as much" in told("a shared interest").model_dump_json()


def test_equal_facts_give_equal_judgements() -> None:
    made: JudgementFacts = judgement_facts(inputs())
    assert made == judgement_facts(inputs())
