"""One simulated week: the posts as a collector captures them, and their true labels."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.domain.posts import KINDS, POSTS
from tasks.simulate.cast import NEWS_FAN, ROLES, Cast
from tasks.simulate.clock import DAY_US, SECOND_US, START_US, to_us
from tasks.simulate.engagement import engagement
from tasks.simulate.rows import ANNOUNCEMENT, ORIGINAL, REPLY, REPOST, TEXT_KINDS, Rows, take
from tasks.simulate.scenarios import PLATFORMS, Scenario
from tasks.simulate.words import TOPICS

CAPTURE_AFTER_MIDNIGHT_US = 40 * 60 * SECOND_US  # the daily collection runs at 00:40 UTC
LATE_SHARE = 0.03  # posts that a collection misses and a later one, one to three days on, finds
OUR_COLUMNS = ("campaign", "batch_id", "row_number")
POST_SCHEMA = pa.schema([POSTS.arrow.field(n).with_nullable(True) for n in POSTS.names if n not in OUR_COLUMNS])
LABEL_SCHEMA = pa.schema(
    [
        pa.field("platform", pa.string()),
        pa.field("post_id", pa.string()),
        pa.field("role", pa.string()),
        pa.field("text_kind", pa.string()),
        pa.field("topic", pa.string()),  # null = no topic
        pa.field("group", pa.int64()),  # equal or near-equal texts of one text_kind; null = a text of its own
        pa.field("burst", pa.int64()),  # one coordinated action; null = none
    ]
)


def captured_at(posted: np.ndarray, late_days: np.ndarray) -> np.ndarray:
    """The first daily capture after the post, `late_days` later."""
    shifted = posted - CAPTURE_AFTER_MIDNIGHT_US
    captured: np.ndarray = (shifted // DAY_US + 1 + late_days) * DAY_US + CAPTURE_AFTER_MIDNIGHT_US
    return captured


@dataclass(frozen=True)
class Assembled:
    """Posts in POST_SCHEMA and their labels in LABEL_SCHEMA, row by row, with each post's account and capture for the collector."""

    posts: pa.Table
    labels: pa.Table
    account: np.ndarray
    observed: np.ndarray


def assemble(rng: np.random.Generator, scenario: Scenario, cast: Cast, rows: Rows, week: int) -> Assembled:
    """One row per post that some query found, ordered by time."""
    rows = take(rows, np.argsort(rows.at, kind="stable"))
    query = _queries(rng, scenario, cast, rows)
    found = np.flatnonzero(query >= 0)
    rows, query = take(rows, found), query[found]
    platform = cast.platform[rows.account]
    post_id = pa.array((week + 1) * 1_000_000_000 + np.arange(len(rows))).cast(pa.string())
    rows, kind, target = _answers(rng, cast, rows, platform)
    zh = pa.array(rows.zh)
    answered = pa.array(target, mask=target < 0)
    target_handle = cast.handle.take(pa.array(rows.account)).take(answered)
    mention = pc.if_else(pa.array(kind == REPLY), target_handle, rows.mention)
    reply_text = pc.binary_join_element_wise(pc.binary_join_element_wise("@", mention, ""), rows.text, " ")
    text = pc.if_else(pa.array(kind == REPLY), reply_text, rows.text)
    observed = captured_at(rows.at, _late_days(rng, len(rows)))
    columns = {
        "platform": _names(PLATFORMS, platform),
        "post_id": post_id,
        "observed_at": _instants(observed),
        "account_id": cast.account_id.take(pa.array(rows.account)),
        "posted_at": _instants(rows.at),
        "time_precision_s": pa.array(np.ones(len(rows), dtype=np.int64)),
        "kind": _names(KINDS, kind),
        "text": pc.binary_join_element_wise(text, rows.tag, rows.url, " ", null_handling="skip"),
        "lang": pc.if_else(zh, "zh", "en"),
        "urls": _lists(rows.url),
        "domains": _lists(rows.domain),
        "hashtags": _tags(rows.tag),
        "mentions": _lists(mention),
        "media_hashes": _lists(rows.media),
        "repost_of_id": pc.if_else(pa.array(kind == REPOST), post_id.take(answered), pa.scalar(None, pa.string())),
        "reply_to_id": pc.if_else(pa.array(kind == REPLY), post_id.take(answered), pa.scalar(None, pa.string())),
        **engagement(rng, platform, cast.role[rows.account]),
        "query_id": _names(("q1", "q2", "q3", "q4"), query),
    }
    posts = pa.table([columns[name] for name in POST_SCHEMA.names], schema=POST_SCHEMA)
    return Assembled(posts, _labels(cast, rows, platform, post_id), rows.account, observed)


