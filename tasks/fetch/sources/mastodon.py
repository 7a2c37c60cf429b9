"""Mastodon: what one server shows of hashtags and accounts (source `mastodon`), and whether accounts still stand as it sees them (status
source `mastodon-status`).

Options of the source; those from `instance` on also of the status source:

    hashtags: [harbour]
    accounts: [tern@birds.example]     # read with boosts and replies, as far as this server knows them
    overlap_h: 24                      # posts of other servers arrive late
    instance: https://mastodon.example # the server that is asked
    domain: ""                         # of its own accounts, where it is not the server's host
    token: mastodon                    # name of a credential; many servers show hashtags only after login

Endpoints as published at docs.joinmastodon.org: GET /api/v1/timelines/tag/:hashtag, GET /api/v1/accounts/lookup,
GET /api/v1/accounts/:id/statuses, GET /api/v1/statuses/:id; pages by the Link header (max_id). What is landed is
read by `tasks.fetch.sources.mastodon_pages`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import Field

from tasks.domain.errors import SourceProblem, UsageProblem
from tasks.domain.ports import Page, PostRef
from tasks.domain.sources import Credential, Declaration, Secrets
from tasks.fetch.adapters import Adapter
from tasks.fetch.sources.mastodon_pages import FORMAT, IMPORTER
from tasks.fetch.web.client import Reply, WebClient, checked_base
from tasks.fetch.web.limits import CLOCK, LIMITS, Clock, WebLimits
from tasks.fetch.web.options import SourceOptions, checked, written_list
from tasks.fetch.web.queries import Answer, Cursors, Query, ask_all
from tasks.fetch.web.readings import instant_of, objects, part

TITLE = "Mastodon"
PAGE = 40  # statuses, the most that both endpoints allow
INTERVAL_S = 1.0  # 300 requests in 300 s are allowed
_GONE = frozenset({404, 410})
_OWN = re.compile(r"/(?:ap/)?users/[^/]+/statuses/([0-9]{1,20})")
_LINK = re.compile(r'<([^<>]{1,2000})>\s*;\s*rel="?next"?', re.IGNORECASE)

DECLARATION = Declaration(
    kind="mastodon",
    title=TITLE,
    observes=frozenset({"posts", "accounts", "status", "likes", "shares", "replies", "creation date", "edits"}),
    cannot={
        "views": "servers count none",
        "deletions": "a post that is gone is given no more; the status source asks for the newest again, and nothing says when one went",
        "media": "addresses of files only, no identifier of their content",
    },
    time_precision_s=1,
    lateness_h=24,
    credentials=(Credential("token", "an access token of an account on the server (Preferences, Development)", required=False),),
    limits="300 requests in 5 minutes; one server knows only what its members follow or were sent",
    cost="none",
    terms="each server has its own: see its /about",
)


class Access(SourceOptions):
    """Which server to ask, and as whom: the options of the status source."""

    instance: str
    domain: str = ""
    token: str = ""


class MastodonOptions(Access):
    hashtags: list[str] = Field(default_factory=list)
    accounts: list[str] = Field(default_factory=list)
    overlap_h: float = Field(default=DECLARATION.lateness_h, ge=0, le=168)
    most_pages: int = Field(default=2_000, ge=1)  # of one query


class Server:
    """One server. `domain` is that of its own accounts."""

    def __init__(self, access: Access, secret: Secrets, limits: WebLimits, clock: Clock) -> None:
        base = checked_base(access.instance, "instance")
        self.domain = (access.domain or urlsplit(base).netloc).lower()
        self._base = base
        self._client = WebClient(TITLE, base, limits=replace(limits, interval_s=INTERVAL_S), clock=clock)
        if access.token:
            self._client.authorize("authorization", secret(access.token), scheme="Bearer")

    def get(self, path: str, params: Sequence[tuple[str, str]], what: str, *, gone: bool = False) -> Reply:
        return self._client.get(path, params, accept=_GONE if gone else frozenset(), what=what)

    def asked(self, endpoint: str, path: str, params: Sequence[tuple[str, str]]) -> dict[str, Any]:
        return {"endpoint": endpoint, "path": path, "params": dict(params), "domain": self.domain}

    def number_of(self, uri: str) -> str:
        """The server's number of a status of its own, from the address that names it everywhere; empty for others."""
        found = _OWN.fullmatch(urlsplit(uri).path)
        return found[1] if found and urlsplit(uri).netloc.lower() in (self.domain, urlsplit(self._base).netloc.lower()) else ""

    def next_id(self, reply: Reply, what: str) -> str:
        """`max_id` of the page that the Link header names as the next; empty at the end. Raises SourceProblem for one on another host."""
        found = _LINK.search(reply.headers.get("link", ""))
        if not found:
            return ""
        here, there = urlsplit(self._base), urlsplit(found[1])
        if there.netloc and (there.scheme, there.netloc) != (here.scheme, here.netloc):
            raise SourceProblem(
                f"{TITLE} names a next page on another host, which was refused ({what}).",
                remedy="Correct `instance` in the campaign file.",
            )
        return next(iter(parse_qs(there.query).get("max_id", [])), "")


