"""Campaigns whose expected course is known: daily activity of accounts around one takedown, cheap enough for thousands of them.

Day 0 is t0; the takedown lasts that day. Every account posts as a Poisson process with a rate of its own (gamma), times a factor that all
share: a weekly level that wanders as AR(1) in its logarithm, a noise of days, and quieter weekends. Those removed stop before
day 1; others return by the scenario. The expected index is the sum of the rates of a day over that before t0, both without
the common noise. Labels follow from rates, first and last posts and true creation times, never from the code under test.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from tasks.domain.batches import QueryEffort

HISTORY, LAST = -189, 127  # days simulated: [HISTORY, LAST); the first day after the takedown is 1
BEFORE, DORMANT = 100, 10
SURVIVING = 0.15
RATE_SHAPE, RATE_MEAN = 1.2, 0.6  # posts a day and account
WEEKLY_SD, DAILY_SD = 0.3, 0.15  # of logarithms
WEEKEND = 0.7
EXACT, COARSE = 0.7, 0.15  # shares of accounts with a creation to the second, and to 30 days only; of the others none is known
COARSE_S = 30 * 86_400
TAU: dict[str, float | None] = {"no return": None, "slow": 60.0, "fast": 12.0}  # days in which two thirds of what returns is back
NAMES = ("survivor", "reactivated", "created_after", "pre_positioned")
EPOCH_DAY = 19_598  # 2023-08-29
US = 86_400_000_000


@dataclass(frozen=True)
class World:
    """`posts`: the columns that timelines are read from; `observations`: those of ACCOUNTS that are read; days count from t0."""

    posts: pd.DataFrame
    observations: pd.DataFrame
    rates: np.ndarray  # expected posts of each account and day, without common noise: (accounts, LAST - HISTORY)
    first: np.ndarray  # of each account the day of its first post in the whole world, collected or not; LAST if it never posted
    counts: np.ndarray  # posts of each account and day before any were lost
    created: np.ndarray  # day, with fractions

    def expected_posts(self, accounts: np.ndarray | slice = slice(None)) -> np.ndarray:
        """The index of posts (of all or some accounts) on days 7 ... LAST - 1, the first of them day 6 after the takedown."""
        return _index(self.rates[accounts].sum(axis=0))

    def expected_accounts(self) -> np.ndarray:
        """The same of active accounts, if all posts are collected."""
        return _index((1 - np.exp(-self.rates)).sum(axis=0))

    def cohorts(self, end: int) -> np.ndarray:
        """True cohort of each account (position in NAMES), -1 without a post in [1, end)."""
        window = _columns(-90, 0)
        survivor = self.counts[:, window].any(axis=1)
        kinds = np.select([survivor, self.first < -90, self.created >= 0], [0, 1, 2], default=3)
        kinds[~self.counts[:, _columns(1, end)].any(axis=1)] = -1
        return kinds


def simulate(scenario: str, rho: float, missing: float, rng: np.random.Generator) -> World:
    """One campaign; `rho` is the autocorrelation of its weekly levels, `missing` the share of posts that were not collected."""
    starts, stops, created = _cast(TAU[scenario], rng)
    accounts = len(starts)
    days = np.arange(HISTORY, LAST)
    loud = rng.gamma(RATE_SHAPE, RATE_MEAN / RATE_SHAPE, accounts)
    alive = ((days >= starts[:, :1]) & (days < stops[:, :1])) | ((days >= starts[:, 1:]) & (days < stops[:, 1:]))
    weekday = np.where((days + EPOCH_DAY + 3) % 7 >= 5, WEEKEND, 1.0)  # 1970-01-01 was a Thursday
    rates = loud[:, None] * alive * weekday
    levels = np.repeat(wandering((LAST - HISTORY) // 7 + 2, rho, WEEKLY_SD, rng), 7)
    common = np.exp(_from_day_1(levels, days) + rng.normal(0, DAILY_SD, len(days)))
    counts = rng.poisson(rates * common)
    first = np.where(counts.any(axis=1), HISTORY + (counts > 0).argmax(axis=1), LAST)
    collected = rng.binomial(counts, 1 - missing) if missing else counts
    return World(_posts(collected, rng), _observations(collected, created, rng), rates, first, counts, created)


def doubled_queries(world: World, t0: datetime, rng: np.random.Generator) -> tuple[World, list[QueryEffort], np.ndarray]:
    """The same campaign as a collection sees it that asks for half of its accounts from the start (q1), and from three weeks after the
    takedown on for the other half too (q2). Also the effort as batches record it, and which accounts q1 asks for.
    """
    first = rng.random(len(world.rates)) < 0.5
    account = world.posts["account_id"].str.slice(1).astype(int).to_numpy()
    began = t0 + timedelta(days=22)
    found = first[account] | (world.posts["posted_at"] >= pd.Timestamp(began)).to_numpy()
    names = pd.array(["q2", "q1"], dtype="str").take(first[account].astype(int))
    posts = world.posts.assign(query_id=names).loc[found]
    until = t0 + timedelta(days=LAST)
    queries = [QueryEffort(query_id="q1", since=t0 + timedelta(days=HISTORY), until=until)]
    return replace(world, posts=posts), [*queries, QueryEffort(query_id="q2", since=began, until=until)], first


def wandering(length: int, rho: float, spread: float, rng: np.random.Generator) -> np.ndarray:
    """A stationary AR(1) of standard deviation `spread`."""
    noise = rng.normal(0, spread, length)
    for i in range(1, length):
        noise[i] = rho * noise[i - 1] + np.sqrt(1 - rho**2) * noise[i]
    return noise


def _from_day_1(levels: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Weeks end with day -1, the last before t0; those after it begin with day 1, and day 0 goes with what was before."""
    week = np.where(days >= 1, (days - 1) // 7, (days - (days == 0)) // 7)
    return levels[7 * (week - week.min())]


def _cast(tau: float | None, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two spells [start, stop) of every account and its creation, in days."""
    before = rng.uniform(-300, -70, BEFORE)
    gone = rng.random(BEFORE) >= SURVIVING
    never = np.full(BEFORE, LAST)
    parts = [(before, np.where(gone, 1, LAST), never, before - rng.exponential(60, BEFORE))]
    asleep = np.full(DORMANT, -400.0)
    wakes = np.full(DORMANT, LAST) if tau is None else 1 + rng.exponential(tau, DORMANT)
    parts.append((asleep, rng.uniform(-150, -100, DORMANT), wakes, asleep - rng.exponential(60, DORMANT)))
    if tau is not None:
        many = max(int(gone.sum()) - DORMANT, 0)
        arrives = 1 + rng.exponential(tau, many)
        prepared = rng.random(many) < 1 / 3
        created = np.where(prepared, -rng.uniform(5, 400, many), np.maximum(arrives - rng.uniform(0, 7, many), 0.5))
        parts.append((arrives, np.full(many, LAST), np.full(many, LAST), created))
    first, stop, again, created = (np.concatenate(column) for column in zip(*parts, strict=True))
    return np.stack([first, again], axis=1), np.stack([stop, np.full(len(first), LAST)], axis=1), created


def _posts(counts: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    account, day = np.nonzero(counts)
    repeat = counts[account, day]
    account, day = np.repeat(account, repeat), np.repeat(day, repeat)
    moments = (EPOCH_DAY + HISTORY + day) * US + rng.integers(0, US, len(day))
    absent = pd.array(np.full(len(day), np.nan), dtype="Float64")
    return pd.DataFrame(
        {
            "platform": pd.array(["x"], dtype="str").take(np.zeros(len(day), dtype=int)),
            "account_id": account_names(len(counts)).take(account),
            "posted_at": pd.DatetimeIndex(moments.astype("datetime64[us]"), tz="UTC"),
            "lang": pd.array(["en"], dtype="str").take(np.zeros(len(day), dtype=int)),
            "query_id": pd.array([None], dtype="str").take(np.zeros(len(day), dtype=int)),
            "like_count": absent,
            "share_count": absent,
            "reply_count": absent,
        }
    )


def account_names(accounts: int) -> pd.api.extensions.ExtensionArray:
    return pd.array([f"a{i:03d}" for i in range(accounts)], dtype="str")


def _observations(counts: np.ndarray, created: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Every account is looked up once, on the day of its first collected post."""
    seen = np.flatnonzero(counts.any(axis=1))
    looked = EPOCH_DAY + HISTORY + 1 + (counts[seen] > 0).argmax(axis=1)
    kind = rng.random(len(seen))
    exact = ((EPOCH_DAY + created[seen]) * US).astype(np.int64)
    coarse = exact // (COARSE_S * 1_000_000) * (COARSE_S * 1_000_000)
    known = pd.Series(np.where(kind < EXACT, exact, coarse).astype("datetime64[us]")).dt.tz_localize("UTC")
    return pd.DataFrame(
        {
            "platform": "x",
            "account_id": account_names(len(counts)).take(seen),
            "observed_at": pd.DatetimeIndex((looked * US).astype("datetime64[us]"), tz="UTC"),
            "created_at": known.where(kind < EXACT + COARSE),
            "created_precision_s": pd.array(np.where(kind < EXACT, 1, COARSE_S), dtype="Int64"),
            "status": pd.array([None] * len(seen), dtype="str"),
            "batch_id": "b",
            "row_number": np.arange(len(seen)),
        }
    )


def _columns(first: int, end: int) -> slice:
    return slice(first - HISTORY, end - HISTORY)


def _index(daily: np.ndarray) -> np.ndarray:
    base = daily[_columns(-56, 0)].mean()
    after = np.convolve(daily[_columns(1, LAST)], np.full(7, 1 / 7), mode="valid")
    return np.asarray(after / base)
