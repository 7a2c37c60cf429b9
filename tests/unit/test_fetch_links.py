"""Links in the form in which two of them can be compared."""

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.domain.links import SHORTENERS
from tasks.fetch.links import canonical_url, canonical_urls, domains

LINKISH = st.text(
    st.sampled_from("abcXYZ019.-_~/:?#[]@!&=%()\\ \té中.hxtpsw") | st.characters(exclude_categories=("Cs",)), max_size=60
)


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://WWW.Example.ORG:80/A/?utm_source=x&b=1&fbclid=9#part", "http://www.example.org/A?b=1"),
        ("https://example.org:443", "https://example.org"),
        ("https://example.org:8443/", "https://example.org:8443"),
        ("hxxps://bad[.]example/a", "https://bad.example/a"),
        ("hxxp[:]//bad(dot)example", "http://bad.example"),
        ("https://user:secret@example.org./%7ea%2f", "https://example.org/%7Ea%2F"),
        ("https://пример.рф/й", "https://xn--e1afmkfd.xn--p1ai/й"),
        ("https://x.com/oak/status/1?s=20&t=abc", "https://x.com/oak/status/1"),
        ("https://shop.example/?s=20", "https://shop.example?s=20"),
        ("https://www.youtube.com/watch?v=a1&feature=share&si=zz", "https://www.youtube.com/watch?v=a1"),
        ("https://example.org/#!/page", "https://example.org#!/page"),
        ("example.org/a", "http://example.org/a"),
        ("http://[2001:DB8::1]:80/x", "http://[2001:db8::1]/x"),
        ("https://t.co/aB9", "https://t.co/aB9"),
        ("http://https://t.co/a", "https://t.co/a"),
        ("tg://resolve?domain=a", "tg://resolve?domain=a"),
        ("https://t.…", None),
        ("https://t.co/aB9…", None),
        ("http://example.org/a...", None),
        ("http://example.org/.../", None),
        ("http://example.org/a..b", "http://example.org/a..b"),
        ("mailto:a@example.org", None),
        ("javascript:alert(1)", None),
        ("http://", None),
        ("http://[", None),
        ("http://example.org:99999/", None),
        ("word", None),
        ("", None),
    ],
)
def test_canonical_url(url: str, canonical: str | None) -> None:
    assert canonical_url(url) == canonical


@settings(deadline=None)
@given(LINKISH | LINKISH.map("https://".__add__) | LINKISH.map("http://example.org".__add__))
@example("http://a.bc/?&")
@example("http://a.bc:0443//")
def test_canonical_is_stable(url: str) -> None:
    once = canonical_url(url)
    if once is not None:
        assert canonical_url(once) == once


@settings(deadline=None)
@given(
    st.lists(
        st.none()
        | st.lists(st.none() | LINKISH.map("http://a.example/".__add__) | st.sampled_from(["http://A.example", "x"]), max_size=4),
        max_size=6,
    )
)
def test_lists_agree_with_the_single_link(lists: list[list[str | None] | None]) -> None:
    expected = [
        None
        if row is None
        else [u for u in dict.fromkeys(canonical_url(link) for link in row if link is not None) if u is not None]
        for row in lists
    ]
    assert canonical_urls(pa.array(lists, pa.list_(pa.string()))).to_pylist() == expected


def test_slices_of_lists_keep_their_rows() -> None:
    lists = pa.array([["http://a.example"], None, ["http://B.example/", "http://b.example"], []], pa.list_(pa.string()))
    assert canonical_urls(lists.slice(1, 3)).to_pylist() == [None, ["http://b.example"], []]


def test_domains_leave_out_shorteners_and_www() -> None:
    urls = pa.array([["https://www.news.example.co.uk:8080/a", "http://t.co/a"], None, ["https://bit.ly/x", "http://[::1]/"], []])
    assert domains(urls).to_pylist() == [["news.example.co.uk"], None, ["[::1]"], []]
    assert {"t.co", "bit.ly"} <= SHORTENERS