class MastodonSource:
    """The source of posts. Raises UsageProblem for an option that is wrong, or where nothing is asked for."""

    kind = "mastodon"
    capture_rule = "live"

    def __init__(self, options: dict[str, Any], secret: Secrets, *, limits: WebLimits = LIMITS, clock: Clock = CLOCK) -> None:
        self._options = checked(MastodonOptions, options, self.kind)
        if not (self._options.accounts or self._options.hashtags):
            raise UsageProblem("The source mastodon asks for nothing.", remedy="Name accounts or hashtags.")
        self._server = Server(self._options, secret, limits, clock)

    def pages(self, since: datetime, until: datetime) -> Iterator[Page]:
        """Statuses of accounts, then hashtags, each from now back to `since` less `overlap_h`: the endpoints know no end."""
        start = since - timedelta(hours=self._options.overlap_h)
        queries = [
            Query(f"account {name}", f"account {name}", partial(self._account, name.lstrip("@"), start))
            for name in dict.fromkeys(self._options.accounts)
        ]
        queries += [
            Query(f"hashtag {tag}", f"hashtag {tag}", partial(self._tag, tag.lstrip("#＃"), start))
            for tag in dict.fromkeys(self._options.hashtags)
        ]
        yield from ask_all(queries, FORMAT, start, until)

    def _tag(self, tag: str, start: datetime) -> Iterator[Answer]:
        yield from self._statuses("tag", f"/api/v1/timelines/tag/{quote(tag, safe='')}", f"hashtag {tag}", start)

    def _account(self, name: str, start: datetime) -> Iterator[Answer]:
        what = f"account {name}"
        answer = look_up(self._server, name, what)
        number = part(answer.reply.value, "id")
        known = answer.reply.status == 200 and isinstance(number, str) and number.isalnum()
        yield replace(answer, more=known)
        if known:
            yield from self._statuses("statuses", f"/api/v1/accounts/{number}/statuses", what, start)

    def _statuses(self, endpoint: str, path: str, what: str, start: datetime) -> Iterator[Answer]:
        way, before = Cursors(TITLE, what, self._options.most_pages), ""
        while True:
            params = [("limit", str(PAGE)), *([("max_id", before)] if before else [])]
            reply = self._server.get(path, params, what)
            if not isinstance(reply.value, list):
                raise SourceProblem(
                    f"{TITLE} answered without a list ({what}).", remedy="See whether `instance` is a Mastodon server."
                )
            found = objects(reply.value)
            times = [at for at in (instant_of(status.get("created_at")) for status in found) if at]
            before = self._server.next_id(reply, what) if found else ""
            more = bool(before) and not (times and min(times) < start)
            yield Answer(self._server.asked(endpoint, path, params), reply, len(found), more)
            if not more:
                return
            way.follow(before, way.new([str(status.get("uri")) for status in found]))


