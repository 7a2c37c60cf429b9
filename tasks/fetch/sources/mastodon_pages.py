"""Importer `mastodon`: landed answers of a Mastodon server (tasks.fetch.sources.mastodon).

Field names as in the entities Status, Account, Status::Mention, Status::Tag, PreviewCard and Quote at docs.joinmastodon.org.

A post is known by its `uri` and an account by user@domain in lower case: both are the same on every server, ids are not. Text is HTML and
becomes plain text; a content warning stands before it. `in_reply_to_id` is the server's own number: it becomes the parent's `uri` where the
parent stands on the same page, else domain:number. The day is all that is told of an account's creation.
"""

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

from tasks.domain.post_states import EDITED, GONE, SEEN
from tasks.fetch.rows import Recipe
from tasks.fetch.web.readings import FieldBook, PageRows, PagesImporter, Row, Table, objects, part, states_of

FORMAT = "mastodon"
_DAY_S = 86_400
_POST_FIELDS = [
    *("post_id", "account_id", "posted_at", "kind", "text", "lang", "urls", "hashtags", "mentions"),
    *("repost_of_id", "reply_to_id", "like_count", "share_count", "reply_count"),
]
_ACCOUNT_FIELDS = ["account_id", "handle", "display_name", "bio", "created_at", "followers_count", "following_count", "status"]
RECIPES: dict[Table, Recipe] = {
    "posts": Recipe("posts", {name: name for name in _POST_FIELDS}, {"platform": "mastodon", "time_precision_s": 1}),
    "accounts": Recipe(
        "accounts", {name: name for name in _ACCOUNT_FIELDS}, {"platform": "mastodon", "created_precision_s": _DAY_S}
    ),
    "post_states": states_of("mastodon"),
}
_STATUS = frozenset(
    {
        *(
            "id",
            "uri",
            "created_at",
            "account",
            "content",
            "visibility",
            "sensitive",
            "spoiler_text",
            "media_attachments",
            "mentions",
        ),
        *(
            "tags",
            "emojis",
            "reblogs_count",
            "favourites_count",
            "replies_count",
            "url",
            "in_reply_to_id",
            "in_reply_to_account_id",
        ),
        *("reblog", "language"),
    }
)
_STATUS_KNOWN = frozenset(
    {
        *("application", "poll", "card", "text", "edited_at", "quote", "quotes_count", "quote_approval", "favourited", "reblogged"),
        *("muted", "bookmarked", "pinned", "filtered"),
    }
)
_ACCOUNT = frozenset({"id", "username", "acct", "url", "display_name", "note", "created_at", "followers_count", "following_count"})
_ACCOUNT_KNOWN = frozenset(
    {
        *("uri", "avatar", "avatar_static", "avatar_description", "header", "header_static", "header_description", "locked"),
        *("fields", "emojis", "bot", "group", "discoverable", "noindex", "indexable", "moved", "suspended", "limited", "memorial"),
        *("last_status_at", "statuses_count", "roles", "hide_collections", "role", "source", "feature_approval"),
    }
)


def _read(head: Mapping[str, Any], value: Any, book: FieldBook) -> PageRows:
    domain = head["domain"]
    if head["endpoint"] == "lookup":
        if head["status"] != 200:
            return PageRows(accounts=_gone(head, value, domain))
        return PageRows(accounts=[_account(value, domain, book, checked=True)])
    if head["endpoint"] == "status":
        return PageRows(states=_asked_again(head, value))
    if not isinstance(value, list):
        raise ValueError("it is no list of statuses")
    parents = {status["id"]: status.get("uri") for status in objects(value) if isinstance(status.get("id"), str)}
    authors: dict[str, dict[str, Any]] = {}
    for status in objects(value):
        if isinstance(author := status.get("account"), dict):
            authors.setdefault(str(author.get("acct")), author)
    return PageRows(
        [_post(status, domain, parents, book) for status in value],
        [_account(author, domain, book, checked=False) for author in authors.values()],
        [
            Row({"post_id": status.get("uri"), "state": EDITED, "changed_at": status["edited_at"]}, status)
            for status in objects(value)
            if status.get("edited_at") is not None and not isinstance(status.get("reblog"), dict)
        ],
    )


def _asked_again(head: Mapping[str, Any], value: Any) -> list[Row]:
    """A status that is given under its address is `seen`; one that is not although its author stands is `deleted`."""
    if head["status"] == 200:
        return [Row({"post_id": head["uri"], "state": SEEN}, value)] if part(value, "uri") == head["uri"] else []
    return [Row({"post_id": head["uri"], "state": GONE}, value)] if head["standing"] else []


