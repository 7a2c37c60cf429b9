"""YouTube, against a service of the tests' own, written from developers.google.com/youtube/v3/docs: channels#list (parts snippet,
statistics, contentDetails; no `items` where none is found), playlistItems#list (contentDetails.videoId, videoPublishedAt), search#list
(id.videoId, publishedAfter, publishedBefore, nextPageToken), videos#list (statistics as strings), commentThreads#list
(snippet.topLevelComment, replies.comments; 403 commentsDisabled), errors (error.errors[].reason, 403 quotaExceeded);
determine_quota_cost (one unit a request, 100 searches a day apart, reset at midnight Pacific time)."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from landing import Landing
from web_service import Answer, Asked, FakeTime, serving

from tasks.domain.errors import SourceProblem, UsageProblem
from tasks.domain.ports import PostRef
from tasks.fetch.sources.youtube import YouTubeSource, YouTubeStatus
from tasks.fetch.web.client import ServiceStopped
from tasks.fetch.web.quota import DailyQuota

START = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = START + timedelta(days=7)
KEY = "AIza-k3y-of-the-desk"


def written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def refusal(status: int, reason: str) -> Answer:
    return Answer(
        {"error": {"code": status, "message": f"The {reason} one", "errors": [{"reason": reason, "domain": "youtube"}]}}, status
    )


@dataclass
class Tube:
    """`videos`: id -> (channel, when, title). `comments`: video -> [(id, author, when, text, answers)]."""

    channels: list[str] = field(default_factory=list)
    videos: dict[str, tuple[str, datetime, str]] = field(default_factory=dict)
    comments: dict[str, list[tuple[str, str, datetime, str, int]]] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)
    page: int = 2
    fail: dict[str, Answer] = field(default_factory=dict)  # by endpoint

    def __call__(self, asked: Asked) -> Answer:
        if asked.headers.get("x-goog-api-key") != KEY or "key" in dict(asked.params):
            return refusal(403, "forbidden")
        name = asked.path.removeprefix("/youtube/v3/")
        return self.fail.get(name) or getattr(self, f"_{name}")(asked)

    def _paged(self, asked: Asked, kind: str, items: list[Any]) -> Answer:
        start = int(asked.one("pageToken", "P0")[1:])
        end = start + min(self.page, int(asked.one("maxResults")))
        more = {"nextPageToken": f"P{end}"} if end < len(items) else {}
        return Answer({"kind": f"youtube#{kind}ListResponse", "etag": "e", "items": items[start:end], "pageInfo": {}, **more})

    def _channels(self, asked: Asked) -> Answer:
        names = asked.one("id").split(",")
        assert len(names) <= 50
        items = [
            {
                "kind": "youtube#channel", "etag": "e", "id": name,
                "snippet": {"title": name.title(), "description": "Birds", "customUrl": f"@{name}",
                            "publishedAt": "2019-02-03T04:05:06.789Z"},
                "statistics": {"viewCount": "9", "subscriberCount": "1230", "hiddenSubscriberCount": name.endswith("h"), "videoCount": "3"},
                "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": "UU" + name[2:]}},
            }
            for name in self.channels if name in names
        ]  # fmt: skip
        return Answer({"kind": "youtube#channelListResponse", "etag": "e", "pageInfo": {}, **({"items": items} if items else {})})

    def _newest(self) -> list[tuple[str, tuple[str, datetime, str]]]:
        return sorted(self.videos.items(), key=lambda item: item[1][1], reverse=True)

    def _playlistItems(self, asked: Asked) -> Answer:  # noqa: N802
        channel = "UC" + asked.one("playlistId")[2:]
        items = [
            {"contentDetails": {"videoId": v, "videoPublishedAt": written(at)}} for v, (c, at, _) in self._newest() if c == channel
        ]
        return self._paged(asked, "playlistItem", items) if items else refusal(404, "playlistNotFound")

    def _search(self, asked: Asked) -> Answer:
        assert (asked.one("type"), asked.one("order")) == ("video", "date")
        span = asked.one("publishedAfter"), asked.one("publishedBefore")
        found = [v for v, (_, at, title) in self._newest() if asked.one("q") in title and span[0] <= written(at) < span[1]]
        return self._paged(asked, "search", [{"id": {"kind": "youtube#video", "videoId": v}, "snippet": {}} for v in found])

    def _videos(self, asked: Asked) -> Answer:
        items = []
        assert len(asked.one("id").split(",")) <= 50
        for video in asked.one("id").split(","):
            if video not in self.videos:
                continue
            channel, at, title = self.videos[video]
            snippet = {
                "publishedAt": written(at),
                "channelId": channel,
                "title": title,
                "description": "See https://pier.example/a #Harbour",
                "channelTitle": channel.title(),
                "thumbnails": {},
                "categoryId": "25",
                "liveBroadcastContent": "none",
                "localized": {},
                "defaultAudioLanguage": "en",
            }
            counts = {"viewCount": "1000", "likeCount": "10", "favoriteCount": "0"}
            if video not in self.disabled:
                counts["commentCount"] = str(len(self.comments.get(video, [])))
            items.append({"kind": "youtube#video", "etag": "e", "id": video, "snippet": snippet, "statistics": counts})
        return Answer({"kind": "youtube#videoListResponse", "etag": "e", "items": items, "pageInfo": {}})

    def _commentThreads(self, asked: Asked) -> Answer:  # noqa: N802
        video = asked.one("videoId")
        items = []
        for number, author, at, text, answers in self.comments[video]:
            top = self._comment(number, author, at, text, video)
            replies = [
                self._comment(f"{number}.r{n}", f"UCanswer{n}", at + timedelta(hours=1), "Yes", video, number)
                for n in range(answers)
            ]
            item = {
                "kind": "youtube#commentThread",
                "etag": "e",
                "id": number,
                "snippet": {"videoId": video, "topLevelComment": top},
            }
            items.append(item | ({"replies": {"comments": replies}} if replies else {}))
        return self._paged(asked, "commentThread", items)

    def _comment(self, number: str, author: str, at: datetime, text: str, video: str, parent: str = "") -> dict[str, Any]:
        snippet = {
            "videoId": video,
            "textDisplay": text,
            "textOriginal": text,
            "authorDisplayName": f"@{author}",
            "authorChannelId": {"value": author},
            "canRate": True,
            "viewerRating": "none",
            "likeCount": 4,
            "publishedAt": written(at),
            "updatedAt": written(at),
        }
        return {"kind": "youtube#comment", "etag": "e", "id": number, "snippet": snippet | ({"parentId": parent} if parent else {})}


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path, "youtube")


@pytest.fixture
def tube() -> Tube:
    made = Tube(channels=["UCtern", "UClarkh"])
    for n in range(5):
        made.videos[f"v{n}"] = ("UCtern", START + timedelta(days=n, hours=3), f"North pier {n}")
    made.videos["old"] = ("UCtern", START - timedelta(days=40), "North pier long ago")
    made.comments = {"v4": [(f"c{n}", f"UCviewer{n}", START + timedelta(days=5, hours=-n), "Reeds", n % 2) for n in range(3)]}
    return made


def source(url: str, folder: Path, clock: Any = None, **options: Any) -> YouTubeSource:
    return YouTubeSource(
        {"service": url, "key": "desk", **options},
        {"desk": KEY}.__getitem__,
        folder / "quota",
        clock=clock or FakeTime(UNTIL).clock,
    )


def test_uploads_of_a_channel_with_their_comments(landing: Landing, tube: Tube, tmp_path: Path) -> None:
    with serving(tube) as service:
        parsed, efforts, problem = landing.fetch(source(service.url, tmp_path, channels=["UCtern"]), START, UNTIL)
        assert problem is None
        assert not any(KEY in f"{asked.path}{asked.params}" for asked in service.asked)
    assert parsed.drift == ()
    assert parsed.rejected.empty
    assert [effort.finished for effort in efforts] == [False] * (len(efforts) - 1) + [True]
    videos = parsed.posts[parsed.posts["kind"] == "original"].set_index("post_id")
    assert sorted(videos.index) == ["v0", "v1", "v2", "v3", "v4"]  # not the one of 40 days before
    row = videos.loc["v4"]
    assert (row["platform"], row["account_id"], row["lang"], row["query_id"]) == ("youtube", "UCtern", "en", "channel UCtern")
    assert row["text"] == "North pier 4\n\nSee https://pier.example/a #Harbour"
    assert (list(row["urls"]), list(row["hashtags"])) == (["https://pier.example/a"], ["harbour"])
    assert (row["view_count"], row["like_count"], row["reply_count"]) == (1000, 10, 3)
    assert pd.isna(row["share_count"])
    assert row["posted_at"] == pd.Timestamp(START + timedelta(days=4, hours=3))
    comments = parsed.posts[parsed.posts["kind"] == "reply"].set_index("post_id")
    assert comments["reply_to_id"].to_dict() == {"c0": "v4", "c1": "v4", "c1.r0": "c1", "c2": "v4"}
    assert comments.loc["c1", ["account_id", "text", "like_count"]].tolist() == ["UCviewer1", "Reeds", 4]
    people = parsed.accounts.drop_duplicates("account_id").set_index("account_id")
    assert set(people.index) == {"UCtern", "UCviewer0", "UCviewer1", "UCviewer2", "UCanswer0"}
    assert people.loc["UCtern", ["handle", "display_name", "status", "followers_count"]].tolist() == [
        "@UCtern",
        "Uctern",
        "active",
        1230,
    ]
    assert people.loc["UCtern", "created_at"] == pd.Timestamp("2019-02-03T04:05:06.789Z")
    assert people.loc["UCviewer0", "handle"] == "@UCviewer0"


def test_a_search_is_limited_to_the_span_and_costs_of_its_own_budget(landing: Landing, tube: Tube, tmp_path: Path) -> None:
    options = {"keywords": ["North pier"], "comments": False, "overlap_h": 0.0, "video_days": 0.0}
    with serving(tube) as service:
        parsed, _, problem = landing.fetch(source(service.url, tmp_path, **options), START + timedelta(days=1), UNTIL)
        assert problem is None
        names = [asked.path.rpartition("/")[2] for asked in service.asked]
    assert names == ["search", "search", "videos"]
    assert sorted(parsed.posts["post_id"]) == ["v1", "v2", "v3", "v4"]
    kept = json.loads((tmp_path / "quota/youtube-desk.json").read_text())
    assert kept["used"] == {"searches": 2, "requests": 1}


def test_the_days_budget_is_kept_over_runs_and_begins_anew_at_midnight_in_the_west(
    landing: Landing, tube: Tube, tmp_path: Path
) -> None:
    options = {"keywords": ["North pier"], "comments": False, "daily_searches": 3, "video_days": 0.0}
    fake = FakeTime(datetime(2026, 3, 8, 7, 0, tzinfo=UTC))  # 23:00 of the day before
    with serving(tube) as service:
        _, _, problem = landing.fetch(source(service.url, tmp_path, fake.clock, **options), START, UNTIL)
        assert problem is None
        _, efforts, problem = landing.fetch(source(service.url, tmp_path, fake.clock, **options), START, UNTIL)
        assert "budget of YouTube for searches is used up (3 units)" in str(problem)
        assert "1 of 1 queries were not answered to the end: keyword North pier" in str(problem)
        assert not any(effort.finished for effort in efforts)
        asked = len(service.asked)
        fake.slept.append(3_600 + 60)
        _, _, problem = landing.fetch(source(service.url, tmp_path, fake.clock, **options), START, UNTIL)
        assert problem is None
        assert len(service.asked) > asked


def test_tries_that_fail_are_counted_too(landing: Landing, tube: Tube, tmp_path: Path) -> None:
    tube.fail["channels"] = Answer({}, 503)
    with serving(tube) as service:
        _, _, problem = landing.fetch(source(service.url, tmp_path, channels=["UCtern"]), START, UNTIL)
    assert "did not answer 5 times" in str(problem)
    assert json.loads((tmp_path / "quota/youtube-desk.json").read_text())["used"] == {"requests": 5}


def test_a_damaged_note_of_the_quota_begins_anew(tmp_path: Path) -> None:
    quota = DailyQuota(tmp_path / "q.json", "YouTube", "America/Los_Angeles", {"requests": 3})
    for text in ("", "{", "[]", '{"day": "2026-03-07", "used": {"requests": "x"}}'):
        (tmp_path / "q.json").write_text(text)
        quota.charge("requests", 2, UNTIL)
        assert quota.used(UNTIL) == {"requests": 2}
    with pytest.raises(ServiceStopped, match="used up"):
        quota.charge("requests", 2, UNTIL)
    assert quota.used(UNTIL) == {"requests": 2}
    assert quota.used(UNTIL + timedelta(days=1)) == {}


def test_the_services_own_word_on_quota_ends_the_fetch_and_what_came_stays(landing: Landing, tube: Tube, tmp_path: Path) -> None:
    tube.fail["commentThreads"] = refusal(403, "quotaExceeded")
    with serving(tube) as service:
        parsed, _, problem = landing.fetch(source(service.url, tmp_path, channels=["UCtern", "UClarkh"]), START, UNTIL)
        assert sum(asked.path.endswith("channels") for asked in service.asked) == 1
    assert "quotaExceeded" in str(problem)
    assert "2 of 2 queries" in str(problem)
    assert len(parsed.posts) == 5


def test_an_endless_search_is_left_and_what_it_found_is_fetched(landing: Landing, tube: Tube, tmp_path: Path) -> None:
    asked_for = iter(range(1_000))
    tube._search = lambda _: Answer(  # type: ignore[method-assign]
        {"items": [{"id": {"videoId": video}} for video in tube.videos], "nextPageToken": f"P{next(asked_for)}"}
    )
    with serving(tube) as service:
        parsed, efforts, problem = landing.fetch(source(service.url, tmp_path, keywords=["pier"], comments=False), START, UNTIL)
    assert "bring nothing new (keyword pier)" in str(problem)
    assert set(parsed.posts["post_id"]) == set(tube.videos)
    assert not any(effort.finished for effort in efforts)


def test_a_fetch_that_broke_off_is_made_whole_by_the_next(landing: Landing, tube: Tube, tmp_path: Path) -> None:
    del tube.videos["old"]
    tube.fail = {"videos": Answer({}, 503)}
    with serving(tube) as service:
        asked = source(service.url, tmp_path, keywords=["pier"], comments=False)
        first, efforts, problem = landing.fetch(asked, START, UNTIL)
        assert "keyword pier" in str(problem)
        assert (len(first.posts), any(effort.finished for effort in efforts)) == (0, False)
        tube.fail = {}
        second, efforts, problem = landing.fetch(asked, START, UNTIL)
    assert problem is None
    assert sorted(second.posts["post_id"]) == sorted(tube.videos)
    assert efforts[-1].finished


def test_comments_that_are_switched_off_are_no_fault(landing: Landing, tube: Tube, tmp_path: Path) -> None:
    tube.fail["commentThreads"] = refusal(403, "commentsDisabled")
    tube.disabled = {"v3"}
    with serving(tube) as service:
        parsed, efforts, problem = landing.fetch(source(service.url, tmp_path, channels=["UCtern"]), START, UNTIL)
    assert problem is None
    assert len(parsed.posts) == 5
    assert pd.isna(parsed.posts.set_index("post_id").loc["v3", "reply_count"])
    assert efforts[-1].finished


def test_a_channel_that_vanished_is_an_observation(landing: Landing, tube: Tube, tmp_path: Path) -> None:
    with serving(tube) as service:
        parsed, efforts, problem = landing.fetch(source(service.url, tmp_path, channels=["UCgone", "UClarkh"]), START, UNTIL)
        checker = YouTubeStatus(
            {"service": service.url, "key": "desk"}, {"desk": KEY}.__getitem__, tmp_path, clock=FakeTime(UNTIL).clock
        )
        names = [*(f"UCmany{n}" for n in range(50)), "UCtern", "UClarkh"]
        looked = landing.pages(checker.checks([*(("youtube", name) for name in names), ("youtube", "@tern"), ("x", "UC1")], UNTIL))
    assert problem is None
    assert efforts[-1].finished
    assert parsed.accounts.set_index("account_id")["status"].to_dict() == {"UCgone": "deleted", "UClarkh": "active"}
    assert pd.isna(parsed.accounts.set_index("account_id").loc["UClarkh", "followers_count"])  # hidden
    assert looked.accounts["status"].value_counts().to_dict() == {"deleted": 50, "active": 2}


def test_videos_asked_for_again_are_seen_deleted_or_their_channel_s_affair(landing: Landing, tube: Tube, tmp_path: Path) -> None:
    """120 videos in three requests; those of a channel that is gone, and comments, are nobody's deletion."""
    tube.videos = {f"video-{n:05d}": ("UCtern", START, "Pier") for n in range(118) if n % 40}
    refs = [PostRef("youtube", f"video-{n:05d}", "UCtern") for n in range(118)]
    refs += [PostRef("youtube", f"video-{n:05d}", "UCgone") for n in (118, 119)]
    others = [
        PostRef("youtube", "Ugx_comment", "UCtern")._replace(post_id="Ugx_comment_of_a_viewer"),
        PostRef("x", "video-00000", "1"),
    ]
    with serving(tube) as service:
        checker = YouTubeStatus(
            {"service": service.url, "key": "desk"}, {"desk": KEY}.__getitem__, tmp_path, clock=FakeTime(UNTIL).clock
        )
        parsed = landing.pages(checker.post_checks([*refs, *others], UNTIL))
    states = parsed.others["post_states"].set_index("post_id")["state"]
    assert sorted(states.index[states == "deleted"]) == ["video-00000", "video-00040", "video-00080"]
    assert (states == "seen").sum() == 115
    assert len(states) == 118
    asked = [one.path.rpartition("/")[2] for one in service.asked]
    assert asked == ["videos", "channels"] * 3
    assert len(parsed.posts) == 0


