"""Every table around a takedown adds up to its posts, whatever they are, and knows nothing that its cut-off does not."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rebuilding_frames import at, listed, posts_frame, run, takedown
from store_samples import CAMPAIGN, commit

from tasks.domain.campaign import Campaign
from tasks.domain.measures import Estimate, NotMeasurable
from tasks.domain.periods import Cutoff, Period
from tasks.domain.posts import POSTS
from tasks.domain.rebuilding import Baseline, Cohorts, Fate, IndexSeries, Replacement, TakedownFacts
from tasks.rebuilding.index import find_series
from tasks.rebuilding.measure import measure
from tasks.store.local import LocalStore
from tasks.store.visible import read_account_observations, read_finds, read_posts
from tasks.store.workspace import init_workspace

END = 63
NAMES = [f"a{i}" for i in range(6)]
rows_of_posts = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(-100, END + 5).map(float), st.integers(1, 5)), min_size=1, max_size=80
)
steady_posts = [("base", float(day), 1) for day in range(-100, 0)]
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def facts_of(posts: pd.DataFrame, **more: object) -> TakedownFacts:
    (facts,) = run(posts, [takedown(0)], END, **more)  # type: ignore[arg-type]
    return facts


def per_day(rows: list, first: int, end: int, names: list[str] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Posts and active accounts of each day, counted one by one."""
    inside = [(name, int(day), count) for name, day, count in rows if first <= day < end and (names is None or name in names)]
    posts, active = np.zeros(end - first), [set() for _ in range(first, end)]
    for name, day, count in inside:
        posts[day - first] += count
        active[day - first].add(name)
    return posts, np.array([len(names) for names in active])


@quick
@given(rows_of_posts)
def test_index_baseline_and_replacement_reconcile_to_the_posts(drawn: list) -> None:
    rows = [*steady_posts, *drawn]
    facts = facts_of(posts_frame(rows))
    old = [name for name in {*NAMES, "base"} if any(row[0] == name and row[1] < 0 for row in rows)]
    before = [per_day(rows, -7 * k, -7 * k + 7) for k in range(1, 9)]
    assert isinstance(facts.baseline, Baseline)
    assert facts.baseline.posts == pytest.approx(np.median([posts.mean() for posts, _ in before]))
    assert facts.baseline.accounts == pytest.approx(np.median([active.mean() for _, active in before]))
    for series, which in (("posts", 0), ("accounts", 1)):
        base = getattr(facts.baseline, series)
        check_points(find_series(facts.rebuild_index, series, "plain"), per_day(rows, 1, END)[which], base)
        known = find_series(facts.rebuild_index, series, "fixed_accounts")
        if isinstance(known.latest, Estimate):
            check_points(known, per_day(rows, 1, END, old)[which], base)  # who posts before t0 was known before t0: one baseline
    assert isinstance(facts.cohorts, Cohorts)
    assert facts.cohorts.posts.total == per_day(rows, 1, END)[0].sum()
    assert isinstance(facts.fate, Fate)
    if isinstance(facts.replacement, Replacement):
        gained = [facts.cohorts.created_after, facts.cohorts.pre_positioned, facts.cohorts.reactivated]
        counted = sum(n for n in gained if not isinstance(n, NotMeasurable))
        assert facts.replacement.gained_per_week * END / 7 == pytest.approx(counted, abs=1e-4)
        assert facts.replacement.lost_per_week * END / 7 == pytest.approx(
            round(facts.replacement.lost_per_week * END / 7), abs=1e-4
        )
    if not isinstance(facts.survival, NotMeasurable):
        for curve in facts.survival:
            assert curve.points[0].at_risk == curve.accounts
            values = [point.value for point in curve.points]
            assert values == sorted(values, reverse=True)
            assert curve.points[-1].day <= END - 30


def check_points(series: IndexSeries, daily: np.ndarray, base: float) -> None:
    assert [point.value for point in series.points] == pytest.approx(
        np.convolve(daily, np.full(7, 1 / 7), "valid") / base, abs=2e-6
    )
    assert series.nadir == pytest.approx(min(point.value for point in series.points))
    for point in series.points:
        assert point.value == 0 or (point.low or 0) <= point.value + 1e-6
    for middle, ends in ((series.t50_days, series.t50_between), (series.t90_days, series.t90_between)):
        if isinstance(middle, int):
            assert ends is not None
            earliest, latest = ends
            assert isinstance(latest, NotMeasurable) or (isinstance(earliest, int) and earliest <= latest)


