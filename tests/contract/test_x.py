"""X API v2, against a server of the tests' own, written from docs.x.com: posts/search (query, start_time, end_time, max_results 10 to
100, next_token; meta.next_token, meta.result_count), posts/counts (granularity; data[].start, end, tweet_count; meta.total_tweet_count),
posts/lookup (ids up to 100) and users/lookup (ids, usernames), both with partial `errors` (resource_id, parameter, title, detail, type),
users/:id/tweets (pagination_token); objects Post (edit_history_tweet_ids, note_tweet, public_metrics, referenced_tweets, entities) and
User; rate limits (x-rate-limit-limit, -remaining, -reset in seconds since 1970)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from landing import Landing
from web_service import Answer, Asked, FakeTime, Service, serving

from tasks.domain.errors import SourceProblem, UsageProblem
from tasks.domain.ports import PostRef
from tasks.fetch.sources.x import XSource, XStatus

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)
GONE = "https://api.twitter.com/2/problems/resource-not-found"
HIDDEN = "https://api.twitter.com/2/problems/not-authorized-for-resource"


def number(at: datetime) -> str:
    return str(int(at.timestamp() * 1000 - 1_288_834_974_657) << 22)


def written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def user(name: str, **more: Any) -> dict[str, Any]:
    metrics = {"followers_count": 5, "following_count": 6, "tweet_count": 7, "listed_count": 0}
    plain = {"id": str(len(name)), "name": name.title(), "username": name, "created_at": "2020-01-01T00:00:00.000Z"}
    return {**plain, "description": "Birds", "protected": False, "public_metrics": metrics, **more}


def post(at: datetime, text: str = "Reeds", author: str = "tern", **more: Any) -> dict[str, Any]:
    metrics = {"like_count": 1, "retweet_count": 2, "reply_count": 3, "quote_count": 4, "bookmark_count": 0, "impression_count": 90}
    plain = {"id": number(at), "text": text, "author_id": str(len(author)), "created_at": written(at), "lang": "en"}
    return {**plain, "public_metrics": metrics, "edit_history_tweet_ids": [number(at)], **more}


@dataclass
class Api:
    """`errors` come with every lookup of users."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    users: list[dict[str, Any]] = field(default_factory=lambda: [user("tern")])
    beside: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)  # posts that stand and may not be seen
    page: int = 10
    counted: int | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Answer:
        assert asked.headers["authorization"] == "Bearer word"
        if asked.path.startswith("/2/users") and not asked.path.endswith("/tweets"):
            wanted = {*asked.one("ids").split(","), *asked.one("usernames").split(",")}
            found = [one for one in self.users if {one["id"], one["username"]} & wanted]
            return Answer({k: v for k, v in (("data", found), ("errors", self.errors)) if v})
        if asked.path == "/2/tweets":
            return self._by_number(asked.one("ids").split(","))
        first, last = asked.one("start_time"), asked.one("end_time")
        assert datetime.fromisoformat(last) <= NOW - timedelta(seconds=10)
        if asked.path.endswith("/recent"):
            assert datetime.fromisoformat(first) >= NOW - timedelta(days=7)
        found = [one for one in self.posts if first <= one["created_at"] < last]
        if "/counts/" in asked.path:
            count = len(found) if self.counted is None else self.counted
            day = {"start": first, "end": last, "tweet_count": count}
            return Answer({"data": [day], "meta": {"total_tweet_count": count}})
        assert 10 <= int(asked.one("max_results")) <= 100
        token = asked.one("pagination_token" if asked.path.endswith("/tweets") else "next_token", "0")
        place = int(token)
        some = sorted(found, key=lambda one: -int(one["id"]))[place : place + self.page]
        meta = {"result_count": len(some)} | ({"next_token": str(place + self.page)} if place + self.page < len(found) else {})
        return Answer({"data": some, "includes": {"users": self.users, "tweets": self.beside}, "meta": meta}, headers=self.headers)

    def _by_number(self, numbers: list[str]) -> Answer:
        assert len(numbers) <= 100
        found = [one for one in self.posts if {one["id"], *one["edit_history_tweet_ids"]} & set(numbers)]
        given = {name for one in found for name in (one["id"], *one["edit_history_tweet_ids"])}
        told = {"parameter": "ids", "resource_type": "tweet", "title": "Not Found Error", "detail": "Could not find tweet."}
        errors = [
            told | {"resource_id": name, "value": name, "type": HIDDEN if name in self.hidden else GONE}
            for name in numbers
            if name not in given
        ]
        return Answer({key: value for key, value in (("data", found), ("errors", errors)) if value})


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path, "x")


