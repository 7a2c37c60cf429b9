"""`resurge detect`."""

from pathlib import Path

import typer

from flows.commands.preflight import readable
from tasks.detect.files import detect_file
from tasks.domain.errors import UsageProblem


def detect(
    file: Path, *, window: float, min_participation: int, behaviour: str | None, engine: str, out: Path, significance: bool
) -> None:
    """Write the edges and say how many there are."""
    if engine != "local":
        raise UsageProblem(f"There is no engine {engine!r} in this version.", remedy="Use --engine local.")
    readable([file])
    edges = detect_file(
        file, out, window_s=window, min_participation=min_participation, significance=significance, behaviour=behaviour
    )
    typer.echo(f"{edges:,} edges -> {out}")
