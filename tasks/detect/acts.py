"""Every post that shares an object, over all behaviours, laid out so that "was a member's share of it in the window?" is one pass.

Rows stay in the order of the sweeps (object, then time), behaviour after behaviour, so the nearest share of a member before and after a
row decides: no pair is ever written down, and a round over a million rows takes 0.1 s.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.detect.coordination import eligible_accounts
from tasks.detect.evidence import BehaviourEdges
from tasks.detect.shares import account_keys, language_codes
from tasks.detect.significance import SLOT_S
from tasks.detect.sweep import Flags, Ints
from tasks.domain.distinct import distinct

SLOT_POSTS = 300  # fewer posts have little to exchange: their slot is joined with the same hours of the next days, see slots_of


@dataclass(frozen=True)
class Acts:
    """One row a share that can take part in a pair: `behaviour` (position in `behaviours`), `object` (code, distinct over behaviours),
    `post` and `account` (codes), `end` (one past the last row of the object at most the window later), `eligible` (its account takes
    part often enough for any pair to count, see `co_actions`). `post_account` and `post_slot` by post code; `accounts`: ids by code,
    of every account with a share, those whose shares cannot take part included. `source` and `target`: codes of the pairs of accounts
    that co-acted, each pair once."""

    behaviours: tuple[str, ...]
    behaviour: Ints
    object: Ints
    post: Ints
    account: Ints
    end: Ints
    eligible: Flags
    post_account: Ints
    post_slot: Ints
    accounts: pd.Index
    source: Ints
    target: Ints

    def near(self, others: Flags) -> Flags:
        """By row: does another row, chosen by `others`, share the same object in the window? A row may not choose itself: the answer
        holds for rows outside `others`."""
        count, at = len(self.end), np.arange(len(self.end))
        if not count:
            return np.zeros(0, np.bool_)
        before = np.maximum.accumulate(np.where(others, at, -1))
        after = np.minimum.accumulate(np.where(others, at, count)[::-1])[::-1]
        return np.asarray(((before >= 0) & (self.end[before] > at)) | (after < self.end), np.bool_)

    def near_anyone(self) -> Flags:
        """By row: does a row of another account share the same object in the window?"""
        count, at = len(self.end), np.arange(len(self.end))
        if not count:
            return np.zeros(0, np.bool_)
        new_run = np.concatenate([[True], (self.account[1:] != self.account[:-1]) | (self.object[1:] != self.object[:-1])])
        last_before = np.maximum.accumulate(np.where(new_run, at, 0)) - 1  # -1 where the first run of all is meant
        starts = np.append(np.flatnonzero(new_run), count)
        next_after = starts[np.cumsum(new_run)]
        return np.asarray(((last_before >= 0) & (self.end[last_before] > at)) | (next_after < self.end), np.bool_)


def acts_of(posts: pd.DataFrame, found: list[BehaviourEdges]) -> Acts:
    """Lay out the shares of all behaviours. `posts`: those the shares were taken from (POSTS, one observation a post)."""
    rows = [one.shares.frame["post"].to_numpy(np.int64)[one.sweep.row] for one in found]
    object_start = np.cumsum([0, *(len(one.sweep.objects) for one in found)])
    row_start = np.cumsum([0, *(len(part) for part in rows)])
    at, post = np.unique(_joined(rows), return_inverse=True)  # posts with a share that can take part
    keys = account_keys(posts)
    sharing = distinct(np.concatenate([np.empty(0, np.int64), *(one.shares.frame["post"].to_numpy(np.int64) for one in found)]))
    accounts = pd.Index(sorted(keys.iloc[sharing].unique()), dtype="str")
    post_account = accounts.get_indexer(pd.Index(keys.iloc[at])).astype(np.int64)
    taking_part = [eligible_accounts(one.sweep, one.min_participation)[one.sweep.account] for one in found]
    pairs = _pairs(found, accounts)
    return Acts(
        behaviours=tuple(one.shares.behaviour for one in found),
        behaviour=np.repeat(np.arange(len(found)), np.diff(row_start)),
        object=_joined([one.sweep.object + start for one, start in zip(found, object_start, strict=False)]),
        post=post.astype(np.int64),
        account=post_account[post],
        end=_joined([one.sweep.end + start for one, start in zip(found, row_start, strict=False)]),
        eligible=np.concatenate([np.zeros(0, np.bool_), *taking_part]),
        post_account=post_account,
        post_slot=slots_of(posts.iloc[at]),
        accounts=accounts,
        source=pairs // max(len(accounts), 1),
        target=pairs % max(len(accounts), 1),
    )


def slots_of(posts: pd.DataFrame) -> Ints:
    """Slot codes: platform, language and 6 hours, joined with the same hours of following days until SLOT_POSTS posts are together.

    Who posted plays no part. A rest of fewer at the end goes to the slot before it. Joining changes no calibration (labels permuted
    within the plain 6 hours: no acceptance in 40 sets of 5,000 or of 20,000 posts) and finds 0.87 instead of 0.78 of the accounts that
    came back a month after the simulated takedown (100 posts against 300; 100,000 posts in all). A language with fewer posts in all
    its days is joined with the platform's other such languages, a platform with fewer with others like it or else with the largest:
    five posts on a platform where nobody else was collected could tell nothing.
    """
    tick = np.floor(posts["posted_at"].astype("int64").to_numpy() / 1e6 / SLOT_S).astype(np.int64)
    platform = np.asarray(pd.factorize(posts["platform"], sort=True)[0], np.int64)
    hours, day = tick % (86_400 // SLOT_S), tick // (86_400 // SLOT_S)
    series = _series(platform, language_codes(posts["lang"]), hours)
    days = pd.DataFrame({"series": series, "day": day}).groupby(["series", "day"], sort=True)
    sizes = days.size().reset_index(name="posts")
    place = np.asarray(days.ngroup().to_numpy(), np.int64)
    return _runs(sizes["series"].to_numpy(np.int64), sizes["posts"].to_numpy(np.int64))[place] if len(place) else place


def _series(platform: Ints, language: Ints, hours: Ints) -> Ints:
    """Codes by row: what is cut into slots along the days."""
    frame = pd.DataFrame({"step": 0, "platform": platform, "lang": language, "hours": hours})
    keys = list(frame.columns)
    for step, wider in enumerate(("lang", "platform"), start=1):
        small = (frame.groupby(keys)["step"].transform("size") < SLOT_POSTS).to_numpy(bool)
        frame.loc[small, "step"], frame.loc[small, wider] = step, -1
    sizes = frame.groupby(keys).size().reset_index(name="posts")
    largest = (
        sizes.sort_values(["posts", *keys], ascending=[False, True, True, True, True]).drop_duplicates("hours").set_index("hours")
    )
    small = (frame.groupby(keys)["step"].transform("size") < SLOT_POSTS).to_numpy(bool)
    for name in keys[:-1]:
        frame.loc[small, name] = frame.loc[small, "hours"].map(largest[name])
    return np.asarray(frame.groupby(keys, sort=True).ngroup().to_numpy(), np.int64)


def _runs(series: npt.NDArray[np.int64], sizes: Ints) -> Ints:
    """Codes of runs of neighbours within one series (sorted), each with at least SLOT_POSTS where the series has as many."""
    code = np.empty(len(sizes), np.int64)
    current, held, began = -1, 0, -1  # `began`: the series in which the run began
    for i, (one, size) in enumerate(zip(series.tolist(), sizes.tolist(), strict=True)):
        if one != began or held >= SLOT_POSTS:
            current, held, began = current + 1, 0, one
        code[i] = current
        held += size
    total = np.bincount(code, weights=sizes)
    first = np.flatnonzero(np.diff(code, prepend=-1))
    short = (total < SLOT_POSTS) & (np.diff(series[first], prepend=-1) == 0)
    return np.asarray((np.cumsum(~short) - 1)[code], np.int64)


def _pairs(found: list[BehaviourEdges], accounts: pd.Index) -> Ints:
    """Pairs that co-acted in any behaviour, as source * accounts + target."""
    keys = [np.empty(0, np.int64)]
    for one in found:
        source, target = (accounts.get_indexer(pd.Index(one.edges[end])).astype(np.int64) for end in ("source", "target"))
        keys.append(source * len(accounts) + target)
    return distinct(np.concatenate(keys))


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate([np.empty(0, np.int64), *parts])
