"""`resurge init` and `resurge doctor`."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import typer

from flows.campaign_file import campaign_slugs, load_campaign
from flows.commands.founding import campaign_text, slug_of, source_kinds
from flows.commands.reach import reach, reached
from flows.wiring import open_store, open_workspace, settings
from tasks.domain.errors import ResurgeError, UsageProblem
from tasks.store.workspace import init_workspace, is_workspace

_EXAMPLE = "my-campaign"
_MIN_FREE_GB = 2.0  # a year of 1M posts takes about 0.4 GB; rendering and temporary copies the rest


def init(address: str, *, campaign: str | None, title: str | None, kinds: Sequence[str], words: Sequence[str]) -> None:
    """Make the workspace and a commented campaign file in it; an existing workspace keeps everything it has.

    At a terminal what was not given is asked for. Raises UsageProblem for a campaign file that is there already.
    """
    store = open_store(address)
    if sys.stdin.isatty() and not (campaign or kinds):
        title, campaign, kinds, words = _ask(is_workspace(store))
    if is_workspace(store) and not campaign:
        typer.echo(f"{store.address} is a workspace already; nothing was changed.")
        return
    slug = campaign or _EXAMPLE
    text = campaign_text(slug, title or (slug.replace("-", " ").capitalize()), kinds, words)
    key = f"campaigns/{slug}.yml"
    made = init_workspace(store) != "present"
    if store.read(key) is not None:
        raise UsageProblem(f"There is a campaign file {key} already.", remedy="Choose another name, or edit that file.")
    store.create(key, text.encode())
    typer.echo(
        f"{'Made the workspace' if made else 'In the workspace'} {store.address}" + (f" with {key}." if made else f": made {key}.")
    )
    typer.echo("Next: " + _next_steps(address, slug, kinds))


def _ask(existing: bool) -> tuple[str | None, str | None, list[str], list[str]]:
    """Title, slug, kinds of source and words, as a person answers. No slug: only the workspace is wanted."""
    title = typer.prompt(
        "Title of the campaign" + (" (Enter: none)" if existing else ""),
        default="" if existing else "My campaign",
        show_default=not existing,
    )
    if not title:
        return None, None, [], []
    slug = typer.prompt("Its short name (lower-case letters, digits, hyphens)", default=slug_of(title) or _EXAMPLE)
    typer.echo("Sources of posts: " + "; ".join(f"{kind} ({name})" for kind, name in source_kinds().items()))
    kinds = _listed(typer.prompt("Which, separated by commas (Enter: files only)", default="", show_default=False))
    words = _listed(typer.prompt("Words to look for, separated by commas", default="", show_default=False)) if kinds else []
    return title, slug, kinds, words


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]


def _next_steps(address: str, slug: str, kinds: Sequence[str]) -> str:
    if not kinds:
        return f"edit it, then bring files in: resurge ingest {slug} FILE --format NAME -w {address}"
    return f"edit it, try its sources: resurge doctor -w {address}, then fetch: resurge collect {slug} -w {address}"


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
    for name, check in (*checks, *_sources(address, checks)):
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


def _sources(address: str, checks: Sequence[tuple[str, object]]) -> Iterator[tuple[str, Callable[[], str]]]:
    """A check for every source of every campaign file that can be read."""
    if "workspace" not in dict(checks):
        return
    try:
        store = open_workspace(address)
        slugs = campaign_slugs(store)
    except ResurgeError:
        return  # said already
    for slug in slugs:
        try:
            plan = load_campaign(store, slug)
        except ResurgeError:
            continue
        for spec in plan.sources:
            yield f"source {slug}/{spec.name}", partial(reach, spec)
        for spec in plan.status_sources:
            yield f"source {slug}/{spec.name}", partial(reached, spec, plan)
