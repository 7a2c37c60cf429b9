"""Who runs the tasks of a round: this process in turn, or a cluster (`distributed`)."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

R = TypeVar("R")
Progress = Callable[[str, int, int], None]  # round, tasks done, tasks in all


class Runner(Protocol):
    """Runs the tasks of one round, in any order and anywhere that sees the files; answers in the order of `calls`."""

    def __call__(self, name: str, task: Callable[..., R], calls: Sequence[tuple[Any, ...]]) -> list[R]: ...


def in_turn(progress: Progress) -> Runner:
    """One task after the other, in this process."""

    def run(name: str, task: Callable[..., R], calls: Sequence[tuple[Any, ...]]) -> list[R]:
        progress(name, 0, len(calls))
        results = []
        for done, call in enumerate(calls, start=1):
            results.append(task(*call))
            progress(name, done, len(calls))
        return results

    return run
