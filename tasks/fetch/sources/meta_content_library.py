"""Importer `meta-content-library`: posts of Facebook, Instagram or Threads, as CSV from the Meta Content Library, plain or zipped.

Columns as in the data dictionary of the Meta Content Library and API (nested fields with dots: `post_owner.id`, `statistics.views`).
Which fields a download has, is chosen by who makes it: those that are used and absent are reported. No column names the platform: the
option `platform` does.

Ids are the library's own: it says that they cannot be looked up on the platforms. Posts therefore do not join those of other sources, but
do join those of every other download from the library. Counts are those of the day of the download: give it as `--observed-at`.
`modified_time` changes for more than edits of the text and is not used. A post that shares another (`shared_post_id`) is a repost, with
words of its own a quote.
"""

from collections.abc import Iterator
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from tasks.domain.errors import UnreadableInput
from tasks.domain.records import Record
from tasks.domain.sources import Declaration
from tasks.fetch.cells import separated
from tasks.fetch.chunks import TextChunk
from tasks.fetch.columns import Reading
from tasks.fetch.readers import read_csv
from tasks.fetch.rows import Recipe, take
from tasks.fetch.streaming import Run, StreamingImporter
from tasks.fetch.texts import links

POST_FIELDS = {
    "post_id": "id",
    "account_id": "post_owner.id",
    "posted_at": "creation_time",
    "text": "text",
    "lang": "lang",
    "like_count": "statistics.like_count",
    "share_count": "statistics.share_count",
    "reply_count": "statistics.comment_count",
    "view_count": "statistics.views",
}
SHARED = "shared_post_id"
LINK = "link_attachment.link"
PROFILE_FIELDS = {"handle": "post_owner.username", "display_name": "post_owner.name"}
NEEDED = ("id", "post_owner.id", "creation_time")
SELDOM = (
    "text",
    "lang",
    SHARED,
    LINK,
    *PROFILE_FIELDS.values(),
    *(name for name in POST_FIELDS.values() if name.startswith("statistics.")),
)
IGNORED = {
    "content_type": "photo, video, link ...",
    "modified_time": "changes for more than edits of the text",
    "multimedia*": "the library's own ids of pictures and videos",
    "hashtags": "stand in the text",
    "is_branded_content": "paid partnerships",
    "match_type": "how the search found the post",
    "mcl_url": "address inside the library",
    "media_type": "the same as content_type",
    "has_media": "the same",
    "image_text": "words that a machine read in a picture",
    "post_owner.type": "page, profile, group ...",
    "surface.*": "where it was posted",
    "location.*": "a place that the post names",
    "activities*": "feelings and doings that a post may be marked with",
    "link_attachment.*": "title and summary of the linked page",
    "is_reshare": "shared_post_id says it",
    "statistics.*": "reactions other than Like, and the day of the views",
}

DECLARATION = Declaration(
    kind="meta-content-library",
    title="Meta Content Library download",
    observes=frozenset({"posts", "accounts", "likes", "shares", "replies", "views"}),
    cannot={
        "status": "removed posts and accounts leave the library",
        "creation date": "of accounts is not among the fields of posts",
        "edits": "modified_time changes for more than edits",
        "deletions": "removed posts leave the library; its terms ask to delete them from downloads too",
        "media": "ids of the library, no content",
    },
    time_precision_s=1,
    lateness_h=48.0,
    limits="Approved researchers of academic and non-profit institutions; posts of large pages and public profiles may be downloaded.",
    cost="none for the library; the clean room may charge",
    terms="https://developers.facebook.com/docs/content-library-and-api",
)


class MetaContentLibraryOptions(Record):
    """`platform`: whose posts the download holds."""

    platform: Literal["facebook", "instagram", "threads"]


class MetaContentLibraryImporter(StreamingImporter[MetaContentLibraryOptions]):
    """`parse` as in the port; the only option is `platform`, which is needed."""

    format = "meta-content-library"
    version = "1"
    options_of = MetaContentLibraryOptions

    def read(self, run: Run, chosen: MetaContentLibraryOptions) -> Iterator[None]:
        """Raises UnreadableInput for a file that lacks a column without which no post can be named."""
        for chunk in read_csv(run.files, ","):
            if lacking := [name for name in NEEDED if name not in chunk.header]:
                raise UnreadableInput(
                    f"{chunk.file.name} was refused whole: line 1: it is no download of posts, it lacks {', '.join(lacking)}.",
                    remedy="Download posts with the fields id, post_owner and creation_time, or use the importer csv.",
                )
            _take(run, chunk, chosen.platform)
            yield


def _take(run: Run, chunk: TextChunk, platform: str) -> None:
    used = {*NEEDED, *SELDOM} - ({"statistics.share_count", SHARED, LINK} if platform != "facebook" else set())
    run.drift.see("posts", chunk, used, IGNORED)
    fields = {ours: theirs for ours, theirs in POST_FIELDS.items() if theirs in chunk.header}
    if SHARED in chunk.header:
        fields["repost_of_id"] = SHARED
    shares, wordless = pc.is_valid(chunk.column(SHARED)), pc.is_null(chunk.column("text"))
    kind = pc.if_else(shares, pc.if_else(wordless, "repost", "quote"), "original")
    given = {"kind": kind, "urls": _urls(chunk)} if LINK in chunk.header else {"kind": kind}
    recipe = Recipe("posts", fields, {"platform": platform, "time_precision_s": 1}, Reading(words={"lang": {"und": None}}))
    posts = take(chunk, recipe, run.observed_at, run.harvest, given)
    run.profiles.see(chunk, posts, {o: t for o, t in PROFILE_FIELDS.items() if t in chunk.header}, Reading())


def _urls(chunk: TextChunk) -> pa.Array:
    """The attached link, and those in the text."""
    written = links(chunk.column("text").fill_null(""))
    both = pc.binary_join_element_wise(chunk.column(LINK).fill_null(""), pc.binary_join(written, " "), " ")
    return separated(both, " ")
