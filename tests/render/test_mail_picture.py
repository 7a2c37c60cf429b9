"""The chart inside the mail."""

import io

import pytest
from PIL import Image
from sample_facts import full, nearly_empty, no_takedown, scripts

from reports.formats import count
from reports.mail_picture import mail_picture
from tasks.domain.facts import Facts


@pytest.mark.parametrize("facts", [full(), no_takedown(), scripts()], ids=["full", "no takedown", "scripts"])
def test_a_small_sharp_picture_on_its_own_ground(facts: Facts) -> None:
    picture = mail_picture(facts)
    assert picture is not None
    assert len(picture.png) < 60_000
    with Image.open(io.BytesIO(picture.png)) as image:
        assert image.width == 2 * picture.width
        assert image.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255)
        assert image.convert("L").getextrema()[0] < 60  # something dark is drawn
        assert b"Software" not in picture.png
    assert mail_picture(facts) == picture


def test_its_words_state_the_finding_with_numbers_of_the_facts() -> None:
    facts = full()
    picture, weeks = mail_picture(facts), facts.activity.weeks
    assert picture is not None
    for text in (picture.alt, picture.title):
        assert f"{count(weeks[-1].posts)} posts in the last whole week" in text
        assert count(max(week.posts for week in weeks)) in text
    assert "Takedown on 29 August 2023." in picture.alt
    other = mail_picture(no_takedown())
    assert other is not None
    assert "Takedown" not in other.alt


def test_nothing_is_drawn_of_nothing() -> None:
    facts = full()
    silent = tuple(week.model_copy(update={"posts": 0, "accounts": 0}) for week in facts.activity.weeks)
    for weeks in ((), facts.activity.weeks[:1], silent):
        activity = facts.activity.model_copy(update={"weeks": weeks})
        assert mail_picture(facts.model_copy(update={"activity": activity})) is None
    assert mail_picture(nearly_empty()) is None
