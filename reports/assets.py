"""What the renderer may read: our fonts, our style sheets and the charts of this briefing. Nothing else exists for it."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

SCHEME = "resurge"
FONTS = {  # file name in the address -> (family of the pinned package, style)
    "serif.ttf": ("Source Serif 4", "normal"),
    "serif-italic.ttf": ("Source Serif 4", "italic"),
    "sans.ttf": ("Source Sans 3", "normal"),
    "sans-italic.ttf": ("Source Sans 3", "italic"),
    "arabic.ttf": ("Noto Sans Arabic", "normal"),
    "emoji.ttf": ("Noto Emoji", "normal"),  # in one colour: a printed page keeps them, and no bitmap is embedded
}
PAPERS = ("A4", "Letter")


@cache
def font_file(family: str, style: str) -> Path:
    """The file of a pinned font. Raises fontpkg's FamilyNotInstalled or ModuleNotFoundError where a package is missing."""
    if family == "Noto Emoji":
        return Path(str(files("manimgx_fonts").joinpath("NotoEmoji[wght].ttf")))
    import fontpkg

    return Path(fontpkg.path(family, 400, style))


def font_bytes(name: str) -> bytes:
    """Bytes of one of FONTS. Raises KeyError for a name that is not ours."""
    return font_file(*FONTS[name]).read_bytes()


def style_bytes(name: str) -> bytes:
    """Bytes of a style sheet of this package. Raises KeyError for a name that is not ours."""
    known = {entry.name: entry for entry in files("reports").joinpath("styles").iterdir() if entry.name.endswith(".css")}
    return known[name].read_bytes()


@cache
def fonts_sha256() -> str:
    """One digest over the pinned font files, for `generated_by.fonts_sha256`."""
    digest = hashlib.sha256()
    for name in sorted(FONTS):
        digest.update(name.encode() + b"\0" + hashlib.sha256(font_bytes(name)).digest())
    return digest.hexdigest()