def source(service: Service, time: FakeTime | None = None, **options: Any) -> XSource:
    named = {"token": "desk", "service": service.url, "queries": ["#reeds"], **options}
    return XSource(named, {"desk": "word"}.__getitem__, clock=(time or FakeTime(NOW)).clock)


def test_posts_become_rows_field_by_field(landing: Landing) -> None:
    at = NOW - timedelta(hours=5)
    links = [
        {"url": "https://t.co/a", "expanded_url": "https://short.example/a", "unwound_url": "https://pier.example/story"},
        {"url": "https://t.co/b", "expanded_url": "https://x.com/tern/status/1/photo/1", "media_key": "3_1"},
    ]
    entities = {"urls": links, "hashtags": [{"tag": "Reeds"}], "mentions": [{"username": "lark", "id": "4"}]}
    full = post(at - timedelta(days=30), "A long story of reeds", "larks")
    made = Api(
        posts=[
            post(at, "Look https://t.co/a", entities=entities, note_tweet={"text": "Look, at length", "entities": entities}),
            post(at + timedelta(hours=1), referenced_tweets=[{"type": "replied_to", "id": "9"}, {"type": "quoted", "id": "8"}]),
            post(at + timedelta(hours=2), "RT @larks: A long…", referenced_tweets=[{"type": "retweeted", "id": full["id"]}]),
        ],
        users=[user("tern"), user("larks")],
        beside=[full],
    )
    with serving(made) as service:
        parsed, efforts, problem = landing.fetch(source(service), SINCE, NOW)
    assert problem is None
    assert [(effort.rows, effort.finished) for effort in efforts] == [(0, False), (3, True)]
    assert efforts[0].query == "estimate: about 3 posts"
    assert parsed.drift == ()
    first, reply, repost = parsed.posts.to_dict("records")
    assert (first["post_id"], first["account_id"], first["posted_at"], first["platform"]) == (number(at), "4", at, "x")
    assert (first["text"], first["lang"], first["kind"]) == ("Look, at length", "en", "original")
    assert [list(first[name]) for name in ("urls", "hashtags", "mentions")] == [["https://pier.example/story"], ["reeds"], ["lark"]]
    assert [first[f"{name}_count"] for name in ("like", "share", "reply", "view")] == [1, 2, 3, 90]
    assert (reply["kind"], reply["reply_to_id"], reply["repost_of_id"]) == ("reply", "9", "8")
    assert (repost["kind"], repost["text"]) == ("repost", "RT @larks: A long story of reeds")
    assert parsed.posts["like_count"].isna().tolist() == [False, False, True]
    assert parsed.accounts["handle"].tolist() == ["tern"]  # who wrote none of them is no row
    assert parsed.accounts["status"].isna().all()


def test_every_version_is_one_post_that_was_edited(landing: Landing) -> None:
    first, later = NOW - timedelta(hours=2), NOW - timedelta(hours=2) + timedelta(minutes=20)
    history = [number(first), number(later)]
    made = Api([post(first, "Rain", edit_history_tweet_ids=history), post(later, "Sun", edit_history_tweet_ids=history)])
    with serving(made) as service:
        parsed, _, problem = landing.fetch(source(service), SINCE, NOW)
    assert problem is None
    assert parsed.posts[["post_id", "posted_at", "text"]].values.tolist() == [
        [history[0], first, "Rain"],
        [history[0], first, "Sun"],
    ]
    states = parsed.others["post_states"]
    assert states[["post_id", "state"]].drop_duplicates().values.tolist() == [[history[0], "edited"]]
    assert states["changed_at"].max() == later


def test_pages_lead_to_the_end_and_rate_limits_are_waited_for(landing: Landing) -> None:
    made = Api([post(NOW - timedelta(minutes=10 * n)) for n in range(1, 26)])
    made.headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(NOW.timestamp()) + 300)}
    time = FakeTime(NOW)
    with serving(made) as service:
        parsed, efforts, problem = landing.fetch(source(service, time, accounts=["@tern"]), SINCE, NOW)
        paths = [asked.path for asked in service.asked]
    assert problem is None
    assert len(parsed.posts) == 50  # search and timeline: two observations of each
    assert parsed.posts["post_id"].nunique() == 25
    assert [path for path in paths if path.endswith("/tweets")] == ["/2/users/4/tweets"] * 3
    assert [effort.finished for effort in efforts] == [False] * 8 + [True]
    assert sum(time.slept) >= 300


