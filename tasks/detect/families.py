"""Families of near-duplicate texts: copies of one text, lightly changed or cut short.

Distinct texts are taken in the order in which they first appeared. A text joins a founder that it resembles, else it founds a family
of its own: members resemble the founder (or, once, the founder's longer or shorter cut), so likeness is not chained from text to
text; and since a decision rests on older texts only, later posts never change an id. Resemblance is Jaccard >= 0.8 of the sets of
character 5-grams (Broder 1997), checked for every candidate pair, or one text being the beginning of the other.
"""

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.detect.remembered import Memory, common_beginning
from tasks.detect.resemblance import join_near_duplicates, join_truncations
from tasks.detect.texts import SHORT_CHARACTERS, normal_texts, text_lengths
from tasks.domain.networks import FAMILIES

Ints = npt.NDArray[np.int64]


def text_families(posts: pd.DataFrame, memory: Memory | None = None) -> pd.DataFrame:
    """One row a post, in the order of `posts` (columns platform, post_id, posted_at, text; one observation a post).

    `family_id` is the hash of the normalised text that founded the family (the oldest by posted_at, platform, post_id); null for a
    post without text beyond links and mentions. `short` marks texts below 20 characters (10 CJK), which form families by equality
    only. Columns and dtypes: FAMILIES. With a `memory` of earlier posts of the campaign the same comes out sooner.
    """
    normal = _normal(posts["text"], memory) if memory else normal_texts(posts["text"])
    by_age = _by_age(posts)
    encoded = normal.take(by_age).dictionary_encode()  # codes in order of first appearance: 0 is the oldest text
    codes = np.empty(len(posts), np.int64)
    codes[by_age.to_numpy(zero_copy_only=False)] = encoded.indices.to_numpy(zero_copy_only=False)
    texts = encoded.dictionary
    short = text_lengths(texts, SHORT_CHARACTERS) < SHORT_CHARACTERS
    family_of = _ids(texts, _founders(texts, short, memory))
    frame = pd.DataFrame({"platform": posts["platform"], "post_id": posts["post_id"]})
    family = family_of.take(pa.array(codes)).to_pandas(types_mapper={pa.string(): pd.StringDtype("pyarrow", na_value=np.nan)}.get)
    frame["family_id"] = family.set_axis(posts.index)
    frame["short"] = pd.array(short[codes], dtype="boolean")
    return FAMILIES.conform(frame)


def _by_age(posts: pd.DataFrame) -> pa.Array:
    columns = {name: pa.array(posts[name], from_pandas=True) for name in ("posted_at", "platform", "post_id")}
    return pc.sort_indices(pa.table(columns), sort_keys=[(name, "ascending") for name in columns])


def _normal(texts: pd.Series, memory: Memory) -> pa.Array:
    """`normal_texts`; of those that begin like the ones in `memory` the rest."""
    raw = pa.array(texts, from_pandas=True).cast(pa.string())
    raw = pc.fill_null(raw.combine_chunks() if isinstance(raw, pa.ChunkedArray) else raw, "")
    known = common_beginning(memory.raw, raw)
    normal = pa.concat_arrays([memory.normal.slice(0, known), normal_texts(texts.iloc[known:])])
    memory.raw, memory.normal = raw, normal
    return normal


def _founders(texts: pa.Array, short: npt.NDArray[np.bool_], memory: Memory | None) -> Ints:
    """The founder of every distinct text: first by Jaccard, then the founders among themselves by truncation."""
    founder = np.arange(len(texts))
    comparable = np.flatnonzero(~short)
    chosen = texts.take(pa.array(comparable))
    near = join_near_duplicates(chosen, memory)
    founding = np.flatnonzero(near == np.arange(len(near)))
    cut = join_truncations(chosen.take(pa.array(founding)))
    settled = np.arange(len(near))
    settled[founding] = founding[cut]
    founder[comparable] = comparable[settled[near]]
    return founder


def _ids(texts: pa.Array, founder: Ints) -> pa.Array:
    """The family id of every distinct text; null for the empty one."""
    founding, inverse = np.unique(founder, return_inverse=True)
    ids = [
        hashlib.sha256(text.encode()).digest()[:8].hex() if text else None for text in texts.take(pa.array(founding)).to_pylist()
    ]
    return pa.array(ids, pa.string()).take(pa.array(inverse))
