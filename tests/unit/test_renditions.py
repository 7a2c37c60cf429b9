"""What a lower rendition may hold: every field decided, no number changed, nothing named, nothing of the team's workings."""

import re
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.domain.campaign import TLP_ORDER, Campaign
from tasks.domain.errors import UsageProblem
from tasks.domain.facts import Facts, Predecessor, read_facts
from tasks.domain.measures import NotMeasurable
from tasks.domain.pseudonyms import pseudonym
from tasks.domain.records import Record
from tasks.domain.rendition_fields import FIELDS, holds_words, kind_of, models
from tasks.domain.rendition_words import occurring_names, workings_of
from tasks.domain.renditions import HOLDS, NOT_QUOTED, Known, leaves, lower_rendition, quotes_in, what_is_left_out
from tasks.domain.sweeping import Terms, identifiers, swept

sys.path.insert(0, str(Path(__file__).parents[1] / "render"))
from sample_facts import full

KEY = b"a key of sixteen"
NOBODY = Known({}, frozenset(), {}, {}, frozenset(), frozenset(), KEY)
NONE = Terms({})


def strings(facts: Facts) -> set[str]:
    return {value for _, _, value in leaves(facts) if isinstance(value, str)}


def numbers(facts: Facts) -> list[tuple[str, float]]:
    """Field and value of every number, in order."""
    return [
        (f"{type(owner).__name__}.{name}", leaf)
        for owner, name, leaf in leaves(facts)
        if isinstance(leaf, int | float) and not isinstance(leaf, bool)
    ]


def test_of_every_field_it_is_decided_what_a_rendition_does_with_it() -> None:
    """Whoever adds a field that can hold a word or an instant to facts.json must say in tasks/domain/rendition_fields.py what it is."""
    there = {
        f"{model.__name__}.{name}" for model in models() for name, f in model.model_fields.items() if holds_words(f.annotation)
    }
    assert there - set(FIELDS) == set(), "not decided"
    assert set(FIELDS) - there == set(), "no such field"
    names = [model.__name__ for model in models()]
    assert len(names) == len(set(names)) > 60  # two records of one name would share a decision


def test_a_field_nobody_has_decided_on_is_refused() -> None:
    class Novelty(Record):
        secret: str
        when: datetime | None
        many: tuple[int, ...]

    assert kind_of(Novelty, "many") == "kept"
    for name in ("secret", "when"):
        with pytest.raises(UsageProblem, match=rf"Novelty\.{name}"):
            kind_of(Novelty, name)


@pytest.mark.parametrize("label", TLP_ORDER)
def test_numbers_are_the_same_under_every_label(label: Any) -> None:
    facts = read_facts(full().to_bytes())  # in the order of the file
    made = lower_rendition(facts, label, NOBODY, None)
    assert numbers(made) == numbers(facts)
    assert len(numbers(facts)) > 1_000
    assert made.campaign.tlp == label
    assert (made.judgements.key_figures, made.activity, made.takedowns[0].rebuild_index) == (
        facts.judgements.key_figures,
        facts.activity,
        facts.takedowns[0].rebuild_index,
    )


def test_clear_names_nobody_and_amber_everybody() -> None:
    facts = full()
    assert isinstance(facts.takedowns[0].successors, tuple)
    pair = facts.takedowns[0].successors[0]
    handles = {pair.lost, pair.later, *(node.name for node in getattr(facts.coordination.network, "nodes", ()))}
    posts = {post.split("/")[1] for post in quotes_in(facts)} | {post for one in pair.evidence for post in one.posts}
    queries = {query.query_id for query in facts.coverage.queries} | {batch.source for batch in facts.inputs.batches}
    assert len(handles) > 20
    assert len(posts) > 5
    everything = handles | posts | queries
    assert everything <= strings(facts)
    for label in ("CLEAR", "GREEN"):
        text = lower_rendition(facts, label, NOBODY, None).to_bytes().decode()  # type: ignore[arg-type]
        assert [word for word in everything if word in text] == []
    amber = lower_rendition(facts, "AMBER", NOBODY, None)
    assert handles | posts <= strings(amber)
    assert [word for word in queries if word in amber.to_bytes().decode()] == []
    assert everything <= strings(lower_rendition(facts, "AMBER+STRICT", NOBODY, None))


