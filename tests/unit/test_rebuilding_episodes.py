from datetime import date

from rebuilding_frames import at, on, run, steady, takedown
from rebuilding_frames import posts_frame as frame

from tasks.domain.measures import NotMeasurable
from tasks.domain.periods import Cutoff
from tasks.rebuilding.episodes import group_episodes, read_ledger
from tasks.rebuilding.timeline import day_number


def test_actions_less_than_28_days_apart_are_one_episode() -> None:
    # ends at day 2 (exclusive); 29 - 2 = 27 days later joins, 58 - 30 = 28 days later does not
    episodes = group_episodes([takedown(58), takedown(0, 1), takedown(29)])
    assert [(e.start - day_number(on(0)), e.end - day_number(on(0))) for e in episodes] == [(0, 30), (58, 59)]
    assert [e.known_as for e in episodes] == ["t1000", "t1058"]


def test_a_long_action_is_not_shortened_by_a_short_one_inside_it() -> None:
    (episode,) = group_episodes([takedown(0, 20), takedown(5)])
    assert episode.end - episode.start == 21


def test_rows_that_were_not_known_or_not_begun_are_left_out() -> None:
    rows = [
        takedown(0, announced_on=on(31)),  # took effect, announced after as_of
        takedown(10, platform="y", announced_on=on(29)),
        takedown(30, platform="z"),  # begins at end
    ]
    assert [ledger.platform for ledger in read_ledger(rows, Cutoff(at(30), at(30)))] == ["y"]
    assert [ledger.platform for ledger in read_ledger(rows, Cutoff(at(30), at(31)))] == ["x", "y"]


def test_a_later_takedown_changes_no_earlier_briefing() -> None:
    posts = frame(steady(-70, 40))
    assert run(posts, [takedown(0)], 20) == run(posts, [takedown(0), takedown(25)], 20)
    assert run(posts, [takedown(0)], 20) == run(posts, [takedown(0), takedown(5, announced_on=on(30))], 20)


def test_a_month_is_a_caveat_and_starts_no_episode() -> None:
    vague = takedown(5, takedown_id="vague", precision="month", counts={"accounts": 1200}, source="press")
    (facts,) = run(frame(steady(-70, 40)), [takedown(0), vague], 40)
    assert facts.t0 == at(0)
    assert any("vague" in caveat and "1,200 accounts" in caveat and "month" in caveat for caveat in facts.caveats)
    (alone,) = run(frame(steady(-70, 40)), [vague], 40)
    assert alone.t0 is None
    assert alone.baseline == NotMeasurable(reason="no source dates a takedown on X to the day")


def test_unknown_is_a_row_whose_every_measure_says_why() -> None:
    unknown = takedown(0, takedown_id="yt", platform="youtube", known="unknown", effective_from=None, source="press")
    facts = run(frame(steady(-70, 40)), [takedown(0), unknown], 40)
    assert [(f.platform, f.known) for f in facts] == [("x", "yes"), ("youtube", "unknown")]
    reasons = {value.reason for value in vars(facts[1]).values() if isinstance(value, NotMeasurable)}
    assert len(reasons) == 1
    assert "not known whether YouTube acted" in reasons.pop()
    assert len(facts[1].rebuild_index) == 9
    assert all(isinstance(series.latest, NotMeasurable) for series in facts[1].rebuild_index)


def test_a_platform_without_posts_says_so() -> None:
    (facts,) = run(frame(steady(-70, 40), platform="y"), [takedown(0)], 40)
    assert facts.t0 == at(0)
    assert facts.fate == NotMeasurable(reason="no member's post on X was collected")


def test_sources_of_a_mixed_episode_are_both_named() -> None:
    (episode,) = group_episodes([takedown(0), takedown(3, source="inferred")])
    assert episode.source == "inferred, platform"
    assert date(2023, 8, 29) == on(0)
