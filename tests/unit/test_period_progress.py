"""What a person sees of a backfill that runs, on a terminal and in a log."""

from io import StringIO

import pytest

from flows import console, period_progress
from flows.console import SafeConsole


def shown(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> str:
    said = StringIO()
    screen = SafeConsole(file=said, force_terminal=terminal, width=140, highlight=False, soft_wrap=True)
    monkeypatch.setattr(console, "console", screen)
    monkeypatch.setattr(period_progress, "console", screen)
    with period_progress.period_progress(2) as progress:
        for period, outcome in (("2023-W42", "done"), ("2023-W43", "blocked")):
            progress.begun(period)
            with console.stage("find narratives") as tell:
                tell("half of it")
            progress.ended(period, outcome)
    with console.stage("afterwards"):
        pass
    return said.getvalue()


def test_in_a_log_each_period_is_a_line_with_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, after = shown(monkeypatch, terminal=False).splitlines()
    assert first.split()[:5] == ["2023-W42", "done", "1", "of", "2,"]
    assert first.endswith("about 0 s left")
    assert second.split()[:5] == ["2023-W43", "blocked", "2", "of", "2,"]
    assert "left" not in second
    assert after.split()[0] == "afterwards"  # stages print their own lines again


def test_on_a_terminal_there_is_a_bar_with_the_stage_and_a_line_for_what_was_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    said = shown(monkeypatch, terminal=True)
    assert "2/2" in said
    assert "2023-W43 blocked" in said
    assert "2023-W42 done" not in said


def test_a_period_that_takes_long_is_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(period_progress, "LINE_EVERY_S", -1)
    assert "2023-W42: find narratives: half of it" in shown(monkeypatch, terminal=False)
