"""The simulated campaign: labelled, seeded, and behaving as its truth says."""

from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.domain.accounts import ACCOUNTS
from tasks.domain.errors import UsageProblem
from tasks.domain.posts import POSTS
from tasks.simulate.clock import DAY_US, START_US
from tasks.simulate.scenario import Simulation, simulate
from tasks.simulate.scenarios import PLATFORMS, SCENARIOS

OURS = {"campaign", "batch_id", "row_number"}
T0 = pd.Timestamp("2023-08-29", tz="UTC")


@lru_cache(maxsize=4)
def made(scenario: str = "spamouflage", seed: int = 3, scale: int = 40_000) -> Simulation:
    return simulate(scenario, seed=seed, scale=scale)


@pytest.fixture(scope="module")
def posts() -> pd.DataFrame:
    """Posts with their labels beside them."""
    frame, labels = POSTS.from_arrow(made().posts), made().labels.to_pandas()
    assert frame["post_id"].tolist() == labels["post_id"].tolist()
    return frame.assign(**labels.drop(columns=["platform", "post_id"]).to_dict("series"))


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    return pd.DataFrame(made().truth["accounts"])


def campaign_of(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["role"] == "campaign"]


def test_the_columns_are_those_of_the_domain() -> None:
    assert made().posts.column_names == [name for name in POSTS.names if name not in OURS]
    assert made().accounts.column_names == [name for name in ACCOUNTS.names if name not in OURS]


def test_required_columns_hold_no_null() -> None:
    for schema, table in ((POSTS, made().posts), (ACCOUNTS, made().accounts)):
        for column in schema.columns:
            if not column.optional and column.name not in OURS:
                assert table[column.name].null_count == 0, column.name


def test_same_seed_same_bytes_other_seed_other_bytes() -> None:
    one, again, other = (simulate("spamouflage", seed=seed, scale=10_000) for seed in (3, 3, 4))
    assert again.posts.equals(one.posts)
    assert again.accounts.equals(one.accounts)
    assert again.labels.equals(one.labels)
    assert again.truth == one.truth
    assert not other.posts.equals(one.posts)


def test_one_pass_over_the_weeks_is_the_same_as_all_at_once() -> None:
    weeks = list(made().weeks())
    assert pa.concat_tables([week.posts for week in weeks]).equals(made().posts)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**31), scale=st.integers(10_000, 16_000), scenario=st.sampled_from(sorted(SCENARIOS)))
def test_every_seed_and_scale_keeps_the_invariants(seed: int, scale: int, scenario: str) -> None:
    simulation = simulate(scenario, seed=seed, scale=scale)
    table = simulation.posts
    frame = table.select(["platform", "post_id", "account_id", "posted_at", "observed_at"]).to_pandas()
    assert 0.85 * scale < len(frame) < 1.15 * scale
    assert not frame.duplicated(["platform", "post_id"]).any()
    assert (frame["observed_at"] > frame["posted_at"]).all()
    accounts = pd.DataFrame(simulation.truth["accounts"])
    assert not accounts.duplicated(["platform", "account_id"]).any()
    joined = frame.merge(accounts, on=["platform", "account_id"], how="left", validate="m:1")
    assert joined["role"].notna().all()
    removed = joined.dropna(subset=["removed_at"])
    assert (removed["posted_at"] < pd.to_datetime(removed["removed_at"])).all()


def test_a_wrong_scenario_scale_or_seed_is_refused() -> None:
    with pytest.raises(UsageProblem, match="spamouflage, no-return, slow, fast"):
        simulate("dragon", seed=1, scale=10_000)
    with pytest.raises(UsageProblem, match="9,999"):
        simulate("fast", seed=1, scale=9_999)
    with pytest.raises(UsageProblem, match="-1"):
        simulate("fast", seed=-1, scale=10_000)


def test_cohorts_and_roles_sum_to_the_accounts(truth: pd.DataFrame) -> None:
    counts = made().truth["counts"]
    assert sum(counts["roles"].values()) == len(truth)
    assert sum(sum(counts[platform].values()) for platform in PLATFORMS) == counts["roles"]["campaign"]
    assert set(truth.loc[truth["role"] != "campaign", "cohort"]) == {"decoy"}


