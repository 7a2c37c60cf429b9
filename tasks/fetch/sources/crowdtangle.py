"""Importer `crowdtangle`: CSV files of posts that teams saved from CrowdTangle before it closed on 14 August 2024, plain or zipped.

Columns as in CrowdTangle's own downloads ("Historical Data" and search): of Facebook pages (`Page Name`), groups (`Group Name`) and
Instagram accounts (`Account`); which it is, is told by the header. `Post Created` is a local time with the abbreviation of its zone
(`2021-07-06 16:45:20 EDT`); abbreviations that mean one offset only are known, others are refused unless the option `zones` gives their
offset: `zones: {IST: "+05:30"}`. `Page Created` has no zone: the interval of `created_at` covers them all (26 h).

Post ids. Facebook: `<Facebook Id>_<number of the post>`, the form of the Graph API, the number from `URL`. Instagram: the short code in
`URL`; there the account is known by its name only. In a group's file the group stands for the account: who posted in it is not told.

Counts are those of the day of the download, which no column names: give it as `--observed-at` where it is known. `Followers at Posting`
are of the day of posting and become observations of the account by day.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator

from tasks.domain.errors import UnreadableInput
from tasks.domain.records import Record
from tasks.domain.sources import Declaration
from tasks.fetch.cells import separated, ungrouped
from tasks.fetch.chunks import TextChunk
from tasks.fetch.columns import Reading
from tasks.fetch.readers import read_csv
from tasks.fetch.rows import Recipe, take
from tasks.fetch.streaming import Run, StreamingImporter
from tasks.fetch.texts import links

POST_FIELDS = {
    "post_id": "post id",  # made from URL
    "account_id": "Facebook Id",
    "posted_at": "Post Created",
    "text": "Message",
    "like_count": "Likes",
    "share_count": "Shares",
    "reply_count": "Comments",
}
INSTAGRAM_FIELDS = {
    "post_id": "post id",
    "account_id": "User Name",
    "posted_at": "Post Created",
    "text": "Description",
    "like_count": "Likes",
    "reply_count": "Comments",
}
PROFILE_FIELDS = {"handle": "User Name", "followers_count": "Followers at Posting"}
PAGE_FIELDS = {"bio": "Page Description", "created_at": "Page Created"}
COUNTS = ("Likes", "Shares", "Comments", "Followers at Posting")
IGNORED = {
    "Post Created Date": "Post Created has it",
    "Post Created Time": "the same",
    "Page Category": "chosen by the page",
    "Page Admin Top Country": "where most of its managers were on the day of the download",
    "Likes at Posting": "followers are counted",
    "Total Interactions": "a sum of the counts",
    "Total Interactions (weighted*": "the same, weighted",
    "Love": "only Like is a like, as in every other source",
    "Wow": "the same",
    "Haha": "the same",
    "Sad": "the same",
    "Angry": "the same",
    "Care": "the same",
    "Video Share Status": "of videos only",
    "Is Video Owner?": "the same",
    "Post Views": "views of videos, no views of posts: 0 elsewhere",
    "Total Views": "the same",
    "Total Views For All Crossposts": "the same",
    "Views": "the same",
    "Video Length": "of videos only",
    "Photo": "address of a picture, long gone",
    "Title": "of an Instagram video",
    "Image Text": "words that a machine read in a picture",
    "Link Text": "title of the linked page",
    "Description": "its summary",
    "Like and View Counts Disabled": "where it is so the counts are empty",
    "Sponsor Id": "paid partnerships",
    "Sponsor Name": "the same",
    "Sponsor Category": "the same",
    "Overperforming Score*": "CrowdTangle's own measure",
}
LINK_FIELDS = ("Link", "Final Link", "Type")

# Only what names one offset: CST, IST, BST and the like mean several.
ZONES = {
    "UTC": "+00:00", "GMT": "+00:00", "Z": "+00:00", "EST": "-05:00", "EDT": "-04:00", "CDT": "-05:00", "MDT": "-06:00", "MST": "-07:00",
    "PST": "-08:00", "PDT": "-07:00", "AKST": "-09:00", "AKDT": "-08:00", "HST": "-10:00", "CET": "+01:00", "CEST": "+02:00",
    "EET": "+02:00", "EEST": "+03:00", "MSK": "+03:00", "WEST": "+01:00", "WET": "+00:00", "JST": "+09:00", "KST": "+09:00",
    "HKT": "+08:00",    "NZST": "+12:00", "NZDT": "+13:00", "AEST": "+10:00", "AEDT": "+11:00", "BRT": "-03:00", "SAST": "+02:00",
    "EAT": "+03:00", "WIB": "+07:00",
}  # fmt: skip
_POST = (
    r"(?i)(?:/posts/(?:[^/?#]*/)?|/permalink/|[?&]story_fbid=|/videos/(?:[^/?#]+/)?|/photos/(?:[^/?#]+/)*|[?&]fbid=|[?&]v=|/reel/)"
    r"(?P<post>\d+|pfbid\w+)"
)
_SHORT_CODE = r"/(?:p|tv|reel)/(?P<post>[\w-]+)"
_OWN_HOST = r"^https?://(?:[a-z]+\.)?(?:facebook\.com|fb\.watch|instagram\.com)(?:/|$)"
_ANY_ZONE_S = 26 * 3600  # UTC-12 to UTC+14

DECLARATION = Declaration(
    kind="crowdtangle",
    title="CrowdTangle CSV",
    observes=frozenset({"posts", "accounts", "likes", "shares", "replies", "creation date"}),
    cannot={
        "status": "removed pages and posts are simply not in a download made after their removal",
        "views": "counted for videos only",
        "edits": "the text is that of the day of the download, without a mark of edits",
        "deletions": "the same as for the status",
        "media": "only addresses that no longer work",
    },
    time_precision_s=1,
    lateness_h=0.0,
    limits="Closed on 14 August 2024; public pages, groups and verified profiles that CrowdTangle followed.",
    cost="none",
    terms="https://www.crowdtangle.com/",
)


class CrowdTangleOptions(Record):
    """`zones`: offset by abbreviation, for those that are not known or mean several."""

    zones: dict[str, str] = Field(default_factory=dict)

    @field_validator("zones")
    @classmethod
    def _are_offsets(cls, zones: dict[str, str]) -> dict[str, str]:
        if wrong := [offset for offset in zones.values() if not re.fullmatch(r"[+-]\d{2}:\d{2}", offset)]:
            raise ValueError(f"{wrong[0]!r} is no offset; write it like +05:30, in quotes")
        return zones


class CrowdTangleImporter(StreamingImporter[CrowdTangleOptions]):
    """`parse` as in the port; the only option is `zones`."""

    format = "crowdtangle"
    version = "1"
    options_of = CrowdTangleOptions

    def read(self, run: Run, chosen: CrowdTangleOptions) -> Iterator[None]:
        """Raises UnreadableInput for a file that lacks a column without which no post can be named."""
        for chunk in read_csv(run.files, ","):
            _take(run, chunk, ZONES | chosen.zones)
            yield


def _take(run: Run, chunk: TextChunk, zones: dict[str, str]) -> None:
    instagram = "Account" in chunk.header and "Facebook Id" not in chunk.header
    fields = INSTAGRAM_FIELDS if instagram else POST_FIELDS
    _require(chunk, {"URL", *fields.values()} - {"post id", "Shares", "Message", "Description"})
    profile = PROFILE_FIELDS | ({"display_name": "Account"} if instagram else _named(chunk))
    used = (
        {"URL", *fields.values(), *profile.values(), *LINK_FIELDS} - {"post id"} - ({"Final Link", "Type"} if instagram else set())
    )
    run.drift.see("posts", chunk, used, {*IGNORED, "Type"} - used)
    made = {name: ungrouped(chunk.column(name)) for name in COUNTS}
    made["post id"], unnamed = _post_ids(chunk, instagram)
    made["Post Created"], homeless = _zoned(chunk.column("Post Created"), zones)
    made["Page Created"] = pc.binary_join_element_wise(chunk.column("Page Created"), "+14:00", "")
    refused = dict(chunk.refused)
    for reason, faulty in (
        ("URL names no post", unnamed),
        ("Post Created names a zone that is not known, see the option zones", homeless),
    ):
        for place in np.flatnonzero(faulty):
            refused.setdefault(int(place), reason)
    chunk = replace(chunk, refused=refused, made=made)
    platform = "instagram" if instagram else "facebook"
    recipe = Recipe("posts", fields, {"platform": platform, "time_precision_s": 1}, Reading())
    posts = take(chunk, recipe, run.observed_at, run.harvest, {"urls": _urls(chunk, fields["text"])})
    run.profiles.see(
        chunk, posts, profile, Reading(), created_precision_s=_ANY_ZONE_S if "created_at" in profile else None, daily=True
    )


def _named(chunk: TextChunk) -> dict[str, str]:
    return {"display_name": "Page Name" if "Page Name" in chunk.header else "Group Name"} | (
        PAGE_FIELDS if "Page Name" in chunk.header and "Page Created" in chunk.header else {}
    )


def _require(chunk: TextChunk, needed: set[str]) -> None:
    if lacking := sorted(needed - set(chunk.header)):
        raise UnreadableInput(
            f"{chunk.file.name} was refused whole: line 1: it is no CrowdTangle file, it lacks {', '.join(lacking)}.",
            remedy="Give the file as it was downloaded, or use the importer csv with a column map.",
        )


def _post_ids(chunk: TextChunk, instagram: bool) -> tuple[pa.Array, np.ndarray]:
    found = pc.struct_field(pc.extract_regex(chunk.column("URL"), _SHORT_CODE if instagram else _POST), [0])
    ids = found if instagram else pc.binary_join_element_wise(chunk.column("Facebook Id"), found, "_")
    return ids, found.is_null().to_numpy(zero_copy_only=False)


def _zoned(times: pa.Array, zones: dict[str, str]) -> tuple[pa.Array, np.ndarray]:
    """`2021-07-06 16:45:20 EDT` as `2021-07-06 16:45:20-04:00`; also which name a zone that is not known."""
    parts = pc.extract_regex(times, r"^(?P<clock>\S+ \S+) (?P<zone>[A-Za-z]+)$")
    clock, zone = pc.struct_field(parts, [0]), pc.struct_field(parts, [1])
    place = pc.index_in(zone, pa.array(list(zones), pa.string()))
    offset = pa.array(list(zones.values()), pa.string()).take(place)
    homeless = pc.and_(pc.is_valid(zone), pc.is_null(offset)).to_numpy(zero_copy_only=False)
    return pc.coalesce(pc.binary_join_element_wise(clock, offset, ""), _times_without(times)), homeless


def _times_without(times: pa.Array) -> pa.Array:
    """Times that name no zone are no instants: marked, so that they are refused rather than read as UTC."""
    bare = pc.match_substring_regex(times, r"^\d{4}-\d{2}-\d{2}[ T][\d:.]+$").fill_null(False)
    return pc.if_else(bare, pc.binary_join_element_wise(times, " without a zone", ""), times)


def _urls(chunk: TextChunk, text: str) -> pa.Array:
    """The link of the post, as it was followed, and the links in its text. The link of a photo or video is the post itself."""
    link = pc.coalesce(chunk.column("Final Link"), chunk.column("Link"))
    own = pc.match_substring_regex(link, _OWN_HOST).fill_null(False)
    shared = pc.equal(chunk.column("Type"), "Link").fill_null(False)
    link = pc.if_else(pc.and_(own, pc.invert(shared)), "", link).fill_null("")
    return separated(pc.binary_join_element_wise(link, pc.binary_join(links(chunk.column(text).fill_null("")), " "), " "), " ")
