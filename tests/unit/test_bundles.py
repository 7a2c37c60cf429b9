"""The pointer's rule over generated sequences of publications."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_samples import facts_of, hours, publish

from tasks.domain.errors import StaleWrite
from tasks.domain.facts import edition_of
from tasks.domain.ports import Stored
from tasks.store.local import LocalStore


@pytest.fixture(scope="module", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


STEPS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 2), st.sampled_from([None, *"abcd"])), min_size=1, max_size=8)


@settings(max_examples=15, deadline=None)
@given(STEPS)
def test_the_pointer_follows_its_rule(steps: list[tuple[str, int, str | None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, current, fence = LocalStore(Path(folder)), None, 0
        for note, as_of, replaced in steps:
            note = f"{note}{as_of}"  # as_of is part of the facts, so one edition has one as_of
            edition, supersedes = (
                edition_of(facts_of([], note=note)),
                edition_of(facts_of([], note=f"{replaced}{as_of}")) if replaced else None,
            )
            published = publish(store, [], as_of=as_of, note=note, supersedes=supersedes)
            moves = current is None or (
                edition != current[0] and (as_of > current[1] or (as_of == current[1] and supersedes == current[0]))
            )
            assert published.moved is moves
            if moves:
                current, fence = (edition, as_of), fence + 1
            assert current is not None
            assert (published.pointer.edition, published.pointer.as_of, published.pointer.fence) == (
                current[0],
                hours(current[1]),
                fence,
            )


def test_a_swap_that_won_but_whose_answer_was_lost_is_not_repeated(tmp_path: Path) -> None:
    class LossyStore(LocalStore):
        """Carries every swap out and then says it lost, as S3 does when a repeated request meets its own write."""

        swaps = 0

        def swap(self, key: str, data: bytes, *, expected: str | None) -> str:
            self.swaps += 1
            super().swap(key, data, expected=expected)
            raise StaleWrite("lost", remedy="")

    store = LossyStore(tmp_path)
    published = publish(store, [])
    assert (published.moved, published.pointer.fence, store.swaps) == (True, 1, 1)


def test_a_pointer_that_keeps_moving_is_given_up(tmp_path: Path) -> None:
    class BusyStore(LocalStore):
        """Another writer is always faster."""

        def read(self, key: str) -> Stored | None:
            return None

        def swap(self, key: str, data: bytes, *, expected: str | None) -> str:
            raise StaleWrite("lost", remedy="")

    with pytest.raises(StaleWrite, match="moved 50 times"):
        publish(BusyStore(tmp_path), [])
