"""Detection on a real Dask cluster: a scheduler and workers, each a process; one of them is killed in the middle."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tasks.detect.distributed import dask_runner
from tasks.detect.files import detect_file
from tasks.detect.outofcore import detect_in_rounds
from tasks.detect.runners import in_turn
from tasks.domain.errors import PassingProblem, UnreadableInput, UsageProblem, WorkspaceProblem

pytest.importorskip("distributed")


@dataclass
class Cluster:
    """A scheduler and two workers without nannies: a worker that is killed stays dead."""

    address: str
    workers: list[subprocess.Popen[bytes]]


def started(folder: Path, module: str, *arguments: str) -> subprocess.Popen[bytes]:
    log = (folder / f"{module.rsplit('.', 1)[1]}.log").open("ab")
    return subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=log, stderr=log, cwd=folder)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    told = folder / "scheduler.json"
    quiet = ["--no-dashboard", "--scheduler-file", str(told)]
    scheduler = started(folder, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *quiet)
    workers = [started(folder, "distributed.cli.dask_worker", *quiet, "--no-nanny", "--nthreads", "1") for _ in range(2)]
    try:
        until = time.monotonic() + 60
        while not told.exists() or not told.read_text().strip().endswith("}"):
            assert time.monotonic() < until, (folder / "dask_scheduler.log").read_text()
            assert scheduler.poll() is None, (folder / "dask_scheduler.log").read_text()
            time.sleep(0.05)
        yield Cluster(json.loads(told.read_text())["address"], workers)
    finally:
        for process in [*workers, scheduler]:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(2)
    many = 60_000
    frame = pd.DataFrame(
        {
            "object_id": rng.integers(0, 900, many).astype(str),
            "account_id": [f"a{n}" for n in rng.integers(0, 3_000, many)],
            "content_id": np.arange(many) + 10**6,
            "timestamp_share": rng.uniform(0, 1e6, many),
        }
    )
    path = tmp_path_factory.mktemp("shares") / "in.parquet"
    frame.to_parquet(path, row_group_size=2_000)
    return path


GIVEN: dict[str, Any] = {"window_s": 3_000, "min_participation": 2, "significance": True}


def silent(*of: object) -> None:
    """Progress that nobody watches."""


@pytest.fixture(scope="module")
def local(source: Path, small: None) -> pd.DataFrame:
    out = source.with_name("local.parquet")
    assert detect_in_rounds(source, out, run=in_turn(silent), **GIVEN) > 3_000
    return pd.read_parquet(out)


@pytest.fixture(scope="module")
def small() -> Iterator[None]:
    """Many small tasks."""
    from tasks.detect import outofcore, parts, rounds

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "BATCH_ROWS", 2_000)
        patch.setattr(outofcore, "BUCKET_ROWS", 3_000)
        patch.setattr(rounds, "RANGE_ROWS", 5_000)
        yield


def workers_of(address: str) -> int:
    import distributed

    with distributed.Client(address) as client:
        return len(client.scheduler_info()["workers"])


def test_the_same_rows_with_a_worker_killed_in_the_middle(
    cluster: Cluster, source: Path, local: pd.DataFrame, tmp_path: Path
) -> None:
    """Once with two workers, then killing one when a third of the pairs round is done, while it has tasks."""
    said: list[str] = []
    with dask_runner(cluster.address, [source, tmp_path], silent, said.append) as run:
        detect_in_rounds(source, tmp_path / "whole.parquet", run=run, **GIVEN)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "whole.parquet"), local)

    victim = cluster.workers[0]

    def kill(name: str, done: int, of: int) -> None:
        if name == "Pairs" and done >= of // 3 and victim.poll() is None:
            os.kill(victim.pid, signal.SIGKILL)
            victim.wait()

    with dask_runner(cluster.address, [source, tmp_path], kill, said.append) as run:
        detect_in_rounds(source, tmp_path / "killed.parquet", run=run, **GIVEN)
    assert victim.returncode == -signal.SIGKILL
    assert workers_of(cluster.address) == 1
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "killed.parquet"), local)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["killed.parquet", "whole.parquet"]
    assert said == [f"Running on the 2 workers of {cluster.address}."] * 2


def test_errors_come_back_as_they_are(cluster: Cluster, tmp_path: Path) -> None:
    frame = pd.DataFrame({"object_id": ["o"] * 9, "account_id": ["a"] * 8 + [None], "content_id": range(9), "timestamp_share": 0.0})
    frame.to_parquet(tmp_path / "in.parquet")
    with (
        dask_runner(cluster.address, [tmp_path], silent, silent) as run,
        pytest.raises(UnreadableInput, match="row 9: account_id is empty") as problem,
    ):
        detect_in_rounds(tmp_path / "in.parquet", tmp_path / "out.parquet", run=run, **GIVEN)
    assert problem.value.remedy
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_a_folder_that_workers_do_not_see_is_named(cluster: Cluster, tmp_path: Path) -> None:
    with (
        pytest.raises(WorkspaceProblem, match=r"does not see .*elsewhere"),
        dask_runner(cluster.address, [tmp_path / "elsewhere"], silent, silent),
    ):
        pass


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.detect.distributed.ANSWER_S", 1)
    with pytest.raises(PassingProblem, match=r"No Dask scheduler answers at tcp://127.0.0.1:1"):
        dask_runner("tcp://127.0.0.1:1", [], silent, silent).__enter__()


def test_without_the_package_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageProblem, match=r"needs the package distributed.*pip install"):
        dask_runner(None, [], silent, silent).__enter__()


def test_the_command_starts_processes_of_its_own(tmp_path: Path) -> None:
    """`resurge detect --engine dask` without a scheduler: says so, and gives what the local engine gives."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "object_id": rng.integers(0, 9, 900),
            "account_id": rng.integers(0, 50, 900),
            "content_id": np.arange(100, 1_000),
            "timestamp_share": rng.uniform(0, 1e4, 900),
        }
    )
    frame.to_parquet(tmp_path / "in.parquet")
    detect_file(tmp_path / "in.parquet", tmp_path / "local.csv", window_s=50, min_participation=2)
    environment = {name: value for name, value in os.environ.items() if name != "DASK_SCHEDULER_ADDRESS"}
    command = [
        sys.executable,
        "-c",
        "from flows.cli import main; main()",
        "detect",
        "in.parquet",
        "--window",
        "50",
        "--engine",
        "dask",
    ]
    done = subprocess.run([*command, "--out", "dask.csv"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "worker processes were started on this machine" in done.stderr
    assert "Weights         1 of 1" in done.stderr
    assert (tmp_path / "dask.csv").read_text() == (tmp_path / "local.csv").read_text()
    assert len((tmp_path / "dask.csv").read_text().splitlines()) > 100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dask.csv", "in.parquet", "local.csv"]