def test_a_fetch_that_would_cost_too_much_is_refused_with_the_estimate(landing: Landing) -> None:
    with serving(Api(counted=12_345)) as service:
        asked = source(service, price_per_post=0.005, max_posts=10_000, max_cost=50)
        _, _, problem = landing.fetch(asked, SINCE, NOW)
        assert {one.path for one in service.asked} == {"/2/tweets/counts/recent"}
    assert isinstance(problem, UsageProblem)
    for words in ("12,345 posts", "61.7", "0.005 each", "max_posts is 10,000", "max_cost is 50.00", "Nothing was fetched"):
        assert words in problem.problem
    assert not landing.raw
    with pytest.raises(UsageProblem, match="price_per_post"), serving(Api()) as service:
        source(service, max_cost=5)


def test_what_comes_along_is_charged_once_and_bounded(landing: Landing) -> None:
    """Of ten posts a page, each quotes one other by another author; the counts are charged by the request."""
    quoted = [{**post(NOW - timedelta(days=3, minutes=n)), "author_id": "9"} for n in range(40)]
    posts = [
        post(NOW - timedelta(minutes=10 * n), referenced_tweets=[{"type": "quoted", "id": quoted[n]["id"]}]) for n in range(1, 40)
    ]
    prices = {"price_per_post": 0.01, "price_per_user": 1.0, "price_per_count": 0.5}
    with serving(Api(posts, beside=quoted, users=[user("tern"), user("someplace")])) as service:
        parsed, efforts, problem = landing.fetch(source(service, **prices, max_cost=3.0), SINCE, NOW)
        counts = [one for one in service.asked if "counts" in one.path]
    assert isinstance(problem, SourceProblem)
    assert len(counts) == 1
    assert (
        efforts[0].query
        == "estimate: about 39 posts, some 0.39 at 0.01 each and 0.50 for counts, without users and posts that come along"
    )
    came = 10 + len(quoted)  # one page, and all that this server sends with it
    assert f"about 10 posts (with {len(quoted)} that they refer to, 2 users and 1 counts: some {came * 0.01 + 2 + 0.5:.2f})" in str(
        problem
    )
    assert len(parsed.posts) == 10


def test_a_fetch_stops_at_its_bound_where_the_count_was_too_low(landing: Landing) -> None:
    made = Api([post(NOW - timedelta(minutes=10 * n)) for n in range(1, 40)], counted=5)
    with serving(made) as service:
        parsed, efforts, problem = landing.fetch(source(service, max_posts=20), SINCE, NOW)
    assert isinstance(problem, SourceProblem)
    assert "about 20 posts" in str(problem)
    assert len(parsed.posts) == 20
    assert not any(effort.finished for effort in efforts)


def test_a_fetch_that_broke_off_is_made_whole_by_the_next(landing: Landing) -> None:
    made, pages = Api([post(NOW - timedelta(minutes=10 * n)) for n in range(1, 36)]), iter([1, 1, 0, 0, 0, 0, 0])

    def app(asked: Asked) -> Answer:
        return made(asked) if "/counts/" in asked.path or next(pages, 1) else Answer({}, 503)

    with serving(app) as service:
        first, efforts, problem = landing.fetch(source(service), SINCE, NOW)
        assert "1 of 1 queries were not answered to the end: search #reeds" in str(problem)
        assert (len(first.posts), any(effort.finished for effort in efforts)) == (20, False)
        second, efforts, problem = landing.fetch(source(service), SINCE, NOW)
    assert problem is None
    assert sorted(second.posts["post_id"]) == sorted(one["id"] for one in made.posts)
    assert efforts[-1].finished


@pytest.mark.parametrize("endpoint", ["counts", "search"])
def test_endless_pages_are_left_and_what_came_stays(endpoint: str, landing: Landing) -> None:
    made = Api([post(NOW - timedelta(minutes=10 * n)) for n in range(1, 6)])

    def app(asked: Asked) -> Answer:
        answer = made(Asked(asked.method, asked.path, [p for p in asked.params if p[0] != "next_token"], asked.headers, asked.body))
        if f"/{endpoint}/" in asked.path:
            answer.value["meta"]["next_token"] = f"t{len(service.asked)}"
        return answer

    with serving(app) as service:
        parsed, efforts, problem = landing.fetch(source(service), SINCE, NOW)
    assert isinstance(problem, SourceProblem)
    assert "bring nothing new" in problem.problem
    assert parsed.posts["post_id"].nunique() == (5 if endpoint == "search" else 0)
    assert not any(effort.finished for effort in efforts)


def test_the_archive_is_asked_from_the_first_post_on_and_recent_search_for_seven_days(landing: Landing) -> None:
    with serving(Api()) as service:
        for archive in (True, False):
            landing.fetch(source(service, archive=archive), datetime(2004, 1, 1, tzinfo=UTC), NOW)
        spans = {one.path: one.one("start_time") for one in service.asked}
        parsed, efforts, problem = landing.fetch(source(service), NOW - timedelta(days=20), NOW - timedelta(days=10))
    assert spans["/2/tweets/search/all"] == "2006-03-21T00:00:00Z"
    assert spans["/2/tweets/search/recent"] == "2026-02-23T12:01:00Z"
    assert (len(parsed.posts), efforts, problem) == (0, [], None)


