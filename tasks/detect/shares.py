"""Which posts share an object: the input of detection, one frame a behaviour.

co-url: a link. Links on shortener hosts name a share and not a page, so on a repost they are the repost again: set aside and counted.
co-text: a text family, except short texts; reposts are set aside and counted, since passing a post on repeats its text without anybody
having written it. Hubs (an object that more than 5 % of the accounts and more than 200 share, such as a link that a platform promotes)
say next to nothing about any two of their sharers and are set aside and counted.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.detect.significance import SLOT_S
from tasks.domain.frames import flatten_lists
from tasks.domain.links import SHORTENERS
from tasks.domain.networks import BEHAVIOURS

HUB_ACCOUNTS = 200
HUB_SHARE = 0.05

Ints = npt.NDArray[np.int64]
_TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
_SHORTENED = r"^(?:" + "|".join(sorted(host.replace(".", r"\.") for host in SHORTENERS)) + r")(?:/|$)"


@dataclass(frozen=True)
class BehaviourShares:
    """`frame`: SHARES and `slot` (integer codes of platform, language and 6 hours) and `post` (0-based row of the posts). `objects` of
    them and `accounts` took part. Set aside before: `hubs` objects with `hub_rows` rows, and `repost_rows` rows."""

    behaviour: str
    frame: pd.DataFrame
    objects: int
    accounts: int
    hubs: int
    hub_rows: int
    repost_rows: int

    @property
    def note(self) -> str:
        """What was set aside, in words; empty if nothing was."""
        what = "shortened links on reposts" if self.behaviour == "co-url" else "texts of reposts"
        said = [f"{self.repost_rows} {what} set aside (they repeat a post, not an act of their own)"] if self.repost_rows else []
        if self.hubs:
            said.append(
                f"{self.hubs} objects shared by more than 5 % of the accounts and more than 200 set aside, {self.hub_rows} rows"
            )
        return "; ".join(said)


def shares_of(posts: pd.DataFrame, families: pd.DataFrame, behaviour: str) -> BehaviourShares:
    """The shares of `behaviour` (co-url or co-text) among `posts` (POSTS, one observation a post).

    `families`: FAMILIES, row by row for `posts`. Account and content ids are "platform/id"; links are compared without scheme and
    `www.`; language is the primary subtag ("und" where the source does not say). Raises ValueError for another behaviour, or if
    `families` does not follow the rows of `posts`.
    """
    if behaviour not in BEHAVIOURS:
        raise ValueError(f"unknown behaviour {behaviour}")
    if len(families) != len(posts) or not np.array_equal(families["post_id"].to_numpy(), posts["post_id"].to_numpy()):
        raise ValueError("families must follow the rows of posts")
    repost = posts["kind"].eq("repost").to_numpy(bool)
    post, objects = _links(posts) if behaviour == "co-url" else _texts(families)
    second_hand = repost[post]
    if behaviour == "co-url":
        second_hand &= objects.str.contains(_SHORTENED, regex=True).to_numpy(bool)
    post, objects = post[~second_hand], objects[~second_hand]
    account = _codes(_keys(posts, "account_id"))[post]
    hub_rows, hubs = _hubs(objects, account)
    post, objects = post[~hub_rows], objects[~hub_rows]
    frame = _frame(posts, post, objects)
    return BehaviourShares(
        behaviour=behaviour,
        frame=frame,
        objects=int(objects.nunique()),
        accounts=int(frame["account_id"].nunique()),
        hubs=hubs,
        hub_rows=int(hub_rows.sum()),
        repost_rows=int(second_hand.sum()),
    )


def account_keys(posts: pd.DataFrame) -> pd.Series:
    """ "platform/account_id" of every row (columns platform, account_id), as text."""
    return _series(_keys(posts, "account_id")).set_axis(posts.index)


def _keys(posts: pd.DataFrame, name: str) -> pa.Array:
    """ "platform/id" of every row, without going through Python objects."""
    platform, ids = (pa.array(posts[column].astype(_TEXT)).cast(pa.large_string()) for column in ("platform", name))
    joined = pc.binary_join_element_wise(platform, ids, pa.scalar("/", pa.large_string()))
    if isinstance(joined, pa.ChunkedArray):
        return pa.concat_arrays(joined.chunks) if joined.num_chunks else pa.array([], pa.large_string())
    return joined


def _codes(array: pa.Array) -> Ints:
    return np.asarray(array.dictionary_encode().indices.to_numpy(zero_copy_only=False), np.int64)


def _series(array: pa.Array) -> pd.Series:
    series: pd.Series = array.to_pandas(types_mapper={pa.string(): _TEXT, pa.large_string(): _TEXT}.get)
    return series


def _links(posts: pd.DataFrame) -> tuple[Ints, pd.Series]:
    """A link counts once a post."""
    post, links = flatten_lists(posts, "urls")
    objects = links.str.replace(r"^https?://(?:www\.)?", "", regex=True)
    once = ~pd.DataFrame({"post": post, "object": pd.factorize(objects)[0]}).duplicated().to_numpy()
    once &= objects.notna().to_numpy() & objects.ne("").to_numpy(bool)
    return post[once], objects[once].reset_index(drop=True)


def _texts(families: pd.DataFrame) -> tuple[Ints, pd.Series]:
    usable = families["family_id"].notna().to_numpy() & ~families["short"].fillna(False).to_numpy(bool)
    return np.flatnonzero(usable), families["family_id"][usable].reset_index(drop=True)


def _hubs(objects: pd.Series, account: Ints) -> tuple[npt.NDArray[np.bool_], int]:
    """Rows of hubs, and how many hubs there are."""
    codes = np.asarray(pd.factorize(objects)[0], np.int64)
    if not len(codes):
        return np.zeros(0, np.bool_), 0
    width = int(account.max()) + 1
    sharers = np.bincount(np.unique(codes * width + account) // width)
    limit = max(HUB_ACCOUNTS, HUB_SHARE * len(np.unique(account)))
    return (sharers > limit)[codes], int((sharers > limit).sum())


def language_codes(lang: pd.Series) -> Ints:
    """Codes of the primary subtag, in the order of the subtags; -1 where the source does not say."""
    codes, tags = pd.factorize(lang)
    primary = np.asarray(pd.factorize(np.array([str(tag).split("-")[0].lower() for tag in tags], object), sort=True)[0], np.int64)
    return np.append(primary, -1)[codes]


def _frame(posts: pd.DataFrame, post: Ints, objects: pd.Series) -> pd.DataFrame:
    chosen = posts.iloc[post]
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
            "object_id": objects.astype(_TEXT).reset_index(drop=True),
            "account_id": _series(_keys(chosen, "account_id")),
            "content_id": _series(_keys(chosen, "post_id")),
            "timestamp_share": seconds,
            "slot": slots.groupby(["platform", "lang", "at"], sort=False, dropna=False).ngroup().to_numpy(np.int64),
            "post": post,
        }
    )
