"""The public data of a real network, measured a second time by other means (plain pandas, dates and groups, no shared code)."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tasks.domain.accounts import ACCOUNTS, MEMBERSHIP
from tasks.domain.campaign import Campaign
from tasks.domain.measures import Estimate, NotMeasurable
from tasks.domain.periods import Cutoff, default_as_of, parse_period
from tasks.domain.posts import POSTS
from tasks.domain.rebuilding import Baseline, Cohorts, Fate, TakedownFacts
from tasks.domain.takedowns import Takedown
from tasks.rebuilding.index import find_series
from tasks.rebuilding.measure import measure

WAVES = (3, 8, 18, 23)
T0, T0_END = pd.Timestamp("2017-08-03", tz="UTC"), pd.Timestamp("2017-08-24", tz="UTC")


@pytest.fixture(scope="module")
def raw(shared_data: Path) -> pd.DataFrame:
    columns = ["post_id", "account_id", "posted_at", "lang"]
    return pd.read_parquet(shared_data / "ira" / "ira_posts_2017_01_to_10.parquet", columns=columns).astype(
        {"account_id": str, "lang": str}
    )


@pytest.fixture(scope="module")
def accounts(shared_data: Path) -> pd.DataFrame:
    return pd.read_parquet(shared_data / "ira" / "ira_accounts.parquet")


def facts_of(raw: pd.DataFrame, accounts: pd.DataFrame, period_key: str) -> TakedownFacts:
    period = parse_period(period_key)
    frame = raw.assign(
        campaign="ira-2017",
        platform="twitter",
        observed_at=raw["posted_at"],
        time_precision_s=60,
        kind="original",
        batch_id="b",
        row_number=range(len(raw)),
    )
    firsts = raw.groupby("account_id")["posted_at"].min()  # an archive counts as observed at the first post
    seen = accounts.loc[accounts["account_id"].isin(firsts.index)]
    observations = pd.DataFrame(
        {
            "campaign": "ira-2017",
            "platform": "twitter",
            "account_id": seen["account_id"],
            "observed_at": seen["account_id"].map(firsts),
            "created_at": seen["account_created_est"],
            "created_precision_s": np.where(seen["user_id_exact"], 1, 120_960),
            "batch_id": "b",
            "row_number": range(len(seen)),
        }
    )
    members = observations[["campaign", "platform", "account_id"]].assign(
        known_at=pd.Timestamp("2017-11-01", tz="UTC"), basis="platform list", outcome_selected=True, reason="named to Congress"
    )
    ledger = [
        Takedown(takedown_id=f"wave-{day:02d}", platform="twitter", effective_from=date(2017, 8, day), source="inferred")
        for day in WAVES
    ]
    cutoff = Cutoff(period.end, default_as_of(period, timedelta(days=1)))
    (facts,) = measure(
        Campaign(slug="ira-2017", title="IRA", takedowns=ledger),
        posts=POSTS.conform(frame),
        observations=ACCOUNTS.conform(observations),
        members=MEMBERSHIP.conform(members),
        period=period,
        cutoff=cutoff,
        queries=(),
        seed=1,
    )
    return facts


@pytest.fixture(scope="module")
def facts(raw: pd.DataFrame, accounts: pd.DataFrame) -> TakedownFacts:
    return facts_of(raw, accounts, "2017-W36")


def test_baseline(facts: TakedownFacts, raw: pd.DataFrame) -> None:
    before = raw[(raw.posted_at >= T0 - pd.Timedelta(days=56)) & (raw.posted_at < T0)]
    week = ((T0 - before.posted_at) // pd.Timedelta(days=7)).rename(
        "week"
    )  # a post exactly 7 days before belongs to the older week
    week = week.where((T0 - before.posted_at) % pd.Timedelta(days=7) != pd.Timedelta(0), week - 1)
    posts = before.groupby(week).size() / 7
    active = before.assign(day=before.posted_at.dt.date).drop_duplicates(["account_id", "day"]).groupby(week).size() / 7
    assert isinstance(facts.baseline, Baseline)
    assert facts.baseline.posts == pytest.approx(posts.median())
    assert facts.baseline.accounts == pytest.approx(active.median())
    assert (facts.baseline.posts, round(facts.baseline.accounts, 3), facts.baseline.weeks) == (2152.5, 161.214, 8)
    assert (facts.t0, facts.t0_end) == (T0, T0_END)


def test_cohorts(facts: TakedownFacts, raw: pd.DataFrame, accounts: pd.DataFrame) -> None:
    end = pd.Timestamp("2017-09-11", tz="UTC")
    made = accounts.set_index("account_id")
    expected: dict[str, list[int]] = {}
    for name, moments in raw[raw.posted_at < end].groupby("account_id")["posted_at"]:
        late = int((moments >= T0_END).sum())
        if not late:
            continue
        early = moments[moments < T0]
        created = made["account_created_est"].get(name, pd.NaT)
        if len(early):
            cohort = "survivor" if early.max() >= T0 - pd.Timedelta(days=90) else "reactivated"
        elif pd.isna(created):
            cohort = "first_observed"
        elif created >= T0:
            cohort = "created_after"
        else:
            sure = created + pd.Timedelta(seconds=1 if made["user_id_exact"][name] else 120_960) <= T0
            cohort = "pre_positioned" if sure else "undetermined"
        counts = expected.setdefault(cohort, [0, 0])
        counts[0] += 1
        counts[1] += late
    assert isinstance(facts.cohorts, Cohorts)
    for cohort, (count, posts) in expected.items():
        assert getattr(facts.cohorts, cohort) == count, cohort
        assert getattr(facts.cohorts.posts, cohort) == posts, cohort
    assert facts.cohorts.total == sum(count for count, _ in expected.values()) == 243
    assert facts.cohorts.posts.total == sum(posts for _, posts in expected.values()) == 28_138
    assert (facts.cohorts.survivor, facts.cohorts.reactivated, facts.cohorts.created_after) == (194, 10, 31)


def test_index(facts: TakedownFacts, raw: pd.DataFrame) -> None:
    week = raw[(raw.posted_at >= "2017-09-04") & (raw.posted_at < "2017-09-11")]
    known = set(raw.loc[raw.posted_at < T0, "account_id"])
    expected = {
        ("posts", "plain"): len(week) / 7 / 2152.5,
        ("accounts", "plain"): sum(day.account_id.nunique() for _, day in week.groupby(week.posted_at.dt.date)) / 7 / (1128.5 / 7),
        ("posts", "fixed_accounts"): week.account_id.isin(known).sum() / 7 / 2152.5,
    }
    for (series, basis), value in expected.items():
        found = find_series(facts.rebuild_index, series, basis)  # type: ignore[arg-type]
        assert isinstance(found.latest, Estimate)
        assert found.latest.value == pytest.approx(value, abs=1e-6), (series, basis)
    assert round(expected["posts", "plain"], 3) == 0.762
    assert facts.level == "partial"


def test_what_hindsight_hides_is_said(facts: TakedownFacts) -> None:
    assert isinstance(facts.fate, Fate)
    assert (facts.fate.at_risk, facts.fate.still_posting, facts.fate.unknown) == (573, 207, 366)
    assert isinstance(facts.fate.removal_rate, NotMeasurable)
    assert any("decline toward 2017-11-01 is built in" in text for text in facts.confounders)
    assert any("inferred" in text for text in facts.caveats)