def _gone(head: Mapping[str, Any], value: Any, domain: str) -> list[Row]:
    """410: suspended. 404 from the account's own server: there is no such account; from another one: it may never have heard of it."""
    name = part(head, "params", "acct")
    if not isinstance(name, str) or (head["status"] == 404 and "@" in name):
        return []
    return [Row({"account_id": _full(name, domain), "status": "suspended" if head["status"] == 410 else "deleted"}, value)]


def _full(acct: Any, domain: str) -> str | None:
    if not isinstance(acct, str) or not acct:
        return None
    return (acct if "@" in acct else f"{acct}@{domain}").lower()


def _account(account: Any, domain: str, book: FieldBook, *, checked: bool) -> Row:
    if not isinstance(account, dict):
        return Row({}, account, "the account is not an object")
    book.see("accounts", "", account, _ACCOUNT, _ACCOUNT_KNOWN)
    status = "suspended" if account.get("suspended") is True else "renamed" if isinstance(account.get("moved"), dict) else "active"
    name = _full(account.get("acct"), domain)
    values = {
        "account_id": name,
        "handle": name,
        "display_name": account.get("display_name"),
        "bio": _plain(account.get("note"))[0],
        "created_at": account.get("created_at"),
        "followers_count": account.get("followers_count"),
        "following_count": account.get("following_count"),
        "status": status if checked else None,
    }
    return Row(values, account)


def _post(status: Any, domain: str, parents: Mapping[str, Any], book: FieldBook) -> Row:
    if not isinstance(status, dict):
        return Row({}, status, "the status is not an object")
    if not isinstance(status.get("account"), dict):
        return Row({}, status, "account is not an object")
    book.see("posts", "", status, _STATUS, _STATUS_KNOWN)
    boosted, quoted = status.get("reblog"), part(status, "quote", "quoted_status", "uri")
    answered = status.get("in_reply_to_id")
    values: dict[str, Any] = {
        "post_id": status.get("uri"),
        "account_id": _full(part(status, "account", "acct"), domain),
        "posted_at": status.get("created_at"),
    }
    if isinstance(boosted, dict):
        return Row(
            values | {"kind": "repost", "repost_of_id": boosted.get("uri"), "urls": [], "hashtags": [], "mentions": []}, status
        )
    text, links = _plain(status.get("content"))
    warning, card = status.get("spoiler_text"), part(status, "card", "url")
    values |= {
        "kind": "reply" if answered else "quote" if quoted else "original",
        "text": f"{warning}\n\n{text}" if isinstance(warning, str) and warning and isinstance(text, str) else text,
        "lang": status.get("language"),
        "urls": list(dict.fromkeys([*links, *([card] if isinstance(card, str) and card else [])])),
        "hashtags": [tag["name"].casefold() for tag in objects(status.get("tags")) if isinstance(tag.get("name"), str)],
        "mentions": [name for name in (_full(who.get("acct"), domain) for who in objects(status.get("mentions"))) if name],
        "repost_of_id": quoted,
        "reply_to_id": (parents.get(answered) or f"{domain}:{answered}") if isinstance(answered, str) else answered,
        "like_count": status.get("favourites_count"),
        "share_count": status.get("reblogs_count"),
        "reply_count": status.get("replies_count"),
    }
    return Row(values, status)


class _Html(HTMLParser):
    """Text with line breaks, and the links that are neither mentions nor hashtags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "br":
            self.texts.append("\n")
        elif tag == "p" and self.texts:
            self.texts.append("\n\n")
        elif tag == "a" and not {"mention", "hashtag"} & set((given.get("class") or "").split()) and given.get("href"):
            self.links.append(str(given["href"]))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def _plain(html: Any) -> tuple[Any, Iterator[str] | list[str]]:
    """The text of a piece of HTML and its links; what is no text at all stays, to be refused."""
    if not isinstance(html, str):
        return html, []
    reader = _Html()
    reader.feed(html)
    reader.close()
    return "".join(reader.texts).strip(), reader.links


IMPORTER = PagesImporter(FORMAT, "2", _read, RECIPES)
"""Statuses and boosts, their authors as observations of accounts, looked-up accounts with their status;
statuses that were edited (`edited_at`) or asked for again as states of posts."""
