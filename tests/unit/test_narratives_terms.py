"""Texts to terms: words where a script has spaces, character pairs where it has none."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tasks.narrate.clustering import log_frequencies
from tasks.narrate.terms import long_enough, simplified, terms_of


def _terms(text: str) -> set[str]:
    terms = terms_of(pd.Series([text], dtype="str"))
    return set(terms.vocabulary[terms.counts.indices])


def test_english_words_without_links_mentions_and_stop_words() -> None:
    assert _terms("Don't trust the NEWS, @someone! https://t.co/abc 2023 [url]") == {"trust", "news"}


def test_traditional_and_simplified_chinese_meet() -> None:
    assert _terms("香港警察") == _terms("香港警察") == {"香港", "港警", "警察"}
    assert _terms("臺灣問題") == _terms("台湾问题")
    assert simplified("滅火") == "灭火"


def test_mixed_scripts_and_zero_width_characters() -> None:
    assert _terms("稻田water\u200bfall稻田") == {"稻田", "waterfall"}


def test_counts_are_of_the_text_they_come_from() -> None:
    terms = terms_of(pd.Series(["rice rice", None, "稻田 rice 稻田"], dtype="str"))
    column = {name: i for i, name in enumerate(terms.vocabulary)}
    dense = terms.counts.toarray()
    assert dense[:, column["rice"]].tolist() == [2, 0, 1]
    assert dense[:, column["稻田"]].tolist() == [0, 0, 2]


def test_lengths_below_which_nothing_is_copypasta() -> None:
    texts = ["a" * 20, "a" * 19, "稻" * 10, "稻" * 9, "https://example.org/very/long/link", None]
    assert long_enough(pd.Series(texts, dtype="str")).tolist() == [True, False, True, False, False, False]


@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_texts_give_rows_of_length_one_or_zero(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    terms = terms_of(pd.Series(texts, dtype="str"))
    assert terms.counts.shape == (len(texts), len(terms.vocabulary))
    assert list(terms.vocabulary) == sorted(set(terms.vocabulary))
    length = (
        np.sqrt(np.asarray(log_frequencies(terms).power(2).sum(axis=1)).ravel()) if len(terms.vocabulary) else np.zeros(len(texts))
    )
    assert np.all(np.isclose(length, 1, atol=1e-4) | (length == 0))
