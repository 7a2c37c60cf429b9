"""Co-action in rounds that each read files and write files: for data beyond memory, and for more than one machine.

    scan     a part of the input  -> rows by object bucket, posts by post bucket, accounts with their number of rows
    accounts a range of accounts  -> those with `min_participation` rows (step 1 of the definition in docs/methods.md)
    pair     an object bucket     -> counted pairs of accounts, sorted (steps 2, 3, 5), and the posts that stand in a pair
    stand    a post bucket        -> rows by account whose post stands in any pair, in whichever bucket (step 4)
    weigh    a range of pairs     -> edges: counts of all buckets added up, pairs without an eligible account left out

Counting (5) may come before step 4, because step 4 decides by accounts alone. Every function here depends on its arguments and
the files they name only, and writes its files whole or not at all: it may be run again, anywhere that sees the folder, at any time.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tasks.detect import chance_rounds, spill
from tasks.detect.bounds import Crowd, Crowded, crowd_of
from tasks.detect.coordination import Tally, across, count_codes, merge
from tasks.detect.faults import Survey, together
from tasks.detect.hashing import Hashed, Hashes, bucket_of, hashed, verify
from tasks.detect.parts import Part, batches
from tasks.detect.spill import Slice
from tasks.detect.sweep import Flags, Ints, Sweep, sweep_of_codes
from tasks.domain.distinct import distinct

ROWS: spill.Layout = (("object", "u8"), ("check", "u4"), ("content", "u8"), ("account", "u8"), ("time", "f8"))
POSTS: spill.Layout = (("content", "u8"), ("check", "u4"), ("account", "u8"))
STANDING: spill.Layout = (("content", "u8"),)
ACCOUNTS: spill.Layout = (("number", "u8"), ("code", "u4"))
COUNTS: spill.Layout = (("code", "i8"), ("rows", "i8"))
PAIRS: spill.Layout = (("code", "i8"), ("weight", "i8"), ("objects", "i8"))
RANGE_ROWS = 2_000_000  # accounts merged, and pairs added up, at once
RUN_PAIRS = 4_000_000  # counted pairs held before they are written: 40 bytes each, twice while they are merged


@dataclass(frozen=True)
class Plan:
    """What all tasks of a run share. `key`: of the hashes; `as_text`: objects and posts are ids of different types."""

    folder: Path
    window_s: float
    min_participation: int
    behaviour: str | None
    buckets: int
    batch_rows: int
    key: int = 0
    as_text: bool = False
    significance: bool = False

    @property
    def layout(self) -> spill.Layout:
        """Columns of the rows by object bucket."""
        return (*ROWS, *chance_rounds.SLOTS) if self.significance else ROWS

    def bounds(self) -> Hashes:
        """The first number of every bucket but the first."""
        width = np.uint64(self.buckets)
        return (((np.arange(1, self.buckets, dtype=np.uint64) << np.uint64(32)) + width - np.uint64(1)) // width) << np.uint64(32)


@dataclass(frozen=True)
class Scattered:
    """A file sorted by bucket; bucket b is rows [bounds[b], bounds[b + 1])."""

    path: Path
    bounds: tuple[int, ...]

    def slice(self, bucket: int) -> Slice:
        """The rows of a bucket."""
        return Slice(self.path, self.bounds[bucket], self.bounds[bucket + 1])


@dataclass(frozen=True)
class Scanned:
    """What one batch of rows became."""

    rows: Scattered
    posts: Scattered
    accounts: Path
    distinct: int  # accounts in it
    slots: tuple[int, ...]  # distinct slots in it; none without significance


@dataclass(frozen=True)
class Run:
    """Counted pairs, sorted by code. Runs with one `giant` share a single object, too large for one run."""

    path: Path
    giant: str | None


@dataclass(frozen=True)
class Paired:
    """What one object bucket became. `crowd` has hashes of objects for codes."""

    crowd: Crowd
    runs: tuple[Run, ...]
    standing: Scattered
    chance: chance_rounds.Bucketed | None  # with significance


def scan(plan: Plan, number: int, part: Part) -> tuple[list[Scanned], Survey]:
    """Read a part of the input and spread its rows, up to the first batch that is spoilt; what is wrong with them is told and left to be
    judged with the other parts. Raises UnreadableInput for a part that cannot be read."""
    found = []
    surveys: list[Survey] = []
    for batch, (table, survey) in enumerate(batches(part, behaviour=plan.behaviour, rows=plan.batch_rows)):
        surveys.append(survey)
        if any(each.spoilt for each in surveys):
            continue
        stem = f"{number:06d}-{batch:06d}"
        objects = hashed(table.column("object_id"), key=plan.key, as_text=plan.as_text)
        contents = hashed(table.column("content_id"), key=plan.key, as_text=plan.as_text)
        accounts = hashed(table.column("account_id"), key=plan.key)
        own = (objects.number == contents.number) & (objects.check == contents.check)  # shares its own post: in no pair
        time = table.column("timestamp_share").to_numpy()
        rows = {
            "object": objects.number,
            "check": objects.check,
            "content": contents.number,
            "account": accounts.number,
            "time": time,
        }
        if plan.significance:
            rows["slot"] = chance_rounds.slot_values(table, key=plan.key)
        posts: spill.Columns = {"content": contents.number, "check": contents.check, "account": accounts.number}
        path, many = _accounts(plan.folder / f"accounts-{stem}", accounts, table.column("account_id"))
        found.append(
            Scanned(
                _scatter(plan, f"rows-{stem}", plan.layout, "object", {name: each[~own] for name, each in rows.items()}),
                _scatter(plan, f"posts-{stem}", POSTS, "content", posts),
                path,
                many,
                tuple(np.unique(rows["slot"]).tolist()) if plan.significance else (),
            )
        )
    return found, together(surveys)


def _scatter(plan: Plan, name: str, layout: spill.Layout, by: str, columns: spill.Columns) -> Scattered:
    bucket = bucket_of(columns[by], plan.buckets)
    order = np.argsort(bucket, kind="stable")
    path = spill.write(plan.folder / name, layout, {each: values[order] for each, values in columns.items()})
    return Scattered(path, (0, *np.cumsum(np.bincount(bucket, minlength=plan.buckets)).tolist()))


def _accounts(path: Path, accounts: Hashed, ids: pa.ChunkedArray) -> tuple[Path, int]:
    """Distinct accounts of a batch, sorted by number, with their rows and ids."""
    order = np.argsort(accounts.number)
    number, check = accounts.number[order], accounts.check[order]
    verify(number, check)
    starts = np.flatnonzero(np.concatenate([[True], number[1:] != number[:-1]])) if len(number) else np.empty(0, np.int64)
    if pa.types.is_dictionary(ids.type):
        ids = ids.cast(ids.type.value_type)
    ids = ids.cast(pa.large_string()) if pa.types.is_string(ids.type) else ids
    table = pa.table(
        {
            "number": number[starts],
            "check": check[starts],
            "rows": np.diff(starts, append=len(number)),
            "id": ids.take(pa.array(order[starts])).combine_chunks(),
        }
    )
    return spill.write_table(path, table.combine_chunks()), len(starts)


def merge_accounts(plan: Plan, index: int, paths: list[Path], low: int, high: int) -> tuple[Path, int]:
    """Accounts with numbers in [low, high] of all batches: a table number, id of those with enough rows, and how many there are
    with any number of rows."""
    tables = []
    for path in paths:
        table = spill.read_table(path)
        numbers = table.column("number").to_numpy()
        first, last = np.searchsorted(numbers, np.uint64(low)), np.searchsorted(numbers, np.uint64(high), side="right")
        tables.append(table.slice(first, last - first))
    joined = pa.concat_tables(tables)
    number, rows = joined.column("number").to_numpy(), joined.column("rows").to_numpy()
    order = np.argsort(number)
    number = number[order]
    verify(number, joined.column("check").to_numpy()[order])
    if not len(number):
        starts, total = np.empty(0, np.int64), np.empty(0, np.int64)
    else:
        starts = np.flatnonzero(np.concatenate([[True], number[1:] != number[:-1]]))
        total = np.add.reduceat(rows[order], starts)
    kept = starts[total >= plan.min_participation]
    ids = joined.column("id").take(pa.array(order[kept]))
    return spill.write_table(plan.folder / f"merged-{index:06d}", pa.table({"number": number[kept], "id": ids})), len(starts)


def codes_of(plan: Plan, numbers: Hashes) -> Ints:
    """The accounts' ranks by id, -1 for one with too few rows. The file `accounts` is sorted by number."""
    path = plan.folder / "accounts"
    known, code = spill.column(path, ACCOUNTS, "number"), spill.column(path, ACCOUNTS, "code")
    if not len(known):
        return np.full(len(numbers), -1)
    order = np.argsort(numbers)  # in order, so that neighbours in the table are met together: six times as fast
    wanted = numbers[order]
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    found = np.empty(len(numbers), np.int64)
    found[order] = np.where(known[at] == wanted, code[at].astype(np.int64), -1)
    return found


