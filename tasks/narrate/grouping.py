"""From posts and text families to clusters of families: what `narratives` then counts and names."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from scipy import sparse

from tasks.domain.periods import Period
from tasks.narrate.clustering import clusters, core_of, joined, weighted
from tasks.narrate.terms import Terms, terms_of

STEPS = 8  # periods before this one in the trend
WINDOW = timedelta(days=182)  # families silent for longer are no part of a narrative
MIN_POSTS = 5  # in the window; a cluster with fewer is no narrative
MAX_NARRATIVES = 100
ROUNDS = 3  # of clustering what no centroid holds


@dataclass(frozen=True)
class Grouped:
    """`posts`: the window's posts with columns of POSTS + family (position in `families` or -1), cluster (0..K-1 or -1) and step (0 =
    this period, 1 = the one before ..., -1 = older). `families`: family_id, text, lang, posts, first_seen, cluster, score (cosine to
    the centroid)."""

    posts: pd.DataFrame
    families: pd.DataFrame
    terms: Terms
    steps: tuple[tuple[datetime, datetime], ...]  # newest first

    @property
    def many(self) -> int:
        return int(self.families["cluster"].max()) + 1 if len(self.families) else 0


_COLUMNS = ["platform", "post_id", "account_id", "posted_at", "kind", "text", "lang"]


def with_families(posts: pd.DataFrame, families: pd.DataFrame) -> pd.DataFrame:
    """The columns of `posts` that narratives need, with family_id and short of FAMILIES (null where it has no row or does not say);
    rows and order kept."""
    known = families[families["family_id"].notna()].reindex(columns=["platform", "post_id", "family_id", "short"])
    return posts[_COLUMNS].merge(known, on=["platform", "post_id"], how="left", validate="one_to_one")


def grouped(posts: pd.DataFrame, period: Period, seed: int) -> Grouped:
    """Cluster the families of `posts` (POSTS + family_id, all before `period.end`) that were posted in the trailing window.

    The window is 26 weeks or the 8 trend steps, whichever is longer. The graph holds the families with most posts (clustering.MAX_CORE);
    clusters of them with >= 5 posts, at most the 100 with most posts in this period and the last, become narratives; every family then
    joins the narrative of the nearest centroid, or none. Two more rounds cluster the graph's families that joined none.
    """
    steps = _steps(period)
    inside = (posts["posted_at"] >= min(steps[-1][0], period.end - WINDOW)).to_numpy(bool)
    recent = posts[inside].reset_index(drop=True)
    recent = recent.assign(step=_step_of(recent["posted_at"], steps))
    families, codes = _families(posts, recent, inside)
    terms = terms_of(families["text"])
    weights = weighted(terms)
    usable = np.diff(weights.indptr) > 0
    core = core_of(families["family_id"].to_numpy(), families["posts"].to_numpy(), usable)
    cluster, score = _narratives(weights, core, families, seed)
    cluster = _with_enough_posts(cluster, families["posts"].to_numpy())
    families = families.assign(cluster=cluster, score=score)
    of_post = np.where(codes >= 0, cluster[codes] if len(cluster) else -1, -1)
    return Grouped(recent.assign(family=codes, cluster=of_post), families, terms, steps)


def _steps(period: Period) -> tuple[tuple[datetime, datetime], ...]:
    spans = [(period.start, period.end)]
    for _ in range(STEPS):
        period = period.previous()
        spans.append((period.start, period.end))
    return tuple(spans)


def _micros(instants: pd.Series) -> np.ndarray:
    return pd.DatetimeIndex(instants).as_unit("us").asi8


def _step_of(posted_at: pd.Series, steps: tuple[tuple[datetime, datetime], ...]) -> np.ndarray:
    edges = _micros(pd.Series([start for start, _ in reversed(steps)]))
    place = np.searchsorted(edges, _micros(posted_at), side="right")
    return np.where(place == 0, -1, len(steps) - place)


def _families(posts: pd.DataFrame, recent: pd.DataFrame, inside: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """The families of `recent` (= posts[inside]) in family_id order, and for every row of it the family's position or -1.

    A family's text and language are those of its oldest post in the window; first_seen looks at all posts.
    """
    all_codes, all_ids = pd.factorize(posts["family_id"], sort=True)
    many = len(all_ids)
    first_seen = np.full(many, np.iinfo(np.int64).max)
    np.minimum.at(first_seen, all_codes[all_codes >= 0], _micros(posts["posted_at"])[all_codes >= 0])
    codes = all_codes[inside]
    counted = np.bincount(codes[codes >= 0], minlength=many)
    present = np.flatnonzero(counted)
    newest = codes[(codes >= 0) & recent["step"].isin([0, 1]).to_numpy()]
    oldest = recent.iloc[_oldest(recent, codes)]
    frame = pd.DataFrame(
        {
            "family_id": np.asarray(all_ids[present], object),
            "text": oldest["text"].array,
            "lang": oldest["lang"].array,
            "posts": counted[present],
            "recent": np.bincount(newest, minlength=many)[present],
            "first_seen": pd.DatetimeIndex(first_seen[present].astype("datetime64[us]")).tz_localize("UTC"),
        }
    )
    place = np.full(many + 1, -1, np.int64)
    place[present] = np.arange(len(present))
    return frame, place[codes]


def _oldest(recent: pd.DataFrame, codes: np.ndarray) -> np.ndarray:
    """Position of each family's oldest post, in the order of their codes; among equal times the smallest (platform, post_id)."""
    position = np.flatnonzero(codes >= 0)
    time = _micros(recent["posted_at"])
    position = position[np.lexsort((time[position], codes[position]))]
    family = codes[position]
    starts = np.flatnonzero(np.diff(family, prepend=-1))
    position = position[time[position] == np.repeat(time[position[starts]], np.diff(np.append(starts, len(family))))]
    tied = recent.iloc[position[np.isin(codes[position], _repeated(codes[position]))]]
    settled = tied.assign(code=codes[tied.index.to_numpy()]).sort_values(["code", "platform", "post_id"]).drop_duplicates("code")
    alone = position[~np.isin(codes[position], settled["code"].to_numpy())]
    chosen = np.concatenate([alone, settled.index.to_numpy(np.int64)])
    return np.asarray(chosen[np.argsort(codes[chosen], kind="stable")])


