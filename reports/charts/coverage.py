"""What was collected on which day, one row a platform; a day without a post is marked, not left to be guessed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reports.charts.canvas import HAIR, INK, NAVY, RUST, SOFT, day_number, draw, month_ticks, place
from reports.formats import count, platform
from tasks.domain.facts import PlatformCoverage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROW_IN = 0.4


def coverage_days(rows: Sequence[PlatformCoverage]) -> str:
    """Bars a day on each platform's own scale (its busiest day is named); a cross on every day without posts."""
    days = sorted({entry.day for row in rows for entry in row.days})
    height = ROW_IN * len(rows) + 0.24

    def paint(figure: "Figure") -> None:
        for i, row in enumerate(rows):
            axes = place(figure, 0.85, height - ROW_IN * (i + 1) + 0.06, 4.75, ROW_IN - 0.12)
            largest = max((entry.posts for entry in row.days), default=0)
            axes.bar([day_number(entry.day) for entry in row.days], [entry.posts for entry in row.days], width=0.6, color=NAVY)
            empty = [day_number(entry.day) for entry in row.days if entry.posts == 0]
            axes.plot(empty, [(largest or 1) * 0.22] * len(empty), marker="x", linestyle="none", color=RUST, markersize=4)
            axes.set_ylim(0, largest or 1)
            axes.set_xlim(day_number(days[0]) - 0.6, day_number(days[-1]) + 0.6)
            axes.set_yticks([])
            axes.spines["left"].set_visible(False)
            axes.spines["bottom"].set_color(HAIR)
            axes.text(-0.012, 0.5, platform(row.platform), transform=axes.transAxes, ha="right", va="center", color=INK, size=8)
            axes.text(1.012, 0.5, f"busiest day {count(largest)}", transform=axes.transAxes, va="center", color=SOFT, size=7.2)
            if i < len(rows) - 1:
                axes.set_xticks([])
            else:
                month_ticks(axes, days[0], days[-1])
                axes.tick_params(axis="x", length=0)

    return draw(height, paint)
