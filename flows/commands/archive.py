"""`resurge archive`."""

import typer

from flows.archive import write_archive
from flows.wiring import open_workspace, settings
from tasks.domain.campaign import TLP_ORDER
from tasks.domain.errors import UsageProblem


def archive(tlp: str | None, *, workspace: str | None) -> None:
    """Write the pages and print where they are, one a line."""
    if tlp is not None and tlp not in TLP_ORDER:
        raise UsageProblem(f"{tlp!r} is no TLP label.", remedy=f"Use one of {', '.join(TLP_ORDER)}.")
    store = open_workspace(workspace or settings().workspace)
    keys = write_archive(store, [tlp] if tlp else [])
    if not keys:
        typer.echo("Nothing was published yet: there is nothing to list.", err=True)
    for key in keys:
        typer.echo(f"{store.address}/{key}")
