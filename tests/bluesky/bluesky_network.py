"""Bluesky against its own servers, a PDS and an AppView on loopback: `./run test-bluesky`. Not collected by default.

The AppView of the development network has no search service. Its own search finds posts whose text holds the words as they are written,
newest first, of any time: `since`, `until`, `sort` and `tag` are passed over. What a search service does with them is tested against
tests/bluesky_service.py.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pytest
from between import Between
from landing import Landing
from posted import (
    DEACTIVATED,
    DELETED,
    GONE,
    HASHTAGS,
    KEYWORDS,
    OTHERS,
    RENAMED,
    STANDING,
    TAKEN_DOWN,
    TEAM,
    TODAY,
    Posted,
    written,
)
from pypdf import PdfReader
from servers import Network, network
from web_service import Answer, serving

from flows.wiring import open_workspace
from tasks.domain.periods import Cutoff
from tasks.fetch.sources.bluesky import BlueskySource
from tasks.fetch.sources.bluesky_status import BlueskyStatus
from tasks.fetch.web.waits import remaining, reset_s
from tasks.store.lake import batch_records
from tasks.store.visible import read_account_observations, read_posts

RESURGE = Path(sys.executable).parent / "resurge"
LONG_AGO = TODAY - timedelta(days=60)

CAMPAIGN = """
slug: pier
title: North pier
sources:
  - name: open
    kind: bluesky
    options: {{appview: "{appview}", accounts: [{dids}], keywords: [{keywords}], hashtags: [{hashtags}]}}
  - name: inside
    kind: bluesky
    options: {{service: "{pds}", handle: {handle}, app_password: inside, keywords: [{keywords}]}}
status_sources:
  - {{name: looks, kind: bluesky-status, options: {{appview: "{appview}"}}}}
check_policy: {{at_risk_days: 0.00001, others_days: 0.00001}}
takedowns:
  - {{takedown_id: sweep, platform: bluesky, effective_from: {on}, announced_on: {on}, source: platform}}
membership:
  seeds:
