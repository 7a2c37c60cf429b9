"""YouTube Data API v3: videos of channels, videos found by words, comments (source `youtube`), and whether channels still stand (status
source `youtube-status`).

Options of the source; those from `key` on also of the status source:

    channels: [UC...]        # their uploads
    keywords: [north pier]   # each page of a search costs one of the day's searches
    comments: true           # of the videos that are found; replies as far as they come with their thread, at most five
    video_days: 7            # videos up to this much older than the span are looked at again: counts, new comments
    overlap_h: 24
    key: youtube             # name of the credential
    service: https://youtube.googleapis.com
    daily_units: 10000       # the project's quota
    daily_searches: 100

Endpoints as published at developers.google.com/youtube/v3: channels.list, playlistItems.list, search.list, videos.list,
commentThreads.list; costs as in determine_quota_cost: one unit a request, searches apart, reset at midnight Pacific time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field

from tasks.domain.errors import SourceProblem, UsageProblem
from tasks.domain.ports import Page, PostRef
from tasks.domain.sources import Credential, Declaration, Secrets
from tasks.fetch.adapters import Adapter
from tasks.fetch.sources.youtube_pages import FORMAT, IMPORTER
from tasks.fetch.web.client import Reply, ServiceStopped, WebClient, checked_base
from tasks.fetch.web.limits import CLOCK, LIMITS, Clock, WebLimits
from tasks.fetch.web.options import SourceOptions, checked, written_list
from tasks.fetch.web.queries import Answer, Cursors, Query, ask_all
from tasks.fetch.web.quota import DailyQuota
from tasks.fetch.web.readings import instant_of, objects, part

TITLE = "YouTube"
PAGE, COMMENTS = 50, 100  # the most that the endpoints allow
VIDEO_ID = 11  # characters of a video's id; those of comments are longer
INTERVAL_S = 0.1
_NO_COMMENTS = frozenset({"commentsDisabled", "videoNotFound"})

DECLARATION = Declaration(
    kind="youtube",
    title=TITLE,
    observes=frozenset({"posts", "accounts", "status", "likes", "replies", "views", "creation date"}),
    cannot={
        "shares": "the service counts none",
        "edits": "a video is seen again only within video_days, and then as it is now",
        "deletions": "a video that is gone is given no more; the status source asks for the newest again, and nothing says when one went",
        "media": "addresses of pictures only, no identifier of a video's content",
    },
    time_precision_s=1,
    lateness_h=24,
    credentials=(Credential("key", "an API key of a Google Cloud project with the YouTube Data API v3 enabled"),),
    limits="10,000 units and 100 searches a day and project; a search gives at most some 500 videos, ranked, without a promise",
    cost="none; more quota on application",
    terms="https://developers.google.com/youtube/terms/api-services-terms-of-service",
)


class Access(SourceOptions):
    """With which key, and how much of its quota: the options of the status source."""

    key: str
    service: str = "https://youtube.googleapis.com"
    daily_units: int = Field(default=10_000, ge=1)
    daily_searches: int = Field(default=100, ge=0)


class YouTubeOptions(Access):
    channels: list[str] = Field(default_factory=list)
    keywords: list[str] = Field(default_factory=list)
    comments: bool = True
    video_days: float = Field(default=7, ge=0, le=365)
    overlap_h: float = Field(default=DECLARATION.lateness_h, ge=0, le=168)
    most_pages: int = Field(default=200, ge=1)  # of one listing


class Service:
    """The service, with what of its quota is left."""

    def __init__(self, access: Access, secret: Secrets, quota_dir: Path, limits: WebLimits, clock: Clock) -> None:
        base = checked_base(access.service, "service")
        self._client = WebClient(TITLE, base, limits=replace(limits, interval_s=INTERVAL_S), clock=clock)
        self._client.authorize("x-goog-api-key", secret(access.key))  # never in an address
        limits_a_day = {"requests": access.daily_units, "searches": access.daily_searches}
        self._quota = DailyQuota(quota_dir / f"youtube-{access.key}.json", TITLE, "America/Los_Angeles", limits_a_day)
        self._clock = clock

    def list(self, name: str, params: Sequence[tuple[str, str]], what: str, *, accept: frozenset[int] = frozenset()) -> Reply:
        """Ask `<name>.list`. Raises SourceProblem for an answer without items."""
        budget = "searches" if name == "search" else "requests"

        def charge() -> None:
            self._quota.charge(budget, 1, self._clock.now())

        reply = self._client.get(f"/youtube/v3/{name}", params, what=what, accept=accept, each=charge)
        if reply.status == 200 and not isinstance(part(reply.value, "items"), list) and name != "channels":
            raise SourceProblem(f"{TITLE} answered without `items` ({what}).", remedy="See whether `service` is right.")
        return reply


class YouTubeSource:
    """The source of posts. Raises UsageProblem for an option that is wrong, or where nothing is asked for."""

    kind = "youtube"
    capture_rule = "live"

    def __init__(
        self, options: dict[str, Any], secret: Secrets, quota_dir: Path, *, limits: WebLimits = LIMITS, clock: Clock = CLOCK
    ) -> None:
        self._options = checked(YouTubeOptions, options, self.kind)
        if not (self._options.channels or self._options.keywords):
            raise UsageProblem("The source youtube asks for nothing.", remedy="Name channels or keywords.")
        self._service = Service(self._options, secret, quota_dir, limits, clock)

    def pages(self, since: datetime, until: datetime) -> Iterator[Page]:
        """Uploads of channels, then searches, each with the comments of what was found."""
        start = since - timedelta(hours=self._options.overlap_h)
        queries = [
            Query(f"channel {name}", f"channel {name}", partial(self._channel, name, start))
            for name in dict.fromkeys(self._options.channels)
        ]
        queries += [
            Query(f"keyword {word}", f"keyword {word}", partial(self._search, word, start, until))
            for word in dict.fromkeys(self._options.keywords)
        ]
        yield from ask_all(queries, FORMAT, start, until)

    def _channel(self, channel: str, start: datetime) -> Iterator[Answer]:
        what, ids = f"channel {channel}", list[str]()
        answer = look_up(self._service, [channel], what)
        items = objects(part(answer.reply.value, "items"))
        uploads = part(items[0], "contentDetails", "relatedPlaylists", "uploads") if items else None
        known = isinstance(uploads, str) and bool(uploads)
        yield replace(answer, more=known)
        if not known:
            return
        yield from self._with_videos(self._uploads(str(uploads), what, start, ids), ids, what, start)

    def _uploads(self, playlist: str, what: str, start: datetime, ids: list[str]) -> Iterator[Answer]:
        """Pages of a channel's uploads, newest first; the videos go into `ids`."""
        way, token, oldest = Cursors(TITLE, what, self._options.most_pages), "", start - timedelta(days=self._options.video_days)
        params = [("part", "contentDetails"), ("playlistId", playlist), ("maxResults", str(PAGE))]
        while True:
            asked = [*params, *_token(token)]
            reply = self._service.list("playlistItems", asked, what, accept=frozenset({404}))  # 404: nothing uploaded yet
            found = [part(item, "contentDetails") for item in objects(part(reply.value, "items"))]
            times = [at for at in (instant_of(part(one, "videoPublishedAt")) for one in found) if at]
            page = [str(part(one, "videoId")) for one in found if (instant_of(part(one, "videoPublishedAt")) or oldest) >= oldest]
            new, token = way.new(page), str(part(reply.value, "nextPageToken") or "")
            ids += page
            more = bool(token) and not (times and min(times) < oldest)
            yield _answer("playlistItems", asked, reply, 0, more or bool(ids))
            if not more:
                return
            way.follow(token, new)

    def _search(self, word: str, start: datetime, until: datetime) -> Iterator[Answer]:
        what, ids = f"keyword {word}", list[str]()
        yield from self._with_videos(self._found(word, what, start, until, ids), ids, what, start)

    def _with_videos(self, listing: Iterator[Answer], ids: list[str], what: str, start: datetime) -> Iterator[Answer]:
        """The pages of a listing, then the videos that it put into `ids`: those too that came before the listing broke off."""
        try:
            yield from listing
        except ServiceStopped:
            raise
        except SourceProblem:
            yield from (replace(answer, more=True) for answer in self._videos(ids, what, start))
            raise
        yield from self._videos(ids, what, start)

    def _found(self, word: str, what: str, start: datetime, until: datetime, ids: list[str]) -> Iterator[Answer]:
        """Pages of a search; the videos go into `ids`."""
        token = ""
        way, oldest = Cursors(TITLE, what, self._options.most_pages), start - timedelta(days=self._options.video_days)
        params = [("part", "snippet"), ("type", "video"), ("order", "date"), ("q", word), ("maxResults", str(PAGE))]
        params += [("publishedAfter", _written(oldest)), ("publishedBefore", _written(until))]
        while True:
            asked = [*params, *_token(token)]
            reply = self._service.list("search", asked, what)
            page = [str(part(item, "id", "videoId")) for item in objects(part(reply.value, "items"))]
            new, token = way.new(page), str(part(reply.value, "nextPageToken") or "")
            ids += page
            yield _answer("search", asked, reply, 0, bool(token) or bool(ids))
            if not token:
                return
            way.follow(token, new)

    def _videos(self, ids: Sequence[str], what: str, start: datetime) -> Iterator[Answer]:
        ids, commented = list(dict.fromkeys(ids)), list[str]()
        for place in range(0, len(ids), PAGE):
            asked = [("part", "snippet,statistics"), ("id", ",".join(ids[place : place + PAGE]))]
            reply = self._service.list("videos", asked, what)
            items = objects(part(reply.value, "items"))
            if self._options.comments:
                commented += [str(item.get("id")) for item in items if part(item, "statistics", "commentCount") not in (None, "0")]
            yield _answer("videos", asked, reply, len(items), place + PAGE < len(ids) or bool(commented))
        for video in commented:
            yield from self._comments(video, what, start, last=video == commented[-1])

    def _comments(self, video: str, what: str, start: datetime, *, last: bool) -> Iterator[Answer]:
        way, token = Cursors(TITLE, f"{what}, comments of {video}", self._options.most_pages), ""
        params = [("part", "snippet,replies"), ("videoId", video), ("order", "time"), ("textFormat", "plainText")]
        while True:
            asked = [*params, ("maxResults", str(COMMENTS)), *_token(token)]
            reply = self._service.list("commentThreads", asked, f"{what}, comments of {video}", accept=frozenset({403, 404}))
            if reply.status != 200 and (reason := _reason(reply)) not in _NO_COMMENTS:
                raise ServiceStopped(
                    f"{TITLE} refused with status {reply.status} ({what}, comments of {video}): {reason[:60]}.",
                    remedy="Check the key and its quota in the Google Cloud console.",
                )
            items = objects(part(reply.value, "items"))
            times = [
                at for at in (instant_of(part(i, "snippet", "topLevelComment", "snippet", "publishedAt")) for i in items) if at
            ]
            token = str(part(reply.value, "nextPageToken") or "")
            more = bool(token) and not (times and min(times) < start)
            yield _answer("commentThreads", asked, reply, len(items), more or not last)
            if not more:
                return
            way.follow(token, way.new([str(item.get("id")) for item in items]))


