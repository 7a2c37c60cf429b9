"""Edges opened: which posts, when, how certain; and the file in which an analyst looks them up."""

import csv
import io
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_behaviours import made

from tasks.detect import annex as module
from tasks.detect.annex import COLUMNS, FILE, edges_annex
from tasks.detect.evidence import edges_of
from tasks.detect.membership import Members, resolve_members
from tasks.detect.network import Detection, detect
from tasks.detect.opened import clocks, opened
from tasks.detect.report import coordination_facts
from tasks.detect.shares import shares_of
from tasks.domain.accounts import ACCOUNTS
from tasks.domain.campaign import Campaign, Member, Membership, Thresholds
from tasks.domain.networks import CO_ACTED
from tasks.domain.periods import Cutoff
from tasks.domain.printable import spreadsheet_cell

START = datetime(2023, 9, 4, tzinfo=UTC)
CUTOFF = Cutoff(end=START + timedelta(days=20), as_of=START + timedelta(days=20))
KEY = b"a key of the tests"
WINDOW = 120


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("rs"), st.integers(0, 400), st.sampled_from([1, 60])),
        min_size=2,
        max_size=25,
    )
)
def test_opened_edges_hold_what_every_pair_says(rows: list[tuple[str, str, int, int]]) -> None:
    posts, families = made([{"account_id": who, "media_hashes": [thing], "second": at} for who, thing, at, _ in rows])
    precision = np.array([p for *_, p in rows], np.float64)
    found = edges_of(shares_of(posts, families, "co-media"), window_s=WINDOW, min_participation=1)
    looked = opened(found, np.ones(len(found.edges), np.bool_), precision)
    expected: dict[tuple[str, str, str], list[tuple[bool, int]]] = {}
    for (one, thing, at, p), (other, same, later, q) in combinations(rows, 2):
        apart = abs(at - later)
        if one != other and thing == same and apart <= WINDOW:
            ends = sorted((f"x/{one}", f"x/{other}"))
            expected.setdefault((*ends, thing), []).append((apart + max(p, q) > WINDOW, apart))  # type: ignore[arg-type]
    told = looked.frame(np.ones(len(found.edges), np.bool_))
    assert list(told.columns) == CO_ACTED.names
    assert list(told[["source", "target", "object_id"]].itertuples(index=False, name=None)) == sorted(expected)
    at_of = dict(zip(posts["platform"] + "/" + posts["post_id"], posts["posted_at"], strict=True))
    who_of = dict(zip(posts["platform"] + "/" + posts["post_id"], posts["platform"] + "/" + posts["account_id"], strict=True))
    for row in told.to_dict("records"):
        pairs = expected[row["source"], row["target"], row["object_id"]]
        assert row["pairs"] == len(pairs)
        doubt, apart = min(pairs)
        assert row["clock"] == ("possible" if doubt else "certain")
        assert abs((row["source_at"] - row["target_at"]).total_seconds()) == apart
        for end in ("source", "target"):
            assert (who_of[row[f"{end}_post"]], at_of[row[f"{end}_post"]]) == (row[end], row[f"{end}_at"])
    assert int(told["pairs"].sum()) == int(found.edges["weight"].sum())
    certain = told[told["clock"] == "certain"].groupby(["source", "target"]).size()
    keys = list(zip(found.edges["source"], found.edges["target"], strict=True))
    assert looked.certain_objects().tolist() == [int(certain.get(key, 0)) for key in keys]


@pytest.mark.parametrize(
    ("apart", "precision", "clock"), [(60, 60, "certain"), (120, 60, "possible"), (119, 1, "certain"), (120, 1, "possible")]
)
def test_the_clock_decides_what_is_certain(apart: int, precision: int, clock: str) -> None:
    posts, families = made([{"media_hashes": ["r"]}, {"account_id": "b", "media_hashes": ["r"], "second": apart}])
    found = edges_of(shares_of(posts, families, "co-media"), window_s=WINDOW, min_participation=1)
    looked = opened(found, np.array([True]), np.full(2, float(precision)))
    assert looked.frame(np.array([True]))["clock"].tolist() == [clock]


def test_an_edge_is_certain_if_it_stands_on_certain_objects_alone() -> None:
    frame = pd.DataFrame(
        {
            "objects": [10, 10, 10, 4, 3],
            "objects_certain": pd.array([10, 9, 0, 1, 3], dtype="Int64"),
            "p_value": [1e-12, 1e-12, 1e-12, 1e-4, 0.5],
            "q_value": [1e-9, 1e-9, 1e-9, 1e-2, 0.9],
        }
    )
    assert [word if isinstance(word, str) else None for word in clocks(frame, 0.01)] == [
        "certain",
        "certain",
        "possible",
        "possible",
        None,
    ]


def act(account: str, second: int, **more: Any) -> dict[str, Any]:
    return {"account_id": account, "second": second, **more}


