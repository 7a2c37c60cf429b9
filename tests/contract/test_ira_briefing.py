"""The briefing of a real network, its numbers counted a second time from the published files.

The left side is what the two commands make, stage by stage as the flows compose them, without the engine. The right side is plain pandas
over the Parquet files and shares no code with the project. docs/example-ira-2017.md lists what is compared.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow.parquet as pq
import pytest
from prefect.tasks import Task

import flows.admission
import flows.collect
import flows.evidence
import flows.findings
from flows.assembly import assemble
from flows.campaign_file import load_campaign
from flows.run_record import recorded
from flows.wiring import open_workspace
from tasks.domain.batches import BatchRecord
from tasks.domain.periods import parse_period
from tasks.store.lake import batch_records

pytestmark = pytest.mark.xdist_group("ira")  # one worker: the archive is read once

START, END = pd.Timestamp("2017-09-04", tz="UTC"), pd.Timestamp("2017-09-11", tz="UTC")
T0, T0_END = pd.Timestamp("2017-08-03", tz="UTC"), pd.Timestamp("2017-08-24", tz="UTC")
DAY = pd.Timedelta(days=1)
WINDOW_S, DETECTION_DAYS, MIN_PARTICIPATION = 120, 182, 2
INEXACT = pd.Timedelta(days=1.4)  # by how much a creation time may be off where the user id was estimated
SHORTENERS = {"t.co", "bit.ly", "goo.gl", "ow.ly", "fb.me", "trib.al", "po.st", "dld.bz", "shar.es"}
CODES = {"English": "en", "German": "de", "Russian": "ru", "Italian": "it", "Ukrainian": "uk", "Uzbek": "uz"}


@dataclass(frozen=True)
class Made:
    """What the commands made: facts.json as a reader gets it, the commit record, the workspace, and the family of every post."""

    facts: dict[str, Any]
    batch: BatchRecord
    workspace: Path
    family_of: pd.Series  # by post_id; missing where a text is short or empty

    def at(self, pointer: str) -> Any:
        value: Any = self.facts
        for token in pointer.split("/")[1:]:
            value = value[int(token)] if isinstance(value, list) else value[token]
        return value


@pytest.fixture(scope="module")
def without_engine() -> Iterator[None]:
    """The flows' stages as plain functions, and no pages of an engine that is not there."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (flows.admission, flows.evidence, flows.findings):
            for name, value in list(vars(module).items()):
                if isinstance(value, Task):
                    patch.setattr(module, name, value.fn)
        patch.setattr(flows.collect, "collected", lambda *_: None)
        patch.setattr(flows.evidence.artifacts, "judged", lambda *_: None)
        yield


@pytest.fixture(scope="module")
def made(shared_data: Path, tmp_path_factory: pytest.TempPathFactory, without_engine: None) -> Made:
    workspace = tmp_path_factory.mktemp("ira") / "W"
    files = [str(shared_data / "ira" / name) for name in ("ira_accounts.parquet", "ira_posts_2017_01_to_10.parquet")]
    flows.collect.ingest.fn("ira-2017", str(workspace), files, "ira")
    store, period = open_workspace(str(workspace)), parse_period("2017-W36")
    campaign = load_campaign(store, "ira-2017")
    cutoff = flows.evidence.close_knowledge(campaign, period, None, datetime(2018, 1, 1, tzinfo=UTC))
    with recorded(store, "briefing", campaign.slug, period.path) as run:
        seen = flows.evidence.load_evidence(run, campaign, period, cutoff)
        found = flows.findings.find(run, seen)
        facts = assemble(seen, found, b"a key of sixteen characters or more")
    long_enough = found.families[~found.families["short"].fillna(value=False).astype(bool)].dropna(subset="family_id")
    (batch,) = batch_records(store, campaign.slug)
    return Made(orjson.loads(facts.to_bytes()), batch, workspace, long_enough.set_index("post_id")["family_id"].astype(object))


@pytest.fixture(scope="module")
def raw(shared_data: Path) -> pd.DataFrame:
    """All published posts, as published."""
    frame = pd.read_parquet(shared_data / "ira" / "ira_posts_2017_01_to_10.parquet")
    return frame.astype({"account_id": object, "lang": object, "post_id": object, "text": object})


