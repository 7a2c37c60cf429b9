"""What two accounts can do the same thing to, behaviour by behaviour: the objects of posts.

co-url: a link, compared without scheme and `www.`; a link on a shortener's host stands on original posts only (one code is one page, so
that no two pages are ever taken for one; one page under two codes is missed). co-text: a text family, short texts left out. co-domain:
the host of a link, shorteners left out. co-repost: the post passed on, by its id; where the source does not tell the id, the
shortened links of the repost, which name the share (a repost keeps its code). co-reply: the post answered. co-hashtag: two or more
hashtags in their order (Pacheco et al. 2021). co-media: the hash of an image or film, equal to the digit.

A repost repeats the words, tags, links and media of a post without anybody having put them together again: in co-text, co-domain,
co-hashtag and co-media reposts are set aside and counted, in co-url their shortened links. A reposted link to a page stays a link.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.domain.distinct import distinct
from tasks.domain.frames import flatten_lists
from tasks.domain.links import SHORTENERS

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
_SHORTENED = r"^(?:" + "|".join(sorted(host.replace(".", r"\.") for host in SHORTENERS)) + r")(?:/|$)"


@dataclass(frozen=True)
class Objects:
    """`object` (text) and the 0-based row `post` that holds it, each combination once, in the order of posts. `carried`: posts that
    carry what the behaviour looks at; `reposts`: rows set aside because they only repeat a post."""

    post: Ints
    object: pd.Series
    carried: int
    reposts: int = 0


def objects_of(posts: pd.DataFrame, families: pd.DataFrame, behaviour: str) -> Objects:
    """The objects of `behaviour` (one of BEHAVIOURS) in `posts` (POSTS); `families`: FAMILIES, row by row for `posts`."""
    if behaviour == "co-text":
        return _without_reposts(posts, _texts(families))
    return _READERS[behaviour](posts)


def _texts(families: pd.DataFrame) -> Objects:
    usable = families["family_id"].notna().to_numpy() & ~families["short"].fillna(False).to_numpy(bool)
    return Objects(np.flatnonzero(usable), _plain(families["family_id"][usable]), int(families["family_id"].notna().sum()))


def _urls(posts: pd.DataFrame) -> Objects:
    found = _links(posts)
    aside = _repost(posts)[found.post] & _shortened(found.object)
    return Objects(found.post[~aside], _plain(found.object[~aside]), found.carried, int(aside.sum()))


def _domains(posts: pd.DataFrame) -> Objects:
    return _without_reposts(posts, _listed(posts, "domains"))


def _media(posts: pd.DataFrame) -> Objects:
    return _without_reposts(posts, _listed(posts, "media_hashes"))


def _reposts(posts: pd.DataFrame) -> Objects:
    """Whoever names the post passed on (quotes that do too), else the shortened links of reposts."""
    named = _answers(posts, "repost_of_id")
    unnamed = np.flatnonzero(_repost(posts) & posts["repost_of_id"].isna().to_numpy(bool))
    links = _links(posts[["urls"]].iloc[unnamed])
    share = _shortened(links.object)
    at = unnamed[links.post[share]]
    post = np.concatenate([named.post, at])
    order = np.argsort(post, kind="stable")
    objects = pd.concat([named.object, links.object[share]], ignore_index=True).take(order)
    return Objects(post[order], _plain(objects), named.carried + len(distinct(at)))


def _replies(posts: pd.DataFrame) -> Objects:
    return _answers(posts, "reply_to_id")


def _answers(posts: pd.DataFrame, column: str) -> Objects:
    """The post answered or passed on, as "platform/id"."""
    at = np.flatnonzero(posts[column].notna().to_numpy(bool))
    return Objects(at, _plain(_text(keys(posts[["platform", column]].iloc[at], column))), len(at))


def _hashtags(posts: pd.DataFrame) -> Objects:
    """Two or more tags, two of them different, in their order: `#one #two`."""
    lists = plain_array(posts["hashtags"])
    joined = pc.if_else(pc.greater_equal(pc.list_value_length(lists), 2), pc.binary_join(lists, " #"), pa.scalar(None, pa.string()))
    encoded = joined.dictionary_encode()
    several = [len(set(tags.split(" #"))) > 1 for tags in encoded.dictionary.to_pylist()]
    names = pa.array(
        [f"#{tags}" if two else None for tags, two in zip(encoded.dictionary.to_pylist(), several, strict=True)], pa.string()
    )
    series = _text(names.take(encoded.indices))
    at = np.flatnonzero(series.notna().to_numpy(bool))
    return _without_reposts(posts, Objects(at, _plain(series.iloc[at]), len(at)))


_READERS: dict[str, Callable[[pd.DataFrame], Objects]] = {
    "co-url": _urls,
    "co-domain": _domains,
    "co-repost": _reposts,
    "co-reply": _replies,
    "co-hashtag": _hashtags,
    "co-media": _media,
}


def _links(posts: pd.DataFrame) -> Objects:
    return _listed(posts, "urls", lambda links: links.str.replace(r"^https?://(?:www\.)?", "", regex=True))


def _listed(posts: pd.DataFrame, column: str, clean: Callable[[pd.Series], pd.Series] | None = None) -> Objects:
    """Every element of a list column, once a post; empty and null ones are none."""
    post, values = flatten_lists(posts, column)
    objects = values if clean is None else clean(values)
    once = ~pd.DataFrame({"post": post, "object": pd.factorize(objects)[0]}).duplicated().to_numpy()
    once &= objects.notna().to_numpy(bool) & objects.ne("").fillna(False).to_numpy(bool)
    return Objects(post[once], _plain(objects[once]), len(distinct(post[once])))


def _without_reposts(posts: pd.DataFrame, found: Objects) -> Objects:
    aside = _repost(posts)[found.post]
    return Objects(found.post[~aside], _plain(found.object[~aside]), found.carried, int(aside.sum()))


def _repost(posts: pd.DataFrame) -> Flags:
    return np.asarray(posts["kind"].eq("repost").to_numpy(bool), np.bool_)


def _shortened(objects: pd.Series) -> Flags:
    return np.asarray(objects.str.contains(_SHORTENED, regex=True).to_numpy(bool), np.bool_)


def plain_array(values: pd.Series) -> pa.Array:
    """The Arrow array behind a series, in one piece."""
    array = values.array.__arrow_array__()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    return array


def keys(posts: pd.DataFrame, name: str) -> pa.Array:
    """ "platform/id" of every row, `name` the column of the id, without going through Python objects."""
    platform, ids = (pa.array(posts[column].astype(TEXT)).cast(pa.large_string()) for column in ("platform", name))
    joined = pc.binary_join_element_wise(platform, ids, pa.scalar("/", pa.large_string()))
    if isinstance(joined, pa.ChunkedArray):
        return pa.concat_arrays(joined.chunks) if joined.num_chunks else pa.array([], pa.large_string())
    return joined


def _text(array: pa.Array) -> pd.Series:
    series: pd.Series = array.to_pandas(types_mapper={pa.string(): TEXT, pa.large_string(): TEXT}.get)
    return series


def _plain(values: pd.Series) -> pd.Series:
    return values.astype(TEXT).reset_index(drop=True)
