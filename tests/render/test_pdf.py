"""The PDF itself, read back: labels on every page, fonts inside, tags, numbers from the facts, the same bytes twice."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
import sample_facts
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject, NullObject

from reports.formats import count, percent
from reports.render import Rendered, render_pdf
from tasks.domain.facts import edition_of
from tasks.domain.measures import NotMeasurable
from tasks.domain.written import amount


@pytest.fixture(scope="module")
def full() -> Rendered:
    return render_pdf(sample_facts.full().to_bytes())


@pytest.fixture(scope="module")
def scripts() -> Rendered:
    return render_pdf(sample_facts.without_takedowns(sample_facts.scripts()).to_bytes(), paper="Letter")


@pytest.fixture(scope="module")
def texts(full: Rendered) -> list[str]:
    return [page.extract_text().replace("\u00a0", " ") for page in PdfReader(io.BytesIO(full.pdf)).pages]


def elements(node: Any) -> Iterator[DictionaryObject]:
    """Every structure element below a node of the structure tree."""
    node = node.get_object() if isinstance(node, IndirectObject) else node
    if isinstance(node, list):
        for item in node:
            yield from elements(item)
    elif isinstance(node, dict):
        if "/S" in node:
            yield node  # type: ignore[misc]
        if "/K" in node:
            yield from elements(node["/K"])


def fonts(pdf: bytes) -> dict[str, DictionaryObject]:
    """Base name -> descriptor of every font a page uses."""
    found = {}
    for page in PdfReader(io.BytesIO(pdf)).pages:
        for font in page["/Resources"].get("/Font", {}).values():  # type: ignore[union-attr]
            below = font.get_object()["/DescendantFonts"][0].get_object()
            found[str(below["/BaseFont"])] = below["/FontDescriptor"].get_object()
    return found


def test_same_facts_same_bytes(full: Rendered) -> None:
    again = render_pdf(sample_facts.full().to_bytes())
    assert again == full
    assert full.replaced == ()


def test_every_page_carries_its_labels_twice(texts: list[str], full: Rendered) -> None:
    assert len(texts) == full.pages
    for number, text in enumerate(texts, start=1):
        assert text.count("TLP:AMBER+STRICT") == 2
        assert text.count("SIMULATED DATA") == 2
        assert f"Page {number} of {full.pages}" in text
        assert edition_of(sample_facts.full().to_bytes())[:12] in text
        assert "2023-W44" in text


def test_the_tlp_label_is_12_points_and_right_aligned(full: Rendered) -> None:
    page, seen = PdfReader(io.BytesIO(full.pdf)).pages[1], []

    def visit(text: str, matrix: list[float], text_matrix: list[float], _font: Any, size: float) -> None:
        if "TLP:" in text:
            seen.append((abs(size * text_matrix[3] * matrix[3]), text_matrix[4] * matrix[0] + matrix[4]))

    page.extract_text(visitor_text=visit)
    assert len(seen) == 2
    assert all(size >= 11.99 and left > float(page.mediabox.width) / 2 for size, left in seen)


def test_every_font_is_embedded_and_the_text_fonts_are_the_pinned_ones(full: Rendered) -> None:
    found = fonts(full.pdf)
    assert all({"/FontFile2", "/FontFile3"} & descriptor.keys() for descriptor in found.values())
    names = " ".join(found)
    for name in ("Source-Serif-4-Pinned", "Source-Sans-3-Pinned", "Noto-Sans-Arabic-Pinned", "Noto-Sans-CJK-SC"):
        assert name in names
    assert "CJK-JP" not in names  # Chinese is not drawn with Japanese forms


def test_scripts_are_drawn_with_glyphs_of_their_own(scripts: Rendered) -> None:
    reader = PdfReader(io.BytesIO(scripts.pdf))
    text = "\n".join(page.extract_text() for page in reader.pages)
    for words in ("真正的问题没有人回答", "真正的問題沒有人回答", "判断してください", "Никто не отвечает", "TLP:GREEN"):
        assert words in text
    assert any("\u0600" <= sign <= "\u06ff" or "\ufe70" <= sign <= "\ufeff" for sign in text)
    assert any("\u05d0" <= sign <= "\u05ea" for sign in text)
    assert "SIMULATED" not in text
    assert round(float(reader.pages[0].mediabox.width)) == 612  # Letter
    for line in scripts.replaced:  # whatever has no glyph here is named, in the answer and in print
        assert line.split()[0] in text


def test_tags_title_language_and_bookmarks(full: Rendered) -> None:
    reader = PdfReader(io.BytesIO(full.pdf))
    catalog: Any = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "en"
    assert reader.metadata is not None
    assert reader.metadata.title == "Spamouflage (fixture), 2023-W44: briefing"
    assert "2023-11-07" in str(reader.metadata.creation_date)
    assert len(reader.outline) >= 1
    tree = list(elements(catalog["/StructTreeRoot"]["/K"]))
    kinds = {str(element["/S"]) for element in tree}
    assert {"/H1", "/H2", "/H3", "/P", "/Table", "/TR", "/TH", "/TD", "/Figure", "/BlockQuote"} <= kinds
    assert all(element.get("/Alt") for element in tree if element["/S"] == "/Figure")
    heads = {str(element["/ID"]) for element in tree if element["/S"] == "/TH"}
    cells = [element for element in tree if element["/S"] == "/TD"]
    named = [{str(name) for name in cell["/A"].get_object()["/Headers"]} for cell in cells]  # type: ignore[union-attr]
    assert all(names and names <= heads for names in named)
    assert {len(names) for names in named} == {1, 2}  # its column, and its row where the table is more than a list of two columns
    assert sum(len(names) == 2 for names in named) > len(named) / 2


def test_header_cells_have_a_scope_and_running_heads_are_artifacts(full: Rendered) -> None:
    reader = PdfReader(io.BytesIO(full.pdf))
    catalog: Any = reader.trailer["/Root"]
    tree = list(elements(catalog["/StructTreeRoot"]["/K"]))
    scopes = [str(element["/A"].get_object()["/Scope"]) for element in tree if element["/S"] == "/TH"]  # type: ignore[union-attr]
    assert set(scopes) == {"/Column", "/Row"}
    owners = catalog["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    for i, page in enumerate(reader.pages):
        contents = page.get_contents()
        assert contents is not None
        data = contents.get_data()
        outside = sum(isinstance(owner.get_object(), NullObject) for owner in owners[2 * i + 1])
        assert data.count(b"/Type /Pagination") == outside >= 4  # campaign, period, edition and page, two labels


def test_key_figures_are_those_of_the_facts(texts: list[str]) -> None:
    for figure in sample_facts.full().judgements.key_figures:
        for value in (figure.value, figure.previous, figure.baseline):
            if not isinstance(value, NotMeasurable):
                assert amount(value, figure.unit) in texts[0]
    facts = sample_facts.full()
    assert count(facts.activity.posts) in texts[1]
    share = facts.activity.top10_share.share
    assert share is not None
    assert percent(share) in texts[1]


@pytest.mark.parametrize(("paper", "words"), [("A4", 12), ("Letter", 40)])
def test_page_1_holds_bottom_line_key_figures_and_five_judgements_and_nothing_else(paper: str, words: int) -> None:
    base = sample_facts.full()
    texts = ["It is likely that " + " ".join(f"word{chr(97 + i)}{chr(97 + k)}" for k in range(words // 2)) + "." for i in range(5)]
    why = "Our confidence is moderate: " + "because " * words
    items = tuple(base.judgements.items[0].model_copy(update={"statement": text, "confidence_statement": why}) for text in texts)
    facts = base.model_copy(update={"judgements": base.judgements.model_copy(update={"items": items})})
    pages = PdfReader(io.BytesIO(render_pdf(facts.to_bytes(), paper=paper).pdf)).pages
    first, second, *rest = (" ".join(page.extract_text().split()) for page in pages)
    for text in (*texts, *facts.judgements.bottom_line):
        assert " ".join(text.split()) in first
    assert "Key figures" in first
    assert "What changed" in second
    assert "What changed" not in first
    assert ("because because" in first) == (paper == "A4")  # where page 1 has no room it stands with the reasons
    assert any("because because" in text for text in (first, second, *rest))


def test_little_data_makes_a_short_briefing() -> None:
    rendered = render_pdf(sample_facts.nearly_empty().to_bytes())
    assert rendered.pages <= 5  # of a week without a takedown; a usual one has 14
    assert "too few" in "".join(page.extract_text() for page in PdfReader(io.BytesIO(rendered.pdf)).pages)
