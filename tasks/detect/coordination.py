"""Who co-acts with whom: pairs of accounts that share the same object within a window, and how often.

The definition is that of the R package CooRTweet (Righetti and Balluff), `detect_groups(remove_loops = TRUE)` followed by
`generate_coordinated_network(edge_weight = 0)`; docs/methods.md states its five steps.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from tasks.detect.sweep import Flags, Ints, Sweep, sweep_of
from tasks.domain.distinct import distinct

MERGE_AT = 8_000_000  # counted pairs kept apart before they are merged: 32 bytes each


def co_actions(shares: pd.DataFrame, *, window_s: float, min_participation: int) -> pd.DataFrame:
    """Unordered pairs of accounts that co-acted, one row each, sorted by source and target.

    `shares` has the columns of SHARES in any order of rows; ids may be strings or integers, times are seconds (negative and fractional
    ones too). Two rows on one object at most `window_s` seconds apart (inclusive) make a pair unless account or post is the same, or
    one of them shares its own post. A pair counts if either side's account has at least `min_participation` rows whose post stands in
    any pair. Columns of the answer: source, target (source < target), weight (surviving row pairs), objects (distinct objects), left,
    right (0-based positions in `shares` of one such pair: an example). Raises UsageProblem for input the definition does not cover.

    Memory: about 200 bytes a row and 32 bytes a pair of accounts, at most 300 MB for the part in work; never a function of the
    number of row pairs.
    """
    sweep = sweep_of(shares, window_s=window_s, min_participation=min_participation)
    return count_pairs(sweep, min_participation=min_participation)


def count_pairs(sweep: Sweep, *, min_participation: int) -> pd.DataFrame:
    """The pairs of a sweep, as `co_actions` returns them."""
    eligible = eligible_accounts(sweep, min_participation)
    tally = Tally.empty()
    waiting: list[Tally] = []
    held = 0
    for first, last, continued in sweep.parts():
        left, right = across(sweep, *sweep.pairs(first, last))
        kept = eligible[sweep.account[left]] | eligible[sweep.account[right]]
        part = count_codes(sweep, left[kept], right[kept], accounts=len(sweep.accounts))
        if continued:  # the same object goes on: its pairs may come again, but it is one object
            part = merge([waiting.pop(), part], same_object=True)
        waiting.append(part)
        held += len(part.code)
        if held > MERGE_AT:
            tally, waiting, held = merge([tally, *waiting[:-1]]), waiting[-1:], len(waiting[-1].code)
    return _frame(sweep, merge([tally, *waiting]))


@dataclass(frozen=True)
class Tally:
    """Counts by pair code (smaller account * number of accounts + larger), codes ascending and distinct."""

    code: Ints
    weight: Ints
    objects: Ints
    left: Ints
    right: Ints

    @classmethod
    def empty(cls) -> "Tally":
        none = np.empty(0, np.int64)
        return cls(none, none, none, none, none)


def across(sweep: Sweep, left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Of pairs of positions those of two accounts."""
    differ = sweep.account[left] != sweep.account[right]
    return left[differ], right[differ]


def eligible_accounts(sweep: Sweep, min_participation: int) -> Flags:
    """By account code: has it `min_participation` rows whose post stands in a pair? Rows that share their own post count too, as in
    the reference, if that post stands in a pair on another object."""
    if min_participation == 1:
        return np.ones(len(sweep.accounts), np.bool_)
    paired = np.zeros(int(sweep.every_content.max(initial=-1)) + 1, np.bool_)
    for first, last, _ in sweep.parts():
        left, right = across(sweep, *sweep.pairs(first, last))
        paired[sweep.content[left]] = True
        paired[sweep.content[right]] = True
    stands = paired[sweep.every_content]
    return np.bincount(sweep.every_account[stands], minlength=len(sweep.accounts)) >= min_participation


