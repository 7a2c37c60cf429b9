"""X API v2: posts found by search and those of accounts (source `x`), and whether accounts still stand (status source `x-status`).

Options of the source; `token`, `service`, `price_per_post`, `price_per_user` and `max_cost` (of posts asked for again) also of the status
source:

    queries: ["#harbour lang:en"]  # in the search language of X
    accounts: ["2244994945"]       # timelines, by number or by handle
    archive: false                 # true: everything since 2006; false: the last seven days, and of a timeline 3,200 posts
    token: x                       # name of the credential, the app's bearer token
    price_per_post: 0.005          # as the provider charges you: prices change
    price_per_user: 0.01           # of each user that comes with posts
    price_per_count: 0.005         # of one request for counts
    max_posts: 20000               # of one fetch
    max_cost: 50                   # of one fetch, in the currency of the prices
    overlap_h: 1
    service: https://api.x.com

Before anything is fetched the posts are counted (`/2/tweets/counts`); where they pass `max_posts` or `max_cost` nothing is. The count is
an estimate and knows nothing of the users and posts that come along, so a fetch is stopped at the same bounds too, by all that came.

Endpoints as published at docs.x.com: GET /2/tweets/search/recent and /all, /2/tweets/counts/recent and /all, /2/tweets, /2/users,
/2/users/by, /2/users/:id/tweets; pages by `next_token` (of timelines `pagination_token`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import Field

from tasks.domain.batches import QueryEffort
from tasks.domain.errors import SourceProblem, UsageProblem
from tasks.domain.ports import Page, PostRef
from tasks.domain.sources import Credential, Declaration, Secrets
from tasks.fetch.adapters import Adapter
from tasks.fetch.sources.x_cost import Bill, Prices
from tasks.fetch.sources.x_pages import FORMAT, IMPORTER, not_found
from tasks.fetch.web.client import Reply, ServiceStopped, WebClient, checked_base
from tasks.fetch.web.limits import CLOCK, LIMITS, Clock, WebLimits
from tasks.fetch.web.options import SourceOptions, checked, written_list
from tasks.fetch.web.queries import Answer, Cursors, Query, ask_all, packed
from tasks.fetch.web.readings import objects, part

TITLE = "X"
PAGE = 100  # posts of a search or timeline, users of a lookup: the most that all of them allow
TIMELINE = 3_200  # the most recent posts of an account that its timeline reaches
INTERVAL_S = 1.0  # full-archive search allows one request a second
RECENT, SETTLED = timedelta(days=7) - timedelta(minutes=1), timedelta(seconds=15)  # end_time must lie 10 s back
BEGAN = datetime(2006, 3, 21, tzinfo=UTC)  # the first post

DECLARATION = Declaration(
    kind="x",
    title=TITLE,
    observes=frozenset({"posts", "accounts", "status", "likes", "shares", "replies", "views", "creation date", "edits"}),
    cannot={
        "deletions": "a post that is gone is given no more; the status source asks for the newest again, and nothing says when one went",
        "media": "no identifier of a file's content",
    },
    time_precision_s=1,
    lateness_h=1,
    credentials=(Credential("token", "the bearer token of an app (developer portal of X, Keys and tokens)"),),
    limits="recent search: 7 days; timelines: 3,200 posts; requests in 15 minutes and posts a month by the plan that was bought",
    cost="charged by X, a post or a month: see its developer portal, and set price_per_post",
    terms="https://docs.x.com/developer-terms/agreement",
)
_POST_FIELDS = (
    "id,text,author_id,created_at,lang,entities,public_metrics,referenced_tweets,in_reply_to_user_id,edit_history_tweet_ids,"
    "attachments,note_tweet,conversation_id"
)
_USER_FIELDS = "id,name,username,created_at,description,public_metrics,protected"
_FIELDS = [
    ("tweet.fields", _POST_FIELDS),
    ("expansions", "author_id,referenced_tweets.id,referenced_tweets.id.author_id"),
    ("user.fields", _USER_FIELDS),
]


class Access(SourceOptions):
    """With which token: the options of the status source."""

    token: str
    service: str = "https://api.x.com"


class StatusOptions(Access):
    """Options of the status source. `max_cost` bounds what asking for posts again may come to in one collection."""

    price_per_post: float | None = Field(default=None, ge=0)
    price_per_user: float | None = Field(default=None, ge=0)
    max_cost: float | None = Field(default=None, ge=0)

    def paid_for(self, posts: int) -> int:
        """How many of so many posts `max_cost` pays for: each comes itself, or its author is looked up."""
        price = max(self.price_per_post or 0, self.price_per_user or 0)
        return posts if self.max_cost is None or not price else min(posts, int(self.max_cost / price + 1e-9))


class XOptions(Access):
    queries: list[str] = Field(default_factory=list)
    accounts: list[str] = Field(default_factory=list)
    archive: bool = False
    price_per_post: float | None = Field(default=None, ge=0)
    price_per_user: float | None = Field(default=None, ge=0)
    price_per_count: float | None = Field(default=None, ge=0)
    max_posts: int | None = Field(default=None, ge=1)
    max_cost: float | None = Field(default=None, ge=0)
    overlap_h: float = Field(default=DECLARATION.lateness_h, ge=0, le=168)
    most_pages: int = Field(default=2_000, ge=1)  # of one query

    @property
    def prices(self) -> Prices:
        return Prices(self.price_per_post, self.price_per_user, self.price_per_count)


def _client(access: Access, secret: Secrets, limits: WebLimits, clock: Clock) -> WebClient:
    client = WebClient(TITLE, checked_base(access.service, "service"), limits=replace(limits, interval_s=INTERVAL_S), clock=clock)
    client.authorize("authorization", secret(access.token), scheme="Bearer")
    return client


class XSource:
    """The source of posts. Raises UsageProblem for an option that is wrong, or where nothing is asked for."""

    kind = "x"
    capture_rule = "live"

    def __init__(self, options: dict[str, Any], secret: Secrets, *, limits: WebLimits = LIMITS, clock: Clock = CLOCK) -> None:
        self._options = checked(XOptions, options, self.kind)
        if not (self._options.queries or self._options.accounts):
            raise UsageProblem("The source x asks for nothing.", remedy="Name queries or accounts.")
        if self._options.max_cost is not None and self._options.price_per_post is None:
            raise UsageProblem(
                "The source x has max_cost, but no price_per_post.",
                remedy="Give the price that X charges you for a post, or max_posts.",
            )
        self._client, self._clock = _client(self._options, secret, limits, clock), clock
        self._bill = Bill(self._options.prices)

    def pages(self, since: datetime, until: datetime) -> Iterator[Page]:
        """Counts first, then searches and timelines, newest first. Nothing where the span lies before what the service reaches.

        Raises UsageProblem with the estimate in words, before any post was asked for, where it passes what the options allow."""
        options, now = self._options, self._clock.now()
        start = max(since - timedelta(hours=options.overlap_h), BEGAN if options.archive else now - RECENT)
        end, self._bill = min(until, now - SETTLED), Bill(options.prices)
        if start >= end:
            return
        span = [("start_time", _written(start)), ("end_time", _written(end))]
        yield from self._estimated(span, start, end)
        kind = "all" if options.archive else "recent"
        queries = [
            Query(f"search {text}", f"search {text}", partial(self._search, kind, text, span))
            for text in dict.fromkeys(options.queries)
        ]
        queries += [
            Query(f"account {name}", f"account {name}", partial(self._account, name.lstrip("@"), span))
            for name in dict.fromkeys(options.accounts)
        ]
        yield from ask_all(queries, FORMAT, start, end)

    def _estimated(self, span: list[tuple[str, str]], start: datetime, end: datetime) -> Iterator[Page]:
        """The pages of the counts, with what they come to in words."""
        counts: list[tuple[str, Answer]] = []
        posts = 0
        for text in dict.fromkeys(self._options.queries):
            found = [(f"search {text}", answer) for answer in self._counts(text, f"count of {text}", span)]
            posts += sum(_counted(answer.reply) for _, answer in found)
            counts += found
        for name in dict.fromkeys(name.lstrip("@") for name in self._options.accounts):
            found = [(f"account {name}", answer) for answer in self._counts(f"from:{name}", f"count of {name}", span)]
            posts += min(TIMELINE, sum(_counted(answer.reply) for _, answer in found))
            counts += found
        words = self._bill.plan_in_words(posts)
        self._within_bounds(posts, words)
        for query_id, answer in counts:
            effort = QueryEffort(
                query_id=query_id, query=f"estimate: {words}", since=start, until=end, pages=1, rows=0, finished=False
            )
            yield Page(packed(answer.asked, answer.reply), FORMAT, answer.reply.at, effort)

    def _within_bounds(self, posts: int, words: str) -> None:
        options = self._options
        passed = []
        if options.max_posts is not None and posts > options.max_posts:
            passed.append(f"max_posts is {options.max_posts:,}")
        if options.max_cost is not None and self._bill.planned(posts) > options.max_cost:
            passed.append(f"max_cost is {options.max_cost:,.2f}")
        if passed:
            raise UsageProblem(
                f"The source x would fetch {words}; {' and '.join(passed)}. Nothing was fetched.",
                remedy="Narrow the queries, ask for a shorter span (--since, --until), or raise the bound in the campaign file.",
            )

    def _counts(self, text: str, what: str, span: list[tuple[str, str]]) -> Iterator[Answer]:
        kind = "all" if self._options.archive else "recent"
        params = [("query", text), *span, ("granularity", "day")]
        yield from self._listed("counts", f"/2/tweets/counts/{kind}", params, "next_token", what)

    def _search(self, kind: str, text: str, span: list[tuple[str, str]]) -> Iterator[Answer]:
        params = [("query", text), *span, ("max_results", str(PAGE)), *_FIELDS]
        yield from self._listed("posts", f"/2/tweets/search/{kind}", params, "next_token", f"search {text}")

    def _account(self, name: str, span: list[tuple[str, str]]) -> Iterator[Answer]:
        what, number = f"account {name}", name
        if not (name.isascii() and name.isdigit()):
            params = [("usernames", name), ("user.fields", _USER_FIELDS)]
            reply = self._client.get("/2/users/by", params, what=what)
            self._bill.see(reply.value, of_users=True)
            number = str(part(next(iter(objects(part(reply.value, "data"))), None), "id") or "")
            yield Answer({"endpoint": "users", "params": dict(params)}, reply, 1, bool(number))
            if not number.isdigit():
                return
        params = [*span, ("max_results", str(PAGE)), *_FIELDS]
        yield from self._listed("posts", f"/2/users/{number}/tweets", params, "pagination_token", what)

    def _listed(self, endpoint: str, path: str, params: list[tuple[str, str]], token: str, what: str) -> Iterator[Answer]:
        way, following = Cursors(TITLE, what, self._options.most_pages), ""
        while True:
            asked = [*params, *([(token, following)] if following else [])]
            if endpoint == "posts":
                self._stop_at_bound(what)
            reply = self._client.get(path, asked, what=what)
            if not isinstance(part(reply.value, "meta"), dict) and not isinstance(part(reply.value, "errors"), list):
                raise SourceProblem(f"{TITLE} answered without `meta` ({what}).", remedy="See whether `service` is right.")
            found = objects(part(reply.value, "data"))
            following = str(part(reply.value, "meta", "next_token") or "")
            rows = len(found) if endpoint == "posts" else 0
            self._bill.found += rows
            if endpoint == "posts":
                self._bill.see(reply.value)
            else:
                self._bill.counts += 1
            yield Answer({"endpoint": endpoint, "params": dict(asked)}, reply, rows, bool(following))
            if not following:
                return
            way.follow(following, way.new([str(one.get("id") or one.get("start")) for one in found]))

    def _stop_at_bound(self, what: str) -> None:
        """The count is an estimate: no page is asked for once a bound is reached."""
        options, bill = self._options, self._bill
        over = options.max_posts is not None and bill.found >= options.max_posts
        if over or (options.max_cost is not None and bill.cost + options.prices.of(1, 0, 0) > options.max_cost):
            raise ServiceStopped(
                f"The source x has fetched {bill.in_words()} and stopped at its bound ({what}).",
                remedy="Raise max_posts or max_cost in the campaign file, or ask for a shorter span; what came before is kept.",
            )


class XStatus:
    """The status source: users and posts by number in groups of 100; of those that are not given the error says why."""

    kind = "x-status"
    capture_rule = "live"

    def __init__(self, options: dict[str, Any], secret: Secrets, *, limits: WebLimits = LIMITS, clock: Clock = CLOCK) -> None:
        self.options: dict[str, Any] = {}
        self._options = checked(StatusOptions, options, self.kind)
        self._client = _client(self._options, secret, limits, clock)
        self._handles: Mapping[tuple[str, str], str] = {}

    def remember(self, handles: Mapping[tuple[str, str], str]) -> None:
        """The handle of each account (platform, account id) at the check before, as `Remembering`: what a change is told by."""
        self._handles = handles

    def checks(self, accounts: Sequence[tuple[str, str]], now: datetime) -> Iterator[Page]:
        """Pages of the accounts of X among `accounts` that are named by their number; the others stay unchecked."""
        numbers = [name for platform, name in accounts if platform == "x" and name.isascii() and name.isdigit()]
        groups = [numbers[place : place + PAGE] for place in range(0, len(numbers), PAGE)]
        queries = [Query("status", f"users {group[0]} and {len(group) - 1} more", partial(self._look, group)) for group in groups]
        yield from ask_all(queries, FORMAT, None, now)

    def post_checks(self, posts: Sequence[PostRef], now: datetime) -> Iterator[Page]:
        """Pages of the posts of X among `posts`, as `PostChecking`: as many of the first as `max_cost` pays for."""
        asked = [post for post in posts if post.platform == "x" and post.post_id.isascii() and post.post_id.isdigit()]
        asked = asked[: self._options.paid_for(len(asked))]
        groups = [asked[place : place + PAGE] for place in range(0, len(asked), PAGE)]
        queries = [
            Query("posts again", f"post {group[0].post_id} and {len(group) - 1} more", partial(self._ask_again, group))
            for group in groups
        ]
        yield from ask_all(queries, FORMAT, None, now)

    def _ask_again(self, group: Sequence[PostRef]) -> Iterator[Answer]:
        """Posts first, then the authors of those of which the error says that there are none: who stands afterwards stood when the
        post was absent."""
        what = f"post {group[0].post_id} and {len(group) - 1} more"
        asked = {"ids": ",".join(post.post_id for post in group)}
        reply = self._given("/2/tweets", list(asked.items()), what)
        missing = not_found(reply.value)
        authors = {post.post_id: post.account_id for post in group if post.post_id in missing}
        standing: set[str] = set()
        if authors:
            for look in self._look(sorted(set(authors.values()))):
                standing = {str(user.get("id")) for user in objects(part(look.reply.value, "data")) if not user.get("protected")}
                yield replace(look, more=True)
        absent = sorted(post for post, author in authors.items() if author in standing)
        found = len(objects(part(reply.value, "data")))
        yield Answer({"endpoint": "postsAgain", "params": asked, "absent": absent}, reply, found, more=False)

    def _look(self, group: Sequence[str]) -> Iterator[Answer]:
        params = [("ids", ",".join(group)), ("user.fields", _USER_FIELDS)]
        reply = self._given("/2/users", params, f"users {group[0]} and {len(group) - 1} more")
        before = {number: self._handles["x", number] for number in group if ("x", number) in self._handles}
        yield Answer({"endpoint": "users", "params": dict(params), "handles": before}, reply, len(group), more=False)

    def _given(self, path: str, params: Sequence[tuple[str, str]], what: str) -> Reply:
        """A lookup by number. Every number is either given or the subject of an error: an answer without both is none of X's."""
        reply = self._client.get(path, params, what=what)
        if not any(isinstance(part(reply.value, name), list) for name in ("data", "errors")):
            raise SourceProblem(
                f"{TITLE} answered with neither `data` nor `errors` ({what}).", remedy="See whether `service` is right."
            )
        return reply


def _counted(reply: Reply) -> int:
    counts = [one.get("tweet_count") for one in objects(part(reply.value, "data"))]
    return sum(count for count in counts if isinstance(count, int))


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _example(words: Sequence[str]) -> str:
    asked = [f'"{text}"' if " " in (text := word.replace('"', " ").strip()) else text for word in words]
    return f"""token: x                           # an app's bearer token; its value stands in RESURGE_SECRET_X
queries: {written_list(asked)}
accounts: []                       # numbers or handles; the status of accounts is looked up by number
max_posts: 20000                   # of one fetch; nothing is fetched where the count says there are more
# price_per_post: 0.005            # what X charges you; with max_cost a bound in money (price_per_user, price_per_count: what comes along)
"""


ADAPTER = Adapter(
    declaration=DECLARATION,
    options=XOptions,
    source=lambda options, ours: XSource(options, ours.secret, limits=ours.limits, clock=ours.clock),
    status=lambda options, ours: XStatus(options, ours.secret, limits=ours.limits, clock=ours.clock),
    status_options=StatusOptions,
    importer=IMPORTER,
    example=_example,
)