def pair(plan: Plan, bucket: int, slices: list[Slice], accounts: int, most: int | None = None) -> Paired | Crowd:
    """Sweep one object bucket; `accounts` is the number of accounts with enough rows. With more than `most` pairs of rows, or an object
    too crowded, nothing is counted and only the crowd told."""
    rows = spill.read(slices, plan.layout)
    sweep = sweep_of_bucket(plan, rows)
    crowd = _by_hash(crowd_of(sweep), sweep, rows["object"])
    if crowd.joined or (most is not None and crowd.row_pairs > most):
        return crowd
    runs, paired = _pairs(plan, sweep, f"pairs-{bucket:06d}", accounts)
    standing = distinct(sweep.content.view(np.uint64)[paired])
    path = spill.write(plan.folder / f"standing-{bucket:06d}", STANDING, {"content": standing})
    bounds = (0, *np.searchsorted(standing, plan.bounds()).tolist(), len(standing))
    chance = chance_rounds.bucket_tables(plan.folder, bucket, sweep, rows["slot"][sweep.row]) if plan.significance else None
    return Paired(crowd, tuple(runs), Scattered(path, bounds), chance)


def _by_hash(crowd: Crowd, sweep: Sweep, numbers: Hashes) -> Crowd:
    def told(one: Crowded | None) -> Crowded | None:
        return one and replace(one, code=int(numbers[sweep.row[np.searchsorted(sweep.object, one.code)]]))

    return Crowd(crowd.row_pairs, told(crowd.worst), told(crowd.joined))


