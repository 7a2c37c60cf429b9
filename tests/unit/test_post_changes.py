"""Posts that were edited or are gone: counted as far as a source told it, and not measured where none does."""

import pandas as pd

from tasks.activity.post_changes import PostChanges, post_changes


def states(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame([("x", *row) for row in rows], columns=["platform", "post_id", "state"], dtype="str")


def sightings(*rows: tuple[str, str | None]) -> pd.DataFrame:
    return pd.DataFrame([("x", *row) for row in rows], columns=["platform", "post_id", "text"], dtype="str")


POSTS = pd.DataFrame({"platform": "x", "post_id": ["1", "2", "3"]}, dtype="str")


def test_where_nothing_is_told_nothing_is_counted() -> None:
    assert post_changes(POSTS, states(), sightings(), "x") == PostChanges(0, None, None)
    elsewhere = post_changes(POSTS, states(("1", "deleted")), sightings(("1", "a"), ("1", "b")), "youtube")
    assert elsewhere == PostChanges(0, None, None)


def test_an_edit_is_told_or_seen_by_another_text() -> None:
    twice = sightings(("1", "reeds"), ("1", "reeds, edited"), ("2", "rain"), ("2", None), ("9", "a"), ("9", "b"))
    assert post_changes(POSTS, states(("3", "edited"), ("1", "edited")), twice, "x") == PostChanges(2, 2, None)
    assert post_changes(POSTS, states(), sightings(("2", "rain"), ("2", "rain")), "x") == PostChanges(1, 0, None)


def test_the_last_time_a_post_was_asked_for_decides() -> None:
    told = states(("1", "deleted"), ("2", "deleted"), ("2", "seen"), ("3", "seen"), ("8", "deleted"))
    assert post_changes(POSTS, told, sightings(), "x") == PostChanges(0, None, 1)
