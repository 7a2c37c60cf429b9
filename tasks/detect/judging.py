"""Significance and timing of edges beyond memory: which rounds in which order, and the columns they add."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tasks.detect import chance_rounds, rounds, spill, timing_rounds
from tasks.detect.files import MAX_Q
from tasks.detect.rounds import Paired, Plan
from tasks.detect.runners import Runner
from tasks.detect.significance import Numbers, benjamini_hochberg
from tasks.detect.timing import edge_labels


def judged(
    plan: Plan,
    frames: Iterator[pd.DataFrame],
    paired: list[Paired],
    edges: list[Path],
    *,
    buckets: list[tuple[Any, ...]],
    accounts: int,
    run: Runner,
) -> Iterator[pd.DataFrame]:
    """The `frames` of the files `edges` with p_value, q_value, p_timing and label, as `files.detect_file` adds them.

    `buckets`: the calls of the round of pairs; `accounts`: how many there are with any number of rows.
    """
    p_values = _p_values(plan, paired, edges, buckets[0][-1], run)
    q_values = benjamini_hochberg(np.concatenate([np.empty(0), *p_values]), tests=accounts * (accounts - 1) // 2)
    p_timing = _timing(plan, edges, q_values, buckets, run)
    return _with_columns(frames, p_values, q_values, p_timing)


def _p_values(plan: Plan, paired: list[Paired], edges: list[Path], count: int, run: Runner) -> list[Numbers]:
    """p-values of the edges of each file."""
    columns = [spill.read([spill.Slice(path, 0, spill.rows_in(path, rounds.PAIRS))], rounds.PAIRS) for path in edges]
    if not sum(len(each["code"]) for each in columns):
        return []
    folder, chances = plan.folder, [each.chance for each in paired if each.chance]
    chance_rounds.join_cells(folder, [each.cells for each in chances])
    totals = tuple(map(sum, zip(*(each.totals for each in chances), strict=True)))
    ends = np.zeros(count, np.bool_)
    pairs = [(each["code"] // count, each["code"] % count) for each in columns]
    for one, other in pairs:
        ends[one] = ends[other] = True
    spill.write(folder / "ends", (("ends", "?"),), {"ends": ends})
    paths = [each.activity for each in chances]
    ranges = sum(spill.rows_in(path, chance_rounds.ACTIVITY) for path in paths) // rounds.RANGE_ROWS + 1
    cuts = [number * count // ranges for number in range(ranges + 1)]
    calls = [(folder, n, paths, low, high, len(totals)) for n, (low, high) in enumerate(pairwise(cuts))]
    active = run("Activity", chance_rounds.activity, calls)
    judged = run(
        "Chance",
        chance_rounds.judge,
        [(folder, n, pair, each["objects"], active, totals) for n, (pair, each) in enumerate(zip(pairs, columns, strict=True))],
    )
    return [np.array(spill.column(path, chance_rounds.P_VALUES, "p_value")) for path in judged]


def _timing(plan: Plan, edges: list[Path], q_values: Numbers, buckets: list[tuple[Any, ...]], run: Runner) -> Numbers:
    """p_timing of all edges, NaN for those above MAX_Q. `buckets`: the calls of the round of pairs."""
    p_timing, asked = np.full(len(q_values), np.nan), np.flatnonzero(q_values <= MAX_Q)
    if not len(asked):
        return p_timing
    code = np.concatenate([spill.column(path, rounds.PAIRS, "code") for path in edges])[asked]
    spill.write(plan.folder / "asked", timing_rounds.ASKED, {"code": code})
    found = run("Timing", timing_rounds.terms, buckets)
    sums, counts = timing_rounds.totals(found)
    paths = [each.terms for each in found]
    ranges = sum(spill.rows_in(path, timing_rounds.TERMS) for path in paths) // rounds.RANGE_ROWS + 1
    cuts = [number * len(asked) // ranges for number in range(ranges + 1)]
    calls = [(plan.folder, n, paths, low, high, sums, counts) for n, (low, high) in enumerate(pairwise(cuts))]
    judged = run("Labels", timing_rounds.timing, calls)
    p_timing[asked] = np.concatenate([spill.column(path, timing_rounds.TIMING, "p_timing") for path in judged])
    return p_timing


def _with_columns(
    frames: Iterator[pd.DataFrame], p_values: list[Numbers], q_values: Numbers, p_timing: Numbers
) -> Iterator[pd.DataFrame]:
    """The columns that `significance` adds, in the order of `files.detect_file`."""
    at = 0
    for number, frame in enumerate(frames):
        span = slice(at, at + len(frame))
        at += len(frame)
        yield frame.assign(
            p_value=p_values[number] if p_values else np.empty(0),
            q_value=q_values[span],
            p_timing=p_timing[span],
            label=edge_labels(q_values[span], p_timing[span], MAX_Q),
        )
