"""The null model: its formula, its calibration under permuted labels, and its power for a pair that acts together."""

from itertools import combinations
from math import exp

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, poisson

from tasks.detect.coordination import co_actions
from tasks.detect.significance import benjamini_hochberg, count_tests, pair_p_values
from tasks.domain.errors import UsageProblem

PARAMETERS = {"window_s": 60.0, "min_participation": 2}


def organic(rows: int, seed: int) -> pd.DataFrame:
    """Ordinary sharing: some accounts and some links far more active than others, a daily rhythm, bursts after a link appears."""
    rng = np.random.default_rng(seed)
    accounts, objects = rows // 20, rows // 20
    activity, popularity = 1 / np.arange(5, accounts + 5), 1 / np.arange(5, objects + 5)
    shared = rng.choice(objects, rows, p=popularity / popularity.sum())
    born = rng.uniform(0, 10 * 86_400, objects)
    time = np.floor(born[shared] + rng.exponential(7_200, rows))
    return pd.DataFrame(
        {
            "object_id": shared,
            "account_id": rng.choice(accounts, rows, p=activity / activity.sum()),
            "content_id": np.arange(rows) + 10**7,
            "timestamp_share": time,
            "slot": (time // 21_600).astype(np.int64),
        }
    )


def permuted(shares: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same shares with the account labels permuted within each slot."""
    rng = np.random.default_rng(seed)
    order = np.argsort(shares["slot"].to_numpy(), kind="stable")
    mixed = np.lexsort((rng.random(len(shares)), shares["slot"].to_numpy()))
    labels = shares["account_id"].to_numpy().copy()
    labels[order] = labels[mixed]
    return shares.assign(account_id=labels)


def rows_of(account: object, objects: np.ndarray, first_content: int, times: np.ndarray) -> pd.DataFrame:
    contents = first_content + np.arange(len(objects))
    return pd.DataFrame({"object_id": objects, "account_id": account, "content_id": contents, "timestamp_share": times})


def p_values(shares: pd.DataFrame) -> np.ndarray:
    return pair_p_values(shares, co_actions(shares, **PARAMETERS), **PARAMETERS)


def lambda_plainly(shares: pd.DataFrame, i: int, j: int, window_s: float) -> float:
    """The formula of docs/methods.md, cell by cell and object by object."""
    rows = shares.to_dict("records")
    pairs: dict[tuple[int, int, int], int] = {}
    for x, y in combinations(rows, 2):
        if x["object_id"] == y["object_id"] and abs(x["timestamp_share"] - y["timestamp_share"]) <= window_s:
            key = (*sorted((x["slot"], y["slot"])), x["object_id"])
            pairs[key] = pairs.get(key, 0) + 1
    a = shares.groupby(["account_id", "slot"]).size().to_dict()
    n = shares.groupby("slot").size().to_dict()
    total = 0.0
    for (s, t, _), k in pairs.items():
        if s == t:
            chance = 2 * a.get((i, s), 0) * a.get((j, s), 0) / (n[s] * (n[s] - 1))
        else:
            chance = (a.get((i, s), 0) * a.get((j, t), 0) + a.get((i, t), 0) * a.get((j, s), 0)) / (n[s] * n[t])
        total += 1 - exp(-k * chance)
    return total


def test_p_values_follow_the_formula() -> None:
    rng = np.random.default_rng(3)
    shares = pd.DataFrame(
        {
            "object_id": rng.integers(0, 8, 150),
            "account_id": rng.integers(0, 9, 150),
            "content_id": np.arange(1000, 1150),
            "timestamp_share": rng.uniform(0, 900, 150),
        }
    )
    shares["slot"] = (shares["timestamp_share"] // 300).astype(int)
    edges = co_actions(shares, window_s=60, min_participation=1)
    assert len(edges) > 20
    expected = [poisson.sf(e.objects - 1, lambda_plainly(shares, e.source, e.target, 60)) for e in edges.itertuples()]
    assert np.allclose(pair_p_values(shares, edges, window_s=60, min_participation=1), expected, rtol=1e-9)


def test_permuted_labels_give_no_findings_and_p_values_that_hold() -> None:
    shares = organic(20_000, seed=11)
    tests = count_tests(shares)
    flagged, small = 0, {1e-3: 0, 1e-4: 0}
    for seed in range(20):
        p = p_values(permuted(shares, seed))
        flagged += bool((benjamini_hochberg(p, tests=tests) <= 0.01).any())
        for level in small:
            small[level] += int((p <= level).sum())
    assert flagged <= 2
    for level, count in small.items():
        assert 0.02 * level < count / (20 * tests) < 1.2 * level  # not too often, and not so rarely that nothing could be found


def test_a_pair_that_acts_together_is_found_and_nobody_else() -> None:
    shares = organic(20_000, seed=12)
    rng = np.random.default_rng(1)
    base = np.sort(rng.uniform(0, 10 * 86_400, 6)).round()
    planted = pd.concat(
        rows_of(account, 10**6 + np.arange(6), content, base + lag)
        for account, content, lag in ((5000, 10**8, 0), (5001, 2 * 10**8, 20))
    )
    planted["slot"] = (planted["timestamp_share"] // 21_600).astype(int)
    everything = pd.concat([permuted(shares, 0), planted], ignore_index=True)
    edges = co_actions(everything, **PARAMETERS)
    q = benjamini_hochberg(pair_p_values(everything, edges, **PARAMETERS), tests=count_tests(everything))
    found = edges[q <= 0.01]
    assert list(zip(found["source"], found["target"], strict=True)) == [(5000, 5001)]


def test_a_hub_saturates() -> None:
    """One link that 500 accounts share at once says nothing about any two of them."""
    rng = np.random.default_rng(2)
    crowd = pd.DataFrame({"object_id": 1, "account_id": np.arange(500), "timestamp_share": rng.uniform(0, 60, 500)})
    rest = pd.DataFrame(
        {"object_id": np.arange(2, 1502), "account_id": rng.integers(0, 500, 1500), "timestamp_share": rng.uniform(0, 21_000, 1500)}
    )
    shares = pd.concat([crowd, rest], ignore_index=True).assign(slot=0)
    shares["content_id"] = np.arange(len(shares)) + 10**6
    edges = co_actions(shares, window_s=60, min_participation=1)
    p = pair_p_values(shares, edges, window_s=60, min_participation=1)
    assert len(p) > 50_000
    assert p.min() > 0.01


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(1e-12, 1), min_size=1, max_size=30), st.integers(0, 40))
def test_benjamini_hochberg_counts_the_pairs_that_are_not_listed(p: list[float], unlisted: int) -> None:
    expected = false_discovery_control([*p, *[1.0] * unlisted])[: len(p)]
    assert np.allclose(benjamini_hochberg(np.array(p), tests=len(p) + unlisted), expected)


def test_more_p_values_than_tests_is_refused() -> None:
    with pytest.raises(ValueError, match="3 p-values among 2 tests"):
        benjamini_hochberg(np.ones(3), tests=2)


def test_tiny_p_values_stay_above_zero() -> None:
    rows = 5_000
    both = [
        rows_of(account, np.arange(400), content, np.arange(400) * 50.0) for account, content in (("a", 10**6), ("b", 2 * 10**6))
    ]
    others = rows_of("z", 10**5 + np.arange(rows), 10**7, np.zeros(rows))
    shares = pd.concat([*both, others], ignore_index=True).assign(slot=0)
    p = p_values(shares)
    assert p.shape == (1,)
    assert 0 < p[0] < 1e-200


def test_slots_are_needed() -> None:
    shares = organic(400, seed=1)
    edges = co_actions(shares, window_s=60, min_participation=1)
    with pytest.raises(UsageProblem, match="slot"):
        pair_p_values(shares.drop(columns="slot"), edges, window_s=60, min_participation=1)
