"""Can every character be drawn? What no font at hand has a glyph for is replaced, visibly, and reported.

Without this a missing script becomes a row of empty boxes that looks like a quotation. The pinned fonts are read with fontTools; for
the rest of Unicode the system's fonts are asked through fontconfig, the same way the renderer finds its fallback fonts.
"""

import ctypes
import ctypes.util
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

from reports.assets import FONTS, font_file
from tasks.domain.printable import graphemes

INVISIBLE = frozenset({0xAD, 0x180E, 0x200B, 0x200E, 0x200F, *range(0x2060, 0x2065), 0xFEFF})  # without width
MARK = "‹›"  # stands for one of them: a code inside a word would be all that the reader sees
CODED = re.compile(r"‹U\+([0-9A-F]{4,6})›")
CUT = re.compile(r"‹U(?:\+[0-9A-F]*)?…")  # a code that was cut in two when its text was shortened
IGNORABLE = frozenset({0x200C, 0x200D, *range(0xFE00, 0xFE10)})  # joiners and variation selectors are drawn as nothing
MOST_MARKS = 4


class Replacements:
    """Replaces what cannot be drawn and remembers it in `seen`, as hexadecimal code points."""

    def __init__(self, also: Iterable[int] = ()) -> None:
        self.also = frozenset(also)  # code points a render has shown to have no glyph
        self.seen: set[str] = set()
        self.invisible: set[int] = set()

    def clean(self, text: str) -> str:
        """`text` with every character that cannot be drawn, or would act unseen, written as `‹U+1F469›`, one without width as `‹›`."""
        if text.isascii() and text.isprintable():
            return text
        text = CUT.sub("…", CODED.sub(self._unseen, text))
        return "".join(self._cell(cell) for cell in graphemes(text))

    def _cell(self, cell: str) -> str:
        if cell in "\n\r\t":
            return " "
        cell = cell[0] + "".join(mark for i, mark in enumerate(cell[1:]) if i < MOST_MARKS or not unicodedata.combining(mark))
        if self._drawn_all(cell):
            return cell
        if ord(cell[0]) in INVISIBLE and self._drawn_all(cell[1:]):
            return self._mark(ord(cell[0])) + cell[1:]
        codes = "+".join(f"{ord(character):04X}" for character in cell if ord(character) not in IGNORABLE)
        self.seen.add(codes)
        return f"‹U+{codes}›"

    def _unseen(self, coded: re.Match[str]) -> str:
        """A code that the facts hold already: those of characters without width become the mark."""
        code = int(coded[1], 16)
        return self._mark(code) if code in INVISIBLE else coded[0]

    def _mark(self, code: int) -> str:
        self.invisible.add(code)
        return MARK

    def _drawn_all(self, characters: str) -> bool:
        return all(self._drawn(character) for character in characters)

    def _drawn(self, character: str) -> bool:
        code = ord(character)
        if code in self.also:
            return False
        if code in IGNORABLE:
            return True
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            return False
        return code in _pinned() or _system_has(code)

    @property
    def report(self) -> tuple[str, ...]:
        """`U+1F469 (woman)`, by code point; those printed as the mark say so."""
        marked = tuple(f"U+{code:04X} ({_name(f'{code:X}')}), printed as {MARK}" for code in sorted(self.invisible))
        return (*(f"U+{codes} ({_name(codes)})" for codes in sorted(self.seen)), *marked)


def clean_strings(value: Any, replacements: Replacements) -> Any:
    """A copy of parsed JSON in which every string, keys of mappings included, can be printed."""
    if isinstance(value, str):
        return replacements.clean(value)
    if isinstance(value, dict):
        return {replacements.clean(key): clean_strings(item, replacements) for key, item in value.items()}
    if isinstance(value, list):
        return [clean_strings(item, replacements) for item in value]
    return value


def _name(codes: str) -> str:
    names = [unicodedata.name(chr(int(code, 16)), "without a name").lower() for code in codes.split("+")]
    return " + ".join(names)


@cache
def _pinned() -> frozenset[int]:
    """Code points of the pinned text fonts (italics left out: their upright covers more)."""
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    codes: set[int] = set()
    for family, style in FONTS.values():
        if style == "normal":
            codes.update(TTFont(font_file(family, style), lazy=True).getBestCmap())
    return frozenset(codes)


class _FontSet(ctypes.Structure):
    _fields_ = (("count", ctypes.c_int), ("size", ctypes.c_int), ("fonts", ctypes.POINTER(ctypes.c_void_p)))


@cache
def _library() -> ctypes.CDLL | None:
    """fontconfig, which the renderer itself needs; None where it cannot be loaded."""
    try:
        library = ctypes.CDLL("libfontconfig.so.1")
    except OSError:
        found = ctypes.util.find_library("fontconfig")
        if found is None:
            return None
        library = ctypes.CDLL(found)
    for name in ("FcPatternCreate", "FcObjectSetCreate"):
        getattr(library, name).restype = ctypes.c_void_p
    library.FcObjectSetAdd.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    library.FcFontList.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.FcFontList.restype = ctypes.POINTER(_FontSet)
    library.FcPatternGetCharSet.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(ctypes.c_void_p)]
    library.FcCharSetHasChar.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    return library


@cache
def _charsets() -> tuple[int, ...]:
    """Addresses of the character sets of all system fonts; the set they belong to is kept for the life of the process."""
    library = _library()
    if library is None:
        return ()
    wanted = library.FcObjectSetCreate()
    library.FcObjectSetAdd(wanted, b"charset")
    found = library.FcFontList(None, library.FcPatternCreate(), wanted)
    charsets = []
    for i in range(found.contents.count):
        charset = ctypes.c_void_p()
        if library.FcPatternGetCharSet(found.contents.fonts[i], b"charset", 0, ctypes.byref(charset)) == 0 and charset.value:
            charsets.append(charset.value)
    return tuple(charsets)


@cache
def _system_has(code: int) -> bool:
    library = _library()
    return library is not None and any(library.FcCharSetHasChar(charset, code) for charset in _charsets())
