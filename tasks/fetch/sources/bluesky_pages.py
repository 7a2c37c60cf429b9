"""Importer `bluesky`: landed answers of Bluesky's AppView (tasks.fetch.sources.bluesky).

Field names as in the lexicons app.bsky.feed.defs (postView, feedViewPost, reasonRepost), app.bsky.feed.post, app.bsky.richtext.facet,
app.bsky.embed.* and app.bsky.actor.defs (profileViewBasic, profileViewDetailed).

A post's time is the earlier of `createdAt`, which its author's program writes, and `indexedAt`, when the service first saw it: that is
the order in which the service sorts. A repost has no text of its own. Quotes name the post they quote in `repost_of_id`. Pictures
and videos are known by the content identifier of their bytes.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from tasks.domain.post_states import GONE, SEEN
from tasks.fetch.rows import Recipe
from tasks.fetch.texts import hashtags
from tasks.fetch.web.readings import FieldBook, PageRows, PagesImporter, Row, Table, instant_of, objects, part, states_of

FORMAT = "bluesky"
_POST = "app.bsky.feed.post"
POST_PATH = f"/{_POST}/"  # in the address of a post: at://<author>/app.bsky.feed.post/<key>
_POST_FIELDS = [
    *("post_id", "account_id", "posted_at", "kind", "text", "lang", "urls", "hashtags", "media_hashes"),
    *("repost_of_id", "reply_to_id", "like_count", "share_count", "reply_count"),
]
_ACCOUNT_FIELDS = ["account_id", "handle", "display_name", "bio", "created_at", "followers_count", "following_count", "status"]
RECIPES: dict[Table, Recipe] = {
    "posts": Recipe("posts", {name: name for name in _POST_FIELDS}, {"platform": "bluesky", "time_precision_s": 1}),
    "accounts": Recipe("accounts", {name: name for name in _ACCOUNT_FIELDS}, {"platform": "bluesky", "created_precision_s": 1}),
    "post_states": states_of("bluesky"),
}
_VIEW = frozenset({"uri", "cid", "author", "record", "indexedAt"})
_VIEW_KNOWN = frozenset(
    {"embed", "replyCount", "repostCount", "likeCount", "quoteCount", "bookmarkCount", "viewer", "labels", "threadgate", "debug"}
)
_RECORD = frozenset({"text", "createdAt"})
_RECORD_KNOWN = frozenset({"$type", "entities", "facets", "reply", "embed", "langs", "labels", "tags"})
_PROFILE = frozenset({"did", "handle"})
_PROFILE_KNOWN = frozenset(
    {
        *("displayName", "description", "avatar", "banner", "followersCount", "followsCount", "postsCount", "associated", "status"),
        *("joinedViaStarterPack", "indexedAt", "createdAt", "viewer", "labels", "pinnedPost", "verification", "pronouns"),
        *("website", "debug"),
    }
)
_UNRESOLVED = "handle.invalid"  # what servers show in the place of a handle whose domain does not point back at the account


def status_told(error: Any) -> str | None:
    """What an answer with an error says of an account: `suspended` (taken down by the service), `deleted` (deactivated by its owner, or
    there is no such account); None where it says nothing of it."""
    name, message = part(error, "error"), part(error, "message")
    if name in ("AccountTakedown", "AccountSuspended"):
        return "suspended"
    if name == "AccountDeactivated" or (name == "InvalidRequest" and isinstance(message, str) and "not found" in message.lower()):
        return "deleted"
    return None


def sorted_at(item: Mapping[str, Any]) -> datetime | None:
    """When an item of a feed or search stands in its order: a repost when it was made, a post at the earlier of its two times."""
    reason = item.get("reason")
    if isinstance(reason, dict) and "by" in reason:
        return instant_of(reason.get("indexedAt"))
    post = item.get("post", item)
    times = [at for at in (instant_of(part(post, "record", "createdAt")), instant_of(part(post, "indexedAt"))) if at]
    return min(times, default=None)


def _read(head: Mapping[str, Any], value: Any, book: FieldBook) -> PageRows:
    endpoint = head["endpoint"]
    if head["status"] != 200:
        return PageRows(accounts=_gone(part(head, "params", "actor"), value) if endpoint == "getProfile" else [])
    if endpoint in ("getProfile", "getProfiles"):
        found = [value] if endpoint == "getProfile" else _list_of(value, "profiles")
        before = head.get("handles") or {}
        return PageRows(accounts=[_account(profile, book, status=_standing(profile, before)) for profile in found])
    if endpoint == "getPosts":
        return PageRows(states=_asked_again(head, _list_of(value, "posts")))
    items = _list_of(value, "posts" if endpoint == "searchPosts" else "feed")
    posts: list[Row] = []
    authors: dict[str, dict[str, Any]] = {}
    for item in items:
        view = item if endpoint == "searchPosts" else part(item, "post")
        reason = part(item, "reason")
        is_repost = isinstance(reason, dict) and "by" in reason
        posts.append(_repost(item, view, reason) if is_repost else _post(item, view, book))
        author = part(reason, "by") if is_repost else part(view, "author")
        if isinstance(author, dict):
            authors.setdefault(str(author.get("did")), author)
    return PageRows(posts, [_account(author, book) for author in authors.values()])


def _asked_again(head: Mapping[str, Any], posts: list[Any]) -> list[Row]:
    """What became of the posts that were asked for: `deleted` where the post is not given although its author stands
    (at://<author>/<collection>/<key>); nothing where the author does not, for then the account's status tells it."""
    given = {part(post, "uri") for post in posts}
    rows = []
    for uri in head["params"]["uris"]:
        if uri in given:
            rows.append(Row({"post_id": uri, "state": SEEN}, {"uri": uri}))
        elif uri.split("/")[2] in head["standing"]:
            rows.append(Row({"post_id": uri, "state": GONE}, {"uri": uri, "posts": "not among them"}))
    return rows


def _standing(profile: Any, before: Mapping[str, str]) -> str:
    """`renamed` where the handle is another than before; one that does not resolve at the moment is no other."""
    handle, seen = part(profile, "handle"), before.get(str(part(profile, "did")))
    changed = isinstance(handle, str) and seen is not None and handle.casefold() != seen.casefold()
    return "renamed" if changed and _UNRESOLVED not in (handle, seen) else "active"


def _list_of(value: Any, name: str) -> list[Any]:
    found = part(value, name)
    if not isinstance(found, list):
        raise ValueError(f"it holds no list `{name}`")
    return found


def _gone(actor: Any, error: Any) -> list[Row]:
    status = status_told(error)
    if status is None or not isinstance(actor, str) or not actor.startswith("did:"):
        return []
    return [Row({"account_id": actor, "status": status}, error)]


def _account(profile: Any, book: FieldBook, status: str | None = None) -> Row:
    if not isinstance(profile, dict):
        return Row({}, profile, "the profile is not an object")
    book.see("accounts", "", profile, _PROFILE, _PROFILE_KNOWN)
    values = {
        "account_id": profile.get("did"),
        "handle": profile.get("handle"),
        "display_name": profile.get("displayName"),
        "bio": profile.get("description"),
        "created_at": profile.get("createdAt"),
        "followers_count": profile.get("followersCount"),
        "following_count": profile.get("followsCount"),
        "status": status,
    }
    return Row(values, profile)


def _repost(item: Any, view: Any, reason: dict[str, Any]) -> Row:
    by, of = part(reason, "by", "did"), part(view, "uri")
    values = {
        "post_id": reason.get("uri") or (f"repost:{by}:{of}" if by and of else None),  # older servers do not name the repost itself
        "account_id": by,
        "posted_at": reason.get("indexedAt"),
        "kind": "repost",
        "repost_of_id": of,
        "urls": [],
        "hashtags": [],
    }
    return Row(values, item)


def _post(item: Any, view: Any, book: FieldBook) -> Row:
    record = part(view, "record")
    for name, thing in (("post", view), ("author", part(view, "author")), ("record", record)):
        if not isinstance(thing, dict):
            return Row({}, item, f"{name} is not an object")
    book.see("posts", "", view, _VIEW, _VIEW_KNOWN)
    if record.get("$type") in (None, _POST):
        book.see("posts", "record", record, _RECORD, _RECORD_KNOWN)
    text, langs = record.get("text"), record.get("langs")
    quoted = _quoted(record)
    reply = part(record, "reply", "parent", "uri")
    values = {
        "post_id": view.get("uri"),
        "account_id": part(view, "author", "did"),
        "posted_at": _time(record.get("createdAt"), view.get("indexedAt")),
        "kind": "reply" if reply else "quote" if quoted else "original",
        "text": text,
        "lang": langs[0]
        if isinstance(langs, list) and len(langs) == 1
        else None,  # several are the writer's settings, not the text's
        "urls": list(dict.fromkeys(_urls(record))),
        "hashtags": _tags(text, record),
        "media_hashes": list(_media(part(record, "embed"))) or None,
        "repost_of_id": quoted,
        "reply_to_id": reply,
        "like_count": view.get("likeCount"),
        "share_count": view.get("repostCount"),
        "reply_count": view.get("replyCount"),
    }
    return Row(values, item)


def _time(created: Any, indexed: Any) -> Any:
    one, other = instant_of(created), instant_of(indexed)
    if one is None or other is None:
        return indexed if one is None and other is not None else created
    return created if one <= other else indexed


def _quoted(record: Mapping[str, Any]) -> str | None:
    inner = part(record, "embed", "record")
    uri = part(inner, "uri") or part(inner, "record", "uri")
    return uri if isinstance(uri, str) and f"/{_POST}/" in uri else None


def _features(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for facet in objects(record.get("facets")):
        yield from objects(facet.get("features"))


def _urls(record: Mapping[str, Any]) -> Iterator[str]:
    """Links in the text as they were meant (it shows them cut short), and the card below it."""
    embed = record.get("embed")
    found = [feature.get("uri") for feature in _features(record)]
    found += [part(embed, "external", "uri"), part(embed, "media", "external", "uri")]
    yield from (uri for uri in found if isinstance(uri, str))


def _tags(text: Any, record: Mapping[str, Any]) -> list[str]:
    inside = (
        hashtags(pa.array([text], pa.string())).to_pylist()[0] if isinstance(text, str) and ("#" in text or "＃" in text) else []
    )
    outside = record.get("tags")
    marked = [feature.get("tag") for feature in _features(record)] + (outside if isinstance(outside, list) else [])
    return inside + [tag for tag in dict.fromkeys(t.casefold() for t in marked if isinstance(t, str)) if tag not in inside]


def _media(embed: Any) -> Iterator[str]:
    for place in (embed, part(embed, "media")):
        blobs = [image.get("image") for image in objects(part(place, "images"))] + [part(place, "video")]
        yield from (cid for blob in blobs if isinstance(cid := part(blob, "ref", "$link"), str))


# 2: a feed that was not found says nothing of its account; handles are compared with those seen before
IMPORTER = PagesImporter(FORMAT, "2", _read, RECIPES)
"""Posts, reposts in feeds, authors as observations of accounts, profiles with their status;
posts that were asked for again as states of posts."""