def test_every_cohort_behaves_as_its_name_says(posts: pd.DataFrame, truth: pd.DataFrame) -> None:
    spans = campaign_of(posts).groupby(["platform", "account_id"])["posted_at"].agg(["min", "max"]).reset_index()
    seen = spans.merge(truth, on=["platform", "account_id"])
    meta = seen[seen["platform"].isin(["facebook", "instagram"])]
    assert (meta.loc[meta["cohort"] == "removed", "max"] < T0 + pd.Timedelta("1D")).all()
    assert (seen.loc[seen["cohort"].isin(["fresh", "pre_positioned"]), "min"] >= T0).all()
    created = pd.to_datetime(meta.loc[meta["cohort"] == "fresh", "created_at"])
    assert (created >= T0).all()
    sleepers = campaign_of(posts).merge(truth[truth["cohort"] == "sleeper"], on=["platform", "account_id"])
    assert len(sleepers)
    assert not sleepers["posted_at"].between(T0 - pd.Timedelta("92D"), T0, inclusive="left").any()
    assert (sleepers["posted_at"] < T0).any()
    assert (sleepers["posted_at"] > T0).any()


def test_successors_follow_removed_accounts_and_some_say_so(posts: pd.DataFrame, truth: pd.DataFrame) -> None:
    later = truth.dropna(subset=["successor_of"])
    lost = truth.set_index("account_id").loc[later["successor_of"].tolist()]
    assert set(lost["cohort"]) == {"removed"}
    assert (pd.to_datetime(later["created_at"]).to_numpy() > pd.to_datetime(lost["removed_at"]).to_numpy()).all()
    said = posts[(posts["text_kind"] == "announcement") & (posts["kind"] == "original")]
    announced = later[later["announced"] == True]  # noqa: E712
    assert set(said["account_id"]) == set(announced["account_id"])
    handles = dict(
        zip(announced["account_id"], truth.set_index("account_id")["handle"].loc[announced["successor_of"]], strict=True)
    )
    assert all(list(row.mentions) == [handles[row.account_id]] and handles[row.account_id] in row.text for row in said.itertuples())


