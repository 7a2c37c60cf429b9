"""Co-action week by week since the campaign began: what the pairs of accounts had shared by each Monday, and what chance would explain.

A week of a share becomes part of its object and of its account, so that one sweep over the whole history counts every week for
itself, and what a week holds rests on the posts of that week alone. A window that spans a Monday's midnight is cut there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import gammainc

from tasks.detect.coordination import count_pairs, objects_of_pairs
from tasks.detect.significance import SMALLEST_P, Numbers, expected_objects
from tasks.detect.sweep import Flags, Ints, sweep_of

WEEK_S = 604_800
FIRST_MONDAY_S = 345_600  # 1970-01-05, 00:00 UTC
MIN_OBJECTS = 2  # a pair with one object in common has never been more than chance among millions of pairs
_CELLS = 4_000_000  # pairs x weeks in memory at once: about 100 MB


@dataclass(frozen=True)
class Listed:
    """Pairs of one behaviour at the ends of weeks at which they had MIN_OBJECTS objects in common: `pair` (source * accounts + target,
    codes of accounts), `week` (0-based), `objects`, `p_value`. `accounts[w]`: accounts with a share within the span up to the end of w."""

    pair: Ints
    week: Ints
    objects: Ints
    p_value: Numbers
    accounts: Ints


def week_of(seconds: Numbers) -> Ints:
    """Number of the week (from Monday, 00:00 UTC) of every instant, counted from 1970-01-05."""
    return np.asarray(np.floor((seconds - FIRST_MONDAY_S) / WEEK_S), np.int64)


def listed_pairs(rows: pd.DataFrame, *, accounts: int, weeks: int, span: int, window_s: float) -> Listed:
    """`rows`: one share each, integer codes `account` (below `accounts`), `object`, `content`, `slot`, `week` (below `weeks`) and `time`
    in seconds. At the end of a week the last `span` weeks count, as the detection window does at the end of a period."""
    week = rows["week"].to_numpy(np.int64)
    account = rows["account"].to_numpy(np.int64)
    active = np.zeros((accounts, weeks), np.bool_)
    active[account, week] = True
    shares = pd.DataFrame(
        {
            "object_id": rows["object"].to_numpy(np.int64) * weeks + week,
            "account_id": account * weeks + week,
            "content_id": -1
            - rows["content"].to_numpy(np.int64),  # no object has a code below 0: rows on their own post are out before
            "timestamp_share": rows["time"].to_numpy(np.float64),
        }
    )
    sweep = sweep_of(shares, window_s=window_s, min_participation=1)
    found = count_pairs(sweep, min_participation=1)
    pair = found["source"].to_numpy(np.int64) // weeks * accounts + found["target"].to_numpy(np.int64) // weeks
    pairs, place = np.unique(pair, return_inverse=True)
    enough = np.bincount(place, found["objects"].to_numpy(np.float64), minlength=len(pairs)) >= MIN_OBJECTS
    kept = enough[place]
    edge, code = objects_of_pairs(sweep, found[kept], min_participation=1)
    shared = np.asarray(sweep.objects.to_numpy(zero_copy_only=False), np.int64)[code]
    acted = _Acted(pair[kept][edge], shared // weeks, shared % weeks)
    slot = rows["slot"].to_numpy(np.int64)
    parts = []
    for candidates in _parts(pairs[enough], weeks):
        objects = _objects(candidates, acted, weeks, span)
        told = (objects >= MIN_OBJECTS).any(axis=1)  # of the others nothing is listed, and to know what chance explains is costly
        part, objects = candidates[told], objects[told]
        one, week_at = np.nonzero(active[part // accounts] & active[part % accounts] & _wanted(objects >= MIN_OBJECTS, span))
        ends = pd.DataFrame({"source": part[one] // accounts * weeks + week_at, "target": part[one] % accounts * weeks + week_at})
        expected = np.zeros((len(part), weeks))
        expected[one, week_at] = expected_objects(sweep, slot, ends)
        parts.append(_listed(part, _trailing(expected, span), objects))
    columns = [np.concatenate([np.empty(0), *(part[i] for part in parts)]) for i in range(4)]
    pair, week, objects = (column.astype(np.int64) for column in columns[:3])
    within = _trailing(active.astype(np.int64), span) > 0
    return Listed(pair, week, objects, columns[3], within.sum(axis=0))


@dataclass(frozen=True)
class _Acted:
    """A pair of accounts co-acted on an object in a week; each combination once."""

    pair: Ints
    object: Ints
    week: Ints


def _parts(pairs: Ints, weeks: int) -> Iterator[Ints]:
    step = max(_CELLS // weeks, 1)
    for first in range(0, len(pairs), step):
        yield pairs[first : first + step]


def _trailing(values: np.ndarray, span: int) -> np.ndarray:
    """Sums over the last `span` columns up to each."""
    total = np.cumsum(values, axis=1)
    total[:, span:] -= total[:, :-span].copy()
    return total


def _wanted(listed: Flags, span: int) -> Flags:
    """Weeks that count for a week at which the pair is listed: it and the `span` - 1 before it."""
    ahead = np.concatenate([listed, np.zeros((len(listed), span - 1), np.bool_)], axis=1).astype(np.int64)
    total = np.cumsum(np.concatenate([np.zeros((len(listed), 1), np.int64), ahead], axis=1), axis=1)
    return np.asarray(total[:, span:] - total[:, :-span] > 0, np.bool_)


def _objects(pairs: Ints, acted: _Acted, weeks: int, span: int) -> Ints:
    """Distinct objects of each of `pairs` (ascending) in the last `span` weeks: an object counts from its week until `span` weeks
    later, or until the week in which the pair shares it again."""
    inside = (acted.pair >= pairs[0]) & (acted.pair <= pairs[-1])
    row, thing, week = np.searchsorted(pairs, acted.pair[inside]), acted.object[inside], acted.week[inside]
    order = np.lexsort((week, thing, row))
    row, thing, week = row[order], thing[order], week[order]
    again = np.full(len(row), weeks, np.int64)
    if len(row):
        same = (row[1:] == row[:-1]) & (thing[1:] == thing[:-1])
        again[:-1][same] = week[1:][same]
    change = np.zeros((len(pairs), weeks + 1), np.int64)
    np.add.at(change, (row, week), 1)
    np.add.at(change, (row, np.minimum(again, week + span).clip(max=weeks)), -1)
    return np.asarray(np.cumsum(change[:, :weeks], axis=1), np.int64)


def _listed(pairs: Ints, expected: Numbers, objects: Ints) -> tuple[Ints, Ints, Ints, Numbers]:
    row, week = np.nonzero(objects >= MIN_OBJECTS)
    x = objects[row, week]
    p_values = np.maximum(gammainc(x.astype(np.float64), np.maximum(expected[row, week], 0.0)), SMALLEST_P)
    return pairs[row], week.astype(np.int64), x, p_values
