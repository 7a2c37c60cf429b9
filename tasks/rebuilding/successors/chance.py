"""How much a coincidence tells: from how often other pairs are as alike, to bits of evidence.

The bound of T. Sellke, M. Bayarri, J. Berger, "Calibration of p values for testing precise null hypotheses", The American Statistician
55,
2001: whatever the alternative, a p-value speaks for it by at most 1 / (-e p ln p): stricter than 1 / p, for
p = 1 / 1,000 gives 5.7 bits, not 10.
"""

import numpy as np

FAMILY_PENALTY = 2.0  # bits a doubling of the accounts that are as alike and post at the same time


def bits_of(p: np.ndarray) -> np.ndarray:
    """Bits (log2 of the bound) for p-values in (0, 1]; 0 from 1/e on."""
    p = np.clip(p, 1e-9, 1.0)
    bound = np.where(p < np.exp(-1), -np.e * p * np.log(np.minimum(p, 0.999)), 1.0)
    bits: np.ndarray = -np.log2(bound)
    return bits


def tail(values: np.ndarray, of: np.ndarray, pairs: int) -> np.ndarray:
    """For each of `values` the share of `pairs` pairs that are at least as alike, the pair itself not counted; `of` holds the
    likeness of those above 0."""
    at_least = len(of) - np.searchsorted(np.sort(of), values, side="left")
    share: np.ndarray = (np.maximum(at_least - 1, 0) + 0.5) / max(pairs, 1)
    capped: np.ndarray = np.minimum(share, 1.0)
    return capped


def after_family(bits: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Bits less what `others` take away: accounts just as alike that posted at the same time are siblings, not predecessors."""
    left: np.ndarray = np.maximum(bits - FAMILY_PENALTY * np.log2(1.0 + others), 0.0)
    return left
