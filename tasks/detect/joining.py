"""Does an account act together with the campaign list more often than chance? One test an account.

A pair of accounts has to stand out among millions of pairs; an account, only among the accounts. The unit is the post: a post outside
the list is *near* if a member shared one of its objects within the window (co-action as in `co_actions`), and then counts for one such
object, the first in the order of behaviours and rows. X is the number of distinct objects of an account's near posts.

Null: within a slot the labels of the accounts outside the list are exchangeable over their posts; the posts of members, and what was
posted when, stay as they are. So nothing is conditioned on that the labels could change: whether a place is near depends on members
only. Of the N places outside the list in slot s, k_o are near through object o. An account with a posts there hits o with probability
h_o = 1 - C(N - k_o, a) / C(N, a), and distinct objects at mean mu_s = sum of h_o: a popular object that a member shared too has a large
k_o and counts for little. Drawing post after post, each hits a new object with a probability that only falls with the hits before it,
so the tail of X beyond its mean is below that of a sum of independent trials of the same mean, and that below the binomial tail with
equal chances (Hoeffding 1956): p = P(Bin(A, lambda / A) >= X), A the account's posts, lambda the sum of mu_s. An object near in two
slots counts once in X and twice in lambda: conservative. Benjamini-Hochberg over all accounts outside the list that shared anything
(those never near have p = 1) gives q.

The campaign's own unlisted accounts are among those exchanged and raise the chances: conservative too, less so from round to round
as they join the list. No chain can begin by chance without a first false acceptance, and that has probability <= max_q.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betainc, gammaln

from tasks.detect.acts import Acts
from tasks.detect.significance import SMALLEST_P, Numbers, benjamini_hochberg
from tasks.detect.sweep import Flags, Ints
from tasks.domain.distinct import distinct


@dataclass(frozen=True)
class NearPosts:
    """Posts outside the list that stand near a member: their `post` codes, ascending, the `object` each counts for, and `counted`,
    whether the pair counts under the participation rule."""

    post: Ints
    object: Ints
    counted: Flags


def judged(acts: Acts, members: Flags, in_step: Ints) -> pd.DataFrame:
    """One row an account outside `members` (flags by account code) that co-acted with one, by code: `members_co_acted`, `objects` (X),
    `expected` (lambda), `p_value`, `q_value`, and `with_list`: of its posts in step with anybody, the share in step with members.
    `in_step`: as `posts_in_step` counts them."""
    near = near_posts(acts, members)
    outside = ~members[acts.post_account]
    totals = np.bincount(acts.post_account, minlength=len(acts.accounts))
    expected = np.bincount(*_expected(acts, near, outside), minlength=len(acts.accounts))
    objects = _distinct(acts.post_account[near.post[near.counted]], near.object[near.counted], len(acts.accounts))
    code = np.flatnonzero(objects)
    x, a, mean = objects[code].astype(np.float64), totals[code].astype(np.float64), expected[code]
    p_values = np.maximum(betainc(x, a - x + 1, np.minimum(mean / a, 1.0)), SMALLEST_P)
    with_members = np.bincount(acts.post_account[near.post], minlength=len(acts.accounts))
    return pd.DataFrame(
        {
            "members_co_acted": _members_co_acted(acts, members)[code],
            "objects": objects[code],
            "expected": mean,
            "p_value": p_values,
            "q_value": benjamini_hochberg(p_values, tests=int((~members).sum())),
            "with_list": with_members[code] / in_step[code],
        },
        index=code,
    )


def posts_in_step(acts: Acts) -> Ints:
    """By account code: how many of its posts share an object that another account shared within the window."""
    anyone = np.zeros(len(acts.post_account), np.bool_)
    anyone[acts.post[acts.near_anyone()]] = True
    return np.bincount(acts.post_account[anyone], minlength=len(acts.accounts))


def near_posts(acts: Acts, members: Flags) -> NearPosts:
    """The posts of accounts outside `members` with a member's share of the same object in the window."""
    theirs = members[acts.account]
    near = acts.near(theirs) & ~theirs
    counted = near & (acts.eligible | acts.near(theirs & acts.eligible))
    rows = np.flatnonzero(near)
    rows = rows[np.argsort(acts.post[rows], kind="stable")]
    first = np.flatnonzero(np.diff(acts.post[rows], prepend=-1))
    counts = np.logical_or.reduceat(counted[rows], first) if len(rows) else counted[rows]
    return NearPosts(acts.post[rows[first]], acts.object[rows[first]], counts)


def behaviours_near(acts: Acts, members: Flags, codes: pd.Index) -> list[str]:
    """For every account of `codes` the behaviours in which it acted near a member, by name, comma-separated."""
    theirs = members[acts.account]
    rows = np.flatnonzero(acts.near(theirs) & ~theirs)
    which = np.zeros((len(acts.accounts), len(acts.behaviours)), np.bool_)
    which[acts.account[rows], acts.behaviour[rows]] = True
    return [", ".join(sorted(name for name, held in zip(acts.behaviours, which[code], strict=True) if held)) for code in codes]


def _expected(acts: Acts, near: NearPosts, outside: Flags) -> tuple[Ints, Numbers]:
    """(account code, mu of one of its slots): mu once for every distinct (slot, number of posts there)."""
    slots, objects = int(acts.post_slot.max(initial=0)) + 1, int(acts.object.max(initial=0)) + 1
    width = int(outside.sum()) + 1
    places = np.bincount(acts.post_slot[outside], minlength=slots)
    cell, posts = np.unique(acts.post_account[outside] * slots + acts.post_slot[outside], return_counts=True)
    kinds, inverse = np.unique(cell % slots * width + posts, return_inverse=True)
    slot, drawn = kinds // width, kinds % width
    key, k = np.unique(acts.post_slot[near.post] * objects + near.object, return_counts=True)
    key, many = np.unique(key // objects * width + k, return_counts=True)  # objects of equal k are one term
    start = np.searchsorted(key // width, np.arange(slots + 1))
    sizes = start[slot + 1] - start[slot]
    group = np.repeat(np.arange(len(slot)), sizes)
    at = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(start[slot], sizes)
    hit = _hit(places[slot][group], (key % width)[at], drawn[group])
    mean = np.bincount(group, weights=many[at] * hit, minlength=len(slot))
    return np.asarray(cell // slots, np.int64), np.asarray(mean[inverse], np.float64)


def _hit(places: Ints, near: Ints, drawn: Ints) -> Numbers:
    """1 - C(places - near, drawn) / C(places, drawn): at least one drawn place is near."""
    left = places - near
    rest = np.maximum(left - drawn, 0)
    log_missed = gammaln(left + 1) - gammaln(rest + 1) - gammaln(places + 1) + gammaln(places - drawn + 1)
    return np.asarray(np.where(left >= drawn, -np.expm1(np.minimum(log_missed, 0.0)), 1.0), np.float64)


def _distinct(account: Ints, thing: Ints, accounts: int) -> Ints:
    width = int(thing.max(initial=0)) + 1
    return np.bincount(distinct(account * width + thing) // width, minlength=accounts)


def _members_co_acted(acts: Acts, members: Flags) -> Ints:
    """By account outside the list: with how many distinct members it co-acted."""
    source, target = members[acts.source], members[acts.target]
    return np.bincount(np.concatenate([acts.target[source & ~target], acts.source[target & ~source]]), minlength=len(acts.accounts))