def sweep_of_bucket(plan: Plan, rows: spill.Columns) -> Sweep:
    """The sweep of a bucket's rows (columns of ROWS) whose accounts have enough rows. Its `content` are hashes."""
    code = codes_of(plan, rows["account"])
    kept = np.flatnonzero(code >= 0)
    order = kept[np.argsort(rows["object"][kept])]
    number = rows["object"][order]
    verify(number, rows["check"][order])
    dense = np.cumsum(np.concatenate([[False], number[1:] != number[:-1]])) if len(number) else np.empty(0, np.int64)
    content = rows["content"][order].view(np.int64)
    objects = int(dense[-1]) + 1 if len(dense) else 0
    sweep = sweep_of_codes(dense, code[order], content, rows["time"][order], window_s=plan.window_s, objects=objects)
    return replace(sweep, row=order[sweep.row])


def _pairs(plan: Plan, sweep: Sweep, stem: str, accounts: int) -> tuple[list[Run], Flags]:
    """Write the counted pairs of a sweep; and which of its rows stand in a pair."""
    runs: list[Run] = []
    paired = np.zeros(len(sweep.row), np.bool_)
    waiting: list[Tally] = []
    giant: list[Tally] = []  # of the object in work, if it is cut; the last of `waiting` may be its beginning
    giants = 0

    def flush(tallies: list[Tally], name: str | None) -> None:
        tally = merge(tallies, same_object=name is not None) if tallies else Tally.empty()
        if len(tally.code):
            path = plan.folder / f"{stem}-{len(runs):06d}"
            columns = {"code": tally.code, "weight": tally.weight, "objects": tally.objects}
            runs.append(Run(spill.write(path, PAIRS, columns), name))

    for first, last, continued in sweep.parts():
        left, right = across(sweep, *sweep.pairs(first, last))
        paired[left] = True
        paired[right] = True
        part = count_codes(sweep, left, right, accounts=accounts)
        if continued:
            if not giant:
                giant, giants = [waiting.pop()], giants + 1
            giant.append(part)
            if _held(giant) > RUN_PAIRS:
                flush(giant, f"{stem}-{giants}")
                giant = [Tally.empty()]
            continue
        flush(giant, f"{stem}-{giants}")
        giant = []
        if _held(waiting) > RUN_PAIRS:
            flush(waiting, None)
            waiting = []
        waiting.append(part)
    flush(giant, f"{stem}-{giants}")
    flush(waiting, None)
    return runs, paired


