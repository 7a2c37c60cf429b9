"""A smaller form of docs/families.md, which `./run families` makes: fails if copies are no longer recognised."""

import families
import pandas as pd
import pytest
import variants

NOT_QUITE = {
    "hashtags behind": 0.93,
    "number behind": 0.95,
    "cut short": 0.78,
    'cut short, "..." and a link': 0.78,
    "one word exchanged": 0.55,
}


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    return families.sorted_into_families(variants.corpus(25, 7))


def test_a_family_holds_copies_of_one_text(found: pd.DataFrame) -> None:
    right, pairs = families.precision(found)
    assert pairs > 15_000
    assert right >= 0.999 * pairs
    assert families.wrong_with(found)["sibling"] <= 0.005


@pytest.mark.parametrize("change", variants.CHANGES)
def test_copies_are_recognised_in_every_script(found: pd.DataFrame, change: str) -> None:
    copies = families.recognised(found)
    share = copies[copies["change"] == change].groupby("script")["right"].mean()
    expected = variants.CHANGES[change][1] or tuple(variants.WORDS)
    assert set(share.index) == set(expected)
    least = NOT_QUITE.get(change, 0.995)
    assert share.mean() >= least
    assert share.min() >= least - 0.1


def test_changes_change_something_and_siblings_are_others() -> None:
    texts = variants.corpus(3, 1)
    plain = {text.original: text for text in texts if text.change == "original"}
    for text in texts:
        if text.change == "sibling":
            own = plain[-text.original - 1].text
            grams = [{one[at : at + 5] for at in range(len(one) - 4)} for one in (own, text.text)]
            assert len(grams[0] & grams[1]) / len(grams[0] | grams[1]) < 0.8
    unchanged = [
        text for text in texts if text.original >= 0 and text.change != "original" and text.text == plain[text.original].text
    ]
    assert len(unchanged) <= 0.05 * len(texts)  # a change may draw what was there: a line of one word, a script without spaces


def test_the_page_is_that_of_the_command() -> None:
    """The committed page names every change and every script; its figures are a run's of 100 originals each."""
    written = families.PAGE.read_text(encoding="utf-8")
    assert all(f"| {change} |" in written for change in variants.CHANGES)
    assert all(script in written for script in variants.WORDS)
