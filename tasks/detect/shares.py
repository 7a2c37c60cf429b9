"""Which posts share an object: the input of detection, one frame a behaviour.

What two accounts can do the same thing to is settled in tasks.detect.objects. Here hubs are set aside and counted, because they say next
to nothing about any two of their sharers: an object that more than 5 % of the behaviour's accounts and more than 200 share; in co-domain
the platforms where anybody publishes (youtube.com), and in co-url their front pages, however few share them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.detect.objects import TEXT, Flags, Ints, keys, objects_of, plain_array
from tasks.detect.significance import SLOT_S
from tasks.domain.distinct import distinct
from tasks.domain.links import PLATFORM_HOSTS
from tasks.domain.networks import BEHAVIOURS
from tasks.domain.printable import printable

HUB_ACCOUNTS = 200
HUB_SHARE = 0.05
HUBS_NAMED = 3

_FIELDS = {
    "co-url": "a link",
    "co-text": "a text",
    "co-domain": "the domain of a link",
    "co-repost": "the id of a post passed on, or a shortened link of it",
    "co-reply": "the id of a post it answers",
    "co-hashtag": "two hashtags or more",
    "co-media": "the hash of an image or film",
}
_REPEATED = {
    "co-url": "shortened links on reposts set aside (they name the share and count as the same post passed on)",
    "co-text": "texts of reposts set aside (they repeat a post, not an act of their own)",
    "co-domain": "domains on reposts set aside (they repeat a post)",
    "co-hashtag": "hashtag sequences of reposts set aside (they repeat a post)",
    "co-media": "media of reposts set aside (they repeat a post)",
}
_NAMED = ("co-url", "co-domain", "co-hashtag")  # objects that read as what they are; the others are ids


@dataclass(frozen=True)
class BehaviourShares:
    """`frame`: SHARES and `slot` (integer codes of platform, language and 6 hours) and `post` (0-based row of the posts). `objects` of
    them and `accounts` took part. Set aside before: `hubs` objects with `hub_rows` rows, and `repost_rows` rows. `carried`: posts that
    carry what the behaviour looks at; `hub_names`: the hubs with most rows, cleaned for print."""

    behaviour: str
    frame: pd.DataFrame
    objects: int
    accounts: int
    hubs: int
    hub_rows: int
    repost_rows: int
    carried: int = 0
    hub_names: tuple[str, ...] = ()

    @property
    def absent(self) -> str:
        """Why nothing can be said, if no post carries what is looked at; else empty."""
        return "" if self.carried else f"no post carries {_FIELDS[self.behaviour]}"

    @property
    def note(self) -> str:
        """What was not measured or set aside, in words; empty if nothing was."""
        if self.absent:
            return f"not measured: {self.absent}"
        said = [f"{self.repost_rows:,} {_REPEATED[self.behaviour]}"] if self.repost_rows else []
        if self.hubs:
            platforms = {
                "co-domain": ", or platforms where anybody publishes,",
                "co-url": ", or front pages of platforms,",
            }.get(self.behaviour, "")
            named = f" (most: {', '.join(self.hub_names)})" if self.hub_names else ""
            said.append(
                f"{self.hubs:,} objects shared by more than 5 % of the accounts and more than 200{platforms} set aside, "
                f"{self.hub_rows:,} rows{named}"
            )
        return "; ".join(said)


def shares_of(posts: pd.DataFrame, families: pd.DataFrame, behaviour: str) -> BehaviourShares:
    """The shares of `behaviour` (one of BEHAVIOURS) among `posts` (POSTS, one observation a post).

    `families`: FAMILIES, row by row for `posts`. Account and content ids are "platform/id"; language is the primary subtag ("und" where
    the source does not say). Raises ValueError for another behaviour, or if `families` does not follow the rows of `posts`.
    """
    if behaviour not in BEHAVIOURS:
        raise ValueError(f"unknown behaviour {behaviour}")
    if len(families) != len(posts) or not np.array_equal(families["post_id"].to_numpy(), posts["post_id"].to_numpy()):
        raise ValueError("families must follow the rows of posts")
    found = objects_of(posts, families, behaviour)
    names = posts[["platform", "account_id", "post_id", "posted_at", "lang"]].iloc[found.post]
    account = keys(names, "account_id").dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    encoded = plain_array(found.object).dictionary_encode()
    hub_rows, hubs, hub_names = _hubs(behaviour, encoded, account)
    post, objects = found.post[~hub_rows], found.object[~hub_rows]
    frame = _frame(names[~hub_rows], post, objects)
    return BehaviourShares(
        behaviour=behaviour,
        frame=frame,
        objects=len(encoded.dictionary) - hubs,
        accounts=len(distinct(account[~hub_rows])),
        hubs=hubs,
        hub_rows=int(hub_rows.sum()),
        repost_rows=found.reposts,
        carried=found.carried,
        hub_names=hub_names,
    )


def account_keys(posts: pd.DataFrame) -> pd.Series:
    """ "platform/account_id" of every row (columns platform, account_id), as text."""
    return _series(posts, "account_id").set_axis(posts.index)


def _series(posts: pd.DataFrame, name: str) -> pd.Series:
    series: pd.Series = keys(posts, name).to_pandas(types_mapper=lambda _: TEXT)
    return series


def _hubs(behaviour: str, objects: pa.DictionaryArray, account: Ints) -> tuple[Flags, int, tuple[str, ...]]:
    """Rows of hubs, how many hubs there are, and the names of those with most rows. `account`: codes by row."""
    codes, names = objects.indices.to_numpy(zero_copy_only=False).astype(np.int64), objects.dictionary
    limit = max(HUB_ACCOUNTS, HUB_SHARE * (int(account.max(initial=-1)) + 1))
    rows = np.bincount(codes, minlength=len(names))
    many = rows[codes] > limit  # fewer rows cannot be of more accounts
    width = int(account.max(initial=0)) + 1
    sharers = np.bincount(distinct(codes[many] * width + account[many]) // width, minlength=len(names))
    hub = np.asarray(sharers > limit, np.bool_)
    if behaviour in ("co-url", "co-domain"):
        hub |= pc.is_in(names, value_set=pa.array(sorted(PLATFORM_HOSTS), names.type)).to_numpy(zero_copy_only=False)
    chosen = np.flatnonzero(hub)
    told = dict(zip(chosen.tolist(), names.take(pa.array(chosen)).to_pylist(), strict=True))
    most = sorted(told, key=lambda code: (-rows[code], told[code]))[:HUBS_NAMED]
    return hub[codes], len(chosen), tuple(printable(told[code], limit=40)[0] for code in most) if behaviour in _NAMED else ()


def language_codes(lang: pd.Series) -> Ints:
    """Codes of the primary subtag, in the order of the subtags; -1 where the source does not say."""
    codes, tags = pd.factorize(lang)
    primary = np.asarray(pd.factorize(np.array([str(tag).split("-")[0].lower() for tag in tags], object), sort=True)[0], np.int64)
    return np.append(primary, -1)[codes]


def _frame(chosen: pd.DataFrame, post: Ints, objects: pd.Series) -> pd.DataFrame:
    seconds = chosen["posted_at"].astype("int64").to_numpy() / 1e6
    slots = pd.DataFrame(
        {
            "platform": pd.factorize(chosen["platform"])[0],
            "lang": language_codes(chosen["lang"]),
            "at": np.floor(seconds / SLOT_S).astype(np.int64),
        }
    )
    return pd.DataFrame(
        {
            "object_id": objects.astype(TEXT).reset_index(drop=True),
            "account_id": _series(chosen, "account_id"),
            "content_id": _series(chosen, "post_id"),
            "timestamp_share": seconds,
            "slot": slots.groupby(["platform", "lang", "at"], sort=False, dropna=False).ngroup().to_numpy(np.int64),
            "post": post,
        }
    )
