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
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import Field

from tasks.domain.errors import SourceProblem, UsageProblem
from tasks.domain.ports import Page
from tasks.domain.sources import Credential, Declaration, Secrets
from tasks.fetch.adapters import Adapter
from tasks.fetch.sources.bluesky_pages import FORMAT, BlueskyImporter, sorted_at, status_told
from tasks.fetch.web.client import Reply, ServiceStopped, WebClient, checked_base
from tasks.fetch.web.limits import CLOCK, LIMITS, Clock, WebLimits
from tasks.fetch.web.options import SourceOptions, checked, written_list
from tasks.fetch.web.queries import Answer, Cursors, Query, ask_all
from tasks.fetch.web.readings import objects, part

TITLE = "Bluesky"
PAGE = 100  # posts, the most that both lexicons allow
PROFILES = 25  # accounts a request, the most that getProfiles allows
INTERVAL_S = 0.12  # 3,000 requests in 300 s are allowed: a little slower than that
FIRST = datetime(2022, 11, 1, tzinfo=UTC)  # before the first public posts

DECLARATION = Declaration(
    kind="bluesky",
    title=TITLE,
    observes=frozenset({"posts", "accounts", "status", "likes", "shares", "replies", "creation date", "media"}),
    cannot={
        "views": "the service counts none",
        "edits": "a post cannot be edited in the app; a record that was replaced is given as it is now",
        "deletions": "a post that is gone is given no more, and nothing says when it went",
    },
    time_precision_s=1,
    lateness_h=6,
    credentials=(Credential("app_password", "an app password of any account (Settings, Privacy and security)", required=False),),
    limits="3,000 requests in 5 minutes an address; searches give what the index holds, without a promise to give everything",
    cost="none",
    terms="https://bsky.social/about/support/tos",
)


class Access(SourceOptions):
    """Where to ask, and as whom: the options of the status source."""

    appview: str = "https://public.api.bsky.app"
    service: str = "https://bsky.social"
    handle: str = ""
    app_password: str = ""


class BlueskyOptions(Access):
    accounts: list[str] = Field(default_factory=list)
    hashtags: list[str] = Field(default_factory=list)
    keywords: list[str] = Field(default_factory=list)
    overlap_h: float = Field(default=DECLARATION.lateness_h, ge=0, le=168)
    most_pages: int = Field(default=2_000, ge=1)  # of one query


class Bluesky:
    """Asks the service; logs in first where a credential is named, and again when the session has run out (two hours)."""

    def __init__(self, access: Access, secret: Secrets, limits: WebLimits, clock: Clock) -> None:
        if bool(access.handle) != bool(access.app_password):
            raise UsageProblem(
                "Of handle and app_password of the source bluesky one is missing.",
                remedy="Give both, or neither to ask without login.",
            )
        self._access = access
        self._secret = secret(access.app_password) if access.app_password else ""
        base = checked_base(access.service, "service") if self._secret else checked_base(access.appview, "appview")
        self._client = WebClient(TITLE, base, limits=replace(limits, interval_s=INTERVAL_S), clock=clock)
        self._client.conceal(self._secret)
        self._inside = False

    def get(self, name: str, params: Sequence[tuple[str, str]], what: str, *, gone: bool = False) -> Reply:
        """Ask one query of the lexicon. With `gone` an answer that tells an account is no more is returned, not raised."""
        reply = self._asked(name, params, what)
        if reply.status == 400 and _error(reply) in ("ExpiredToken", "InvalidToken") and self._secret:
            self._inside = False
            reply = self._asked(name, params, what)
        if reply.status == 400 and not (gone and status_told(reply.value)):
            raise SourceProblem(
                f"{TITLE} refused {what}: {_error(reply)[:60]} {str(part(reply.value, 'message') or '')[:160]}".rstrip() + ".",
                remedy="Correct what is asked for in the campaign file.",
            )
        return reply

    def _asked(self, name: str, params: Sequence[tuple[str, str]], what: str) -> Reply:
        if self._secret and not self._inside:
            self._log_in()
        return self._client.get(f"/xrpc/{name}", params, accept=frozenset({400}), what=what)

    def _log_in(self) -> None:
        reply = self._client.post(
            "/xrpc/com.atproto.server.createSession",
            {"identifier": self._access.handle, "password": self._secret},
            accept=frozenset({400, 401}),
            what=f"login as {self._access.handle}",
        )
        token = part(reply.value, "accessJwt")
        if reply.status != 200 or not isinstance(token, str) or not token:
            raise ServiceStopped(
                f"{TITLE} refused the login as {self._access.handle}: {_error(reply)[:60] or f'status {reply.status}'}.",
                remedy=f"Make a new app password and set it as the credential {self._access.app_password}.",
            )
        self._client.conceal(str(part(reply.value, "refreshJwt") or ""))
        self._client.authorize("authorization", token, scheme="Bearer")
        self._inside = True


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
        """A feed knows no span: read back from now until before `start`."""
        way, cursor = Cursors(TITLE, name, self._options.most_pages), ""
        while True:
            asked = [("actor", actor), ("filter", "posts_with_replies"), ("limit", str(PAGE)), *_cursor(cursor)]
            reply = self._service.get("app.bsky.feed.getAuthorFeed", asked, name, gone=True)
            items = _listed(reply, "feed", name) if reply.status == 200 else []
            cursor = str(part(reply.value, "cursor") or "")
            times = [at for at in map(sorted_at, items) if at]
            more = bool(cursor) and not (times and min(times) < start)
            yield Answer({"endpoint": "getAuthorFeed", "params": dict(asked)}, reply, len(items), more)
            if not more:
                return
            way.follow(cursor, way.new([_id(item) for item in items]))

    def _search(self, name: str, q: str, start: datetime, until: datetime) -> Iterator[Answer]:
        """A search may end before it has given everything, so one that took several pages is asked again for what lies before the
        oldest post it gave, until that brings nothing new."""
        way, cursor, end, several = Cursors(TITLE, name, self._options.most_pages), "", until, False
        oldest = until
        while True:
            asked = [("q", q), ("sort", "latest"), ("since", _written(start)), ("until", _written(end)), ("limit", str(PAGE))]
            asked += _cursor(cursor)
            reply = self._service.get("app.bsky.feed.searchPosts", asked, name)
            posts = _listed(reply, "posts", name)
            new = way.new([_id(post) for post in posts])
            oldest = min([oldest, *(at for at in map(sorted_at, posts) if at)])
            cursor = str(part(reply.value, "cursor") or "")
            before = oldest + timedelta(seconds=1)
            again = not cursor and several and new > 0 and start < before < end
            yield Answer({"endpoint": "searchPosts", "params": dict(asked)}, reply, len(posts), bool(cursor) or again)
            if not (cursor or again):
                return
            several = True
            end = before if again else end
            way.follow(f"{end} {cursor}", new)


