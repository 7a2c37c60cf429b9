"""Whether the pages hold what they should: nothing beyond the edge of the text, of a cell or of the sheet, no page or figure empty, and
a title, a language and bookmarks. Read from the renderer's own boxes, in CSS pixels (96 to the inch).
"""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from reports.gate.passages import TICKS
from reports.gate.violations import Violation

OVERFLOW, EMPTY, BLANK, UNNAMED = "overflow", "empty page", "blank figure", "document without a name"
SLACK = 1.0  # px: rounding of letter widths; a letter that hangs over by more is seen
HANG = 0.2  # of the letters' size: a font's own height is more than that of a closely set line, which the page is broken by
SVG = "{http://www.w3.org/2000/svg}"
MARKS = {f"{SVG}{name}" for name in ("path", "use", "rect", "circle", "ellipse", "line", "polyline", "polygon", "image")}


def pages(document: Any, figures: dict[str, str]) -> list[Violation]:
    """Every fault of a laid-out weasyprint.Document and its charts (key -> SVG)."""
    found = list(_named(document))
    for number, page in enumerate(document.pages, start=1):
        found += _page(page._page_box, f"page {number}")
    found += [
        Violation(BLANK, f"the chart {key}", "no mark", "nothing is drawn beside its axes")
        for key, svg in figures.items()
        if blank(svg)
    ]
    found += [Violation(BLANK, f"the chart {key}", "on no page", "it was laid out nowhere") for key in undrawn(document, figures)]
    return found


def undrawn(document: Any, figures: dict[str, str]) -> list[str]:
    """Keys of the charts that stand on no page of a laid-out weasyprint.Document."""
    boxes = (box for page in document.pages for box, _ in _leaves(page._page_box, None) if not hasattr(box, "text"))
    drawn = {box.element.get("src", "") for box in boxes if box.element is not None}
    return [key for key in figures if not any(source.endswith(f"/figures/{key}.svg") for source in drawn)]


def blank(svg: str) -> bool:
    """Whether a chart shows nothing but its scales: no line, bar, point or area that has a length and a colour; or cannot be read."""
    try:
        chart = ElementTree.fromstring(svg)  # noqa: S314  # our own charts
    except ElementTree.ParseError:
        return True
    return not any(True for _ in _marks(chart))


def _marks(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    if TICKS.match(element.get("id", "")) or element.tag in {f"{SVG}defs", f"{SVG}clipPath"}:
        return
    if element.tag in MARKS and _drawn(element):
        yield element
    for below in element:
        yield from _marks(below)


def _drawn(element: ElementTree.Element) -> bool:
    style = dict(part.strip().split(": ", 1) for part in element.get("style", "").split(";") if ": " in part)
    colours = {style.get("fill", ""), style.get("stroke", "none")} - {"none"}
    if element.tag == f"{SVG}path" and len(element.get("d", "").split()) <= 3:
        return False  # a place and no way from it: every value was missing
    return bool(colours) or not style


def _named(document: Any) -> Iterator[Violation]:
    told = {"title": document.metadata.title, "language": document.metadata.lang, "bookmarks": document.make_bookmark_tree()}
    for name, value in told.items():
        if not value:
            yield Violation(UNNAMED, "the document", f"no {name}")


def _page(sheet: Any, where: str) -> Iterator[Violation]:
    left, top = sheet.content_box_x(), sheet.content_box_y()
    area = (left, top, left + sheet.width, top + sheet.height)
    paper = (0.0, 0.0, sheet.margin_width(), sheet.margin_height())
    content = [box for child in sheet.children if not _in_margin(child) for box in _leaves(child, None)]
    margin = [box for child in sheet.children if _in_margin(child) for box in _leaves(child, None)]
    if not content:
        yield Violation(EMPTY, where, "nothing", "no text and no figure stands on it")
    for (box, cell), edges in [*((pair, area) for pair in content), *((pair, paper) for pair in margin)]:
        if over := _beyond(box, edges):
            yield Violation(OVERFLOW, where, f"{over:.0f} px", _said(box))
        elif cell is not None and (over := _beyond(box, _edges(cell), across=True)):
            yield Violation(OVERFLOW, f"a cell of a table on {where}", f"{over:.0f} px", _said(box))
        if not hasattr(box, "text") and (box.width < SLACK or box.height < SLACK):
            yield Violation(BLANK, where, "no size", _said(box))


def _leaves(box: Any, cell: Any) -> Iterator[tuple[Any, Any]]:
    """Text and images with the cell they stand in."""
    name = type(box).__name__
    if name == "TextBox":
        if box.text.strip():
            yield box, cell
        return
    if "Replaced" in name:
        yield box, cell
        return
    for below in getattr(box, "children", ()):
        yield from _leaves(below, box if name == "TableCellBox" else cell)


def _beyond(box: Any, edges: tuple[float, float, float, float], *, across: bool = False) -> float:
    """By how many px a box leaves the edges (left, top, right, bottom), 0 within the slack; `across`: sidewards only."""
    left, top, right, bottom = edges
    over = [left - box.position_x, box.position_x + box.width - right]
    if not across:
        hang = HANG * box.style["font_size"] if hasattr(box, "text") else 0.0
        over += [top - box.position_y - hang, box.position_y + box.height - bottom - hang]
    most = max(over)
    return most if most > SLACK else 0.0


def _edges(cell: Any) -> tuple[float, float, float, float]:
    return (cell.position_x, cell.position_y, cell.position_x + cell.margin_width(), cell.position_y + cell.margin_height())


def _in_margin(box: Any) -> bool:
    return type(box).__name__ == "MarginBox"


def _said(box: Any) -> str:
    return str(getattr(box, "text", "")) or "an image"