def test_hours_peak_in_office_hours_of_utc_8_with_meal_dips(posts: pd.DataFrame) -> None:
    local = campaign_of(posts)["posted_at"] + pd.Timedelta("8h")
    hours = (local.dt.hour * 2 + local.dt.minute // 30).value_counts().reindex(range(48), fill_value=0)
    morning, lunch, afternoon, dinner, night = (
        hours.loc[a:b].mean() for a, b in ((18, 23), (24, 26), (28, 35), (36, 38), (46, 47))
    )
    assert lunch < 0.5 * morning
    assert dinner < 0.5 * afternoon
    assert night < 0.15 * afternoon
    days = local.dt.day_of_week.value_counts()
    assert days[[5, 6]].mean() < 0.6 * days[[0, 1, 2, 3, 4]].mean()


def test_golden_week_is_quiet_and_the_make_up_days_are_not(posts: pd.DataFrame) -> None:
    daily = campaign_of(posts).groupby(posts["posted_at"].dt.floor("D")).size()
    usual = daily["2023-09-18":"2023-09-22"].mean()  # type: ignore[misc]
    assert daily["2023-09-29":"2023-10-06"].mean() < 0.6 * usual  # type: ignore[misc]
    assert daily["2023-10-07":"2023-10-08"].mean() > 0.7 * usual  # type: ignore[misc]


def test_engagement_is_almost_always_zero_and_missing_counts_are_null(posts: pd.DataFrame) -> None:
    theirs = campaign_of(posts[posts["kind"] == "original"])
    assert 0.8 < (theirs["like_count"] == 0).mean() < 0.95
    assert posts.loc[posts["role"] != "campaign", "like_count"].median() >= 1
    for column, platforms in (("view_count", {"x", "youtube"}), ("share_count", {"x", "facebook"})):
        assert set(posts.loc[posts[column].notna(), "platform"]) == platforms
        assert posts.loc[posts["platform"].isin(platforms), column].notna().all()


def test_the_pivot_is_visible_after_the_event_and_not_before(posts: pd.DataFrame) -> None:
    topical = campaign_of(posts[posts["text"].str.contains("Topic October|十月话题|十月話題", regex=True)])
    assert topical["posted_at"].min() >= pd.Timestamp("2023-10-09", tz="UTC")
    after = campaign_of(
        posts[posts["posted_at"].between(pd.Timestamp("2023-10-09", tz="UTC"), pd.Timestamp("2023-11-06", tz="UTC"))]
    )
    assert 0.15 < (after["topic"] == "october").mean() < 0.5


def test_the_added_query_finds_posts_only_from_its_day_on(posts: pd.DataFrame) -> None:
    added = posts[posts["query_id"] == "q4"]
    assert set(posts["query_id"]) == {"q1", "q2", "q3", "q4"}
    assert added["posted_at"].min() >= pd.Timestamp("2023-10-16", tz="UTC")
    assert set(added["topic"]) == {"october"}


def test_about_an_eighth_of_a_weeks_posts_is_captured_after_its_end(posts: pd.DataFrame) -> None:
    start = pd.Timestamp(START_US, unit="us", tz="UTC")
    week = (posts["posted_at"] - start) // pd.Timedelta("7D")
    late = (posts["observed_at"] > start + (week + 1) * pd.Timedelta("7D")).mean()
    assert 0.115 < late < 0.155  # collecting daily: the last day, less its quieter Sunday, and the stragglers


def test_bursts_are_seconds_long_and_share_one_text(posts: pd.DataFrame) -> None:
    bursts = posts.dropna(subset=["burst"]).groupby("burst")
    assert ((bursts["posted_at"].max() - bursts["posted_at"].min()) < pd.Timedelta("30s")).all()
    assert (bursts["group"].nunique() == 1).all()
    assert (bursts["platform"].nunique() == 1).all()
    sizes = bursts["account_id"].nunique()
    assert (sizes == bursts.size()).all()
    assert sizes.max() <= 20
    assert (sizes >= 4).mean() > 0.7


def test_families_vary_a_little(posts: pd.DataFrame) -> None:
    mine = posts[(posts["text_kind"] == "family") & posts["burst"].notna() & (posts["kind"] == "original")]
    assert (mine.groupby("group")["text"].nunique() > 1).mean() > 0.8
    joined = " ".join(mine["text"])
    for sign in ("\u200b", "\u200d", "…", "🌷", "諾", "诺"):
        assert sign in joined


def test_decoys_share_texts_but_not_in_step(posts: pd.DataFrame) -> None:
    others = posts[posts["role"] != "campaign"]
    assert set(others["role"]) == {"activist", "news_fan", "ordinary"}
    slogans = others[(others["text_kind"] == "slogan") & (others["kind"] == "original")].sort_values(["group", "posted_at"])
    assert slogans.groupby("group")["account_id"].nunique().median() >= 3
    gaps = slogans.groupby("group")["posted_at"].diff().dropna()
    assert (gaps <= pd.Timedelta("60s")).mean() < 0.02
    copied = others[(others["text_kind"] == "family") & (others["kind"] == "original")]
    assert len(copied) > 100


def test_news_fans_share_a_link_within_seconds(posts: pd.DataFrame) -> None:
    fans = posts[posts["role"] == "news_fan"]
    links = fans.assign(url=fans["urls"].list[0]).sort_values(["url", "posted_at"])
    gaps = links.groupby("url")["posted_at"].diff().dropna()
    assert (gaps <= pd.Timedelta("60s")).mean() > 0.6
    assert links.groupby("url")["account_id"].nunique().max() >= 10


def test_statuses_are_checked_on_two_platforms_only() -> None:
    accounts = ACCOUNTS.from_arrow(made().accounts)
    assert set(accounts.loc[accounts["status"].notna(), "platform"]) == {"facebook", "x"}
    removed = {a["account_id"]: a["removed_at"] for a in made().truth["accounts"] if "removed_at" in a}
    checked = accounts[accounts["status"].notna()]
    gone = checked["status"].isin(["suspended", "deleted"])
    at = pd.to_datetime(checked["account_id"].map(removed))
    assert (gone == (at <= checked["observed_at"]).fillna(False)).all()
    assert accounts.groupby(["platform", "account_id"])["handle"].nunique().max() == 1


def test_every_posting_account_has_a_profile_by_its_first_capture(posts: pd.DataFrame) -> None:
    first_post = posts.groupby(["platform", "account_id"])["observed_at"].min()
    first_profile = ACCOUNTS.from_arrow(made().accounts).groupby(["platform", "account_id"])["observed_at"].min()
    assert first_profile.equals(first_post)
    assert not ACCOUNTS.from_arrow(made().accounts).duplicated(["platform", "account_id", "observed_at"]).any()


def test_the_seeds_exist_at_every_scale_and_post_before_the_takedown(posts: pd.DataFrame) -> None:
    seeds = {(p, i) for p, ids in made().truth["seeds"].items() for i in ids}
    assert len(seeds) == 24
    smallest = simulate("no-return", seed=9, scale=10_000)
    for frame in (posts, smallest.posts.to_pandas()):
        before = frame[frame["posted_at"] < pd.Timestamp("2023-05-01", tz="UTC")]
        assert seeds <= set(zip(before["platform"], before["account_id"], strict=True))


def courses(scenario: str) -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = simulate(scenario, seed=3, scale=20_000).truth_with(iter(()))["courses"]
    return found


def test_the_variants_differ_in_what_returns() -> None:
    def last(scenario: str) -> float:
        level: float = np.mean(courses(scenario)["facebook"]["calendar_free"][-14:])
        return level

    assert last("no-return") < 0.25
    assert last("no-return") < last("slow") < last("spamouflage") < last("fast")
    early = {s: np.mean(courses(s)["facebook"]["calendar_free"][14:28]) for s in ("slow", "fast")}
    assert early["slow"] + 0.2 < early["fast"]


def test_the_true_course_is_what_the_posts_show(posts: pd.DataFrame) -> None:
    theirs = campaign_of(posts[posts["platform"] == "facebook"])
    day = (theirs["posted_at"].astype("int64") - START_US) // DAY_US
    t0 = (T0.date() - pd.Timestamp(START_US, unit="us").date()).days
    course = made().truth["courses"]["facebook"]["plain"]
    before = ((day >= t0 - 56) & (day < t0)).sum() / 56
    after = ((day > t0) & (day <= t0 + 90)).sum() / 90 / before
    assert after == pytest.approx(np.mean(course[:90]), rel=0.15)


def test_the_amplified_campaign_acts_together_in_four_more_ways() -> None:
    """Every labelled action is of one kind and team, on one object, within seconds; decoys do the same alone; nothing else changed."""
    simulation = made("amplified", 3, 20_000)
    frame = POSTS.from_arrow(simulation.posts).assign(**simulation.labels.drop_columns(["platform", "post_id"]).to_pandas())
    things = {"repost": "repost_of_id", "reply": "reply_to_id", "hashtags": "hashtags", "media": "media_hashes"}
    assert list(simulation.truth["acts"]) == list(things)
    for name, (low, high) in simulation.truth["acts"].items():
        acts = frame[(frame["burst"] % 1_000_000).between(low, high - 1) & frame[things[name]].notna()]
        together = acts.assign(thing=acts[things[name]].astype(str)).groupby("burst")
        assert (together["thing"].nunique() == 1).mean() > 0.9  # an action's first posts may find nothing yet to answer
        assert (together["posted_at"].max() - together["posted_at"].min() < pd.Timedelta("30s")).all()
        assert (together["account_id"].nunique() == together.size()).all()
        assert (acts["role"] == "campaign").all()
    tagged = frame[frame["role"] != "campaign"]
    assert (tagged["hashtags"].list.len() >= 2).sum() > 50
    assert tagged["repost_of_id"].duplicated().sum() > 50
    assert "acts" not in made().truth
