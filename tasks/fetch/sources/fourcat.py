"""Importer `4cat`: CSV exports of 4CAT, the capture and analysis toolkit of the Digital Methods Initiative, plain or zipped.

Columns as the data sources `telegram`, `tiktok` (Zeeschuimer) and `twitterv2` of 4CAT write them (datasources/*/search_*.py, map_item);
which of them a file comes from no column says: the option `source` does. Other data sources: importer `csv` with a column map.

`unix_timestamp` is UTC. `timestamp` is the local time of the server that 4CAT ran on, without a zone, and is not used.

Ids. Telegram numbers messages within a chat: post ids are `<chat>/<number>`, with the chat's public name as 4CAT has it (tasks of the
importer `telegram-export` make the same ids where its option `usernames` names the chat); `author` is the sender's number. TikTok and
Twitter: the platform's own. An account is known by `author_id` where the file has it.

An edited Telegram message is an observation of the moment of its edit: with `--observed-at posted` it counts as seen then, because the
file holds the text after the edit; that it was edited, and when, is kept as a state of the post. Forwarded messages are reposts of an
unnamed original.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.domain.errors import UnreadableInput
from tasks.domain.records import Record
from tasks.domain.sources import Declaration
from tasks.fetch.cells import flags, later, separated
from tasks.fetch.chunks import TextChunk
from tasks.fetch.columns import Reading, convert
from tasks.fetch.instants import TimeRule
from tasks.fetch.readers import read_csv
from tasks.fetch.rows import PARSED, Recipe, take, take_edits
from tasks.fetch.streaming import Run, StreamingImporter

_READING = Reading(TimeRule({"*": "epoch_s"}), words={"lang": {"und": None, "": None, "iw": "he", "in": "id"}})
EDITED = "unix_timestamp_edited"


@dataclass(frozen=True)
class Form:
    """The columns of one data source: fields of posts and profiles (ours -> theirs), flags that make the kind (kind -> columns, the
    first that is true), and columns that are not used, with the reason."""

    platform: str
    posts: Mapping[str, str]
    profile: Mapping[str, str]
    flags: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)  # kind -> a column that is filled where it is so
    urls: str | None = None
    ignored: Mapping[str, str] = field(default_factory=dict)


_CORE = {"post_id": "id", "posted_at": "unix_timestamp", "text": "body"}
_IGNORED = {
    "thread_id": "a chat or conversation",
    "timestamp": "local time of the server",
    "collected_from_url": "where the browser was",
    "missing_fields": "which fields 4CAT could not fill",
    "4CAT_*": "4CAT's own marks",
}
FORMS = {
    "telegram": Form(
        "telegram",
        {**_CORE, "account_id": "author", "view_count": "views"},
        {"handle": "author_username", "display_name": "author_name"},
        given={"repost": "author_forwarded_from_name", "reply": "reply_to"},
        ignored={
            "chat": "part of the post id",
            "author_is_bot": "what the bot says of itself",
            "body_markdown": "body with marks",
            "is_reply": "reply_to says it",
            "reactions": "emoji of several meanings",
            "timestamp_edited": "local time of the server",
            "author_forwarded_from_username": "the original is known by name only",
            "author_forwarded_from_id": "the same",
            "timestamp_forwarded_from": "of the original",
            "unix_timestamp_forwarded_from": "the same",
            "entities_*": "stand in the text",
            "all_connections": "sum of the others",
            "link_*": "preview of the linked page",
            "attachment_*": "kind and name of a file, no content",
            "topic_*": "topic of a forum",
            "grouped_id": "an album",
            "forwards": "given by no more than some versions",
        },
    ),
    "tiktok": Form(
        "tiktok",
        {**_CORE, "like_count": "likes", "share_count": "shares", "reply_count": "comments", "view_count": "plays"},
        {"handle": "author", "display_name": "author_full", "followers_count": "author_followers"},
        flags={"quote": "is_duet"},
        ignored={
            "author_likes": "not kept",
            "author_videos": "not kept",
            "author_avatar": "an address that expires",
            "author_verified": "not kept",
            "is_*": "advertising, slides, sensitivity: not kept",
            "music_*": "sound of the video",
            "video_*": "an address that expires",
            "thumbnail_*": "an address that expires",
            "tiktok_url": "made of author and id",
            "hashtags": "stand in the text",
            "challenges": "the same",
            "stickers": "words on the video",
            "effects": "of the video",
            "warning": "the platform's note",
            "diversification_labels": "the platform's own topics",
            "location_created": "a country that the platform guessed",
            "image_urls": "addresses that expire",
            "duration": "of the video",
        },
    ),
    "twitter": Form(
        "twitter",
        {
            **_CORE,
            "lang": "language_guess",
            "like_count": "like_count",
            "share_count": "retweet_count",
            "reply_count": "reply_count",
            "view_count": "impression_count",
        },
        {"handle": "author", "display_name": "author_fullname", "followers_count": "author_followers"},
        flags={"repost": "is_retweet", "quote": "is_quote_tweet", "reply": "is_reply"},
        urls="urls",
        ignored={
            "link": "made of author and id",
            "subject": "always empty",
            "source": "the program it was sent with",
            "possibly_sensitive": "the platform's mark",
            "quote_count": "quotes are not added to retweets",
            "retweeted_user": "in the text of a retweet",
            "quoted_user": "the quoted post is not named",
            "replied_user": "the same",
            "author_*": "bio, link, avatar and the like: not kept",
            "hashtags": "stand in the text",
            "mentions": "the same",
            "images": "addresses",
            "videos": "addresses",
            "long_lat": "given for almost none",
            "place_name": "the same",
            "conversation_id": "the first post of the conversation, not the one replied to",
        },
    ),
}

DECLARATION = Declaration(
    kind="4cat",
    title="4CAT export",
    observes=frozenset({"posts", "accounts", "likes", "shares", "replies", "views", "edits"}),
    cannot={
        "status": "what was removed before the capture is not in it, and nothing says that it was",
        "creation date": "no column has it",
        "deletions": "the same as for the status",
        "media": "addresses that expire; 4CAT saves files apart",
    },
    time_precision_s=1,
    lateness_h=0.0,
    limits="Whatever the team that runs 4CAT may collect: Telegram by API key, TikTok by hand through a browser, Twitter in old captures.",
    cost="none (4CAT is free software)",
    terms="https://github.com/digitalmethodsinitiative/4cat",
)


class FourCatOptions(Record):
    """`source`: the data source of the export; `platform`: another key of the campaign for the same platform (`x` for Twitter)."""

    source: Literal["telegram", "tiktok", "twitter"]
    platform: str | None = None


class FourCatImporter(StreamingImporter[FourCatOptions]):
    """`parse` as in the port; the option `source` is needed."""

    format = "4cat"
    version = "2"
    options_of = FourCatOptions

    def read(self, run: Run, chosen: FourCatOptions) -> Iterator[None]:
        """Raises UnreadableInput for a file without the columns that every export of the source has."""
        form = FORMS[chosen.source]
        for chunk in read_csv(run.files, ","):
            account = "author_id" if "author_id" in chunk.header and chosen.source != "telegram" else "author"
            fields = {**form.posts, "account_id": account}
            needed = {*_CORE.values(), account, *(("chat",) if chosen.source == "telegram" else ())}
            if lacking := sorted(needed - set(chunk.header)):
                raise UnreadableInput(
                    f"{chunk.file.name} was refused whole: line 1: it is no 4CAT export of {chosen.source}, "
                    f"it lacks {', '.join(lacking)}.",
                    remedy="Check the option source, or use the importer csv with a column map.",
                )
            _take(run, chunk, form, fields, chosen.platform or form.platform)
            yield


def _take(run: Run, chunk: TextChunk, form: Form, fields: dict[str, str], platform: str) -> None:
    telegram = form.platform == "telegram"
    used = {
        *fields.values(),
        *form.profile.values(),
        *form.flags.values(),
        *form.given.values(),
        *((form.urls,) if form.urls else ()),
    }
    used |= {"chat", EDITED} if telegram else set()
    run.drift.see("posts", chunk, used, {*_IGNORED, *form.ignored} - used)
    given, refused = _kind(chunk, form)
    if telegram:
        chunk = replace(chunk, made=_numbered(chunk))
        given["reply_to_id"] = chunk.column("reply_to")
    if form.urls:
        given["urls"] = separated(chunk.column(form.urls))
    observed_at, schema = run.observed_at, PARSED["posts"]
    edits: pa.Array | None = None
    if telegram and EDITED in chunk.header:
        edited = convert(chunk.column(EDITED), schema.column("observed_at"), _READING)
        for place in np.flatnonzero(edited.faulty):
            refused.setdefault(int(place), f"{EDITED} is not a time in seconds")
        edits = edited.values
        if observed_at == "posted":
            posted = convert(chunk.column("unix_timestamp"), schema.column("posted_at"), _READING)
            given["observed_at"], observed_at = later(posted.values, edits), None
    chunk = replace(chunk, refused=refused | chunk.refused)
    present = {ours: theirs for ours, theirs in fields.items() if theirs in chunk.header and ours not in given}
    posts = take(
        chunk, Recipe("posts", present, {"platform": platform, "time_precision_s": 1}, _READING), observed_at, run.harvest, given
    )
    if edits is not None:
        take_edits(posts, edits, chunk.first_row, run.harvest)
    run.profiles.see(chunk, posts, {o: t for o, t in form.profile.items() if t in chunk.header}, _READING)


def _kind(chunk: TextChunk, form: Form) -> tuple[dict[str, pa.Array], dict[int, str]]:
    kind, refused = pa.repeat("original", chunk.rows), dict[int, str]()
    for name, column in reversed(list(form.given.items())):
        kind = pc.if_else(pc.is_valid(chunk.column(column)), name, kind)
    for name, column in reversed(list(form.flags.items())):
        true, strange = flags(chunk.column(column))
        kind = pc.if_else(true, name, kind)
        refused |= dict.fromkeys(map(int, np.flatnonzero(strange)), f"{column} is neither yes nor no")
    return {"kind": kind}, refused


def _numbered(chunk: TextChunk) -> dict[str, pa.Array]:
    """Ids `<chat>/<number>` of the message and of the one it answers; newer exports write `<chat>-<number>` into `id` themselves."""
    chat = chunk.column("chat")
    made = {}
    for name in ("id", "reply_to"):
        number = pc.struct_field(pc.extract_regex(chunk.column(name), r"^(?:.*-)?(?P<number>\d+)$"), [0])
        made[name] = pc.binary_join_element_wise(chat, number, "/")
    return made
