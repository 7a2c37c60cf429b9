"""Words of others made safe to print."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.domain.printable import MAX_MARKS, defang, graphemes, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a␀b"),
        ("gpj.\u202eexe", "gpj.‹U+202E›exe"),
        ("one\n\ttwo", "one two"),
        ("zero\u200bwidth", "zero‹U+200B›width"),
        ("پیام\u200cها", "پیام\u200cها"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("lone \ud800", "lone \ufffd"),
        ("del\x7f", "del␡"),
        ("e" + "\u0301" * 9, "e" + "\u0301" * MAX_MARKS),
    ],
)
def test_nothing_invisible_acts(text: str, shown: str) -> None:
    assert printable(text)[0] == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://Example.org/a.html", "see hxxps://Example[.]org/a.html"),
        ("http://1.2.3.4:80/x", "hxxp://1[.]2[.]3[.]4:80/x"),
        ("ftp://files.example.net", "fxp://files[.]example[.]net"),
        ("read bbc.co.uk now", "read bbc[.]co[.]uk now"),
        ("The end.Next sentence", "The end.Next sentence"),
        ("hxxps://example[.]org", "hxxps://example[.]org"),
    ],
)
def test_links_are_defanged(text: str, shown: str) -> None:
    assert defang(text) == shown
    assert defang(shown) == shown


def test_shortening_counts_what_a_reader_counts() -> None:
    families = "👨\u200d👩\u200d👧" * 280
    assert printable(families) == (families, False)
    text, shortened = printable(families + "x")
    assert shortened
    assert text == "👨\u200d👩\u200d👧" * 279 + "…"
    assert graphemes("🇨🇳🇺🇸각e\u0301") == ["🇨🇳", "🇺🇸", "각", "e\u0301"]
    assert len(graphemes("\u1112\u1161\u11ab")) == 1


@given(st.text(alphabet=st.characters(), max_size=400))
def test_any_text_prints(text: str) -> None:
    shown, _ = printable(text)
    shown.encode("utf-8")
    assert len(graphemes(shown)) <= 280
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") for c in shown)
    assert not any(unicodedata.category(c) == "Cf" and c not in "\u200c\u200d" for c in shown)
    assert "http://" not in shown.lower()
