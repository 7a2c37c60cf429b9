"""`resurge init` and `resurge doctor`."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import typer

from flows.campaign_file import campaign_slugs, load_campaign
from flows.wiring import open_store, open_workspace, settings
from tasks.domain.errors import ResurgeError
from tasks.store.workspace import init_workspace

_EXAMPLE = "campaigns/my-campaign.yml"
_MIN_FREE_GB = 2.0  # a year of 1M posts takes about 0.4 GB; rendering and temporary copies the rest


def init(address: str) -> None:
    """Make the workspace and put the commented example there; an existing workspace is left as it is."""
    store = open_store(address)
    if init_workspace(store) == "present":
        typer.echo(f"{store.address} is a workspace already; nothing was changed.")
        return
    store.create(_EXAMPLE, (Path(__file__).parent / "example.yml").read_bytes())
    typer.echo(f"Made the workspace {store.address}. Next: rename and edit {_EXAMPLE} in it.")


def doctor(workspace: str | None) -> None:
    """Run every check, print a line for each, and exit 1 if one failed."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("Python", _python),
        ("text layout (Pango, HarfBuzz)", _layout),
        ("Chinese glyphs", _chinese),
        ("free space", _space),
        ("settings", lambda: f"state in {settings().state_dir.expanduser()}"),
    ]
    address = workspace or settings().workspace
    if workspace or Path(address).exists() or "://" in address:
        checks += [("workspace", lambda: open_workspace(address).address), ("campaign files", lambda: _campaigns(address))]
    failed = 0
    for name, check in checks:
        try:
            typer.echo(f"ok       {name}: {check()}")
        except (ResurgeError, OSError) as error:
            failed += 1
            typer.echo(f"MISSING  {name}: {error}")
    raise typer.Exit(1 if failed else 0)


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"


def _layout() -> str:
    try:
        import weasyprint
    except OSError as error:
        raise ResurgeError(
            f"a library of the system is missing ({str(error).splitlines()[0]}).",
            remedy="Run ./run install, or install libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0.",
        ) from error
    return f"WeasyPrint {weasyprint.__version__}"


def _chinese() -> str:
    if not shutil.which("fc-match"):
        raise ResurgeError("fontconfig is not installed.", remedy="Install fontconfig and fonts-noto-cjk.")
    found = subprocess.run(["fc-match", "Noto Sans CJK SC"], capture_output=True, text=True, check=False).stdout.strip()  # noqa: S607
    if "Noto Sans CJK" not in found:
        raise ResurgeError(
            "the Noto CJK fonts are not installed.", remedy="Install fonts-noto-cjk; without it Chinese text cannot be printed."
        )
    return found.split(":")[0]


def _space() -> str:
    place = settings().state_dir.expanduser()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 1e9
    if free < _MIN_FREE_GB:
        raise ResurgeError(f"{free:.1f} GB at {place}.", remedy=f"Have at least {_MIN_FREE_GB:.0f} GB free.")
    return f"{free:.0f} GB at {place}"


def _campaigns(address: str) -> str:
    store = open_workspace(address)
    return ", ".join(load_campaign(store, slug).slug for slug in campaign_slugs(store))
