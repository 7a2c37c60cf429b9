"""A workspace in a directory under SIGKILL at every step, a full disk, and directories that cannot be written."""

import errno
import fcntl
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_samples import half_written, state, story

from tasks.domain.errors import WorkspaceProblem
from tasks.store.local import LocalStore, sweep

HERE = Path(__file__).resolve()


class Driver:
    """The child that tells the story and dies; see store_kill_driver.py."""

    def __init__(self) -> None:
        paths = os.pathsep.join([str(HERE.parents[2]), str(HERE.parents[1])])
        self._process = subprocess.Popen(
            [sys.executable, str(HERE.parent / "store_kill_driver.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": paths},
        )

    def tell(self, folder: Path, last: int) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{folder} {last}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a kill loses nothing that was not synced, and a disk would take 0.2 s a story."""
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


def test_killed_at_any_step_nothing_is_half_and_a_rerun_ends_the_same(driver: Driver, quick: Path) -> None:
    done = driver.tell(quick / "whole", 10**9)
    assert done.startswith("done ")
    steps, whole = int(done.split()[1]), state(LocalStore(quick / "whole"))
    assert steps > 100
    leftovers = 0
    for last in range(0, steps, 3):  # an object takes five steps, so over the objects every one of the five is hit
        folder = quick / f"killed-at-{last}"
        assert driver.tell(folder, last) == "killed"
        store = LocalStore(folder)
        assert half_written(store) == [], last
        leftovers += sum(1 for _ in (folder / ".tmp").glob("*"))
        story(store)
        assert state(store) == whole, last
        store.create("cache/the-next-write", b"sweeps")
        assert list((folder / ".tmp").iterdir()) == [], last
    assert leftovers > 10  # else the kills missed the writes


def test_a_write_cut_off_by_the_kernel_leaves_a_torn_temporary_file_only(tmp_path: Path) -> None:
    """Beyond RLIMIT_FSIZE the kernel ends the process in the middle of a write."""
    code = (
        "import resource, signal, sys; from pathlib import Path; from tasks.store.local import LocalStore;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_DFL); resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000));"
        "LocalStore(Path(sys.argv[1])).create('raw/one.bin', bytes(100_000))"
    )
    folder = tmp_path / "workspace"
    child = subprocess.run([sys.executable, "-c", code, str(folder)], cwd=HERE.parents[2], check=False)
    assert child.returncode == -signal.SIGXFSZ
    assert [path.stat().st_size for path in (folder / ".tmp").iterdir()] == [5000]
    store = LocalStore(folder)
    assert list(store.entries("raw")) == []
    assert store.create("raw/one.bin", bytes(100_000)) == "created"
    assert list((folder / ".tmp").iterdir()) == []


def test_a_file_above_the_limit_is_explained(tmp_path: Path) -> None:
    store, limits = LocalStore(tmp_path / "w"), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    try:
        with pytest.raises(WorkspaceProblem, match="size limit"):
            store.create("raw/one.bin", bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "w" / ".tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("code", "reason", "remedy"),
    [
        (errno.ENOSPC, "the disk is full", "Free some space"),
        (errno.EDQUOT, "quota is used up", "Free some space"),
        (errno.EIO, "the disk reports an error", "Check the disk"),
        (errno.EROFS, "read-only", "Mount it writable"),
        (errno.EACCES, "permission denied", "right to read and write"),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "link", "replace", "open"])
def test_what_the_disk_refuses_is_explained_and_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, reason: str, remedy: str, call: str
) -> None:
    store = LocalStore(tmp_path / "w")
    version = store.swap("ledger/one.json", b"1", expected=None)

    def write() -> object:
        if call == "replace":
            return store.swap("ledger/one.json", b"2", expected=version)
        return store.create("ledger/two.json", b"2")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(WorkspaceProblem, match=reason) as caught:
            write()
        assert remedy in caught.value.remedy
        assert str(tmp_path / "w") in caught.value.problem
    assert {info.key for info in store.entries("ledger")} == {"ledger/one.json"}
    assert store.read("ledger/one.json").data == b"1"  # type: ignore[union-attr]
    assert list((tmp_path / "w" / ".tmp").iterdir()) == []
    assert store.create("ledger/two.json", b"2") == "created"


def test_a_full_disk_in_the_middle_of_the_story_leaves_nothing_half(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    story(LocalStore(quick / "whole"))
    fsync = os.fsync
    for room in range(0, 60, 4):
        store, left = LocalStore(quick / f"room-{room}"), [room]

        def full(descriptor: int, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            fsync(descriptor)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(WorkspaceProblem, match="disk is full"):
                story(store)
        assert half_written(store) == []
        story(store)
        assert state(store) == state(LocalStore(quick / "whole"))


def test_a_path_through_a_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(WorkspaceProblem, match="not a directory"):
            LocalStore(root).create("raw/one.bin", b"x")
        with pytest.raises(WorkspaceProblem, match="not a directory"):
            LocalStore(root).read("workspace.json")


def test_a_sweep_spares_what_a_living_writer_holds(tmp_path: Path) -> None:
    with (tmp_path / "living").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        (tmp_path / "dead").write_bytes(b"half")
        assert sweep(tmp_path) == 1
        assert [path.name for path in tmp_path.iterdir()] == ["living"]


def test_a_lock_that_is_never_freed_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.store.local._LOCK_PATIENCE_S", 0.05)
    store = LocalStore(tmp_path)
    version = store.swap("ledger/one.json", b"1", expected=None)
    descriptor = os.open(tmp_path / "ledger", os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(WorkspaceProblem, match="held the lock"):
            store.swap("ledger/one.json", b"2", expected=version)
    finally:
        os.close(descriptor)
    store.swap("ledger/one.json", b"2", expected=version)
