"""What two accounts have in common and few others have: texts, links, pictures, names, self-descriptions."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.domain.frames import flatten_lists
from tasks.rebuilding.successors.chance import tail
from tasks.rebuilding.successors.handles import Alike, nothing_alike
from tasks.rebuilding.successors.people import People

MOST_ACCOUNTS = 6  # an item that more accounts have is the campaign's, not a person's
LEAST_TEXT = 20  # characters: shorter texts are said by many without having been copied


@dataclass(frozen=True)
class Items:
    """Which account has which item, one row a pair; `post` the position of its oldest post with it (-1: of the profile)."""

    account: np.ndarray
    item: np.ndarray
    post: np.ndarray

    def rare(self) -> "Items":
        """Only items of 2 to MOST_ACCOUNTS accounts, numbered anew."""
        counts = np.bincount(self.item) if len(self.item) else np.zeros(0, dtype=np.int64)
        keep = (counts[self.item] >= 2) & (counts[self.item] <= MOST_ACCOUNTS)
        _, item = np.unique(self.item[keep], return_inverse=True)
        return Items(self.account[keep], item, self.post[keep])


def texts_of(people: People) -> Items:
    """Text families of the accounts' own posts of LEAST_TEXT characters or more; columns used: kind, text, family_id, which is absent where
    families were not searched."""
    if "family_id" not in people.posts.columns:
        none = np.zeros(0, dtype=np.int64)
        return Items(none, none, none)
    own = (people.posts["kind"] != "repost").to_numpy(dtype=bool) & people.posts["family_id"].notna().to_numpy()
    rows = np.flatnonzero(own & (people.posts["text"].str.len() >= LEAST_TEXT).to_numpy(dtype=bool))
    return _items(people, rows, people.posts["family_id"].iloc[rows])


def links_of(people: People) -> Items:
    """Links of the accounts' own posts; columns used: kind, urls."""
    parents, values = flatten_lists(people.posts, "urls")
    own = (people.posts["kind"] != "repost").to_numpy(dtype=bool)[parents]
    return _items(people, parents[own], values[own])


def profile_items(values: np.ndarray) -> Items:
    """Equal values of a profile's field; empty ones are none."""
    accounts = np.flatnonzero(values != "")
    codes, _ = pd.factorize(values[accounts], sort=True)
    return Items(accounts, codes.astype(np.int64), np.full(len(accounts), -1))


@dataclass(frozen=True)
class Carried:
    """Rare items that a lost account had and a later one has too, one row each; posts -1 where the item stands in the profile."""

    lost: np.ndarray
    later: np.ndarray
    item: np.ndarray
    weight: np.ndarray  # log2 of accounts per holder
    lost_post: np.ndarray
    later_post: np.ndarray

    def posts_of(self, lost: int, later: int, most: int = 3) -> tuple[list[int], int]:
        """Posts of both that show up to `most` of the items, the rarest first, and how many items there are."""
        mine = np.flatnonzero((self.lost == lost) & (self.later == later))
        chosen = mine[np.lexsort((self.lost_post[mine], -self.weight[mine]))][:most]
        posts = [int(post) for row in chosen for post in (self.lost_post[row], self.later_post[row]) if post >= 0]
        return posts, len(mine)


def carried_over(items: Items, people: People, lost: np.ndarray, later: np.ndarray) -> Carried:
    """Items of the lost account that the later one has; those of posts were first used by it after the lost account's last post.

    Accounts that post side by side copy each other all the time, which tells nothing of what one person carries along.
    """
    rare = items.rare()
    weight = np.log2(len(people) / np.bincount(rare.item)).clip(0.1) if len(rare.item) else np.zeros(0)
    rows = pd.DataFrame({"account": rare.account, "item": rare.item, "post": rare.post})
    pairs = rows[rows["account"].isin(lost)].merge(rows[rows["account"].isin(later)], on="item", suffixes=("_lost", "_later"))
    one, other = pairs["account_lost"].to_numpy(np.int64), pairs["account_later"].to_numpy(np.int64)
    first, again = pairs["post_lost"].to_numpy(np.int64), pairs["post_later"].to_numpy(np.int64)
    keep = people.in_span(one, other)
    if len(people.at):
        keep &= (again < 0) | (people.at[again] > people.last[one])
    item = pairs["item"].to_numpy(np.int64)[keep]
    return Carried(one[keep], other[keep], item, weight[item], first[keep], again[keep])


def alike_by_items(carried: Carried, items: Items, people: People, later: np.ndarray) -> Alike:
    """Likeness is the number of items, each weighted. Chance: for posts, how many of the pairs that could be a succession
    share as much; for fields of the profile, how many of all pairs share a value."""
    if not len(carried.item):
        return nothing_alike()
    size = len(people)
    key, place = np.unique(carried.later * size + carried.lost, return_inverse=True)
    likeness = np.bincount(place, weights=carried.weight).round(6)
    if (carried.lost_post >= 0).any():
        return Alike(key % size, key // size, likeness, tail(likeness, likeness, int(people.rivals(later).sum())))
    holders = np.bincount(items.rare().item)
    sharing = int((holders * (holders - 1) // 2).sum())
    p = np.full(len(key), (sharing - 0.5) / (size * (size - 1) / 2))
    return Alike(key % size, key // size, likeness, np.minimum(p, 1.0))


def _items(people: People, rows: np.ndarray, values: pd.Series) -> Items:
    """One row an account and value, with the oldest post (ties: the least post id)."""
    codes, uniques = pd.factorize(values, sort=False)
    count = max(len(uniques), 1)
    key, at = people.account[rows].astype(np.int64) * count + codes, people.at[rows]
    order = np.lexsort((at, key))
    new = np.r_[True, key[order][1:] != key[order][:-1]] if len(order) else order.astype(bool)
    tied = np.flatnonzero(~new & (at[order] == np.roll(at[order], 1)))
    if len(tied):  # a text twice in a minute: the ids decide, and only here, for a sort of a million ids takes seconds
        among = np.union1d(order[tied], order[tied - 1])
        rank = np.zeros(len(rows), dtype=np.int64)
        ids = people.posts["post_id"].iloc[rows[among]].to_numpy(dtype=object)
        rank[among] = np.argsort(np.argsort(ids, kind="stable"), kind="stable")
        order = np.lexsort((rank, at, key))
    chosen = order[np.flatnonzero(new)]
    return Items(people.account[rows[chosen]].astype(np.int64), codes[chosen].astype(np.int64), rows[chosen])
