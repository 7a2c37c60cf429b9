"""Shares of every behaviour against a slow, obvious reading of the posts; hubs and reposts counted; what no post carries is said."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.detect import shares as module
from tasks.detect.shares import shares_of
from tasks.domain.links import PLATFORM_HOSTS, SHORTENERS
from tasks.domain.networks import BEHAVIOURS, FAMILIES
from tasks.domain.posts import POSTS

START = datetime(2023, 9, 4, tzinfo=UTC)
LISTS = ("urls", "domains", "hashtags", "media_hashes")
URLS = ["https://page.example/a", "http://www.page.example/a", "https://t.co/a", "https://bit.ly/b", "https://youtube.com", ""]

ROW = st.fixed_dictionaries(
    {
        "account_id": st.sampled_from("abcdef"),
        "platform": st.sampled_from(["x", "vk"]),
        "kind": st.sampled_from(["original", "repost", "reply", "quote"]),
        "urls": st.none() | st.lists(st.sampled_from(URLS), max_size=4),
        "domains": st.none() | st.lists(st.sampled_from(["page.example", "youtube.com", "other.example"]), max_size=3),
        "hashtags": st.none() | st.lists(st.sampled_from(["a", "b", "c"]), max_size=4),
        "media_hashes": st.none() | st.lists(st.sampled_from(["00ff", "ff00"]), max_size=3),
        "repost_of_id": st.none() | st.sampled_from(["p0", "q1"]),
        "reply_to_id": st.none() | st.sampled_from(["p0", "q1"]),
        "family": st.none() | st.sampled_from(["f1", "f2"]),
        "short": st.booleans(),
        "second": st.integers(0, 100_000),
    }
)


def made(rows: list[dict[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """POSTS and FAMILIES of rows; what a row does not say is null."""
    frame = pd.DataFrame({"post_id": [f"p{i}" for i in range(len(rows))], "campaign": "t", "batch_id": "b", "time_precision_s": 1})
    frame["row_number"] = range(len(rows))
    for name, default in (
        ("platform", "x"),
        ("account_id", "a"),
        ("kind", "original"),
        ("repost_of_id", None),
        ("reply_to_id", None),
    ):
        frame[name] = pd.Series([row.get(name, default) for row in rows], dtype="object")
    frame["posted_at"] = pd.to_datetime([START + timedelta(seconds=row.get("second", 0)) for row in rows], utc=True).astype(
        "datetime64[us, UTC]"
    )
    frame["observed_at"], frame["lang"] = frame["posted_at"], "en"
    for name in LISTS:
        values = pa.array([row.get(name) for row in rows], pa.list_(pa.string()))
        frame[name] = pd.Series(values, dtype=POSTS.pandas_dtype(name))
    families = frame[["platform", "post_id"]].assign(
        family_id=pd.Series([row.get("family") for row in rows], dtype="object"), short=[bool(row.get("short")) for row in rows]
    )
    return POSTS.conform(frame), FAMILIES.conform(families)


def page(url: str) -> str:
    return url.removeprefix("https://").removeprefix("http://").removeprefix("www.")


def shortened(url: str) -> bool:
    return page(url).split("/")[0] in SHORTENERS


def objects(row: dict[str, Any], behaviour: str) -> tuple[list[str], list[str]]:
    """(objects, those set aside because the post only repeats another), the obvious way."""
    repost = row["kind"] == "repost"
    links = [page(url) for url in dict.fromkeys(row["urls"] or []) if url]
    match behaviour:
        case "co-url":
            own = [link for link in dict.fromkeys(links) if not (repost and shortened(link))]
            return own, [link for link in dict.fromkeys(links) if repost and shortened(link)]
        case "co-text":
            found = [row["family"]] if row["family"] and not row["short"] else []
        case "co-domain":
            found = list(dict.fromkeys(row["domains"] or []))
        case "co-repost":
            if row["repost_of_id"]:
                return [f"{row['platform']}/{row['repost_of_id']}"], []
            return [link for link in dict.fromkeys(links) if repost and shortened(link)], []
        case "co-reply":
            return [f"{row['platform']}/{row['reply_to_id']}"] if row["reply_to_id"] else [], []
        case "co-hashtag":
            tags = row["hashtags"] or []
            found = [" ".join(f"#{tag}" for tag in tags)] if len(set(tags)) > 1 else []
        case _:
            found = list(dict.fromkeys(row["media_hashes"] or []))
    return ([], found) if repost else (found, [])


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, max_size=25))
def test_shares_are_what_the_posts_say(behaviour: str, rows: list[dict[str, Any]]) -> None:
    posts, families = made(rows)
    expected, aside, hubs = [], 0, Counter[str]()
    for i, row in enumerate(rows):
        own, repeated = objects(row, behaviour)
        aside += len(repeated)
        for thing in own:
            if behaviour in ("co-url", "co-domain") and thing in PLATFORM_HOSTS:
                hubs[thing] += 1
            else:
                expected.append((thing, f"{row['platform']}/{row['account_id']}", f"{row['platform']}/p{i}", i))
    found = shares_of(posts, families, behaviour)
    assert list(found.frame[["object_id", "account_id", "content_id", "post"]].itertuples(index=False, name=None)) == expected
    assert (found.repost_rows, found.hubs, found.hub_rows) == (aside, len(hubs), hubs.total())
    assert found.objects == len({thing for thing, *_ in expected})
    assert found.accounts == len({account for _, account, *_ in expected})
    again = shares_of(posts, families, behaviour)
    assert again.frame.equals(found.frame)
    assert again.note == found.note
    assert bool(found.absent) == (found.carried == 0)
    assert not (expected and found.absent)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.sampled_from("rstu")), min_size=1, max_size=40), st.integers(1, 4))
def test_hubs_are_counted_by_accounts_not_rows(rows: list[tuple[int, str]], limit: int) -> None:
    posts, families = made([{"account_id": f"u{who}", "media_hashes": [thing]} for who, thing in rows])
    sharers = {thing: {who for who, other in rows if other == thing} for _, thing in rows}
    hubs = {thing for thing, who in sharers.items() if len(who) > max(limit, 0.05 * len({who for who, _ in rows}))}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "HUB_ACCOUNTS", limit)
        found = shares_of(posts, families, "co-media")
    assert (found.hubs, found.hub_rows) == (len(hubs), sum(thing in hubs for _, thing in rows))
    assert len(found.frame) + found.hub_rows == len(rows)
    assert not hubs & set(found.frame["object_id"])


def test_platforms_are_hubs_however_few_share_them() -> None:
    posts, families = made(
        [
            {"domains": ["youtube.com", "own-site.example"], "urls": ["https://youtube.com", "https://youtube.com/watch?v=1"]},
            {"account_id": "b", "domains": ["youtube.com"], "urls": ["https://youtube.com/watch?v=1"]},
        ]
    )
    domains, links = shares_of(posts, families, "co-domain"), shares_of(posts, families, "co-url")
    assert domains.frame["object_id"].tolist() == ["own-site.example"]
    assert (domains.hubs, domains.hub_rows) == (1, 2)
    assert "most: youtube[.]com" in domains.note
    assert links.frame["object_id"].tolist() == ["youtube.com/watch?v=1"] * 2
    assert links.hub_rows == 1


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_what_no_post_carries_is_said(behaviour: str) -> None:
    found = shares_of(*made([{}, {"account_id": "b"}]), behaviour)
    assert found.note.startswith("not measured: no post carries")
    assert found.frame.empty
    none = shares_of(*made([]), behaviour)
    assert none.note.startswith("not measured: no post carries")
