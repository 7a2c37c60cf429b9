"""What changed since the last briefing, and how its falsifiers fared."""

from datetime import date, timedelta
from typing import Any

import pytest
from judged_facts import MISSING, START, activity, campaign, facts, narrative, narratives, period, takedown, unmeasured_takedown

from tasks.domain.facts import EventFacts, Facts, Judgement, JudgementFacts, Predecessor
from tasks.domain.measures import NotMeasurable
from tasks.domain.narratives import WeekShare
from tasks.domain.rebuilding import LossWave
from tasks.narrate.changes import ChangeInputs, change_facts
from tasks.narrate.judgements import JudgementInputs, judgement_facts


def parts(**changes: Any) -> ChangeInputs:
    base = facts()
    given: dict[str, Any] = {name: getattr(base, name) for name in ChangeInputs.__dataclass_fields__}
    inputs = base.inputs.model_copy(update={"predecessor": Predecessor(period="2023-W40", edition="e" * 64)})
    return ChangeInputs(**{**given, "period": period(), "activity": activity(1234, 1100), "inputs": inputs, **changes})


def previous_with(falsifier: str, **changes: Any) -> Facts:
    item = Judgement(
        judgement_id="j",
        statement="It is likely that x.",
        likelihood="likely",
        likelihood_range=(55, 80),
        confidence="low",
        confidence_statement="Our confidence is low: y.",
        reasons=(),
        alternative="",
        would_change="",
        falsifier=falsifier,
        refs=(),
    )
    return facts(JudgementFacts(bottom_line=(), items=(item,), key_figures=()), **changes)


def said(made: ChangeInputs, previous: Facts | None, kind: str) -> list[str]:
    return [item.text for item in change_facts(made, previous).items if item.kind == kind]


def test_a_first_briefing_has_nothing_to_compare() -> None:
    made = change_facts(parts(), None)
    assert (made.since, made.items, made.scored) == (None, (), ())


def test_equal_methods_are_not_mentioned_and_data_are() -> None:
    assert said(parts(), facts(), "method") == []
    data = said(parts(), facts(), "data")
    assert data == ["1,234 posts from 87 accounts, after 1,100 from 87 in 2023-W40"]
    assert change_facts(parts(), facts()).since == Predecessor(period="2023-W40", edition="e" * 64)


def test_late_posts_of_the_last_period() -> None:
    data = said(parts(activity=activity(1234, 1150)), facts(), "data")
    assert any(text.startswith("2023-W40 now counts 1,150 posts instead of 1,100") for text in data)


def test_narratives_that_came_and_went() -> None:
    tea, opera = narrative(("tea", "leaves"), 90), narrative(("opera",), 40)
    data = said(parts(narratives=narratives(narrative(), opera)), facts(narratives=narratives(narrative(), tea)), "data")
    assert "narratives not in the last briefing: “opera” (40 posts)" in data
    assert "narratives gone: “tea, leaves” (90 posts)" in data


def test_a_theme_that_skips_a_period_neither_came_nor_went() -> None:
    quiet = narrative(("tea",), 0, status="fading")
    before = facts(narratives=narratives(narrative(), narrative(("tea",), 90)))
    assert not any("narratives" in text for text in said(parts(narratives=narratives(narrative(), quiet)), before, "data"))
    back = facts(narratives=narratives(narrative(), quiet))
    assert not any(
        "narratives" in text for text in said(parts(narratives=narratives(narrative(), narrative(("tea",), 90))), back, "data")
    )
    started = date(2023, 9, 25)
    trend = tuple(
        WeekShare(start=started + timedelta(days=7 * i), posts=posts, all_posts=1000) for i, posts in enumerate((90, 0, 0))
    )
    gone = narrative(("tea",), 0, status="gone", trend=trend)
    assert "narratives gone: “tea” (90 posts)" in said(parts(narratives=narratives(narrative(), gone)), back, "data")


