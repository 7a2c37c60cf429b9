"""The test of one account against the list: its formula, its calibration, crowds that do not get in, and a labelled campaign."""

from datetime import timedelta
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from acting_together import END, START, crowd, no_families, posts_of, together
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from tasks.detect.acts import SLOT_POSTS, Acts, acts_of, slots_of
from tasks.detect.coordination import count_pairs
from tasks.detect.evidence import BehaviourEdges
from tasks.detect.families import text_families
from tasks.detect.joining import judged, posts_in_step
from tasks.detect.membership import resolve_members
from tasks.detect.network import detect
from tasks.detect.shares import account_keys, shares_of
from tasks.detect.sweep import sweep_of
from tasks.domain.campaign import AcceptanceRule, Campaign, Member, Membership, Thresholds
from tasks.domain.periods import Cutoff
from tasks.domain.posts import POST_KEY, POSTS
from tasks.simulate.scenario import simulate

WINDOW_S = 60


def laid_out(posts: pd.DataFrame, *, min_participation: int = 2) -> Acts:
    shares = shares_of(posts, no_families(posts), "co-url")
    sweep = sweep_of(shares.frame, window_s=WINDOW_S, min_participation=min_participation)
    edges = count_pairs(sweep, min_participation=min_participation)
    return acts_of(posts, [BehaviourEdges(shares, WINDOW_S, min_participation, sweep, edges)])


def listed(acts: Acts, names: list[str]) -> np.ndarray:
    return np.asarray(acts.accounts.isin(names), np.bool_)