def test_who_is_suspended_gone_renamed_or_protected(landing: Landing) -> None:
    def error(name: str, title: str, detail: str, kind: str = GONE) -> dict[str, str]:
        told = {"resource_id": name, "value": name, "parameter": "ids", "resource_type": "user"}
        return {**told, "title": title, "detail": detail, "type": kind}

    made = Api(
        users=[user("tern", id="11"), user("larks", id="12"), user("reed", id="13", protected=True)],
        errors=[
            error("14", "Forbidden", "User has been suspended: [14]."),
            error("15", "Not Found Error", "Could not find user with ids: [15]."),
            error("16", "Authorization Error", "Sorry.", "https://api.twitter.com/2/problems/not-authorized-for-resource"),
        ],
    )
    with serving(made) as service:
        status = XStatus({"token": "desk", "service": service.url}, {"desk": "word"}.__getitem__, clock=FakeTime(NOW).clock)
        status.remember({("x", "11"): "Tern", ("x", "12"): "lark"})
        due = [("x", str(n)) for n in range(11, 17)] + [("x", "lark"), ("youtube", "17")]
        parsed = landing.pages(status.checks(due, NOW))
    assert service.asked[0].one("ids") == "11,12,13,14,15,16"
    found = dict(zip(parsed.accounts["account_id"], parsed.accounts["status"], strict=True))
    assert found == {"11": "active", "12": "renamed", "13": "active", "14": "suspended", "15": "deleted"}


def test_posts_asked_for_again_are_seen_deleted_or_their_author_s_affair(landing: Landing) -> None:
    """102 posts in two requests: one gone, one edited since, one of a protected account's, one of a user who is gone."""
    made = Api(users=[user("tern", id="11"), user("reed", id="13", protected=True)])
    made.posts = [post(SINCE, id=str(1_000 + n), edit_history_tweet_ids=[str(1_000 + n)]) for n in range(98)]
    made.posts[5] |= {"id": "9000", "edit_history_tweet_ids": ["1005", "9000"]}
    made.hidden = {"2001"}
    refs = [PostRef("x", str(1_000 + n), "11") for n in range(98)]
    refs += [PostRef("x", "2000", "11"), PostRef("x", "2001", "11"), PostRef("x", "2002", "13"), PostRef("x", "2003", "14")]
    with serving(made) as service:
        status = XStatus({"token": "desk", "service": service.url}, {"desk": "word"}.__getitem__, clock=FakeTime(NOW).clock)
        parsed = landing.pages(status.post_checks([*refs, PostRef("youtube", "1000", "11")], NOW))
    states = parsed.others["post_states"].set_index("post_id")["state"]
    assert states.index[states == "deleted"].tolist() == ["2000"]
    assert sorted(states.index[states == "seen"]) == sorted(str(1_000 + n) for n in range(98))
    assert [asked.path for asked in service.asked] == ["/2/tweets", "/2/users", "/2/tweets", "/2/users"]


def test_no_more_posts_are_asked_for_again_than_are_paid_for(landing: Landing) -> None:
    made = Api(posts=[post(SINCE, id=str(1_000 + n), edit_history_tweet_ids=[str(1_000 + n)]) for n in range(9)])
    refs = [PostRef("x", str(1_000 + n), "4") for n in range(9)]
    options = {"token": "desk", "price_per_post": 0.005, "price_per_user": 0.01, "max_cost": 0.04}
    with serving(made) as service:
        status = XStatus({**options, "service": service.url}, {"desk": "word"}.__getitem__, clock=FakeTime(NOW).clock)
        landing.pages(status.post_checks(refs, NOW))
    assert [asked.one("ids").count(",") + 1 for asked in service.asked] == [4]


def test_odd_posts_go_to_quarantine_and_unknown_fields_are_reported(landing: Landing) -> None:
    odd = post(NOW - timedelta(hours=1), mood="calm")
    odd["public_metrics"] = {**odd["public_metrics"], "like_count": "many"}
    with serving(Api([odd, post(NOW - timedelta(hours=2))])) as service:
        parsed, _, _ = landing.fetch(source(service), SINCE, NOW)
    assert (len(parsed.posts), len(parsed.rejected)) == (1, 1)
    assert [(drift.field, drift.kind, drift.sample) for drift in parsed.drift] == [("mood", "unknown", '"calm"')]
