"""Words of others made safe to print: nothing invisible, nothing that reorders, nothing that can be clicked.

Posts carry control characters, bidirectional overrides (U+202E turns "gpj.exe" into "exe.jpg"), stacks of combining marks that run over
the lines above, and links. A quote must show what is there without letting it act.
"""

import re
import unicodedata
from functools import lru_cache

MAX_MARKS = 4  # combining marks a base: Vietnamese and pointed Hebrew need at most 3, stacks ("zalgo") use dozens
MAX_GRAPHEMES = 280

_FORMULA = "=+-@＝＋－＠﹢﹣﹦﹫−"  # the last five: small forms and the minus sign
_JOINERS = "\u200c\u200d"  # Persian and emoji sequences need them
_SCHEME = re.compile(r"(?i)\b(h)(tt)(ps?)(?=:)|\b(f)(t)(p)(?=:)")
_AFTER_SCHEME = re.compile(r"(?i)(?:hxxps?|fxp)://[^\s/?#<>\"'，。]*")
_BARE_HOST = re.compile(
    r"(?i)(?<![\w.\[])(?:[\w-]+\.)+(?:com|net|org|info|biz|io|co|me|tv|ly|gl|gg|be|us|uk|eu|de|fr|ru|su|ua|by|cn|tw|hk|jp|kr|in|ir|il|tr"
    r"|ca|au|nz|br|mx|za|gov|edu|mil|int|news|site|online|top|xyz|club|live|app|dev|ai|cc|to|ws|link|blog|press|media|today|world|pub|asia)"
    r"(?![\w\]])"
)


@lru_cache(maxsize=1 << 17)  # the same names and addresses stand in every rendition, and in the briefing of the next period: 40 MB
def printable(text: str, *, limit: int = MAX_GRAPHEMES) -> tuple[str, bool]:
    """Clean `text` for print; returns it with whether it was shortened to `limit` graphemes (an ellipsis then marks the cut).

    Line breaks and tabs become single spaces; controls become their Unicode pictures; bidirectional and other format characters,
    private-use and unassigned code points become `‹U+202E›`; lone surrogates become U+FFFD; at most 4 combining marks stay on a base;
    links are defanged. The result encodes to UTF-8.
    """
    plain = (
        text.isascii() and text.isprintable() and len(text) <= limit
    )  # most names and links: nothing to show, a sign a character
    cleaned = defang(" ".join(text.split()) if plain else "".join(_shown(text)))
    if plain and len(cleaned) <= limit:
        return cleaned, False
    cells = graphemes(cleaned)
    if len(cells) <= limit:
        return cleaned, False
    return "".join(cells[: max(limit - 1, 0)]).rstrip() + "…", True


def spreadsheet_cell(text: str) -> str:
    """Text that a spreadsheet does not take for a formula: an apostrophe goes before one that begins with = + - @ (full-width ones too),
    a tab or a line break; what some programs drop before they look (white space, a byte order mark, zero-width and control characters)
    before them or not."""
    if text[:1].isalnum():  # nearly all of a million cells
        return text
    if text[:1] in ("\t", "\r", "\n"):
        return f"'{text}"
    first = next((c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc", "Mn", "Me")), "")
    return f"'{text}" if first and first in _FORMULA else text


def defang(text: str) -> str:
    """Make links unclickable the way indicator lists do: `hxxps://example[.]org/x`; host names without a scheme too."""
    text = _SCHEME.sub(lambda m: f"{m[1]}xx{m[3]}" if m[1] else f"{m[4]}x{m[6]}", text)
    text = _AFTER_SCHEME.sub(lambda m: m[0].replace("[.]", ".").replace(".", "[.]"), text)
    return _BARE_HOST.sub(lambda m: m[0].replace(".", "[.]"), text)


def graphemes(text: str) -> list[str]:
    """Split into what a reader counts as characters (the parts of UAX #29 that posts use: marks, joined emoji, flags, Hangul)."""
    cells: list[str] = []
    flags = 0  # regional indicators seen in a row
    for character in text:
        flag = "\U0001f1e6" <= character <= "\U0001f1ff"
        if cells and (
            _extends(character) or cells[-1].endswith("\u200d") or (flag and flags % 2) or _jamo(cells[-1][-1], character)
        ):
            cells[-1] += character
        else:
            cells.append(character)
        flags = flags + 1 if flag else 0
    return cells


def _shown(text: str) -> list[str]:
    shown: list[str] = []
    marks = 0
    for character in " ".join(text.split()):
        category = unicodedata.category(character)
        if category in ("Mn", "Me"):
            marks += 1
            if marks > MAX_MARKS:
                continue
        else:
            marks = 0
        shown.append(_visible(character, category))
    return shown


def _visible(character: str, category: str) -> str:
    code = ord(character)
    if category == "Cs":
        return "\ufffd"
    if code < 0x20 or code == 0x7F:
        return chr(0x2400 + code) if code < 0x20 else "\u2421"
    if category in ("Cc", "Co", "Cn", "Zl", "Zp") or (category == "Cf" and character not in _JOINERS):
        return f"‹U+{code:04X}›"
    return character


def _extends(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character in _JOINERS
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
    )


def _jamo(before: str, character: str) -> bool:
    return "\u1100" <= before <= "\u11ff" and "\u1160" <= character <= "\u11ff"
