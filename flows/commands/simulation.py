"""`resurge simulate`."""

from pathlib import Path

import typer

from flows.console import stage
from tasks.simulate.files import write_simulation
from tasks.simulate.scenario import simulate as run_simulation


def simulate(scenario: str, *, seed: int, scale: int, out: Path) -> None:
    """Write the labelled campaign and name the files."""
    with stage(f"simulate {scenario}, {scale:,} posts"):
        paths = write_simulation(run_simulation(scenario, seed=seed, scale=scale), out)
    for path in paths:
        typer.echo(path)
