"""Were two accounts closer in time than the sharers of the same objects usually are? Asked of pairs that share more than chance allows.

Given are the objects that both shared, at whatever time. Null: on each of them the two come as close as any two of its sharers do. How
close that is, is read off the others (both accounts' rows are left out: a pair does not testify against itself): U_o, of the pairs of
rows of object o's other sharers the share that lies in the window. Few sharers say little, so U_o is shrunk to the mean of its
popularity class, the objects with about as many sharers, where the pair is left out too:

    pi_o = w U_o + (1 - w) mean of the class,   w = m / (m + 1), m the number of other sharers

With n_i and n_j rows of the two, the chance that any of their row pairs lies in the window is at most c_o = 1 - (1 - pi_o)^(n_i n_j),
these being positively associated. X, the objects co-acted on, is then a sum of independent trials of unequal chances, whose tail
beyond the mean lies below that of a binomial of equal ones (Hoeffding 1956). U_o is itself measured on m accounts only, which adds a
variance of at most w^2 c (1 - c) / (m / 2) (Hoeffding 1963, 5.1: disjoint pairs). Both are met by a binomial of f S trials, S the
objects in common and f the share of the first variance in both: p = P(Bin(f S, mean of c) >= f X), continued to real numbers by the
incomplete beta function. Derivation, calibration and limits: docs/methods.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.special import betainc

from tasks.detect.significance import SMALLEST_P, Numbers
from tasks.detect.sweep import Flags, Ints, Sweep
from tasks.domain.networks import EDGE_LABELS

MAX_P = 0.01
LEAST_OBJECTS = 20  # shared by others: with fewer nobody can say what is usual
_CLASS_WEIGHT = 2.0  # objects' worth of the mean of all classes in the mean of each: a class of one object knows nothing
_BATCH_TERMS = 500_000  # objects of pairs in memory at once: about 300 MB


def labelled(sweep: Sweep, edges: pd.DataFrame, max_q: float) -> pd.DataFrame:
    """`edges` (source, target, q_value) with p_timing, asked of those at q <= max_q, and their label (tasks.domain.networks)."""
    q_values = edges["q_value"].to_numpy(np.float64)
    asked = q_values <= max_q
    p_timing = np.full(len(edges), np.nan)
    p_timing[asked] = timing_p_values(sweep, edges[asked])
    return edges.assign(p_timing=p_timing, label=edge_labels(q_values, p_timing, max_q).set_axis(edges.index))


def timing_p_values(sweep: Sweep, edges: pd.DataFrame) -> Numbers:
    """p_timing of `edges` (source, target: pairs of accounts of the sweep, any selection), 1 for a pair never in the window.

    NaN where fewer than LEAST_OBJECTS objects were shared by two accounts besides the pair. Costs a sort of the rows and, per edge, a
    look-up of each object of its less busy account: 0.1 s for 30,000 edges among 50,000 rows.
    """
    p_values = np.full(len(edges), np.nan)
    if edges.empty:
        return p_values
    runs = runs_of(sweep)
    usual = usual_of(runs)
    ids = pd.Index(sweep.accounts.to_pandas())
    source, target = (ids.get_indexer(pd.Index(edges[end])).astype(np.int64) for end in ("source", "target"))
    for low, high, terms in terms_in_parts(runs, usual, source, target):
        p_values[low:high] = judged(terms, usual.sums, usual.counts, high - low)
    return p_values


def edge_labels(q_values: Numbers, p_timing: Numbers, max_q: float) -> pd.Series:
    """The label of every edge: `coordinated` at q <= max_q and p_timing <= MAX_P, `co-interest` at q <= max_q otherwise (also where
    timing could not be tested), null above."""
    co_interest, coordinated = EDGE_LABELS
    found = np.where(p_timing <= MAX_P, coordinated, co_interest)
    return pd.Series(found, dtype=pd.StringDtype("pyarrow", na_value=np.nan)).where(q_values <= max_q)


@dataclass(frozen=True)
class Runs:
    """A run is the rows of one account on one object; runs are sorted by account, then object, the rows of a run by time.

    By run: `code` (account * objects + object), `object`, `size` (rows), `first` (of its rows in `row`), `close` (in-window pairs of
    its rows with other accounts' rows). `start`: by account its first run. `row`: positions in the sweep; `key` of each: its run and
    position in one ascending number; `end`: of the sweep. By object: `accounts`, `rows`, `squares` (sum of sizes squared), `near`
    (in-window pairs of rows of different accounts).
    """

    code: Ints
    object: Ints
    size: Ints
    first: Ints
    close: Ints
    start: Ints
    row: Ints
    key: Ints
    end: Ints
    accounts: Ints
    rows: Ints
    squares: Ints
    near: Numbers


def runs_of(sweep: Sweep) -> Runs:
    """The runs of a sweep, which may know no ids."""
    count, objects = len(sweep.end), len(sweep.objects)
    row = np.argsort(sweep.account * objects + sweep.object, kind="stable")
    codes = (sweep.account * objects + sweep.object)[row]
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    size = np.diff(first, append=count)
    base = np.repeat(np.arange(len(first)), size) * (count + 1)
    own_end = np.searchsorted(base + row, base + sweep.end[row])
    with_others = _in_window(sweep.end)[row] - _in_window(own_end)
    close = np.add.reduceat(with_others, first) if count else with_others
    code = codes[first]
    held = code % max(objects, 1)
    return Runs(
        code=code,
        object=held,
        size=size,
        first=first,
        close=close,
        start=np.searchsorted(code, np.arange(len(sweep.accounts) + 1) * objects),
        row=row,
        key=base + row,
        end=sweep.end,
        accounts=np.bincount(held, minlength=objects),
        rows=np.bincount(sweep.object, minlength=objects),
        squares=np.bincount(held, weights=size.astype(np.float64) ** 2, minlength=objects).astype(np.int64),
        near=np.bincount(held, weights=close, minlength=objects) / 2,
    )


def _in_window(end: Ints) -> Ints:
    """By row: how many rows lie in its window, before and after, if that of row i ends before row end[i]."""
    at = np.arange(len(end))
    open_now = np.cumsum(np.bincount(at + 1, minlength=len(end) + 1) - np.bincount(end, minlength=len(end) + 1))
    return np.asarray(end - at - 1 + open_now[:-1], np.int64)


@dataclass(frozen=True)
class Usual:
    """By object: `kind` (popularity class, half powers of two sharers) and `rate` U_o with nobody left out. By class: the sum of the
    rates and the number of objects that two or more accounts shared."""

    kind: Ints
    rate: Numbers
    sums: Numbers
    counts: Ints


def usual_of(runs: Runs) -> Usual:
    """How often the sharers of each object come close."""
    pairs = (runs.rows**2 - runs.squares) / 2
    shared = runs.accounts >= 2
    kind = np.where(shared, np.rint(2 * np.log2(np.maximum(runs.accounts, 2))) - 2, 0).astype(np.int64)
    rate = np.where(shared, runs.near / np.maximum(pairs, 1), 0.0)
    kinds = int(kind.max(initial=0)) + 1
    sums = np.asarray(np.bincount(kind[shared], weights=rate[shared], minlength=kinds), np.float64)
    return Usual(kind, rate, sums, np.bincount(kind[shared], minlength=kinds))


@dataclass(frozen=True)
class Terms:
    """What each object that a pair has in common says of it, a row each; in parts of the objects these are parts of the rows.

    `edge`: the pair; `kind`, `usual`: the object's class and U_o with nobody left out; `rate`: U_o with the pair left out, if there
    are `others`; `others_many`: accounts besides the pair, at least 1; `row_pairs`: of the pair's rows; `met`: one of them in the window.
    """

    edge: Ints
    kind: Ints
    usual: Numbers
    rate: Numbers
    others: Flags
    others_many: Ints
    row_pairs: Ints
    met: Flags


def terms_in_parts(runs: Runs, usual: Usual, source: Ints, target: Ints) -> Iterator[tuple[int, int, Terms]]:
    """The terms of pairs [low, high) of account codes, `edge` counted from low, part after part."""
    held = np.diff(runs.start)
    swapped = held[source] > held[target]
    fewer, more = np.where(swapped, target, source), np.where(swapped, source, target)
    before = np.cumsum(held[fewer]) - held[fewer]
    cuts = np.append(np.flatnonzero(np.diff(before // _BATCH_TERMS, prepend=-1)), len(source))
    for low, high in pairwise(cuts.tolist()):
        yield low, high, _terms(runs, usual, fewer[low:high], more[low:high])


def _terms(runs: Runs, usual: Usual, fewer: Ints, more: Ints) -> Terms:
    edge, one, other = _in_common(runs, fewer, more)
    both = _close(runs, one, other) + _close(runs, other, one)
    at, n, k = runs.object[one], runs.size[one], runs.size[other]
    rows = runs.rows[at] - n - k
    pairs = (rows**2 - (runs.squares[at] - n**2 - k**2)) / 2
    others = pairs > 0
    rate = np.where(others, (runs.near[at] - runs.close[one] - runs.close[other] + both) / np.maximum(pairs, 1), 0.0)
    return Terms(edge, usual.kind[at], usual.rate[at], rate, others, np.maximum(runs.accounts[at] - 2, 1), n * k, both > 0)


def judged(terms: Terms, sums: Numbers, counts: Ints, edges: int) -> Numbers:
    """p_timing of `edges` pairs by all their terms; `sums` and `counts` of all objects, as in Usual."""
    mean, enough = _class_means(terms, sums, counts, edges)
    edge, m = terms.edge, terms.others_many
    w = np.where(terms.others, m / (m + 1), 0.0)
    chance = _any_of(w * terms.rate + (1 - w) * mean, terms.row_pairs)
    told = chance * (1 - chance)
    added = [np.bincount(edge, weights=x, minlength=edges) for x in (chance, told, told * w**2 * 2 / m, terms.met)]
    shared = np.bincount(edge, minlength=edges)
    expected, variance, noise, found = added
    f = np.divide(variance, variance + noise, out=np.ones(edges), where=variance > 0)
    mean_chance = np.minimum(expected / np.maximum(shared, 1), 1.0)
    p_values = np.where(found > 0, betainc(f * np.maximum(found, 1), f * (shared - found) + 1, mean_chance), 1.0)
    return np.asarray(np.where(enough, np.maximum(p_values, SMALLEST_P), np.nan), np.float64)


def _any_of(chance: Numbers, many: Ints) -> Numbers:
    """1 - (1 - chance)^many."""
    return np.asarray(-np.expm1(many * np.log1p(-np.minimum(chance, 1 - 1e-15))), np.float64)


def _class_means(terms: Terms, sums: Numbers, counts: Ints, edges: int) -> tuple[Numbers, Flags]:
    """For every (edge, object) the mean rate of its class, with the edge's accounts left out of their common objects; and for every
    edge whether enough objects are left. An object that nobody else shared leaves the class."""
    kinds = len(sums)
    cell = terms.edge * kinds + terms.kind
    shift = np.bincount(cell, weights=terms.rate - terms.usual, minlength=edges * kinds).reshape(edges, kinds)
    gone = np.bincount(cell[~terms.others], minlength=edges * kinds).reshape(edges, kinds)
    left, many = sums + shift, counts - gone
    total = many.sum(axis=1)
    overall = (left.sum(axis=1) + 1) / (total + 2)  # the rule of succession: never seen is not impossible
    mean = (left + _CLASS_WEIGHT * overall[:, None]) / (many + _CLASS_WEIGHT)
    return np.asarray(mean[terms.edge, terms.kind], np.float64), np.asarray(total >= LEAST_OBJECTS, np.bool_)


def _in_common(runs: Runs, fewer: Ints, more: Ints) -> tuple[Ints, Ints, Ints]:
    """(pair, run of the one, run of the other) for every object that both shared."""
    counts = np.diff(runs.start)[fewer]
    pair = np.repeat(np.arange(len(fewer)), counts)
    one = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts) + runs.start[fewer][pair]
    wanted = runs.object[one] + more[pair] * len(runs.accounts)
    other = np.minimum(np.searchsorted(runs.code, wanted), len(runs.code) - 1)
    hit = runs.code[other] == wanted
    return pair[hit], one[hit], other[hit]


def _close(runs: Runs, one: Ints, other: Ints) -> Ints:
    """For every pair of runs on one object how many rows of the other follow a row of the one within its window."""
    sizes = runs.size[one]
    at = np.repeat(np.arange(len(one)), sizes)
    position = runs.row[np.arange(len(at)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + runs.first[one][at]]
    base = other[at] * (len(runs.end) + 1)
    many = np.searchsorted(runs.key, base + runs.end[position]) - np.searchsorted(runs.key, base + position)
    return np.bincount(at, weights=many, minlength=len(one)).astype(np.int64)