"""


@pytest.fixture(scope="module")
def posted() -> Iterator[Posted]:
    with network() as started:
        campaign = Posted(started)
        campaign.before()
        yield campaign


@pytest.fixture(scope="module")
def app_password(posted: Posted) -> str:
    """Of an account that is not of the campaign."""
    desk = posted.network.join("desk")
    made = posted.network.call("com.atproto.server.createAppPassword", {"name": "resurge"}, desk.token)
    return str(made["password"])


def team(net: Network) -> list[str]:
    return [net.people[name].did for name in TEAM]


def open_source(url: str, **options: Any) -> BlueskySource:
    return BlueskySource({"appview": url, **options}, {}.__getitem__)


def everything(posted: Posted) -> list[str]:
    return sorted([*posted.posts, *posted.reposts])


def fetched(landing: Landing, asked: Any, since: datetime = LONG_AGO) -> tuple[pd.DataFrame, Any]:
    parsed, _, problem = landing.fetch(asked, since, datetime.now(UTC))
    assert problem is None
    assert parsed.rejected.empty, parsed.rejected
    assert parsed.drift == ()
    return parsed.posts, parsed


def test_feeds_are_read_page_by_page_to_their_end_without_login(posted: Posted, tmp_path: Path) -> None:
    between = Between(posted.network.appview, page=7)
    with serving(between) as service:
        posts, parsed = fetched(Landing(tmp_path, "bluesky"), open_source(service.url, accounts=team(posted.network)))
    assert len(service.asked) > 2 * len(TEAM)  # each has more than a page
    ours = [uri for uri, name in {**posted.posts, **posted.reposts}.items() if name in TEAM]
    assert sorted(posts["post_id"]) == sorted(ours)  # each once
    assert posts["kind"].value_counts().to_dict() == {"original": len(ours) - 6, "repost": 3, "reply": 3}
    chinese = posts[posts["lang"] == "zh"].iloc[0]
    assert chinese["text"].startswith("北码头被秘密出售")
    assert list(chinese["hashtags"]) == ["harbour"]
    assert list(chinese["domains"]) == ["pier.example"]
    assert posts["posted_at"].max() < TODAY - timedelta(days=8)  # as their programs wrote it, though all came today
    assert set(parsed.accounts["handle"]) == {f"{name}.test" for name in TEAM}


def test_searches_are_read_page_by_page_and_back_to_their_span(posted: Posted, tmp_path: Path) -> None:
    between = Between(posted.network.appview, page=7)
    options = {"keywords": list(KEYWORDS), "hashtags": list(HASHTAGS), "overlap_h": 0}
    with serving(between) as service:
        posts, _ = fetched(Landing(tmp_path, "bluesky"), open_source(service.url, **options))
        assert sorted(posts["post_id"].unique()) == sorted(posted.posts)
        twice = posts[posts.duplicated(["query_id", "post_id"])]
        assert twice.groupby("query_id").size().max() <= 7  # the page that shows that this server keeps to no span
        before, since = len(service.asked), TODAY - timedelta(days=13)
        late, _ = fetched(Landing(tmp_path, "bluesky"), open_source(service.url, **options), since)
        assert len(service.asked) - before < before / 2
    assert set(late["post_id"]) >= set(posts.loc[posts["posted_at"] >= since, "post_id"])


def test_with_an_app_password_the_pds_is_asked_and_its_limits_are_understood(
    posted: Posted, app_password: str, tmp_path: Path
) -> None:
    between = Between(posted.network.pds, page=20)
    options = {"handle": "desk.test", "app_password": "inside", "keywords": list(KEYWORDS), "accounts": team(posted.network)[:2]}
    landing = Landing(tmp_path, "bluesky")
    with serving(between) as service:
        source = BlueskySource({"service": service.url, **options}, {"inside": app_password}.__getitem__)
        posts, _ = fetched(landing, source)
        assert service.asked[0].path.endswith("createSession")
    assert set(posts["post_id"]) >= set(posted.posts)
    assert not any(app_password.encode() in raw for raw in landing.raw)
    told, now = between.heads[-1], datetime.now(UTC)
    assert (told["ratelimit-limit"], told["ratelimit-policy"]) == ("3000", "3000;w=300")
    left, wait = remaining(told), reset_s(told, now)
    assert left is not None
    assert 0 < left < 3000
    assert wait is not None
    assert 0 < wait <= 300


def test_no_request_is_sent_that_the_limit_does_not_allow(posted: Posted, tmp_path: Path) -> None:
    between = Between(posted.network.appview, page=7, allowed=15, window_s=3)
    with serving(between) as service:
        posts, _ = fetched(Landing(tmp_path, "bluesky"), open_source(service.url, accounts=team(posted.network)))
        assert between.served > 2 * between.allowed
    assert between.refused == 0
    assert posts["post_id"].nunique() == len(posts)


def test_a_refusal_by_429_is_waited_for_and_leaves_no_gap(posted: Posted, tmp_path: Path) -> None:
    refusal = Answer({"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, 429, {"retry-after": "2"})
    between = Between(posted.network.appview, page=7, plan={1: refusal, 3: refusal, 4: refusal}.get)
    with serving(between) as service:
        posts, _ = fetched(Landing(tmp_path, "bluesky"), open_source(service.url, accounts=team(posted.network)[:3]))
    assert sorted(posts["post_id"]) == sorted(uri for uri, name in {**posted.posts, **posted.reposts}.items() if name in TEAM[:3])


class Desk:
    """A workspace with the campaign, and the command line as a person runs it."""

    def __init__(self, folder: Path, text: str, secret: str) -> None:
        self.folder = folder / "workspace"
        (self.folder / "campaigns").mkdir(parents=True)
        (self.folder / "campaigns/pier.yml").write_text(text)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "RESURGE_"))}
        self.environment = {
            **kept,
            "RESURGE_STATE_DIR": str(folder / "state"),
            "RESURGE_SECRET_INSIDE": secret,
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        }

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        command = [str(RESURGE), *arguments, "-w", str(self.folder)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self.environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True)

    def run(self, *arguments: str) -> str:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, out[-2000:] + err[-4000:]
        return out

    def posts(self) -> pd.DataFrame:
        return read_posts(open_workspace(str(self.folder)), "pier", self.now())

    def statuses(self) -> dict[str, str]:
        """The last status of every account that was looked at, by its DID."""
        seen = read_account_observations(open_workspace(str(self.folder)), "pier", self.now()).dropna(subset="status")
        last: dict[str, str] = seen.sort_values("observed_at").groupby("account_id")["status"].last().to_dict()
        return last

    def now(self) -> Cutoff:
        return Cutoff(end=datetime.now(UTC), as_of=datetime.now(UTC))


def test_a_campaign_is_collected_taken_down_and_briefed(posted: Posted, app_password: str, tmp_path: Path) -> None:
    """From one end to the other, by the commands that people run."""
    net = posted.network
    between = Between(net.appview, page=10)
    with serving(between) as service:
        on = (TODAY - timedelta(days=8)).date()
        words = {"keywords": ", ".join(f'"{word}"' for word in KEYWORDS), "hashtags": ", ".join(HASHTAGS)}
        text = CAMPAIGN.format(
            appview=service.url, pds=net.pds, dids=", ".join(f'"{did}"' for did in team(net)), handle="desk.test", on=on, **words
        )
        seeds = (f'    - {{platform: bluesky, account_id: "{did}", known_at: {LONG_AGO.date()}}}\n' for did in team(net))
        desk = Desk(tmp_path, text + "".join(seeds), app_password)
        _killed(desk, between)
        desk.run("collect", "pier")
        posts = desk.posts()
        assert sorted(posts["post_id"]) == everything(posted)  # no gap, and each once though two sources gave it
        assert set(desk.statuses().values()) == {"active"}

        asked = len(service.asked)
        desk.run("collect", "pier")
        again = service.asked[asked:]
        spans = [one.one("since") for one in again if one.path.endswith("searchPosts")]
        assert min(spans) > written(datetime.now(UTC) - timedelta(hours=7))  # six hours before the last fetch
        assert sum(one.path.endswith("getAuthorFeed") for one in again) == len(TEAM)  # one page each says that nothing is new
        assert sorted(desk.posts()["post_id"]) == everything(posted)

        posted.takedown()
        posted.after()
        desk.run("collect", "pier", "--since", f"{on}T00:00:00Z")
        assert sorted(desk.posts()["post_id"]) == everything(posted)
        _statuses_are_told(desk, net)
        posted.delete([uri for uri, name in posted.posts.items() if name == STANDING][-1])
        net.settle()
        desk.run("collect", "pier")
    assert sorted(desk.posts()["post_id"]) == everything(posted)  # also the one that is gone: it was posted
    assert desk.statuses()[net.people[RENAMED].did] == "active"  # the new handle is known since the check before
    _removed_are_counted(desk, tmp_path)


def _killed(desk: Desk, between: Between) -> None:
    """A fetch is ended by SIGKILL in its middle; what was stored by then is whole batches or nothing."""
    between.hold = 12
    process = desk.start("collect", "pier")
    assert between.held.wait(300), process.communicate(timeout=5)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    between.hold = 10**9
    between.ended.set()
    stored = sum(record.rows_accepted["posts"] for record in batch_records(open_workspace(str(desk.folder)), "pier"))
    assert stored == 0


def _statuses_are_told(desk: Desk, net: Network) -> None:
    expected = dict.fromkeys(team(net), "active") | {net.people[name].did: "suspended" for name in TAKEN_DOWN}
    expected |= {net.people[DEACTIVATED].did: "deleted", net.people[DELETED].did: "deleted", net.people[RENAMED].did: "renamed"}
    assert desk.statuses() == expected


def _removed_are_counted(desk: Desk, folder: Path) -> None:
    period = f"{(TODAY - timedelta(days=7)).date()}..{TODAY.date()}"
    told = orjson.loads(desk.run("brief", "pier", "--period", period, "--json"))
    bundle = Path(told["bundle"])
    facts = orjson.loads((bundle / "facts.json").read_bytes())
    (row,) = facts["takedowns"]
    fate = row["fate"]
    assert (fate["at_risk"], fate["removed"], fate["still_posting"]) == (len(TEAM), len(GONE), len(TEAM) - len(GONE))
    assert fate["removal_rate"] == {"low": 0.5, "high": 0.5}
    assert fate["checked"] == len(TEAM)
    (covered,) = facts["coverage"]["platforms"]
    assert (covered["posts_period"], covered["posts_deleted"]) == (4 * (len(TEAM) - len(GONE) + len(OTHERS)), 1)
    pages = " ".join(page.extract_text() for page in PdfReader(bundle / "briefing.pdf").pages)
    assert "Bluesky: posts of the period that are gone since: 1; they are counted like the others" in " ".join(pages.split())
    assert (bundle / "briefing.pdf").read_bytes().startswith(b"%PDF")


def test_the_feed_of_an_account_that_is_gone_is_told_by_its_profile(posted: Posted, tmp_path: Path) -> None:
    """After the takedown: the feed says "Profile not found" of every one of them."""
    people = posted.network.people
    with serving(Between(posted.network.appview)) as service:
        names = [TAKEN_DOWN[0], DEACTIVATED, DELETED, OTHERS[0]]
        source = open_source(service.url, accounts=[people[name].did for name in names])
        posts, parsed = fetched(Landing(tmp_path, "bluesky"), source)
        looks = BlueskyStatus({"appview": service.url}, {}.__getitem__)
        checked = Landing(tmp_path, "bluesky").pages(
            looks.checks([("bluesky", people[name].did) for name in names], datetime.now(UTC))
        )
    told = {people[TAKEN_DOWN[0]].did: "suspended", people[DEACTIVATED].did: "deleted", people[DELETED].did: "deleted"}
    assert parsed.accounts.dropna(subset="status").set_index("account_id")["status"].to_dict() == told
    assert checked.accounts.set_index("account_id")["status"].to_dict() == {**told, people[OTHERS[0]].did: "active"}
    gone = next(uri for uri, name in posted.posts.items() if name == OTHERS[0])
    assert gone not in set(posts["post_id"])  # deleted: no answer holds it any more
