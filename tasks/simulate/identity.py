"""Account ids, handles and profiles: the same account has the same id at every scale and seed, and no id tells a role."""

import hashlib

import numpy as np
import pyarrow as pa

from tasks.simulate.scenarios import PLATFORMS
from tasks.simulate.words import BIOS_EN, BIOS_ZH, HANDLE_FIRST, HANDLE_SECOND, NAMES_EN, NAMES_ZH

_PREFIX = {"facebook": "61", "instagram": "17", "x": "16", "youtube": "UC"}
SEED_COUNTS = {"facebook": 9, "instagram": 3, "x": 8, "youtube": 4}


def account_id(platform: str, number: int, *, campaign: bool) -> str:
    """Id of the `number`-th campaign account or decoy of a platform: an odd multiplier modulo 2**32 spreads the numbers without
    collision."""
    code = (2 * number + (0 if campaign else 1)) * 2_654_435_761 % 2**32
    return f"{_PREFIX[platform]}{code:010d}"


def seed_accounts() -> dict[str, list[str]]:
    """Account ids by platform that belong to the campaign at every scale, seed and scenario and are active well before the takedown."""
    return {p: [account_id(p, number, campaign=True) for number in range(SEED_COUNTS[p])] for p in PLATFORMS}


def handles(rng: np.random.Generator, ids: list[str]) -> list[str]:
    """Two words and the last digits of a hash of the id: unique among the accounts of a platform in practice."""
    first = rng.integers(0, len(HANDLE_FIRST), len(ids))
    second = rng.integers(0, len(HANDLE_SECOND), len(ids))
    return [
        f"{HANDLE_FIRST[a]}_{HANDLE_SECOND[b]}{int(hashlib.sha256(i.encode()).hexdigest()[:8], 16) % 100_000:05d}"
        for a, b, i in zip(first, second, ids, strict=True)
    ]


def profiles(rng: np.random.Generator, language: np.ndarray) -> tuple[pa.StringArray, pa.StringArray]:
    """Display names and bios in the account's language."""
    chosen = rng.integers(0, 1 << 30, (len(language), 2))
    zh = language > 0
    names = [(NAMES_ZH[a % len(NAMES_ZH)] if z else NAMES_EN[a % len(NAMES_EN)]) for (a, _), z in zip(chosen, zh, strict=True)]
    bios = [(BIOS_ZH[b % len(BIOS_ZH)] if z else BIOS_EN[b % len(BIOS_EN)]) for (_, b), z in zip(chosen, zh, strict=True)]
    return pa.array(names), pa.array([bio or None for bio in bios], pa.string())