@pytest.fixture(scope="module")
def past(raw: pd.DataFrame) -> pd.DataFrame:
    """Posts before the end of the week briefed, with their UTC day."""
    before = raw[raw["posted_at"] < END]
    return before.assign(day=before["posted_at"].dt.floor("D"))


@pytest.fixture(scope="module")
def week(past: pd.DataFrame) -> pd.DataFrame:
    return past[past["posted_at"] >= START]


@pytest.fixture(scope="module")
def created(shared_data: Path) -> pd.DataFrame:
    """By account: earliest and latest instant of creation; only where an estimate was published."""
    accounts = pd.read_parquet(shared_data / "ira" / "ira_accounts.parquet").dropna(subset="account_created_est")
    exact, estimate = accounts["user_id_exact"].fillna(value=False).astype(bool), accounts["account_created_est"]
    return pd.DataFrame(
        {"low": estimate.where(exact, estimate - INEXACT), "high": estimate.where(exact, estimate + INEXACT), "exact": exact}
    ).set_index(accounts["account_id"].astype(object))


# --- the collection ---------------------------------------------------------------------------------------------------------------------


def test_none_of_the_872128_posts_is_lost(made: Made, raw: pd.DataFrame) -> None:
    books = made.batch
    assert (books.rows_landed["posts"], books.rows_accepted["posts"], books.rows_collapsed["posts"]) == (872_128, 872_128, 0)
    assert not books.rows_quarantined.get("posts")
    (file,) = (file for file in books.files if file.table == "posts")
    stored = pq.read_table(made.workspace / file.key, columns=["post_id", "account_id", "posted_at", "text"]).to_pandas()
    ours, theirs = (frame.set_index("post_id").sort_index() for frame in (stored, raw))
    assert len(theirs) == theirs.index.nunique() == 872_128
    assert (ours.index.astype(object) == theirs.index).all()
    assert (ours["account_id"].astype(object).to_numpy() == theirs["account_id"].to_numpy()).all()
    assert (ours["posted_at"].to_numpy("datetime64[us]") == theirs["posted_at"].to_numpy("datetime64[us]")).all()
    assert (ours["text"].fillna("").astype(object).to_numpy() == theirs["text"].fillna("").to_numpy()).all()
    assert 872_128 in [query["rows"] for query in made.at("/coverage/queries")]
    assert (made.at("/validation/quarantined"), made.at("/validation/drift")) == (0, [])


def test_coverage_by_day(made: Made, past: pd.DataFrame, week: pd.DataFrame) -> None:
    (coverage,) = made.at("/coverage/platforms")
    by_day = week.groupby("day").size()
    assert {row["day"]: row["posts"] for row in coverage["days"]} == {f"{day:%Y-%m-%d}": n for day, n in by_day.items()}
    assert (coverage["posts_all"], coverage["posts_period"]) == (len(past), len(week)) == (808_840, 11_484)
    assert (coverage["time_precision_s"], coverage["status_checked"], coverage["days_without_posts"]) == (60, 0, 0)


# --- how much, by whom --------------------------------------------------------------------------------------------------------------------


def test_activity_of_the_week_and_the_week_before(made: Made, past: pd.DataFrame, week: pd.DataFrame) -> None:
    before = past[(past["posted_at"] >= START - 7 * DAY) & (past["posted_at"] < START)]
    activity = made.at("/activity")
    assert (activity["posts"], activity["accounts"]) == (len(week), week["account_id"].nunique()) == (11_484, 219)
    assert (activity["previous_posts"], activity["previous_accounts"]) == (len(before), before["account_id"].nunique())
    assert (activity["members"], activity["posts_outsiders"]) == (past["account_id"].nunique(), 0)
    kinds = Counter(
        "repost" if repost else "quote" if quote else "original"
        for repost, quote in zip(week["is_repost"], week["is_quote"], strict=True)
    )
    assert activity["kinds"] == dict(kinds)
    languages = week["lang"].value_counts()
    assert sum(activity["languages"].values()) == len(week)
    assert {code: activity["languages"][code] for code in CODES.values()} == {CODES[name]: languages[name] for name in CODES}
    loudest = week["account_id"].value_counts().head(10).sum()
    assert activity["top10_share"] == {"part": loudest, "whole": len(week)}


