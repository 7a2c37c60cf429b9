"""From the posts of a campaign to the history of its clusters, and from there to lasting ids for the clusters of a period."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.detect.evidence import BehaviourEdges
from tasks.detect.lineage import Founders, Lineage, replayed
from tasks.detect.shares import BehaviourShares, account_keys, shares_of
from tasks.detect.sweep import Flags, Ints
from tasks.detect.weekly import FIRST_MONDAY_S, WEEK_S, listed_pairs, week_of
from tasks.domain.campaign import Campaign
from tasks.domain.periods import Cutoff


@dataclass(frozen=True)
class _Accounts:
    code: Ints  # by post
    founders: Founders


def history_of(
    campaign: Campaign,
    posts: pd.DataFrame,
    families: pd.DataFrame,
    found: list[BehaviourEdges],
    cutoff: Cutoff,
    recent: Flags,
    seed: int,
) -> Lineage:
    """Replay the clusters of all whole weeks before `cutoff.end`.

    `posts`, `families`: all visible ones; `recent`: flags of those that `found` was made from, the posts of the detection window. The
    shares of that window are taken from there, those of older posts are made here.
    """
    seconds = posts["posted_at"].astype("datetime64[us, UTC]").astype("int64").to_numpy() / 1e6
    usable = seconds < cutoff.end.timestamp()
    if campaign.not_before is not None:
        usable &= seconds >= campaign.not_before.timestamp()
    accounts = _accounts(posts, usable)
    ended = int((cutoff.end.timestamp() - FIRST_MONDAY_S) // WEEK_S)
    first = int(week_of(seconds[usable]).min()) if usable.any() else ended
    weeks = max(ended - first, 0)
    span = max(campaign.thresholds.detection_days // 7, 1)
    if not weeks:
        return replayed([], accounts.founders, first=first, weeks=0, max_q=campaign.thresholds.max_q, seed=seed)
    older = usable & ~recent & (seconds < cutoff.end.timestamp())
    listed = []
    for one in found:
        parts = [(one.shares, np.flatnonzero(recent))]
        if older.any():
            parts.insert(0, (shares_of(posts[older], families[older], one.shares.behaviour), np.flatnonzero(older)))
        rows = _rows(parts, accounts.code, first)
        rows = rows[(rows["week"] < weeks).to_numpy(bool)]
        listed.append(listed_pairs(rows, accounts=len(accounts.founders.names), weeks=weeks, span=span, window_s=one.window_s))
    return replayed(listed, accounts.founders, first=first, weeks=weeks, max_q=campaign.thresholds.max_q, seed=seed)


def _accounts(posts: pd.DataFrame, usable: Flags) -> _Accounts:
    """Codes of accounts by post, in the order of their names."""
    code, names = pd.factorize(account_keys(posts), sort=True)
    at = posts["posted_at"].astype("int64").to_numpy()
    first = np.full(len(names), np.iinfo(np.int64).max)
    np.minimum.at(first, code[usable], at[usable])
    rank = np.empty(len(names), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(names))
    return _Accounts(np.asarray(code, np.int64), Founders(np.asarray(names, object), rank))


def _rows(parts: list[tuple[BehaviourShares, Ints]], account: Ints, first: int) -> pd.DataFrame:
    """Shares as integer codes, see `listed_pairs`. Each part: shares and the positions in all posts of the posts they were made from."""
    objects, told, slots = [], [], 0
    for shares, place in parts:
        frame = shares.frame
        own = pc.equal(pa.array(frame["object_id"]), pa.array(frame["content_id"])).to_numpy(zero_copy_only=False)
        frame = frame[~own.astype(bool)]
        content = place[frame["post"].to_numpy(np.int64)]
        time = frame["timestamp_share"].to_numpy(np.float64)
        slot = frame["slot"].to_numpy(np.int64) + slots
        slots = int(slot.max(initial=slots)) + 1
        objects.append(frame["object_id"])
        week = week_of(time) - first
        told.append(pd.DataFrame({"account": account[content], "content": content, "time": time, "slot": slot, "week": week}))
    rows = pd.concat(told, ignore_index=True)
    rows["object"] = np.asarray(pd.factorize(pd.concat(objects, ignore_index=True))[0], np.int64)
    return rows