def count_codes(sweep: Sweep, left: Ints, right: Ints, *, accounts: int) -> Tally:
    """Count the pairs of a part by code, `accounts` the number of all accounts. The sort is stable and pairs come by object, so equal
    objects of a code are neighbours."""
    one, other = sweep.account[left], sweep.account[right]
    code = np.minimum(one, other) * accounts + np.maximum(one, other)
    order = np.argsort(code, kind="stable")
    code, left, right = code[order], left[order], right[order]
    starts = _starts(code)
    new_object = np.ones(len(code), np.bool_)
    held = sweep.object[left]
    new_object[1:] = (code[1:] != code[:-1]) | (held[1:] != held[:-1])
    weight = np.diff(starts, append=len(code))
    return Tally(
        code[starts], weight, _sums(new_object.astype(np.int64), starts), sweep.row[left[starts]], sweep.row[right[starts]]
    )


def merge(tallies: list[Tally], *, same_object: bool = False) -> Tally:
    """One tally of several, earlier ones first; `same_object`: all of them count pairs on one object."""
    if len(tallies) == 1:
        return tallies[0]
    joined = [np.concatenate([getattr(t, name) for t in tallies]) for name in ("code", "weight", "objects", "left", "right")]
    order = np.argsort(joined[0], kind="stable")  # of equal codes the earliest part comes first: its example stays
    code, weight, objects, left, right = (column[order] for column in joined)
    starts = _starts(code)
    distinct = objects[starts] if same_object else _sums(objects, starts)
    return Tally(code[starts], _sums(weight, starts), distinct, left[starts], right[starts])


def _starts(code: Ints) -> Ints:
    if not len(code):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.concatenate([[True], code[1:] != code[:-1]]))


def _sums(values: Ints, starts: Ints) -> Ints:
    return np.add.reduceat(values, starts) if len(starts) else np.empty(0, np.int64)


def _frame(sweep: Sweep, tally: Tally) -> pd.DataFrame:
    count = max(len(sweep.accounts), 1)
    return pd.DataFrame(
        {
            "source": _ids(sweep.accounts, tally.code // count),
            "target": _ids(sweep.accounts, tally.code % count),
            "weight": tally.weight,
            "objects": tally.objects,
            "left": tally.left,
            "right": tally.right,
        }
    )


def _ids(ids: pa.Array, codes: npt.NDArray[np.int64]) -> pd.Series:
    text = {pa.string(): pd.StringDtype("pyarrow", na_value=np.nan), pa.large_string(): pd.StringDtype("pyarrow", na_value=np.nan)}
    series: pd.Series = ids.take(pa.array(codes)).to_pandas(types_mapper=text.get)
    return series


def objects_of_pairs(sweep: Sweep, edges: pd.DataFrame, *, min_participation: int) -> tuple[Ints, Ints]:
    """Which objects the accounts of `edges` (source, target: a part of what `count_pairs` returned) co-acted on.

    Returns (edge, object): positions in `edges` and codes of the sweep's objects, each combination once, sorted.
    """
    ids = pd.Index(_ids(sweep.accounts, np.arange(len(sweep.accounts))))
    wanted = ids.get_indexer(pd.Index(edges["source"])) * len(ids) + ids.get_indexer(pd.Index(edges["target"]))
    order = np.argsort(wanted)
    ranked = wanted[order]
    eligible = eligible_accounts(sweep, min_participation)
    found: list[Ints] = [np.empty(0, np.int64)]
    for first, last, _ in sweep.parts():
        left, right = across(sweep, *sweep.pairs(first, last))
        one, other = sweep.account[left], sweep.account[right]
        code = np.minimum(one, other) * len(ids) + np.maximum(one, other)
        at = np.minimum(np.searchsorted(ranked, code), max(len(ranked) - 1, 0))
        hit = (ranked[at] == code) & (eligible[one] | eligible[other]) if len(ranked) else np.zeros(len(code), np.bool_)
        found.append(distinct(order[at[hit]] * len(sweep.objects) + sweep.object[left[hit]]))
    keys = distinct(np.concatenate(found))
    return keys // max(len(sweep.objects), 1), keys % max(len(sweep.objects), 1)