class BlueskyStatus:
    """The status source: profiles in groups of 25; who is missing is asked for alone, and the error says why."""

    kind = "bluesky-status"
    capture_rule = "live"

    def __init__(self, options: dict[str, Any], secret: Secrets, *, limits: WebLimits = LIMITS, clock: Clock = CLOCK) -> None:
        self.options: dict[str, Any] = {}
        self._service = Bluesky(checked(Access, options, self.kind), secret, limits, clock)

    def checks(self, accounts: Sequence[tuple[str, str]], now: datetime) -> Iterator[Page]:
        """Pages of the accounts of Bluesky among `accounts` that are named by their DID; the others stay unchecked."""
        dids = [name for platform, name in accounts if platform == "bluesky" and name.startswith("did:")]
        groups = [dids[place : place + PROFILES] for place in range(0, len(dids), PROFILES)]
        queries = [
            Query("status", f"profiles of {group[0]} and {len(group) - 1} more", partial(self._look, group)) for group in groups
        ]
        yield from ask_all(queries, FORMAT, None, now)

    def _look(self, group: Sequence[str]) -> Iterator[Answer]:
        what = f"profiles of {group[0]} and {len(group) - 1} more"
        reply = self._service.get("app.bsky.actor.getProfiles", [("actors", did) for did in group], what)
        found = _listed(reply, "profiles", what)
        missing = sorted(set(group) - {str(profile.get("did")) for profile in found})
        yield Answer({"endpoint": "getProfiles", "params": {"actors": list(group)}}, reply, len(found), bool(missing))
        for did in missing:
            reply = self._service.get("app.bsky.actor.getProfile", [("actor", did)], f"profile {did}", gone=True)
            yield Answer({"endpoint": "getProfile", "params": {"actor": did}}, reply, 1, did != missing[-1])


def _listed(reply: Reply, name: str, what: str) -> list[dict[str, Any]]:
    found = part(reply.value, name)
    if not isinstance(found, list):
        raise SourceProblem(f"{TITLE} answered without `{name}` ({what}).", remedy="See whether `appview` or `service` is right.")
    return objects(found)


def _id(item: dict[str, Any]) -> str:
    return f"{part(item, 'reason', 'by', 'did') or ''} {part(item, 'post', 'uri') or item.get('uri') or ''}"


def _error(reply: Reply) -> str:
    return str(part(reply.value, "error") or "")


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
    importer=BlueskyImporter,
    example=_example,
)