def test_who_is_public_is_named_and_others_stand_under_the_pseudonym_of_their_account() -> None:
    facts = full()
    lost = facts.takedowns[0].successors[0].lost  # type: ignore[union-attr]
    later = facts.takedowns[0].successors[0].later  # type: ignore[union-attr]
    accounts = {lost: frozenset({"facebook/1"}), later: frozenset({"facebook/2"})}
    made = lower_rendition(facts, "CLEAR", Known(accounts, frozenset({"facebook/1"}), {}, {}, frozenset(), frozenset(), KEY), None)
    pair = made.takedowns[0].successors[0]  # type: ignore[union-attr]
    assert (pair.lost, pair.later) == (lost, pseudonym(KEY, "facebook", "2", kind="account"))
    assert [(one.detail, one.posts) for one in pair.evidence] == [("", ())] * len(pair.evidence)
    both = Known(accounts, frozenset({"facebook/1", "facebook/2"}), {}, {}, frozenset(), frozenset(), KEY)
    assert lower_rendition(facts, "CLEAR", both, None).takedowns[0].successors[0] == facts.takedowns[0].successors[0]  # type: ignore[union-attr,index]
    shared = {lost: frozenset({"facebook/1", "x/9"})}  # a name that two accounts bear, one of them not public
    made = lower_rendition(facts, "CLEAR", Known(shared, frozenset({"facebook/1"}), {}, {}, frozenset(), frozenset(), KEY), None)
    assert made.takedowns[0].successors[0].lost != lost  # type: ignore[union-attr]


def test_a_text_is_quoted_if_three_accounts_posted_it_or_its_author_is_public() -> None:
    facts = full()
    item = facts.narratives.items[0]
    post = f"{item.quote.platform}/{item.quote.post_id}"

    def quoted(sharers: int, *public: str) -> Any:
        known = Known({}, frozenset(public), {post: "x/7"}, {post: sharers}, frozenset(), frozenset(), KEY)
        return lower_rendition(facts, "CLEAR", known, None).narratives.items[0].quote

    assert quoted(2).text == NOT_QUOTED
    assert (quoted(3).text, quoted(3).post_id) == (item.quote.text, "")
    assert quoted(3).posted_at == item.quote.posted_at.replace(hour=0, minute=0, second=0)
    assert quoted(0, "x/7") == item.quote


def test_names_and_workings_leave_the_sentences_as_they_left_the_fields() -> None:
    facts = full()
    query = facts.coverage.queries[0].query_id
    said = f"{query} and canary_handle7 and the note of ours: ask Canary. Facebook stays."
    facts = facts.model_copy(update={"limits": (said, *facts.limits)})
    known = Known({}, frozenset(), {}, {}, frozenset({"canary_handle7", "facebook"}), frozenset({"ask Canary"}), KEY)
    clear = lower_rendition(facts, "CLEAR", known, None).limits[0]
    assert "Facebook stays" in clear  # a handle that is a plain word garbles no sentence
    assert [word for word in (query, "canary_handle7", "Canary") if word in clear] == []
    amber = lower_rendition(facts, "AMBER", known, None).limits[0]
    assert "canary_handle7" in amber
    assert [word for word in (query, "Canary") if word in amber] == []
    assert lower_rendition(facts, "AMBER+STRICT", known, None).limits[0] == said


def test_a_label_that_is_a_name_is_left_out_of_the_terms_and_of_what_is_said_with_them() -> None:
    facts = full()
    item = facts.narratives.items[0].model_copy(update={"label": ("harbour", "@somebody", "canaryhandle")})
    facts = facts.model_copy(
        update={
            "narratives": facts.narratives.model_copy(update={"items": (item, *facts.narratives.items[1:])}),
            "limits": ("The largest is “harbour, canaryhandle”.",),
        }
    )
    made = lower_rendition(facts, "CLEAR", Known({}, frozenset(), {}, {}, frozenset({"CanaryHandle"}), frozenset(), KEY), None)
    assert made.narratives.items[0].label == ("harbour",)
    assert made.limits == ("The largest is “harbour, [account]”.",)


def test_a_rendition_names_the_predecessor_of_its_label_and_says_what_it_lacks() -> None:
    before = Predecessor(period="2023-W43", edition="c" * 64)
    made = lower_rendition(full(), "CLEAR", NOBODY, before)
    assert made.inputs.predecessor == before
    assert made.left_out == what_is_left_out("CLEAR")
    assert len(made.left_out) == 5
    assert full().left_out == ()
    assert made.coordination.edges_file is None
    assert made.impact.top_post == NotMeasurable(reason="left out of this rendition")
    assert [label for label, holds in HOLDS.items() if not holds.names] == ["CLEAR", "GREEN"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ask @mei_lin.90, not ＠mei or a@b", "ask [account], not [account] or a[account]"),
        ("write to anna.b@mail.example today", "write to [address] today"),
        ("hxxps://x[.]com/anna/status/1 and hxxps://www[.]t[.]me/chan", "[link] and [link]"),
        ("see bit[.]ly/3xyz", "see [link]"),
        ("hxxps://norvale-view[.]example/42/anna?u=1 holds", "norvale-view[.]example/… holds"),
        ("norvale-view[.]example", "norvale-view[.]example"),
        ("http://raw.example/anna", "[link]"),
        ("by @known_one", "by @known_one"),
        ("版权@李娜 说", "版权[account] 说"),
    ],
)
def test_mentions_addresses_and_links_into_platforms_leave_a_quote(text: str, left: str) -> None:
    assert swept(text, NONE, kept_mentions=frozenset({"known_one"})) == left