def _late_days(rng: np.random.Generator, count: int) -> np.ndarray:
    late: np.ndarray = np.where(rng.random(count) < LATE_SHARE, rng.integers(1, 4, count), 0)
    return late


def _labels(cast: Cast, rows: Rows, platform: np.ndarray, post_id: pa.StringArray) -> pa.Table:
    columns = [
        _names(PLATFORMS, platform),
        post_id,
        _names(ROLES, cast.role[rows.account]),
        _names(TEXT_KINDS, rows.text_kind),
        pa.array(TOPICS).take(pa.array(rows.topic, mask=rows.topic < 0)),
        pa.array(rows.group, mask=rows.group < 0),
        pa.array(rows.burst, mask=rows.burst < 0),
    ]
    return pa.table(columns, schema=LABEL_SCHEMA)


def _queries(rng: np.random.Generator, scenario: Scenario, cast: Cast, rows: Rows) -> np.ndarray:
    """Which query found each post: 0 English and 1 Chinese keywords, 2 news links, 3 the new topic (from the day it was added), -1 none."""
    query = np.where(cast.role[rows.account] == NEWS_FAN, 2, rows.zh.astype(np.int64))
    new_words = (rows.topic == TOPICS.index("october")) & (rng.random(len(rows)) < scenario.query_added_share)
    added = rows.at >= to_us(scenario.query_added_on)
    said = (rows.text_kind != ANNOUNCEMENT) & (rows.kind != REPOST)  # what a repost says is decided later
    chosen: np.ndarray = np.where(new_words & said, np.where(added, 3, -1), query)
    return chosen


def _answers(rng: np.random.Generator, cast: Cast, rows: Rows, platform: np.ndarray) -> tuple[Rows, np.ndarray, np.ndarray]:
    """Give every wish to repost or reply an earlier original of the same platform (for campaign accounts: of the campaign); a repost takes
    over its text, links and labels. Returns the rows, their kinds and the position answered (-1 = none)."""
    kind, target = rows.kind.copy(), np.full(len(rows), -1)
    circle = platform * 2 + (cast.role[rows.account] == 0)
    for number in np.unique(circle):
        wishes = np.flatnonzero((circle == number) & (kind != ORIGINAL))
        choices = np.flatnonzero((circle == number if number % 2 else circle // 2 == number // 2) & (kind == ORIGINAL))
        earlier = np.searchsorted(choices, wishes)
        able = earlier > 0
        pick = (rng.random(len(wishes)) ** 0.3 * earlier).astype(np.int64)  # recent ones more often
        target[wishes[able]] = choices[pick[able]]
        kind[wishes[~able]] = ORIGINAL
    target = _aimed(rows.aim, target)
    source = np.where(kind == REPOST, target, np.arange(len(rows)))
    copied = take(rows, source)
    mine = {"account": rows.account, "at": rows.at, "burst": rows.burst, "kind": kind}
    return Rows(**{**copied.__dict__, **mine}), kind, target


def _aimed(aim: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Posts of one aim answer what the first of them, in time, found to answer."""
    wishes = np.flatnonzero((aim >= 0) & (target >= 0))
    aims, first, of = np.unique(aim[wishes], return_index=True, return_inverse=True)
    same = target.copy()
    same[wishes] = target[wishes[first]][of] if len(aims) else target[wishes]
    return same


def _names(names: tuple[str, ...], codes: np.ndarray) -> pa.StringArray:
    return pa.array(names).take(pa.array(codes))


def _instants(microseconds: np.ndarray) -> pa.Array:
    return pa.array(microseconds, pa.int64()).cast(pa.timestamp("us", tz="UTC"))


def _tags(values: pa.StringArray) -> pa.ListArray:
    """`#One #Two` as a list, case folded, without `#`; an empty list where there is none."""
    plain = pc.replace_substring(pc.utf8_lower(values), "#", "")
    present = values.is_valid().to_numpy(zero_copy_only=False)
    words = pc.split_pattern(plain.drop_null(), " ")
    sizes = np.zeros(len(values), np.int64)
    sizes[present] = pc.list_value_length(words).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pc.list_flatten(words))


def _lists(values: pa.StringArray) -> pa.ListArray:
    """Lists of one value where there is one, empty lists where there is none: it was looked for."""
    present = values.is_valid().to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(present)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values.drop_null())


def week_bounds(week: int) -> tuple[int, int]:
    """[start, end) of a simulated week in microseconds."""
    return START_US + week * 7 * DAY_US, START_US + (week + 1) * 7 * DAY_US