def test_only_three_narratives_of_weight_are_named() -> None:
    new = [narrative((name,), posts) for name, posts in (("a", 9), ("b", 40), ("c", 30), ("d", 20), ("e", 10))]
    (line,) = [
        text for text in said(parts(narratives=narratives(narrative(), *new)), facts(), "data") if text.startswith("narratives")
    ]
    assert line == "narratives not in the last briefing: “b” (40 posts); “c” (30 posts); “d” (20 posts); and 1 more"
    small = narrative(("a",), 3, whole=60)  # few posts, but 5 % of the period's
    assert "narratives not in the last briefing: “a” (3 posts)" in said(
        parts(narratives=narratives(narrative(), small)), facts(), "data"
    )


def test_one_label_never_stands_on_both_sides() -> None:
    now, then = narrative(("tea",), 90, narrative_id="n-1"), narrative(("tea",), 80, narrative_id="n-2")
    data = said(
        parts(narratives=narratives(narrative(), now, narrative(("opera",), 40))),
        facts(narratives=narratives(narrative(), then)),
        "data",
    )
    assert [text for text in data if text.startswith("narratives")] == ["narratives not in the last briefing: “opera” (40 posts)"]


def test_levels_that_moved() -> None:
    data = said(parts(takedowns=(takedown(level="baseline"),)), facts(takedowns=(takedown(level="partial"),)), "data")
    assert "Facebook, takedown of 2023-08-29: level baseline, after partial" in data
    lost = said(parts(takedowns=(unmeasured_takedown(),)), facts(), "data")
    assert "Facebook, takedown of 2023-08-29: level not measurable, after partial" in lost
    found = said(parts(), facts(takedowns=(unmeasured_takedown(),)), "data")
    assert "Facebook, takedown of 2023-08-29: level partial, not measurable before" in found


def test_a_level_that_is_still_not_measurable_for_another_reason_is_no_change() -> None:
    """Both briefings say why; "not measurable, after not measurable" tells a reader nothing."""
    later = unmeasured_takedown().model_copy(update={"level": NotMeasurable(reason="still too few days")})
    then = unmeasured_takedown().model_copy(update={"level": NotMeasurable(reason="too few days")})
    assert not [text for text in said(parts(takedowns=(later,)), facts(takedowns=(then,)), "data") if "level" in text]


def wave(day: int, lost: int, *, provisional: bool = True) -> LossWave:
    return LossWave(
        day=date(2023, 9, day),
        lost=lost,
        expected=1.25,
        p_value=1e-9,
        q_value=1e-7,
        provisional=provisional,
        returned_share=0.48,
        matched="unannounced",
    )


def test_provisional_waves_are_confirmed_or_withdrawn() -> None:
    before = (takedown(loss_waves=(wave(1, 9, provisional=False), wave(3, 40), wave(5, 12), wave(7, 15))),)
    now = (takedown(loss_waves=(wave(1, 9, provisional=False), wave(3, 32, provisional=False), wave(7, 14), wave(20, 22))),)
    data = said(parts(takedowns=now), facts(takedowns=before), "data")
    assert [text for text in data if "wave" in text] == [
        "Facebook: the wave of silence of 2023-09-03 is confirmed, with 32 accounts lost after 40 provisionally",
        (
            "Facebook: the provisional wave of silence of 2023-09-05 (12 accounts silent in the last briefing) is withdrawn: "
            "too many of them posted again for it to stand out"
        ),
        (
            "Facebook: wave of silence of 2023-09-20, 22 accounts where chance explains 1.2 "
            "(provisional: of earlier silences of that length 48 % ended with another post)"
        ),
    ]
    unknown = (takedown(loss_waves=MISSING),)
    assert not any("wave" in text for text in said(parts(takedowns=now), facts(takedowns=unknown), "data"))


def test_events_and_new_takedowns_are_the_world() -> None:
    inside, outside = (
        EventFacts(event_id="i", on=date(2023, 10, 12), title="Opening"),
        EventFacts(event_id="o", on=date(2023, 10, 16), title="Later"),
    )
    world = said(parts(campaign=campaign(inside, outside)), facts(takedowns=()), "world")
    assert world == ["Opening (2023-10-12)", "takedown meta-2023-08 on Facebook (2023-08-29) is new in the ledger"]
    assert said(parts(), facts(), "world") == []


