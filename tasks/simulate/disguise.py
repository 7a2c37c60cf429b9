"""How those who come back look: successors that resemble the account they replace in one way or another, and others that resemble one and
replace nobody.

A quarter of the successors choose a handle that tells nothing; what else a person carries along (picture, self-description, a line of one's
own), each has or has not. The decoys: families of sibling accounts of one brand, whose members stop and begin like any other; and pairs
of a removed and a new account that share a picture or a line because one operator made both. Drawn from a stream of its own: nothing else
changes with it.
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from tasks.simulate.cast import CAMPAIGN_ROLE, FRESH, NONE, REMOVED, SURVIVOR, Cast
from tasks.simulate.texts import compose
from tasks.simulate.words import BRANDS, FILLER, PLACES

PLAIN_SHARE = 0.25  # of the successors: a handle of its own
KEEPS_AVATAR, KEEPS_BIO, KEEPS_LINE = 0.55, 0.5, 0.45
OWN_BIO = 0.3  # of the campaign's accounts: a self-description that nobody else has
DECOY_SHARE = 0.4  # decoy pairs per succession
SIBLINGS = (4, 2, 3)  # removed, surviving and new accounts of one brand
SIBLING_SHARE = 0.12  # of the new accounts are a brand's
_LETTERS = str.maketrans("oeasi", "03451")


def disguise(cast: Cast, rng: np.random.Generator, offset: int) -> Cast:
    """One platform's cast with other handles, pictures, self-descriptions, brands, lines; `offset`: what successor numbers begin at."""
    later = np.flatnonzero(cast.successor_of >= 0)
    lost = cast.successor_of[later] - offset
    handles, avatar = cast.handle.to_pylist(), cast.avatar.copy()
    for new, old in zip(later.tolist(), lost.tolist(), strict=True):
        handles[new] = _variant(rng, handles[old], handles[new])
        if rng.random() > KEEPS_AVATAR:
            avatar[new] = rng.integers(0, 1 << 63)
    brand = _brands(cast, rng, later, lost, handles, avatar)
    bios = _bios(cast, rng, later, lost)
    line = np.full(len(cast), NONE)
    keeps = rng.random(len(later)) < KEEPS_LINE
    line[lost[keeps]] = line[later[keeps]] = np.arange(keeps.sum())
    _decoys(cast, rng, later, lost, avatar, line)
    first = offset * 2  # lines are numbered for all platforms
    return replace(
        cast,
        handle=pa.array(handles),
        avatar=avatar,
        bio=pa.array(bios, pa.string()),
        brand=np.where(brand >= 0, brand + first, NONE),
        line=np.where(line >= 0, line + first, NONE),
    )


def own_lines(seed: int, cast: Cast, zh: np.ndarray) -> dict[int, str]:
    """The text of every line, in the language of its first holder (`zh` by account)."""
    texts = {}
    for number in np.unique(cast.line[cast.line >= 0]).tolist():
        chinese = bool(zh[np.flatnonzero(cast.line == number)[0]])
        rng = np.random.default_rng([seed, 104, number])
        texts[number] = compose(rng, FILLER["zh" if chinese else "en"], 1, zh=chinese, numbered=True)[0].as_py()
    return texts


def _variant(rng: np.random.Generator, old: str, suffixed: str) -> str:
    words, digits = old.rstrip("0123456789"), old[len(old.rstrip("0123456789")) :]
    first, _, second = words.partition("_")
    draw = rng.random()
    if draw < 0.30:
        return suffixed
    if draw < 0.48:
        return f"{words}{digits[:-2]}{rng.integers(10, 100)}"
    if draw < 0.58:
        return f"{second}_{first}{digits}"
    if draw < 1 - PLAIN_SHARE:
        return f"{words[:-1].translate(_LETTERS)}{words[-1]}{digits[:3]}"
    return f"{'abcdefghij'[rng.integers(10)]}{rng.integers(10**9, 10**10)}"


def _brands(
    cast: Cast, rng: np.random.Generator, later: np.ndarray, lost: np.ndarray, handles: list[str], avatar: np.ndarray
) -> np.ndarray:
    """Families of "<place>_<brand>" accounts, half of them with one logo; none of them is a successor or has one."""
    brand = np.full(len(cast), NONE)
    free = np.ones(len(cast), dtype=bool)
    free[later], free[lost] = False, False
    pools = [rng.permutation(np.flatnonzero(free & (cast.cohort == cohort))).tolist() for cohort in (REMOVED, SURVIVOR, FRESH)]
    wanted = int(np.ceil(SIBLING_SHARE * (cast.cohort == FRESH).sum() / SIBLINGS[2]))
    for number in range(min(wanted, len(BRANDS))):
        members = [pool.pop() for pool, size in zip(pools, SIBLINGS, strict=True) for _ in range(min(size, len(pool)))]
        logo = rng.integers(0, 1 << 63) if rng.random() < 0.5 else None
        for member, place in zip(members, rng.permutation(len(PLACES)).tolist(), strict=False):
            handles[member] = f"{PLACES[place]}_{BRANDS[number]}"
            brand[member] = number
            if logo is not None:
                avatar[member] = logo
    return brand


def _bios(cast: Cast, rng: np.random.Generator, later: np.ndarray, lost: np.ndarray) -> list[str | None]:
    bios: list[str | None] = cast.bio.to_pylist()
    campaign = cast.role == CAMPAIGN_ROLE
    zh = cast.language > 0
    for account in np.flatnonzero(campaign & (rng.random(len(cast)) < OWN_BIO)).tolist():
        bios[account] = compose(rng, FILLER["zh" if zh[account] else "en"], 1, zh=bool(zh[account]), numbered=True)[0].as_py()
    for new, old in zip(later.tolist(), lost.tolist(), strict=True):
        if rng.random() < KEEPS_BIO:
            bios[new] = bios[old]
    return bios


def _decoys(
    cast: Cast, rng: np.random.Generator, later: np.ndarray, lost: np.ndarray, avatar: np.ndarray, line: np.ndarray
) -> None:
    """Pairs of a removed and a new account with one picture or one line, in place; the new one of a pair replaces nobody."""
    gone = rng.permutation(np.setdiff1d(np.flatnonzero(cast.cohort == REMOVED), lost))
    new = rng.permutation(np.setdiff1d(np.flatnonzero(cast.cohort == FRESH), later))
    pairs = min(round(DECOY_SHARE * len(later)), len(gone), len(new))
    number = int(line.max(initial=NONE)) + 1
    for i, (old, young) in enumerate(zip(gone[:pairs].tolist(), new[:pairs].tolist(), strict=True)):
        if i % 2:
            avatar[young] = avatar[old]
        else:
            line[old] = line[young] = number + i
