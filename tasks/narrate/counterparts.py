"""The same story in another language: narratives that no word joins, linked where something else does.

Two kinds of evidence, each enough. The campaign file's codebook has patterns for both languages, which is a translation by a person, and
both narratives fall into that category. Or their posts share links, pictures or hashtags beyond chance: hypergeometric over all those
of the narratives' posts, Bonferroni over the pairs. Accounts, hosts and days are no evidence: one team shares them between all its themes.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from tasks.domain.frames import flatten_lists
from tasks.domain.narratives import Narrative
from tasks.narrate.codebook import UNCODED

MAX_P = 0.01  # over all pairs
MIN_SHARED = 3  # distinct links, pictures and hashtags
MIN_POSTS = 10  # in the period
MAIN = 0.8  # of them in one language
_KINDS = ("urls", "media_hashes", "hashtags")


def linked(
    items: Sequence[Narrative], marks: pd.DataFrame, codebook: Mapping[str, Mapping[str, Sequence[str]]]
) -> tuple[Narrative, ...]:
    """`items` with counterpart and counterpart_evidence. `marks`: narrative_id and mark, distinct (`shared_marks`).

    A pair is linked if each is the other's best: by marks first (least p), else in one category the two with most posts of their
    languages. A narrative has one counterpart at most, and links are mutual.
    """
    spoken = {item.narrative_id: language_of(item) for item in items if item.posts >= MIN_POSTS}
    able = [item for item in items if spoken.get(item.narrative_id, "und") != "und"]
    found = _by_marks(able, spoken, marks)
    found |= _by_category([item for item in able if item.narrative_id not in found], spoken, codebook)
    return tuple(
        item.model_copy(update=dict(zip(("counterpart", "counterpart_evidence"), found[item.narrative_id], strict=True)))
        if item.narrative_id in found
        else item
        for item in items
    )


def language_of(item: Narrative) -> str:
    """Primary language of at least `MAIN` of the period's posts; und if there is none. In week 36 of 2017 English narratives with a few
    posts that the source calls German were linked with other English ones."""
    counts: dict[str, int] = {}
    for code, posts in item.languages.items():
        primary = code.split("-")[0].lower()
        counts[primary] = counts.get(primary, 0) + posts
    main = max(counts, key=lambda code: (counts[code], code), default="und")
    return main if counts and counts[main] >= MAIN * item.posts else "und"


def shared_marks(posts: pd.DataFrame, narrative_id: Sequence[str], cluster: np.ndarray) -> pd.DataFrame:
    """narrative_id and mark of every link, picture and hashtag of `posts` (POSTS), distinct. `cluster`: place in `narrative_id`, or -1."""
    parts = []
    for kind in _KINDS:
        row, value = flatten_lists(posts, kind)
        inside = cluster[row] >= 0
        names = np.asarray(narrative_id, object)[cluster[row][inside]]
        parts.append(pd.DataFrame({"narrative_id": names, "mark": kind + " " + value[inside].astype(object)}))
    return pd.concat(parts, ignore_index=True).drop_duplicates()


def _by_marks(items: Sequence[Narrative], spoken: Mapping[str, str], marks: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Counterpart and evidence by narrative_id, of pairs whose shared marks are more than chance."""
    known = {str(name): frozenset(held) for name, held in marks.groupby("narrative_id")["mark"]}
    pairs = [(one.narrative_id, two.narrative_id) for one, two in combinations(items, 2)]
    pairs = [(one, two) for one, two in pairs if spoken[one] != spoken[two] and one in known and two in known]
    whole, claims = int(marks["mark"].nunique()), []
    for one, two in pairs:
        both = len(known[one] & known[two])
        if both >= MIN_SHARED:
            p = float(hypergeom.sf(both - 1, whole, len(known[one]), len(known[two]))) * len(pairs)
            if p <= MAX_P:
                claims.append((p, -both, one, two))
    return _mutual(
        [(one, two, f"{-shared} links, pictures or hashtags in common, more than chance") for _, shared, one, two in sorted(claims)]
    )


def _by_category(
    items: Sequence[Narrative], spoken: Mapping[str, str], codebook: Mapping[str, Mapping[str, Sequence[str]]]
) -> dict[str, tuple[str, str]]:
    """The same for pairs of one category of the codebook that has patterns for both of their languages."""
    largest: dict[tuple[str, str], Narrative] = {}
    for item in sorted(items, key=lambda one: (-sum(step.posts for step in one.trend), one.narrative_id)):
        if item.category != UNCODED and spoken[item.narrative_id] in _languages(codebook.get(item.category, {})):
            largest.setdefault((item.category, spoken[item.narrative_id]), item)
    pairs = combinations(largest, 2)  # most posts first
    return _mutual(
        [
            (largest[one].narrative_id, largest[two].narrative_id, f"both in the codebook's category {one[0]}")
            for one, two in pairs
            if one[0] == two[0]
        ]
    )


def _languages(patterns: Mapping[str, Sequence[str]]) -> set[str]:
    return {code.split("-")[0].lower() for code, given in patterns.items() if given}


def _mutual(pairs: Iterable[tuple[str, str, str]]) -> dict[str, tuple[str, str]]:
    """Pairs, best first, whose two were not in a better one."""
    found: dict[str, tuple[str, str]] = {}
    for one, two, evidence in pairs:
        if one not in found and two not in found:
            found[one], found[two] = (two, evidence), (one, evidence)
    return found
