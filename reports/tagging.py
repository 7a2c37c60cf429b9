"""What PDF/UA-1 (ISO 14289-1) asks of the structure tree and the renderer leaves open.

Header cells say whether they head a column or a row (7.5), and the running head and foot are artifacts that a screen reader skips (7.8):
the renderer marks their text as content, but leaves it out of the tree.
"""

from collections.abc import Iterator
from typing import Any

from reports.spoken import map_every_glyph

RUNNING = "/Artifact"


def finish(_document: Any, pdf: Any) -> None:
    """Complete the tags of a pydyf.PDF that WeasyPrint has drawn; given to it as `finisher`."""
    map_every_glyph(pdf)
    root = _at(pdf, pdf.catalog["StructTreeRoot"])
    elements = dict(_below(pdf, root))
    for element in elements.values():
        if element.get("S") == "/TH":
            element["A"]["Scope"] = "/Column" if _row_of(element) == 0 else "/Row"
    nums = _at(pdf, root["ParentTree"])["Nums"]
    owners = dict(zip(nums[0::2], nums[1::2], strict=True))
    for i, page in enumerate(pdf.page_references):
        outside = {mcid for mcid, owner in enumerate(owners[i]) if _number(owner) not in elements}
        _as_artifacts(_at(pdf, _at(pdf, page)["Contents"]).stream, outside)
        for mcid in outside:
            owners[i][mcid] = "null"


def _as_artifacts(operations: list[Any], outside: set[int]) -> None:
    """Turn `/P <</MCID 3>> BDC` into a pagination artifact for the given marked contents."""
    for i in range(2, len(operations)):
        if operations[i] == b"BDC" and operations[i - 1].get("MCID") in outside:
            operations[i - 2] = RUNNING
            operations[i - 1] = type(operations[i - 1])({"Type": "/Pagination"})


def _below(pdf: Any, element: Any) -> Iterator[tuple[int, Any]]:
    """Number and dictionary of every structure element in the tree; numbers of marked contents are passed over."""
    for kid in element.get("K", ()):
        if isinstance(kid, bytes):
            below = _at(pdf, kid)
            if "S" in below:
                yield _number(kid), below
                yield from _below(pdf, below)


def _row_of(header: Any) -> int:
    """The row of a header cell, from its id `TABLE-ROW-COLUMN`; the column heads stand in row 0, also where a table goes on."""
    return int(header["ID"].string.split("-")[1])


def _number(reference: bytes) -> int:
    return int(reference.split()[0])


def _at(pdf: Any, reference: bytes) -> Any:
    return pdf.objects[_number(reference)]
