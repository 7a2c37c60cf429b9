"""Everybody who is not the campaign: activists, news fans, ordinary people."""

import numpy as np
import pyarrow as pa

from tasks.simulate.cast import ACTIVIST, DECOY, NEVER, NEWS_FAN, NONE, ORDINARY_ROLE, Cast
from tasks.simulate.clock import DAY_US, DAYS, END_US, SECOND_US, START_US
from tasks.simulate.identity import account_id, handles, profiles
from tasks.simulate.scenarios import PLATFORMS

PLATFORM_SHARES = (0.44, 0.05, 0.41, 0.10)
ROLE_SHARES = (0.25, 0.25, 0.50)
_PRECISION_S = np.array([86_400, 0, 1, 86_400])


def decoys(rng: np.random.Generator, count: int) -> Cast:
    """`count` organic accounts. Two thirds are there all year, the others come or go; one in a hundred is suspended or deletes itself."""
    draws = rng.permutation((np.arange(count) + 0.5) / count)
    platform = np.sort(np.searchsorted(np.cumsum(PLATFORM_SHARES[:-1]), draws, side="right"))
    role = rng.choice([ACTIVIST, NEWS_FAN, ORDINARY_ROLE], count, p=ROLE_SHARES)
    language = rng.choice([0, 1, 2], count, p=[0.58, 0.30, 0.12])
    comes, goes = rng.random(count) < 0.17, rng.random(count) < 0.17
    on = np.where(comes, START_US + rng.integers(0, DAYS - 60, count) * DAY_US, START_US)
    off = np.where(goes, on + (rng.random(count) * (END_US - on)).astype(np.int64), END_US)
    lost = rng.random(count) < 0.01
    removed_at = np.where(lost, on + (rng.random(count) * (off - on)).astype(np.int64), NEVER)
    created = on - np.where(comes, rng.integers(0, 400, count), rng.integers(30, 3000, count)) * DAY_US
    number = np.arange(count) - np.searchsorted(platform, platform, side="left")
    ids = [account_id(PLATFORMS[p], int(n), campaign=False) for p, n in zip(platform, number, strict=True)]
    names, bios = profiles(rng, language)
    nobody, nothing = np.full(count, NONE), np.zeros(count, dtype=np.int64)
    precision = _PRECISION_S[platform]
    return Cast(
        platform=platform,
        role=role,
        cohort=np.full(count, DECOY),
        language=language,
        weight=np.clip(rng.lognormal(0, 0.7, count), 0.15, 6.0),
        team=nobody,
        team2=nobody,
        team3=nobody,
        moves_at=np.full(count, NEVER),
        on1=on,
        off1=np.minimum(off, removed_at),
        on2=np.full(count, NEVER),
        off2=nothing,
        removed_at=removed_at,
        deleted=lost & (rng.random(count) < 0.7),
        created_at=(created - rng.integers(0, DAY_US, count)) // SECOND_US * SECOND_US,
        created_precision_s=np.where((platform == 0) & (rng.random(count) < 0.4), 0, precision),
        batch=nobody,
        successor_of=nobody,
        announced=np.zeros(count, dtype=bool),
        avatar=rng.integers(0, 1 << 63, count, dtype=np.int64),
        followers=np.minimum(rng.lognormal(5.0, 1.4, count), 5e5).astype(np.int64),
        watched=rng.random(count) < 0.15,
        account_id=pa.array(ids),
        handle=pa.array(handles(rng, ids)),
        display_name=names,
        bio=bios,
        brand=nobody,
        line=nobody,
    )
