"""`resurge detect`."""

import os
import signal
import sys
from functools import partial
from pathlib import Path

import typer

from flows.commands.preflight import readable
from flows.console import console, rounds_progress
from tasks.detect.distributed import dask_runner
from tasks.detect.files import detect_file
from tasks.detect.outofcore import detect_in_rounds, exceeds_memory
from tasks.detect.runners import in_turn
from tasks.domain.errors import UsageProblem

ENGINES = ("local", "dask")


def detect(
    file: Path,
    *,
    window: float,
    min_participation: int,
    behaviour: str | None,
    engine: str,
    scheduler: str | None,
    out: Path,
    significance: bool,
) -> None:
    """Write the edges and say how many there are: in memory, beyond 2 million rows in rounds, or in rounds on a cluster."""
    if engine not in ENGINES:
        raise UsageProblem(f"There is no engine {engine!r}.", remedy=f"Use --engine {' or '.join(ENGINES)}.")
    if scheduler and engine != "dask":
        raise UsageProblem(f"--scheduler {scheduler} is for --engine dask.", remedy="Add --engine dask, or leave it out.")
    readable([file])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # told to stop, it takes its spilled rows away first
    if out.exists() and out.samefile(file):
        raise UsageProblem(f"{out} is the input itself.", remedy="Give --out another name: the shares would be overwritten.")
    detection = partial(
        detect_file if engine == "local" and not exceeds_memory(file) else detect_in_rounds,
        window_s=window,
        min_participation=min_participation,
        significance=significance,
        behaviour=behaviour,
    )
    if detection.func is detect_file:
        edges = detection(file, out)
    elif engine == "local":
        with rounds_progress() as progress:
            edges = detection(file, out, run=in_turn(progress))
    else:
        there, target = file.resolve(), out.resolve()  # workers have a working folder of their own
        address = scheduler or os.environ.get("DASK_SCHEDULER_ADDRESS")
        with rounds_progress() as progress, dask_runner(address, [there, target.parent], progress, console.print) as run:
            edges = detection(there, target, run=run)
    typer.echo(f"{edges:,} edges -> {out}")
