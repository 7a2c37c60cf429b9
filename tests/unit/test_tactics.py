"""Techniques and alternative explanations: named only by what was measured, and every number of a sentence stands behind a pointer."""

import csv
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "render"))
import sample_facts

from reports.parts.tactics import tactics
from tasks.domain.facts import Facts
from tasks.domain.measures import Estimate, Interval, NotMeasurable, Shared
from tasks.domain.tactics import AlternativeFacts, TacticFacts
from tasks.narrate.alternatives import ALTERNATIVES, alternative_facts
from tasks.narrate.tactics import RULES, _book, tactic_facts
from tasks.narrate.told import resolve

FULL = sample_facts.full()
MISSING = NotMeasurable(reason="nothing was observed")
SAMPLES = (FULL, sample_facts.first(), sample_facts.nearly_empty(), sample_facts.no_takedown(), sample_facts.scripts())


def row(facts: Facts, key: str) -> TacticFacts:
    return next(one for one in tactic_facts(facts) if one.key == key)


def weighed(facts: Facts, key: str) -> AlternativeFacts:
    return next(one for one in alternative_facts(facts) if one.key == key)


def changed(part: str, facts: Facts = FULL, **values: Any) -> Facts:
    return facts.model_copy(update={part: getattr(facts, part).model_copy(update=values)})


def with_behaviour(name: str, **values: Any) -> Facts:
    rows = tuple(one.model_copy(update=values) if one.behaviour == name else one for one in FULL.coordination.behaviours)
    assert any(one.behaviour == name for one in rows)
    return changed("coordination", behaviours=rows)


def with_takedown(**values: Any) -> Facts:
    return FULL.model_copy(update={"takedowns": (FULL.takedowns[0].model_copy(update=values),)})


def test_ids_and_names_are_those_of_the_vocabularies(shared_data: Path) -> None:
    with (shared_data / "reference" / "disarm_techniques.csv").open(encoding="utf-8") as file:
        disarm = {one["id"]: one for one in csv.DictReader(file)}
    with (shared_data / "reference" / "meta_online_operations_killchain.csv").open(encoding="utf-8") as file:
        codes = {name.strip() for one in csv.reader(file) for name in one}
    for one in tactic_facts(FULL):
        if one.technique_id:
            assert disarm[one.technique_id]["name"] == one.name
            assert disarm[one.tactic_id]["name"] == one.tactic
            assert disarm[one.technique_id]["tactic"] == one.tactic.lower().replace(" ", "-")
        else:
            assert f"{one.phase_id} {one.name}" in codes
        if one.phase_id:
            assert f"{one.phase_id.split('.')[0]}. {one.phase}" in codes
            assert any(code.startswith((f"{one.phase_id} ", f"{one.phase_id}. ")) for code in codes)


def test_every_row_has_a_rule_or_a_reason() -> None:
    rows = _book()["rows"]
    assert set(RULES) == {key for key, one in rows.items() if "never" not in one}
    assert [one.key for one in tactic_facts(FULL)] == list(rows)


@pytest.mark.parametrize("facts", SAMPLES)
def test_every_number_comes_from_a_pointer_of_its_row(facts: Facts) -> None:
    for one in (*tactic_facts(facts), *alternative_facts(facts)):
        values = [resolve(facts, ref) for ref in one.refs]
        shown = " ".join(_written(value, facts.activity.posts) for value in values)
        sentence = re.sub(r"least \d+ (days|accounts)|least 5\.0 %|24 hours|\d{4}-\d\d-\d\d", "", one.finding)
        for number in re.findall(r"\d[\d,.]*\d|\d", sentence):
            if one.state == "seen" if isinstance(one, TacticFacts) else one.outcome != "not tested":
                assert number in shown, (one.key, one.finding, shown)


