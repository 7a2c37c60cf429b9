"""The server of renderers: the same bytes as a process of one PDF, and nothing that one child does reaches the next."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sample_facts

from reports import forked, render
from reports.child import FACTS
from reports.cold import Limits, cold
from reports.render import RenderProblem, render_pdf
from reports.wire import pack
from tasks.domain.facts import Facts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are forked on Linux only")


def message(facts: Facts) -> bytes:
    return pack({"paper": "A4", "without_glyph": [], "withhold": False}, {FACTS: facts.to_bytes(), "a.csv": b"1\n"})


def server() -> forked.Server:
    found = forked._servers.ready()
    assert found is not None
    return found


def children(process: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def until(what: Any, patience_s: float = 60) -> Any:
    """Wait until `what()` is true; its value."""
    end = time.monotonic() + patience_s
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


@pytest.fixture(autouse=True)
def _whole() -> Iterator[None]:
    """No test leaves a broken server to the next."""
    yield
    if forked._servers.broken:
        forked.close()


def test_a_fork_prints_the_same_bytes_as_a_process_of_its_own_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forked.close()
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    forked.start()
    asked = message(sample_facts.full())
    first, second, alone = forked.forked(asked, Limits()), forked.forked(asked, Limits()), cold(asked, Limits())
    assert first == second == alone
    assert alone.code == 0
    assert b"%PDF-" in alone.out
    assert list(tmp_path.glob("resurge-*")) == list(tmp_path.glob("weasyprint-*")) == []
    forked.close()


def test_the_server_knows_no_secret_and_a_child_has_nothing_open_but_its_pipes(monkeypatch: pytest.MonkeyPatch) -> None:
    forked.close()
    monkeypatch.setenv("RESURGE_PSEUDONYM_KEY", "a secret")
    forked.start()
    process = server().process.pid
    until(lambda: b"PYTHONHASHSEED=0" in Path(f"/proc/{process}/environ").read_bytes())
    assert b"a secret" not in Path(f"/proc/{process}/environ").read_bytes()
    render_pdf(sample_facts.nearly_empty().to_bytes())  # it has loaded, and runs nothing of its own any more
    asking = threading.Thread(target=forked.forked, args=(message(sample_facts.full()), Limits()))
    asking.start()
    (child,) = until(lambda: children(process))
    opened = until(lambda: _open_when_limited(child))
    asking.join()
    assert all(name.startswith(("pipe:", "/memfd:")) for name in opened[:3]), opened
    assert not any(name.startswith(("socket:", "anon_inode")) for name in opened), opened
    assert len(list(Path(f"/proc/{process}/task").iterdir())) == 1


def _open_when_limited(child: int) -> list[str]:
    """What the child has open once its limits stand."""
    if "67108864" not in Path(f"/proc/{child}/limits").read_text():
        return []
    return [str(entry.readlink()) for entry in sorted(Path(f"/proc/{child}/fd").iterdir(), key=lambda path: int(path.name))]


@pytest.mark.parametrize(
    ("limits", "named"),
    [(Limits(wall_s=0.1), "longer than"), (Limits(cpu_s=1), "signal 24"), (Limits(memory_mb=120), "exit code|signal")],
)
def test_a_child_past_its_limits_harms_no_other(limits: Limits, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "MOST_TRIES", 1)
    process = server().process.pid
    with pytest.raises(RenderProblem, match=named):
        render_pdf(sample_facts.full().to_bytes(), limits=limits)
    assert render_pdf(sample_facts.nearly_empty().to_bytes()).pages
    assert server().process.pid == process
    assert until(lambda: not children(process))


def test_a_child_that_dies_is_told_and_one_beside_it_is_not_harmed() -> None:
    process = server().process.pid
    render_pdf(sample_facts.nearly_empty().to_bytes())  # it has loaded
    ended: list[Any] = []
    asked = message(sample_facts.nearly_empty())
    threads = [threading.Thread(target=lambda: ended.append(forked.forked(asked, Limits()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    os.kill(until(lambda: children(process))[0], signal.SIGKILL)
    for thread in threads:
        thread.join()
    assert sorted(one.code for one in ended) == [-9, 0]
    assert server().process.pid == process


def test_a_server_that_is_killed_is_started_again_and_takes_its_children_with_it() -> None:
    render_pdf(sample_facts.nearly_empty().to_bytes())
    first = server().process.pid
    found: list[Any] = []
    asking = threading.Thread(target=lambda: found.append(forked.forked(message(sample_facts.nearly_empty()), Limits())))
    asking.start()
    (child,) = until(lambda: children(first))
    until(lambda: _open_when_limited(child))
    os.kill(first, signal.SIGKILL)
    asking.join()
    assert found[0].code == 0
    assert server().process.pid != first
    until(lambda: not Path(f"/proc/{child}").exists())


def test_where_no_server_comes_up_a_process_of_its_own_renders(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    forked.close()
    started: list[int] = []

    class Broken(forked.Server):
        def __init__(self) -> None:
            super().__init__()
            self.process.kill()
            started.append(self.process.pid)

    monkeypatch.setattr(forked, "Server", Broken)
    facts = sample_facts.nearly_empty().to_bytes()
    assert render_pdf(facts).pdf.startswith(b"%PDF-")
    assert len(started) == forked.MOST_BROKEN
    assert "ended with exit code -9" in caplog.text
    assert forked.forked(facts, Limits()) is None  # and no third is tried
    assert len(started) == forked.MOST_BROKEN


ASKS = """
import sys
from reports import forked
forked.start()
print(forked._servers.current.process.pid, flush=True)
sys.stdin.read()
"""


def test_the_server_ends_with_its_parent_however_that_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", ASKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        process = Path(f"/proc/{int(parent.stdout.readline())}")
        assert process.exists()
        parent.kill()
    until(lambda: not process.exists() or ") Z " in (process / "stat").read_text())
