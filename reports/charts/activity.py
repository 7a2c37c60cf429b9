"""Posts and accounts a week, with the takedowns and world events on the time axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from reports.charts.canvas import INK, NAVY, RUST, SOFT, day_number, draw, month_ticks, place, top_of
from reports.formats import count
from tasks.domain.facts import WeekCount

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


ROW_IN, UPPER_IN, MOST_ROWS = 0.15, 1.05, 5
PANEL_IN, BESIDE_IN, LETTER_IN = 5.3, 0.85, 0.056  # a letter of 7.4 pt is about 0.05 in wide


@dataclass(frozen=True)
class Mark:
    """A line on a time axis: a takedown (solid) or a world event (dotted)."""

    day: date
    label: str
    takedown: bool


def weekly_series(weeks: Sequence[WeekCount], marks: Sequence[Mark]) -> str:
    """Two panels over one time axis, posts above accounts; a week is drawn over its seven days."""
    first, last = weeks[0].start, weeks[-1].start + timedelta(days=7)
    seen = [mark for mark in marks if first <= mark.day <= last]
    room = 0.08 + ROW_IN * min(MOST_ROWS, len(seen))

    def paint(figure: "Figure") -> None:
        upper = place(figure, 0.5, 1.28, PANEL_IN, UPPER_IN)
        lower = place(figure, 0.5, 0.36, PANEL_IN, 0.72)
        for axes, values, name, colour in (
            (upper, [week.posts for week in weeks], "posts", NAVY),
            (lower, [week.accounts for week in weeks], "accounts", RUST),
        ):
            steps(axes, weeks, values, colour, 1.2)
            axes.text(
                day_number(last) + 3,
                values[-1],
                f"{count(values[-1])}\n{name} in the\nlast week",
                color=colour,
                va="center",
                weight=600,
                size=7.5,
            )
            draw_marks(axes, seen)
            axes.set_xlim(day_number(first), day_number(last))
            month_ticks(axes, first, last)
        upper.tick_params(labelbottom=False)
        label_marks(upper, seen, (day_number(first), day_number(last)))

    return draw(1.28 + UPPER_IN + room, paint)


def steps(axes: "Axes", weeks: Sequence[WeekCount], values: Sequence[int], colour: str, linewidth: float) -> None:
    """Filled steps, a week over its seven days, with the scale that goes with them."""
    edges = [day_number(week.start) for week in weeks] + [day_number(weeks[-1].start) + 7]
    axes.stairs(values, edges, fill=True, color=colour, alpha=0.16, linewidth=0)
    axes.stairs(values, edges, color=colour, linewidth=linewidth, baseline=None)
    top = top_of([float(value) for value in values])
    axes.set_ylim(0, top)
    ticks = [0, top / 2, top] if top >= 2 else [0, top]
    axes.set_yticks(ticks, [count(round(tick)) for tick in ticks])
    axes.yaxis.grid(True)


def _line(mark: Mark) -> dict[str, Any]:
    return {"color": INK, "linewidth": 0.9} if mark.takedown else {"color": SOFT, "linewidth": 0.9, "linestyle": (0, (1.5, 2))}


def draw_marks(axes: "Axes", marks: Sequence[Mark]) -> None:
    for mark in marks:
        style = _line(mark)
        axes.axvline(day_number(mark.day), **style)


def label_marks(axes: "Axes", marks: Sequence[Mark], span: tuple[float, float]) -> None:
    """Labels of the newest marks above the axes, each on a row of its own, all to one side: to the right where every one fits.

    To the right the newest is lowest, to the left the oldest: then no label crosses the line of another mark.
    """
    width = span[1] - span[0]
    newest = sorted(marks, key=lambda mark: mark.day, reverse=True)[:MOST_ROWS]
    right = all(PANEL_IN * (span[1] - day_number(m.day)) / width + BESIDE_IN > LETTER_IN * len(m.label) for m in newest)
    for i, mark in enumerate(newest if right else reversed(newest)):
        at, row = day_number(mark.day), 1 + (0.03 + ROW_IN * i) / UPPER_IN
        axes.plot(
            [at, at], [1.0, row + 0.6 * ROW_IN / UPPER_IN], transform=axes.get_xaxis_transform(), clip_on=False, **_line(mark)
        )
        axes.text(
            at + (0.008 if right else -0.008) * width,
            row,
            mark.label,
            transform=axes.get_xaxis_transform(),
            ha="left" if right else "right",
            va="bottom",
            size=7.4,
            color=INK if mark.takedown else SOFT,
            weight=600 if mark.takedown else 400,
        )