def test_weekly_series(made: Made, past: pd.DataFrame) -> None:
    weeks = made.at("/activity/weeks")
    assert (weeks[0]["start"], weeks[-1]["start"], len(weeks)) == ("2017-01-02", "2017-09-04", 36)
    for row in weeks:
        start = pd.Timestamp(row["start"], tz="UTC")
        inside = past[(past["posted_at"] >= start) & (past["posted_at"] < start + 7 * DAY)]
        assert (row["posts"], row["accounts"]) == (len(inside), inside["account_id"].nunique()), row["start"]


def test_hours_of_the_week_in_moscow(made: Made, past: pd.DataFrame) -> None:
    """Moscow was three hours ahead of UTC all year."""
    local = past.loc[past["posted_at"] >= END - 28 * DAY, "posted_at"] + pd.Timedelta(hours=3)
    counted = Counter(zip(local.dt.day_of_week, local.dt.hour, strict=True))
    assert made.at("/behaviour/zone") == "Europe/Moscow"
    assert made.at("/behaviour/counts") == [[counted[day, hour] for hour in range(24)] for day in range(7)]
    assert made.at("/behaviour/posts") == len(local)


def test_engagement_was_not_measured_and_is_never_0(made: Made) -> None:
    """The archive has follower counts and no likes, shares, replies or views."""
    for name in ("zero", "median", "p95", "top", "top_post", "views_median", "internal_share"):
        assert made.at(f"/impact/{name}/status") == "not_measurable", name
    assert made.at("/impact/buckets") == []
    assert made.at("/coverage/platforms/0/engagement_measured") == {"part": 0, "whole": 11_484}
    for series in made.at("/takedowns/0/rebuild_index"):
        if series["series"] == "engagement":
            assert series["points"] == []
            assert {series[name]["status"] for name in ("latest", "nadir", "level", "direction")} == {"not_measurable"}
    assert made.at("/takedowns/0/baseline/engagement/status") == "not_measurable"
    (figure,) = (figure for figure in made.at("/judgements/key_figures") if figure["name"] == "posts without engagement")
    assert figure["value"]["status"] == "not_measurable"


# --- the takedown -------------------------------------------------------------------------------------------------------------------------


