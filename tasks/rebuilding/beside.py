"""What other stages found about the same posts, handed over by the flow: text families, clusters, codebook, comparators."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

NEVER = np.iinfo(np.int64).max
Categorise = Callable[[pd.Series, pd.Series], pd.Series]


@dataclass(frozen=True)
class Beside:
    """`families`: family_id by the index of `posts` (and perhaps of more), null without text. `clusters`: columns account
    ("platform/account_id") and cluster_id. `categorise`: texts and languages to one codebook category each. `comparators`: posts
    (POSTS) by name, none of them by a member."""

    families: pd.Series | None = None
    clusters: pd.DataFrame | None = None
    categorise: Categorise | None = None
    comparators: Mapping[str, pd.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class FamilyDays:
    """`codes`: a number a text family, on the index of the posts, -1 = without text. `first_day`: by code, the day of its first post by
    any member on any platform."""

    codes: pd.Series
    first_day: np.ndarray

    @classmethod
    def of(cls, families: pd.Series, posts: pd.DataFrame) -> "FamilyDays":
        """`families`: family_id on the index of `posts`; column used of `posts`: posted_at."""
        codes, names = pd.factorize(families)
        days = posts["posted_at"].to_numpy(dtype="datetime64[D]").astype(np.int64)
        return cls(pd.Series(codes, index=families.index), first_days(codes, days, len(names)))


def first_days(codes: np.ndarray, days: np.ndarray, families: int) -> np.ndarray:
    """The smallest of `days` (from 1970-01-01) by code; NEVER where a code has none. Codes below 0 are left out."""
    first = np.full(families, NEVER, dtype=np.int64)
    known = codes >= 0
    np.minimum.at(first, codes[known], days[known].astype(np.int64))
    return first
