"""Creation batches: 24-hour windows in which more accounts were made than the ordinary days of the campaign explain.

Days are negative binomial (bought and scripted accounts come in clumps on ordinary days too); rate and dispersion are the maximum
likelihood over the 95 % least busy days, as counts truncated there, so that the batches do not hide themselves. The p-value of a window
is the share of simulated histories of the same length whose fullest window holds at least as many: it counts all windows looked at
(scan statistic: Wallenstein & Neff 1987). Simulated windows are 25 whole hours, which hold every 24-hour window: p errs upwards.
Each history draws its rate anew, as uncertain as the estimate: with the bare estimate 3.5 % of ordinary histories of 120 days raised an
alarm at p <= 1 %, three times too many.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from scipy import optimize, stats

from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import CreationBatch
from tasks.rebuilding.cohorts import UNKNOWN_US, AccountKnowledge
from tasks.rebuilding.timeline import DAY_US

EXACT_US = 3_600_000_000  # a creation known less exactly than to the hour is left out of 24-hour windows
CALM_SHARE = 0.95
P_LIMIT = 0.05  # of all windows together: of a hundred histories without a batch five may show one
FEWEST_ACCOUNTS = 30
FEWEST_DAYS = 60
FEWEST_IN_BATCH = 5
HISTORIES = 499
LOG_BOUNDS = ((-12.0, 14.0), (-7.0, 4.0))  # of mean and alpha
CELLS = 6_000_000  # hours simulated at most: with 10 years of creations fewer histories, but never below 199


@dataclass(frozen=True)
class Creations:
    """Exact creation instants before the end of the data (microseconds since 1970, sorted), and how many accounts were left out."""

    at_us: np.ndarray
    inexact: int
    unknown: int

    @property
    def caveat(self) -> str:
        """What the batches do not cover; empty if they cover every account."""
        if not self.inexact and not self.unknown:
            return ""
        return (
            f"Creation batches rest on {len(self.at_us):,} accounts; {self.inexact:,} are left out because their creation is not known to "
            f"the hour, and {self.unknown:,} because it is not known at all."
        )


def read_creations(knowledge: AccountKnowledge, end: int) -> Creations:
    """The creations of a timeline's accounts before the day `end`."""
    dated = knowledge.created_from != UNKNOWN_US
    exact = dated & (knowledge.created_to - knowledge.created_from <= EXACT_US)
    inside = exact & (knowledge.created_from < end * DAY_US)
    return Creations(np.sort(knowledge.created_from[inside]), int((dated & ~exact).sum()), int((~dated).sum()))


