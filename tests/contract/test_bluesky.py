"""Bluesky, against an AppView of the tests' own (tests/bluesky_service.py)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from bluesky_service import DAY, AppView, did, written
from landing import Landing
from web_service import Answer, FakeTime, serving

from tasks.domain.errors import SourceProblem, UnreadableInput, UsageProblem
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile, PostRef, Source
from tasks.fetch.fetching import parse_landed
from tasks.fetch.sources.bluesky import BlueskySource, BlueskyStatus

START = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = START + 7 * DAY
NO_SECRETS: dict[str, str] = {}


def source(url: str, secrets: dict[str, str] = NO_SECRETS, **options: Any) -> BlueskySource:
    return BlueskySource({"appview": url, "service": url, **options}, secrets.__getitem__, clock=FakeTime(UNTIL).clock)


class Week(Landing):
    """A fetch is of the week unless a test says otherwise."""

    def fetch(self, asked: Source, since: datetime = START, until: datetime = UNTIL) -> tuple[Parsed, list[Any], Exception | None]:
        return super().fetch(asked, since, until)


@pytest.fixture
def landing(tmp_path: Path) -> Week:
    return Week(tmp_path, "bluesky")


def busy(posts: int = 25, page: int = 10) -> AppView:
    view = AppView(page=page, people=["tern", "lark"])
    for n in range(posts):
        view.post("tern" if n % 2 else "lark", n, START + timedelta(hours=n), f"Reeds by the harbour, {n}")
    return view


def test_a_post_becomes_a_row_field_by_field(landing: Week) -> None:
    view = AppView()
    parent = view.post("lark", 1, START, "Morning")
    link = {"features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://pier.example/story"}]}
    tag = {"features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "Harbour"}]}
    image = {"alt": "", "image": {"$type": "blob", "ref": {"$link": "bafkrei-picture"}, "mimeType": "image/png", "size": 9}}
    view.post(
        "tern", 2, START + DAY, "Reeds #Harbour pier.example/st... @lark.example", facets=[link, tag], tags=["Wind"],
        embed={"$type": "app.bsky.embed.images", "images": [image]},
        reply={"root": {"uri": parent, "cid": "b"}, "parent": {"uri": parent, "cid": "b"}},
    )  # fmt: skip
    view.post(
        "tern",
        3,
        START + DAY,
        "Reeds quoted",
        embed={"$type": "app.bsky.embed.record", "record": {"uri": parent, "cid": "b"}},
        langs=["en", "de"],
    )
    with serving(view) as service:
        parsed, _, problem = landing.fetch(source(service.url, keywords=["reeds"]))
    assert problem is None
    assert parsed.drift == ()
    assert parsed.rejected.empty
    posts = parsed.posts.set_index("kind")
    reply = posts.loc["reply"]
    assert (reply["platform"], reply["account_id"], reply["lang"], reply["query_id"]) == (
        "bluesky",
        did("tern"),
        "en",
        "keyword reeds",
    )
    assert (reply["posted_at"], reply["observed_at"]) == (pd.Timestamp(START + DAY), pd.Timestamp(UNTIL))
    assert list(reply["urls"]) == ["https://pier.example/story"]
    assert list(reply["domains"]) == ["pier.example"]
    assert list(reply["hashtags"]) == ["harbour", "wind"]
    assert list(reply["mentions"]) == ["lark.example"]
    assert list(reply["media_hashes"]) == ["bafkrei-picture"]
    assert (reply["reply_to_id"], reply["like_count"], reply["share_count"], reply["reply_count"]) == (parent, 3, 2, 1)
    assert pd.isna(reply["view_count"])
    quote = posts.loc["quote"]
    assert quote["repost_of_id"] == parent
    assert pd.isna(quote["lang"])
    (author,) = parsed.accounts.to_dict("records")
    assert (author["account_id"], author["handle"], author["display_name"]) == (did("tern"), "tern.example", "Tern")
    assert author["created_at"] == pd.Timestamp("2024-05-01T08:00Z")
    assert pd.isna(author["status"])  # being found is no check


def test_the_time_of_a_post_is_the_earlier_of_its_two(landing: Week) -> None:
    view = busy(3)
    view.posts[0]["record"]["createdAt"] = "2031-01-01T00:00:00.000Z"  # its program's clock is wrong
    view.posts[1]["record"]["createdAt"] = "soon"
    del view.posts[2]["indexedAt"]
    with serving(view) as service:
        parsed, _, _ = landing.fetch(source(service.url, accounts=[did("lark"), did("tern")]))
    times = parsed.posts.set_index("post_id")["posted_at"]
    assert [times[post["uri"]] for post in view.posts] == [
        pd.Timestamp(START),
        pd.Timestamp(START + timedelta(hours=1)),
        pd.Timestamp(START + timedelta(hours=2)),
    ]
    assert [(d.field, d.kind) for d in parsed.drift] == []


def test_a_search_is_paged_to_its_end_within_its_span(landing: Week) -> None:
    view = busy(25)
    with serving(view) as service:
        parsed, efforts, problem = landing.fetch(
            source(service.url, hashtags=[], keywords=["reeds"], overlap_h=0), START + timedelta(hours=3)
        )
        assert problem is None
        assert {asked.one("since") for asked in service.asked} == {"2026-03-01T03:00:00.000Z"}
        assert service.asked[0].one("q") == "reeds"
    assert sorted(parsed.posts["post_id"].unique()) == sorted(post["uri"] for post in view.posts[3:])
    assert [effort.finished for effort in efforts] == [*[False] * (len(efforts) - 1), True]
    assert {effort.until for effort in efforts} == {UNTIL}


def test_a_search_that_ends_early_is_asked_again_for_what_lies_before(landing: Week) -> None:
    view = busy(95)
    view.deepest = 20
    with serving(view) as service:
        parsed, _, problem = landing.fetch(source(service.url, keywords=["reeds"]))
    assert problem is None
    assert parsed.posts["post_id"].nunique() == 95


def test_hashtags_are_searched_with_their_sign(landing: Week) -> None:
    with serving(AppView()) as service:
        landing.fetch(source(service.url, hashtags=["harbour", "#harbour"]))
        assert [asked.one("q") for asked in service.asked] == ["#harbour", "#harbour"]


def test_feeds_are_read_back_to_the_span_with_reposts(landing: Week) -> None:
    view = busy(40, page=5)
    view.reposts.append(("lark", view.posts[1]["uri"], START + timedelta(hours=39, minutes=5)))
    with serving(view) as service:
        parsed, _, problem = landing.fetch(source(service.url, accounts=[did("lark")], overlap_h=0), START + timedelta(hours=20))
        assert problem is None
        assert len(service.asked) < 5
    repost = parsed.posts.set_index("kind").loc["repost"]
    assert (repost["account_id"], repost["repost_of_id"]) == (did("lark"), view.posts[1]["uri"])
    assert repost["posted_at"] == pd.Timestamp(START + timedelta(hours=39, minutes=5))
    assert pd.isna(repost["text"])
    expected = {post["uri"] for post in view.posts[20::2]}
    assert expected <= set(parsed.posts["post_id"])
    assert set(parsed.posts["account_id"]) == {did("lark")}


def test_an_account_in_the_list_that_is_gone_is_an_observation(landing: Week) -> None:
    view = busy(4)
    view.gone = {"lark": "AccountTakedown"}
    with serving(view) as service:
        parsed, _, problem = landing.fetch(source(service.url, accounts=[did("lark"), did("tern")]))
    assert problem is None
    statuses = parsed.accounts.dropna(subset="status").set_index("account_id")["status"]
    assert statuses.to_dict() == {did("lark"): "suspended"}
    assert len(parsed.posts) == 2


def test_a_fetch_that_broke_off_is_made_whole_by_the_next_without_gap_or_double(landing: Week) -> None:
    view = busy(60)
    view.fail = {n: Answer({}, 503) for n in range(4, 9)}  # five times: given up
    with serving(view) as service:
        first, efforts, problem = landing.fetch(source(service.url, keywords=["reeds"]))
        assert isinstance(problem, SourceProblem)
        assert "keyword reeds" in str(problem)
        assert first.posts["post_id"].nunique() == 30  # three pages came, and stay
        assert not any(effort.finished for effort in efforts)
        second, again, problem = landing.fetch(source(service.url, keywords=["reeds"]))  # nothing finished: from the same start
        assert problem is None
        view.post("lark", 99, UNTIL + timedelta(hours=1), "Reeds at last")
        done = max(effort.until for effort in again if effort.until and effort.finished)
        third, _, problem = landing.fetch(source(service.url, keywords=["reeds"]), done, UNTIL + DAY)
        assert problem is None
    ids = pd.concat([first.posts, second.posts, third.posts])[["platform", "post_id"]].drop_duplicates()
    assert sorted(ids["post_id"]) == sorted(post["uri"] for post in view.posts)
    assert third.posts["post_id"].tolist() == [view.posts[-1]["uri"]]


def test_the_overlap_finds_what_was_late(landing: Week) -> None:
    view = busy(5)
    with serving(view) as service:
        landing.fetch(source(service.url, keywords=["reeds"]))
        late = view.post("tern", 77, UNTIL - timedelta(hours=2), "Reeds, from a server that was away")
        parsed, _, _ = landing.fetch(source(service.url, keywords=["reeds"]), UNTIL, UNTIL + DAY)
    assert parsed.posts["post_id"].tolist() == [late]


def test_login_comes_first_and_again_when_the_session_has_run_out(landing: Week) -> None:
    view = busy(25)
    view.password, view.expire_after = "lark-pass-word", 2
    options = {"keywords": ["reeds"], "handle": "desk.example", "app_password": "bluesky"}
    with serving(view) as service:
        parsed, efforts, problem = landing.fetch(source(service.url, {"bluesky": "lark-pass-word"}, **options))
        assert problem is None
        assert view.logins == 2
        assert parsed.posts["post_id"].nunique() == 25
        for secret in (b"lark-pass-word", b"access-1", b"refresh-1"):
            assert not any(secret in raw for raw in landing.raw)
            assert not any(secret.decode() in str(effort) for effort in efforts)
        _, _, problem = landing.fetch(source(service.url, {"bluesky": "wrong-pass-word"}, **options))
        assert "refused the login as desk.example: AuthenticationRequired" in str(problem)
        assert "wrong-pass-word" not in str(problem)


def test_the_window_of_the_rate_limit_is_kept(landing: Week) -> None:
    view, fake = busy(25), FakeTime(UNTIL)
    reset = {
        "ratelimit-limit": "3000",
        "ratelimit-remaining": "0",
        "ratelimit-reset": str(int(UNTIL.timestamp()) + 240),
        "ratelimit-policy": "3000;w=300",
    }
    plain = view._search
    view._search = lambda asked: Answer(plain(asked).value, headers=reset if view.served == 1 else {})  # type: ignore[method-assign]
    with serving(view) as service:
        asked = BlueskySource({"appview": service.url, "keywords": ["reeds"]}, NO_SECRETS.__getitem__, clock=fake.clock)
        _, _, problem = landing.fetch(asked)
    assert problem is None
    assert fake.slept[0] == 240
    assert all(0.1 < pause < 0.2 for pause in fake.slept[1:])  # 3,000 in 300 s


def test_an_endless_search_is_left_and_what_came_stays(landing: Week) -> None:
    view = busy(10)
    view._search = lambda _: Answer({"posts": view.posts, "cursor": str(view.served)})  # type: ignore[method-assign]
    with serving(view) as service:
        parsed, efforts, problem = landing.fetch(source(service.url, keywords=["reeds"]))
    assert "bring nothing new" in str(problem)
    assert parsed.posts["post_id"].nunique() == 10
    assert not any(effort.finished for effort in efforts)


def test_an_answer_of_another_shape_is_a_problem_and_not_an_empty_page(landing: Week) -> None:
    with serving(lambda _: Answer({"results": []})) as service:
        _, efforts, problem = landing.fetch(source(service.url, keywords=["reeds"]))
    assert "answered without `posts`" in str(problem)
    assert efforts == []


def test_strange_fields_are_drift_and_wrong_types_are_refused_alone(landing: Week) -> None:
    view = busy(6)
    view.posts[0]["mood"] = "calm"
    view.posts[1]["record"]["weather"] = {"wind": 3}
    view.posts[2]["likeCount"] = "many"
    view.posts[3]["author"] = "tern"
    view.posts[4]["record"]["text"] = ["no", "text"]
    view._search = lambda _: Answer({"posts": [*view.posts, "odd"]})  # type: ignore[method-assign]
    with serving(view) as service:
        parsed, _, problem = landing.fetch(source(service.url, keywords=["reeds"]))
    assert problem is None
    assert {(d.table, d.field, d.kind, d.rows) for d in parsed.drift} == {
        ("posts", "mood", "unknown", 1),
        ("posts", "record.weather", "unknown", 1),
    }
    assert {d.field: d.sample for d in parsed.drift} == {"mood": '"calm"', "record.weather": '{"wind": 3}'}
    assert len(parsed.posts) == 3
    assert sorted(parsed.rejected["reason"]) == [
        "author is not an object",
        "like_count is not a whole number",
        "post is not an object",
        "text is not text of at most 1,000,000 characters",
    ]


def test_statuses_of_accounts(landing: Week) -> None:
    names = [f"bird{n}" for n in range(30)]
    view = AppView(people=names, gone={"bird3": "AccountTakedown", "bird7": "AccountDeactivated", "bird28": "InvalidRequest"})
    asked = [("bluesky", did(name)) for name in names] + [("x", "12"), ("bluesky", "a.handle.example")]
    with serving(view) as service:
        checker = BlueskyStatus({"appview": service.url}, NO_SECRETS.__getitem__, clock=FakeTime(UNTIL).clock)
        pages = list(checker.checks(asked, UNTIL))
        assert [path.path.rpartition(".")[2] for path in service.asked] == [
            "getProfiles",
            "getProfile",
            "getProfile",
            "getProfiles",
            "getProfile",
        ]
    parsed = landing.pages(pages)
    found = parsed.accounts.set_index("account_id")["status"]
    assert len(found) == 30
    assert {name: found[did(name)] for name in ("bird0", "bird3", "bird7", "bird28")} == {
        "bird0": "active",
        "bird3": "suspended",
        "bird7": "deleted",
        "bird28": "deleted",
    }
    active = parsed.accounts[parsed.accounts["status"] == "active"].iloc[0]
    assert (active["followers_count"], active["following_count"], active["bio"]) == (10, 20, "Birds")
    assert parsed.drift == ()


def test_posts_asked_for_again_are_seen_deleted_or_their_author_s_affair(landing: Week) -> None:
    view = busy(30)
    refs = [PostRef("bluesky", post["uri"], post["author"]["did"]) for post in view.posts]
    taken = [post["uri"] for post in view.posts if post["author"]["did"] == did("tern")][:2]
    view.posts = [post for post in view.posts if post["uri"] not in taken]
    view.gone["lark"] = "AccountTakedown"
    with serving(view) as service:
        checker = BlueskyStatus({"appview": service.url}, NO_SECRETS.__getitem__, clock=FakeTime(UNTIL).clock)
        parsed = landing.pages(list(checker.post_checks([*refs, PostRef("x", "12", "7")], UNTIL)))
        assert [path.path.rpartition(".")[2] for path in service.asked] == ["getPosts", "getProfiles"] * 2
    states = parsed.others["post_states"].set_index("post_id")["state"]
    assert sorted(states.index[states == "deleted"]) == sorted(taken)
    assert set(states.index[states == "seen"]) == {ref.post_id for ref in refs if ref.account_id == did("tern")} - set(taken)
    assert len(states) == 15  # of the account that was taken down nothing is said here
    assert len(parsed.posts) == 0


def test_an_error_that_says_nothing_of_the_account_leaves_it_unchecked(landing: Week) -> None:
    view = AppView(people=["tern"], gone={"lark": "BlockedByActor"})
    with serving(view) as service:
        checker = BlueskyStatus({"appview": service.url}, NO_SECRETS.__getitem__, clock=FakeTime(UNTIL).clock)
        pages = checker.checks([("bluesky", did("lark")), ("bluesky", did("tern"))], UNTIL)
        parsed = landing.pages([next(pages)])
        with pytest.raises(SourceProblem, match="BlockedByActor"):
            next(pages)
    assert parsed.accounts["account_id"].tolist() == [did("tern")]


def test_options_that_cannot_be_right() -> None:
    for options, words in (
        ({}, "asks for nothing"),
        ({"keywords": ["a"], "colour": "red"}, "Option colour"),
        ({"keywords": "a"}, "Option keywords"),
        ({"keywords": ["a"], "overlap_h": -1}, "Option overlap_h"),
        ({"keywords": ["a"], "handle": "desk.example"}, "one is missing"),
        ({"keywords": ["a"], "appview": "http://lark.example"}, "not encrypted"),
    ):
        with pytest.raises(UsageProblem, match=words):
            BlueskySource(options, NO_SECRETS.__getitem__)


def test_a_file_that_is_no_page_is_refused_whole(tmp_path: Path) -> None:
    for text in ("", "{}", '{"endpoint": "searchPosts", "status": 200, "at": "2026-03-01T00:00:00Z"}\n{"posts": [', "[]\n[]"):
        (tmp_path / "page").write_text(text)
        with pytest.raises(UnreadableInput, match="no landed page of bluesky"):
            parse_landed([LandedFile(tmp_path / "page", "page", "0" * 64)], "bluesky", None, {})


def test_a_kept_page_can_be_read_again_with_the_time_it_was_fetched(landing: Week) -> None:
    view = busy(3)
    with serving(view) as service:
        pages = list(source(service.url, keywords=["reeds"]).pages(START, UNTIL))
    (landing.folder / "page").write_bytes(pages[0].raw)
    parsed = parse_landed([LandedFile(landing.folder / "page", "page", "0" * 64)], "bluesky", None, {})
    assert parsed.posts["observed_at"].unique().tolist() == [pd.Timestamp(UNTIL)]
    assert parsed.capture_rule == "stated"
    assert written(UNTIL)[:10] in pages[0].raw.decode()


def test_a_server_that_keeps_to_no_span_is_read_back_to_it_and_asked_once(landing: Week) -> None:
    """As the AppView searches without a search service."""
    view = busy(60)
    view.spans = False
    with serving(view) as service:
        parsed, _, problem = landing.fetch(source(service.url, keywords=["Reeds"], overlap_h=0), START + timedelta(hours=35))
        assert problem is None
        assert len(service.asked) == 4  # three pages of ten, of which the last reaches before the span, and one that lies there
        assert set(parsed.posts["post_id"]) >= {post["uri"] for post in view.posts[35:]}
        before = len(service.asked)
        parsed, _, problem = landing.fetch(source(service.url, keywords=["Reeds"]))
        assert problem is None
        assert len(service.asked) - before == 8  # six pages, the empty one, and one that shows that no span is kept
    assert parsed.posts["post_id"].nunique() == 60


def test_a_changed_handle_is_an_observation_of_the_same_account(landing: Week) -> None:
    view = AppView(people=["tern", "lark", "heron"])
    known = {("bluesky", did("tern")): "reed.example", ("bluesky", did("lark")): "LARK.example", ("x", did("heron")): "h.example"}
    known["bluesky", did("heron")] = "handle.invalid"
    with serving(view) as service:
        looks = BlueskyStatus({"appview": service.url}, NO_SECRETS.__getitem__, clock=FakeTime(UNTIL).clock)
        looks.remember(known)
        parsed = landing.pages(looks.checks([("bluesky", did(name)) for name in view.people], UNTIL))
    seen = parsed.accounts.set_index("handle")["status"].to_dict()
    assert seen == {"tern.example": "renamed", "lark.example": "active", "heron.example": "active"}
