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


def courses_permuted(shares: pd.DataFrame, seed: int) -> pd.DataFrame:
    """SHARES: besides, whole courses of time are dealt out among objects with as many rows and accounts. Objects of two sharers keep their
    distance in time when times are permuted within them; here they do not."""
    rng = np.random.default_rng(seed)
    thing, names = pd.factorize(shares["object_id"])
    many = np.bincount(thing)
    sharers = shares.groupby(thing)["account_id"].nunique().to_numpy()
    start = np.cumsum(many) - many
    order = np.lexsort((rng.random(len(thing)), thing))
    here, there = np.lexsort((sharers, many)), np.lexsort((rng.random(len(names)), sharers, many))
    source = np.empty(len(names), np.int64)
    source[here] = there
    place = np.arange(len(thing)) - np.repeat(start, many)
    time = shares["timestamp_share"].to_numpy().copy()
    time[order] = time[order][start[np.repeat(source, many)] + place]
    return shares.assign(timestamp_share=time)