def _repeated(codes: np.ndarray) -> np.ndarray:
    values, counts = np.unique(codes, return_counts=True)
    return np.asarray(values[counts > 1])


def _narratives(weights: sparse.csr_array, core: np.ndarray, families: pd.DataFrame, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(cluster or -1, cosine to its centroid) of every family. What lies far from the centre of its cluster is clustered again among
    its like: modularity has a resolution limit, and a small new theme would drown in a large old one."""
    mass = np.log1p(families["posts"].to_numpy(np.float32)[core])
    number = np.full(len(core), -1, np.int64)
    cluster, score = np.full(weights.shape[0], -1, np.int64), np.zeros(weights.shape[0], np.float32)
    for _ in range(ROUNDS):
        left = np.flatnonzero(number < 0)
        found = _kept(clusters(weights[core[left]], seed), core[left], families, MAX_NARRATIVES - int(number.max(initial=-1)) - 1)
        if found.max(initial=-1) < 0:
            break
        number[left] = np.where(found >= 0, found + number.max(initial=-1) + 1, -1)
        cluster, score = joined(weights, core, number, mass)
        number = cluster[core]
    return cluster, score


def _kept(cluster: np.ndarray, core: np.ndarray, families: pd.DataFrame, room: int) -> np.ndarray:
    """Renumber the clusters that become narratives 0, 1, ..., at most `room`; -1 for the others."""
    many = int(cluster.max(initial=-1)) + 1
    posts = np.bincount(cluster, families["posts"].to_numpy()[core], minlength=many)
    recent = np.bincount(cluster, families["recent"].to_numpy()[core], minlength=many)
    order = np.lexsort((np.arange(many), -posts, -recent))
    chosen = [c for c in order if posts[c] >= MIN_POSTS and recent[c] > 0][:room]
    number = np.full(many, -1, np.int64)
    number[chosen] = np.arange(len(chosen))
    return np.asarray(number[cluster])


def _with_enough_posts(cluster: np.ndarray, posts: np.ndarray) -> np.ndarray:
    """Joining by centroid moves families: what fell below the minimum dissolves."""
    if not len(cluster) or cluster.max() < 0:
        return cluster
    held = np.bincount(cluster[cluster >= 0], posts[cluster >= 0], minlength=cluster.max() + 1)
    return np.where((cluster >= 0) & (held[cluster] >= MIN_POSTS), cluster, -1)
