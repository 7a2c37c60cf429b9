"""Data sets in which chance alone decides: who posted is dealt out anew, or when."""

import numpy as np
import pandas as pd


def labels_permuted(shares: pd.DataFrame, seed: int) -> pd.DataFrame:
    """SHARES with `slot`: the same objects at the same times, the accounts permuted within each slot. Posts stay with their rows, so
    texts, and the families they form, are those they were."""
    slot = pd.factorize(shares["slot"])[0]
    order = np.argsort(slot, kind="stable")
    mixed = np.lexsort((np.random.default_rng(seed).random(len(slot)), slot))
    account = pd.factorize(shares["account_id"])
    codes = np.empty(len(slot), np.int64)
    codes[order] = account[0][mixed]
    return shares.assign(account_id=account[1].take(codes))


def timing_permuted(shares: pd.DataFrame, seed: int) -> pd.DataFrame:
    """SHARES: the same accounts share the same objects, at times dealt out anew within the object."""
    thing = pd.factorize(shares["object_id"])[0]
    order = np.argsort(thing, kind="stable")
    mixed = np.lexsort((np.random.default_rng(seed).random(len(thing)), thing))
    time = shares["timestamp_share"].to_numpy().copy()
    time[order] = time[mixed]
    return shares.assign(timestamp_share=time)


def courses_dealt(shares: pd.DataFrame, seed: int) -> pd.DataFrame:
    """SHARES: besides, every object follows the course of time of another one about as popular, drawn from those with at least as many
    rows: two sharers of one object keep their distance when times are permuted within it, here they do not. Which rows of that course
    it follows is drawn too."""
    rng = np.random.default_rng(seed)
    thing = pd.factorize(shares["object_id"])[0]
    rows = np.bincount(thing)
    sharers = shares.groupby(thing)["account_id"].nunique().to_numpy()
    popularity = np.rint(2 * np.log2(sharers))
    order = np.lexsort((rows, popularity))
    last = np.searchsorted(popularity[order], popularity[order], side="right")
    followed = np.empty(len(rows), np.int64)
    followed[order] = order[rng.integers(np.arange(len(rows)), last)]
    first = np.cumsum(rows) - rows
    own = np.lexsort((rng.random(len(thing)), thing))  # rows by object, in random order
    time = shares["timestamp_share"].to_numpy()[own]
    wanted = np.repeat(followed, rows)
    shift = _turned(rng, rows, rows[followed])
    dealt = np.empty(len(thing))
    dealt[own] = time[first[wanted] + shift]
    return shares.assign(timestamp_share=dealt)


def _turned(rng: np.random.Generator, many: np.ndarray, of: np.ndarray) -> np.ndarray:
    """For each group of `many` places as many different ones of `of` places: a turn of the (randomly ordered) places."""
    place = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    return np.asarray((place + np.repeat(rng.integers(0, of), many)) % np.repeat(of, many))