@pytest.mark.parametrize(
    "rows",
    [[("a", -1.0)], [("a", 0.0)], [("a", 5.0)], [("a", float(END - 1))], [("a", -100.0), ("a", 5.0)]],
    ids=["before", "on the day", "after", "on the last day", "one each side"],
)
def test_a_campaign_of_one_post_is_measured_or_says_why_not(rows: list) -> None:
    facts = facts_of(posts_frame(rows), members=listed(["a"]))
    assert isinstance(facts.baseline, NotMeasurable) or facts.baseline.posts == 0  # eight observed weeks of silence are a measure
    assert all(isinstance(series.latest, NotMeasurable) and series.latest.reason for series in facts.rebuild_index)
    assert isinstance(facts.cohorts, Cohorts)
    assert facts.cohorts.total == sum(1 for row in rows if 1 <= row[1] < END)


def test_a_campaign_without_posts_is_not_measurable() -> None:
    facts = facts_of(POSTS.empty())
    missing = NotMeasurable(reason="no member's post on X was collected")
    assert facts.baseline == facts.cohorts == facts.fate == facts.survival == facts.replacement == missing
    assert all(series.latest == missing for series in facts.rebuild_index)


# Batches: who saw what when. Each observation is (post, account, day posted, days until observed, query, followers).
seen = st.tuples(
    st.integers(0, 30), st.sampled_from(NAMES), st.integers(-90, END - 1), st.integers(0, 20), st.sampled_from(["q1", "q2", None])
)
batches = st.lists(st.lists(seen, min_size=1, max_size=25), min_size=1, max_size=3)


def told(contents: list[list[tuple]], cutoff: Cutoff) -> TakedownFacts:
    """Commit the batches in this order to a new store and measure what is visible at the cut-off."""
    with TemporaryDirectory() as folder:
        store = LocalStore(Path(folder))
        init_workspace(store)
        for content in contents:
            posts = [observation(row, *values) for row, values in enumerate(content)]
            looks = [profile(row, *values) for row, values in enumerate(content)]
            queries = sorted({values[4] for values in content if values[4]})
            commit(store, repr(content).encode(), posts, looks, queries=queries)
        (facts,) = measure(
            Campaign(slug=CAMPAIGN, title="C", takedowns=[takedown(0)]),
            posts=read_posts(store, CAMPAIGN, cutoff),
            observations=read_account_observations(store, CAMPAIGN, cutoff),
            members=listed(NAMES),
            period=Period("r", "range", cutoff.end - timedelta(days=7), cutoff.end),
            cutoff=cutoff,
            queries=(),
            seed=1,
            finds=read_finds(store, CAMPAIGN, cutoff),
        )
        return facts


def observation(row: int, post: int, account: str, posted: int, delay: int, query: str | None) -> dict:
    return {
        "platform": "x",
        "post_id": f"{account}-{posted}-{post}",
        "account_id": account,
        "posted_at": at(posted),
        "observed_at": at(posted + delay),
        "time_precision_s": 1,
        "kind": "original",
        "row_number": row,
        "query_id": query,
        "like_count": delay,
    }


def profile(row: int, post: int, account: str, posted: int, delay: int, query: str | None) -> dict:
    status = "suspended" if delay > 15 else "active"
    values = {"platform": "x", "account_id": account, "observed_at": at(posted + delay), "row_number": row, "status": status}
    return values | {"created_at": at(posted - 10 * delay), "created_precision_s": 86_400, "followers_count": post}


@settings(quick, max_examples=12)
@given(batches, st.lists(seen, min_size=1, max_size=20))
def test_later_observations_and_the_order_of_batches_change_nothing(contents: list, more: list) -> None:
    cutoff = Cutoff(end=at(40), as_of=at(41))
    later = [(post, account, posted, 42 + delay - min(posted, 0), query) for post, account, posted, delay, query in more]
    assert all(at(posted + delay) > cutoff.as_of for _, _, posted, delay, _ in later)
    once = told(contents, cutoff)
    assert once == told([later, *contents], cutoff)
    assert once == told([*reversed(contents), later], cutoff)