class MastodonStatus:
    """The status source: accounts named user@domain, each looked up as the server sees it."""

    kind = "mastodon-status"
    capture_rule = "live"

    def __init__(self, options: dict[str, Any], secret: Secrets, *, limits: WebLimits = LIMITS, clock: Clock = CLOCK) -> None:
        self.options: dict[str, Any] = {}
        self._server = Server(checked(Access, options, self.kind), secret, limits, clock)

    def checks(self, accounts: Sequence[tuple[str, str]], now: datetime) -> Iterator[Page]:
        """A page an account. An account of another server that this one does not know stays unchecked."""
        names = [name for platform, name in accounts if platform == "mastodon" and "@" in name]
        yield from ask_all([Query("status", f"account {name}", partial(self._look, name)) for name in names], FORMAT, None, now)

    def post_checks(self, posts: Sequence[PostRef], now: datetime) -> Iterator[Page]:
        """A page a post of this server's own accounts among `posts`, as `PostChecking`: what became of the copy of another server's post
        says little of the post."""
        found = [
            (post, number) for post in posts if post.platform == "mastodon" and (number := self._server.number_of(post.post_id))
        ]
        queries = [Query("posts again", f"status {number}", partial(self._ask_again, post, number)) for post, number in found]
        yield from ask_all(queries, FORMAT, None, now)

    def _ask_again(self, post: PostRef, number: str) -> Iterator[Answer]:
        """The status, and where there is none its author: who stands afterwards stood when the status was absent. An author is asked for
        after every absent status, for one that was suspended meanwhile takes all the others along."""
        path, what = f"/api/v1/statuses/{number}", f"status {number}"
        reply = self._server.get(path, [], what, gone=True)
        standing = True
        if reply.status != 200:
            look = look_up(self._server, post.account_id, what)
            found = look.reply.value
            standing = look.reply.status == 200 and bool(part(found, "acct")) and part(found, "suspended") is not True
            yield replace(look, more=True)
        elif part(reply.value, "uri") != post.post_id:
            raise SourceProblem(
                f"{TITLE} gave {part(reply.value, 'uri')!r} where {post.post_id!r} was asked for.",
                remedy="See whether `instance` and `domain` name the server of these posts.",
            )
        asked = self._server.asked("status", path, []) | {"uri": post.post_id, "standing": standing}
        yield Answer(asked, reply, 1, more=False)

    def _look(self, name: str) -> Iterator[Answer]:
        yield look_up(self._server, name, f"account {name}")


def look_up(server: Server, name: str, what: str) -> Answer:
    """Ask for an account by name; that it is gone is an answer too."""
    user, _, domain = name.rpartition("@")
    local = not user or domain.lower() == server.domain
    params = [("acct", (user or domain) if local else name)]
    reply = server.get("/api/v1/accounts/lookup", params, what, gone=True)
    return Answer(server.asked("lookup", "/api/v1/accounts/lookup", params), reply, 1, more=False)


def _example(words: Sequence[str]) -> str:
    tags = [word.replace(" ", "").lstrip("#＃") for word in words]
    return f"""instance: https://mastodon.social  # the server that is asked; it knows what its members follow or were sent
hashtags: {written_list(tags)}
accounts: []                       # such as tern@birds.example
# token: mastodon                  # for servers that ask for a login; its value stands in RESURGE_SECRET_MASTODON
"""


ADAPTER = Adapter(
    declaration=DECLARATION,
    options=MastodonOptions,
    source=lambda options, ours: MastodonSource(options, ours.secret, limits=ours.limits, clock=ours.clock),
    status=lambda options, ours: MastodonStatus(options, ours.secret, limits=ours.limits, clock=ours.clock),
    status_options=Access,
    importer=IMPORTER,
    example=_example,
)
