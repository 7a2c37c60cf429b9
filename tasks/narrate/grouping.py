"""From posts and text families to clusters of families: what `narratives` then counts and names."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from tasks.domain.periods import Period
from tasks.narrate.clustering import log_frequencies
from tasks.narrate.replay import replayed
from tasks.narrate.terms import Terms, terms_of
from tasks.narrate.weekly import week_numbers, weekly

STEPS = 8  # periods before this one in the trend
MAX_NARRATIVES = 100  # those with most posts in this period and the two before; posts of others count as unclustered


@dataclass(frozen=True)
class Grouped:
    """`posts`: those of the trend's periods, columns of POSTS + family (position in `families` or -1), cluster (0..K-1 or -1) and step
    (0 = this period, 1 = the one before ...). `families`: family_id, text, lang, posts (in these periods), first_seen, cluster, score
    (cosine to the narrative's profile). `founders`: for every cluster the id of the oldest family that founded it, which lasts."""

    posts: pd.DataFrame
    families: pd.DataFrame
    terms: Terms
    steps: tuple[tuple[datetime, datetime], ...]  # newest first
    founders: tuple[str, ...]

    @property
    def many(self) -> int:
        return len(self.founders)


_COLUMNS = ["platform", "post_id", "account_id", "posted_at", "kind", "text", "lang"]


def with_families(posts: pd.DataFrame, families: pd.DataFrame) -> pd.DataFrame:
    """The columns of `posts` that narratives need, with family_id and short of FAMILIES (null where it has no row or does not say);
    rows and order kept."""
    known = families[families["family_id"].notna()].reindex(columns=["platform", "post_id", "family_id", "short"])
    joined = posts[_COLUMNS].merge(known, on=["platform", "post_id"], how="left")
    if len(joined) != len(posts):  # merge's own check of both sides took 1.5 of 8 s
        raise ValueError("families: a post stands there twice")
    return joined


def grouped(posts: pd.DataFrame, period: Period) -> Grouped:
    """Sort the families of `posts` (POSTS + family_id, all before `period.end`) into narratives.

    Narratives are replayed over all posts, from the campaign's first week on (tasks.narrate.replay), with the families that shape them and
    those posted in the trend's periods; what is returned are the latter.
    """
    steps = _steps(period)
    codes, ids = pd.factorize(posts["family_id"], sort=True)
    time = _micros(posts["posted_at"])
    weeks = weekly(week_numbers(time), codes)
    inside = (posts["posted_at"] >= steps[-1][0]).to_numpy(bool)
    needed = np.zeros(len(ids), bool)
    needed[weeks.family[weeks.core]] = True
    needed[codes[inside & (codes >= 0)]] = True
    place = np.append(np.where(needed, np.cumsum(needed) - 1, -1), -1)[codes]  # a code of -1 is the last entry: no family
    families = _families(posts, place, ids[needed])
    terms = terms_of(families["text"])
    found = replayed(log_frequencies(terms), weeks.only(needed), _micros(families["first_seen"]))
    recent, place = posts[inside].reset_index(drop=True), place[inside]
    recent = recent.assign(step=_step_of(recent["posted_at"], steps), family=place)
    number, shown = _shown(recent, found.narrative)
    families = families.assign(
        posts=np.bincount(place[place >= 0], minlength=len(families)), cluster=number[found.narrative], score=found.score
    )
    of_post = np.append(families["cluster"].to_numpy(np.int64), -1)[place]
    founders = tuple(str(name) for name in families["family_id"].to_numpy()[found.founder[shown]])
    return Grouped(recent.assign(cluster=of_post), families, terms, steps, founders)


def _shown(recent: pd.DataFrame, narrative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(position of every narrative among those shown, or -1, with one more -1 at the end for none; the numbers of those shown)."""
    of_post = np.append(narrative, -1)[recent["family"].to_numpy()]
    many = int(narrative.max(initial=-1)) + 1
    inside = of_post >= 0
    newest = np.bincount(of_post[inside & (recent["step"] <= 2).to_numpy()], minlength=many)
    ever = np.bincount(of_post[inside], minlength=many)
    shown = np.sort(np.lexsort((np.arange(many), -ever, -newest))[:MAX_NARRATIVES])
    shown = shown[ever[shown] > 0]
    number = np.full(many + 1, -1, np.int64)
    number[shown] = np.arange(len(shown))
    return number, shown


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


def _families(posts: pd.DataFrame, codes: np.ndarray, ids: pd.Index) -> pd.DataFrame:
    """family_id, text and language of its oldest post, and first_seen of every family, in the order of `ids`."""
    oldest = posts.iloc[_oldest(posts, codes)]
    return pd.DataFrame(
        {
            "family_id": np.asarray(ids, object),
            "text": oldest["text"].array,
            "lang": oldest["lang"].array,
            "first_seen": oldest["posted_at"].array,
        }
    )


def _oldest(posts: pd.DataFrame, codes: np.ndarray) -> np.ndarray:
    """Position of each family's oldest post, in the order of their codes; among equal times the smallest (platform, post_id)."""
    position = np.flatnonzero(codes >= 0)
    time = _micros(posts["posted_at"])
    position = position[np.lexsort((time[position], codes[position]))]
    family = codes[position]
    starts = np.flatnonzero(np.diff(family, prepend=-1))
    position = position[time[position] == np.repeat(time[position[starts]], np.diff(np.append(starts, len(family))))]
    tied = posts.iloc[position[np.isin(codes[position], _repeated(codes[position]))]]
    settled = tied.assign(code=codes[tied.index.to_numpy()]).sort_values(["code", "platform", "post_id"]).drop_duplicates("code")
    alone = position[~np.isin(codes[position], settled["code"].to_numpy())]
    chosen = np.concatenate([alone, settled.index.to_numpy(np.int64)])
    return np.asarray(chosen[np.argsort(codes[chosen], kind="stable")])


def _repeated(codes: np.ndarray) -> np.ndarray:
    values, counts = np.unique(codes, return_counts=True)
    return np.asarray(values[counts > 1])
