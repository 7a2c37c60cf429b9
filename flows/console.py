"""What a person sees while something long is running: stage lines, or a bar on a terminal. Results go to stdout, this to stderr."""

import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from tasks.domain.errors import UsageProblem

LINE_EVERY_S = 30
_teller: ContextVar[Callable[[str], None] | None] = ContextVar("teller", default=None)
_JOINERS = "\u200c\u200d"


def visible(text: str, *, lines: bool = False) -> str:
    """`text` without a character that a terminal obeys: controls as their Unicode pictures, format characters (bidi overrides) as codes,
    lone surrogates as U+FFFD. Line feeds stay where `lines` says so; else they would forge a line."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if character == "\n" and lines else _shown(character) for character in text)


def _shown(character: str) -> str:
    code, category = ord(character), unicodedata.category(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if category == "Cs":
        return "\ufffd"
    if category in ("Cc", "Zl", "Zp") or (category == "Cf" and character not in _JOINERS):
        return f"‹U+{code:04X}›"
    return character


class SafeConsole(Console):
    """A console whose texts are words only: what looks like markup is printed as it stands, and nothing in them steers the terminal."""

    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(visible(text, lines=True), **(how | {"markup": False, "emoji": False}))


console = SafeConsole(stderr=True, highlight=False, soft_wrap=True)


def show(result: RenderableType) -> None:
    """Print a result on stdout: as wide as the terminal, unfolded in a pipe."""
    out = SafeConsole(highlight=False)
    if not out.is_terminal:
        out = SafeConsole(highlight=False, width=200)
    out.print(result)


def tell_stages_to(teller: Callable[[str], None] | None) -> None:
    """From here on `stage` prints nothing itself: it hands what is running to `teller`, which shows it in its own way. None: as before."""
    _teller.set(teller)


@contextmanager
def stage(name: str) -> Iterator[Callable[[str], None]]:
    """Print `name` with the seconds it took; on a terminal a spinner turns meanwhile. The stage may say how far it is: beside the
    spinner, elsewhere as a line each half minute."""
    if (tell := _teller.get()) is not None:
        tell(name)
        yield lambda far: tell(f"{name}: {far}")
        return
    begun = last = time.monotonic()

    def line(far: str) -> None:
        nonlocal last
        if time.monotonic() - last > LINE_EVERY_S:
            last = time.monotonic()
            console.print(f"  {name}: {far}")

    if console.is_terminal:
        with console.status(name) as turning:
            yield lambda far: turning.update(f"{name}: {far}")
    else:
        yield line
    console.print(f"  {name:<44} {time.monotonic() - begun:6.1f} s")


@contextmanager
def rounds_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Tell, by (round, tasks done, tasks in all), how far something in rounds is: a bar each on a terminal, elsewhere a line each
    half minute and one when a round is done."""
    if console.is_terminal:
        columns = (TextColumn("  {task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console) as bars:
            tasks: dict[str, TaskID] = {}

            def draw(name: str, done: int, of: int) -> None:
                if name not in tasks:
                    tasks[name] = bars.add_task(name)
                bars.update(tasks[name], completed=done, total=of)

            yield draw
        return
    begun, last = time.monotonic(), time.monotonic()

    def line(name: str, done: int, of: int) -> None:
        nonlocal last
        if done == of or time.monotonic() - last > LINE_EVERY_S:
            last = time.monotonic()
            console.print(f"  {name:<10} {done:>6,} of {of:,} {last - begun:12.1f} s")

    yield line


def parse_instant(text: str, option: str) -> datetime:
    """An ISO 8601 instant; a date alone is its midnight; without an offset it is UTC. Raises UsageProblem."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageProblem(
            f"{option} {text!r} is not an instant.", remedy="Write 2023-11-07 or 2023-11-07T06:00:00+00:00."
        ) from error
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
