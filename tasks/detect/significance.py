"""Is a pair's co-action more than chance? A null model of exchangeable account labels, and all pairs counted as tests.

Null: within a slot (platform, language, 6 hours) the account labels are exchangeable over the shares of a behaviour: who posts is
left free, what is posted and when stays as it was. Derivation in docs/methods.md. For two rows at random positions of a slot with N
shares, the probability that they carry the labels i and j is 2 a_i a_j / (N (N - 1)), a the accounts' shares in the slot; for one row
in each of two slots it is (a_is a_jt + a_it a_js) / (N_s N_t). An object with K in-window row pairs in such a cell is co-acted on with
probability at most 1 - exp(-K * that), since the events are positively associated, so that hubs saturate. Summed over objects and
cells this is lambda, and the number of distinct objects of the pair is compared with Poisson(lambda). An object seen in several cells
counts once in the statistic and in each cell in lambda: conservative.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from scipy.special import gammainc

from tasks.detect.sweep import Ints, Sweep, sweep_of
from tasks.domain.errors import UsageProblem

Numbers = npt.NDArray[np.float64]
SLOT_S = 21_600  # 6 hours
SMALLEST_P = 1e-300  # below it a double has no digits left; a p-value is never printed as 0
_BATCH_TERMS = 4_000_000  # sparse terms in memory at once: about 200 MB


def count_tests(*shares: pd.DataFrame) -> int:
    """How many pairs could have co-acted: the sum over behaviours of C(A, 2), A the accounts with a share (column account_id)."""
    counts = [int(frame["account_id"].nunique()) for frame in shares]
    return sum(count * (count - 1) // 2 for count in counts)


def benjamini_hochberg(p_values: Numbers, *, tests: int) -> Numbers:
    """q-values of the listed p-values among `tests` tests; those not listed have p = 1 (Benjamini and Hochberg 1995).

    Raises ValueError if more are listed than tested.
    """
    if len(p_values) > tests:
        raise ValueError(f"{len(p_values)} p-values among {tests} tests")
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * tests / np.arange(1, len(p_values) + 1)
    q_values = np.empty(len(p_values))
    q_values[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q_values


def pair_p_values(shares: pd.DataFrame, edges: pd.DataFrame, *, window_s: float, min_participation: int) -> Numbers:
    """P(Poisson(lambda) >= objects) for every edge of one behaviour.

    `shares`: SHARES and a column `slot` (any labels); `edges`: source, target, objects as `co_actions` found them in these shares with
    the same parameters. Raises UsageProblem if there is no slot column or a slot is null.
    """
    if "slot" not in shares.columns or shares["slot"].isna().any():
        raise UsageProblem("The shares name no slot for every row.", remedy="A slot is platform, language and 6 hours.")
    sweep = sweep_of(shares, window_s=window_s, min_participation=min_participation)
    return p_values_of(sweep, pd.factorize(shares["slot"])[0], edges)


def p_values_of(sweep: Sweep, slot: Ints, edges: pd.DataFrame) -> Numbers:
    """As `pair_p_values`, for a sweep already made; `slot` holds a code for every input row."""
    if edges.empty:
        return np.empty(0)
    expected = expected_objects(sweep, slot, edges)
    return np.maximum(np.asarray(gammainc(edges["objects"].to_numpy(np.float64), expected), np.float64), SMALLEST_P)


def expected_objects(sweep: Sweep, slot: Ints, pairs: pd.DataFrame) -> Numbers:
    """lambda of each of `pairs` (source, target: ids of the sweep's accounts), co-acting or not; `slot` as in `p_values_of`."""
    if pairs.empty or not len(sweep.row):
        return np.zeros(len(pairs))
    slot_of = slot[sweep.row]  # of the rows that can take part: labels are exchanged among these
    cells = cells_of(sweep, slot_of)
    slots = int(slot_of.max()) + 1
    ones = np.ones(len(slot_of))
    activity = sp.csr_array((ones, (sweep.account, slot_of)), shape=(len(sweep.accounts), slots))
    return expected_by_codes(activity, cells, *_account_codes(sweep, pairs))


@dataclass(frozen=True)
class Cells:
    """Pairs of slots in which in-window row pairs exist. The objects of a cell are grouped by their number K of row pairs:
    cell c has `many[k]` objects of `pairs[k]` row pairs for k in [start[c], start[c + 1])."""

    one: Ints
    other: Ints
    start: Ints
    pairs: Numbers
    many: Numbers


def cells_of(sweep: Sweep, slot_of: Ints) -> Cells:
    """K by cell and object, whoever posted: labels play no part."""
    slots, objects = int(slot_of.max()) + 1, len(sweep.objects)
    keys: list[Ints] = []
    counts: list[Ints] = []
    for first, last, _ in sweep.parts():
        left, right = sweep.pairs(first, last)
        one, other = np.minimum(slot_of[left], slot_of[right]), np.maximum(slot_of[left], slot_of[right])
        part = np.unique((one * slots + other) * objects + sweep.object[left], return_counts=True)
        keys.append(part[0])
        counts.append(part[1])
    key, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    per_object = np.bincount(inverse, weights=np.concatenate(counts)).astype(np.int64)
    cell, cell_of = np.unique(key // objects, return_inverse=True)
    most = int(per_object.max(initial=0)) + 1
    grouped, many = np.unique(cell_of * most + per_object, return_counts=True)
    start = np.searchsorted(grouped // most, np.arange(len(cell) + 1))
    return Cells(cell // slots, cell % slots, start, (grouped % most).astype(np.float64), many.astype(np.float64))


def _account_codes(sweep: Sweep, edges: pd.DataFrame) -> tuple[Ints, Ints]:
    ids = pd.Index(sweep.accounts.to_pandas())
    return ids.get_indexer(pd.Index(edges["source"])).astype(np.int64), ids.get_indexer(pd.Index(edges["target"])).astype(np.int64)


def expected_by_codes(activity: sp.csr_array, cells: Cells, source: Ints, target: Ints) -> Numbers:
    """lambda of every edge: its opportunities c in every cell, through F(c) of that cell."""
    total = np.asarray(activity.sum(axis=0)).ravel()
    same = cells.one == cells.other
    chances = np.where(same, total[cells.one] * (total[cells.one] - 1) / 2, total[cells.one] * total[cells.other])
    first, second = activity[:, cells.one].tocsr(), activity[:, cells.other].tocsr()
    halves = sp.csr_array(first @ sp.diags_array(np.where(same, 0.5, 1.0)))  # a cell within a slot would be counted from both sides
    expected = np.zeros(len(source))
    width = np.diff(first.indptr) + np.diff(second.indptr)
    cuts = np.searchsorted(
        np.cumsum(width[source] + width[target]), np.arange(0, int((width[source] + width[target]).sum()), _BATCH_TERMS)
    )
    for low, high in zip(cuts, [*cuts[1:], len(source)], strict=True):
        i, j = source[low:high], target[low:high]
        terms = sp.coo_array(halves[i].multiply(second[j]) + halves[j].multiply(second[i]))
        edge, cell, opportunities = terms.row, terms.col, terms.data
        kinds, inverse = np.unique((cell.astype(np.int64) << 32) + opportunities.astype(np.int64), return_inverse=True)
        tabulated = _tabulate(cells, chances, kinds >> 32, (kinds & 0xFFFFFFFF).astype(np.float64))
        expected[low:high] = np.bincount(edge, weights=tabulated[inverse], minlength=high - low)
    return expected


def _tabulate(cells: Cells, chances: Numbers, cell: Ints, opportunities: Numbers) -> Numbers:
    """F(c) = sum over the cell's objects of 1 - exp(-K c / chances), once for every distinct (cell, c)."""
    sizes = cells.start[cell + 1] - cells.start[cell]
    group = np.repeat(np.arange(len(cell)), sizes)
    at = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(cells.start[cell], sizes)
    rate = opportunities[group] / chances[cell][group]
    values = np.bincount(group, weights=cells.many[at] * -np.expm1(-cells.pairs[at] * rate), minlength=len(cell))
    return values.astype(np.float64)
