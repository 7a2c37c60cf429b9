import pytest
from rebuilding_frames import observed, run, steady, takedown
from rebuilding_frames import posts_frame as frame

from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import CohortCounts, Cohorts

HISTORY = [("history", -200.0)]


def cohorts(rows: list, end: int = 20, observations: list | None = None) -> Cohorts:
    (facts,) = run(frame([*HISTORY, *rows]), [takedown(0, 1)], end, observations=observed(observations or []))
    assert isinstance(facts.cohorts, Cohorts)
    return facts.cohorts


@pytest.mark.parametrize(
    ("rows", "seen", "name"),
    [
        ([("a", -90), ("a", 2)], {}, "survivor"),
        ([("a", -0.5), ("a", 2)], {}, "survivor"),
        ([("a", -91), ("a", 2)], {}, "reactivated"),
        ([("a", -91), ("a", -1), ("a", 2)], {}, "survivor"),
        ([("a", 2)], {"created": 0}, "created_after"),
        ([("a", 2)], {"created": 0, "created_precision_s": 86_400}, "created_after"),
        ([("a", 2)], {"created": -0.5, "created_precision_s": 86_400}, "undetermined"),
        ([("a", 2)], {"created": -1, "created_precision_s": 86_400}, "pre_positioned"),
        ([("a", 2)], {"created": -0.001}, "pre_positioned"),
        ([("a", 2)], {"day": -5}, "pre_positioned"),
        ([("a", 2)], {"day": -5, "created": -0.5, "created_precision_s": 864_000}, "pre_positioned"),
        ([("a", 2)], {"day": 0}, "first_observed"),
        ([("a", 0), ("a", 2)], {}, "first_observed"),  # posted during the episode only, and after it
        ([("a", -3), ("a", 2)], {"created": 0}, "survivor"),  # the posts win over a wrong creation time
    ],
)
def test_one_account(rows: list, seen: dict, name: str) -> None:
    found = cohorts(rows, observations=[{"account_id": "a", "day": 3} | seen] if seen else [])
    assert found.total == 1
    assert getattr(found, name) == 1
    assert getattr(found.posts, name) == found.posts.total == 1


@pytest.mark.parametrize("day", [0, 1])
def test_who_posts_only_during_the_episode_is_in_no_cohort(day: int) -> None:
    assert cohorts([("a", -5), ("a", day)]).total == 0


def test_the_latest_observation_with_a_creation_time_counts() -> None:
    seen = [
        {"account_id": "a", "day": 5, "created": 1},
        {"account_id": "a", "day": 3, "created": -400},
        {"account_id": "a", "day": 6},
    ]
    assert cohorts([("a", 2)], observations=seen).created_after == 1


def test_without_90_days_of_history_reactivation_is_not_measurable_and_all_still_sums() -> None:
    rows = [("early", -179.0), ("early", 3.0), ("a", -1.0), ("a", 2.0), ("new", 4.0)]
    (facts,) = run(frame(rows), [takedown(0, 1)], 20)
    assert isinstance(facts.cohorts, Cohorts)
    assert isinstance(facts.cohorts.reactivated, NotMeasurable)
    assert "must reach back to 2023-03-02" in facts.cohorts.reactivated.reason
    assert (facts.cohorts.survivor, facts.cohorts.undetermined, facts.cohorts.first_observed, facts.cohorts.total) == (1, 1, 1, 3)
    assert isinstance(facts.cohorts.posts.reactivated, NotMeasurable)


def test_exactly_90_days_of_history_are_enough() -> None:
    (facts,) = run(frame([("early", -180.0), ("early", 3.0)]), [takedown(0, 1)], 20)
    assert isinstance(facts.cohorts, Cohorts)
    assert facts.cohorts.reactivated == 1


def test_sensitivity_moves_the_look_back() -> None:
    rows = [("h", -300.0), ("a", -20.0), ("a", 2.0), ("b", -60.0), ("b", 2.0), ("c", -150.0), ("c", 2.0)]
    (facts,) = run(frame(rows), [takedown(0, 1)], 20)
    assert isinstance(facts.sensitivity, tuple)
    counts: dict[int, CohortCounts] = {row.lookback_days: row.cohorts for row in facts.sensitivity}
    assert (counts[30].survivor, counts[30].reactivated) == (1, 2)
    assert (counts[180].survivor, counts[180].reactivated) == (3, 0)
    assert isinstance(facts.cohorts, Cohorts)
    assert (facts.cohorts.survivor, facts.cohorts.reactivated) == (2, 1)


def test_a_takedown_still_under_way_has_no_cohorts() -> None:
    (facts,) = run(frame(steady(-70, 20)), [takedown(0, 30)], 20)
    assert facts.cohorts == NotMeasurable(reason="the takedown had not ended when the period did")
    assert facts.sensitivity == facts.fate == facts.cohorts