def per_day(posts: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> tuple[float, float]:
    """Mean posts and active accounts a day in [start, end)."""
    inside = posts[(posts["posted_at"] >= start) & (posts["posted_at"] < end)]
    days = (end - start) / DAY
    return len(inside) / days, len(inside.drop_duplicates(["account_id", "day"])) / days


def test_one_episode_with_its_baseline(made: Made, past: pd.DataFrame) -> None:
    (episode,) = made.at("/takedowns")  # that the accounts were named became known in November
    assert (episode["t0"], episode["t0_end"]) == ("2017-08-03T00:00:00Z", "2017-08-24T00:00:00Z")
    assert [row["takedown_id"][-2:] for row in episode["actions"]] == ["03", "08", "18", "23"]
    weeks = [per_day(past, T0 - 7 * k * DAY, T0 - 7 * (k - 1) * DAY) for k in range(1, 9)]
    posts, accounts = (float(np.median([week[i] for week in weeks])) for i in (0, 1))
    baseline, prior = episode["baseline"], episode["prior_level"]
    assert (baseline["posts"], baseline["accounts"]) == (pytest.approx(posts), pytest.approx(accounts))
    assert (baseline["posts"], round(baseline["accounts"], 2), baseline["weeks"]) == (2152.5, 161.21, 8)
    assert (prior["posts"], prior["accounts"]) == pytest.approx(weeks[0])
    now = per_day(past, END - 7 * DAY, END)
    assert prior["index_posts"] == pytest.approx(now[0] / weeks[0][0], abs=1e-6)
    assert prior["index_accounts"] == pytest.approx(now[1] / weeks[0][1], abs=1e-6)


def test_index_on_every_day(made: Made, past: pd.DataFrame) -> None:
    """Mean of seven days over the baseline, from the seventh day after the episode; also of the accounts that posted before it."""
    baseline = made.at("/takedowns/0/baseline")
    known = set(past.loc[past["posted_at"] < T0, "account_id"])
    checked = 0
    for series in made.at("/takedowns/0/rebuild_index"):
        if series["basis"] == "fixed_queries" or series["series"] == "engagement":
            assert series["latest"]["status"] == "not_measurable"
            continue
        posts = past if series["basis"] == "plain" else past[past["account_id"].isin(known)]
        which = ("posts", "accounts").index(series["series"])
        for point in series["points"]:
            last = pd.Timestamp(point["day"], tz="UTC") + DAY
            value = per_day(posts, last - 7 * DAY, last)[which] / baseline[series["series"]]
            assert point["value"] == pytest.approx(value, abs=2e-6), point
            checked += 1
        assert series["latest"]["value"] == series["points"][-1]["value"]
        assert series["nadir"] == min(point["value"] for point in series["points"])
    assert checked == 4 * 12  # 30 August to 10 September
    assert round(made.at("/takedowns/0/rebuild_index/1/latest/value"), 3) == 0.762


def test_cohorts_with_their_posts(made: Made, past: pd.DataFrame, created: pd.DataFrame) -> None:
    accounts, posts = Counter[str](), Counter[str]()
    for name, moments in past.groupby("account_id")["posted_at"]:
        since = int((moments >= T0_END).sum())
        if not since:
            continue
        early = moments[moments < T0]
        if len(early):
            cohort = "survivor" if early.max() >= T0 - 90 * DAY else "reactivated"
        elif name not in created.index:
            cohort = "first_observed"
        elif created["low"][name] >= T0:
            cohort = "created_after"
        else:
            cohort = "pre_positioned" if created["high"][name] < T0 else "undetermined"
        accounts[cohort] += 1
        posts[cohort] += since
    cohorts = made.at("/takedowns/0/cohorts")
    assert {name: cohorts[name] for name in accounts} == accounts
    assert {name: cohorts["posts"][name] for name in posts} == posts
    assert (cohorts["total"], cohorts["posts"]["total"]) == (accounts.total(), posts.total()) == (243, 28_138)
    assert (cohorts["created_after"], cohorts["posts"]["created_after"]) == (31, 14_404)


def test_fate_of_those_at_risk(made: Made, past: pd.DataFrame) -> None:
    risk = set(past.loc[(past["posted_at"] >= T0 - 28 * DAY) & (past["posted_at"] < T0_END), "account_id"])
    still = risk & set(past.loc[past["posted_at"] >= T0_END, "account_id"])
    fate = made.at("/takedowns/0/fate")
    assert (
        (fate["at_risk"], fate["still_posting"], fate["unknown"]) == (len(risk), len(still), len(risk - still)) == (573, 207, 366)
    )
    assert (fate["checked"], fate["removal_rate"]["status"]) == (0, "not_measurable")


def test_waves_and_bursts_are_counted_right(made: Made, past: pd.DataFrame) -> None:
    """Only the counts: what chance explains is tested elsewhere."""
    days = past.drop_duplicates(["account_id", "day"]).sort_values(["account_id", "day"])
    end_day = END - DAY
    lost, short, paused = Counter[pd.Timestamp](), Counter[pd.Timestamp](), Counter[pd.Timestamp]()
    for _, active in days.groupby("account_id")["day"]:
        gaps = sorted((active.diff().dropna() / DAY).astype(int))
        own = gaps[int(np.ceil(0.99 * len(gaps))) - 1] if gaps else 0  # the 99th percentile, no interpolation
        first, last = active.iloc[0], active.iloc[-1]
        if (end_day - last) / DAY >= max(30, own):
            (lost if (last - first) / DAY >= 6 else short)[last] += 1
        silence = (active.shift(-1, fill_value=END) - active) / DAY - 1
        for day in active[(silence >= 7) & ((active - first) / DAY >= 6)]:
            paused[day] += 1
    waves, bursts = made.at("/takedowns/0/loss_waves"), made.at("/takedowns/0/bursts")
    for wave in waves:
        counts = paused if wave["provisional"] else lost
        assert wave["lost"] == counts[pd.Timestamp(wave["day"], tz="UTC")], wave["day"]
    for burst in bursts:
        assert burst["accounts"] == short[pd.Timestamp(burst["day"], tz="UTC")], burst["day"]
    assert {"2017-08-08", "2017-08-18", "2017-08-23"} <= {wave["day"] for wave in waves}
    assert {burst["day"]: burst["accounts"] for burst in bursts}["2017-07-22"] == 46


def test_creation_batches_are_counted_right(made: Made, past: pd.DataFrame, created: pd.DataFrame) -> None:
    exact = created.loc[created["exact"] & created.index.isin(past["account_id"].unique()), "low"].dt.floor("s")
    for batch in made.at("/takedowns/0/creation_batches"):
        start, end = pd.Timestamp(batch["start"]), pd.Timestamp(batch["end"])
        assert batch["accounts"] == int(((exact >= start) & (exact < end)).sum()), batch
        assert end - start == DAY


# --- who acted together -------------------------------------------------------------------------------------------------------------------


def co_acting(shares: pd.DataFrame) -> set[tuple[str, str]]:
    """Pairs of accounts, the slow and obvious way. `shares`: object, account_id, post_id, posted_at, one row a share. Accounts with fewer
    than two rows are left out first."""
    shares = shares[shares.groupby("account_id")["account_id"].transform("size") >= MIN_PARTICIPATION]
    seconds = shares["posted_at"].to_numpy("datetime64[s]").astype(np.int64)
    by_object: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for item, at, account, post in zip(shares["object"], seconds, shares["account_id"], shares["post_id"], strict=True):
        by_object[item].append((int(at), account, post))
    pairs: set[tuple[str, str]] = set()
    posts_in_a_pair: set[str] = set()
    for rows in by_object.values():
        rows.sort()
        for i, (at, account, post) in enumerate(rows):
            for later, other, other_post in rows[i + 1 :]:
                if later - at > WINDOW_S:
                    break
                if other != account:
                    pairs.add((min(account, other), max(account, other)))
                    posts_in_a_pair |= {post, other_post}
    taken = Counter(shares.loc[shares["post_id"].isin(posts_in_a_pair), "account_id"])
    busy = {account for account, times in taken.items() if times >= MIN_PARTICIPATION}
    return {pair for pair in pairs if busy & set(pair)}


@pytest.fixture(scope="module")
def recent(past: pd.DataFrame) -> pd.DataFrame:
    return past[past["posted_at"] >= END - DETECTION_DAYS * DAY]


def test_same_link(made: Made, recent: pd.DataFrame) -> None:
    """Nearly all links are t.co codes, which a repost repeats; what a cut repost leaves of a link ("https://t.…") is no link."""
    links = recent[["post_id", "account_id", "posted_at", "is_repost", "urls"]].explode("urls").dropna(subset="urls")
    links = links.assign(object=links["urls"].str.replace(r"^https?://(?:www\.)?|[?/]+$|#.*$", "", regex=True))
    links = links[~links["object"].str.endswith(("…", "..."))]
    links = links.drop_duplicates(["post_id", "object"])
    second_hand = links["is_repost"] & links["object"].str.split("/").str[0].isin(SHORTENERS)
    shares = links[~second_hand]
    assert links["object"].str.startswith("t.co/").mean() > 0.999
    facts = made.at("/coordination/behaviours/0")
    assert facts["behaviour"] == "co-url"
    assert (facts["shares"], facts["objects"], facts["accounts"]) == (
        len(shares),
        shares["object"].nunique(),
        shares["account_id"].nunique(),
    )
    assert f"{int(second_hand.sum()):,} shortened links on reposts" in facts["note"]
    assert facts["edges"] == len(co_acting(shares))
    passed_on = next(one for one in made.at("/coordination/behaviours") if one["behaviour"] == "co-repost")
    assert passed_on["shares"] == int(second_hand.sum())
    assert facts["reposts_set_aside"] == passed_on["shares"]
    for one in made.at("/coordination/behaviours"):
        if one["behaviour"] in ("co-reply", "co-media"):  # the archive has neither
            assert one["edges_significant"]["status"] == "not_measurable"
    assert passed_on["edges"] == len(co_acting(links[second_hand]))


def test_same_text(made: Made, recent: pd.DataFrame) -> None:
    """Families are taken as given here; test_copypasta_of_a_day checks them."""
    texts = recent.assign(object=recent["post_id"].map(made.family_of)).dropna(subset="object")
    shares = texts[~texts["is_repost"]]
    facts = made.at("/coordination/behaviours/1")
    assert facts["behaviour"] == "co-text"
    assert (facts["shares"], facts["objects"], facts["accounts"]) == (
        len(shares),
        shares["object"].nunique(),
        shares["account_id"].nunique(),
    )
    assert facts["edges"] == len(co_acting(shares))
    accounts = [one["accounts"] for one in made.at("/coordination/behaviours")]
    assert made.at("/coordination/tests") == sum(many * (many - 1) // 2 for many in accounts)


# --- what was said ------------------------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Lower case without links and mentions, spaces squeezed."""
    return " ".join(re.sub(r"\[url\]|https?://\S+|^\s*rt @\S+ ?:|@[\w.\-]+", " ", text.casefold()).split())


def grams(text: str) -> frozenset[str]:
    return frozenset(text[i : i + 5] for i in range(len(text) - 4))


def test_copypasta_is_at_least_what_is_equal(made: Made, week: pd.DataFrame) -> None:
    same = week.assign(plain=[plain(text) for text in week["text"]])
    same = same[same["plain"].str.len() >= 20]
    equal = same.groupby("plain")["account_id"].transform("nunique") >= 3
    facts = made.at("/narratives/copypasta")
    assert facts["whole"] == len(week)
    assert int(equal.sum()) <= facts["part"] <= 1.1 * int(equal.sum())
    for exhibit in made.at("/coordination/exhibits"):
        assert 3 <= same.loc[same["plain"] == plain(exhibit["quote"]["text"]), "account_id"].nunique() <= exhibit["accounts"]


def test_copypasta_of_a_day(made: Made, week: pd.DataFrame) -> None:
    """Every pair of texts of one day compared exactly: Jaccard of 5-grams at least 0.8, groups of three accounts or more."""
    day = week[week["day"] == pd.Timestamp("2017-09-05", tz="UTC")]
    day = day.assign(plain=[plain(text) for text in day["text"]])
    day = day[day["plain"].str.len() >= 20]
    texts = sorted(set(day["plain"]))
    sets = [grams(text) for text in texts]
    group = list(range(len(texts)))
    for i, j in combinations(range(len(texts)), 2):
        a, b = sets[i], sets[j]
        if 0.8 * max(len(a), len(b)) <= min(len(a), len(b)) and (common := len(a & b)) >= 0.8 * (len(a) + len(b) - common):
            old, new = group[j], group[i]
            group = [new if g == old else g for g in group]
    counted = day.assign(group=day["plain"].map(dict(zip(texts, group, strict=True))), family=day["post_id"].map(made.family_of))
    theirs, ours = (set(rows.loc[rows.groupby(name)["account_id"].transform("nunique") >= 3, "post_id"])
                    for name in ("group", "family") for rows in [counted])  # fmt: skip
    assert len(theirs) > 300
    assert len(theirs ^ ours) <= 0.02 * len(theirs)  # families do not chain; texts cut short join as well


def test_every_post_is_in_one_narrative_or_none(made: Made, past: pd.DataFrame, week: pd.DataFrame) -> None:
    items = made.at("/narratives/items")
    assert sum(item["posts"] for item in items) + made.at("/narratives/unclustered/part") == len(week)
    for step in items[0]["trend"]:
        start = pd.Timestamp(step["start"], tz="UTC")
        assert step["all_posts"] == int(((past["posted_at"] >= start) & (past["posted_at"] < start + 7 * DAY)).sum())
    (daca,) = (item for item in items if "DACA" in item["label"])
    named = int(week["text"].str.contains("daca|dreamer", case=False).sum())
    assert 0.25 * named <= daca["posts"] <= 2 * named  # a theme, not a word


def test_the_turn_to_the_hurricane(made: Made, past: pd.DataFrame) -> None:
    """Shares are of all posts before the day of the turn, from 56 days before the event, and of all posts from it on."""
    (pivot,) = (pivot for pivot in made.at("/narratives/pivots") if pivot["event_id"] == "harvey")
    window = past[past["posted_at"] >= pd.Timestamp("2017-08-25", tz="UTC") - 56 * DAY]
    words = window["text"].str.contains("harvey|houston|харви|хьюстон", case=False)
    after = window["day"] >= pd.Timestamp(pivot["day"], tz="UTC")
    assert pivot["day"] == "2017-08-27"
    assert pivot["share_before"] == pytest.approx(words[~after].mean())
    assert pivot["share_after"] == pytest.approx(words[after].mean())
