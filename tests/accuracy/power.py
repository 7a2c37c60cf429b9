"""How often must a pair act together to be found? Pairs planted among ordinary sharing."""

from typing import Any

import numpy as np
import pandas as pd
from calibrating import Behaviour, judged

LAG_S = 20  # at most, between the two
PAIRS = 20  # planted at once


def ordinary(rows: int, seed: int) -> pd.DataFrame:
    """SHARES and `slot`: ten days of sharing by rows / 20 accounts, some accounts and links far more active and popular than others; a
    link is shared in the hours after it appears. Ids are integers."""
    rng = np.random.default_rng(seed)
    accounts, objects = rows // 20, rows // 20
    activity, popularity = 1 / np.arange(5, accounts + 5), 1 / np.arange(5, objects + 5)
    shared = rng.choice(objects, rows, p=popularity / popularity.sum())
    born = rng.uniform(0, 10 * 86_400, objects)
    time = np.floor(born[shared] + rng.exponential(7_200, rows))
    who = rng.choice(accounts, rows, p=activity / activity.sum())
    return _slotted(pd.DataFrame({"object_id": shared, "account_id": who, "timestamp_share": time}))


def power(rows: int, often: int, own: int, seeds: range) -> dict[str, Any]:
    """PAIRS pairs a data set, each on `often` links of the crowd, LAG_S apart at most; each account shares `own` others alone.

    Which share of the pairs is found at q <= 0.01, which of these is called coordinated, and how many others are found."""
    found = coordinated = others = 0
    for seed in seeds:
        crowd = ordinary(rows, seed)
        shares = _slotted(pd.concat([crowd, _planted(crowd, often, own, seed)], ignore_index=True))
        behaviour = Behaviour("links", shares.assign(content_id=np.arange(len(shares)) + 10**9), 60, _names(shares))
        edges = judged([behaviour])[0]
        edges = edges[(edges["label"].notna()).to_numpy(bool)]
        planted = ((edges["source"] >= rows) & (edges["target"] == edges["source"] + 1) & (edges["source"] % 2 == 0)).to_numpy(bool)
        found += int(planted.sum())
        coordinated += int((edges["label"] == "coordinated").to_numpy(bool)[planted].sum())
        others += int((~planted).sum())
    pairs = PAIRS * len(seeds)
    return {
        "often": often,
        "own": own,
        "pairs": pairs,
        "found": found / pairs,
        "coordinated": coordinated / pairs,
        "others": others,
    }


def _planted(crowd: pd.DataFrame, often: int, own: int, seed: int) -> pd.DataFrame:
    """Accounts rows, rows + 1 are the first pair, and so on; `rows` is even."""
    rng = np.random.default_rng([seed, often, own])
    first = len(crowd) // 2 * 2
    links, parts = crowd["object_id"].unique(), []
    born = crowd.groupby("object_id")["timestamp_share"].min()
    for pair in range(PAIRS):
        chosen = rng.choice(links, often, replace=False)
        at = np.floor(born.reindex(chosen).to_numpy() + rng.exponential(7_200, often))
        for k, lag in enumerate((np.zeros(often), rng.integers(1, LAG_S + 1, often))):
            alone = rng.choice(links, own)
            when = np.floor(born.reindex(alone).to_numpy() + rng.exponential(7_200, own))
            rows = {"object_id": np.append(chosen, alone), "timestamp_share": np.append(at + lag, when)}
            parts.append(pd.DataFrame(rows).assign(account_id=first + 2 * pair + k))
    return pd.concat(parts, ignore_index=True)


def _slotted(shares: pd.DataFrame) -> pd.DataFrame:
    return shares.assign(slot=(shares["timestamp_share"] // 21_600).astype(np.int64))


def _names(shares: pd.DataFrame) -> pd.Index:
    """Accounts by code, where codes are the ids."""
    return pd.RangeIndex(int(shares["account_id"].max()) + 1)
