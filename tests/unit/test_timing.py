"""The test of timing: its formula, what is left out, calibration where the timing is chance, and power for a pair that acts together."""

from collections import defaultdict
from datetime import timedelta
from itertools import combinations
from math import log2

import numpy as np
import pandas as pd
import pytest
from acting_together import END, START, no_families, posts_of
from acting_together import crowd as crowd_of_posts
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc
from shuffled import timing_permuted

from tasks.detect.coordination import count_pairs
from tasks.detect.network import detect
from tasks.detect.sweep import Sweep, sweep_of
from tasks.detect.timing import LEAST_OBJECTS, edge_labels, timing_p_values
from tasks.domain.campaign import Campaign, Thresholds
from tasks.domain.periods import Cutoff

WINDOW_S = 60.0


def swept(shares: pd.DataFrame) -> Sweep:
    return sweep_of(shares, window_s=WINDOW_S, min_participation=1)


def shares_of(rows: list[tuple[str, str, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["object_id", "account_id", "timestamp_share"])
    return frame.assign(content_id=np.arange(len(frame)) + 10**6)


def crowd(accounts: int, sharers: int, objects: int, span_s: float, seed: int) -> pd.DataFrame:
    """Every object is shared by as many accounts, drawn anew, at any time within `span_s` after it appears."""
    rng = np.random.default_rng(seed)
    who = np.concatenate([rng.choice(accounts, sharers, replace=False) for _ in range(objects)])
    thing = np.repeat(np.arange(objects), sharers)
    time = thing * 10**5 + np.floor(rng.uniform(0, span_s, len(thing)))
    return pd.DataFrame(
        {
            "object_id": [f"o{i:05}" for i in thing],
            "account_id": [f"u{i:04}" for i in who],
            "content_id": np.arange(len(thing)) + 10**6,
            "timestamp_share": time,
        }
    )


def every_pair(shares: pd.DataFrame, least: int) -> pd.DataFrame:
    """All pairs of accounts with at least that many objects in common, in the window or not."""
    held = shares.groupby("account_id")["object_id"].agg(set)
    pairs = [(a, b, len(held[a] & held[b])) for a, b in combinations(held.index, 2)]
    frame = pd.DataFrame(pairs, columns=["source", "target", "shared"])
    return frame[frame["shared"] >= least].reset_index(drop=True)


def plainly(shares: pd.DataFrame, a: str, b: str) -> float:
    """The formula of docs/methods.md, object by object and row pair by row pair."""
    times: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in shares.to_dict("records"):
        times[row["object_id"]][row["account_id"]].append(row["timestamp_share"])

    def rate(held: dict[str, list[float]], without: set[str]) -> float | None:
        others = [(who, at) for who, when in held.items() if who not in without for at in when]
        close = [abs(s - t) <= WINDOW_S for (i, s), (j, t) in combinations(others, 2) if i != j]
        return sum(close) / len(close) if close else None

    classes, common = defaultdict(list), []
    for held in times.values():
        if len(held) < 2:
            continue
        both = {a, b} <= set(held)
        usual = rate(held, {a, b} if both else set())
        kind = round(2 * log2(len(held)))
        if usual is not None:
            classes[kind].append(usual)
        if both:
            common.append((kind, usual, len(held) - 2, held[a], held[b]))
    everything = [usual for kind in classes.values() for usual in kind]
    if len(everything) < LEAST_OBJECTS:
        return np.nan
    overall = (sum(everything) + 1) / (len(everything) + 2)
    chances, noise, found = [], [], 0
    for kind, usual, m, one, other in common:
        mean = (sum(classes[kind]) + 2 * overall) / (len(classes[kind]) + 2)
        w = 0.0 if usual is None else m / (m + 1)
        chance = 1 - (1 - (w * (usual or 0.0) + (1 - w) * mean)) ** (len(one) * len(other))
        chances.append(chance)
        noise.append(chance * (1 - chance) * w**2 * 2 / max(m, 1))
        found += any(abs(s - t) <= WINDOW_S for s in one for t in other)
    if not found:
        return 1.0
    variance = sum(c * (1 - c) for c in chances)
    f = variance / (variance + sum(noise)) if variance > 0 else 1.0
    return float(betainc(f * found, f * (len(common) - found) + 1, np.mean(chances)))


rows = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("uvwxyz"), st.integers(0, 200).map(float)), min_size=5, max_size=60
)


