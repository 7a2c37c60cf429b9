"""What a chart must not do: cover one label by another, leave the takedown out of a time axis, or say by colour alone what grey loses."""

import sys
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import large_facts
import pytest
import sample_facts
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from reports.charts import canvas
from reports.charts.aggregate import _apart
from reports.charts.labels import free_places, overlap
from reports.charts.network import COLOURS
from reports.view import view
from tasks.domain.facts import Facts

MAKERS: tuple[Callable[[], Facts], ...] = (
    sample_facts.full,
    sample_facts.scripts,
    sample_facts.no_takedown,
    large_facts.network_10,
    large_facts.network_300,
    large_facts.network_5000,
    large_facts.huge,
)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Every figure that is painted during the test, ready to be measured."""
    figures: list[Figure] = []
    draw = canvas.draw

    def kept(height_in: float, paint: Callable[[Figure], None], width_in: float = canvas.WIDTH_IN) -> str:
        def watched(figure: Figure) -> None:
            paint(figure)
            figures.append(figure)

        return draw(height_in, watched, width_in)

    for name in ("activity", "aggregate", "behaviour", "coverage", "narratives", "network", "rebuilding"):
        monkeypatch.setattr(sys.modules[f"reports.charts.{name}"], "draw", kept)
    return figures


def boxes(figure: Figure) -> list[tuple[str, Any]]:
    """What is written in a figure and where, a pixel taken off all around."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [text for axes in figure.axes for text in axes.findobj(lambda item: hasattr(item, "get_text")) if axes.get_visible()]
    hidden = {id(label) for axes in figure.axes if not axes.axison for line in (axes.xaxis, axes.yaxis) for label in line.findobj()}
    shown = [text for text in texts if text.get_visible() and text.get_text().strip() and id(text) not in hidden]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # it only measures; the renderer has the letters
        return [(text.get_text(), text.get_window_extent(renderer).padded(-1)) for text in dict.fromkeys(shown)]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_no_text_of_a_chart_covers_another(make: Callable[[], Facts], drawn: list[Figure]) -> None:
    view(make(), edition="5e" * 32)
    assert drawn
    for figure in drawn:
        found = boxes(figure)
        for i, (text, box) in enumerate(found):
            for other, beside in found[i + 1 :]:
                assert not overlap(box.extents, beside.extents), f"{text!r} and {other!r}"


def test_labels_of_one_place_are_spread() -> None:
    sizes = [(0.3, 0.15)] * 12
    placed = free_places([(2.0, 1.0)] * 12, sizes, (4.0, 2.0))
    around = [(x - 0.15, y - 0.075, x + 0.15, y + 0.075) for x, y in placed]
    assert placed[0] == (2.0, 1.0)
    assert not any(overlap(a, b) for i, a in enumerate(around) for b in around[i + 1 :])
    assert all(0 <= x <= 4 and 0 <= y <= 2 for x, y in placed)
    assert placed == free_places([(2.0, 1.0)] * 12, sizes, (4.0, 2.0))


def test_discs_of_a_large_network_do_not_cover_one_another() -> None:
    discs = _apart([(3.0, 1.5, 0.2)] * 12)
    gaps = [((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5 - a - b for i, (ax, ay, a) in enumerate(discs) for bx, by, b in discs[i + 1 :]]
    assert min(gaps) > -0.01


def test_a_large_network_is_drawn_as_clusters_and_says_so() -> None:
    many = view(large_facts.network_5000(), edition="5e" * 32).coordination.network
    assert "A disc is a cluster" in many.source
    few = view(large_facts.network_300(), edition="5e" * 32).coordination.network
    assert "A disc is a cluster" not in few.source
    assert sum(disc.accounts for disc in large_facts.network_5000().coordination.network.discs) == 5000  # type: ignore[union-attr]
    assert len(many.svg) < len(few.svg)


def test_every_time_axis_has_the_takedown_and_the_events(drawn: list[Figure]) -> None:
    facts = sample_facts.full()
    days = {canvas.day_number(record.t0.date()) for record in facts.takedowns if record.t0}
    view(facts, edition="5e" * 32)
    axes = [
        one for figure in drawn for one in figure.axes if one.get_xlim()[0] > 10_000 and one.get_xlim()[1] - one.get_xlim()[0] > 9
    ]
    assert len(axes) >= 5
    for one in axes:
        low, high = one.get_xlim()
        lines = {line.get_xdata()[0] for line in one.lines if len(set(line.get_xdata())) == 1}
        assert {day for day in days if low <= day <= high} <= lines
        assert {day for event in facts.campaign.events if low <= (day := canvas.day_number(event.on)) <= high} <= lines


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_differ_in_grey() -> None:
    for colours, least in ((COLOURS, 1.3), (canvas.SERIES, 1.3), (canvas.RAMP, 1.15)):
        light = sorted(map(luminance, colours))
        assert all((b + 0.05) / (a + 0.05) >= least for a, b in pairwise(light))
    assert 1.05 / (luminance(canvas.SOFT) + 0.05) >= 4.5  # text on white, WCAG 2 AA
