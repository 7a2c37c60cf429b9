"""Labels a reader understands: whole words and phrases, written as the texts write them, none cut out of a longer one."""

import numpy as np
import pytest
from scipy import sparse

from tasks.narrate.labels import HELD, LABEL_TERMS, label, share_held
from tasks.narrate.phrases import Phrases

LAKE = [
    "The Lake Orlin council cannot agree on a door",
    "Nobody likes the Lake Orlin council, they say",
    "Again the Lake Orlin council sings",
    "Why does the Lake Orlin council sleep?",
]


def named(texts: list[str], terms: list[str]) -> tuple[str, ...]:
    """The label where `terms` are the best ones, best first."""
    scores = sparse.csr_array(np.arange(len(terms), 0, -1, dtype=float)[None, :])
    return label(scores, 0, np.asarray(terms, object), texts)


def test_a_term_becomes_the_phrase_of_the_texts() -> None:
    assert named(LAKE, ["orlin", "council", "lake"]) == ("Lake Orlin council",)


def test_a_phrase_needs_three_places_and_most_of_the_term() -> None:
    assert Phrases(LAKE[:2], {"council"}).best("council") == "council"
    often = [*LAKE, "council of ferrymen", "a council meets", "one council too many"]
    assert Phrases(often, {"council"}).best("council") == "council"  # 4 of 7 places are too few


def test_no_phrase_is_cut_out_of_a_longer_one() -> None:
    same = [f"{head} the grand old harbour bridge of Norvale fell" for head in ("Today", "They say", "Look")]
    found = Phrases(same, {"bridge"}).best("bridge")
    assert found in {"bridge", "grand old harbour bridge of Norvale"}
    assert "grand old harbour" not in found


def test_no_stop_word_at_either_end_and_no_link() -> None:
    texts = [f"{word} at the ferry of the north https://example.org/ferry{word} @ferry" for word in ("we", "they", "you", "all")]
    assert Phrases(texts, {"ferry"}).best("ferry") in {"ferry", "ferry of the north"}
    assert Phrases(texts, {"example"}).best("example") == ""


@pytest.mark.parametrize(
    ("texts", "term", "expected"),
    [
        (["we thank nato", "they like NATO", "all of NATO"], "nato", "NATO"),
        (["It is a SHOCKING thing", "a SHOCKING thing it is", "his SHOCKING day"], "shocking", "Shocking"),
        (["Bridge fell", "the bridge stood", "a bridge sank"], "bridge", "bridge"),  # a capital at the head says nothing
        (["die schöne Brücke fiel", "eine Brücke", "jene Brücke"], "brücke", "Brücke"),
        (["в Санкт-Петербурге дождь", "мы в Санкт-Петербурге", "там"], "петербурге", ""),  # one word of the texts, not a part of it
    ],
)
def test_words_are_written_as_the_texts_write_them(texts: list[str], term: str, expected: str) -> None:
    assert Phrases(texts, {term}).best(term) == expected


def test_one_thing_is_named_once() -> None:
    texts = [f"{head} TopicOctober. Again {head} Topic October" for head in ("so", "now", "we say", "they say")]
    assert named(texts, ["topicoctober", "october", "topic"]) in {("TopicOctober",), ("Topic October",)}


def test_cries_and_filler_words_of_other_languages_name_nothing() -> None:
    texts = ["BREAKING la diga del nord", "LOL la diga del sud", "Wow la diga di ieri"]
    assert named(texts, ["breaking", "la", "lol", "diga", "di"]) == ("diga",)


def test_chinese_words_are_whole() -> None:
    texts = ["灯塔夜里睡不着，花园节开始了", "他说灯塔夜里睡不着", "今年花园节很好", "我们去看花园节吧", "老人也爱花园节"]
    found = named(texts, ["花园", "睡不", "园节"])
    assert found == ("花园节",)


def test_beside_a_phrase_of_most_texts_stands_no_turn_of_phrase_of_a_few() -> None:
    texts = [
        *LAKE * 3,
        "The Lake Orlin council made the south bank forget",
        "How the Lake Orlin council made the south bank forget",
    ]
    assert named(texts, ["forget", "bank", "council", "south"]) == ("Lake Orlin council",)


def test_a_word_is_told_by_what_stands_beside_it_but_not_by_verbs() -> None:
    texts = [
        "Irma hits Florida",
        "Irma keeps coming",
        "Now Irma reaches Florida",
        "What Irma shows",
        "Irma keeps its way",
        "Irma shows it",
    ]
    assert named(texts, ["keeps", "irma", "shows", "florida"]) == ("Irma", "Florida")
    assert named(["keeps", "he keeps", "she keeps it"], ["keeps"]) == ("keeps",)  # nothing else is there


def test_no_phrase_ends_with_what_is_done() -> None:
    texts = ["Our yard deserves a picture", "This yard deserves a card", "Her yard deserves a song", "A yard deserves it"]
    assert named(texts, ["yard", "deserves"]) == ("yard",)
    assert named(["Dems snub Harvey", "Reps snub Harvey", "A snub for Harvey"], ["snub", "harvey"]) == ("Harvey",)


def test_a_tag_made_of_a_phrase_is_the_phrase() -> None:
    texts = [f"{text} #LakeOrlin" for text in LAKE]
    assert named(texts, ["council", "lakeorlin"]) == ("Lake Orlin council",)


def test_shares_count_whole_words_only() -> None:
    texts = ["The bridges fell", "A bridge, fell", "Lake-Orlin's council", "花园节很好"]
    assert share_held(["bridge", "花园节", "Lake Orlin"], texts) == {"bridge": 0.25, "花园节": 0.25, "Lake Orlin": 0.0}
    assert share_held(["lake"], texts) == {"lake": 0.25}


@pytest.mark.parametrize("terms", [["orlin", "council", "door", "sleep", "nobody"], ["sings", "likes", "agree", "lake", "door"]])
def test_every_term_stands_whole_in_enough_texts(terms: list[str]) -> None:
    found = named(LAKE * 5, terms)
    assert 0 < len(found) <= LABEL_TERMS
    assert min(share_held(list(found), LAKE * 5).values()) >= HELD