def test_method_names_what_differs() -> None:
    base = facts()
    generated = base.generated_by.model_copy(update={"version": "0.2.0", "code_sha256": "d" * 64})
    inputs = base.inputs.model_copy(update={"parameters": {"max_q": "0.05", "window_s": "60"}, "pseudonym_key_id": "other"})
    method = said(parts(generated_by=generated, inputs=inputs), base, "method")
    assert method[0] == "version 0.2.0, after 0.1.0"
    assert method[1].startswith("the code changed (aaaaaaaaaaaa to dddddddddddd)")
    assert "max_q: 0.05, after 0.01" in method
    assert "window_s: 60, after not set" in method
    assert any("key of the pseudonyms" in text for text in method)


@pytest.mark.parametrize(
    ("falsifier", "outcome", "why"),
    [
        ("/takedowns/0/level in suppressed|partial", "held", "expected suppressed or partial, found partial"),
        ("/takedowns/0/direction in falling|flat", "did not hold", "expected falling or flat, found rising"),
        ("/impact/breakout_category in 1|2", "held", "expected category 1 or 2, found 1"),
        ("/impact/breakout_category in 2|3|4|5|6", "did not hold", "expected category 2 to 6, found 1"),
        ("/narratives/items/0/narrative_id in n-gone", "did not hold", "expected n-gone, found “harbour, opening”"),
        ("/narratives/items/0/narrative_id in n-harbour", "held", "expected “harbour, opening”, found “harbour, opening”"),
        ("/activity/posts between 600 1300", "held", "expected between 600 and 1,300, found 1,234"),
        ("/activity/posts between 2000 8000", "did not hold", "expected between 2,000 and 8,000, found 1,234"),
        ("/activity/nothing in 1", "cannot be told", "this period has no such value"),
        ("/activity/posts near 5", "cannot be told", "the condition 'near 5' of the last briefing is not understood"),
    ],
)
def test_falsifiers_are_scored(falsifier: str, outcome: str, why: str) -> None:
    (score,) = change_facts(parts(), previous_with(falsifier)).scored
    assert (score.outcome, score.why) == (outcome, why)
    assert score.statement == "It is likely that x."


def test_takedowns_are_found_again_wherever_they_stand() -> None:
    other = takedown(takedown_id="older", platform="x", level="above")
    (score,) = change_facts(parts(takedowns=(other, takedown())), previous_with("/takedowns/0/level in partial")).scored
    assert score.outcome == "held"
    (gone,) = change_facts(parts(takedowns=(other,)), previous_with("/takedowns/0/level in partial")).scored
    assert gone.outcome == "cannot be told"
    (lost,) = change_facts(parts(takedowns=(unmeasured_takedown(),)), previous_with("/takedowns/0/level in partial")).scored
    assert (lost.outcome, lost.why) == ("cannot be told", "fewer than 4 weeks of history")


def test_what_judgements_promise_can_be_scored() -> None:
    """Every falsifier that judgements write is understood a period later, and holds if nothing changed."""
    base = facts()
    shown = {name: getattr(base, name) for name in JudgementInputs.__dataclass_fields__ if name != "previous"}
    made = judgement_facts(JudgementInputs(**{**shown, "period": period(START - timedelta(days=7), "2023-W40")}))
    before = facts(made)
    scored = change_facts(parts(activity=base.activity), before).scored
    assert {score.judgement_id for score in scored} == {item.judgement_id for item in made.items if item.falsifier}
    assert len(scored) >= 3
    assert {score.outcome for score in scored} == {"held"}


def test_a_gap_between_briefings_is_not_called_late_posts() -> None:
    older = facts(period=period(START - timedelta(days=70), "2023-W31"))
    assert len(said(parts(activity=activity(1234, MISSING)), older, "data")) == 1
    assert not any("now counts" in text for text in said(parts(), older, "data"))
