"""Successors in the archive of a real network: those that announce themselves, those that do not, and the siblings that are none."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tasks.domain.accounts import ACCOUNTS
from tasks.domain.posts import POSTS
from tasks.domain.rebuilding import Successor
from tasks.domain.takedowns import Takedown
from tasks.rebuilding.cohorts import read_knowledge
from tasks.rebuilding.episodes import Episode
from tasks.rebuilding.fate import read_checks
from tasks.rebuilding.successors.evidence import successors_of
from tasks.rebuilding.successors.scoring import claimed
from tasks.rebuilding.successors.search import Search, search
from tasks.rebuilding.timeline import Timeline, day_number, read_timelines

pytestmark = pytest.mark.xdist_group("ira")

ANNOUNCED = {("Crystal1Johnson", "Crystal_Johns0n"), ("Pamela_Moore13", "Pamela_Sharky13"), ("TEN_GOP", "realTEN_GOP")}
FOUND_WITHOUT = {("Crystal1Johnson", "Crystal_Johns0n"), ("TEN_GOP", "10_gop"), ("_Oleg_Eremeev", "Eremeev_Oleg_")}
BRANDS = ("novosti", "vestnik", "online", "daily", "todaynews", "topnews", "voice")


@pytest.fixture(scope="module")
def frames(shared_data: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Posts and observations. Texts are compared as they stand: near-duplicates are the business of another stage."""
    folder = shared_data / "ira"
    columns = ["post_id", "account_id", "posted_at", "text", "lang", "urls", "is_repost"]
    raw = pd.read_parquet(folder / "ira_posts_2017_01_to_10.parquet", columns=columns)
    posts = raw.drop(columns="is_repost").assign(
        account_id=raw["account_id"].astype(str),
        lang=raw["lang"].astype(str),
        campaign="ira-2017",
        platform="twitter",
        observed_at=raw["posted_at"],
        time_precision_s=60,
        kind=np.where(raw["is_repost"], "repost", "original"),
        batch_id="b",
        row_number=range(len(raw)),
    )
    posts = POSTS.conform(posts)
    accounts = pd.read_parquet(folder / "ira_accounts.parquet")
    first = posts.groupby("account_id")["posted_at"].min()
    seen = accounts[accounts["account_id"].isin(first.index)]
    observations = pd.DataFrame(
        {
            "campaign": "ira-2017",
            "platform": "twitter",
            "account_id": seen["account_id"],
            "observed_at": seen["account_id"].map(first),
            "handle": seen["account_handle"],
            "created_at": seen["account_created_est"],
            "created_precision_s": np.where(seen["user_id_exact"], 1, 120_960),
            "batch_id": "b",
            "row_number": range(len(seen)),
        }
    )
    return posts.assign(family_id=posts["text"]), ACCOUNTS.conform(observations)


def timeline_of(frames: tuple[pd.DataFrame, pd.DataFrame], end: datetime) -> tuple[Timeline, pd.DataFrame]:
    posts, observations = frames
    (timeline,) = read_timelines(posts, end).values()
    return timeline, observations[observations["observed_at"] < end]


def searched(frames: tuple[pd.DataFrame, pd.DataFrame], end: datetime, *, announcements: bool = True) -> Search:
    timeline, observations = timeline_of(frames, end)
    return search(
        timeline,
        read_knowledge(timeline, observations),
        read_checks(timeline, observations),
        observations,
        announcements=announcements,
    )


@pytest.fixture(scope="module")
def whole(frames: tuple[pd.DataFrame, pd.DataFrame]) -> Search:
    return searched(frames, datetime(2017, 11, 1, tzinfo=UTC))


def episode(first: date, last: date) -> Episode:
    row = Takedown(takedown_id="t", platform="twitter", effective_from=first, effective_to=last, source="inferred")
    return Episode((row,), day_number(first), day_number(last + timedelta(days=1)))


def named(found: Search, of: Episode) -> tuple[Successor, ...]:
    successors, looked = successors_of(found, of, "twitter")
    assert isinstance(successors, tuple)
    assert looked is not None
    return successors


@pytest.mark.parametrize(
    ("first", "last"), [(date(2017, 8, 3), date(2017, 8, 23)), (date(2017, 8, 18),) * 2, (date(2017, 8, 25),) * 2]
)
def test_the_announced_pairs_are_named(whole: Search, first: date, last: date) -> None:
    successors = named(whole, episode(first, last))
    pairs = {(pair.lost, pair.later) for pair in successors}
    assert pairs >= ANNOUNCED | FOUND_WITHOUT
    texts = whole.people.posts.set_index("post_id")["text"]
    for pair in successors:
        said = [item for item in pair.evidence if item.kind == "announcement" and "replaces" in item.detail]
        assert bool(said) == ((pair.lost, pair.later) in ANNOUNCED)
        for item in said:
            assert all(pair.lost.casefold() in texts[post].casefold() for post in item.posts)


def test_two_weeks_later_the_announcements_already_tell(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """On 11 September no silence of 30 days shows yet for accounts lost on 24 August."""
    early = searched(frames, datetime(2017, 9, 11, tzinfo=UTC))
    pairs = {(pair.lost, pair.later) for pair in named(early, episode(date(2017, 8, 3), date(2017, 8, 23)))}
    assert pairs >= ANNOUNCED


def test_what_is_found_without_announcements(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    silent = searched(frames, datetime(2017, 11, 1, tzinfo=UTC), announcements=False)
    chosen = claimed(silent.pairs)
    people = silent.people
    pairs = {(people.name(a), people.name(b)) for a, b in zip(silent.pairs.lost[chosen], silent.pairs.later[chosen], strict=True)}
    assert pairs >= FOUND_WITHOUT
    assert len(pairs) <= 12
    assert not silent.named


def test_siblings_of_a_brand_are_not_named(whole: Search) -> None:
    """Dozens of accounts called Novosti<town> stopped on 23 August, and two more began on 3 and 4 September: a family, no succession."""
    people = whole.people
    family = [i for i in range(len(people)) if people.name(i).casefold().startswith("novosti")]
    assert len(set(family) & set(whole.lost.tolist())) > 20
    assert {"NovostiNovgorod", "NovostiSktvkr"} <= {people.name(i) for i in set(family) & set(whole.later.tolist())}
    chosen = claimed(whole.pairs)
    for account in (*whole.pairs.lost[chosen], *whole.pairs.later[chosen]):
        assert not any(brand in people.name(account).casefold() for brand in BRANDS), people.name(account)
