"""The product without its engine: flows and tasks are the functions they are made of. Import before anything of `flows`.

What the engine adds (run pages, retries of store tasks) is tried with the engine itself; what is shown without it holds of every engine.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import prefect
import prefect.artifacts


class Plain:
    """A task or flow that is called at once, also where it is submitted."""

    def __init__(self, body: Callable[..., Any]) -> None:
        self.body = body

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self.body(*arguments, **options)

    def submit(self, *arguments: Any, **options: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(self.body(*arguments, **options))
        return done


def _plain(function: Callable[..., Any] | None = None, **_options: Any) -> Any:
    return Plain if function is None else Plain(function)


def _nothing(**_options: Any) -> None:
    """Artifacts are pages of the engine."""


@contextmanager
def _running(*_arguments: Any, **_options: Any) -> Iterator[str]:
    yield ""


def without_engine() -> None:
    """Replace the engine's decorators in this process, for good."""
    prefect.flow = prefect.task = _plain  # type: ignore[assignment]
    for name in ("create_link_artifact", "create_markdown_artifact", "create_table_artifact"):
        setattr(prefect.artifacts, name, _nothing)
    from flows import engine

    engine.running = _running