def _held(tallies: list[Tally]) -> int:
    return sum(len(tally.code) for tally in tallies)


def stand(plan: Plan, bucket: int, slices: list[Slice], standing: list[Slice]) -> Path:
    """Rows by account code whose post, all of one bucket, stands in a pair of any object bucket: rows that share their own post too."""
    posts = spill.read(slices, POSTS)
    order = np.argsort(posts["content"])
    number = posts["content"][order]
    verify(number, posts["check"][order])
    wanted = distinct(spill.read(standing, STANDING)["content"])
    hit = np.empty(0, np.bool_)
    if len(wanted):
        hit = wanted[np.minimum(np.searchsorted(wanted, number), len(wanted) - 1)] == number
    codes = codes_of(plan, posts["account"][order[hit]] if len(wanted) else np.empty(0, np.uint64))
    code, rows = np.unique(codes[codes >= 0], return_counts=True)
    return spill.write(plan.folder / f"counts-{bucket:06d}", COUNTS, {"code": code, "rows": rows})


def weigh(plan: Plan, index: int, runs: list[Run], low: int, high: int, accounts: int) -> Path:
    """Edges with low <= code < high, sorted. The file `eligible` holds a byte an account."""
    plain: list[Tally] = []
    giants: dict[str, list[Tally]] = {}
    for run in runs:
        codes = spill.column(run.path, PAIRS, "code")
        first, last = np.searchsorted(codes, [low, high])
        if first == last:
            continue
        columns = spill.read([Slice(run.path, int(first), int(last))], PAIRS)
        none = np.zeros(len(columns["code"]), np.int64)  # example rows are not kept here
        tally = Tally(columns["code"], columns["weight"], columns["objects"], none, none)
        (plain if run.giant is None else giants.setdefault(run.giant, [])).append(tally)
    joined = merge([Tally.empty(), *plain, *(merge(each, same_object=True) for each in giants.values())])
    eligible: npt.NDArray[np.bool_] = np.memmap(plan.folder / "eligible", np.bool_, "r") if accounts else np.empty(0, np.bool_)
    kept = eligible[joined.code // max(accounts, 1)] | eligible[joined.code % max(accounts, 1)]
    columns = {"code": joined.code[kept], "weight": joined.weight[kept], "objects": joined.objects[kept]}
    return spill.write(plan.folder / f"edges-{index:06d}", PAIRS, columns)
