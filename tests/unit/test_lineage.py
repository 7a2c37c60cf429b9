"""Ids of clusters last over weeks, whatever comes later and in whatever order; births, merges, splits and deaths are told."""

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd
from acting_together import posts_of
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.detect.events import compared
from tasks.detect.lineage import Founders, Lineage, replayed
from tasks.detect.network import Detection, detect
from tasks.detect.weekly import _Acted, _objects, _trailing
from tasks.domain.campaign import Campaign, Thresholds
from tasks.domain.networks import FAMILIES
from tasks.domain.periods import Cutoff
from tasks.domain.posts import POSTS

MONDAY = datetime(2023, 5, 1, tzinfo=UTC)
CAMPAIGN = Campaign(slug="test", title="Test", thresholds=Thresholds(window_s={"co-url": 60}, detection_days=28))
Rows = list[tuple[str, str, datetime]]


def bursts(names: list[str], week: int, tag: str, many: int = 6) -> Rows:
    """All of `names` share `many` links in that week, each link within seconds."""
    start = MONDAY + timedelta(weeks=week)
    return [
        (name, f"pushed.example/{tag}/{week}/{n}", start + timedelta(hours=20 * n + 3, seconds=2 * turn))
        for n in range(many)
        for turn, name in enumerate(names)
    ]


def noise(week: int, accounts: int = 60, posts: int = 300) -> Rows:
    rng = np.random.default_rng(week)
    start = MONDAY + timedelta(weeks=week)
    return [
        (f"x/u{rng.integers(accounts)}", f"news.example/{rng.integers(200)}", start + timedelta(seconds=int(rng.integers(604_800))))
        for _ in range(posts)
    ]


def seen(rows: Rows, weeks: int, order: int | None = None) -> Detection:
    """Detection as of the end of that week, of the posts before it."""
    end = MONDAY + timedelta(weeks=weeks)
    posts = posts_of([row for row in rows if row[2] < end])
    posts["post_id"] = [f"{who}@{at:%m%d%H%M%S}{link}" for who, link, at in (row for row in rows if row[2] < end)]
    posts = POSTS.conform(posts)
    if order is not None:
        posts = posts.sample(frac=1, random_state=order, ignore_index=True)
    families = FAMILIES.conform(posts[["platform", "post_id"]])
    return detect(CAMPAIGN, posts, families, Cutoff(end, end + timedelta(days=1)), 1)


A, B = [f"x/a{i}" for i in range(8)], [f"x/b{i}" for i in range(7)]


@cache
def story() -> tuple[tuple[str, str, datetime], ...]:
    """Two groups for five weeks; then they act as one for six; then only four of the first go on, with six newcomers."""
    rows: Rows = [row for week in range(20) for row in noise(week)]
    rows += [row for week in range(5) for row in (*bursts(A, week, "a"), *bursts(B, week, "b"))]
    rows += [row for week in range(5, 11) for row in bursts(A + B, week, "ab")]
    rows += [row for week in range(11, 20) for row in bursts([*A[:4], *(f"x/n{i}" for i in range(6))], week, "n")]
    return tuple(rows)


def id_of(clusters: pd.DataFrame, account: str) -> str | None:
    found = clusters.set_index("account")["cluster_id"]
    return str(found[account]) if account in found.index else None


def test_a_campaign_is_followed_through_its_changes() -> None:
    weeks = {week: seen(list(story()), week).clusters for week in (3, 5, 10, 19)}
    a, b = id_of(weeks[3], A[0]), id_of(weeks[3], B[0])
    assert a is not None
    assert b is not None
    assert a != b
    assert id_of(weeks[5], A[0]) == a
    assert id_of(weeks[5], B[0]) == b
    assert {id_of(weeks[10], name) for name in A + B} == {a}  # the larger one goes on
    assert id_of(weeks[19], A[0]) == id_of(weeks[19], "x/n0") not in (None, a)  # four of fifteen with six others are another
    assert id_of(weeks[19], B[0]) is None


@settings(max_examples=4, deadline=None)
@given(st.integers(2, 19), st.integers(1, 10))
def test_later_posts_and_order_change_no_earlier_id(week: int, order: int) -> None:
    then, later = seen(list(story()), week), seen(list(story()), 20, order)
    now = then.lineage.snapshots
    after = later.lineage.snapshots
    pd.testing.assert_frame_equal(now, after[after["week"] < week].reset_index(drop=True))
    pd.testing.assert_frame_equal(then.clusters, seen(list(story()), week, order).clusters)  # and again the same


def test_the_last_monday_is_what_a_briefing_of_that_week_finds() -> None:
    for week in (4, 8, 14):
        found = seen(list(story()), week)
        replayed_then = found.lineage.at(MONDAY + timedelta(weeks=week))
        assert found.clusters.set_index("account")["cluster_id"].to_dict() == replayed_then.to_dict()


