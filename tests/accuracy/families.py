"""How many copies of a text are recognised, change by change and script by script? Writes docs/families.md: ./run families

A smaller form runs with the ordinary tests (test_families_accuracy.py).
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import variants  # noqa: E402

from tasks.detect.families import text_families  # noqa: E402

PAGE = HERE.parents[1] / "docs" / "families.md"
EACH, SEED = 100, 20230829


def sorted_into_families(texts: list[variants.Text]) -> pd.DataFrame:
    """The columns of Text and `family`; texts count as posted in their order."""
    frame = pd.DataFrame(texts)
    posts = pd.DataFrame(
        {
            "platform": pd.Series(["x"] * len(frame), dtype="str"),
            "post_id": [f"p{i:07d}" for i in range(len(frame))],
            "posted_at": pd.date_range("2023-05-01", periods=len(frame), freq="s", tz="UTC").as_unit("us"),
            "text": frame["text"].astype("str"),
        }
    )
    return frame.assign(family=text_families(posts)["family_id"].to_numpy())


def recognised(found: pd.DataFrame) -> pd.DataFrame:
    """One row a copy: `right`, whether it is in its original's family; `wrong`, whether that family also holds a text of another one."""
    own = found[found["change"] == "original"].set_index("original")["family"]
    copies = found[~found["change"].isin(["original", "sibling"])]
    return copies.assign(right=(copies["family"] == copies["original"].map(own)).to_numpy())


def precision(found: pd.DataFrame) -> tuple[int, int]:
    """(pairs of texts in one family that say the same, all pairs in one family)."""
    of_family = found.groupby("family").size().to_numpy()
    of_both = found.groupby(["family", "original"]).size().to_numpy()
    return int((of_both * (of_both - 1) // 2).sum()), int((of_family * (of_family - 1) // 2).sum())


def wrong_with(found: pd.DataFrame) -> pd.Series:
    """By change: share of the texts that stand in a family with a text of another original."""
    many = found.groupby("family")["original"].transform("nunique")
    return (many > 1).groupby(found["change"]).mean()


HEAD = """# Text families: what is recognised as a copy

Written by `./run families`; do not edit. {texts:,} made-up texts (`tests/accuracy/variants.py`): {each} originals for each of six
scripts and three lengths (short: 40 to 70 characters as families count them, a CJK one being two; middle: 90 to 150; long: 200 to 270),
one copy of each original for every change, and for every original a sibling that is *not* a copy: every third word is another one. All
are sorted in one run, in a random order of age. Words are drawn at random, so the figures say what the method does to such changes,
not how often campaigns make them.

**Precision.** Of {pairs:,} pairs of texts in one family {right:,} say the same: {precision:.4f}. Siblings that stand in a family with a
text they are no copy of: {siblings:.2%}.

**Recall**: share of the copies that are in the family of their original. Empty: that change does not exist in that script.
"""

TAIL = """
What is not recognised, and why. *One word exchanged*, *hashtags behind* and *number behind* add to what is said or change it; a copy then
counts where the Jaccard index of the 5-grams is still 0.8, which a short text with another word does not reach. *Cut short*: what is left
must have 40 characters (20 CJK) and begin the text that founded the family. *Letters of another script* are recognised by words that mix
the two alphabets.
"""


def page(texts: list[variants.Text], each: int) -> str:
    """The whole page."""
    found = sorted_into_families(texts)
    copies = recognised(found)
    right, pairs = precision(found)
    siblings = float(wrong_with(found)["sibling"])
    text = HEAD.format(texts=len(found), each=each, pairs=pairs, right=right, precision=right / pairs, siblings=siblings)
    return text + _table(copies, "script", list(variants.WORDS)) + "\n" + _table(copies, "length", list(variants.LENGTHS)) + TAIL


def _table(copies: pd.DataFrame, by: str, columns: Iterable[str]) -> str:
    share = copies.pivot_table(index="change", columns=by, values="right", aggfunc="mean").reindex(columns=list(columns))
    share = share.reindex(list(variants.CHANGES)).assign(all=copies.groupby("change")["right"].mean())
    cell: Callable[[float], str] = lambda value: "" if np.isnan(value) else f"{value:.3f}"  # noqa: E731
    lines = [["change", *share.columns], ["---", *["---:"] * len(share.columns)]]
    lines += [[str(name), *map(cell, row)] for name, row in zip(share.index, share.to_numpy(), strict=True)]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    written = page(variants.corpus(EACH, SEED), EACH)
    sys.stdout.write(written)
    PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