class YouTubeStatus:
    """The status source: channels and videos in groups of 50. A channel that is not given is gone; the service does not say why."""

    kind = "youtube-status"
    capture_rule = "live"

    def __init__(
        self, options: dict[str, Any], secret: Secrets, quota_dir: Path, *, limits: WebLimits = LIMITS, clock: Clock = CLOCK
    ) -> None:
        self.options: dict[str, Any] = {}
        self._service = Service(checked(Access, options, self.kind), secret, quota_dir, limits, clock)

    def checks(self, accounts: Sequence[tuple[str, str]], now: datetime) -> Iterator[Page]:
        """Pages of the channels among `accounts` that are named by their id (UC...); the others stay unchecked."""
        names = [name for platform, name in accounts if platform == "youtube" and name.startswith("UC")]
        groups = [names[place : place + PAGE] for place in range(0, len(names), PAGE)]
        queries = [
            Query("status", f"channels {group[0]} and {len(group) - 1} more", partial(self._look, group)) for group in groups
        ]
        yield from ask_all(queries, FORMAT, None, now)

    def post_checks(self, posts: Sequence[PostRef], now: datetime) -> Iterator[Page]:
        """Pages of the videos among `posts`, as `PostChecking`; comments are not asked for again."""
        asked = [post for post in posts if post.platform == "youtube" and len(post.post_id) == VIDEO_ID]
        groups = [asked[place : place + PAGE] for place in range(0, len(asked), PAGE)]
        queries = [
            Query("posts again", f"video {group[0].post_id} and {len(group) - 1} more", partial(self._ask_again, group))
            for group in groups
        ]
        yield from ask_all(queries, FORMAT, None, now)

    def _ask_again(self, group: Sequence[PostRef]) -> Iterator[Answer]:
        """Videos first, then the channels of those that were not given: a channel that stands afterwards stood when the video was
        absent."""
        what = f"video {group[0].post_id} and {len(group) - 1} more"
        asked = {"part": "id", "id": ",".join(post.post_id for post in group)}
        reply = self._service.list("videos", list(asked.items()), what)
        given = {str(item.get("id")) for item in objects(part(reply.value, "items"))}
        channels = {post.post_id: post.account_id for post in group if post.post_id not in given}
        standing: set[str] = set()
        if channels:
            look = look_up(self._service, sorted(set(channels.values())), what)
            standing = {str(item.get("id")) for item in objects(part(look.reply.value, "items"))}
            yield replace(look, more=True)
        absent = sorted(video for video, channel in channels.items() if channel in standing)
        yield Answer({"endpoint": "videosAgain", "params": asked, "absent": absent}, reply, len(given), more=False)

    def _look(self, group: Sequence[str]) -> Iterator[Answer]:
        yield look_up(self._service, group, f"channels {group[0]} and {len(group) - 1} more")


