"""Every step against every fault, simulated schedules, real kills: ./run faults [--quick] [--resume] [--report DIR]

Writes docs/faults.md, with its figures in faults.json beside this file; with --report both into that folder. --quick tries one passage of
every cell without S3 repetitions, 2,000 schedules, 20 kills and no engine, and prints only (20 s of a processor without the matrix).
Parts not asked for (--only) keep the figures of the last run. Servers: SeaweedFS from its wheel, Postfix, Dovecot and PostgreSQL of Debian.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import platform
import queue
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, fields
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE.parent), str(HERE.parent / "contract"), str(HERE)]

import mutants  # noqa: E402
import postfix  # noqa: E402
import prefect_server  # noqa: E402
import seaweedfs  # noqa: E402
import simulation  # noqa: E402
from faults_page import page  # noqa: E402
from kills import ROW, Kills, kills  # noqa: E402
from matrix import Cell, Try, cells  # noqa: E402
from trying import Tried, tried  # noqa: E402
from world import World, world  # noqa: E402

KEPT, PAGE = HERE / "faults.json", ROOT / "docs" / "faults.md"
SCHEDULES, QUICK_SCHEDULES, CHUNK = 100_000, 2_000, 500
KILLS, QUICK_KILLS, ENGINE_KILLS = 450, 20, 50
MUTANT_SCHEDULES = 3_000
WORKERS = 2


Keep = Callable[[dict[str, Any]], None]


def matrix(folder: Path, *, quick: bool, s3: Any, before: dict[str, Any], keep: Keep) -> dict[str, Any]:
    """Every cell, first one try of each; shared out among the workers, those with Postfix go to the first. Tries that passed `before` are
    not made again; `keep` is given the figures after every try."""
    began, reasons, passed = time.monotonic(), {}, [one for one in before.get("tries", []) if not one["problems"]]
    there = {(one["step"], one["fault"], one["name"]) for one in passed}
    s_before, tries = before.get("s", 0), list(passed)
    with contextlib.ExitStack() as stack:
        worlds = _worlds(stack, folder / "matrix", s3)
        why = postfix.missing()
        if not why:
            worlds[0].postfix = stack.enter_context(postfix.running(Path(stack.enter_context(_short_folder())) / "mail"))
        servers = why or worlds[0].postfix.version()
        made = worlds[0].made
        assert made is not None
        chosen = list(cells(made.passages, quick=quick, s3=s3 is not None, postfix=not why))
        reasons = {f"{cell.step} / {cell.fault}": cell.reason for cell in chosen if cell.reason}
        every = [(number, cell, one) for cell in chosen for number, one in enumerate(cell.tries)]
        todo = [entry for entry in sorted(every, key=lambda e: e[0]) if (entry[1].step, entry[1].fault, entry[2].name) not in there]
        waiting: list[queue.SimpleQueue[tuple[Cell, Try]]] = [queue.SimpleQueue(), queue.SimpleQueue()]
        for _, cell, one in todo:
            waiting[not one.postfix].put((cell, one))

        def figures() -> dict[str, Any]:
            ordered = sorted(tries, key=lambda one: (one["step"], one["fault"], one["name"]))
            s = s_before + round(time.monotonic() - began)
            return {"tries": ordered, "reasons": reasons, "of": len(every), "s": s, "servers": servers}

        def work(number: int) -> None:
            for at in (0, 1) if number == 0 else (1,):
                with contextlib.suppress(queue.Empty):
                    while True:
                        cell, one = waiting[at].get_nowait()
                        tries.append(asdict(_tried(worlds[number], cell, one)))
                        keep(figures())

        _together(work)
    return figures()


def _tried(where: World, cell: Cell, one: Try) -> Tried:
    try:
        done = tried(where, cell, one)
    except Exception as error:  # a cell that cannot even be tried has failed
        done = Tried(cell.step, cell.fault, one.name, 0, (f"{type(error).__name__}: {error}",), 0)
    _say(
        f"{'passed' if not done.problems else 'FAILED'}  {done.step} / {done.fault} / {done.name or one.place}: {'; '.join(done.problems)}"
    )
    return done


def killed(folder: Path, *, quick: bool, s3: Any, before: dict[str, Any], keep: Keep) -> dict[str, Any]:
    """The kills without the engine, by the workers, row by row; after those of `before`."""
    count, began, total = (QUICK_KILLS if quick else KILLS), time.monotonic(), _Total(before)
    with contextlib.ExitStack() as stack:
        worlds = _worlds(stack, folder / "kills", s3)

        def work(number: int) -> None:
            while (seed := total.next_row(count)) is not None:
                total.add(kills(worlds[number], ROW, seed))
                keep(total.figures(began))

        _together(work)
    _say(f"kills: {total.figures(began)}")
    return total.figures(began)


def engine_killed(folder: Path, *, quick: bool, before: dict[str, Any], keep: Keep, **_: Any) -> dict[str, Any]:
    """Kills of runs through Prefect, on one warm server with its state in PostgreSQL."""
    if quick:
        return {"done": 0, "problems": [], "reason": "left out of --quick"}
    if why := prefect_server.missing():
        return {"done": 0, "problems": [], "reason": why}
    began, total = time.monotonic(), _Total(before)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(prefect_server.running(Path(stack.enter_context(_short_folder()))))
        where = stack.enter_context(world(folder / "engine", None, options=["--engine"], env=server.environment))
        while (seed := total.next_row(ENGINE_KILLS)) is not None:
            total.add(kills(where, ROW, seed, engine=True, longest_s=max(6.0, where.usual_s)))
            keep(total.figures(began) | {"server": server.version})
        return total.figures(began) | {"server": server.version}


class _Total:
    """Kills of several rows, in several threads."""

    def __init__(self, before: dict[str, Any]) -> None:
        self._lock, self._before, self._rows = threading.Lock(), before, 0
        self._found = Kills(*(before.get(name, 0) for name in ("done", "ended_before", "rows", "held")))
        self._found.by_step.update(before.get("by_step", {}))
        self._found.problems += before.get("problems", [])  # what once failed is not forgotten by going on
        self._begun = self._found.done

    def next_row(self, count: int) -> int | None:
        """The seed of the next row; None when there are enough."""
        with self._lock:
            if self._begun >= count:
                return None
            self._begun += ROW
            self._rows += 1
            return int(self._before.get("rows", 0)) + self._rows

    def add(self, found: Kills) -> None:
        with self._lock:
            for name in ("done", "ended_before", "rows", "held"):
                setattr(self._found, name, getattr(self._found, name) + getattr(found, name))
            self._found.by_step.update(found.by_step)
            self._found.problems += found.problems
        _say(f"{self._found.done} kills, {found.problems or 'no problem'}")

    def figures(self, began: float) -> dict[str, Any]:
        with self._lock:
            found = self._found
            own = {field.name: getattr(found, field.name) for field in fields(found)}  # asdict makes pairs of a Counter's items
            return own | {
                "by_step": dict(found.by_step),
                "problems": list(found.problems),
                **({"left_out": self._before["left_out"]} if "left_out" in self._before else {}),
                "s": self._before.get("s", 0) + round(time.monotonic() - began),
            }


def simulated(_folder: Path, *, quick: bool, **_: Any) -> dict[str, Any]:
    """Schedules in as many processes as there are workers, then every mutant."""
    count, began = (QUICK_SCHEDULES if quick else SCHEDULES), time.monotonic()
    parts = [range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
    context, total = multiprocessing.get_context("spawn"), Counter[str]()
    problems: list[str] = []
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        for answer in pool.map(_part, parts):
            if isinstance(answer, str):
                problems.append(answer)
            else:
                total.update(answer)
    took = time.monotonic() - began
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool:
        names = list(mutants.MUTANTS)
        seeds = dict(zip(names, pool.map(_mutant, names), strict=True))
    problems += [
        f"the mutant {name!r} was not found in {MUTANT_SCHEDULES:,} schedules" for name, seed in seeds.items() if seed is None
    ]
    _say(f"simulation: {dict(total)} in {took:.0f} s, mutants {seeds}, {problems or 'no problem'}")
    cpu = total.pop("cpu ms") / 1000
    return {
        **total,
        "mutants": seeds,
        "problems": problems,
        "s": round(took),
        "a second": round(total["schedules"] / max(cpu, 0.001)),
    }


def _part(seeds: range) -> Counter[str] | str:
    began = time.process_time()
    try:
        found = simulation.many(seeds)
    except simulation.Broken as broken:
        return str(broken).splitlines()[0]
    found["cpu ms"] = round((time.process_time() - began) * 1000)
    return found


def _mutant(name: str) -> int | None:
    return mutants.found_by(name, MUTANT_SCHEDULES)


def _worlds(stack: contextlib.ExitStack, folder: Path, s3: Any) -> list[World]:
    made: list[Any] = [None] * WORKERS
    entered = [world(folder / str(number), s3) for number in range(WORKERS)]

    def enter(number: int) -> None:
        made[number] = entered[number].__enter__()

    _together(enter)
    for one in entered:
        stack.push(one.__exit__)
    return made


def _together(work: Callable[[int], None]) -> None:
    problems: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def _short_folder() -> "tempfile.TemporaryDirectory[str]":
    """Sockets have paths of at most 107 characters."""
    return tempfile.TemporaryDirectory(prefix="rf-", ignore_cleanup_errors=True)


PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "simulation": simulated,
    "matrix": matrix,
    "kills": killed,
    "engine": engine_killed,
}


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _problems(kept: dict[str, Any]) -> list[str]:
    found = [f"{part}: {problem}" for part, figures in kept.items() if part in PARTS for problem in figures.get("problems", [])]
    tries = kept.get("matrix", {}).get("tries", [])
    return found + [f"{one['step']} / {one['fault']} / {one['name']}: {p}" for one in tries for p in one["problems"]]


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--quick", action="store_true", help="a smaller form; prints, and writes only with --report")
    asked.add_argument("--report", type=Path, help="folder to write faults.md and faults.json to, instead of the kept ones")
    asked.add_argument(
        "--resume", action="store_true", help="go on after the tries that passed and the kills that were made before"
    )
    asked.add_argument("--only", nargs="*", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    given = asked.parse_args()
    os.nice(5)
    kept_in, page_in = (given.report / "faults.json", given.report / "faults.md") if given.report else (KEPT, PAGE)
    kept: dict[str, Any] = json.loads(kept_in.read_text()) if kept_in.exists() and not given.quick else {}
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
    program = seaweedfs.binary()
    with tempfile.TemporaryDirectory(prefix="rf-", dir=memory, ignore_cleanup_errors=True) as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        (folder / "weed").mkdir()
        parts = [part for part in PARTS if given.only is None or part in given.only]
        s3 = (
            stack.enter_context(seaweedfs.running(program, folder / "weed"))
            if program and {"matrix", "kills"} & set(parts)
            else None
        )
        writing = threading.Lock()

        def keep(part: str, figures: dict[str, Any]) -> None:
            with writing:
                kept[part] = figures
                kept["versions"] = {"Python": platform.python_version(), "Prefect": version("prefect")}
                if given.report or not given.quick:
                    kept_in.parent.mkdir(parents=True, exist_ok=True)
                    kept_in.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")

        for part in parts:
            before = kept.get(part, {}) if given.resume else {}
            keep(part, PARTS[part](folder, quick=given.quick, s3=s3, before=before, keep=partial(keep, part)))
    if (given.report or not given.quick) and {"matrix", "simulation"} <= set(kept):
        page_in.write_text(page(kept), encoding="utf-8")
    problems = _problems(kept)
    _say("\n".join(problems) or "Everything held.")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
