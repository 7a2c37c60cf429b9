"""Importer `telegram-export`: `result.json` of Telegram Desktop, of one chat or of a whole account, plain or zipped, of any size.

Fields as in Telegram's data export schema (core.telegram.org/import-export) and as Telegram Desktop writes them since 2021:
`date_unixtime` is UTC, `date` is the local time of the machine and is not used; exports without the former are refused row by row.

Only public channels and groups are taken; others only where the option `chats` names their ids, and personal chats, chats with bots and
saved messages never. What was passed over is reported. Service messages (joins, pins, titles) are no posts and are not counted.

Ids. Messages are numbered within a chat: post ids are `<chat>/<number>`, with the chat's number, or with its public name where the option
`usernames` gives it (`usernames: {1234567890: somechannel}`); then the same message out of 4CAT is the same post. Accounts are known by
their numbers, as in 4CAT.

`kind`: with `forwarded_from` a repost, whose original is not named by number; with `reply_to_message_id` a reply. Links of words that
hide them (`text_link`) count as links of the post. An edited message is an observation of the moment of its edit (with `--observed-at
posted`): the text before it is gone; that it was edited, and when, is kept as a state of the post. Deleted messages are not in an export.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from tasks.domain.ports import LandedFile
from tasks.domain.records import Record
from tasks.domain.sources import Declaration
from tasks.fetch.cells import later, separated
from tasks.fetch.chunks import RecordChunk
from tasks.fetch.columns import Reading, Values, convert
from tasks.fetch.instants import TimeRule
from tasks.fetch.json_stream import Path, elements
from tasks.fetch.packed import Member, members, refused
from tasks.fetch.rows import PARSED, Recipe, take, take_edits
from tasks.fetch.streaming import Run, StreamingImporter
from tasks.fetch.texts import links

POST_FIELDS = {
    "post_id": "post id",
    "account_id": "sender",
    "posted_at": "date_unixtime",
    "text": "whole text",
    "reply_to_id": "answered",
}
USED = (
    "id",
    "type",
    "date_unixtime",
    "edited_unixtime",
    "from",
    "from_id",
    "text",
    "forwarded_from",
    "reply_to_message_id",
    "reply_to_peer_id",
)
IGNORED = (
    "date", "edited",  # local time of the machine
    "text_entities",  # the same as text
    "author", "via_bot", "saved_from", "forwarded_from_id", "reactions", "poll", "inline_bot_buttons", "game_*", "invoice_information",
    "photo", "photo_*", "file", "file_*", "thumbnail", "thumbnail_*", "media_*", "mime_type", "duration_seconds", "width", "height",
    "sticker_emoji", "performer", "title", "contact_*", "location_information", "live_location_*", "place_name", "address",
    "self_destruct_*",     "giveaway_*", "paid_*", "schedule_*", "todo_list", "spoiler*",
)  # fmt: skip
PUBLIC = frozenset({"public_channel", "public_supergroup"})
NEVER = frozenset({"personal_chat", "bot_chat", "saved_messages", "replies", "verification_codes"})
CHUNK_MESSAGES = 20_000
_READING = Reading(TimeRule({"*": "epoch_s"}))
_PASSED = "chats passed over"

DECLARATION = Declaration(
    kind="telegram-export",
    title="Telegram Desktop export",
    observes=frozenset({"posts", "accounts", "edits"}),
    cannot={
        "status": "an export shows what the account that made it could still read",
        "likes": "reactions are emoji of several meanings",
        "shares": "forwards are not in an export",
        "replies": "comments stand in a chat of their own",
        "views": "not in an export",
        "creation date": "not in an export",
        "deletions": "deleted messages are simply absent",
        "media": "files lie beside result.json and are not read",
    },
    time_precision_s=1,
    lateness_h=0.0,
    limits="Chats that the account has open; Telegram may make a new session wait 24 hours before a full export.",
    cost="none",
    terms="https://telegram.org/tos",
)


class TelegramExportOptions(Record):
    """`chats`: ids of chats to take beside the public ones; `usernames`: public name by chat id."""

    chats: list[int] = Field(default_factory=list)
    usernames: dict[int, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """One message with the number of its chat."""

    chat: int
    fields: dict[str, Any]


@dataclass(frozen=True)
class MessageChunk(RecordChunk):
    """Messages as they came, and the columns made of them."""

    made: Mapping[str, list[Any]] = field(default_factory=dict)

    def column(self, name: str) -> Values:
        return self.made[name] if name in self.made else super().column(name)


class TelegramExportImporter(StreamingImporter[TelegramExportOptions]):
    """`parse` as in the port; options `chats` and `usernames`."""

    format = "telegram-export"
    version = "2"
    options_of = TelegramExportOptions

    def read(self, run: Run, chosen: TelegramExportOptions) -> Iterator[None]:
        """Raises UnreadableInput naming file and line for what is no such export."""
        first_row = 0
        for file in run.files:
            for member in members(file, ".json"):
                passed: dict[str, int] = {}
                for batch in _batches(_messages(member, set(chosen.chats), passed)):
                    _take(run, file, first_row, batch, chosen.usernames)
                    first_row += len(batch)
                    yield
                for kind, count in sorted(passed.items()):
                    run.drift.strange("posts", _PASSED, count, f"{kind}: {count:,} messages")


def _messages(member: Member, also: set[int], passed: dict[str, int]) -> Iterator[Message]:
    chat: dict[str, Any] = {}
    place: Path = ()
    any_chat = False
    with member.open() as stream:
        for path, value in elements(stream, member.name, _is_messages, _is_walked):
            here = path[:3] if path[0] in ("chats", "left_chats") else ()
            if here != place:
                chat, place = {}, here
            if len(path) == len(here) + 1 and path[-1] in ("id", "type", "name"):
                chat[str(path[-1])] = value
            elif len(path) == len(here) + 2 and path[len(here)] == "messages":
                any_chat = True
                if (message := _message(member, chat, value, also, passed)) is not None:
                    yield message
            any_chat |= path[-1] == "messages" or path[-1] == "list"
    if not any_chat:
        raise refused(member.name, "it holds no chats and no messages", "Give the result.json that Telegram Desktop wrote.")


def _message(member: Member, chat: dict[str, Any], value: Any, also: set[int], passed: dict[str, int]) -> Message | None:
    number, kind = chat.get("id"), chat.get("type")
    if not isinstance(number, int) or not isinstance(kind, str):
        raise refused(member.name, "messages stand in a chat without id and type", "Export it again, as machine-readable JSON.")
    if isinstance(value, dict) and value.get("type") == "service":
        return None
    if kind in NEVER or (kind not in PUBLIC and number not in also):
        passed[kind] = passed.get(kind, 0) + 1
        return None
    return Message(number, value if isinstance(value, dict) else {"": value})


def _is_messages(path: Path) -> bool:
    return path == ("messages",) or (len(path) == 4 and path[3] == "messages" and path[0] in ("chats", "left_chats"))


def _is_walked(path: Path) -> bool:
    return not path or (path[0] in ("chats", "left_chats") and len(path) <= 3 and path[1:2] in ((), ("list",)))


def _batches(messages: Iterable[Message]) -> Iterator[list[Message]]:
    pending: list[Message] = []
    for message in messages:
        pending.append(message)
        if len(pending) == CHUNK_MESSAGES:
            yield pending
            pending = []
    if pending:
        yield pending


def _take(run: Run, file: LandedFile, first_row: int, batch: list[Message], usernames: dict[int, str]) -> None:
    records = [message.fields for message in batch]
    made, refusals, hidden = _columns(batch, usernames)
    chunk = MessageChunk(file, first_row, records, refusals, made=made)
    run.drift.see("posts", chunk, (), (*USED, *IGNORED))
    texts = pa.array(made["whole text"], pa.string())
    written = pc.binary_join(links(texts.fill_null("")), " ")
    given: dict[str, pa.Array] = {
        "kind": pa.array(made["kind"], pa.string()),
        "urls": separated(pc.binary_join_element_wise(written, pa.array(hidden, pa.string()), " "), " "),
    }
    observed_at, schema = run.observed_at, PARSED["posts"]
    edited = convert(chunk.column("edited_unixtime"), schema.column("observed_at"), _READING)
    for place in np.flatnonzero(edited.faulty):
        refusals.setdefault(int(place), "edited_unixtime is not a time in seconds")
    if observed_at == "posted":
        posted = convert(chunk.column("date_unixtime"), schema.column("posted_at"), _READING)
        given["observed_at"], observed_at = later(posted.values, edited.values), None
    recipe = Recipe("posts", POST_FIELDS, {"platform": "telegram", "time_precision_s": 1}, _READING)
    posts = take(chunk, recipe, observed_at, run.harvest, given)
    take_edits(posts, edited.values, first_row, run.harvest)
    run.profiles.see(chunk, posts, {"display_name": "from"}, _READING)


def _columns(batch: list[Message], usernames: dict[int, str]) -> tuple[dict[str, list[Any]], dict[int, str], list[str]]:
    """Our columns of some messages, which are no posts and why, and the links that words hide."""
    made: dict[str, list[Any]] = {name: [] for name in ("post id", "sender", "whole text", "answered", "kind")}
    refusals: dict[int, str] = {}
    hidden: list[str] = []
    for place, message in enumerate(batch):
        fields = message.fields
        if fields.get("type") != "message":
            refusals[place] = "the message is not of the type message"
        chat = usernames.get(message.chat, str(message.chat))
        number, answered = fields.get("id"), fields.get("reply_to_message_id")
        made["post id"].append(f"{chat}/{number}" if type(number) is int else None)
        made["sender"].append(_number(fields.get("from_id")))
        peer = _number(fields.get("reply_to_peer_id"))
        beside = chat if peer is None else usernames.get(int(peer), peer)
        made["answered"].append(f"{beside}/{answered}" if type(answered) is int else None)
        made["kind"].append("repost" if "forwarded_from" in fields else "reply" if answered is not None else "original")
        try:
            text, inside = _text(fields.get("text"))
        except (TypeError, KeyError):
            text, inside = None, ""
            refusals.setdefault(place, "text is neither a text nor a list of texts and entities")
        made["whole text"].append(text)
        hidden.append(inside)
    return made, refusals, hidden


def _text(value: Any) -> tuple[str | None, str]:
    """The text of a message, and the links behind its words. Raises TypeError or KeyError where it is of another form."""
    if isinstance(value, str):
        return value or None, ""
    if value is None:
        return None, ""
    if not isinstance(value, list):
        raise TypeError
    parts = [part if isinstance(part, str) else part["text"] for part in value]
    inside = [part["href"] for part in value if isinstance(part, dict) and part.get("type") == "text_link" and "href" in part]
    return "".join(parts) or None, " ".join(inside)


def _number(value: Any) -> str | None:
    """`user123`, `channel123`, `chat123` or the bare number."""
    found = re.fullmatch(r"(?:user|channel|chat)?(\d+)", str(value)) if isinstance(value, str | int) else None
    return found[1] if found else None
