"""Importer `x`: landed answers of the X API v2 (tasks.fetch.sources.x).

Field names as in the objects Post (Tweet) and User and in partial errors at docs.x.com. An edited post has an id for every version
(`edit_history_tweet_ids`, oldest first): the first names it for ever, and its time is in that id, for `created_at` is of the version.
What a repost counts belongs to its original, so it counts nothing itself. Posts that come as `includes` were not asked for: they give
the whole text of a repost, and no rows.

A user who is not given is `suspended` where the error says so, else `deleted`; one who may not be seen stays unchecked.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tasks.domain.post_states import EDITED, GONE, SEEN
from tasks.fetch.rows import Recipe
from tasks.fetch.web.readings import FieldBook, PageRows, PagesImporter, Row, Table, objects, part, states_of

FORMAT = "x"
_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, UTC)  # of ids: milliseconds since then stand above the lowest 22 bits
_VIEWS_FROM = datetime(2022, 12, 15, tzinfo=UTC)  # impressions of posts before are given as 0
_POST_FIELDS = [
    *("post_id", "account_id", "posted_at", "kind", "text", "lang", "urls", "hashtags", "mentions", "repost_of_id", "reply_to_id"),
    *("like_count", "share_count", "reply_count", "view_count"),
]
_ACCOUNT_FIELDS = ["account_id", "handle", "display_name", "bio", "created_at", "followers_count", "following_count", "status"]
RECIPES: dict[Table, Recipe] = {
    "posts": Recipe("posts", {name: name for name in _POST_FIELDS}, {"platform": "x", "time_precision_s": 1}),
    "accounts": Recipe("accounts", {name: name for name in _ACCOUNT_FIELDS}, {"platform": "x", "created_precision_s": 1}),
    "post_states": states_of("x"),
}
_POST = frozenset({"id", "text", "author_id", "created_at", "lang", "public_metrics", "edit_history_tweet_ids"})
_POST_KNOWN = frozenset(
    {
        *("entities", "referenced_tweets", "in_reply_to_user_id", "attachments", "note_tweet", "conversation_id", "withheld"),
        *("article", "card_uri", "community_id", "display_text_range", "edit_controls", "possibly_sensitive", "reply_settings"),
    }
)
_USER = frozenset({"id", "name", "username", "created_at", "description", "public_metrics"})
_USER_KNOWN = frozenset(
    {"protected", "withheld", "verified", "location", "url", "entities", "pinned_tweet_id", "profile_image_url"}
)
_KINDS = {"replied_to": "reply", "quoted": "quote"}


def _read(head: Mapping[str, Any], value: Any, book: FieldBook) -> PageRows:
    if not isinstance(value, dict):
        raise ValueError("it is not an object")
    match head["endpoint"]:
        case "counts":
            return PageRows()
        case "users":
            return PageRows(accounts=_looked_up(head, value, book))
        case "posts":
            return _posts(value, book)
        case "postsAgain":
            return PageRows(states=_asked_again(head, value))
    raise ValueError("its endpoint is not known")


def not_found(value: Any) -> set[str]:
    """The posts of which an answer says that there are none; of one that may not be seen it says nothing."""
    errors = [one for one in objects(part(value, "errors")) if str(one.get("type")).endswith("/resource-not-found")]
    return {str(one.get("resource_id") or one.get("value")) for one in errors if one.get("parameter") == "ids"}


def _asked_again(head: Mapping[str, Any], value: Mapping[str, Any]) -> list[Row]:
    """Posts that are given are `seen`, by any of their versions; `absent` names those not found although their author stands."""
    posts = objects(value.get("data"))
    given = {str(post.get("id")) for post in posts} | {name for post in posts for name in _versions(post)}
    seen = [name for name in head["params"]["ids"].split(",") if name in given]
    gone = [name for name in head["absent"] if name in not_found(value) and name not in given]
    states = [(name, SEEN) for name in seen] + [(name, GONE) for name in gone]
    return [Row({"post_id": name, "state": state}, {"id": name, "state": state}) for name, state in states]


def _posts(value: Mapping[str, Any], book: FieldBook) -> PageRows:
    given = value.get("data") or []
    if not isinstance(given, list):
        raise ValueError("data is no list")
    users = objects(part(value, "includes", "users"))
    beside = {str(post.get("id")): post for post in objects(part(value, "includes", "tweets"))}
    names = {str(user.get("id")): user.get("username") for user in users}
    given = sorted(given, key=_number)  # of two versions of one post on a page the later comes last, and counts
    authors = {str(post.get("author_id")) for post in objects(given)}
    edits = [post for post in objects(given) if len(_versions(post)) > 1]
    return PageRows(
        [_post(post, beside, names, book) for post in given],
        [_user(user, None, book) for user in users if str(user.get("id")) in authors],
        [Row({"post_id": _versions(post)[0], "state": EDITED, "changed_at": post.get("created_at")}, post) for post in edits],
    )


def _number(post: Any) -> int:
    number = part(post, "id")
    return int(number) if isinstance(number, str) and number.isascii() and number.isdigit() else 0


def _versions(post: Mapping[str, Any]) -> list[str]:
    found = post.get("edit_history_tweet_ids")
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def _post(post: Any, beside: Mapping[str, Any], names: Mapping[str, Any], book: FieldBook) -> Row:
    if not isinstance(post, dict):
        return Row({}, post, "the post is not an object")
    book.see("posts", "", post, _POST, _POST_KNOWN)
    versions = _versions(post)
    first = versions[0] if len(versions) > 1 else post.get("id")
    related = {one.get("type"): one.get("id") for one in objects(post.get("referenced_tweets"))}
    values: dict[str, Any] = {
        "post_id": first,
        "account_id": post.get("author_id"),
        "posted_at": _time_of(versions[0]) if len(versions) > 1 else post.get("created_at"),
        "lang": None if post.get("lang") in ("und", "zxx", "qme", "qam", "qct", "qht", "qst") else post.get("lang"),
        "kind": next((kind for name, kind in _KINDS.items() if name in related), "original"),
        "repost_of_id": related.get("quoted"),
        "reply_to_id": related.get("replied_to"),
    }
    if "retweeted" in related:
        original = beside.get(str(related["retweeted"]))
        values |= {"kind": "repost", "repost_of_id": related["retweeted"], "text": _reposted(post, original, names)}
        return Row(values | _entities(original or post), post)
    metrics = post.get("public_metrics") if isinstance(post.get("public_metrics"), dict) else {}
    seen, written = part(metrics, "impression_count"), post.get("created_at")
    early = isinstance(written, str) and written < _VIEWS_FROM.isoformat()
    values |= {
        "text": _whole_text(post),
        "like_count": part(metrics, "like_count"),
        "share_count": part(metrics, "retweet_count"),
        "reply_count": part(metrics, "reply_count"),
        "view_count": None if seen == 0 and early else seen,
    }
    return Row(values | _entities(post), post)


def _time_of(number: str) -> str | None:
    """The instant in an id; ids before it held one (30 million million) have none."""
    if not (number.isascii() and number.isdigit()) or not 30_000_000_000 < int(number) < 1 << 63:
        return None
    return (_EPOCH + timedelta(milliseconds=int(number) >> 22)).replace(microsecond=0).isoformat()


def _whole_text(post: Mapping[str, Any]) -> Any:
    """Of a long post (over 280 characters) `text` holds the beginning only."""
    return part(post, "note_tweet", "text") or post.get("text")


def _reposted(post: Mapping[str, Any], original: Any, names: Mapping[str, Any]) -> Any:
    """`RT @name: ` and the text; X cuts it at 140 characters, so the original's own is taken where it came too."""
    name = names.get(str(part(original, "author_id")))
    return f"RT @{name}: {_whole_text(original)}" if original and name and _whole_text(original) else post.get("text")


