"""When the campaign posts (hour-of-week heat map) and what its posts reach (engagement as a distribution)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reports.charts.canvas import INK, NAVY, RAMP, SOFT, draw, place
from reports.formats import WEEKDAYS, count, percent
from tasks.domain.narratives import EngagementBucket

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def heat_map(counts: Sequence[Sequence[int]], zone: str) -> str:
    """Weekdays down, hours of `zone` across, darker = more posts, and the posts by hour above; the busiest cell is labelled."""
    from matplotlib.colors import ListedColormap

    hours = [sum(row[h] for row in counts) for h in range(24)]
    largest = max(max(row) for row in counts) or 1
    busiest = max(((d, h) for d in range(7) for h in range(24)), key=lambda cell: counts[cell[0]][cell[1]])

    def paint(figure: "Figure") -> None:
        upper = place(figure, 0.85, 1.78, 4.9, 0.36)
        upper.bar(range(24), hours, width=0.86, color=NAVY)
        upper.set_xlim(-0.5, 23.5)
        upper.set_xticks([])
        upper.set_yticks([])
        upper.spines["left"].set_visible(False)
        upper.text(23.8, 0, "posts\nby hour", size=7.5, color=SOFT, va="bottom")
        axes = place(figure, 0.85, 0.42, 4.9, 1.3)
        axes.pcolormesh(
            [h - 0.5 for h in range(25)],
            [d - 0.5 for d in range(8)],
            [[min(5, int(6 * value / (largest + 1))) if value else 0 for value in row] for row in counts],
            cmap=ListedColormap(RAMP),
            vmin=0,
            vmax=5,
            edgecolor="white",
            linewidth=0.8,
        )
        axes.set_ylim(6.5, -0.5)
        axes.set_yticks(range(7), WEEKDAYS)
        axes.set_xticks(range(0, 24, 3), [f"{h:02d}:00" for h in range(0, 24, 3)])
        axes.tick_params(length=0)
        axes.set_xlabel(f"hour of day, {zone}", size=7.5)
        for side in axes.spines.values():
            side.set_visible(False)
        value = counts[busiest[0]][busiest[1]]
        axes.text(busiest[1], busiest[0], count(value), ha="center", va="center", color="white", size=6.2, weight=600)
        _ramp(figure, largest)

    return draw(2.2, paint)


def _ramp(figure: "Figure", largest: int) -> None:
    axes = place(figure, 5.95, 0.5, 0.12, 1.1)
    axes.set_axis_off()
    for i, colour in enumerate(RAMP):
        low, above = (-(-step * (largest + 1) // len(RAMP)) for step in (i, i + 1))
        if low == above:
            continue  # few posts: no count falls into this shade
        axes.barh(i, 1, height=1, color=colour)
        axes.text(1.4, i, "0" if i == 0 and largest < 6 else f"from {count(low)}", size=6.8, va="center", color=SOFT)
    axes.text(0, 5.9, "posts an hour", size=6.8, color=INK)


def engagement(buckets: Sequence[EngagementBucket]) -> str:
    """Posts by how much engagement they drew, least first; each bar carries its count and share."""
    total = sum(bucket.posts for bucket in buckets) or 1
    largest = max((bucket.posts for bucket in buckets), default=1) or 1
    height = 0.19 * len(buckets) + 0.12

    def paint(figure: "Figure") -> None:
        axes = place(figure, 1.0, 0.06, 4.2, height - 0.12)
        axes.barh(range(len(buckets)), [bucket.posts for bucket in buckets], height=0.66, color=NAVY)
        for i, bucket in enumerate(buckets):
            axes.text(
                bucket.posts + largest * 0.012,
                i,
                f"{count(bucket.posts)}  ({percent(bucket.posts / total)})",
                va="center",
                size=7.5,
            )
        axes.set_yticks(range(len(buckets)), [bucket.label for bucket in buckets])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(buckets) - 0.5, -0.5)
        axes.set_xlim(0, largest)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)

    return draw(height, paint)
