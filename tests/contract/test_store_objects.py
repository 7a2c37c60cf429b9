"""What every ObjectStore promises, shown on a directory and on a real S3 server."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.domain.errors import StaleWrite, UsageProblem, WorkspaceProblem, WriteConflict
from tasks.domain.ports import ObjectStore, Stored
from tasks.store.workspace import check_workspace, init_workspace, is_workspace

BIG = b"0123456789abcdef" * 200_000  # 3.2 MB: above the size from which S3 is asked before sending


@pytest.mark.parametrize("data", [b"", b"some bytes", BIG], ids=["empty", "small", "big"])
@pytest.mark.parametrize("as_file", [False, True], ids=["bytes", "file"])
def test_create_keeps_bytes_once(store: ObjectStore, tmp_path: Path, data: bytes, as_file: bool) -> None:
    source: bytes | Path = data
    if as_file:
        source = tmp_path / "source"
        source.write_bytes(data)
    assert store.create("raw/a/one.bin", source) == "created"
    assert store.create("raw/a/one.bin", source) == "present"
    stored = store.read("raw/a/one.bin")
    assert stored is not None
    assert stored.data == data
    assert store.local_path("raw/a/one.bin").read_bytes() == data


@pytest.mark.parametrize("other", [b"other", BIG], ids=["small", "big"])
def test_other_bytes_under_a_key_are_a_conflict(store: ObjectStore, other: bytes) -> None:
    store.create("raw/a/one.bin", b"first")
    with pytest.raises(WriteConflict, match=r"raw/a/one\.bin .* other bytes"):
        store.create("raw/a/one.bin", other)
    assert store.read("raw/a/one.bin").data == b"first"  # type: ignore[union-attr]


def test_absent_keys(store: ObjectStore) -> None:
    assert store.read("raw/nothing") is None
    assert list(store.entries("raw")) == []
    with pytest.raises(WorkspaceProblem, match="raw/nothing is missing"):
        store.local_path("raw/nothing")
    name = "a" * 64
    with pytest.raises(WorkspaceProblem, match="is missing"):
        store.local_path(f"lake/posts/c/{name}-{name}.parquet")


def test_swap_only_from_the_expected_version(store: ObjectStore) -> None:
    first = store.swap("ledger/p.json", b"1", expected=None)
    with pytest.raises(StaleWrite):
        store.swap("ledger/p.json", b"x", expected=None)
    assert store.read("ledger/p.json").version == first  # type: ignore[union-attr]
    second = store.swap("ledger/p.json", b"2", expected=first)
    with pytest.raises(StaleWrite):
        store.swap("ledger/p.json", b"x", expected=first)
    assert store.read("ledger/p.json") is not None
    assert (store.read("ledger/p.json").data, store.read("ledger/p.json").version) == (b"2", second)  # type: ignore[union-attr]
    assert store.local_path("ledger/p.json").read_bytes() == b"2"
    with pytest.raises(StaleWrite):
        store.swap("ledger/absent.json", b"x", expected=first)
    assert store.read("ledger/absent.json") is None


def test_a_swapped_object_is_never_served_from_an_old_copy(store: ObjectStore) -> None:
    version = store.swap("ledger/p.json", b"1", expected=None)
    assert store.local_path("ledger/p.json").read_bytes() == b"1"
    store.swap("ledger/p.json", b"2", expected=version)
    assert store.local_path("ledger/p.json").read_bytes() == b"2"


def test_entries_in_key_order_under_the_prefix_only(store: ObjectStore) -> None:
    keys = ["a/b/1", "a/b-c/1", "a/b.json", "a/b/1.x", "a/B", "ab/1", "a/b/0/9"]
    for key in keys:
        store.create(key, key.encode())
    infos = list(store.entries("a"))
    assert [info.key for info in infos] == sorted(key for key in keys if key.startswith("a/"))
    for info in infos:
        assert info.size == len(info.key)
        assert info.version == store.read(info.key).version  # type: ignore[union-attr]
    assert [info.key for info in store.entries("a/b")] == ["a/b/0/9", "a/b/1", "a/b/1.x"]
    assert [info.key for info in store.entries("")] == sorted(keys)


def test_more_entries_than_a_page_holds(reopen: Callable[[], ObjectStore]) -> None:
    store = reopen()
    keys = [f"ledger/c/{number:04d}" for number in range(1005)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: store.create(key, b"x"), keys))
    assert [info.key for info in reopen().entries("ledger/c")] == keys


@pytest.mark.parametrize(
    "key", ["../out", "a/../b", "/etc/passwd", "a//b", "", ".tmp/x", "a\\b", "a/b\n", "é", "a/" + "x" * 161, "a b"]
)
def test_unlawful_keys_touch_nothing(store: ObjectStore, key: str) -> None:
    for call in (
        lambda: store.create(key, b""),
        lambda: store.read(key),
        lambda: store.swap(key, b"", expected=None),
        lambda: store.local_path(key),
        lambda: list(store.entries(key or "/")),
    ):
        with pytest.raises(UsageProblem):
            call()


def test_one_of_many_creators_and_swappers_wins(reopen: Callable[[], ObjectStore]) -> None:
    def create(number: int) -> int | None:
        try:
            return number if reopen().create("ledger/once.json", f"{number}".encode()) == "created" else None
        except WriteConflict:
            return None

    def swap(number: int) -> int | None:
        try:
            reopen().swap("ledger/turn.json", f"{number}".encode(), expected=None)
        except StaleWrite:
            return None
        return number

    with ThreadPoolExecutor(6) as pool:
        for attempt, key in ((create, "ledger/once.json"), (swap, "ledger/turn.json")):
            winners = [number for number in pool.map(attempt, range(6)) if number is not None]
            assert len(winners) == 1
            assert reopen().read(key).data == f"{winners[0]}".encode()  # type: ignore[union-attr]


def test_no_increment_is_lost_between_concurrent_swaps(reopen: Callable[[], ObjectStore]) -> None:
    reopen().swap("ledger/count.json", b"0", expected=None)

    def add_three(_: int) -> None:
        store, done = reopen(), 0
        while done < 3:
            stored = store.read("ledger/count.json")
            assert stored is not None
            try:
                store.swap("ledger/count.json", f"{int(stored.data) + 1}".encode(), expected=stored.version)
            except StaleWrite:
                continue
            done += 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_three, range(4)))
    assert reopen().read("ledger/count.json").data == b"12"  # type: ignore[union-attr]


def test_becoming_a_workspace(reopen: Callable[[], ObjectStore]) -> None:
    store = reopen()
    assert not is_workspace(store)
    with pytest.raises(UsageProblem, match="is not a workspace") as caught:
        check_workspace(store)
    assert f"resurge init {store.address}" in caught.value.remedy
    assert init_workspace(store) == "created"
    assert init_workspace(reopen()) == "present"
    check_workspace(reopen())


def test_a_foreign_or_newer_marker_is_refused(store: ObjectStore) -> None:
    version = store.swap("workspace.json", b"[]", expected=None)
    with pytest.raises(UsageProblem, match="not written by resurge"):
        check_workspace(store)
    store.swap("workspace.json", b'{"kind": "resurge workspace", "schema_version": 99}', expected=version)
    with pytest.raises(UsageProblem, match="schema version 99"):
        init_workspace(store)


def test_a_store_that_ignores_conditions_is_refused() -> None:
    class Careless:
        """Keeps the last write, as S3 look-alikes do that do not know If-None-Match."""

        address = "s3://careless/w"

        def __init__(self) -> None:
            self.objects: dict[str, bytes] = {}

        def create(self, key: str, data: bytes) -> str:
            self.objects[key] = data
            return "created"

        def read(self, key: str) -> object:
            data = self.objects.get(key)
            return None if data is None else Stored(data, hashlib.sha256(data).hexdigest())

        def swap(self, key: str, data: bytes, *, expected: str | None) -> str:
            self.objects[key] = data
            return hashlib.sha256(data).hexdigest()

    careless = Careless()
    with pytest.raises(WorkspaceProblem, match="does not honour conditional writes"):
        init_workspace(careless)  # type: ignore[arg-type]
    assert "workspace.json" not in careless.objects
