"""The test of timing for data beyond memory, in two rounds after significance.

    terms    an object bucket, again  -> what each object in common says of each pair that shares more than chance allows
    timing   a range of pairs         -> p_timing, from the terms of all buckets and the means over all objects

A bucket is swept with its own accounts numbered anew: ten million accounts would cost more to look up than its rows.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from tasks.detect import rounds, spill
from tasks.detect.rounds import Plan
from tasks.detect.significance import Numbers
from tasks.detect.spill import Slice
from tasks.detect.sweep import Flags, Ints
from tasks.detect.timing import Terms, judged, runs_of, terms_in_parts, usual_of

ASKED: spill.Layout = (("code", "i8"),)  # of the pairs, ascending
TERMS: spill.Layout = (
    ("edge", "i8"), ("kind", "i2"), ("usual", "f8"), ("rate", "f8"), ("others", "?"), ("others_many", "i4"), ("row_pairs", "i8"),
    ("met", "?"),
)  # fmt: skip
TIMING: spill.Layout = (("p_timing", "f8"),)


@dataclass(frozen=True)
class Bucketed:
    """Terms of one bucket, sorted by pair (its place in the file `asked`), and its sums and counts by class of objects."""

    terms: Path
    sums: tuple[float, ...]
    counts: tuple[int, ...]


def terms(plan: Plan, bucket: int, slices: list[Slice], accounts: int) -> Bucketed:
    """Sweep a bucket again and compare the pairs of the file `asked`; arguments as of `rounds.pair`."""
    sweep = rounds.sweep_of_bucket(plan, spill.read(slices, plan.layout))
    here, local = np.unique(sweep.account, return_inverse=True)
    runs = runs_of(replace(sweep, account=local.astype(np.int64), accounts=pa.nulls(len(here))))
    usual = usual_of(runs)
    asked = np.asarray(spill.column(plan.folder / "asked", ASKED, "code"))
    (source, has_source), (target, has_target) = _places(here, asked // accounts), _places(here, asked % accounts)
    edges = np.flatnonzero(has_source & has_target)
    found: dict[str, list[np.ndarray]] = {name: [np.empty(0, kind)] for name, kind in TERMS}
    for low, _, part in terms_in_parts(runs, usual, source[edges], target[edges]):
        for name, _ in TERMS:
            found[name].append(edges[low + part.edge] if name == "edge" else getattr(part, name))
    columns = {name: np.concatenate(parts) for name, parts in found.items()}
    path = spill.write(plan.folder / f"terms-{bucket:06d}", TERMS, columns)
    return Bucketed(path, tuple(usual.sums.tolist()), tuple(usual.counts.tolist()))


def _places(known: Ints, wanted: Ints) -> tuple[Ints, Flags]:
    if not len(known):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return at, known[at] == wanted


def totals(buckets: list[Bucketed]) -> tuple[Numbers, Ints]:
    """Sums and counts over all objects."""
    kinds = max(len(each.counts) for each in buckets)
    sums, counts = np.zeros(kinds), np.zeros(kinds, np.int64)
    for each in buckets:
        sums[: len(each.sums)] += each.sums
        counts[: len(each.counts)] += each.counts
    return sums, counts


def timing(folder: Path, index: int, paths: list[Path], low: int, high: int, sums: Numbers, counts: Ints) -> Path:
    """p_timing of the pairs [low, high) of the file `asked`."""
    slices = []
    for path in paths:
        first, last = np.searchsorted(spill.column(path, TERMS, "edge"), [low, high])
        slices.append(Slice(path, int(first), int(last)))
    columns = spill.read(slices, TERMS)
    columns["edge"] -= low
    for name in ("kind", "others_many"):
        columns[name] = columns[name].astype(np.int64)
    p_timing = judged(Terms(**columns), sums, counts, high - low)
    return spill.write(folder / f"timing-{index:06d}", TIMING, {"p_timing": p_timing})
