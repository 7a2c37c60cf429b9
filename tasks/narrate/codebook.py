"""The analysts' own categories: patterns by language, matched in linear time (RE2)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.domain.errors import UsageProblem
from tasks.domain.patterns import checked_pattern

UNCODED = "uncoded"
MIN_COVERED = 0.5  # a narrative takes a category when at least half of its posts match it
_ANY = ("any", "*", "und")


def first_categories(texts: pd.Series, langs: pd.Series, codebook: Mapping[str, Mapping[str, Sequence[str]]]) -> pd.Series:
    """One category a text: the first in the file's order that matches, else `uncoded`. Equal texts are matched once."""
    text, lang = (pd.factorize(column, use_na_sentinel=True) for column in (texts, langs))
    pair = (text[0].astype(np.int64) + 1) * (len(lang[1]) + 1) + (lang[0] + 1)  # 0 = null
    distinct, place = np.unique(pair, return_inverse=True)
    words = pd.Series([None, *text[1]], dtype="str")[distinct // (len(lang[1]) + 1)]
    tongues = pd.Series([None, *lang[1]], dtype="str")[distinct % (len(lang[1]) + 1)]
    hits = matches(words.reset_index(drop=True), tongues.reset_index(drop=True), codebook)
    names = np.array([*hits.columns, UNCODED], dtype=object)
    found = np.column_stack([hits.to_numpy(bool), np.ones(len(hits), bool)]) if len(hits.columns) else np.ones((len(hits), 1), bool)
    return pd.Series(names[found.argmax(axis=1)][place], index=texts.index)


def check_codebook(codebook: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    """Raise UsageProblem naming category, language and pattern for a pattern that RE2 does not accept."""
    for category, languages in codebook.items():
        if category == UNCODED:
            raise UsageProblem(
                f"The codebook has a category called {UNCODED!r}.", remedy="Rename it: the word marks what no category covers."
            )
        for language, patterns in languages.items():
            for pattern in patterns:
                _check(category, language, pattern)


def _check(category: str, language: str, pattern: str) -> None:
    try:
        checked_pattern(pattern)
    except ValueError as error:
        raise UsageProblem(f"Codebook category {category!r} ({language}): {error}.", remedy="Write it in RE2 syntax.") from error


def matches(texts: pd.Series, langs: pd.Series, codebook: Mapping[str, Mapping[str, Sequence[str]]]) -> pd.DataFrame:
    """Which text matches which category: one boolean column a category, in the file's order, one row a text.

    Patterns are matched without case in texts of their language (primary subtag) and in texts whose language is not known; the
    language keys `any`, `*` and `und` match every text. Raises UsageProblem for a bad pattern.
    """
    check_codebook(codebook)
    array = pa.array(texts.fillna("").astype(object), pa.string())
    primary = primary_language(langs).to_numpy()
    columns: dict[str, np.ndarray] = {}
    for category, languages in codebook.items():
        hit = np.zeros(len(texts), bool)
        for language, patterns in languages.items():
            if not patterns:
                continue
            pattern = "|".join(f"(?:{p})" for p in patterns)
            found = pc.match_substring_regex(array, pattern, ignore_case=True).to_numpy(zero_copy_only=False).astype(bool)
            base = language.split("-")[0].lower()
            hit |= found if base in _ANY else found & ((primary == base) | (primary == "und"))
        columns[category] = hit
    return pd.DataFrame(columns, index=texts.index)


def primary_language(langs: pd.Series) -> pd.Series:
    """`zh-Hans` -> `zh`; null -> `und`."""
    return langs.fillna("und").str.split("-").str[0].str.lower().astype(object)


def category_of(hits: pd.DataFrame, mass: np.ndarray) -> str:
    """The category that covers most of the posts (`mass` per row of `hits`), if at least half of them; else `uncoded`."""
    if hits.empty or not hits.shape[1] or mass.sum() <= 0:
        return UNCODED
    covered = hits.to_numpy(bool).T.astype(float) @ mass / mass.sum()
    best = int(covered.argmax())
    return str(hits.columns[best]) if covered[best] >= MIN_COVERED else UNCODED
