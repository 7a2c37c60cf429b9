"""The analyst's note of a period: read from its file, bounded, and kept out of renditions under lower labels."""

from pathlib import Path

import pytest
import sample_facts

from flows.campaign_file import campaign_slugs, load_campaign
from flows.notes import read_note
from reports.compose import compose, compose_facts
from reports.gate.check import lint
from reports.parts.notes import Run, note
from tasks.domain.errors import UsageProblem
from tasks.domain.facts import edition_of, read_facts
from tasks.domain.notes import MOST_BYTES, MOST_CHARACTERS, AnalystNote, parse_note
from tasks.domain.periods import parse_period
from tasks.domain.renditions import Known, lower_rendition
from tasks.store.local import LocalStore

WEEK = parse_period("2023-W44")
SAID = b"""---
by: Desk one
tlp: GREEN
---
Looks like a **second
wave**.

- one *thing*
- another
1. first
"""


def parsed(data: bytes) -> AnalystNote:
    found = parse_note(data, "n.md")
    assert found is not None
    return found


def store_with(tmp_path: Path, data: bytes | None, **stated: str) -> LocalStore:
    (tmp_path / "campaigns/small/notes").mkdir(parents=True)
    lines = {"slug": "small", "title": "Small", **stated}
    (tmp_path / "campaigns/small.yml").write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))
    if data is not None:
        (tmp_path / "campaigns/small/notes/2023-W44.md").write_bytes(data)
    return LocalStore(tmp_path)


def test_head_paragraphs_and_lists() -> None:
    found = parsed(SAID)
    assert (found.by, found.tlp, found.lang) == ("Desk one", "GREEN", "en")
    assert [(block.kind, block.text) for block in found.blocks] == [
        ("paragraph", "Looks like a **second wave**."),
        ("bullet", "one *thing*"),
        ("bullet", "another"),
        ("number", "first"),
    ]
    shown = note(found)
    assert shown is not None
    assert shown.parts[0].items == ((Run("Looks like a "), Run("second wave", bold=True), Run(".")),)
    assert shown.parts[1].items == ((Run("one "), Run("thing", italic=True)), (Run("another"),))


def test_without_a_head_it_is_amber_and_unsigned() -> None:
    assert (parsed(b"Words.").tlp, parsed(b"Words.").by) == ("AMBER", "")
    assert parsed(b"---\n---\nWords.").tlp == "AMBER"


@pytest.mark.parametrize("data", [b"", b"\n \n", b"---\ntlp: RED\n---\n"])
def test_no_words_are_no_note(data: bytes) -> None:
    assert parse_note(data, "n.md") is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"x" * (MOST_CHARACTERS + 1), "3,001 characters; 3,000"),
        (b"x" * (MOST_BYTES + 1), "bytes; 13,000"),
        (b"- a\n" * 61, "61 paragraphs and list items; 60"),
        (b"\xff\xfe", "not UTF-8"),
        (b"---\nby: me\nWords.", "line 1: the head"),
        (b"---\nby: me\ntlp: PINK\n---\nWords.", "line 3"),
        (b"---\nwho: me\n---\nWords.", "line 2: unknown key who"),
    ],
)
def test_what_cannot_be_a_note_is_told(data: bytes, said: str) -> None:
    with pytest.raises(UsageProblem, match=said):
        parse_note(data, "n.md")


def test_nothing_in_it_acts() -> None:
    text = "".join(block.text for block in parsed("<script>x</script> \u202egpj.exe https://evil.example/a".encode()).blocks)
    assert "\u202e" not in text
    assert "https://" not in text


@pytest.mark.parametrize("data", [b"*" * 3000, b"**a " * 750, b"*a" * 1500, b"_*" * 1500])
def test_marks_without_an_end_are_printed_as_typed(data: bytes) -> None:
    shown = note(parsed(data))
    assert shown is not None
    assert sum(len(run.text) for part in shown.parts for item in part.items for run in item) > 700


def test_the_file_of_the_period_is_read(tmp_path: Path) -> None:
    store = store_with(tmp_path, SAID)
    campaign = load_campaign(store, "small")
    found = read_note(store, campaign, WEEK)
    assert found == parsed(SAID)
    assert read_note(store, campaign, WEEK.previous()) is None
    assert "2023-W44" not in campaign_slugs(store)


def test_a_note_above_the_briefing_is_refused(tmp_path: Path) -> None:
    store = store_with(tmp_path, b"Words.", tlp="CLEAR")
    with pytest.raises(UsageProblem, match=r"TLP:AMBER, above the full briefing \(TLP:CLEAR\)"):
        read_note(store, load_campaign(store, "small"), WEEK)


def test_a_changed_note_is_another_edition() -> None:
    plain = sample_facts.full()
    editions = {
        edition_of(plain.model_copy(update={"analyst_notes": said}).to_bytes())
        for said in (None, parsed(b"One."), parsed(b"Two."), parsed(b"One. "))
    }
    assert len(editions) == 4


@pytest.mark.parametrize(("tlp", "held"), [("CLEAR", True), ("GREEN", False), ("AMBER", False)])
def test_a_lower_rendition_holds_it_only_under_its_own_label(tlp: str, held: bool) -> None:
    said = parsed(f"---\ntlp: {tlp}\nby: Desk\n---\nSeen by secret_handle7.".encode())
    facts = read_facts(sample_facts.full().model_copy(update={"analyst_notes": said}).to_bytes())
    known = Known({}, frozenset(), {}, {}, frozenset({"secret_handle7"}), frozenset(), b"k" * 32)
    made = lower_rendition(facts, "CLEAR", known, None)
    assert (made.analyst_notes is not None) is held
    assert b"secret_handle7" not in made.to_bytes()


def test_it_is_printed_as_text_beside_the_measures_and_proves_none_of_them() -> None:
    hostile = parsed(
        b"---\nby: <b>Desk</b> 7\n---\n<img src=x onerror=alert(1)> {{ 7*7 }} **bold** https://evil.example/a\n\n- 98,765 accounts"
    )
    facts = sample_facts.full().model_copy(update={"analyst_notes": hostile})
    page = compose_facts(facts, edition="e" * 64, paper="A4")
    box = page.html.split('<div class="analyst-note">')[1].split("</div>")[0]
    assert "&lt;img src=x onerror=alert(1)&gt; {{ 7*7 }} <strong>bold</strong>" in box
    assert "&lt;b&gt;Desk&lt;/b&gt; 7" in box
    assert "not derived from the data" in box
    assert "TLP:AMBER" in box
    assert "98,765" in box
    assert lint(page.facts, page.html, page.figures, edition="e" * 64) == []
    elsewhere = page.html.replace("<h2>What changed</h2>", "<h2>What changed</h2><p>It has 98,765 accounts.</p>")
    assert [found.what for found in lint(page.facts, elsewhere, page.figures, edition="e" * 64)] == ["98,765"]


def test_a_page_that_could_not_be_printed_is_printed_without_it() -> None:
    facts = sample_facts.full().model_copy(update={"analyst_notes": parsed(b"Cannot be drawn.")})
    page = compose(facts.to_bytes(), edition="e" * 64, paper="A4", withhold=True)
    assert "Cannot be drawn." not in page.html