def permuted(posts: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same posts with the accounts permuted within every 6 hours: more narrowly than the null supposes."""
    slot = (posts["posted_at"].astype("int64") // 21_600_000_000).to_numpy()
    order, mixed = np.argsort(slot, kind="stable"), np.lexsort((np.random.default_rng(seed).random(len(posts)), slot))
    account = posts["account_id"].to_numpy().copy()
    account[order] = account[mixed]
    return posts.assign(account_id=account)


def plainly(posts: pd.DataFrame, slot: np.ndarray, members: set[str]) -> dict[str, tuple[int, int, float, float]]:
    """By account outside: members co-acted with, X, lambda and p, pair by pair and slot by slot."""
    who, links = account_keys(posts).tolist(), [link[0] for link in posts["urls"]]
    seconds = posts["posted_at"].astype("int64").to_numpy() / 1e6
    near: dict[int, str] = {}
    partners: dict[str, set[str]] = {}
    for i, j in combinations(range(len(posts)), 2):
        if links[i] == links[j] and abs(seconds[i] - seconds[j]) <= WINDOW_S and (who[i] in members) != (who[j] in members):
            outsider, member = (j, i) if who[i] in members else (i, j)
            near[outsider] = links[outsider]
            partners.setdefault(who[outsider], set()).add(who[member])
    outside = [i for i in range(len(posts)) if who[i] not in members]
    told = {}
    for account in partners:
        own = [i for i in outside if who[i] == account]
        x, mean = len({near[i] for i in own if i in near}), 0.0
        for one in {slot[i] for i in own}:
            places = [i for i in outside if slot[i] == one]
            a = sum(slot[i] == one for i in own)
            for link in {near[i] for i in places if i in near}:
                k = sum(near.get(i) == link for i in places)
                mean += 1 - comb(len(places) - k, a) / comb(len(places), a)
        told[account] = (len(partners[account]), x, mean, float(binom.sf(x - 1, len(own), min(mean / len(own), 1.0))))
    return told


def test_the_test_follows_its_formula() -> None:
    posts = posts_of(crowd(1_500, 3, accounts=40, links=40, lag_s=400))
    acts = laid_out(posts, min_participation=1)
    members = [f"x/u{i}" for i in range(1, 12, 2)]
    expected = plainly(posts, slots_of(posts), set(members))
    found = judged(acts, listed(acts, members), posts_in_step(acts))
    assert len(found) > 20
    assert len(set(slots_of(posts))) > 3
    assert set(acts.accounts[found.index]) == set(expected)
    for code, row in found.iterrows():
        assert (row["members_co_acted"], row["objects"]) == expected[acts.accounts[code]][:2]
        assert row[["expected", "p_value"]].tolist() == pytest.approx(expected[acts.accounts[code]][2:], rel=1e-9)


rows = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.integers(0, 300)), min_size=1, max_size=40)


@settings(max_examples=30, deadline=None)
@given(rows, st.sets(st.integers(0, 4)))
def test_near_is_what_every_pair_says(rows: list[tuple[int, int, int]], chosen: set[int]) -> None:
    posts = posts_of((f"x/u{who}", f"page.example/{link}", START + timedelta(seconds=at)) for who, link, at in rows)
    acts = laid_out(posts, min_participation=1)
    others = listed(acts, [f"x/u{i}" for i in chosen])[acts.account]

    def close(i: int, j: int) -> bool:
        one, other = rows[acts.post[i]], rows[acts.post[j]]
        return one[1] == other[1] and abs(one[2] - other[2]) <= WINDOW_S

    count = range(len(acts.end))
    near = [any(others[j] and close(i, j) for j in count) for i in count]
    anyone = [any(acts.account[j] != acts.account[i] and close(i, j) for j in count) for i in count]
    assert acts.near(others)[~others].tolist() == np.array(near)[~others].tolist()
    assert acts.near_anyone().tolist() == anyone


def test_permuted_labels_let_nobody_in() -> None:
    """40 permutations of 20,000 posts, a list of 60 accounts each: at most one (3 %) may hold any account at q <= 0.01."""
    posts = posts_of(crowd(20_000, 11, accounts=1_000, links=1_000))
    flagged, small, tests = 0, {1e-2: 0, 1e-3: 0}, 0
    for seed in range(40):
        acts = laid_out(permuted(posts, seed))
        members = listed(acts, [f"x/u{i}" for i in range(0, 300, 5)])
        found = judged(acts, members, posts_in_step(acts))
        flagged += bool((found["q_value"] <= 0.01).any())
        tests += int((~members).sum())
        for level in small:
            small[level] += int((found["p_value"] <= level).sum())
    assert flagged <= 1
    for level, count in small.items():
        assert 0.02 * level < count / tests < level  # never too often, and not so rarely that nobody could be found


def test_slots_hold_enough_posts_to_exchange() -> None:
    posts = posts_of(crowd(3_000, 5))
    slot = slots_of(posts)
    assert np.bincount(slot).min() >= SLOT_POSTS
    hours = (posts["posted_at"].dt.hour // 6).to_numpy()
    assert all(len(set(hours[slot == one])) == 1 for one in range(slot.max() + 1))
    thin = slots_of(posts.iloc[:50])
    assert len(set(thin)) == len(set(hours[:50]))  # too few in all: one slot for each part of the day
    busy = posts_of(("x/a", "page.example", END - timedelta(days=1 + i % 2, hours=3)) for i in range(700))
    assert len(set(slots_of(busy))) == 2  # two days of 350 stay apart
    shuffled = posts.sample(frac=1, random_state=1)
    assert pd.Series(slots_of(shuffled), index=shuffled.index).sort_index().tolist() == slot.tolist()


def test_a_platform_with_few_posts_is_judged_with_others() -> None:
    posts = posts_of(crowd(3_000, 5))
    few = posts.assign(
        platform=np.where(np.arange(3_000) < 40, "youtube", "x"), lang=np.where(np.arange(3_000) % 50 < 1, "zh", "en")
    )
    assert slots_of(few).tolist() == slots_of(posts).tolist()
    half = posts.assign(lang=np.where(np.arange(3_000) < 1_500, "zh", "en"))
    assert not set(slots_of(half)[:1_500]) & set(slots_of(half)[1_500:])


def campaign(names: list[str], **more: object) -> Campaign:
    seeds = [Member(platform=n.split("/")[0], account_id=n.split("/")[1], known_at=START.date()) for n in names]
    return Campaign(
        slug="test",
        title="Test",
        membership=Membership(seeds=seeds, accept=AcceptanceRule()),
        thresholds=Thresholds(window_s={"co-url": WINDOW_S}),
    )


@pytest.mark.parametrize("shared", [6, 25])
def test_a_crowd_that_shares_the_same_news_stays_out(shared: int) -> None:
    """150 fans share the same 100 articles within a minute; two listed accounts share some of them as promptly. An accomplice gets in."""
    rng = np.random.default_rng(2)
    rows = crowd(4_000, 8)
    for article in range(100):
        at = START + timedelta(seconds=int(rng.integers(0, 19 * 86_400)))
        sharers = [f"x/fan{i}" for i in rng.choice(150, 25, replace=False)] + (["x/m0", "x/m1"] if article < shared else [])
        rows += [(name, f"paper.example/{article}", at + timedelta(seconds=int(rng.integers(0, 40)))) for name in sharers]
    rows += together(["x/m0", "x/m1", "x/accomplice"], list("abcdefgh"))
    posts = posts_of(rows)
    cutoff = Cutoff(END, END)
    given_campaign = campaign(["x/m0", "x/m1"])
    found = resolve_members(given_campaign, posts, detect(given_campaign, posts, no_families(posts), cutoff, 1), cutoff)
    assert list(found.keys) == ["x/accomplice", "x/m0", "x/m1"]


@pytest.fixture(scope="module")
def simulated() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Posts, families and true accounts of a labelled campaign of 70,000 posts."""
    simulation = simulate("spamouflage", seed=1, scale=70_000)
    table = simulation.posts
    posts = POSTS.from_arrow(table.select([name for name in POSTS.names if name in table.column_names]))
    posts = POSTS.conform(posts.assign(campaign="c", batch_id="b", row_number=range(len(posts))))
    posts = posts.sort_values("observed_at").drop_duplicates(list(POST_KEY), keep="last", ignore_index=True)
    truth = pd.DataFrame(simulation.truth["accounts"])
    truth = truth.set_index(truth["platform"] + "/" + truth["account_id"])
    return posts, text_families(posts), truth


def test_a_labelled_campaign_is_found_with_those_who_came_back(
    simulated: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    posts, families, truth = simulated
    end = pd.Timestamp("2023-11-06", tz="UTC").to_pydatetime()
    seen = (posts["posted_at"] < end).to_numpy(bool)
    posts, families = posts[seen].reset_index(drop=True), families[seen].reset_index(drop=True)
    seeds = truth[(truth["role"] == "campaign") & truth["cohort"].isin(["removed", "survivor"])].groupby("platform").head(6).index
    given_campaign = campaign(list(seeds)).model_copy(update={"thresholds": Thresholds()})
    cutoff = Cutoff(end, end + timedelta(days=1))
    found = resolve_members(given_campaign, posts, detect(given_campaign, posts, families, cutoff, 1), cutoff)
    recent = posts[(posts["posted_at"] >= end - timedelta(days=182)).to_numpy(bool)]
    many = account_keys(recent).value_counts().reindex(truth.index).fillna(0)
    truth = truth.assign(posts=many, found=truth.index.isin(found.keys))
    assert (truth.loc[truth["found"], "role"] == "campaign").mean() >= 0.98
    active = truth[(truth["role"] == "campaign") & (truth["posts"] >= 5)]
    back = active[active["cohort"].isin(["fresh", "pre_positioned", "sleeper"])]
    assert active["found"].mean() >= 0.9
    assert len(back) > 40
    assert back["found"].mean() >= 0.8
    assert active.loc[active["found"], "posts"].sum() / active["posts"].sum() >= 0.95
