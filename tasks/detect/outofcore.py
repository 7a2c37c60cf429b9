"""Detection of a file beyond memory: the rounds of `rounds`, run in turn or by a cluster, from a file of shares to a file of edges."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.detect import bounds, chance_rounds, judging, parts, rounds, spill
from tasks.detect.edge_files import write_edges
from tasks.detect.faults import refuse, together
from tasks.detect.files import kind_of, known_behaviour
from tasks.detect.hashing import SharedHash, hashed
from tasks.detect.parts import IN_MEMORY_ROWS, parts_of, rows_of
from tasks.detect.rounds import Paired, Plan, Scanned
from tasks.detect.runners import Runner
from tasks.detect.sweep import Ints, check_parameters
from tasks.domain.errors import UsageProblem, WorkspaceProblem

BUCKET_ROWS = 1_500_000  # of an object or post bucket: about 400 MB with what is made of them
MANY_ROWS = (
    10**9
)  # beyond it batches and buckets grow with the root of the rows: slices, one a batch and bucket, then with the rows
_ROW_BYTES = 56  # of an input row on disk, for certain: once by object, once by post
_KEYS = 4  # hash keys tried: that two ids share a number under all of them has probability 10^-14 at 10^8 ids


def exceeds_memory(source: Path) -> bool:
    """Has the file more than IN_MEMORY_ROWS rows (CSV: by its size), so that it is detected in rounds?"""
    return rows_of(source) > IN_MEMORY_ROWS


def detect_in_rounds(
    source: Path,
    out: Path,
    *,
    window_s: float,
    min_participation: int,
    significance: bool = False,
    behaviour: str | None = None,
    run: Runner,
) -> int:
    """As `files.detect_file`: the same edges, in memory that does not grow with the rows but for about 60 bytes an account.

    Rows, counts and pairs stand meanwhile in a folder beside `out`, about 60 bytes a row, which goes when this ends, either way.
    Raises what `detect_file` raises, and WorkspaceProblem when the disk is too small.
    """
    kind_of(out)
    known_behaviour(behaviour)
    check_parameters(window_s, min_participation)
    rows = rows_of(source)
    _enough_space(out, rows)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.spill-", dir=out.parent) as folder:
            coarser = max(1.0, sqrt(rows / MANY_ROWS))
            buckets = int(rows / (BUCKET_ROWS * coarser)) + 1
            batch = int(parts.BATCH_ROWS * coarser)
            plan = Plan(Path(folder), window_s, min_participation, behaviour, buckets, batch, significance=significance)
            return _with_keys(plan, source, out, run)
    except OSError as error:
        raise WorkspaceProblem(
            f"The rows of {source.name} cannot be spilled to {out.parent}: {error.strerror or error}.",
            remedy=f"Free {_gb(rows)} GB there, or name an --out on a larger disk; nothing was written.",
        ) from error


def _with_keys(plan: Plan, source: Path, out: Path, run: Runner) -> int:
    for key in range(_KEYS):
        attempt = replace(plan, key=key, folder=plan.folder / str(key))
        attempt.folder.mkdir()
        try:
            return _detect(attempt, source, out, run)
        except SharedHash:
            shutil.rmtree(attempt.folder)
    raise UsageProblem(
        f"Ids of {source} share 64-bit hashes under {_KEYS} keys.", remedy="Were they made for it? Number them, and detect again."
    )


def _detect(plan: Plan, source: Path, out: Path, run: Runner) -> int:
    found = parts_of(source, behaviour=plan.behaviour, rows=plan.batch_rows)
    plan = replace(plan, as_text=_differ(source))
    spread = run("Rows", rounds.scan, [(plan, n, part) for n, part in enumerate(found)])
    first_line = 2 if kind_of(source) == "csv" else 1
    refuse(together(survey for _, survey in spread), source, first_line=first_line, behaviour=plan.behaviour)
    scanned = [each for batch, _ in spread for each in batch]
    if plan.significance:
        slots = np.array(sorted(set().union(*(each.slots for each in scanned))), np.int64)
        spill.write(plan.folder / "slots", chance_rounds.SLOTS, {"slot": slots})
    ids, accounts = _accounts(plan, scanned, run)
    count = len(ids)
    buckets = range(plan.buckets)
    calls = [(plan, bucket, [each.rows.slice(bucket) for each in scanned], count) for bucket in buckets]
    paired = _paired(calls, found, run)
    if not plan.significance:
        _drop(each.rows.path for each in scanned)
    _eligible(plan, scanned, paired, count, run)
    edges = _weighed(plan, paired, count, run)
    frames = _frames(ids, edges)
    if plan.significance:
        frames = judging.judged(plan, frames, paired, edges, buckets=calls, accounts=accounts, run=run)
    return write_edges(frames, out)


def _differ(source: Path) -> bool:
    if kind_of(source) == "csv":
        return False
    schema = pq.read_schema(source)
    kinds = [schema.field(name).type for name in ("object_id", "content_id")]
    one, other = (kind.value_type if pa.types.is_dictionary(kind) else kind for kind in kinds)
    return bool(one != other)


def _paired(calls: list[tuple[Any, ...]], found: list[parts.Part], run: Runner) -> list[Paired]:
    """The round of pairs, in two: buckets with far more pairs than their share of the limit wait until the pairs of all are known, so that
    a crowd is refused before a twentieth of the limit is counted (`bounds`: the same limits as in memory, over all buckets)."""
    most = bounds.MOST_ROW_PAIRS // (20 * len(calls))
    first = run("Pairs", rounds.pair, [(*call, most) for call in calls])
    crowds = [each.crowd if isinstance(each, Paired) else each for each in first]
    if at_fault := bounds.too_crowded(crowds):
        _, one, what = at_fault
        raise bounds.crowded_problem(_object(calls[0][0], found, one.code), one.rows, what)
    waiting = [n for n, each in enumerate(first) if not isinstance(each, Paired)]
    if waiting:
        for n, each in zip(waiting, run("Crowded pairs", rounds.pair, [calls[n] for n in waiting]), strict=True):
            first[n] = each
    return [each for each in first if isinstance(each, Paired)]


def _object(plan: Plan, found: list[parts.Part], number: int) -> str:
    """The id of the object with this hash: read again from the input, as only hashes were kept."""
    for part in found:
        for table, _ in parts.batches(part, behaviour=plan.behaviour, rows=plan.batch_rows):
            ids = table.column("object_id")
            hit = np.flatnonzero(hashed(ids, key=plan.key, as_text=plan.as_text).number == np.uint64(number))
            if len(hit):
                return str(ids[int(hit[0])].as_py())
    raise LookupError(f"no object of hash {number}")


def _accounts(plan: Plan, scanned: list[Scanned], run: Runner) -> tuple[pa.Array, int]:
    """Write the file `accounts`; returns the ids of those with enough rows, sorted (an account's code is its place), and how many
    accounts there are with any number of rows."""
    ranges = sum(each.distinct for each in scanned) // rounds.RANGE_ROWS + 1
    cuts = [number * 2**64 // ranges for number in range(ranges + 1)]
    paths = [each.accounts for each in scanned]
    calls = [(plan, n, paths, low, high - 1) for n, (low, high) in enumerate(pairwise(cuts))] if paths else []
    merged = run("Accounts", rounds.merge_accounts, calls)
    _drop(paths)
    tables = [spill.read_table(path) for path, _ in merged]
    if not tables:
        spill.write(plan.folder / "accounts", rounds.ACCOUNTS, {"number": np.empty(0, np.uint64), "code": np.empty(0, np.uint32)})
        return pa.array([], pa.large_string()), 0
    ids = pa.concat_tables(tables).column("id").combine_chunks()
    order = pc.sort_indices(ids)
    code = np.empty(len(order), np.uint32)
    code[order.to_numpy()] = np.arange(len(order), dtype=np.uint32)
    number = np.concatenate([table.column("number").to_numpy() for table in tables])
    spill.write(plan.folder / "accounts", rounds.ACCOUNTS, {"number": number, "code": code})
    return ids.take(order), sum(many for _, many in merged)


def _eligible(plan: Plan, scanned: list[Scanned], paired: list[Paired], count: int, run: Runner) -> None:
    """Write the file `eligible`: by account code, whether enough of its rows have a post that stands in a pair."""
    calls = [
        (plan, bucket, [each.posts.slice(bucket) for each in scanned], [each.standing.slice(bucket) for each in paired])
        for bucket in range(plan.buckets)
    ]
    rows: Ints = np.zeros(count, np.int64)
    for path in run("Posts", rounds.stand, calls):
        columns = spill.read([spill.Slice(path, 0, spill.rows_in(path, rounds.COUNTS))], rounds.COUNTS)
        rows[columns["code"]] += columns["rows"]
    _drop(each.posts.path for each in scanned)
    eligible = rows >= plan.min_participation if plan.min_participation > 1 else np.ones(count, np.bool_)
    spill.write(plan.folder / "eligible", (("eligible", "?"),), {"eligible": eligible})


def _weighed(plan: Plan, paired: list[Paired], count: int, run: Runner) -> list[Path]:
    """Files of edges, in the order of their codes. Ranges are cut where samples of all runs say that they weigh the same."""
    runs = [each for bucket in paired for each in bucket.runs]
    codes = [spill.column(each.path, rounds.PAIRS, "code") for each in runs]
    step = 1_000
    ranges = sum(map(len, codes)) // rounds.RANGE_ROWS + 1
    sample = np.sort(np.concatenate([np.empty(0, np.int64), *(each[::step] for each in codes)]))
    inner = np.unique(sample[np.arange(1, ranges) * len(sample) // ranges]).tolist() if len(sample) else []
    cuts = [0, *inner, 2**63 - 1]
    calls = [(plan, n, runs, low, high, count) for n, (low, high) in enumerate(pairwise(cuts))]
    return run("Weights", rounds.weigh, calls)


def _frames(ids: pa.Array, edges: list[Path]) -> Iterator[pd.DataFrame]:
    """The edges of each file: source, target, weight."""
    text = pd.StringDtype("pyarrow", na_value=np.nan)
    kinds = {pa.string(): text, pa.large_string(): text}.get
    many = max(len(ids), 1)
    for path in edges:
        columns = spill.read([spill.Slice(path, 0, spill.rows_in(path, rounds.PAIRS))], rounds.PAIRS)
        ends = (
            ids.take(pa.array(codes)).to_pandas(types_mapper=kinds) for codes in (columns["code"] // many, columns["code"] % many)
        )
        yield pd.DataFrame(dict(zip(("source", "target"), ends, strict=True)) | {"weight": columns["weight"]})


def _drop(paths: Iterator[Path] | list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _gb(rows: int) -> int:
    return rows * _ROW_BYTES // 10**9 + 1


def _enough_space(out: Path, rows: int) -> None:
    try:
        free = shutil.disk_usage(out.parent).free
    except OSError as error:
        raise WorkspaceProblem(f"{out} cannot be written: {error.strerror}.", remedy="Check the folder.") from error
    if free < rows * _ROW_BYTES:
        raise WorkspaceProblem(
            f"{out.parent} has {free / 1e9:.1f} GB free; {rows:,} rows need {_gb(rows)} GB there while they are compared.",
            remedy="Free some, or name an --out on a larger disk.",
        )