def _written(value: Any, posts: int) -> str:
    if isinstance(value, Shared):
        share = 100 * (value.share or 0)
        return f"{value.part:,} {value.whole:,} {share:.0f} {share:.1f}"
    if isinstance(value, Estimate):
        bounds = [] if isinstance(value.interval, NotMeasurable) else [value.interval.low, value.interval.high]
        return " ".join(f"{100 * one:.0f} {100 * one:.1f}" for one in (value.value, *bounds))
    if isinstance(value, tuple):
        return " ".join([f"{len(value)} ", *(str(one) for one in value), *map(str, range(len(value)))])
    if isinstance(value, float):
        return f"{100 * value:.0f} {100 * value:.1f}"
    if isinstance(value, datetime) or hasattr(value, "day"):
        return f"{value.day} {value.year}"
    if isinstance(value, int):
        share = 100 * value / max(posts, 1)
        return f"{value:,} {share:.0f} {share:.1f}"
    return str(value)


def test_old_facts_without_techniques_print_no_such_page() -> None:
    assert tactics(FULL.model_copy(update={"tactics": (), "alternatives": ()})).lead == ""


def test_copied_texts() -> None:
    whole = FULL.narratives.copypasta.whole
    assert row(FULL, "copypasta").state == "seen"
    assert row(changed("narratives", copypasta=Shared(part=0, whole=whole)), "copypasta").state == "not seen"
    assert row(changed("narratives", copypasta=Shared(part=0, whole=0)), "copypasta").state == "not looked for"


@pytest.mark.parametrize(("key", "behaviour"), [("same-text", "co-text"), ("same-link", "co-url")])
def test_acting_together(key: str, behaviour: str) -> None:
    seen = row(with_behaviour(behaviour, edges_significant=9, edges_among_members=7), key)
    assert seen.state == "seen"
    assert seen.finding.startswith("7 pairs of accounts on the list")
    # pairs beyond chance that do not join two accounts on the list are no behaviour of the campaign
    assert row(with_behaviour(behaviour, edges_significant=9, edges_among_members=0), key).state == "not seen"
    unknown = row(with_behaviour(behaviour, edges_significant=MISSING, edges_among_members=0), key)
    assert (unknown.state, unknown.finding) == ("not looked for", "Nothing was observed.")
    rest = tuple(one for one in FULL.coordination.behaviours if one.behaviour != behaviour)
    assert row(changed("coordination", behaviours=rest), key).state == "not looked for"


def test_replies_are_not_denied_where_sources_mark_none() -> None:
    silent = tuple(one.model_copy(update={"posts_carrying": 0}) for one in FULL.coordination.behaviours)
    without = changed("activity", changed("coordination", behaviours=silent), kinds={"original": 10, "repost": 3})
    assert row(without, "replies").state == "not looked for"
    assert row(changed("activity", kinds={"original": 90, "reply": 10}), "replies").state == "seen"
    assert row(changed("activity", kinds={"original": 90, "reply": 9}), "replies").state == "not seen"


