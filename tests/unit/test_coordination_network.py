"""From posts to coordination facts: shares, windows, the whole of detection on a small campaign of our own."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tasks.detect.families import text_families
from tasks.detect.membership import Members, resolve_members
from tasks.detect.network import Detection, detect
from tasks.detect.report import coordination_facts, proposed_accounts
from tasks.detect.shares import account_keys, shares_of
from tasks.domain.accounts import ACCOUNTS
from tasks.domain.campaign import AcceptanceRule, Campaign, Member, Membership, Thresholds
from tasks.domain.errors import UsageProblem
from tasks.domain.frames import flatten_lists
from tasks.domain.measures import NotMeasurable
from tasks.domain.networks import EDGES
from tasks.domain.periods import Cutoff
from tasks.domain.posts import POSTS
from tasks.domain.pseudonyms import pseudonym

END = datetime(2023, 9, 4, tzinfo=UTC)
CUTOFF = Cutoff(end=END, as_of=END + timedelta(days=1))
KEY = b"a key of the tests"
WORDS = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "islet", "jetty", "knoll", "lagoon", "meadow"]
MEMBERS = ["m0", "m1", "m2", "m3"]


def posts_of(rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    defaults = {"platform": "x", "kind": "original", "time_precision_s": 1, "lang": "en", "text": None, "urls": None}
    for name, value in defaults.items():
        if name not in frame:
            frame[name] = value
        frame[name] = frame[name].where(frame[name].notna(), value)
    frame["urls"] = pd.Series(pa.array(frame["urls"].tolist(), pa.list_(pa.string())), dtype=POSTS.pandas_dtype("urls"))
    frame["post_id"] = [f"p{i}" for i in range(len(frame))]
    frame["posted_at"] = pd.to_datetime(frame["posted_at"], utc=True).astype("datetime64[us, UTC]")
    frame["observed_at"] = frame["posted_at"]
    return POSTS.conform(frame.assign(campaign="test", batch_id="b", row_number=range(len(frame))))


def sentence(rng: np.random.Generator, words: int = 14) -> str:
    return " ".join(rng.choice(WORDS, words)) + f" {rng.integers(10**6)}"


def small_campaign(seed: int = 1) -> pd.DataFrame:
    """40 ordinary accounts that write their own posts and share popular links; four members and an unlisted helper on another platform
    that paste one text within seconds, ten times."""
    rng = np.random.default_rng(seed)
    start = END - timedelta(days=20)
    rows: list[dict[str, object]] = []
    for i in range(4_000):
        at = start + timedelta(seconds=float(rng.integers(0, 20 * 86_400)))
        link = [f"https://news.example/{int(rng.zipf(1.7)) % 400}"] if rng.random() < 0.4 else None
        rows.append(
            {
                "account_id": f"u{i % 40}",
                "posted_at": at,
                "text": sentence(rng),
                "urls": link,
                "platform": "x" if i % 2 else "youtube",
            }
        )
    for i in range(10):
        at, text = start + timedelta(days=2 * i, hours=3), sentence(rng)
        for lag, name in enumerate([*MEMBERS, "helper"]):
            platform = "youtube" if name == "helper" else "x"
            rows.append({"account_id": name, "posted_at": at + timedelta(seconds=5 * lag), "text": text, "platform": platform})
    return posts_of(rows)


def campaign(**more: object) -> Campaign:
    seeds = [Member(platform="x", account_id=name, known_at=date(2023, 8, 1)) for name in MEMBERS]
    base = {"slug": "test", "title": "Test", "membership": Membership(seeds=seeds, accept=AcceptanceRule())}
    return Campaign.model_validate({**base, **more})


@pytest.fixture(scope="module")
def found() -> tuple[pd.DataFrame, Detection, Members]:
    posts = small_campaign()
    detection = detect(campaign(), posts, text_families(posts), CUTOFF, 5)
    return posts, detection, resolve_members(campaign(), posts, detection, CUTOFF)


def test_the_campaign_and_nobody_else_is_found(found: tuple[pd.DataFrame, Detection, Members]) -> None:
    _, detection, members = found
    everyone = {*(f"x/{name}" for name in MEMBERS), "youtube/helper"}
    assert set(detection.significant["source"]) | set(detection.significant["target"]) == everyone
    assert len(detection.significant) == 10
    assert detection.clusters["cluster_id"].nunique() == 1
    assert set(members.keys) == everyone
    assert len(detection.edges) > len(detection.significant)  # chance co-action exists and is listed


def test_edges_can_be_opened(found: tuple[pd.DataFrame, Detection, Members]) -> None:
    posts, detection, _ = found
    edges = detection.edges
    assert list(edges.columns) == EDGES.names
    keys = (posts["platform"] + "/" + posts["post_id"]).to_numpy()
    authors = pd.Series(account_keys(posts).to_numpy(), index=keys)
    times = pd.Series(posts["posted_at"].to_numpy(), index=keys)
    at, shown = flatten_lists(edges, "example_posts")
    assert np.bincount(at).tolist() == [2] * len(edges)
    left, right = shown.iloc[::2], shown.iloc[1::2]
    ends = [tuple(sorted(pair)) for pair in zip(authors.loc[left], authors.loc[right], strict=True)]
    assert ends == list(zip(edges["source"], edges["target"], strict=True))
    apart = times.loc[left].to_numpy() - times.loc[right].to_numpy()
    assert (np.abs(apart / np.timedelta64(1, "s")) <= 60).all()
    at, _ = flatten_lists(detection.significant, "object_ids")
    assert np.bincount(at).tolist() == detection.significant["objects"].tolist() == [10] * 10
    assert edges["object_ids"].notna().to_numpy().sum() == 10


def test_facts_name_members_and_hide_others(found: tuple[pd.DataFrame, Detection, Members]) -> None:
    posts, detection, members = found
    accounts = posts[["campaign", "platform", "account_id", "observed_at", "batch_id", "row_number"]].drop_duplicates(
        ["platform", "account_id"]
    )
    latest = ACCOUNTS.conform(accounts.assign(handle="@" + accounts["account_id"]))
    listed_only = Members(
        members.frame[members.frame["basis"] == "seed"],
        members.proposed.assign(decision="proposed"),
        members.past,
        members.rejected,
    )
    facts = coordination_facts(detection, listed_only, latest, (), KEY)
    hidden = pseudonym(KEY, "youtube", "helper")
    assert not isinstance(facts.network, NotMeasurable)
    assert {node.name: node.member for node in facts.network.nodes} == {**{f"@{name}": True for name in MEMBERS}, hidden: False}
    assert [p.name for p in proposed_accounts(listed_only, latest, KEY)] == [hidden]
    assert [p.name for p in proposed_accounts(members, latest, KEY)] == ["@helper"]
    assert "helper" not in facts.model_dump_json()
    text = next(b for b in facts.behaviours if b.behaviour == "co-text")
    assert (text.edges_significant, text.edges_among_members, text.window_certain) == (10, 6, True)
    assert [(c.accounts, c.members, c.platforms) for c in facts.clusters] == [(5, 4, ("x", "youtube"))]
    assert facts.clusters[0].label.split()[0] in WORDS
    assert facts.tests == sum(b.accounts * (b.accounts - 1) // 2 for b in facts.behaviours)


def test_detection_repeats(found: tuple[pd.DataFrame, Detection, Members]) -> None:
    posts, detection, members = found
    again = detect(campaign(), posts, text_families(posts), CUTOFF, 5)
    first, second = (coordination_facts(d, members, ACCOUNTS.empty(), (), KEY) for d in (detection, again))
    assert first == second


def test_posts_outside_the_window_do_not_count() -> None:
    posts = small_campaign()
    short = campaign(thresholds=Thresholds(detection_days=7))
    detection = detect(short, posts, text_families(posts), CUTOFF, 5)
    inside = posts["posted_at"] >= END - timedelta(days=7)
    assert next(b for b in detection.behaviours if b.behaviour == "co-text").shares == int(inside.sum())
    early = Cutoff(end=END - timedelta(days=30), as_of=END)
    nothing = detect(campaign(), posts, text_families(posts), early, 5)
    facts = coordination_facts(nothing, resolve_members(campaign(), posts, nothing, early), ACCOUNTS.empty(), (), KEY)
    assert isinstance(facts.network, NotMeasurable)
    assert all(isinstance(b.edges_significant, NotMeasurable) for b in facts.behaviours)


@pytest.mark.parametrize(("precision", "window", "least"), [(60, 60, "120"), (60, 119, "120"), (86_400, 120, "172800")])
def test_a_window_finer_than_the_clock_is_refused(precision: int, window: int, least: str) -> None:
    posts = small_campaign().assign(time_precision_s=precision)
    coarse = campaign(thresholds=Thresholds(window_s={"co-text": window}))
    with pytest.raises(UsageProblem, match=rf"thresholds.window_s.co-text.* at least {least}"):
        detect(coarse, posts, text_families(posts), CUTOFF, 1)


def test_minute_clocks_make_windows_uncertain() -> None:
    posts = small_campaign().assign(time_precision_s=60)
    detection = detect(campaign(thresholds=Thresholds(window_s={"co-text": 120})), posts, text_families(posts), CUTOFF, 1)
    assert [(b.behaviour, b.window_certain) for b in detection.behaviours] == [("co-text", False)]


def test_an_unknown_behaviour_is_named() -> None:
    posts = small_campaign()
    with pytest.raises(UsageProblem, match="co-dance"):
        detect(campaign(thresholds=Thresholds(window_s={"co-dance": 60})), posts, text_families(posts), CUTOFF, 1)


def test_links_are_objects_once_a_post() -> None:
    posts = posts_of(
        [
            {
                "account_id": "a",
                "posted_at": END,
                "urls": ["https://www.page.example/x", "http://page.example/x", "https://t.co/abc"],
            },
            {"account_id": "b", "posted_at": END, "urls": ["https://t.co/abc", "https://page.example/x"], "kind": "repost"},
            {"account_id": "c", "posted_at": END},
        ]
    )
    shares = shares_of(posts, text_families(posts), "co-url")
    assert shares.frame[["object_id", "account_id", "content_id"]].values.tolist() == [
        ["page.example/x", "x/a", "x/p0"],
        ["t.co/abc", "x/a", "x/p0"],
        ["page.example/x", "x/b", "x/p1"],
    ]
    assert shares.repost_rows == 1
    assert "1 shortened links on reposts" in shares.note
    many = replace(shares, repost_rows=170_520, hubs=1_200, hub_rows=3_400_000)
    assert "170,520 shortened links on reposts" in many.note
    assert many.note.endswith("set aside, 3,400,000 rows")
    assert "; 1,200 objects shared" in many.note


def test_texts_of_reposts_and_short_texts_are_no_objects() -> None:
    long = "the lighthouse keeper counted every ship that passed"
    rows = [
        ("a", long, "original"),
        ("b", long, "repost"),
        ("c", "good morning", "original"),
        ("d", long, "quote"),
        ("e", None, "original"),
    ]
    posts = posts_of([{"account_id": a, "posted_at": END, "text": text, "kind": kind} for a, text, kind in rows])
    shares = shares_of(posts, text_families(posts), "co-text")
    assert shares.frame["account_id"].tolist() == ["x/a", "x/d"]
    assert shares.repost_rows == 1


def test_slots_are_platform_language_and_six_hours() -> None:
    rows = [
        {"posted_at": END, "lang": "en"},
        {"posted_at": END + timedelta(hours=5), "lang": "en-GB"},
        {"posted_at": END + timedelta(hours=6), "lang": "en"},
        {"posted_at": END, "lang": "zh-Hans"},
        {"posted_at": END, "platform": "youtube", "lang": "en"},
    ]
    posts = posts_of([{"account_id": "a", "urls": ["https://page.example/"], **row} for row in rows])
    slots = shares_of(posts, text_families(posts), "co-url").frame["slot"].tolist()
    assert slots[0] == slots[1]
    assert len(set(slots)) == 4


def test_hubs_are_set_aside_and_counted() -> None:
    rows = [{"account_id": f"a{i}", "posted_at": END, "urls": ["https://hub.example/"]} for i in range(250)]
    rows += [{"account_id": f"a{i}", "posted_at": END, "urls": [f"https://page.example/{i // 2}"]} for i in range(300)]
    posts = posts_of(rows)
    shares = shares_of(posts, text_families(posts), "co-url")
    assert (shares.hubs, shares.hub_rows, shares.objects) == (1, 250, 150)
    assert "more than 200" in shares.note
    fewer = posts.iloc[60:]  # 190 sharers are no hub
    assert shares_of(fewer, text_families(fewer), "co-url").hubs == 0


def test_families_of_other_posts_are_refused() -> None:
    posts = small_campaign()
    with pytest.raises(ValueError, match="follow the rows"):
        shares_of(posts, text_families(posts).iloc[1:], "co-text")
