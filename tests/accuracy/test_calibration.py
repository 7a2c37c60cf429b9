"""A smaller form of docs/calibration.md, which `./run calibration` makes: fails if the thresholds no longer mean what they say."""

import calibrating as c
import numpy as np
import pandas as pd
import pytest
from labelled import Labelled, labelled_campaign
from power import power
from shuffled import courses_dealt, labels_permuted, timing_permuted

from tasks.detect.families import text_families
from tasks.domain.campaign import Thresholds
from tasks.domain.networks import BEHAVIOURS


@pytest.fixture(scope="module")
def small() -> Labelled:
    return labelled_campaign(20_000, 2)


@pytest.fixture(scope="module")
def behaviours(small: Labelled) -> list[c.Behaviour]:
    return c.behaviours_of(small.posts, small.families, Thresholds().window_s)


def test_permuted_labels_give_no_findings(behaviours: list[c.Behaviour]) -> None:
    found = c.permuted_labels(behaviours, range(20))
    assert found["rows"] > 20_000
    assert found["edges"] > 1_000
    assert found["with_edge"] <= 1  # 3 % of 20 sets, as 6 of 200
    assert all(rate <= float(level) for level, rate in found["p"].items())


def test_every_behaviour_with_permuted_labels_and_among_decoys() -> None:
    made = c.of_every_behaviour(20_000, 2)
    found = c.permuted_labels(made, range(8))
    assert found["with_edge"] == 0
    assert all(rate <= float(level) for level, rate in found["p"].items())
    told = c.decoys(20_000, 2, true_families=True, scenario="amplified")
    assert told["coordinated"] == told["co_interest"] == 0
    for figures in (found["apart"], told["apart"]):
        assert set(figures) == set(BEHAVIOURS)
        assert all(one["tests"] > 1_000 for one in figures.values())
    assert all(one["edges"] > 0 for one in found["apart"].values())


def test_times_dealt_out_anew_leave_shared_interest_and_no_coordination(behaviours: list[c.Behaviour]) -> None:
    found = c.permuted_times(behaviours, range(12))
    assert found["pairs"] > 500
    assert all(rate <= float(level) for level, rate in found["p"].items())
    assert found["p"]["0.1"] > 0.01  # not so rarely that nothing could be found
    assert found["coordinated"] <= 1 + 0.03 * found["co_interest"]


def test_people_who_are_no_campaign_are_not_found() -> None:
    found = c.decoys(50_000, 2, true_families=True)
    assert found["edges"] > 5_000
    assert found["accounts_co_interest"] <= found["accounts"] / 1_000
    assert found["coordinated"] == 0


def test_a_campaign_is_found_with_the_same_threshold() -> None:
    co_interest, coordinated, median, high = c.precision_and_recall(100_000, 2, true_families=True)["rules"]
    assert co_interest["precision_pairs"] >= 0.98
    assert coordinated["precision_pairs"] >= 0.99
    assert co_interest["recall_accounts"] >= 0.7
    assert coordinated["recall_accounts"] >= 0.9 * co_interest["recall_accounts"]
    assert coordinated["recall_pairs"]["10"] >= 0.6
    assert max(median["precision_pairs"], high["precision_pairs"]) < 0.9  # the reference's quantiles on the same edges


def test_power_grows_with_how_often_a_pair_acts_together() -> None:
    seldom, often = power(20_000, 2, 10, range(1)), power(20_000, 8, 10, range(1))
    assert seldom["found"] <= 0.1
    assert often["found"] >= 0.9
    assert often["coordinated"] >= 0.9
    assert seldom["others"] + often["others"] == 0


def test_labels_have_no_part_in_families(small: Labelled) -> None:
    posts = small.posts.head(4_000)
    mixed = posts.assign(account_id=posts["account_id"].sample(frac=1, random_state=1).to_numpy())
    pd.testing.assert_frame_equal(text_families(posts), text_families(mixed))


@pytest.mark.parametrize("shuffle", [labels_permuted, timing_permuted, courses_dealt])
def test_what_is_dealt_out_and_what_stays(shuffle: object, behaviours: list[c.Behaviour]) -> None:
    shares = next(one for one in behaviours if one.name == "co-text").frame
    mixed = shuffle(shares, 3)  # type: ignore[operator]
    changed = "account_id" if shuffle is labels_permuted else "timestamp_share"
    rest = [name for name in shares.columns if name != changed]
    pd.testing.assert_frame_equal(mixed[rest], shares[rest])
    assert (mixed[changed] != shares[changed]).mean() > 0.3
    if shuffle is courses_dealt:
        assert set(mixed[changed]) <= set(shares[changed])
        again = pd.DataFrame({"object": shares["object_id"], "at": mixed[changed]})
        doubled = shares.assign(at=shares[changed]).duplicated(["object_id", "at"]).sum()
        assert abs(again.duplicated().sum() - doubled) <= 0.1 * len(shares)
        return
    within = "slot" if shuffle is labels_permuted else "object_id"
    before, after = (frame.groupby(within)[changed].agg(lambda held: tuple(np.sort(held))) for frame in (shares, mixed))
    pd.testing.assert_series_equal(before, after)
