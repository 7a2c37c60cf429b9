"""An AppView of the tests' own, written from the lexicons of the AT Protocol:

app.bsky.feed.searchPosts (q, sort, since inclusive, until exclusive, limit 1 to 100, cursor), app.bsky.feed.getAuthorFeed (actor, filter,
limit, cursor; errors BlockedActor, BlockedByActor), app.bsky.actor.getProfiles (at most 25 actors; accounts that are gone are left out),
app.bsky.feed.getPosts (at most 25 uris; posts that are gone, and those of accounts that are, are left out),
app.bsky.actor.getProfile (400 with AccountTakedown, AccountDeactivated or InvalidRequest "Profile not found"),
com.atproto.server.createSession (identifier, password -> accessJwt, refreshJwt, did, handle). Objects as in app.bsky.feed.defs#postView,
#feedViewPost, #reasonRepost and app.bsky.actor.defs#profileViewBasic, #profileViewDetailed.

Held to the network's own servers (tests/bluesky): every page with an item names a cursor, so that an empty one ends the feed or search; the
feed of an account that is gone answers InvalidRequest "Profile not found" whatever became of it; `indexedAt` of a post is the earlier of
its two times; a token that cannot be read is a 400 with InvalidToken.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from web_service import Answer, Asked

DAY = timedelta(days=1)


def did(name: str) -> str:
    return f"did:plc:{name:a<24}"


def written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def sorted_by(post: dict[str, Any]) -> str:
    """The earlier of createdAt and indexedAt, of those that are times."""
    return min(text for text in (post["record"]["createdAt"], post.get("indexedAt", "")) if text.startswith("2"))


def view_basic(name: str) -> dict[str, Any]:
    return {
        "did": did(name),
        "handle": f"{name}.example",
        "displayName": name.title(),
        "createdAt": "2024-05-01T08:00:00.000Z",
        "labels": [],
    }


@dataclass
class AppView:
    """`posts`: postViews, any order. `gone`: name -> error. `page`: posts a page, at most what is asked for; `deepest`: how many posts a
    search pages through before it ends without having given all."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    reposts: list[tuple[str, str, datetime]] = field(default_factory=list)  # (by, uri, when)
    people: list[str] = field(default_factory=list)
    gone: dict[str, str] = field(default_factory=dict)
    page: int = 100
    deepest: int = 10**9
    spans: bool = True  # False: as the AppView searches that has no search service: no span, case kept
    password: str = ""
    logins: int = 0
    expire_after: int = 10**9
    fail: dict[int, Answer] = field(default_factory=dict)  # by the number of the request
    refused: str = ""  # an endpoint that sends elsewhere
    served: int = 0

    def post(self, name: str, number: int, at: datetime, text: str, **record: Any) -> str:
        uri = f"at://{did(name)}/app.bsky.feed.post/3k{number:011d}"
        inside = {"$type": "app.bsky.feed.post", "text": text, "createdAt": written(at), "langs": ["en"], **record}
        self.posts.append(
            {
                "uri": uri,
                "cid": f"bafyrei{number:052d}",
                "author": view_basic(name),
                "record": inside,
                "replyCount": 1,
                "repostCount": 2,
                "likeCount": 3,
                "quoteCount": 0,
                "indexedAt": written(at),
                "labels": [],
            }
        )
        return uri

    def __call__(self, asked: Asked) -> Answer:
        self.served += 1
        if self.served in self.fail:
            return self.fail[self.served]
        if self.refused and asked.path.endswith(f".{self.refused}"):
            return Answer(status=302, headers={"location": "https://other.example/"})
        if asked.path == "/xrpc/com.atproto.server.createSession":
            return self._log_in(asked)
        if self.password:
            sent = asked.headers.get("authorization")
            if sent is None:
                return Answer({"error": "AuthMissing", "message": "Authentication Required"}, 401)
            if sent != f"Bearer access-{self.logins}":
                return Answer({"error": "InvalidToken", "message": "Token could not be verified"}, 400)
            if self.served > self.expire_after:
                self.expire_after = 10**9
                return Answer({"error": "ExpiredToken", "message": "Token has expired"}, 400)
        return {
            "/xrpc/app.bsky.feed.searchPosts": self._search,
            "/xrpc/app.bsky.feed.getAuthorFeed": self._feed,
            "/xrpc/app.bsky.feed.getPosts": self._again,
            "/xrpc/app.bsky.actor.getProfiles": self._profiles,
            "/xrpc/app.bsky.actor.getProfile": self._profile,
        }[asked.path](asked)

    def _log_in(self, asked: Asked) -> Answer:
        told = json.loads(asked.body)
        if told != {"identifier": "desk.example", "password": self.password}:
            return Answer({"error": "AuthenticationRequired", "message": "Invalid identifier or password"}, 401)
        self.logins += 1
        tokens = {"accessJwt": f"access-{self.logins}", "refreshJwt": f"refresh-{self.logins}"}
        return Answer({**tokens, "handle": "desk.example", "did": did("desk"), "active": True})

    def _search(self, asked: Asked) -> Answer:
        if asked.one("sort") != "latest" or not 1 <= int(asked.one("limit")) <= 100:
            return Answer({"error": "InvalidRequest", "message": "limit"}, 400)
        found = [post for post in self.posts if self._matches(asked, post) and not self._is_gone(post["author"]["did"])]
        found.sort(key=sorted_by, reverse=True)
        start = int(asked.one("cursor", "0"))
        end = start + min(self.page, int(asked.one("limit")))
        more = {"cursor": str(end)} if found[start:end] and end < self.deepest else {}
        return Answer({"posts": found[start:end], **more})

    def _matches(self, asked: Asked, post: dict[str, Any]) -> bool:
        q, text = asked.one("q"), post["record"]["text"]
        if not self.spans:
            return q in text
        return q.casefold() in text.casefold() and asked.one("since") <= sorted_by(post) < asked.one("until")

    def _feed(self, asked: Asked) -> Answer:
        actor = asked.one("actor")
        if self._is_gone(actor):
            return Answer({"error": "InvalidRequest", "message": "Profile not found"}, 400)
        items = [
            (sorted_by(post), {"post": post}) for post in self.posts if actor in (post["author"]["did"], post["author"]["handle"])
        ]
        for by, uri, at in self.reposts:
            if actor == did(by):
                reason = {
                    "$type": "app.bsky.feed.defs#reasonRepost",
                    "by": view_basic(by),
                    "indexedAt": written(at),
                    "uri": f"at://{did(by)}/app.bsky.feed.repost/{uri[-5:]}",
                }
                items.append((written(at), {"post": next(post for post in self.posts if post["uri"] == uri), "reason": reason}))
        items = sorted(items, key=lambda item: item[0], reverse=True)
        items = [item for item in items if item[0] < asked.one("cursor", "9")]
        items = items[: self.page]
        more = {"cursor": items[-1][0]} if items else {}
        return Answer({"feed": [item for _, item in items], **more})

    def _again(self, asked: Asked) -> Answer:
        uris = [value for name, value in asked.params if name == "uris"]
        if not 1 <= len(uris) <= 25:
            return Answer({"error": "InvalidRequest", "message": "uris must not have more than 25 elements"}, 400)
        return Answer({"posts": [post for post in self.posts if post["uri"] in uris and not self._is_gone(post["author"]["did"])]})

    def _profiles(self, asked: Asked) -> Answer:
        actors = [value for name, value in asked.params if name == "actors"]
        if len(actors) > 25:
            return Answer({"error": "InvalidRequest", "message": "actors must not have more than 25 elements"}, 400)
        return Answer({"profiles": [self._detailed(name) for name in self.people if did(name) in actors and name not in self.gone]})

    def _profile(self, asked: Asked) -> Answer:
        if error := self._is_gone(asked.one("actor")):
            return error
        return Answer(next(self._detailed(name) for name in self.people if did(name) == asked.one("actor")))

    def _detailed(self, name: str) -> dict[str, Any]:
        counts = {"followersCount": 10, "followsCount": 20, "postsCount": 30}
        return {**view_basic(name), "description": "Birds", **counts, "indexedAt": "2024-05-02T00:00:00.000Z"}

    def _is_gone(self, actor: str) -> Answer | None:
        name = next((name for name in {*self.people, *self.gone} if did(name) == actor), "")
        match self.gone.get(name):
            case None:
                return None
            case "InvalidRequest":
                return Answer({"error": "InvalidRequest", "message": "Profile not found"}, 400)
            case error:
                return Answer({"error": error, "message": "Account is not here"}, 400)