def test_videos_are_not_deleted_where_the_channels_cannot_be_asked_for(landing: Landing, tube: Tube, tmp_path: Path) -> None:
    tube.fail = {"channels": refusal(403, "forbidden")}
    with serving(tube) as service:
        checker = YouTubeStatus(
            {"service": service.url, "key": "desk"}, {"desk": KEY}.__getitem__, tmp_path, clock=FakeTime(UNTIL).clock
        )
        with pytest.raises(SourceProblem):
            landing.pages(checker.post_checks([PostRef("youtube", "video-00000", "UCtern")], UNTIL))


def test_strange_fields_are_drift_and_wrong_types_are_refused_alone(landing: Landing, tube: Tube, tmp_path: Path) -> None:
    plain = tube._videos

    def spoiled(asked: Asked) -> Answer:
        answer = plain(asked)
        items = answer.value["items"]
        items[0]["snippet"]["mood"] = "calm"
        items[1]["statistics"]["viewCount"] = "many"
        items[2]["snippet"] = None
        return answer

    tube._videos = spoiled  # type: ignore[method-assign]
    with serving(tube) as service:
        parsed, _, problem = landing.fetch(source(service.url, tmp_path, channels=["UCtern"], comments=False), START, UNTIL)
    assert problem is None
    assert [(d.field, d.kind, d.sample) for d in parsed.drift] == [("snippet.mood", "unknown", '"calm"')]
    assert sorted(parsed.rejected["reason"]) == ["snippet is not an object", "view_count is not a whole number"]
    assert len(parsed.posts) == 3


def test_what_is_no_youtube_is_said(landing: Landing, tmp_path: Path) -> None:
    with serving(lambda _: Answer({})) as service:
        _, _, problem = landing.fetch(source(service.url, tmp_path, channels=["UCtern"]), START, UNTIL)
        assert "gave no list of channels" in str(problem)
        _, _, problem = landing.fetch(source(service.url, tmp_path, keywords=["a"]), START, UNTIL)
        assert "answered without `items`" in str(problem)
    for options, words in (({"key": "desk"}, "asks for nothing"), ({"channels": ["UCa"]}, "Option key")):
        with pytest.raises(UsageProblem, match=words):
            YouTubeSource(options, {"desk": KEY}.__getitem__, tmp_path)
