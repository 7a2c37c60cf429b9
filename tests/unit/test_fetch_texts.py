"""Hashtags, mentions and links in posts."""

import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.fetch.texts import hashtags, links, mentions

HOSTILE = st.text(st.characters(exclude_categories=("Cs",)) | st.sampled_from("#@＃＠/:.…&;\x00\u202e\u200d\n"), max_size=60)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#Café and #CAFÉ", ["café", "café"]),
        ("＃你好，#Straße #İzmir", ["你好", "strasse", "i\u0307zmir"]),
        ("#नमस्ते #ไทยดี #مَرحَبا", ["नमस्ते", "ไทยดี", "مَرحَبا"]),
        ("#123 #1a #_ #", ["1a", "_"]),
        ("a#no http://x.org/#no &#39; &#x27; x/#no", []),
        ("see https://x.org/a?b=#no #yes.", ["yes"]),
    ],
)
def test_hashtags(text: str, tags: list[str]) -> None:
    assert hashtags(pa.array([text])).to_pylist() == [tags]


@pytest.mark.parametrize(
    ("platform", "text", "handles"),
    [
        ("twitter", "RT @Oak_1: .@elm me@example.org (@ash). @a.b", ["Oak_1", "elm", "ash", "a"]),
        ("bluesky", "@oak.example.org, @elm-2@host.example. @a", ["oak.example.org", "elm-2@host.example", "a"]),
        ("x", "https://medium.example/@oak www.x.org/@elm", []),
    ],
)
def test_mentions(platform: str, text: str, handles: list[str]) -> None:
    assert mentions(pa.array([text]), platform).to_pylist() == [handles]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("见http://t.co/abc你好", ["http://t.co/abc"]),
        ("(https://x.org/A_(b)). http://x.org/a, HTTPS://X.org!", ["https://x.org/A_(b)", "http://x.org/a", "HTTPS://X.org"]),
        ("hxxps://bad[.]example/x hxxp[:]//bad[.]example", ["hxxps://bad[.]example/x", "hxxp[:]//bad[.]example"]),
        ("cut http://t.co/ab… and http...", []),
        ("www.x.org/a no.link", ["www.x.org/a"]),
    ],
)
def test_links(text: str, found: list[str]) -> None:
    assert links(pa.array([text])).to_pylist() == [found]


@settings(deadline=None)
@given(st.lists(st.none() | HOSTILE, max_size=8))
def test_every_text_gets_a_list_and_every_null_stays_null(texts: list[str | None]) -> None:
    array = pa.chunked_array([pa.array(texts, pa.string())])
    for result in (hashtags(array), mentions(array, "x"), mentions(array, "bluesky"), links(array)):
        rows = result.to_pylist()
        assert [row is None for row in rows] == [text is None for text in texts]
        assert all(item for row in rows if row for item in row)


@settings(deadline=None)
@given(HOSTILE, st.from_regex(r"[a-z]{1,8}", fullmatch=True))
def test_a_tag_between_spaces_is_always_found(text: str, tag: str) -> None:
    assert hashtags(pa.array([f"{text} #{tag}"])).to_pylist()[0][-1] == tag


@pytest.mark.parametrize(
    "text", ["#1" * 200_000, "#" * 400_000, "@a." * 150_000, "http://x.y/" + ")" * 400_000, "https://" * 50_000, "&" * 400_000]
)
def test_hostile_texts_take_linear_time(text: str) -> None:
    started = time.process_time()
    for find in (hashtags, links, lambda array: mentions(array, "x"), lambda array: mentions(array, "bluesky")):
        find(pa.array([text]))
    assert time.process_time() - started < 5  # measured 0.1 to 0.5 s; quadratic would be minutes
