"""The renderer under its gate: silent, offline, complete in its letters, inside its limits."""

from typing import Any

import pytest
import sample_facts
from weasyprint.urls import FatalURLFetchingError

from reports import render
from reports.cold import Limits
from reports.compose import compose
from reports.fetcher import OwnAssetsFetcher
from reports.glyphs import Replacements
from reports.printing import Printed, print_pdf
from reports.render import RenderProblem, render_pdf
from tasks.domain.facts import edition_of

PAGE = '<!DOCTYPE html><html lang="en"><head><title>t</title>{}</head><body><p>{}</p></body></html>'
EDITION = "ab" * 32


def printed(head: str = "", body: str = "text") -> Printed:
    return print_pdf(PAGE.format(head, body), {}, edition=EDITION)


def test_a_quiet_page_is_fit() -> None:
    result = printed()
    assert (result.complaints, result.pages, result.asked) == ([], 1, [])
    assert result.pdf.startswith(b"%PDF-")


@pytest.mark.parametrize("rule", ["p { colour: red }", "p { color: no-such-colour }", "@font-face { font-family: x; src: none }"])
def test_any_log_line_is_a_complaint(rule: str) -> None:
    assert printed(f"<style>{rule}</style>").complaints


def test_a_chart_that_cannot_be_read_is_a_complaint() -> None:
    assert print_pdf(PAGE.format("", '<img src="resurge:/figures/a.svg" alt="a">'), {"a": "<svg"}, edition=EDITION).complaints


def test_a_missing_glyph_is_a_complaint_that_names_it() -> None:
    result = printed(body="\U0010fffd")
    assert result.without_glyph == {0x10FFFD}


def test_emoji_are_drawn_and_characters_without_width_are_marked() -> None:
    replacements = Replacements()
    emoji = "\U0001f3ee \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f"
    assert replacements.clean(emoji) == emoji
    assert replacements.report == ()
    assert replacements.clean("av\u200boid, av‹U+200B›oid, gone‹U+20… ‹U+202E›") == "av‹›oid, av‹›oid, gone… ‹U+202E›"
    assert replacements.report == ("U+200B (zero width space), printed as ‹›",)
    styles = "".join(f'<link rel="stylesheet" href="resurge:/styles/{name}">' for name in ("fonts.css", "briefing.css"))
    assert printed(styles, emoji).complaints == []


FOREIGN = (
    "http://attacker.example/a.png",
    "https://attacker.example/",
    "//attacker.example/x",
    "ftp://attacker.example/",
    "file:///etc/passwd",
    "data:image/png;base64,AA",
    "resurge:/figures/none.svg",
    "resurge:/styles/../render.py",
    "resurge:/fonts/other.ttf",
)


@pytest.mark.parametrize("address", FOREIGN)
def test_nothing_but_our_own_assets_is_served(address: str) -> None:
    with pytest.raises(FatalURLFetchingError, match="refused"):
        printed(body=f'<img src="{address}" alt="x">')
    with pytest.raises(FatalURLFetchingError):
        OwnAssetsFetcher({}).fetch(address)


def test_hostile_posts_cause_no_fetch() -> None:
    facts = sample_facts.hostile().model_copy(update={"takedowns": ()}).to_bytes()  # their charts hold no text of others
    composed = compose(facts, edition=edition_of(facts), paper="A4")
    result = print_pdf(composed.html, composed.figures, edition=edition_of(facts))
    assert result.complaints == []
    assert result.asked
    assert all(address.startswith(("resurge:/fonts/", "resurge:/styles/", "resurge:/figures/")) for address in result.asked)


def test_characters_without_a_glyph_are_replaced_and_named() -> None:
    replacements = Replacements()
    assert replacements.clean("plain, 中文, مرحبا, שלום") == "plain, 中文, مرحبا, שלום"
    assert replacements.clean("a\U0010fffdb") == "a‹U+10FFFD›b"
    assert replacements.clean("\u202egpj.exe\x00") == "‹U+202E›gpj.exe‹U+0000›"
    assert replacements.clean("e" + "\u0301" * 30).count("\u0301") == 4
    assert [line.split()[0] for line in replacements.report] == ["U+0000", "U+10FFFD", "U+202E"]
    assert Replacements([ord("x")]).clean("éx") == "é‹U+0078›"


class Answers:
    """Stands for the child process: answers in turn, and remembers what it was asked."""

    def __init__(self, *outcomes: render._Outcome) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[tuple[frozenset[int], bool]] = []

    def __call__(
        self, files: dict[str, bytes], paper: str, limits: Limits, missing: frozenset[int], withhold: bool
    ) -> render._Outcome:
        self.asked.append((missing, withhold))
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]


def outcome(**answer: Any) -> render._Outcome:
    return render._Outcome({"pages": 1, "replaced": [], "complaints": [], "without_glyph": []} | answer, b"%PDF-", "")


def tried(monkeypatch: pytest.MonkeyPatch, *outcomes: render._Outcome) -> Answers:
    answers = Answers(*outcomes)
    monkeypatch.setattr(render, "_run", answers)
    return answers


def test_a_log_line_withholds_the_briefing_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = tried(monkeypatch, outcome(complaints=["weasyprint: Ignored `colour: red`"]))
    with pytest.raises(RenderProblem, match=r"Ignored `colour: red`") as caught:
        render_pdf(sample_facts.nearly_empty().to_bytes())
    assert caught.value.remedy
    assert answers.asked == [(frozenset(), False), (frozenset(), True)]


def test_a_glyph_found_missing_is_replaced_in_a_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = outcome(complaints=[".notdef"], without_glyph=[0x1F469])
    answers = tried(monkeypatch, bad, outcome(replaced=["U+1F469"]))
    assert render_pdf(sample_facts.nearly_empty().to_bytes()).replaced == ("U+1F469",)
    assert answers.asked == [(frozenset(), False), (frozenset({0x1F469}), False)]


def test_a_passage_that_breaks_the_renderer_is_withheld_and_the_briefing_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = render._Outcome({}, b"", "the renderer ended with signal 11")
    answers = tried(monkeypatch, broken, broken, outcome(replaced=["3 passages are withheld"]))
    assert render_pdf(sample_facts.nearly_empty().to_bytes()).replaced == ("3 passages are withheld",)
    assert [withhold for _, withhold in answers.asked] == [False, False, True]


def test_a_child_that_the_machine_ended_is_asked_again_before_anything_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel ends the largest process where memory runs short: the same edition without its passages could never be mended."""
    answers = tried(monkeypatch, render._Outcome({}, b"", "the renderer ended with signal 9"), outcome())
    assert render_pdf(sample_facts.nearly_empty().to_bytes()).replaced == ()
    assert [withhold for _, withhold in answers.asked] == [False, False]


@pytest.mark.parametrize(
    ("limits", "named"),
    [(Limits(wall_s=0.1), "longer than 0.1 s"), (Limits(cpu_s=1), "signal 24"), (Limits(memory_mb=120), "exit code|signal")],
)
def test_a_renderer_past_its_limits_is_ended_and_named(limits: Limits, named: str) -> None:
    with pytest.raises(RenderProblem, match=named):
        render_pdf(sample_facts.full().to_bytes(), limits=limits)
