"""Temporary files of runs: gone with the run, and with the next one where the run was killed."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from flows.scratch import scratch, sweep

ROOT = Path(__file__).resolve().parents[2]
_DIES = """
import os, signal, tempfile, time
from flows.scratch import scratch
with scratch():
    tempfile.mkdtemp(prefix="resurge-lake-")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_what_a_run_lays_down_goes_with_it_and_children_inherit_the_place(base: Path) -> None:
    with scratch() as folder:
        assert Path(tempfile.mkdtemp()).parent == folder
        assert os.environ["TMPDIR"] == str(folder)
    assert list(base.iterdir()) == []
    assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(base)


def test_a_killed_run_is_swept_by_the_next_and_a_living_one_is_spared(base: Path) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", _DIES], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ)
        for _ in range(2)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    dead, living = started
    dead.send_signal(signal.SIGKILL)
    dead.wait()
    assert len(list(base.rglob("resurge-lake-*"))) == 2
    with scratch():
        assert len(list(base.rglob("resurge-lake-*"))) == 1
    living.kill()
    living.wait()
    assert sweep(base) == 1
    assert list(base.iterdir()) == []


def test_what_is_no_folder_of_ours_is_left_alone(base: Path) -> None:
    (base / "elsewhere").mkdir()
    (base / "resurge-run-link").symlink_to(base / "elsewhere")
    (base / "resurge-run-file").write_text("x")
    assert sweep(base) == 0
    assert {path.name for path in base.iterdir()} == {"elsewhere", "resurge-run-link", "resurge-run-file"}
