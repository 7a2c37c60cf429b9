"""Successors: who replaces whom, and why nobody else is named."""

import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rebuilding_frames import T0, at, observed, posts_frame, run, takedown

from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import Successor, TakedownFacts
from tasks.rebuilding.cohorts import read_knowledge
from tasks.rebuilding.fate import read_checks
from tasks.rebuilding.successors.chance import bits_of
from tasks.rebuilding.successors.handles import folded
from tasks.rebuilding.successors.scoring import THRESHOLD, claimed
from tasks.rebuilding.successors.search import Search, search
from tasks.rebuilding.timeline import read_timelines

END = 60
DECOYS = tuple(
    f"{a}{b}{n}"
    for n, (a, b) in enumerate((a, b) for a in ("brook", "stone", "fern") for b in ("Walker", "Miller", "Cook", "Mason"))
)
Row = tuple[str, float, str]


def world(rows: list[Row], handles: dict[str, str], **profile: dict[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Posts of (account, day, text) and an observation of every account on the day of its first post; twelve others post throughout."""
    everyone = {f"d{i}": name for i, name in enumerate(DECOYS)} | handles
    rows = [
        (f"d{i}", float(day), f"entry {day} of {i} on the weather here") for i in range(len(DECOYS)) for day in range(-60, END, 3)
    ] + rows
    frame = posts_frame([(account, day) for account, day, _ in rows])
    frame["text"] = pd.array([text for *_, text in rows], dtype=frame["text"].dtype)
    first = {account: min(day for name, day, _ in rows if name == account) for account in everyone}
    seen = [
        {
            "account_id": account,
            "day": first[account] + 0.3,
            "handle": handle,
            **{name: values.get(account) for name, values in profile.items()},
        }
        for account, handle in everyone.items()
    ]
    return frame, observed(seen)


def daily(account: str, first: int, end: int, text: str = "a note on the day") -> list[Row]:
    return [(account, float(day), f"{text} {account} {day}") for day in range(first, end)]


def facts(posts: pd.DataFrame, observations: pd.DataFrame, end: int = END) -> TakedownFacts:
    known = observations[observations["observed_at"] <= at(end + 1)]
    (found,) = run(posts, [takedown(0, 1)], end, observations=known)
    return found


def pairs(found: TakedownFacts) -> list[tuple[str, str]]:
    assert isinstance(found.successors, tuple)
    return [(pair.lost, pair.later) for pair in found.successors]


def searched(posts: pd.DataFrame, observations: pd.DataFrame, *, announcements: bool = True) -> Search:
    (timeline,) = read_timelines(posts, T0 + timedelta(days=END)).values()
    knowledge, checks = read_knowledge(timeline, observations), read_checks(timeline, observations)
    return search(timeline, knowledge, checks, observations, announcements=announcements)


NAMED = {"old": "North_Lantern", "new": "velvet88"}
SAID = "My account @North_Lantern was suspended, please follow my new account"


def announced(text: str, account: str = "new") -> list[Row]:
    return daily("old", -40, 2) + daily("new", 3, 50) + [(account, 3.1, text)]


@pytest.mark.parametrize(
    "text",
    [
        SAID,
        "Hi everyone, our acct @north_lantern was banned for no reason! Follow our back-up acct",
        "Twitter took my old account North_Lantern. This is my new account",
        "Мой аккаунт @North_Lantern заблокировали, это мой новый аккаунт",
        "我的旧账号 @North_Lantern 被封了，请关注新号",
        "Mein Konto @North_Lantern wurde gesperrt, das ist mein neues Konto",
    ],
)
def test_an_account_that_says_whom_it_replaces_is_found(text: str) -> None:
    found = facts(*world(announced(text), NAMED))
    assert pairs(found) == [("North_Lantern", "velvet88")]
    (pair,) = found.successors  # type: ignore[misc]
    first = pair.evidence[0]
    assert first.kind == "announcement"
    assert len(first.posts) == 1
    assert (pair.last_post, pair.first_post) == (at(1).date(), at(3).date())


@pytest.mark.parametrize(
    "text",
    [
        "Please be aware that @North_Lantern was suspended for being a fake account, my account is real",
        "RT @somebody: my account @North_Lantern was suspended, this is my new account",
        "They suspended @North_Lantern. Her posts were harmless",
        "Follow @North_Lantern for more",
        "Uber suspended its cars, says @North_Lantern on the front page",
    ],
)
def test_what_is_no_announcement_makes_no_pair(text: str) -> None:
    assert pairs(facts(*world(announced(text), NAMED))) == []


def test_the_lost_account_may_say_it_itself_and_others_may() -> None:
    before = (
        daily("old", -40, 2)
        + daily("new", 1, 50)
        + [("old", 1.5, "Please follow our backup account @velvet88 in case anything happens")]
    )
    assert pairs(facts(*world(before, NAMED))) == [("North_Lantern", "velvet88")]
    third = searched(*world(announced("Twitter suspended @North_Lantern, follow the new account @velvet88", "d1"), NAMED))
    assert [(one.said, third.people.name(one.lost), third.people.name(one.later)) for one in third.named] == [
        ("by another account", "North_Lantern", "velvet88")
    ]


def test_an_announcement_shows_a_loss_before_thirty_days_of_silence_do() -> None:
    posts, observations = world(announced(SAID), NAMED)
    early = facts(posts, observations, end=9)
    assert pairs(early) == [("North_Lantern", "velvet88")]
    (pair,) = early.successors  # type: ignore[misc]
    assert "by an announcement alone" in pair.evidence[-1].detail
    silent, seen = world(announced("a day like others"), NAMED)
    nothing = facts(silent, seen, end=9)
    assert isinstance(nothing.successors, NotMeasurable)
    assert nothing.successor_search is None
    back, seen = world([*announced(SAID), *daily("old", 6, 8)], NAMED)
    assert not isinstance(facts(back, seen, end=9).successors, tuple)  # the account is there again


@pytest.mark.parametrize("handle", ["N0rth_Lantern", "Lantern_North", "North_Lantern2", "northlantern_"])
def test_a_rare_handle_spelled_otherwise_is_found_without_any_word(handle: str) -> None:
    rows = daily("old", -40, 2) + daily("new", 4, 50)
    found = facts(*world(rows, {"old": "North_Lantern", "new": handle}))
    assert pairs(found) == [("North_Lantern", handle)]
    assert found.successor_search is not None
    assert (found.successor_search.lost, found.successor_search.later, found.successor_search.compared) == (1, 1, 1)


def test_siblings_of_a_brand_are_no_successors() -> None:
    """Six towns' news; one falls silent, another begins a week later while four go on."""
    towns = {
        "old": "news_norvale",
        "new": "news_graywick",
        **{f"t{i}": f"news_{town}" for i, town in enumerate(("orlin", "lowgate", "ashcombe", "brindle"))},
    }
    rows = daily("old", -40, 2) + daily("new", 9, 50)
    for name in ("t0", "t1", "t2", "t3"):
        rows += daily(name, -40, END)
    assert pairs(facts(*world(rows, towns))) == []


def test_twins_that_post_side_by_side_are_no_successors() -> None:
    rows = daily("old", -20, 5) + daily("new", -19, 5)
    assert pairs(facts(*world(rows, {"old": "North_Lantern", "new": "North_Lantern2"}))) == []


def test_of_two_equal_predecessors_neither_is_named() -> None:
    rows = daily("old", -40, 2) + daily("older", -40, 2) + daily("new", 4, 50)
    handles = {"old": "North_Lantern1", "older": "North_Lantern3", "new": "North_Lantern2"}
    assert pairs(facts(*world(rows, handles))) == []


def test_a_picture_or_a_text_alone_names_nobody_and_both_may_help() -> None:
    rows = daily("old", -40, 2) + daily("new", 4, 50)
    alone = searched(*world(rows, NAMED, avatar_hash={"old": "abc", "new": "abc"}))
    assert 0 < alone.pairs.bits["avatar"].max() < THRESHOLD + 3
    both = searched(
        *world(
            rows,
            NAMED,
            avatar_hash={"old": "abc", "new": "abc"},
            bio={"old": "Keeper of an old lighthouse", "new": "keeper of an  old lighthouse"},
        )
    )
    assert both.pairs.score.max() > alone.pairs.score.max()


def test_a_link_taken_up_after_the_loss_counts_and_one_shared_side_by_side_does_not() -> None:
    rows = daily("old", -40, 2) + daily("new", 4, 50)
    posts, observations = world(rows, {"old": "North_Lantern", "new": "N0rth_L4ntern"})
    urls = [[] for _ in range(len(posts))]
    of = {account: posts.index[posts["account_id"] == account] for account in ("old", "new")}
    urls[of["old"][3]], urls[of["new"][2]] = ["https://a.example/1"], ["https://a.example/1"]
    linked = searched(posts.assign(urls=pd.array(urls, dtype=posts["urls"].dtype)), observations)
    assert linked.carried["links"].posts_of(linked.pairs.lost[0], linked.pairs.later[0])[1] == 1
    rows = daily("old", -40, 6) + daily("new", 4, 50)
    posts, observations = world(rows, {"old": "North_Lantern", "new": "N0rth_L4ntern"})
    urls = [[] for _ in range(len(posts))]
    of = {account: posts.index[posts["account_id"] == account] for account in ("old", "new")}
    urls[of["old"][-1]], urls[of["new"][0]] = ["https://a.example/1"], ["https://a.example/1"]
    beside = searched(posts.assign(urls=pd.array(urls, dtype=posts["urls"].dtype)), observations)
    assert len(beside.carried["links"].item) == 0


def test_folding() -> None:
    assert folded("Crystal_Johns0n")[0] == "crystaljohnson"
    assert folded("_Oleg_Eremeev")[1] == folded("Eremeev_Oleg_")[1]
    assert folded("TEN_GOP") == folded("10_gop")
    assert folded("明月2023") == ("明月2023", "2023明月")


def test_bits_are_the_bound_and_never_more_than_the_surprise() -> None:
    p = np.array([1.0, 0.5, 0.3, 0.05, 0.001, 1e-6])
    bits = bits_of(p)
    assert bits[0] == bits[1] == 0
    assert bits[4] == pytest.approx(-np.log2(-np.e * 0.001 * np.log(0.001)))
    assert (bits <= -np.log2(p) + 1e-12).all()
    assert (np.diff(bits) >= 0).all()


# --- what holds whatever the posts are ----------------------------------------------------------------------------------------------------

texts = st.sampled_from(
    ["a walk by the river", SAID, "Follow my new account", "the old mill turns again today", "my old account is gone"]
)
spans = st.tuples(st.integers(-50, 40), st.integers(1, 40), texts)
casts = given(
    st.lists(spans, min_size=2, max_size=6),
    st.lists(
        st.sampled_from(["North_Lantern", "N0rth_Lantern", "LanternNorth", "velvet88", "brookWalker0"]), min_size=6, max_size=6
    ),
    st.sampled_from([None, "suspended"]),
)
quick = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def cast(people: list[tuple[int, int, str]], handles: list[str], status: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = [
        row
        for i, (first, days, text) in enumerate(people)
        for row in [*daily(f"a{i}", first, first + days), (f"a{i}", first + 0.5, text)]
    ]
    posts, observations = world(rows, {f"a{i}": handle for i, handle in enumerate(handles[: len(people)])})
    if status:
        check = {"account_id": "a0", "day": people[0][0] + people[0][1] + 3, "status": status}
        observations = pd.concat([observations, observed([check])], ignore_index=True)
    return posts, observations


@quick
@casts
def test_order_of_rows_and_what_comes_later_change_nothing(people: list, handles: list, status: str | None) -> None:
    posts, observations = cast(people, handles, status)
    now = facts(posts, observations)
    mixed = posts.sample(frac=1, random_state=5), observations.sample(frac=1, random_state=6)
    assert facts(*mixed).successors == now.successors
    later = posts.assign(posted_at=posts["posted_at"] + timedelta(days=200), post_id="later" + posts["post_id"])
    assert facts(pd.concat([posts, later], ignore_index=True), observations).successors == now.successors


@quick
@casts
def test_every_claim_holds_what_it_says(people: list, handles: list, status: str | None) -> None:
    posts, observations = cast(people, handles, status)
    found = facts(posts, observations)
    if isinstance(found.successors, NotMeasurable):
        return
    ids = set(posts["post_id"])
    for pair in found.successors:
        assert isinstance(pair, Successor)
        assert pair.score >= THRESHOLD
        assert pair.lost != pair.later
        assert all(post in ids for item in pair.evidence for post in item.posts)
    assert len({pair.later for pair in found.successors}) <= len(found.successors)
    looked = searched(posts, observations)
    chosen = claimed(looked.pairs)
    later = looked.pairs.later[chosen]
    assert len(np.unique(later)) == len(later)  # nobody replaces two
    assert (looked.people.first[looked.pairs.lost[chosen]] < looked.people.first[later]).all()
    swapped = set(zip(looked.pairs.later[chosen].tolist(), looked.pairs.lost[chosen].tolist(), strict=True))
    assert not swapped & set(
        zip(looked.pairs.lost[chosen].tolist(), later.tolist(), strict=True)
    )  # nobody replaces their own successor


def test_most_claims_on_a_labelled_campaign_are_right() -> None:
    """One seed at a small size; `python tests/accuracy/successors.py` prints the figures of docs/methods.md."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "accuracy"))
    from successors import score, worlds

    total = sum((score(world) for world in worlds("fast", 21, 30_000) if not world.said), start=score_of_nothing())
    assert total["right"] >= 0.9 * total["claimed"]
    assert total["right"] >= 0.2 * total["pairs"] > 0
    assert total["siblings"] == 0


def score_of_nothing() -> Counter[str]:
    return Counter(claimed=0, right=0, siblings=0, pairs=0)