def find_batches(creations: Creations, rng: np.random.Generator) -> tuple[CreationBatch, ...] | NotMeasurable:
    """Windows [start, start + 24 h) that do not overlap, fullest first found, oldest first listed, with p <= 5 %."""
    moments = creations.at_us
    days = int(moments[-1] // DAY_US - moments[0] // DAY_US) + 1 if len(moments) else 0
    if len(moments) < FEWEST_ACCOUNTS or days < FEWEST_DAYS:
        many, span = (f"{value:,} {noun}{'s' * (value != 1)}" for value, noun in ((len(moments), "account"), (days, "day")))
        known = (
            f"the creation of {many} is known to the hour, over {span}" if days else "no account's creation is known to the hour"
        )
        return NotMeasurable(reason=f"{known}; batches need {FEWEST_ACCOUNTS} accounts over {FEWEST_DAYS} days")
    per_day = np.bincount((moments // DAY_US - moments[0] // DAY_US).astype(np.int64), minlength=days)
    rate = calm_rate(per_day)
    fullest = simulate_fullest(rate, days, rng)
    found = []
    for start, accounts in non_overlapping(moments):
        p = (1 + int((fullest >= accounts).sum())) / (1 + len(fullest))
        if p > P_LIMIT:
            break
        began = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=start)
        found.append(
            CreationBatch(
                start=began, end=began + timedelta(days=1), accounts=accounts, expected=round(rate.mean, 3), p_value=round(p, 6)
            )
        )
    return tuple(sorted(found, key=lambda batch: batch.start))


def non_overlapping(moments: np.ndarray) -> Iterator[tuple[int, int]]:
    """(start, accounts) of 24-hour windows that begin at a creation: always the fullest that touches none before it (ties: the oldest),
    down to windows of 5 accounts. `moments` is sorted."""
    counts = np.searchsorted(moments, moments + DAY_US, side="left") - np.arange(len(moments))
    while len(counts) and counts.max() >= FEWEST_IN_BATCH:
        fullest = int(np.argmax(counts))
        start = int(moments[fullest])
        yield start, int(counts[fullest])
        first, end = np.searchsorted(moments, [start - DAY_US + 1, start + DAY_US], side="left")
        counts[first:end] = 0


@dataclass(frozen=True)
class CalmRate:
    """Creations a day on ordinary days: mean and alpha (variance = mean + alpha mean^2), and the covariance of their logarithms."""

    mean: float
    alpha: float
    covariance: np.ndarray

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Shape (size, 2): means and alphas as uncertain as the estimate is."""
        logs = rng.multivariate_normal([np.log(self.mean), np.log(self.alpha)], self.covariance, size, method="eigh")
        rates: np.ndarray = np.exp(np.clip(logs, *np.array(LOG_BOUNDS).T))
        return rates


def calm_rate(per_day: np.ndarray) -> CalmRate:
    """The mean and alpha that make the 95 % least busy days likeliest, given that they are those."""
    ceiling = max(float(np.quantile(per_day, CALM_SHARE)), 1.0)
    values, days = np.unique(per_day[per_day <= ceiling], return_counts=True)

    def surprise(logs: np.ndarray) -> float:
        mean, size = np.exp(logs[0]), np.exp(-logs[1])
        share = size / (size + mean)
        with np.errstate(all="ignore"):  # far from the top both terms may be -inf
            value = days.sum() * stats.nbinom.logcdf(ceiling, size, share) - days @ stats.nbinom.logpmf(values, size, share)
        return float(value) if np.isfinite(value) else 1e12

    start = np.array([np.log(days @ values / days.sum() + 0.01), 0.0])
    best = optimize.minimize(surprise, start, method="L-BFGS-B", bounds=LOG_BOUNDS).x
    return CalmRate(float(np.exp(best[0])), float(np.exp(best[1])), _covariance(surprise, best))


def _covariance(surprise: Callable[[np.ndarray], float], best: np.ndarray, step: float = 0.02) -> np.ndarray:
    """Inverse curvature of the likelihood at its top, by central differences; a flat direction gets a standard deviation of 1."""
    steps = np.eye(2) * step
    curvature = np.array(
        [
            [
                (surprise(best + a + b) - surprise(best + a - b) - surprise(best - a + b) + surprise(best - a - b)) / (4 * step**2)
                for b in steps
            ]
            for a in steps
        ]
    )
    values, vectors = np.linalg.eigh(curvature)
    covariance: np.ndarray = vectors @ np.diag(1 / np.maximum(values, 1.0)) @ vectors.T
    return covariance


def simulate_fullest(rate: CalmRate, days: int, rng: np.random.Generator) -> np.ndarray:
    """The fullest 25-hour window of each of up to 499 histories of `days` days, each with its own draw of the uncertain rate."""
    histories = int(np.clip(CELLS // (24 * days), 199, HISTORIES))
    fullest = np.zeros(histories, dtype=np.int64)
    for i, (mean, alpha) in enumerate(rate.draw(rng, histories)):
        hourly = np.repeat(rng.gamma(1 / alpha, alpha * mean / 24, days), 24)
        hours = np.concatenate([[0], np.cumsum(rng.poisson(hourly))])
        fullest[i] = (hours[25:] - hours[:-25]).max()
    return fullest
