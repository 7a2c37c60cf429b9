"""What one period of a campaign leaves for the next that the same process makes. Nothing of it changes a result."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tasks.detect.remembered import Memory

_memories: ContextVar[dict[str, Memory] | None] = ContextVar("memories", default=None)


def remember() -> None:
    """From here on, in this process: for a worker that makes several periods."""
    _memories.set({})


@contextmanager
def remembering() -> Iterator[None]:
    """The same for as long as this lasts."""
    before = _memories.set({})
    try:
        yield
    finally:
        _memories.reset(before)


def memory_of(campaign: str) -> Memory | None:
    """The memory of a campaign; None where only one period is made, and a memory would cost and bring nothing. One campaign at a time."""
    kept = _memories.get()
    if kept is None:
        return None
    for other in [name for name in kept if name != campaign]:
        del kept[other]
    return kept.setdefault(campaign, Memory())
