"""Campaigns with a known index: weekly levels that wander as AR(1) in the logarithm, accounts of unequal loudness."""

import numpy as np

from tasks.rebuilding.baseline import BaselineWeeks, weekly_means
from tasks.rebuilding.bootstrap import AccountBootstrap, rolling_week
from tasks.rebuilding.index import interval_of, log_factor
from tasks.rebuilding.timeline import AccountDays

WEEKS = 8
GAP = 1  # weeks between the baseline and the week measured


def coverage(replicates: int, rho: float, rng: np.random.Generator, *, index: float = 0.6, spread: float = 0.3) -> float:
    """Share of replicates whose 90 % interval for posts holds the true index."""
    return float(np.mean([_covers(rho, index, spread, rng) for _ in range(replicates)]))


def _covers(rho: float, index: float, spread: float, rng: np.random.Generator) -> bool:
    levels = np.exp(_ar1(WEEKS + GAP + 1, rho, spread, rng))
    levels[WEEKS:] *= index
    days = _posts(levels, rng)
    weeks = BaselineWeeks(tuple(7 * k for k in reversed(range(WEEKS))), 0, 0, 0, 0)
    after, end = 7 * (WEEKS + GAP), 7 * (WEEKS + GAP + 1)
    draws = AccountBootstrap.draw(np.ones(60, dtype=bool), rng)
    means = weekly_means(days, weeks)[1]
    values = rolling_week(days.daily(after, end)[1]) / np.median(means)
    low, high, _ = interval_of(values, log_factor(means), draws.index(days, weeks, after, end)[1])
    return bool(low[-1] <= index <= high[-1])


def _ar1(length: int, rho: float, spread: float, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(0, spread, length)
    for i in range(1, length):
        noise[i] = rho * noise[i - 1] + np.sqrt(1 - rho**2) * noise[i]
    return noise


def _posts(levels: np.ndarray, rng: np.random.Generator) -> AccountDays:
    loudness = rng.gamma(2.0, 1.5, 60)
    counts = rng.poisson(loudness[:, None] * np.repeat(levels, 7)[None, :])
    account, day = np.nonzero(counts)
    posts = counts[account, day]
    return AccountDays(account, day, posts, np.zeros(len(posts)), np.zeros(len(posts), dtype=int))