@settings(max_examples=60, deadline=None)
@given(rows, st.integers(0, 10**6))
def test_p_values_follow_the_formula(drawn: list[tuple[str, str, float]], seed: int) -> None:
    """Few objects with several rows of one account each, among objects of others that say what is usual."""
    background = crowd(30, 3, 30, 300, seed).assign(object_id=lambda f: "zz" + f["object_id"])
    shares = pd.concat([shares_of(drawn).assign(content_id=lambda f: f["content_id"] + 10**7), background], ignore_index=True)
    sweep = swept(shares)
    edges = every_pair(shares_of(drawn), 1)
    p_values = timing_p_values(sweep, edges)
    expected = [plainly(shares, e.source, e.target) for e in edges.itertuples()]
    assert np.allclose(p_values, expected, rtol=1e-6, equal_nan=True)
    assert ((p_values > 0) & (p_values <= 1)).all()


def test_order_of_rows_and_of_the_pair_do_not_matter() -> None:
    shares = crowd(20, 5, 200, 300, 1)
    edges = every_pair(shares, 3)
    first = timing_p_values(swept(shares), edges)
    mixed = shares.sample(frac=1, random_state=2)
    turned = edges.rename(columns={"source": "target", "target": "source"})
    assert np.allclose(timing_p_values(swept(mixed), turned), first)
    assert len(np.unique(first)) > 50


def test_parts_of_a_long_list_are_judged_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = crowd(20, 5, 200, 300, 3)
    edges = every_pair(shares, 1)
    whole = timing_p_values(swept(shares), edges)
    monkeypatch.setattr("tasks.detect.timing._BATCH_TERMS", 7)
    assert np.allclose(timing_p_values(swept(shares), edges), whole)


@pytest.mark.parametrize(("sharers", "span_s"), [(2, 400), (3, 120), (4, 200), (6, 200), (6, 2_400), (20, 200)])
def test_where_timing_is_chance_p_values_are_uniform_or_larger(sharers: int, span_s: float) -> None:
    """Objects of few and of many sharers, most or hardly any of whom are close: every pair with 8 objects in common is judged."""
    pairs = 0
    small = {0.1: 0, 0.01: 0}
    accounts = 40 if sharers < 20 else 120
    objects = 12 * accounts * (accounts - 1) // (sharers * (sharers - 1))  # so that two accounts have 12 in common
    for seed in range(4):
        shares = crowd(accounts, sharers, objects, span_s, seed)
        edges = every_pair(shares, 8)
        p_values = timing_p_values(swept(shares), edges)
        pairs += len(p_values)
        for level in small:
            small[level] += int((p_values <= level).sum())
    assert pairs > 300
    for level, count in small.items():
        assert count / pairs <= level + 2.5 * np.sqrt(level / pairs)
    assert small[0.1] / pairs > 0.01  # not so rarely that nothing could be found


def test_shuffled_times_leave_a_pair_that_always_followed_another_with_nothing() -> None:
    """Two of a crowd share 12 objects of eight sharers each within seconds. With the times dealt out anew they do not stand out."""
    shares = pd.concat([crowd(60, 8, 300, 1_200, 5), _followers(12)], ignore_index=True)
    shares["content_id"] = np.arange(len(shares)) + 10**6
    pair = pd.DataFrame({"source": ["p"], "target": ["q"]})
    assert timing_p_values(swept(shares), pair)[0] < 1e-6
    dealt = [timing_p_values(swept(timing_permuted(shares, seed)), pair)[0] for seed in range(100)]
    assert np.mean(np.array(dealt) <= 0.05) <= 0.11


def _followers(objects: int) -> pd.DataFrame:
    chosen = crowd(60, 6, objects, 1_200, 6).assign(object_id=lambda f: "p" + f["object_id"])
    first = chosen.drop_duplicates("object_id")
    both = [first.assign(account_id=name, timestamp_share=first["timestamp_share"] + lag) for name, lag in (("p", 0), ("q", 4))]
    return pd.concat([chosen, *both], ignore_index=True)