@pytest.fixture(scope="module")
def found() -> tuple[pd.DataFrame, Detection, Members]:
    """Two members and a stranger pass on the same 30 posts of strangers, and answer 30, within seconds; a crowd does so at random."""
    rng = np.random.default_rng(4)
    rows = [
        act(f"u{rng.integers(40)}", int(s), kind="repost", repost_of_id=f"w{rng.integers(300)}")
        for s in rng.integers(0, 1_700_000, 3_000)
    ]
    rows += [
        act(f"u{rng.integers(40)}", int(s), kind="reply", reply_to_id=f"w{rng.integers(300)}")
        for s in rng.integers(0, 1_700_000, 3_000)
    ]
    rows += [
        act(f"u{rng.integers(40)}", int(s), urls=[f"https://page.example/{rng.integers(300)}"])
        for s in rng.integers(0, 1_700_000, 3_000)
    ]
    for i in range(30):
        for lag, name in enumerate(["m1", "m2", "stranger"]):
            rows.append(act(name, 50_000 * i + 5 * lag, kind="repost", repost_of_id=f"p{6_000 + i}" if i == 0 else f"own{i}"))
            rows.append(act(name, 50_000 * i + 900 + 5 * lag, kind="reply", reply_to_id=f"asked{i}"))
            rows.append(act(name, 50_000 * i + 1_800 + 5 * lag, urls=[f"https://youtube.com/watch?v={i}", "https://=page.example"]))
    posts, families = made(rows)
    seeds = [Member(platform="x", account_id=name, known_at=START.date()) for name in ("m1", "m2")]
    plan = Campaign(slug="t", title="T", membership=Membership(seeds=seeds), thresholds=Thresholds())
    detection = detect(plan, posts, families, CUTOFF, 1)
    return posts, detection, resolve_members(plan, posts, detection, CUTOFF)


def table(data: bytes) -> pd.DataFrame:
    return pd.DataFrame(list(csv.DictReader(io.StringIO(data.decode()))))


def accounts_of(posts: pd.DataFrame, handles: dict[str, str]) -> pd.DataFrame:
    frame = posts[["campaign", "platform", "account_id", "observed_at", "batch_id", "row_number"]].drop_duplicates("account_id")
    return ACCOUNTS.conform(frame.assign(handle=frame["account_id"].map(handles)))


def test_every_behaviour_is_in_one_network(found: tuple[pd.DataFrame, Detection, Members]) -> None:
    posts, detection, members = found
    assert set(detection.significant["behaviour"]) == {"co-repost", "co-reply", "co-url"}
    assert set(detection.significant["clock"]) == {"certain"}
    facts = coordination_facts(detection, members, accounts_of(posts, {}), (), KEY)
    assert facts.fused is not None
    assert (facts.fused.edges, facts.fused.edges_several, facts.fused.edges_certain, facts.fused.accounts) == (3, 3, 3, 3)
    told = {one.behaviour: one for one in facts.behaviours}
    assert told["co-repost"].edges_certain == 3
    assert told["co-media"].posts_carrying == 0
    assert getattr(told["co-media"].edges_significant, "reason", "") == "no post carries the hash of an image or film"
    assert all(edge.behaviours == ("co-url", "co-repost", "co-reply") and edge.certain for edge in facts.network.edges)  # type: ignore[union-attr]


def test_the_annex_opens_edges_and_names_no_stranger(found: tuple[pd.DataFrame, Detection, Members]) -> None:
    posts, detection, members = found
    accounts = accounts_of(posts, {"m1": "=cmd|' /C calc'!A0", "stranger": "Real Name"})
    annex = edges_annex(detection, members, posts, accounts, KEY, "TLP:AMBER")
    assert annex.data == edges_annex(detection, members, posts, accounts, KEY, "TLP:AMBER").data
    rows = table(annex.data)
    assert tuple(rows.columns) == COLUMNS
    assert (annex.facts.name, annex.facts.rows, annex.facts.edges_left_out) == (FILE, len(rows), 0)
    assert annex.facts.objects_left_out + len(rows) == int(detection.significant["objects"].sum())
    text = annex.data.decode()
    assert "stranger" not in text
    assert "Real Name" not in text
    assert not any(word in text for word in ("own1", "asked1", "watch?v"))
    hidden = set(posts.loc[posts["account_id"] == "stranger", "post_id"])
    assert not hidden & set(rows["post_1"]) | (hidden & set(rows["post_2"]))
    assert set(rows.loc[rows["account_1"].str.contains("cmd"), "account_1"]) == {"'=cmd|' /C calc'!A0"}
    assert not rows.map(lambda cell: cell[:1] in tuple("=+-@\t\r")).to_numpy().any()
    assert set(rows["tlp"]) == {"TLP:AMBER"}
    known = rows[(rows["member_1"] == "yes") & (rows["member_2"] == "yes")].iloc[0]
    at = posts.set_index("post_id")["posted_at"]
    assert f"{at[known['post_1']]:%Y-%m-%dT%H:%M:%SZ}" == known["posted_at_1"]
    assert float(known["apart_s"]) == abs((at[known["post_1"]] - at[known["post_2"]]).total_seconds())


@pytest.mark.parametrize(("each", "total"), [(5, 20_000), (20, 40), (20, 9), (20, 4)])
def test_limits_of_the_annex_are_counted(
    found: tuple[pd.DataFrame, Detection, Members], monkeypatch: pytest.MonkeyPatch, each: int, total: int
) -> None:
    posts, detection, members = found
    monkeypatch.setattr(module, "MAX_OBJECTS", each)
    monkeypatch.setattr(module, "MAX_ROWS", total)
    annex = edges_annex(detection, members, posts, accounts_of(posts, {}), KEY, "TLP:CLEAR")
    rows = table(annex.data)
    edges = rows.drop_duplicates(["pair", "behaviour"])
    assert len(rows) <= total
    assert rows.groupby(["pair", "behaviour"]).size().max() <= each
    assert len(edges) + annex.facts.edges_left_out == len(detection.significant)
    assert edges["objects_not_listed"].astype(int).sum() == annex.facts.objects_left_out
    assert annex.facts.objects_left_out + len(rows) == edges["objects"].astype(int).sum()


@given(st.text(max_size=8))
def test_no_cell_begins_a_formula(text: str) -> None:
    cell = spreadsheet_cell(text)
    assert cell in (text, f"'{text}")
    assert cell.lstrip()[:1] not in tuple("=+-@＝＋－＠") or not cell.strip()