def _entities(post: Mapping[str, Any]) -> dict[str, Any]:
    found = part(post, "note_tweet", "entities") or post.get("entities")
    links = [one for one in objects(part(found, "urls")) if not one.get("media_key")]  # those of its own pictures are no links
    addresses = [one.get("unwound_url") or one.get("expanded_url") or one.get("url") for one in links]
    return {
        "urls": list(dict.fromkeys(address for address in addresses if isinstance(address, str))),
        "hashtags": [one["tag"].casefold() for one in objects(part(found, "hashtags")) if isinstance(one.get("tag"), str)],
        "mentions": [one["username"] for one in objects(part(found, "mentions")) if isinstance(one.get("username"), str)],
    }


def _user(user: Any, status: str | None, book: FieldBook) -> Row:
    if not isinstance(user, dict):
        return Row({}, user, "the user is not an object")
    book.see("accounts", "", user, _USER, _USER_KNOWN)
    values = {
        "account_id": user.get("id"),
        "handle": user.get("username"),
        "display_name": user.get("name"),
        "bio": user.get("description"),
        "created_at": user.get("created_at"),
        "followers_count": part(user, "public_metrics", "followers_count"),
        "following_count": part(user, "public_metrics", "following_count"),
        "status": status,
    }
    return Row(values, user)


def _looked_up(head: Mapping[str, Any], value: Mapping[str, Any], book: FieldBook) -> list[Row]:
    """Users by id: a protected account still stands; of those in `errors` only what the error says."""
    before = head.get("handles") or {}
    rows = []
    for user in objects(value.get("data")):
        known, now = before.get(str(user.get("id"))), user.get("username")
        rows.append(_user(user, "renamed" if known and now and known.casefold() != str(now).casefold() else "active", book))
    for error in objects(value.get("errors")):
        number = error.get("resource_id") or error.get("value")
        if error.get("parameter") == "ids" and (status := _status(error)) is not None:
            rows.append(Row({"account_id": number, "status": status}, error))
    return rows


def _status(error: Mapping[str, Any]) -> str | None:
    if not str(error.get("type")).endswith("/resource-not-found"):
        return None
    return "suspended" if "suspended" in str(error.get("detail")).casefold() else "deleted"


IMPORTER = PagesImporter(FORMAT, "1", _read, RECIPES)
"""Posts, their authors, looked-up users with their status; edits, and posts that were asked for again, as states of posts.
Counts hold no rows."""
