import pytest
from rebuilding_frames import posts_frame as frame
from rebuilding_frames import run, steady, takedown

from tasks.domain.measures import NotMeasurable
from tasks.rebuilding.baseline import BaselineWeeks, choose_weeks
from tasks.rebuilding.episodes import group_episodes
from tasks.rebuilding.timeline import day_number


def weeks(*earlier: int, data_start: int = -400) -> BaselineWeeks | NotMeasurable:
    t0 = day_number(takedown(0).effective_from)  # type: ignore[arg-type]
    return choose_weeks(t0, t0 + data_start, group_episodes([takedown(day) for day in earlier]))


def test_eight_weeks_before_t0() -> None:
    chosen = weeks()
    assert isinstance(chosen, BaselineWeeks)
    t0 = day_number(takedown(0).effective_from)  # type: ignore[arg-type]
    assert [start - t0 for start in chosen.starts] == [-7, -14, -21, -28, -35, -42, -49, -56]
    assert (chosen.left_out, chosen.age_days) == (0, 0)


def test_weeks_near_an_earlier_episode_are_left_out_and_counted() -> None:
    # the earlier episode is day -50, clear from day -49 + 28 = -21 on: weeks -7, -14, -21 stay, so the search goes back
    chosen = weeks(-50)
    assert isinstance(chosen, BaselineWeeks)
    t0 = day_number(takedown(0).effective_from)  # type: ignore[arg-type]
    assert [start - t0 for start in chosen.starts] == [-7, -14, -21, -63, -70, -77, -84, -91]
    assert (chosen.left_out, chosen.near_earlier) == (5, 5)


def test_four_clean_weeks_are_enough_and_nothing_older_is_used() -> None:
    chosen = weeks(-57)
    assert isinstance(chosen, BaselineWeeks)
    assert (len(chosen.starts), chosen.left_out) == (4, 4)


def test_an_old_baseline_prints_its_age() -> None:
    chosen = weeks(-32)  # clear from day -3, and again before day -32
    assert isinstance(chosen, BaselineWeeks)
    assert chosen.age_days == 35
    assert len(chosen.starts) == 8


def test_too_little_data_is_not_measurable() -> None:
    chosen = weeks(data_start=-27)
    assert isinstance(chosen, NotMeasurable)
    assert "only 3 whole weeks" in chosen.reason
    assert isinstance(weeks(data_start=-28), BaselineWeeks)


def test_median_week_by_hand() -> None:
    # posts a week: 7, 14, ..., 56 -> daily means 1..8, median 4.5; one account a day, then a second one in the last week
    rows = [("a", -7 * k + day, k) for k in range(1, 9) for day in range(7)] + [("b", day, 1) for day in range(-7, 0)]
    (facts,) = run(frame(rows, like_count=2), [takedown(0)], 14)
    assert not isinstance(facts.baseline, NotMeasurable)
    # week 1 has 1 + 1 posts a day, so the means are 2, 2, 3, ..., 8
    assert facts.baseline.posts == pytest.approx((4 + 5) / 2)
    assert facts.baseline.accounts == pytest.approx(1)
    assert facts.baseline.engagement == pytest.approx(9)


def test_prior_level_and_the_index_against_it() -> None:
    rows = [*steady(-70, -7, accounts=2), *steady(-7, 0, accounts=6), *steady(1, 15, accounts=3)]
    (facts,) = run(frame(rows), [takedown(0)], 15)
    prior = facts.prior_level
    assert not isinstance(prior, NotMeasurable)
    assert (prior.accounts, prior.posts) == (6, 12)
    assert (prior.index_accounts, prior.index_posts) == (0.5, 0.5)


def test_engagement_is_missing_not_zero() -> None:
    (facts,) = run(frame(steady(-70, 15)), [takedown(0)], 15)
    assert not isinstance(facts.baseline, NotMeasurable)
    assert isinstance(facts.baseline.engagement, NotMeasurable)
    engagement = [s for s in facts.rebuild_index if s.series == "engagement"]
    assert all(isinstance(s.latest, NotMeasurable) for s in engagement)