def test_a_pair_of_a_prompt_crowd_is_co_interest_and_two_alone_in_step_are_coordinated() -> None:
    """Everybody shares an article within a minute: no two of them stand out. Two that share six pages of their own within seconds do,
    because objects with two sharers are usually shared hours apart."""
    fans = crowd(50, 20, 100, 60, 7)
    others = crowd(200, 2, 300, 20_000, 8).assign(object_id=lambda f: "q" + f["object_id"])
    alone = shares_of([(f"r{i}", who, 10**9 + i * 5_000.0 + lag) for i in range(6) for who, lag in (("x", 0.0), ("y", 9.0))])
    shares = pd.concat([fans, others, alone], ignore_index=True)
    shares["content_id"] = np.arange(len(shares)) + 10**6
    sweep = swept(shares)
    assert timing_p_values(sweep, pd.DataFrame({"source": ["x"], "target": ["y"]}))[0] < 1e-6
    pairs = every_pair(fans, 8)
    assert (timing_p_values(sweep, pairs) <= 0.01).mean() < 0.01


def test_the_pair_does_not_testify_against_itself() -> None:
    """The others of the object, far from the pair and from each other, decide; how close the pair itself is does not."""
    rest = crowd(60, 4, 60, 40_000, 9)
    many = [(f"s{i}", who, 10**9 + i * 10**5 + at) for i in range(3) for who, at in (("c", 9_000.0), ("d", 30_000.0))]
    near = [(f"s{i}", who, 10**9 + i * 10**5 + at) for i in range(3) for who, at in (("a", 0.0), ("b", 5.0))]
    pair = pd.DataFrame({"source": ["a"], "target": ["b"]})

    def judged(rows: list[tuple[str, str, float]]) -> float:
        shares = pd.concat([rest, shares_of(rows)], ignore_index=True)
        return float(timing_p_values(swept(shares.assign(content_id=np.arange(len(shares)) + 10**6)), pair)[0])

    doubled = [*near, *[(thing, who, at + 1) for thing, who, at in near]]
    assert judged(many + near) < 1e-5
    assert judged(many + doubled) < 1e-3  # four row pairs an object: more chances, and no evidence about itself


@pytest.mark.parametrize(("followed", "members"), [(0.2, 6), (0.5, 2)])
def test_fans_who_follow_members_within_seconds_only_share_an_interest(followed: float, members: int) -> None:
    """25 of 150 fans at a time share an article within 20 s; so they do with part of what the members push together."""
    rng = np.random.default_rng(2)
    names = [f"x/m{i}" for i in range(members)]
    rows = crowd_of_posts(8_000, 8)
    for article in range(160):
        at = START + timedelta(seconds=int(rng.integers(0, 19 * 86_400)))
        pushed = article < 60
        fans = [f"x/fan{i}" for i in rng.choice(150, 25, replace=False)] if not pushed or rng.random() < followed else []
        sharers = [*(names if pushed else []), *fans]
        rows += [(name, f"paper.example/{article}", at + timedelta(seconds=int(rng.integers(0, 20)))) for name in sharers]
    posts = posts_of(rows)
    campaign = Campaign(slug="test", title="Test", thresholds=Thresholds(window_s={"co-url": 60}))
    found = detect(campaign, posts, no_families(posts), Cutoff(END, END), 1).significant
    fans_in = found["source"].str.contains("fan") | found["target"].str.contains("fan")
    assert fans_in.sum() > 200
    assert (found["label"][fans_in] == "co-interest").mean() >= 0.99
    assert (found["label"][~fans_in] == "coordinated").sum() == members * (members - 1) // 2 == (~fans_in).sum()


def test_without_others_nobody_can_say_what_is_usual() -> None:
    shares = shares_of([(f"o{i}", who, i * 1e4 + lag) for i in range(30) for who, lag in (("a", 0.0), ("b", 5.0))])
    assert np.isnan(timing_p_values(swept(shares), pd.DataFrame({"source": ["a"], "target": ["b"]}))).all()
    assert timing_p_values(swept(shares), pd.DataFrame({"source": [], "target": []}, dtype="str")).shape == (0,)


def test_labels() -> None:
    labels = edge_labels(np.array([0.001, 0.001, 0.001, 0.5]), np.array([0.01, 0.2, np.nan, 0.001]), 0.01)
    assert labels.fillna("-").tolist() == ["coordinated", "co-interest", "co-interest", "-"]


def test_objects_in_the_window_are_those_of_the_edges() -> None:
    """A pair found by co-action is never 'never in the window'."""
    shares = crowd(40, 6, 300, 2_400, 11)
    sweep = swept(shares)
    edges = count_pairs(sweep, min_participation=1)
    assert len(edges) > 100
    assert (timing_p_values(sweep, edges) < 1).all()
