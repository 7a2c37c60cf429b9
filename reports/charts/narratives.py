"""Narratives: each one's share of the campaign's posts over time, as small multiples on one scale."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from reports.charts.activity import Mark, draw_marks
from reports.charts.canvas import NAVY, WIDTH_IN, day_number, draw, month_ticks, place, top_of
from reports.formats import percent
from tasks.domain.narratives import Narrative

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS, PANEL_IN = 3, 1.08


def narrative_shares(items: Sequence[tuple[str, Narrative]], end: date, marks: Sequence[Mark]) -> str:
    """One panel for each (name, narrative), the same scale in all; a step without posts of the campaign is a gap."""
    down = -(-len(items) // ACROSS)
    shares = [[step.posts / step.all_posts if step.all_posts else None for step in item.trend] for _, item in items]
    top = min(100.0, top_of([100 * share for row in shares for share in row if share is not None]))
    first = min(step.start for _, item in items for step in item.trend)

    def paint(figure: "Figure") -> None:
        width = (WIDTH_IN - 0.42) / ACROSS - 0.22
        for i, ((name, item), row) in enumerate(zip(items, shares, strict=True)):
            left, bottom = 0.42 + (i % ACROSS) * (width + 0.22), (down - 1 - i // ACROSS) * PANEL_IN + 0.34
            axes = place(figure, left, bottom, width, PANEL_IN - 0.34 - 0.26)
            _panel(axes, item, row, name)
            draw_marks(axes, [mark for mark in marks if first <= mark.day <= end])
            axes.set_xlim(day_number(first), day_number(end))
            month_ticks(axes, first, end, most=5)
            axes.set_ylim(0, top)
            axes.set_yticks([0, top / 2, top], ["0", f"{top / 2:g} %", f"{top:g} %"])
            if i % ACROSS:
                axes.tick_params(labelleft=False)
            if i // ACROSS < down - 1 and i + ACROSS < len(items):
                axes.tick_params(labelbottom=False)

    return draw(PANEL_IN * down + 0.04, paint)


def _panel(axes: "Axes", item: Narrative, row: list[float | None], name: str) -> None:
    starts = [step.start for step in item.trend]
    span = starts[1] - starts[0] if len(starts) > 1 else timedelta(days=7)
    edges = [day_number(start) for start in starts] + [day_number(starts[-1] + span)]
    values = [float("nan") if share is None else 100 * share for share in row]
    axes.stairs(values, edges, fill=True, color=NAVY, alpha=0.16, linewidth=0)
    axes.stairs(values, edges, color=NAVY, linewidth=1.1, baseline=None)
    axes.yaxis.grid(True)
    axes.set_title(name, size=7.8)
    if row[-1] is not None:
        axes.text(1, 1.04, percent(row[-1]), transform=axes.transAxes, ha="right", va="bottom", size=7.8, weight=600, color=NAVY)
