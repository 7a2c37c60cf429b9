"""Platforms by the names they have in print."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.domain.platforms import PLATFORM_NAMES, platform_name, platform_names


def test_known_platforms_have_the_spelling_of_their_owners() -> None:
    assert [platform_name(key) for key in ("youtube", "x", "vk", "tiktok")] == ["YouTube", "X", "VK", "TikTok"]
    assert platform_name("somewhere-new") == "somewhere-new"


def test_lists_of_platforms_read_as_sentences_do() -> None:
    assert platform_names([]) == ""
    assert platform_names(["x"]) == "X"
    assert platform_names(["facebook", "x"]) == "Facebook and X"
    assert platform_names(["facebook", "instagram", "youtube"]) == "Facebook, Instagram and YouTube"


@given(st.lists(st.sampled_from(sorted(PLATFORM_NAMES)), unique=True))
def test_a_list_names_every_platform_once_and_in_order(platforms: list[str]) -> None:
    assert platform_names(platforms).replace(" and ", ", ").split(", ") == ([platform_name(key) for key in platforms] or [""])