@given(st.text("ab_1@ .", max_size=30), st.sets(st.text("ab_1", min_size=3, max_size=5), max_size=3))
def test_no_term_stands_as_a_word_after_it_was_taken_out(text: str, terms: set[str]) -> None:
    gone = Terms(dict.fromkeys(terms, "[account]"))
    assert not gone.stand_in(gone.taken_out_of(text))


_LETTERS = "abAB1_ .#李娜ßéſıİK"


@given(st.text(_LETTERS, max_size=30), st.sets(st.text(_LETTERS, min_size=1, max_size=5), max_size=6))
def test_terms_are_met_where_a_pattern_of_all_of_them_meets_them(text: str, terms: set[str]) -> None:
    """The same by one regular expression, the longest term first, which folds İ, ı and ß in other ways than by characters."""
    plain = [term for term in terms if term.strip()]
    gone = Terms({term: f"<{len(term)}>" for term in plain})
    ordered = sorted(plain, key=lambda term: (-len(term), term))
    word = "[A-Za-z0-9_]"
    pattern = "|".join(
        (f"(?<!{word})" if re.match(word, term, re.IGNORECASE) else "")
        + re.escape(term)
        + (f"(?!{word})" if re.search(f"{word}$", term, re.IGNORECASE) else "")
        for term in ordered
    )
    expected = re.sub(pattern, lambda met: f"<{len(met[0])}>", text, flags=re.IGNORECASE) if ordered else text
    assert gone.taken_out_of(text) == expected
    assert gone.stand_in(text) == (expected != text)


@pytest.mark.parametrize("text", ["by Straße_24 today", "by STRAßE_24 today", "by straße_24"])
def test_a_name_with_a_letter_whose_fold_is_two_is_taken_out(text: str) -> None:
    assert "24" not in Terms({"Straße_24": "[account]"}).taken_out_of(text)


def test_names_of_several_words_and_of_other_scripts_are_found_and_plain_words_of_outsiders_are_not() -> None:
    import pandas as pd

    observations = pd.DataFrame(
        [
            ("x", "1", "harbour", "Norvale Harbour Watch"),  # of the list
            ("x", "22000222", "bridge", "李娜旅行"),
            ("x", "3", "takedown", "Posts"),  # nobody's
            ("x", "4", "misty_lark24", None),
            ("x", "5", "green_owl_77", "named in public"),
        ],
        columns=["platform", "account_id", "handle", "display_name"],
    ).astype("str")
    posts = pd.DataFrame({"platform": "x", "account_id": ["3", "5"], "post_id": ["9000001", "9000002"]}).astype("str")
    text = "The takedown of harbour, by norvale harbour watch and 李娜旅行 (22000222), misty_lark24 in posts 9000001, 9000002; green_owl_77"
    found = occurring_names([text], observations, posts, frozenset({"x/1", "x/2"}), frozenset({"x/5"}))
    assert found == {"harbour", "Norvale Harbour Watch", "misty_lark24", "9000001", "22000222"} | ({"李娜旅行"} & found)
    assert identifiers(["facebook", "misty_lark24", "a_1"]) == {"misty_lark24"}


def test_workings_are_what_analysts_wrote_and_sources_are_asked_but_not_what_every_reader_finds() -> None:
    plan = Campaign.model_validate(
        {
            "slug": "c",
            "title": "Canary Bridge",
            "sources": [
                {"name": "s", "kind": "bluesky", "options": {"queries": [{"text": "secret words"}, {"text": "Canary Bridge"}]}}
            ],
            "membership": {
                "seeds": [{"platform": "x", "account_id": "1", "known_at": date(2023, 1, 1), "reason": "told by a friend"}],
                "decisions": [
                    {
                        "platform": "x",
                        "account_id": "2",
                        "decision": "rejected",
                        "on": date(2023, 1, 1),
                        "by": "analyst seven",
                        "reason": "a shop",
                    }
                ],
            },
        }
    )
    assert workings_of(plan, plan) == {"secret words", "told by a friend", "analyst seven", "a shop"}


@pytest.mark.parametrize(
    ("tlp", "lower", "said"),
    [
        ("AMBER", ["AMBER"], "each must be lower than tlp: AMBER; below AMBER there are CLEAR, GREEN"),
        ("GREEN", ["CLEAR", "RED"], "renditions names RED"),
        ("CLEAR", ["CLEAR"], "there is no label below CLEAR"),
        ("AMBER", ["CLEAR", "CLEAR"], "a label twice"),
    ],
)
def test_renditions_are_lower_than_the_label_of_the_full_briefing(tlp: str, lower: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Campaign.model_validate({"slug": "c", "title": "C", "tlp": tlp, "renditions": lower})
    assert Campaign.model_validate({"slug": "c", "title": "C", "tlp": "RED", "renditions": ["CLEAR", "AMBER"]}).renditions
