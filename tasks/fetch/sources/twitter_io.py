"""Importer `twitter-io`: the archives of information operations that Twitter published from 2018 to 2021, as CSV or as the zips they came
in.

Columns as in the readme of the archives (Twitter Transparency Center, Moderation Research Consortium): a tweets file has 31 columns (30
in the first release, which has no `poll_choices`), a users file ten. Which is which is told by the header. Times are UTC by a minute
clock (`tweet_time` is `YYYY-MM-DD HH:MM`); `account_creation_date` is a day.

Posts. `kind` by `is_retweet`, then `quoted_tweet_tweetid`, then the reply columns. Links and hashtags from the lists in brackets,
mentions from the text, which names handles where `user_mentions` has ids. Accounts of fewer than 5,000 followers are hashed: the hash is
the account id, and stands for the handle and the name too, which are then left out.

Accounts. Profiles are as they stood at the removal, the same on every row of an account: see tasks.fetch.profiles. A row of a users file
is observed at the account's last post in the files, else at the newest post of the files, or at the capture time given. Tweets files are
read first, so row numbers count over them first. That every account was removed is known from the publication, not from the files: put
the takedown with its day into the campaign file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.domain.errors import UnreadableInput, UsageProblem
from tasks.domain.ports import LandedFile
from tasks.domain.records import Record
from tasks.domain.sources import Declaration
from tasks.fetch.cells import bracketed, case_folded, flags
from tasks.fetch.chunks import TextChunk
from tasks.fetch.columns import Reading
from tasks.fetch.packed import members
from tasks.fetch.readers import csv_header, read_csv
from tasks.fetch.rows import Recipe, take
from tasks.fetch.streaming import Run, StreamingImporter

POST_FIELDS = {
    "post_id": "tweetid",
    "account_id": "userid",
    "posted_at": "tweet_time",
    "text": "tweet_text",
    "lang": "tweet_language",
    "repost_of_id": "retweet_tweetid",
    "reply_to_id": "in_reply_to_tweetid",
    "like_count": "like_count",
    "share_count": "retweet_count",
    "reply_count": "reply_count",
}
KIND_FIELDS = ("is_retweet", "quoted_tweet_tweetid", "in_reply_to_userid")
LISTS = ("urls", "hashtags")
PROFILE_FIELDS = {
    "handle": "user_screen_name",
    "display_name": "user_display_name",
    "bio": "user_profile_description",
    "created_at": "account_creation_date",
    "followers_count": "follower_count",
    "following_count": "following_count",
}
IGNORED = {
    "user_reported_location": "what the account said of its place",
    "user_profile_url": "its link, rarely given",
    "account_language": "of the interface, no longer given after 2019",
    "tweet_client_name": "the program it was sent with",
    "retweet_userid": "the retweeted post is named by retweet_tweetid",
    "latitude": "given for almost none",
    "longitude": "the same",
    "quote_count": "quotes are not added to retweets",
    "user_mentions": "account ids, mostly hashed; handles are read from the text",
    "poll_choices": "texts of polls",
}
USERS_IGNORED = ("user_reported_location", "user_profile_url", "account_language")
NEEDED = frozenset({"tweetid", "userid", "tweet_time", "tweet_text", "is_retweet"})
USERS_NEEDED = frozenset({"userid", "user_screen_name", "account_creation_date"})
DAY_S = 86_400
_READING = Reading(words={"lang": {"und": None, "iw": "he", "in": "id", "ji": "yi"}})  # codes that ISO 639 gave up

DECLARATION = Declaration(
    kind="twitter-io",
    title="Twitter information operations archive",
    observes=frozenset({"posts", "accounts", "likes", "shares", "replies", "creation date"}),
    cannot={
        "status": "every account was removed, but the files do not say when: the takedown belongs into the campaign file",
        "views": "Twitter counted none at the time",
        "edits": "tweets could not be edited at the time",
        "deletions": "what an account deleted before its removal is not in the archive",
        "media": "pictures and videos came in archives of their own, named by account",
    },
    time_precision_s=60,
    lateness_h=0.0,
    limits="Published from October 2018 to December 2021 and closed; accounts of fewer than 5,000 followers are hashed.",
    cost="none",
    terms="https://transparency.x.com/en/reports/moderation-research",
)


class TwitterIoOptions(Record):
    """`platform`: the key under which the campaign has Twitter; posts join those of other sources only under the same key."""

    platform: Literal["twitter", "x"] = "twitter"


class TwitterIoImporter(StreamingImporter[TwitterIoOptions]):
    """`parse` as in the port; the only option is `platform`."""

    format = "twitter-io"
    version = "1"
    options_of = TwitterIoOptions

    def read(self, run: Run, chosen: TwitterIoOptions) -> Iterator[None]:
        """Tweets first, then users."""
        tweets, users = _told_apart(run.files)
        rows = 0
        for chunk in read_csv(tweets, ","):
            _take_posts(run, chunk, chosen.platform)
            rows = chunk.first_row + chunk.rows
            yield
        for chunk in read_csv(users, ","):
            _take_users(run, replace(chunk, first_row=rows + chunk.first_row), chosen.platform)
            yield


def _told_apart(files: Sequence[LandedFile]) -> tuple[list[LandedFile], list[LandedFile]]:
    """Files of tweets and of users. Raises UnreadableInput for any other, and for a zip that holds both."""
    tweets: list[LandedFile] = []
    users: list[LandedFile] = []
    for file in files:
        kinds = set()
        for member in members(file):
            names = set(csv_header(member))
            needed = NEEDED if "tweetid" in names else USERS_NEEDED
            if lacking := sorted(needed - names):
                what = "tweets" if "tweetid" in names else "users"
                raise UnreadableInput(
                    f"{member.name} was refused whole: line 1: it is no {what} file of these archives, it lacks {', '.join(lacking)}.",
                    remedy="Give the archive's own CSV files, or another --format.",
                )
            kinds.add("tweetid" in names)
        if len(kinds) > 1:
            raise UnreadableInput(
                f"{file.name} was refused whole: the zip holds both tweets and users.",
                remedy="Unpack it, and give the files inside.",
            )
        (tweets if True in kinds else users).append(file)
    return tweets, users


def _take_posts(run: Run, chunk: TextChunk, platform: str) -> None:
    used = {*POST_FIELDS.values(), *KIND_FIELDS, *LISTS, *PROFILE_FIELDS.values()}
    run.drift.see("posts", chunk, used, IGNORED)
    reposted, strange = flags(chunk.column("is_retweet"))
    urls, no_urls = bracketed(chunk.column("urls"))
    tags, no_tags = bracketed(chunk.column("hashtags"))
    refused = dict(chunk.refused)
    for name, faulty in (("is_retweet is neither true nor false", strange), ("urls stand in no brackets", no_urls),
                         ("hashtags stand in no brackets", no_tags)):  # fmt: skip
        for place in faulty.nonzero()[0]:
            refused.setdefault(int(place), name)
    chunk = replace(chunk, refused=refused, made=_named(chunk))
    recipe = Recipe("posts", POST_FIELDS, {"platform": platform, "time_precision_s": 60}, _READING)
    given = {"kind": _kind(chunk, reposted), "urls": urls, "hashtags": case_folded(tags)}
    posts = take(chunk, recipe, run.observed_at, run.harvest, given)
    run.profiles.see(chunk, posts, PROFILE_FIELDS, _READING, created_precision_s=DAY_S)


def _kind(chunk: TextChunk, reposted: pa.Array) -> pa.Array:
    answered = pc.or_(pc.is_valid(chunk.column("in_reply_to_tweetid")), pc.is_valid(chunk.column("in_reply_to_userid")))
    kind = pc.if_else(answered, "reply", "original")
    kind = pc.if_else(pc.is_valid(chunk.column("quoted_tweet_tweetid")), "quote", kind)
    return pc.if_else(reposted, "repost", kind)


def _named(chunk: TextChunk) -> dict[str, pa.Array]:
    """Handle and name, null where they are only the hash again."""
    account = chunk.column("userid")
    columns = {name: chunk.column(name) for name in ("user_screen_name", "user_display_name")}
    return {name: pc.if_else(pc.equal(values, account).fill_null(False), None, values) for name, values in columns.items()}


def _take_users(run: Run, chunk: TextChunk, platform: str) -> None:
    """Raises UsageProblem where nothing says when the accounts were seen."""
    run.drift.see("accounts", chunk, {"userid", *PROFILE_FIELDS.values()}, USERS_IGNORED)
    given: dict[str, pa.Array] = {}
    if not isinstance(run.observed_at, datetime) and run.observed_at == "posted":
        seen = run.profiles.last_seen()
        if seen.empty:
            raise UsageProblem(
                "Nothing says when the accounts of the users file were seen.",
                remedy="Give the tweets file in the same command, or --observed-at the day of publication.",
            )
        ids = chunk.column("userid").to_pandas()
        given["observed_at"] = pa.Array.from_pandas(
            pd.to_datetime(ids.map(seen)).fillna(seen.max()), type=pa.timestamp("us", tz="UTC")
        )
    chunk = replace(chunk, made=_named(chunk))
    fields = {"account_id": "userid", **PROFILE_FIELDS}
    created = pc.if_else(pc.is_valid(chunk.column("account_creation_date")), pa.scalar(DAY_S, pa.int64()), None)
    take(chunk, Recipe("accounts", fields, {"platform": platform}, _READING), run.observed_at, run.harvest,
         given | {"created_precision_s": created})  # fmt: skip
