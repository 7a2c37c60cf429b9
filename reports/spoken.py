"""What a reader hears and copies where letters are drawn in parts: Arabic letters are a body and dots, and bodies are shared.

The renderer gives each glyph the letter it was first used for, so that a dot has none and every later letter of the same body would be
copied wrongly. Each line in such a script therefore carries its own text (ActualText, ISO 32000-1 14.9.4), and a glyph that stands for no
letter of its own is mapped to a joiner, which is silent (ISO 14289-1 7.21.7 asks that every code has a character).
"""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

EMPTY = re.compile(rb"^(<[0-9a-f]{4}>) <>$")
JOINER = rb"\1 <200d>"


@contextmanager
def spoken_lines() -> Iterator[None]:
    """While it lasts the renderer writes the text of every line in a script whose letters are drawn in parts beside its glyphs."""
    import pydyf  # type: ignore[import-untyped]
    from weasyprint.draw import text

    draw = text.draw_first_line

    def drawn(stream: Any, textbox: Any, *arguments: Any) -> Any:
        if not _in_parts(textbox.text):
            return draw(stream, textbox, *arguments)
        pydyf.Stream.begin_marked_content(stream, "Span", pydyf.Dictionary({"ActualText": pydyf.String(textbox.text)}))
        try:
            return draw(stream, textbox, *arguments)
        finally:
            pydyf.Stream.end_marked_content(stream)

    text.draw_first_line = drawn
    try:
        yield
    finally:
        text.draw_first_line = draw


def map_every_glyph(pdf: Any) -> None:
    """Give the glyphs of a pydyf.PDF's fonts that stand for no letter a character that is neither heard nor seen."""
    for entry in pdf.objects:
        lines = getattr(entry, "stream", None)
        if lines and b"begincmap" in lines:
            lines[:] = [EMPTY.sub(JOINER, line) for line in lines]


def _in_parts(text: str) -> bool:
    return any(unicodedata.bidirectional(sign) == "AL" for sign in text)