def test_the_old_and_the_new_posts_meet_without_a_seam() -> None:
    """Of 20 weeks 16 lie before the detection window: the same weeks come out as with a window that holds all."""
    short = seen(list(story()), 20)
    posts = posts_of(story())
    everything = CAMPAIGN.model_copy(update={"thresholds": Thresholds(window_s={"co-url": 60}, detection_days=28 * 6)})
    end = MONDAY + timedelta(weeks=20)
    families = FAMILIES.conform(posts[["platform", "post_id"]])
    long = detect(everything, posts, families, Cutoff(end, end), 1)
    first = short.lineage.snapshots
    assert set(first["account"][first["week"] == 3]) == set(long.lineage.snapshots["account"][long.lineage.snapshots["week"] == 3])


def frame(**groups: list[str]) -> pd.Series:
    return pd.Series({name: key for key, names in groups.items() for name in names}, name="cluster_id", dtype="str")


def empty_lineage(accounts: list[str]) -> Lineage:
    founders = Founders(np.asarray(accounts, object), np.arange(len(accounts)))
    return replayed([], founders, first=0, weeks=0, max_q=0.01, seed=1)


def test_births_merges_splits_and_deaths_are_told() -> None:
    names = [f"x/{i}" for i in range(40)]
    before = frame(one=names[:8], two=names[8:14], three=names[14:24], four=names[24:30], tiny=names[30:32])
    now = frame(one=names[:14], three=names[14:19], new=names[19:24], fresh=names[32:40])
    changes, events = compared(before, now, empty_lineage(names), MONDAY)
    told = {(event.kind, event.cluster_id): event for event in events}
    assert set(told) == {("merged", "one"), ("split", "new"), ("born", "fresh"), ("died", "four")}
    assert [(part.cluster_id, part.accounts, part.shared) for part in told["merged", "one"].others] == [("two", 6, 6)]
    assert [(part.cluster_id, part.accounts, part.shared) for part in told["split", "new"].others] == [("three", 10, 5)]
    assert (told["died", "four"].accounts, told["born", "fresh"].accounts) == (6, 8)
    assert (changes.clusters, changes.clusters_before, changes.continued, changes.small_events) == (4, 4, 2, 1)
    assert (changes.stayed.part, changes.stayed.whole) == (13, 24)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-1, 5), min_size=12, max_size=12), st.lists(st.integers(-1, 5), min_size=12, max_size=12))
def test_every_cluster_is_accounted_for_once(then: list[int], later: list[int]) -> None:
    names = [f"x/{i}" for i in range(12)]
    before, now = (
        pd.Series({n: f"c{g}" for n, g in zip(names, groups, strict=True) if g >= 0}, name="cluster_id", dtype="str")
        for groups in (then, later)
    )
    changes, events = compared(before, now, empty_lineage(names), MONDAY)
    gone = {part.cluster_id for event in events if event.kind == "merged" for part in event.others}
    gone |= {event.cluster_id for event in events if event.kind == "died"}
    came = {event.cluster_id for event in events if event.kind in ("born", "returned", "split")}
    assert gone <= set(before) - set(now)
    assert came <= set(now) - set(before)
    if not changes.small_events:
        assert (gone, came) == (set(before) - set(now), set(now) - set(before))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 9)), max_size=25), st.integers(1, 4))
def test_distinct_objects_of_the_last_weeks(told: list[tuple[int, int, int]], span: int) -> None:
    told = sorted(set(told))
    columns = np.array(told, np.int64).reshape(-1, 3)
    found = _objects(np.arange(3), _Acted(columns[:, 0], columns[:, 1], columns[:, 2]), 10, span)
    plain = [[len({o for p, o, w in told if p == pair and end - span < w <= end}) for end in range(10)] for pair in range(3)]
    assert found.tolist() == plain


def test_trailing_sums() -> None:
    assert _trailing(np.array([[1, 2, 3, 4]]), 2).tolist() == [[1, 3, 5, 7]]
    assert _trailing(np.array([[1, 2]]), 5).tolist() == [[1, 3]]


def test_no_posts_and_a_first_week_that_has_not_ended() -> None:
    for rows in ([], bursts(A, 0, "a")):
        end = MONDAY + timedelta(days=3)
        posts = posts_of([row for row in rows if row[2] < end])
        families = FAMILIES.conform(posts[["platform", "post_id"]])
        found = detect(CAMPAIGN, posts, families, Cutoff(end, end), 1)
        assert found.lineage.snapshots.empty
        assert not found.lineage.covers(end)


def test_an_id_taken_by_an_older_cluster_is_not_given_twice() -> None:
    founders = Founders(np.array(["x/a", "x/b", "x/c"], object), np.arange(3))
    first = founders.new_id(np.array([0, 1]), [], 4)
    assert founders.new_id(np.array([0, 2]), [first], 9) not in (first, founders.new_id(np.array([1, 2]), [], 9))
