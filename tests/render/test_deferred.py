"""Where pages end: figures that do not fit are carried over while the text goes on, and nothing that leads to something stands alone."""

import io
import re

import pytest
from pypdf import PdfReader

from reports.printing import print_pdf

STYLES = "".join(f'<link rel="stylesheet" href="resurge:/styles/{name}">' for name in ("fonts.css", "briefing.css"))
SHEET = "@page { size: 120mm 100mm; margin: 10mm } img { height: 30mm; width: 60mm }"
PAGE = f'<!DOCTYPE html><html lang="en"><head><title>t</title>{STYLES}<style>{SHEET}</style></head><body><h1>Name</h1>BODY</body></html>'
CHART = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 30"><path d="M 0 9 L 4 4 L 9 0" style="stroke: #123f6b"/></svg>'
TABLE = (
    '<div class="table-block"><table><caption>Caption</caption><thead><tr><th>Head</th></tr></thead><tbody>{}</tbody></table></div>'
)


def figure(name: str) -> str:
    title, source = f'<p class="title">Title-{name}</p>', f"<figcaption>Source-{name}</figcaption>"
    return f'<figure>{title}<img src="resurge:/figures/{name}.svg" alt="It rose.">{source}</figure>'


def lines(many: int, word: str = "line") -> str:
    return "".join(f"<p>{word}-{i}</p>" for i in range(many))


def pages(body: str) -> list[str]:
    """The text of each page, floats first."""
    result = print_pdf(
        PAGE.replace("BODY", f"<section>{body}</section>"), dict.fromkeys(re.findall("figures/(.)", body), CHART), edition="ab" * 32
    )
    assert (result.complaints, result.faults) == ([], [])
    return [page.extract_text() for page in PdfReader(io.BytesIO(result.pdf)).pages]


def page_of(word: str, found: list[str]) -> int:
    (page,) = [i for i, text in enumerate(found) for _ in re.findall(rf"{word}\b", text)]  # once: neither lost nor printed twice
    return page


def test_a_figure_that_fits_stands_where_it_was_put() -> None:
    found = pages(f"{lines(2)}{figure('a')}{lines(1, 'after')}")
    assert [page_of(word, found) for word in ("line-1", "Title-a", "Source-a", "after-0")] == [0, 0, 0, 0]


def test_a_figure_that_does_not_fit_is_carried_over_and_the_text_goes_on() -> None:
    found = pages(f"{lines(7)}{figure('a')}{lines(12, 'after')}")
    assert page_of("after-0", found) == page_of("line-6", found) == 0
    assert page_of("Title-a", found) == page_of("Source-a", found) == 1


@pytest.mark.parametrize("before", range(12))
def test_nothing_is_lost_doubled_or_parted_wherever_the_page_ends(before: int) -> None:
    rows = "".join(f"<tr><td>row-{i}</td></tr>" for i in range(5))
    found = pages(f"{lines(before)}<h2>Heading</h2>{figure('a')}{TABLE.format(rows)}{figure('b')}{lines(3, 'after')}")
    for name in "ab":
        assert page_of(f"Title-{name}", found) == page_of(f"Source-{name}", found)
    for word in (*(f"line-{i}" for i in range(before)), *(f"row-{i}" for i in range(5)), *(f"after-{i}" for i in range(3))):
        page_of(word, found)
    assert page_of("Heading", found) in {page_of("Title-a", found), page_of("Caption", found)}


def test_one_figure_at_a_time_is_carried_over() -> None:
    found = pages(f"{lines(6)}{figure('a')}{lines(1, 'between')}{figure('b')}{lines(9, 'after')}")
    assert [page_of(word, found) for word in ("Title-a", "Title-b", "between-0", "after-8")] == [1, 2, 0, 2]


def test_a_figure_carried_from_the_last_page_is_not_lost() -> None:
    found = pages(f"{lines(7)}{figure('a')}{lines(1, 'after')}")
    assert page_of("line-6", found) == 0
    assert page_of("Title-a", found) == page_of("after-0", found) == 1


def test_a_chart_on_no_page_is_a_fault() -> None:
    result = print_pdf(PAGE.replace("BODY", "<p>text</p>"), {"a": CHART}, edition="ab" * 32)
    assert [fault.where for fault in result.faults] == ["the chart a"]


def test_the_last_figure_of_a_section_is_not_carried_into_the_next() -> None:
    found = pages(f"{lines(7)}{figure('a')}</section><section>{lines(3, 'next')}")
    assert page_of("Title-a", found) == page_of("next-0", found) == 1


@pytest.mark.parametrize("before", range(4, 12))
def test_a_heading_its_lead_and_the_head_of_its_table_stay_together(before: int) -> None:
    rows = "".join(f"<tr><td>row-{i}</td></tr>" for i in range(8))
    found = pages(f'{lines(before)}<h3>Heading</h3><p class="lead">Lead</p>{TABLE.format(rows)}')
    assert page_of("Heading", found) == page_of("Lead", found) == page_of("row-0", found) == page_of("row-1", found)


def test_every_lead_of_the_templates_is_marked_as_one() -> None:
    """A paragraph that only says what the next table or exhibits are: at the foot of a page it would stand alone."""
    from pathlib import Path

    import reports

    for path in (Path(reports.__file__).parent / "templates").glob("*.html.j2"):
        bare = re.findall(r"<p>\{\{ \w+\.\w*(?:lead|exhibits_note)\b", path.read_text())
        assert bare == [], path.name