def look_up(service: Service, channels: Sequence[str], what: str) -> Answer:
    """Ask for channels by id; one that is gone is simply not among the items (an answer without any has no `items` at all)."""
    asked = [("part", "snippet,statistics,contentDetails"), ("id", ",".join(channels)), ("maxResults", str(PAGE))]
    reply = service.list("channels", asked, what)
    if part(reply.value, "kind") != "youtube#channelListResponse":
        raise SourceProblem(f"{TITLE} gave no list of channels ({what}).", remedy="See whether `service` is right.")
    return _answer("channels", asked, reply, len(channels), False)


def _answer(endpoint: str, asked: Sequence[tuple[str, str]], reply: Reply, rows: int, more: bool) -> Answer:
    return Answer({"endpoint": endpoint, "params": dict(asked)}, reply, rows, more)


def _reason(reply: Reply) -> str:
    return str(part(next(iter(objects(part(reply.value, "error", "errors"))), None), "reason") or "")


def _token(token: str) -> list[tuple[str, str]]:
    return [("pageToken", token)] if token else []


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _example(words: Sequence[str]) -> str:
    return f"""key: youtube                       # an API key; its value stands in RESURGE_SECRET_YOUTUBE
keywords: {written_list(words)}  # each page of a search is one of the day's 100 searches
channels: []                       # ids such as UC...; reading their uploads costs little
comments: true
"""


ADAPTER = Adapter(
    declaration=DECLARATION,
    options=YouTubeOptions,
    source=lambda options, ours: YouTubeSource(
        options, ours.secret, ours.state_dir / "quota", limits=ours.limits, clock=ours.clock
    ),
    status=lambda options, ours: YouTubeStatus(
        options, ours.secret, ours.state_dir / "quota", limits=ours.limits, clock=ours.clock
    ),
    status_options=Access,
    importer=IMPORTER,
    example=_example,
)
