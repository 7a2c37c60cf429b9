import numpy as np
import pytest
from rebuilding_frames import posts_frame as frame
from rebuilding_frames import run, steady, takedown

from tasks.rebuilding.survival import curve


def test_kaplan_meier_by_hand() -> None:
    # horizon 100; last posts at 10, 20, 20, (100 or later: censored at 100) x 2, all from day 0
    found = curve("g", np.zeros(5, int), np.array([10, 20, 20, 100, 130]), 100)
    steps = {point.day: (round(point.value, 4), point.at_risk) for point in found.points}
    assert steps[10] == (0.8, 5)
    assert steps[20] == (0.4, 4)
    assert steps[100] == (0.4, 2)
    assert found.median_days == 20
    assert all(point.low <= point.value <= point.high for point in found.points)


def test_an_account_silent_before_t0_is_lost_at_day_0() -> None:
    rows = [*steady(-60, 70, accounts=3), ("early1", -10.0), ("early2", -20.0), ("late", 65.0)]
    (facts,) = run(frame(rows), [takedown(0)], 70)
    assert isinstance(facts.survival, tuple)
    (at_risk,) = facts.survival  # one later account is no group
    assert (at_risk.group, at_risk.accounts) == ("at risk at t0", 5)
    assert at_risk.points[0].value == pytest.approx(0.6)
    assert at_risk.points[-1].value == pytest.approx(0.6)
    assert at_risk.points[-1].day == 40  # end - 30 days


def test_later_accounts_count_from_their_first_post() -> None:
    rows = [*steady(-60, 70, accounts=5), *((f"n{i}", day) for i in range(5) for day in (3.0, 13.0))]
    (facts,) = run(frame(rows), [takedown(0)], 70)
    assert isinstance(facts.survival, tuple)
    later = facts.survival[1]
    assert (later.group, later.accounts, later.median_days) == ("first_observed", 5, 10)
