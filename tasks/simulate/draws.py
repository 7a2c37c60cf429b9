"""Draws that campaign and decoys share: when single posts happen, which hashtag a topic has."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.simulate.cast import Cast
from tasks.simulate.clock import CAMPAIGN, DAY_US, START_US, time_of_day
from tasks.simulate.words import TAGS, TOPICS

_TAGS = pa.array([TAGS[name][language] for name in TOPICS for language in ("en", "zh")])


def single_times(
    rng: np.random.Generator,
    cast: Cast,
    people: np.ndarray,
    week: int,
    factors: np.ndarray,
    rate: float,
    groups: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """(account, instant) of independent posts in a week; `groups` picks each account's daily rhythm (default: office hours)."""
    accounts, instants = [], []
    for day in range(week * 7, week * 7 + 7):
        midnight = START_US + day * DAY_US
        present = cast.span_overlap(midnight, midnight + DAY_US)[people] > 0
        planned = rng.poisson(np.where(present, cast.weight[people] * rate * factors[day], 0.0))
        account = np.repeat(people, planned)
        rhythm = np.full(len(account), CAMPAIGN) if groups is None else groups[account]
        accounts.append(account)
        instants.append(midnight + time_of_day(rng, rhythm))
    account, at = np.concatenate(accounts), np.concatenate(instants)
    there = cast.posting(account, at)
    return account[there], at[there]


def tags(topic: np.ndarray, zh: np.ndarray) -> pa.StringArray:
    """The topic's hashtag in the post's language; topic -1 gives any, to be masked."""
    return _TAGS.take(pa.array(np.maximum(topic, 0) * 2 + zh.astype(np.int64)))


def only(wanted: np.ndarray, values: pa.StringArray) -> pa.StringArray:
    """The values where wanted, null elsewhere."""
    return pc.if_else(pa.array(wanted), values, pa.scalar(None, pa.string()))
