import pytest
from rebuilding_frames import listed, observed, run, takedown
from rebuilding_frames import posts_frame as frame

from tasks.domain.measures import NotMeasurable, Shared
from tasks.domain.rebuilding import Fate, Followers, RemovalRate, Replacement

ROWS = [("gone", -3.0), ("quiet", -4.0), ("dark", -5.0), ("alive", -6.0), ("alive", 5.0), ("old", -29.0), ("during", 0.0)]


def fate(observations: list[dict], rows: list = ROWS, members=None) -> Fate:  # type: ignore[no-untyped-def]
    (facts,) = run(frame(rows), [takedown(0, 1)], 20, observations=observed(observations), members=members)
    assert isinstance(facts.fate, Fate)
    return facts.fate


CHECKS = [
    {"account_id": "gone", "day": 3, "status": "suspended"},
    {"account_id": "quiet", "day": 3, "status": "active"},
    {"account_id": "dark", "day": 3, "status": "unknown"},
    {"account_id": "during", "day": 3},
]


def test_by_hand() -> None:
    found = fate(CHECKS)
    assert (found.at_risk, found.removed, found.silent, found.still_posting, found.unknown) == (5, 1, 1, 1, 2)
    assert found.checked == 2
    assert found.removal_rate == RemovalRate(low=0.2, high=0.6)


def test_a_platform_never_checked_is_not_observed() -> None:
    found = fate([])
    assert (found.removed, found.unknown, found.checked) == (0, 4, 0)
    assert found.removal_rate == NotMeasurable(reason="accounts on X were never checked: not observed")


def test_a_check_before_t0_says_nothing_about_the_takedown() -> None:
    assert fate([{"account_id": "gone", "day": -1, "status": "active"}]).checked == 0


def test_the_latest_check_counts() -> None:
    back = [*CHECKS, {"account_id": "gone", "day": 9, "status": "active"}]
    assert (fate(back).removed, fate(back).silent) == (0, 2)


def test_who_was_removed_before_is_not_at_risk_unless_it_posted_again() -> None:
    seen = [{"account_id": "gone", "day": -2, "status": "deleted"}]
    assert fate(seen).at_risk == 4
    assert fate(seen, rows=[*ROWS, ("gone", -1.0)]).at_risk == 5


def test_removed_after_it_posted_on_belongs_to_a_later_row() -> None:
    assert fate([{"account_id": "alive", "day": 10, "status": "suspended"}]).still_posting == 1


def test_accounts_known_by_their_removal_have_no_removal_rate() -> None:
    members = listed(["gone", "quiet"], known=60, outcome_selected=True)
    found = fate(CHECKS, members=members)
    assert isinstance(found.removal_rate, NotMeasurable)
    (facts,) = run(frame(ROWS), [takedown(0, 1)], 20, members=members)
    assert any("decline toward 2023-10-28 is built in" in text for text in facts.confounders)


def test_replacement_by_hand() -> None:
    # 42 days from t0; two accounts created after; of three at risk two are silent 42 days or more, one later account is lost too
    rows = [("h", -200.0), ("a", -1.0), ("b", -1.0), ("c", -1.0), ("c", 40.0), ("n1", 3.0), ("n1", 41.0), ("n2", 4.0)]
    seen = [{"account_id": name, "day": 5, "created": 1} for name in ("n1", "n2")]
    (facts,) = run(frame(rows), [takedown(0)], 42, observations=observed(seen))
    assert isinstance(facts.replacement, Replacement)
    assert facts.replacement.gained_per_week == pytest.approx(2 / 6, abs=1e-6)
    assert facts.replacement.lost_per_week == pytest.approx(3 / 6, abs=1e-6)
    assert facts.replacement.ratio == pytest.approx(2 / 3, abs=1e-6)


def test_a_pause_usual_for_the_account_is_no_loss() -> None:
    # "slow" posts every 50 days: 40 days of silence are nothing for it
    rows = [("slow", day) for day in (-150.0, -100.0, -50.0, 0.0)] + [("quick", -1.0)]
    (facts,) = run(frame(rows), [takedown(0)], 42)
    assert isinstance(facts.replacement, Replacement)
    assert facts.replacement.lost_per_week == pytest.approx(1 / 6, abs=1e-6)


def test_losses_cannot_be_counted_before_30_days_have_passed() -> None:
    (facts,) = run(frame(ROWS), [takedown(0, 1)], 20)
    assert isinstance(facts.replacement, NotMeasurable)
    assert isinstance(facts.survival, NotMeasurable)


def followers_of(counts: dict[str, int | None], *more: dict) -> Followers | NotMeasurable:
    """Two accounts lost (a, b), one that survives (c), two created after (n1, n2)."""
    rows = [("h", -200.0), ("a", -1.0), ("b", -1.0), ("c", -1.0), ("c", 40.0), ("n1", 3.0), ("n2", 4.0)]
    seen = [{"account_id": name, "day": 5, "created": 1 if name in ("n1", "n2") else -300} for name in counts]
    counted = [{"account_id": name, "day": 6, "followers_count": n} for name, n in counts.items() if n is not None]
    (facts,) = run(frame(rows), [takedown(0)], 42, observations=observed([*seen, *counted, *more]))
    assert isinstance(facts.replacement, Replacement)
    return facts.replacement.followers


def test_followers_regained_by_hand() -> None:
    removed = {"account_id": "a", "day": 8, "status": "suspended", "followers_count": 0}
    found = followers_of({"a": 900, "b": 100, "c": 5000, "n1": 30, "n2": 20}, removed)
    assert isinstance(found, Followers)
    assert (found.lost, found.gained, found.ratio) == (1000, 50, 0.05)
    assert found.lost_counted == Shared(part=2, whole=2)


def test_followers_need_counts_of_nine_in_ten() -> None:
    found = followers_of({"a": 900, "b": None, "c": 5000, "n1": 30, "n2": 20})
    assert found == NotMeasurable(reason="followers were counted for 1 of 2 accounts lost and 2 of 2 gained")
