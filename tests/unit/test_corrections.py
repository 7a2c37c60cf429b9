"""What a correction says of itself."""

import pytest
from mail_samples import facts

from tasks.deliver.corrections import MOST_LINES, what_changed
from tasks.domain.facts import Facts, Judgement, KeyFigure
from tasks.domain.measures import NotMeasurable

POSTS = KeyFigure(name="posts", value=1200, unit="posts", previous=900, baseline=3000, ref="/activity/posts")
COPIED = KeyFigure(name="copypasta share", value=0.5, unit="share", previous=0.4, baseline=0.3, ref="/narratives/copypasta")
JUDGED = Judgement(
    judgement_id="comeback",
    statement="The network is likely rebuilding.",
    likelihood="likely",
    likelihood_range=(55, 80),
    confidence="moderate",
    confidence_statement="",
    reasons=(),
    alternative="",
    would_change="",
    refs=(),
)


def edition(*figures: KeyFigure, items: tuple[Judgement, ...] = (), **parts: object) -> Facts:
    f = facts()
    judged = f.judgements.model_copy(update={"key_figures": figures, "items": items})
    return f.model_copy(update={"judgements": judged, **parts})


def test_a_figure_is_named_with_what_it_is_and_what_it_was() -> None:
    unknown = COPIED.model_copy(update={"value": NotMeasurable(reason="too few texts")})
    before, after = edition(POSTS, COPIED), edition(POSTS.model_copy(update={"value": 1188}), unknown)
    assert what_changed(before, after) == (
        "Posts: 1,188, was 1,200.",
        "Copypasta share: not measurable (too few texts), was 50 %.",
    )
    assert what_changed(edition(POSTS), edition(POSTS.model_copy(update={"baseline": 3100}))) == (
        "Posts, before the takedown: 3,100, was 3,000.",
    )


def test_figures_and_judgements_come_and_go() -> None:
    surer = JUDGED.model_copy(update={"likelihood": "very likely", "likelihood_range": (80, 95)})
    assert what_changed(edition(POSTS, items=(JUDGED,)), edition(COPIED, items=(surer,))) == (
        "Copypasta share is a new key figure: 50 %.",
        "Posts is no longer among the key figures.",
        "Judged anew: The network is likely rebuilding. Likelihood very likely, was likely; confidence moderate, was moderate.",
    )
    assert what_changed(edition(items=(JUDGED,)), edition()) == ("Judgement withdrawn: The network is likely rebuilding.",)
    assert what_changed(edition(), edition(items=(JUDGED,))) == ("New judgement: The network is likely rebuilding.",)


def test_other_parts_and_the_cause_are_named() -> None:
    plain = edition()
    made = plain.generated_by.model_copy(update={"code_sha256": "new"})
    asked = plain.inputs.model_copy(update={"parameters": {"max_q": "0.05"}})
    assert what_changed(plain, edition(limits=("Nothing was seen.",), generated_by=made, inputs=asked)) == (
        "Parts that differ: limits.",
        "Settings of the analysis differ: max_q.",
        "Made with another version of the program or its libraries.",
    )


@pytest.mark.parametrize("count", [MOST_LINES, MOST_LINES + 1, 40])
def test_never_more_than_ten_sentences_and_never_none(count: int) -> None:
    many = [POSTS.model_copy(update={"ref": f"/{n}", "name": f"figure {n}"}) for n in range(count)]
    said = what_changed(edition(), edition(*many))
    assert len(said) == MOST_LINES
    if count > MOST_LINES:
        assert said[-1] == f"{count - MOST_LINES + 1} further differences are in facts.json."
    assert what_changed(edition(), edition()) == ("Only how the briefing is written differs; every part of its facts is the same.",)
