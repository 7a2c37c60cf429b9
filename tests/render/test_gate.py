"""The gate after printing, each rule broken through the renderer itself; and a briefing withheld with the reason."""

import pytest
import sample_facts

from reports.gate import pages
from reports.gate.pages import blank
from reports.printing import Printed, print_pdf
from reports.render import RenderProblem, render_pdf

HEAD = '<title>t</title><link rel="stylesheet" href="resurge:/styles/page.css"><style>@page {{ size: A4; margin: 20mm }}{}</style>'
PAGE = f'<!DOCTYPE html><html lang="en"><head>{HEAD}</head><body><h1>Name</h1>{{}}</body></html>'
AXES = '<g id="figure_1"><g id="patch_1"><path d="M 0 9 L 9 9 L 9 0 z" style="fill: none"/></g>{}</g>'
CHART = f'<svg xmlns="http://www.w3.org/2000/svg" width="90pt" height="90pt" viewBox="0 0 9 9">{AXES}</svg>'
LINE = '<g id="line2d_9"><path d="M 0 9 L 4 4 L 9 0" style="fill: none; stroke: #123f6b"/></g>'
TICK = '<g id="xtick_1"><g id="line2d_1"><path d="M 0 0 L 0 2.5" style="stroke: #a9b2bc"/></g></g>'
IMAGE = '<img src="resurge:/figures/a.svg" alt="It rose." {}>'


def printed(body: str, style: str = "", figure: str = "", page: str = PAGE) -> Printed:
    return print_pdf(page.format(style, body), {"a": figure} if figure else {}, edition="ab" * 32)


def faults(result: Printed) -> list[tuple[str, str]]:
    assert result.complaints == []
    return [(fault.rule, fault.where) for fault in result.faults]


def test_a_whole_page_has_no_fault() -> None:
    table = "<table><tr><th>Head</th></tr><tr><td>cell</td></tr></table>"
    assert faults(printed(f"<p>Text.</p>{table}{IMAGE.format('')}", figure=CHART.format(LINE))) == []


def test_words_beyond_the_edge_of_the_text_are_named() -> None:
    (fault,) = printed(f"<p>{'endless' * 40}</p>", "p { overflow-wrap: normal }").faults
    assert (fault.rule, fault.where) == (pages.OVERFLOW, "page 1")
    assert fault.what.endswith(" px")
    assert "endless" in fault.told()


def test_what_is_put_off_the_sheet_is_named() -> None:
    assert faults(printed('<p style="position: absolute; left: -30mm">gone</p>')) == [(pages.OVERFLOW, "page 1")]


def test_words_wider_than_their_cell_are_named() -> None:
    table = "<table><tr><td>a-word-too-wide</td><td>next</td></tr></table>"
    style = "table { table-layout: fixed; width: 30mm } td { width: 10mm; white-space: nowrap }"
    assert (pages.OVERFLOW, "a cell of a table on page 1") in faults(printed(table, style))


def test_an_empty_page_is_named() -> None:
    assert faults(printed('<div style="break-before: page; height: 10mm"></div>')) == [(pages.EMPTY, "page 2")]


def test_a_chart_without_a_mark_is_named() -> None:
    assert faults(printed(IMAGE.format(""), figure=CHART.format(TICK))) == [(pages.BLANK, "the chart a")]


def test_an_image_without_size_is_named() -> None:
    assert (pages.BLANK, "page 1") in faults(printed(IMAGE.format('style="width: 0; height: 0"'), figure=CHART.format(LINE)))


@pytest.mark.parametrize(
    ("marks", "empty"),
    [
        ("", True),
        (TICK, True),
        ('<g id="line2d_3"><path d="" style="fill: none; stroke: #123f6b"/></g>', True),  # every value was missing
        ('<g id="line2d_3"><path d="M 3 3" style="stroke: #123f6b"/></g>', True),
        ('<g id="line2d_3"><path d="M 0 9 L 9 0" style="fill: none"/></g>', True),  # drawn in no colour
        (LINE, False),
        ('<g id="PathCollection_1"><use x="3" y="4" style="fill: #123f6b"/></g>', False),
    ],
)
def test_what_counts_as_a_mark(marks: str, empty: bool) -> None:
    assert blank(CHART.format(marks)) is empty


def test_a_chart_that_cannot_be_read_is_blank() -> None:
    assert blank("<svg")


@pytest.mark.parametrize(
    ("removed", "lack"), [("<title>t</title>", "no title"), (' lang="en"', "no language"), ("<h1>Name</h1>", "no bookmarks")]
)
def test_a_document_without_a_name_is_named(removed: str, lack: str) -> None:
    (fault,) = printed("<p>Text.</p>", page=PAGE.replace(removed, "")).faults
    assert (fault.rule, fault.what) == (pages.UNNAMED, lack)


def test_a_briefing_whose_text_breaks_a_rule_is_withheld_and_the_sentence_named() -> None:
    facts = sample_facts.nearly_empty()
    wrong = facts.model_copy(update={"limits": ("It is certainly 98,765 posts.",)})
    with pytest.raises(RenderProblem, match="is withheld") as caught:
        render_pdf(wrong.to_bytes())
    for told in ("word of certainty", "“certainly”", "unresolved number", "“98,765”", "“It is certainly 98,765 posts.”"):
        assert told in str(caught.value)
    assert "nothing was published" in (caught.value.remedy or "")


def test_closely_set_lines_at_the_foot_of_a_page_are_no_overflow() -> None:
    """The letters' own boxes are higher than their lines, so the last line of a page seems to hang over its edge."""
    style = "p { font: 20px/0.95 serif; margin: 0 0 1px 0 }"
    assert faults(printed("".join(f"<p>gap {i}</p>" for i in range(98)), style)) == []
