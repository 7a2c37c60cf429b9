"""The checks of `./run hostile` see what they are there for: zeros that they give mean something."""

import passing
import road


def test_a_cell_that_a_spreadsheet_runs_and_characters_that_steer_are_seen() -> None:
    table = "a,b\r\n1,=1+1\r\n-5,＝1+1\r\n2,\u200b@SUM(1)\r\n3,'=1+1\r\n"
    assert road.executed_cells(table.encode()) == ["=1+1", "＝1+1", "\u200b@SUM(1)"]
    assert road.acting("a\tb\r\n\x1b[31m \u202e") == ["'\\u202e'", "'\\x1b'"]


def test_markup_and_terminal_sequences_of_others_are_seen() -> None:
    assert passing._markup_faults("page", "<p>plain</p><form role=search></form><script></script>") == []
    for text in (
        "<iframe></iframe>",
        "<b onclick=x>",
        "<a href='javascript:x'>",
        "<form action=x>",
        "<script></script><script></script>",
    ):
        assert passing._markup_faults("page", text), text
    assert road.foreign_sequences("\x1b[1mbold\x1b[0m\r\n") == []
    assert road.foreign_sequences("\x1b]0;title\x07 \u202e") != []


def test_a_connection_is_noted() -> None:
    with road.canary_server() as (web, met):
        assert road.before_ours(web, met) == []
        assert len(road.before_ours(web, met)) == 1
