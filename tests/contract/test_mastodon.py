"""Mastodon, against a server of the tests' own, written from docs.joinmastodon.org: methods/timelines#tag (limit up to 40, max_id, Link
header with rel="next"), methods/statuses#get (404 where it is gone or not public), methods/accounts#lookup (404 unknown, 410 suspended),
methods/accounts#statuses; entities Status, Account, Status::Mention, Status::Tag, Quote; api/rate-limits (X-RateLimit-Limit,
X-RateLimit-Remaining, X-RateLimit-Reset in ISO 8601)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from landing import Landing
from web_service import Answer, Asked, FakeTime, Service, serving

from tasks.domain.errors import SourceProblem, UsageProblem
from tasks.domain.ports import PostRef
from tasks.fetch.sources.mastodon import MastodonSource, MastodonStatus

START = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = START + timedelta(days=7)
NO_SECRETS: dict[str, str] = {}


def written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def account(number: int, acct: str) -> dict[str, Any]:
    return {
        "id": str(number),
        "username": acct.partition("@")[0],
        "acct": acct,
        "display_name": acct.title(),
        "locked": False,
        "bot": False,
        "created_at": "2023-05-04T00:00:00.000Z",
        "note": "<p>Birds &amp; piers</p>",
        "url": f"https://reeds.example/@{acct}",
        "avatar": "https://files.example/a.png",
        "header": "https://files.example/h.png",
        "followers_count": 7,
        "following_count": 8,
        "statuses_count": 9,
        "last_status_at": "2026-03-01",
        "emojis": [],
        "fields": [],
    }


def status(number: int, acct: str, at: datetime, content: str = "<p>Reeds</p>", **more: Any) -> dict[str, Any]:
    plain = dict.fromkeys(["in_reply_to_id", "in_reply_to_account_id", "reblog", "edited_at", "card", "poll"])
    return {
        "id": str(number),
        "uri": f"https://{acct.rpartition('@')[2] if '@' in acct else 'reeds.example'}/statuses/{number}",
        "url": f"https://reeds.example/@{acct}/{number}",
        "created_at": written(at),
        "account": account(sum(map(ord, acct)), acct),
        "content": content,
        "visibility": "public",
        "sensitive": False,
        "spoiler_text": "",
        "language": "en",
        "media_attachments": [],
        "mentions": [],
        "tags": [{"name": "Harbour", "url": "https://reeds.example/tags/harbour"}],
        "emojis": [],
        "reblogs_count": 2,
        "favourites_count": 3,
        "replies_count": 4,
        **plain,
        **more,
    }


@dataclass
class Instance:
    """`known`: acct -> account. `gone`: acct -> status of the answer."""

    statuses: list[dict[str, Any]] = field(default_factory=list)
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)  # numbers of statuses that are answered with an error of the server
    token: str = ""
    page: int = 40
    service: Service | None = None
    elsewhere: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Answer:
        if self.token and asked.headers.get("authorization") != f"Bearer {self.token}":
            return Answer({"error": "The access token is invalid"}, 401)
        if asked.path == "/api/v1/accounts/lookup":
            return self._lookup(asked.one("acct"))
        if asked.path.startswith("/api/v1/statuses/"):
            return self._status(asked.path.rpartition("/")[2])
        if asked.path.startswith("/api/v1/timelines/tag/"):
            tag = asked.path.rpartition("/")[2]
            found = [s for s in self.statuses if any(t["name"].casefold() == tag.casefold() for t in s["tags"]) and not s["reblog"]]
        else:
            number = asked.path.split("/")[4]
            found = [s for s in self.statuses if s["account"]["id"] == number]
        return self._page(asked, found)

    def _lookup(self, acct: str) -> Answer:
        if acct in self.gone:
            return Answer({"error": "Record not found"}, self.gone[acct])
        return Answer(self.known[acct]) if acct in self.known else Answer({"error": "Record not found"}, 404)

    def _status(self, number: str) -> Answer:
        if number in self.failing:
            return Answer({"error": "There was a problem"}, 500)
        found = [s for s in self.statuses if s["id"] == number]
        return Answer(found[0]) if found else Answer({"error": "Record not found"}, 404)

    def _page(self, asked: Asked, found: list[dict[str, Any]]) -> Answer:
        assert self.service is not None
        assert 1 <= int(asked.one("limit")) <= 40
        found = sorted(found, key=lambda s: int(s["id"]), reverse=True)
        found = [s for s in found if int(s["id"]) < int(asked.one("max_id", "9" * 18))][: self.page]
        base = (self.elsewhere or self.service.url) + asked.path
        link = (
            f'<{base}?limit=40&max_id={found[-1]["id"]}>; rel="next", <{base}?min_id={found[0]["id"]}>; rel="prev"' if found else ""
        )
        return Answer(found, headers=({"link": link} if link else {}) | self.headers)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path, "mastodon")


@pytest.fixture
def server() -> Instance:
    made = Instance(page=10)
    for n in range(35):
        made.statuses.append(status(1_000 + n, "tern" if n % 2 else "lark@birds.example", START + timedelta(hours=n)))
    return made


def source(service: Service, secrets: dict[str, str] = NO_SECRETS, **options: Any) -> MastodonSource:
    named = {"instance": service.url, "domain": "reeds.example", **options}
    return MastodonSource(named, secrets.__getitem__, clock=FakeTime(UNTIL).clock)


def test_an_edited_status_is_told_as_edited_and_a_boost_of_one_is_not(landing: Landing) -> None:
    at = START + timedelta(hours=3)
    edited = status(2_001, "tern", START, edited_at=written(at))
    boost = status(2_002, "tern", START + timedelta(hours=4), reblog=edited, edited_at=written(at))
    made = Instance([edited, boost, status(2_003, "tern", START + timedelta(hours=5))], known={"tern": edited["account"]})
    with serving(made) as service:
        made.service = service
        parsed, _, problem = landing.fetch(source(service, accounts=["tern@reeds.example"]), START, UNTIL)
    assert problem is None
    assert len(parsed.posts) == 3
    states = parsed.others["post_states"]
    assert states[["platform", "post_id", "state"]].to_numpy().tolist() == [["mastodon", edited["uri"], "edited"]]
    assert states["changed_at"].tolist() == [pd.Timestamp(at)]


def test_statuses_become_rows_field_by_field(landing: Landing) -> None:
    content = (
        '<p>Look <span class="h-card"><a href="https://reeds.example/@lark" class="u-url mention">@<span>lark</span></a></span><br />'
        '<a href="https://pier.example/story?a=1&amp;b=2" rel="nofollow"><span class="invisible">https://</span><span>pier.example/story?'
        'a=1&amp;b=2</span></a></p><p><a href="https://reeds.example/tags/Harbour" class="mention hashtag">#<span>Harbour</span></a></p>'
    )
    parent = status(2_001, "lark@birds.example", START)
    mention = {"id": "5", "username": "lark", "url": "https://birds.example/@lark", "acct": "lark@birds.example"}
    answer = status(
        2_002, "Tern", START + timedelta(hours=1), content, in_reply_to_id="2001", mentions=[mention], spoiler_text="Wind"
    )
    far = status(2_003, "tern", START + timedelta(hours=2), in_reply_to_id="77", language=None)
    quoted = status(2_004, "tern", START + timedelta(hours=3), quote={"state": "accepted", "quoted_status": parent})
    boost = status(2_005, "tern", START + timedelta(hours=4), reblog=parent)
    made = Instance([parent, answer, far, quoted, boost], known={"tern": account(sum(map(ord, "tern")), "tern")})
    with serving(made) as service:
        made.service = service
        asked = source(service, hashtags=["#harbour"], accounts=["tern@reeds.example"])
        parsed, efforts, problem = landing.fetch(asked, START, UNTIL)
        assert problem is None
        assert [call.path.rpartition("/")[2] for call in service.asked][:2] == ["lookup", "statuses"]
    assert parsed.rejected.empty
    assert parsed.drift == ()
    assert [effort.finished for effort in efforts] == [False] * (len(efforts) - 1) + [True]
    posts = parsed.posts[parsed.posts["query_id"] == "hashtag #harbour"].set_index("post_id")
    row = posts.loc["https://reeds.example/statuses/2002"]
    assert (row["platform"], row["account_id"], row["kind"], row["lang"]) == ("mastodon", "tern@reeds.example", "reply", "en")
    assert row["text"] == "Wind\n\nLook @lark\nhttps://pier.example/story?a=1&b=2\n\n#Harbour"
    assert list(row["urls"]) == ["https://pier.example/story?a=1&b=2"]
    assert (list(row["hashtags"]), list(row["mentions"])) == (["harbour"], ["lark@birds.example"])
    assert row["reply_to_id"] == parent["uri"]
    assert (row["like_count"], row["share_count"], row["reply_count"]) == (3, 2, 4)
    assert row["posted_at"] == pd.Timestamp(START + timedelta(hours=1))
    assert posts.loc["https://reeds.example/statuses/2003", "reply_to_id"] == "reeds.example:77"
    assert pd.isna(posts.loc["https://reeds.example/statuses/2003", "lang"])
    assert posts.loc["https://reeds.example/statuses/2004", ["kind", "repost_of_id"]].tolist() == ["quote", parent["uri"]]
    boosts = parsed.posts[parsed.posts["kind"] == "repost"]
    assert boosts[["account_id", "repost_of_id", "query_id"]].to_numpy().tolist() == [
        ["tern@reeds.example", parent["uri"], "account tern@reeds.example"]
    ]
    looked = parsed.accounts[parsed.accounts["status"].notna()]
    assert looked[["account_id", "status", "bio"]].to_numpy().tolist() == [["tern@reeds.example", "active", "Birds & piers"]]
    assert (looked.iloc[0]["created_at"], looked.iloc[0]["created_precision_s"]) == (pd.Timestamp("2023-05-04T00:00Z"), 86_400)


def test_a_timeline_is_read_back_to_the_span_and_no_further(landing: Landing, server: Instance) -> None:
    with serving(server) as service:
        server.service = service
        asked = source(service, hashtags=["harbour"], overlap_h=0)
        parsed, efforts, problem = landing.fetch(asked, START + timedelta(hours=18), UNTIL)
        assert problem is None
        assert [call.one("max_id") for call in service.asked] == ["", "1025"]
    assert parsed.posts["post_id"].nunique() == 20
    assert efforts[-1].finished


def test_a_fetch_that_broke_off_is_made_whole_by_the_next(landing: Landing, server: Instance) -> None:
    left = [2]

    def app(asked: Asked) -> Answer:
        left[0] -= 1
        return server(asked) if left[0] >= 0 or left[0] < -5 else Answer({}, 502)

    with serving(app) as service:
        server.service = service
        asked = source(service, hashtags=["harbour"])
        first, efforts, problem = landing.fetch(asked, START, UNTIL)
        assert isinstance(problem, SourceProblem)
        assert first.posts["post_id"].nunique() == 20
        assert not any(effort.finished for effort in efforts)
        second, efforts, problem = landing.fetch(asked, START, UNTIL)
    assert problem is None
    assert sorted(second.posts["post_id"]) == sorted(s["uri"] for s in server.statuses)
    assert efforts[-1].finished


def test_an_endless_timeline_is_left_and_what_came_stays(landing: Landing, server: Instance) -> None:
    """Every page names another next one and gives the same statuses."""

    def app(asked: Asked) -> Answer:
        here = f"{service.url}{asked.path}?max_id={10**9 - len(service.asked)}"
        return Answer(server.statuses[-10:], headers={"link": f'<{here}>; rel="next"'})

    with serving(app) as service:
        parsed, efforts, problem = landing.fetch(source(service, hashtags=["harbour"]), START, UNTIL)
    assert "bring nothing new (hashtag harbour)" in str(problem)
    assert parsed.posts["post_id"].nunique() == 10
    assert not any(effort.finished for effort in efforts)


def test_a_next_page_on_another_host_is_refused(landing: Landing, server: Instance) -> None:
    server.elsewhere = "https://other.example"
    with serving(server) as service:
        server.service = service
        _, _, problem = landing.fetch(source(service, hashtags=["harbour"]), START, UNTIL)
    assert "next page on another host, which was refused" in str(problem)


def test_a_server_that_wants_a_login_gets_the_token_and_says_when_it_is_wrong(landing: Landing, server: Instance) -> None:
    server.token = "t0ken-of-the-desk"
    with serving(server) as service:
        server.service = service
        parsed, _, problem = landing.fetch(
            source(service, {"desk": server.token}, hashtags=["harbour"], token="desk"), START, UNTIL
        )
        assert problem is None
        assert len(parsed.posts) == 35
        _, _, problem = landing.fetch(source(service, {"desk": "wr0ng"}, hashtags=["harbour"], token="desk"), START, UNTIL)
    assert "refused with status 401" in str(problem)
    assert not any(b"t0ken" in raw for raw in landing.raw)


def test_the_window_of_the_rate_limit_is_kept(landing: Landing, server: Instance) -> None:
    server.headers = {
        "x-ratelimit-limit": "300",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": written(UNTIL + timedelta(hours=9)),
    }
    fake = FakeTime(UNTIL)
    with serving(server) as service:
        server.service = service
        asked = MastodonSource({"instance": service.url, "hashtags": ["harbour"]}, NO_SECRETS.__getitem__, clock=fake.clock)
        _, _, problem = landing.fetch(asked, START + timedelta(hours=30), UNTIL)
    assert problem is None
    assert fake.slept[0] == 1_000  # no reset is believed beyond that


def test_statuses_of_accounts(landing: Landing) -> None:
    known = {name: account(n, name) for n, name in enumerate(["tern", "lark@birds.example", "moved"])}
    known["moved"]["moved"] = account(9, "elsewhere@birds.example")
    known["lark@birds.example"]["suspended"] = True
    made = Instance(known=known, gone={"heron": 410, "teal": 404})
    names = [
        "tern@reeds.example",
        "lark@birds.example",
        "moved@reeds.example",
        "heron@reeds.example",
        "teal@reeds.example",
        "far@off.example",
    ]
    with serving(made) as service:
        checker = MastodonStatus(
            {"instance": service.url, "domain": "reeds.example"}, NO_SECRETS.__getitem__, clock=FakeTime(UNTIL).clock
        )
        parsed = landing.pages(checker.checks([*(("mastodon", name) for name in names), ("x", "1"), ("mastodon", "77")], UNTIL))
    assert parsed.accounts.set_index("account_id")["status"].to_dict() == {
        "tern@reeds.example": "active",
        "lark@birds.example": "suspended",
        "moved@reeds.example": "renamed",
        "heron@reeds.example": "suspended",
        "teal@reeds.example": "deleted",
    }
    assert parsed.drift == ()


def test_statuses_asked_for_again_are_seen_deleted_or_their_author_s_affair(landing: Landing) -> None:
    """A status of a suspended author, of another server, and one that could not be asked for: nothing is said of them."""
    made = Instance(known={"tern": account(1, "tern")}, gone={"heron": 410}, failing={"1003"})
    own = "https://reeds.example/users/{}/statuses/{}"
    made.statuses = [status(n, "tern", START, uri=own.format("tern", n)) for n in (1_000, 1_003)]
    names = {1_000: "tern", 1_001: "tern", 1_002: "heron", 1_003: "tern", 1_004: "tern"}
    refs = [PostRef("mastodon", own.format(name, n), f"{name}@reeds.example") for n, name in names.items()]
    refs += [PostRef("mastodon", "https://birds.example/users/lark/statuses/7", "lark@birds.example"), PostRef("x", "1000", "1")]
    pages = []
    with serving(made) as service:
        checker = MastodonStatus(
            {"instance": service.url, "domain": "reeds.example"}, NO_SECRETS.__getitem__, clock=FakeTime(UNTIL).clock
        )
        asking = checker.post_checks(refs, UNTIL)
        with pytest.raises(SourceProblem, match="status 1003"):
            pages.extend(asking)
    states = landing.pages(pages).others["post_states"].set_index("post_id")["state"].to_dict()
    found = {1_000: "seen", 1_001: "deleted", 1_004: "deleted"}
    assert states == {own.format("tern", n): state for n, state in found.items()}
    lookups = [asked.one("acct") for asked in service.asked if asked.path.endswith("/lookup")]
    assert lookups == ["tern", "heron", "tern"]  # after each that is absent
    assert not [asked for asked in service.asked if asked.path.endswith("/7")]


def test_an_author_who_is_suspended_while_posts_are_asked_for_again_deleted_none_of_the_rest(landing: Landing) -> None:
    made = Instance(known={"tern": account(1, "tern")})
    own = "https://reeds.example/users/tern/statuses/{}"
    with serving(made) as service:
        checker = MastodonStatus(
            {"instance": service.url, "domain": "reeds.example"}, NO_SECRETS.__getitem__, clock=FakeTime(UNTIL).clock
        )
        asking = checker.post_checks([PostRef("mastodon", own.format(n), "tern@reeds.example") for n in (1, 2)], UNTIL)
        pages = [next(asking), next(asking)]  # the first status and its author
        made.gone["tern"] = 410
        pages.extend(asking)
    assert landing.pages(pages).others["post_states"]["post_id"].tolist() == [own.format(1)]


def test_strange_fields_are_drift_and_wrong_types_are_refused_alone(landing: Landing, server: Instance) -> None:
    server.statuses = server.statuses[:5]
    server.statuses[0]["mood"] = "calm"
    server.statuses[1]["favourites_count"] = "many"
    server.statuses[2]["content"] = {"no": "text"}
    server.statuses[3]["created_at"] = "yesterday"
    for one in server.statuses:
        del one["visibility"]
    with serving(server) as service:
        server.service = service
        parsed, _, problem = landing.fetch(source(service, hashtags=["harbour"]), START, UNTIL)
    assert problem is None
    assert {(d.field, d.kind, d.sample) for d in parsed.drift} == {("mood", "unknown", '"calm"'), ("visibility", "missing", "")}
    assert len(parsed.posts) == 2
    assert parsed.rejected["reason"].str.split(" ").str[0].tolist() == ["posted_at", "text", "like_count"]


def test_what_is_no_mastodon_server_is_said(landing: Landing) -> None:
    with serving(lambda _: Answer({"posts": []})) as service:
        _, _, problem = landing.fetch(source(service, hashtags=["harbour"]), START, UNTIL)
    assert "answered without a list" in str(problem)
    for options, words in (({"instance": "https://a.example"}, "asks for nothing"), ({"hashtags": ["a"]}, "Option instance")):
        with pytest.raises(UsageProblem, match=words):
            MastodonSource(options, NO_SECRETS.__getitem__)