def test_languages_and_platforms() -> None:
    posts = FULL.activity.posts
    few = {"en": posts - posts // 50, "zh": posts // 50}
    assert row(changed("activity", languages=few), "several-languages").state == "not seen"
    both = row(changed("activity", languages={"en": posts // 2, "zh": posts - posts // 2}), "several-languages")
    assert both.state == "seen"
    assert "English 50 %" in both.finding
    assert "Chinese 50 %" in both.finding
    assert row(changed("activity", languages={"und": posts}), "several-languages").state == "not looked for"
    apart = tuple(one.model_copy(update={"platforms": ("x",)}) for one in FULL.narratives.exhibits)
    joined = (apart[0].model_copy(update={"platforms": ("facebook", "x")}), *apart[1:])
    assert row(changed("narratives", exhibits=apart), "several-platforms").state == "not seen"
    assert row(changed("narratives", exhibits=joined), "several-platforms").state == "seen"
    assert row(changed("coverage", platforms=FULL.coverage.platforms[:1]), "several-platforms").state == "not looked for"


def test_an_event_only_counts_from_its_day_on() -> None:
    assert isinstance(FULL.narratives.pivots, tuple)
    (pivot,) = FULL.narratives.pivots
    later, earlier = (pivot.model_copy(update={"lag_days": lag}) for lag in (0, -3))
    assert "on the day of the event" in row(changed("narratives", pivots=(later,)), "turns-to-event").finding
    assert row(changed("narratives", pivots=(earlier,)), "turns-to-event").state == "not seen"
    assert row(changed("narratives", pivots=MISSING), "turns-to-event").state == "not looked for"


def test_accounts_after_a_takedown() -> None:
    cohorts = FULL.takedowns[0].cohorts
    assert not isinstance(cohorts, NotMeasurable)
    none = cohorts.model_copy(update={"created_after": 0, "reactivated": MISSING})
    assert row(with_takedown(cohorts=cohorts.model_copy(update={"created_after": 4})), "new-accounts").state == "seen"
    assert row(with_takedown(cohorts=none), "new-accounts").state == "not seen"
    assert row(with_takedown(cohorts=none), "dormant-accounts").state == "not looked for"
    assert row(FULL.model_copy(update={"takedowns": ()}), "new-accounts").state == "not looked for"
    assert row(with_takedown(creation_batches=()), "accounts-in-batches").state == "not seen"
    assert row(with_takedown(creation_batches=MISSING), "accounts-in-batches").state == "not looked for"
    assert row(with_takedown(successors=()), "successors").state == "not seen"


def test_pictures() -> None:
    assert not isinstance(FULL.avatars, NotMeasurable)
    interval = Interval(low=0.1, high=0.3)
    for above, state in ((True, "seen"), (False, "not seen")):
        faces = FULL.avatars.faces.model_copy(update={"above_zero": above, "prevalence": Estimate(value=0.2, interval=interval)})
        assert row(changed("avatars", faces=faces), "generated-faces").state == state
    found = row(FULL, "generated-faces").finding + row(FULL, "copied-pictures").finding
    assert " is a GAN" not in found
    missing = FULL.model_copy(update={"avatars": MISSING})
    assert {row(missing, key).state for key in ("generated-faces", "copied-pictures")} == {"not looked for"}


def test_a_shift_needs_day_meals_and_weekends_together() -> None:
    works = {"uniform_p": 1e-9, "meal_dips": ("12:00-13:00",), "weekend_ratio": 0.4, "weekend_p": 1e-6}
    assert row(changed("behaviour", **works), "shift-pattern").state == "seen"
    for spoilt in ({"uniform_p": 0.4}, {"meal_dips": ()}, {"weekend_ratio": 0.9}, {"weekend_p": 0.2}):
        assert row(changed("behaviour", **{**works, **spoilt}), "shift-pattern").state == "not seen"
    assert row(changed("behaviour", uniform_p=MISSING), "shift-pattern").state == "not looked for"


def test_alternatives_are_weakened_only_by_a_test() -> None:
    assert [one.key for one in alternative_facts(FULL)] == [one.key for one in ALTERNATIVES]
    together = {"edges_significant": 9, "edges_among_members": 9}
    for found, interest, outcome in ((7, 2, "weakened"), (0, 9, "not weakened"), (0, 0, "not tested")):
        facts = with_behaviour("co-url", **together, edges_coordinated=found, edges_co_interest=interest)
        rest = tuple(one for one in facts.coordination.behaviours if one.behaviour == "co-url")
        assert weighed(changed("coordination", facts, behaviours=rest), "shared-news").outcome == outcome
    assert weighed(changed("behaviour", meal_dips=()), "scheduling").outcome != "weakened"
    assert weighed(FULL, "event").outcome != "weakened"  # outsiders are not compared
    assert weighed(FULL.model_copy(update={"takedowns": ()}), "decline").outcome == "not tested"
    whole = tuple(one.model_copy(update={"days_without_posts": 0}) for one in FULL.coverage.platforms)
    sound = changed("validation", changed("coverage", platforms=whole, queries_changed=()), quarantined=0)
    assert weighed(sound, "gaps").outcome == "weakened"
    assert weighed(changed("coverage", sound, queries_changed=("q",)), "gaps").outcome == "not weakened"


def test_the_page_names_what_was_seen_and_what_was_not_looked_for() -> None:
    page = tactics(FULL.model_copy(update={"tactics": tactic_facts(FULL), "alternatives": alternative_facts(FULL)}))
    assert page.seen is not None
    assert page.blind is not None
    assert page.alternatives is not None
    assert len(page.alternatives.rows) == len(ALTERNATIVES)
    quiet = changed("activity", posts=0)
    nothing = tactics(quiet.model_copy(update={"tactics": tactic_facts(quiet)}))
    assert nothing.seen is None
    assert nothing.absent
