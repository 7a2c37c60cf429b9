"""Importer `youtube`: landed answers of the YouTube Data API v3 (tasks.fetch.sources.youtube).

Field names as in the resources video, channel, comment and commentThread at developers.google.com/youtube/v3/docs. A video's text is its
title and description. A comment answers the video or the comment above it. Subscribers are given to three digits, or not at all. A channel
that was asked for and is not among the items is gone; its status is `deleted`, for the service does not say who removed it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.domain.post_states import GONE, SEEN
from tasks.fetch.rows import Recipe
from tasks.fetch.web.readings import FieldBook, PageRows, PagesImporter, Row, Table, objects, part, states_of

FORMAT = "youtube"
_POST_FIELDS = [
    "post_id",
    "account_id",
    "posted_at",
    "kind",
    "text",
    "lang",
    "reply_to_id",
    "like_count",
    "reply_count",
    "view_count",
]
_ACCOUNT_FIELDS = ["account_id", "handle", "display_name", "bio", "created_at", "followers_count", "status"]
RECIPES: dict[Table, Recipe] = {
    "posts": Recipe("posts", {name: name for name in _POST_FIELDS}, {"platform": "youtube", "time_precision_s": 1}),
    "accounts": Recipe("accounts", {name: name for name in _ACCOUNT_FIELDS}, {"platform": "youtube", "created_precision_s": 1}),
    "post_states": states_of("youtube"),
}
_RESOURCE = frozenset({"kind", "etag", "id", "snippet"})
_VIDEO = frozenset({"publishedAt", "channelId", "title", "description", "channelTitle"})
_VIDEO_KNOWN = frozenset(
    {"thumbnails", "tags", "categoryId", "liveBroadcastContent", "defaultLanguage", "localized", "defaultAudioLanguage"}
)
_COMMENT = frozenset({"textDisplay", "authorDisplayName", "publishedAt", "likeCount"})
_COMMENT_KNOWN = frozenset(
    {
        *("textOriginal", "authorChannelId", "authorChannelUrl", "authorProfileImageUrl", "channelId", "videoId", "parentId"),
        *("canRate", "viewerRating", "moderationStatus", "updatedAt"),
    }
)
_CHANNEL = frozenset({"title", "publishedAt"})
_CHANNEL_KNOWN = frozenset({"description", "customUrl", "thumbnails", "defaultLanguage", "localized", "country"})


def _read(head: Mapping[str, Any], value: Any, book: FieldBook) -> PageRows:
    items = part(value, "items")
    items = items if isinstance(items, list) else []
    match head["endpoint"]:
        case "videos":
            return PageRows([_video(item, book) for item in items], _named(items, "channelId", "channelTitle"))
        case "commentThreads":
            comments = [comment for item in items for comment in _thread(item)]
            return PageRows([_comment(comment, video, book) for comment, video in comments], _authors(comments))
        case "channels":
            return PageRows(accounts=_channels(head, items, book))
        case "videosAgain":
            return PageRows(states=_asked_again(head, items))
        case "playlistItems" | "search":
            return PageRows()
    raise ValueError("its endpoint is not known")


def _asked_again(head: Mapping[str, Any], items: Sequence[Any]) -> list[Row]:
    """Videos that are given are `seen`; `absent` names those that are not although their channel stands: removed, or made private."""
    given = {part(item, "id") for item in items}
    seen = [name for name in head["params"]["id"].split(",") if name in given]
    gone = [name for name in head["absent"] if name not in given]
    states = [(name, SEEN) for name in seen] + [(name, GONE) for name in gone]
    return [Row({"post_id": name, "state": state}, {"id": name, "state": state}) for name, state in states]


def _video(item: Any, book: FieldBook) -> Row:
    snippet = part(item, "snippet")
    if not isinstance(snippet, dict):
        return Row({}, item, "snippet is not an object")
    book.see("posts", "", item, _RESOURCE, frozenset({"statistics"}))
    book.see("posts", "snippet", snippet, _VIDEO, _VIDEO_KNOWN)
    title, description = snippet.get("title"), snippet.get("description")
    values = {
        "post_id": item.get("id"),
        "account_id": snippet.get("channelId"),
        "posted_at": snippet.get("publishedAt"),
        "kind": "original",
        "text": f"{title}\n\n{description}".strip() if isinstance(title, str) and isinstance(description, str) else title,
        "lang": snippet.get("defaultAudioLanguage") or snippet.get("defaultLanguage"),
        "like_count": part(item, "statistics", "likeCount"),
        "reply_count": part(item, "statistics", "commentCount"),
        "view_count": part(item, "statistics", "viewCount"),
    }
    return Row(values, item)


def _thread(item: Any) -> list[tuple[Any, Any]]:
    """The comments of a thread with the id of their video: the top one, then the answers that came with it."""
    video = part(item, "snippet", "videoId")
    return [
        (part(item, "snippet", "topLevelComment"), video),
        *((one, video) for one in objects(part(item, "replies", "comments"))),
    ]


def _comment(comment: Any, video: Any, book: FieldBook) -> Row:
    snippet = part(comment, "snippet")
    if not isinstance(snippet, dict):
        return Row({}, comment, "snippet is not an object")
    book.see("posts", "comment", snippet, _COMMENT, _COMMENT_KNOWN)
    values = {
        "post_id": comment.get("id"),
        "account_id": part(snippet, "authorChannelId", "value"),
        "posted_at": snippet.get("publishedAt"),
        "kind": "reply",
        "text": snippet.get("textOriginal", snippet.get("textDisplay")),
        "reply_to_id": snippet.get("parentId") or snippet.get("videoId") or video,
        "like_count": snippet.get("likeCount"),
    }
    return Row(values, comment)


def _named(items: Sequence[Any], number: str, name: str) -> list[Row]:
    found = {
        part(item, "snippet", number): part(item, "snippet") for item in items if isinstance(part(item, "snippet", number), str)
    }
    return [Row({"account_id": key, "display_name": snippet.get(name)}, snippet) for key, snippet in found.items()]


def _authors(comments: Sequence[tuple[Any, Any]]) -> list[Row]:
    found: dict[str, Any] = {}
    for comment, _ in comments:
        if isinstance(author := part(comment, "snippet", "authorChannelId", "value"), str):
            found.setdefault(author, part(comment, "snippet"))
    return [Row({"account_id": key, "handle": snippet.get("authorDisplayName")}, snippet) for key, snippet in found.items()]


def _channels(head: Mapping[str, Any], items: Sequence[Any], book: FieldBook) -> list[Row]:
    rows = [_channel(item, book) for item in items]
    given = {part(item, "id") for item in items}
    gone = [name for name in str(head["params"]["id"]).split(",") if name not in given]
    return rows + [Row({"account_id": name, "status": "deleted"}, {"id": name, "items": "not among them"}) for name in gone]


def _channel(item: Any, book: FieldBook) -> Row:
    snippet = part(item, "snippet")
    if not isinstance(snippet, dict):
        return Row({}, item, "snippet is not an object")
    book.see("accounts", "", item, _RESOURCE, frozenset({"statistics", "contentDetails"}))
    book.see("accounts", "snippet", snippet, _CHANNEL, _CHANNEL_KNOWN)
    hidden = part(item, "statistics", "hiddenSubscriberCount") is True
    values = {
        "account_id": item.get("id"),
        "handle": snippet.get("customUrl"),
        "display_name": snippet.get("title"),
        "bio": snippet.get("description"),
        "created_at": snippet.get("publishedAt"),
        "followers_count": None if hidden else part(item, "statistics", "subscriberCount"),
        "status": "active",
    }
    return Row(values, item)


IMPORTER = PagesImporter(FORMAT, "1", _read, RECIPES)
"""Videos, comments and their answers, channels with their status, videos that were asked for again as states of posts.
Lists of ids hold no rows."""
