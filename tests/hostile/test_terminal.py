"""What others wrote reaches a terminal as words: no escape sequence, no colour or link of their making, no error from their brackets."""

import io

import pytest
from rich.table import Table

from flows.cli import _explain
from flows.commands.collecting import _remarks
from flows.console import SafeConsole, show, visible
from tasks.domain.batches import BatchRecord, FieldDrift

WORDS = (
    "\x1b[31mred\x1b[0m", "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07", "\x9b31m", "[red]x[/]", "[/]", "[link=http://evil.example]x[/link]",
    ":bomb:", "a\rb", "a\x08b", "a\u202eb", "a\u2028b", "\ud800", "\x7f",
)  # fmt: skip
RAW = "\x1b\x9b\r\x08\x07\u202e\u2028\ud800\x7f"


@pytest.mark.parametrize("words", WORDS)
def test_a_table_on_a_terminal_shows_them_and_obeys_none(words: str) -> None:
    table = Table("name", box=None)
    table.add_row(words)
    out = io.StringIO()
    SafeConsole(file=out, force_terminal=True, color_system=None, width=120).print(table)
    said = out.getvalue().replace("\x1b[1m", "").replace("\x1b[0m", "")  # the header is bold
    assert not set(said) & set(RAW)
    said.encode()
    if words.isascii() and words.isprintable():
        assert words in said


def test_results_and_lines_are_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    show("a [/] \x1b[2J")
    assert capsys.readouterr().out == "a [/] \u241b[2J\n"
    assert visible("a\x1b\n\x9b", lines=True) == "a\u241b\n‹U+009B›"
    assert visible("a\nb") == "a\u240ab"


def test_an_error_holds_no_escape_sequence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _explain(ValueError(), "the file \x1b]0;owned\x07.csv:\n  two lines", "mend it", 1)
    said = capsys.readouterr().err
    assert not set(said) & set(RAW)
    assert said.splitlines()[1:] == ["  two lines", "  mend it"]


def test_names_of_fields_forge_no_line() -> None:
    drift = FieldDrift(table="posts", field="\x1b[31mx\nRefused: nothing", kind="unknown", rows=1, sample="\x1b[0m")
    record = BatchRecord.model_construct(rows_quarantined={}, drift=(drift,))
    (line,) = _remarks([record])
    assert not set(line) & set(RAW + "\n")
