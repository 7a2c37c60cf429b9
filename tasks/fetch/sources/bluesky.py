"""Bluesky over the AT Protocol: what was posted (source `bluesky`) and whether accounts still stand (status source `bluesky-status`).

Options of the source, those from `appview` on also of the status source:

    accounts: [did:plc:..., name.example]   # their feeds, reposts and replies included; a DID outlives a change of handle
    hashtags: [harbour]                     # searched for
    keywords: ["north pier"]                # searched for, as one would write them in the app's search
    overlap_h: 6                            # how far a fetch reaches back before the last one ended: late posts, new counts
    appview: https://public.api.bsky.app    # asked without login
    handle: desk.example                    # with both of these it is asked after login, through `service`
    app_password: bluesky                   # name of the credential, never the password
    service: https://bsky.social

Endpoints as published in the lexicons app.bsky.feed.searchPosts, app.bsky.feed.getAuthorFeed, app.bsky.actor.getProfiles,
app.bsky.actor.getProfile and com.atproto.server.createSession. What is landed is read by `tasks.fetch.sources.bluesky_pages`.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import Field

from tasks.domain.errors import UsageProblem
from tasks.domain.ports import Page
from tasks.domain.sources import Credential, Declaration, Secrets
from tasks.fetch.adapters import Adapter
from tasks.fetch.sources.bluesky_access import TITLE, Access, Bluesky, listed
from tasks.fetch.sources.bluesky_pages import FORMAT, IMPORTER, sorted_at
from tasks.fetch.sources.bluesky_status import BlueskyStatus
from tasks.fetch.web.limits import CLOCK, LIMITS, Clock, WebLimits
from tasks.fetch.web.options import checked, written_list
from tasks.fetch.web.queries import Answer, Cursors, Query, ask_all
from tasks.fetch.web.readings import part

PAGE = 100  # posts, the most that both lexicons allow
FIRST = datetime(2022, 11, 1, tzinfo=UTC)  # before the first public posts

DECLARATION = Declaration(
    kind="bluesky",
    title=TITLE,
    observes=frozenset({"posts", "accounts", "status", "likes", "shares", "replies", "creation date", "media"}),
    cannot={
        "views": "the service counts none",
        "edits": "a post cannot be edited in the app; a record that was replaced is given as it is now",
        "deletions": "a post that is gone is given no more; the status source asks for the newest again, and nothing says when one went",
    },
    time_precision_s=1,
    lateness_h=6,
    credentials=(Credential("app_password", "an app password of any account (Settings, Privacy and security)", required=False),),
    limits="3,000 requests in 5 minutes an address; searches give what the index holds, without a promise to give everything",
    cost="none",
    terms="https://bsky.social/about/support/tos",
)


class BlueskyOptions(Access):
    accounts: list[str] = Field(default_factory=list)
    hashtags: list[str] = Field(default_factory=list)
    keywords: list[str] = Field(default_factory=list)
    overlap_h: float = Field(default=DECLARATION.lateness_h, ge=0, le=168)
    most_pages: int = Field(default=2_000, ge=1)  # of one query


class BlueskySource:
    """The source of posts. Raises UsageProblem for an option that is wrong, or where nothing is asked for."""

    kind = "bluesky"
    capture_rule = "live"

    def __init__(self, options: dict[str, Any], secret: Secrets, *, limits: WebLimits = LIMITS, clock: Clock = CLOCK) -> None:
        self._options = checked(BlueskyOptions, options, self.kind)
        if not (self._options.accounts or self._options.hashtags or self._options.keywords):
            raise UsageProblem("The source bluesky asks for nothing.", remedy="Name accounts, hashtags or keywords.")
        self._service = Bluesky(self._options, secret, limits, clock)

    def pages(self, since: datetime, until: datetime) -> Iterator[Page]:
        """Feeds of accounts, then searches for [since, until), each newest first; `since` is moved back by `overlap_h`."""
        start = max(FIRST, since - timedelta(hours=self._options.overlap_h))
        feeds = [(f"feed {actor}", actor) for actor in dict.fromkeys(self._options.accounts)]
        words = [(f"hashtag {tag}", f"#{tag.lstrip('#＃')}") for tag in dict.fromkeys(self._options.hashtags)]
        words += [(f"keyword {word}", word) for word in dict.fromkeys(self._options.keywords)]
        queries = [Query(name, name, partial(self._feed, name, actor, start)) for name, actor in feeds]
        queries += [Query(name, name, partial(self._search, name, q, start, until)) for name, q in words]
        yield from ask_all(queries, FORMAT, start, until)

    def _feed(self, name: str, actor: str, start: datetime) -> Iterator[Answer]:
        """A feed knows no span: read back from now until before `start`. It says of every account that is gone that it was not found:
        the profile says why."""
        way, cursor = Cursors(TITLE, name, self._options.most_pages), ""
        while True:
            asked = [("actor", actor), ("filter", "posts_with_replies"), ("limit", str(PAGE)), *_cursor(cursor)]
            reply = self._service.get("app.bsky.feed.getAuthorFeed", asked, name, gone=True)
            if reply.status != 200:
                yield Answer({"endpoint": "getAuthorFeed", "params": dict(asked)}, reply, 0, True)
                reply = self._service.get("app.bsky.actor.getProfile", [("actor", actor)], name, gone=True)
                yield Answer({"endpoint": "getProfile", "params": {"actor": actor}}, reply, 1, False)
                return
            items = listed(reply, "feed", name)
            cursor = str(part(reply.value, "cursor") or "")
            times = [at for at in map(sorted_at, items) if at]
            more = bool(cursor) and not (times and min(times) < start)
            yield Answer({"endpoint": "getAuthorFeed", "params": dict(asked)}, reply, len(items), more)
            if not more:
                return
            way.follow(cursor, way.new([_id(item) for item in items]))

    def _search(self, name: str, q: str, start: datetime, until: datetime) -> Iterator[Answer]:
        """A search may end before it has given everything, so one that took several pages is asked again for what lies before the
        oldest post it gave, until that brings nothing new. A server that keeps to no span is read back to `start` and asked once."""
        way, cursor, end = Cursors(TITLE, name, self._options.most_pages), "", until
        oldest, full, fresh = until, 0, 0  # of all pages; pages with a post; new posts since `end` was last moved
        while True:
            asked = [("q", q), ("sort", "latest"), ("since", _written(start)), ("until", _written(end)), ("limit", str(PAGE))]
            asked += _cursor(cursor)
            reply = self._service.get("app.bsky.feed.searchPosts", asked, name)
            posts = listed(reply, "posts", name)
            new = way.new([_id(post) for post in posts])
            full, fresh = full + bool(posts), fresh + new
            times = [at for at in map(sorted_at, posts) if at]
            oldest = min([oldest, *times])
            past = bool(times) and (max(times) < start or (end < until and min(times) >= end))  # outside of what was asked for
            cursor = "" if past else str(part(reply.value, "cursor") or "")
            before = oldest + timedelta(seconds=1)
            again = not (cursor or past) and full > 1 and fresh > 0 and start < before < end
            yield Answer({"endpoint": "searchPosts", "params": dict(asked)}, reply, len(posts), bool(cursor) or again)
            if not (cursor or again):
                return
            if again:
                end, fresh = before, 0
            way.follow(f"{end} {cursor}", new)


def _id(item: dict[str, Any]) -> str:
    return f"{part(item, 'reason', 'by', 'did') or ''} {part(item, 'post', 'uri') or item.get('uri') or ''}"


def _cursor(cursor: str) -> list[tuple[str, str]]:
    return [("cursor", cursor)] if cursor else []


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _example(words: Sequence[str]) -> str:
    return f"""keywords: {written_list(words)}
hashtags: []
accounts: []                       # handles or DIDs whose feeds are read, such as tern.example or did:plc:...
# handle: desk.example             # with an app password, for searches that ask for a login:
# app_password: bluesky            # its value stands in RESURGE_SECRET_BLUESKY
"""


ADAPTER = Adapter(
    declaration=DECLARATION,
    options=BlueskyOptions,
    source=lambda options, ours: BlueskySource(options, ours.secret, limits=ours.limits, clock=ours.clock),
    status=lambda options, ours: BlueskyStatus(options, ours.secret, limits=ours.limits, clock=ours.clock),
    status_options=Access,
    importer=IMPORTER,
    example=_example,
)
