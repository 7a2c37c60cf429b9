"""How far a backfill is: a bar with the period and its stage on a terminal, elsewhere a line for each period that is done. To stderr."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from flows.console import LINE_EVERY_S, console, tell_stages_to


class PeriodProgress:
    """`begun` and `ended` of each period, `stage` of what runs now; prints lines."""

    def __init__(self, of: int) -> None:
        self._of, self._done, self._current = of, 0, ""
        self._first = self._last = time.monotonic()

    def begun(self, period: str) -> None:
        self._current = period
        self.stage("")

    def stage(self, text: str) -> None:
        """Also a line each half minute, so that a long period does not look like a hung one."""
        if text and time.monotonic() - self._last > LINE_EVERY_S:
            self._say(f"{self._current}: {text}")

    def ended(self, period: str, outcome: str) -> None:
        """Estimates what is left from the mean of the periods that ended."""
        self._done += 1
        spent = time.monotonic() - self._first
        left = spent / self._done * (self._of - self._done)
        rest = f", about {_duration(left)} left" if self._done < self._of else ""
        self._say(f"{period} {outcome:<8} {self._done:>4,} of {self._of:,}, {_duration(spent)}{rest}")

    def _say(self, line: str) -> None:
        self._last = time.monotonic()
        console.print(f"  {line}")


class _Bar(PeriodProgress):
    """The same as a bar, below a line for each period that was not made."""

    def __init__(self, of: int, bar: Progress, task: TaskID) -> None:
        super().__init__(of)
        self._bar, self._task = bar, task

    def stage(self, text: str) -> None:
        self._bar.update(self._task, description=f"{self._current} {text}"[:60])

    def ended(self, period: str, outcome: str) -> None:
        if outcome != "done":
            self._say(f"{period} {outcome}")
        self._bar.advance(self._task)


@contextmanager
def period_progress(of: int) -> Iterator[PeriodProgress]:
    """While this lasts the stages of a briefing show up here instead of as lines of their own."""
    columns = (
        TextColumn("  {task.description:<48}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    try:
        if not console.is_terminal:
            shown = PeriodProgress(of)
            tell_stages_to(shown.stage)
            yield shown
            return
        with Progress(*columns, console=console) as bar:
            shown = _Bar(of, bar, bar.add_task("", total=of))
            tell_stages_to(shown.stage)
            yield shown
    finally:
        tell_stages_to(None)


def silent() -> None:
    """For a worker process whose parent shows the progress."""
    tell_stages_to(lambda _text: None)


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"
