"""The one chart that goes inside an e-mail: posts a week as a PNG, readable on a phone, with its finding in words.

Mail programs show no SVG, so it is drawn anew in pixels at twice the density, on a ground of its own: it stays readable where the
mail around it turns dark. At 328 px, the column of a phone 360 px wide, its letters are 10 px high and more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from reports.charts import Mark
from reports.charts.activity import draw_marks, steps
from reports.charts.canvas import INK, NAVY, SOFT, day_number, draw_png, month_ticks, place
from reports.formats import count, day, plural, sentence_list
from reports.parts.changes import marks
from tasks.domain.facts import Facts, WeekCount

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

WIDTH_IN, HEIGHT_IN, DPI = 4.0, 2.3, 192  # 384 x 221 px of the page, 768 x 442 in the file
GROUND = "#ffffff"
MOST_WEEKS = 52
FEWEST_WEEKS = 2


@dataclass(frozen=True)
class MailPicture:
    """`title` stands above the picture, `alt` in its place for whoever does not see it; `width` is in px of the page."""

    png: bytes
    title: str
    alt: str
    width: int = int(WIDTH_IN * 96)


def mail_picture(facts: Facts) -> MailPicture | None:
    """Posts by members in the whole weeks up to the cut-off, at most 52, with takedowns and world events; None where there are not
    two weeks to draw. Same facts, same bytes. matplotlib is loaded here (0.6 to 3.8 s)."""
    weeks = facts.activity.weeks[-MOST_WEEKS:]
    if len(weeks) < FEWEST_WEEKS or not any(week.posts for week in weeks):
        return None
    span = (weeks[0].start, weeks[-1].start + timedelta(days=7))
    seen = [mark for mark in marks(facts) if span[0] <= mark.day <= span[1]]
    png = draw_png(HEIGHT_IN, lambda figure: _paint(figure, weeks, seen, span), WIDTH_IN, dpi=DPI, ground=GROUND)
    last, peak = weeks[-1], max(weeks, key=lambda week: week.posts)
    finding = f"{plural(last.posts, 'post')} in the last whole week, {count(peak.posts)} in the busiest"
    return MailPicture(png, f"Posts a week: {finding}", _alt(weeks, seen, finding, peak))


def _alt(weeks: Sequence[WeekCount], seen: Sequence[Mark], finding: str, peak: WeekCount) -> str:
    takedowns = [day(mark.day) for mark in seen if mark.takedown]
    events = [day(mark.day) for mark in seen if not mark.takedown]
    said = [f"Posts a week over {len(weeks)} weeks: {finding}, from {day(peak.start)}."]
    if takedowns:
        said.append(f"Takedown{'s' if len(takedowns) > 1 else ''} on {sentence_list(takedowns)}.")
    if events:
        said.append(f"World event{'s' if len(events) > 1 else ''} on {sentence_list(events)}.")
    return " ".join(said)


def _paint(figure: "Figure", weeks: Sequence[WeekCount], seen: Sequence[Mark], span: tuple[date, date]) -> None:
    axes = place(figure, 0.6, 0.5, WIDTH_IN - 0.7, HEIGHT_IN - 0.86)
    steps(axes, weeks, [week.posts for week in weeks], NAVY, 1.5)
    axes.set_xlim(day_number(span[0]), day_number(span[1]))
    month_ticks(axes, *span)
    _thin_out(axes)
    axes.tick_params(labelsize=9)
    draw_marks(axes, seen)
    _name_marks(figure, seen)


def _thin_out(axes: "Axes") -> None:
    """Every second month where there are more than five: a phone has no room for eight."""
    places, labels = list(axes.get_xticks()), [label.get_text() for label in axes.get_xticklabels()]
    if len(places) > 5:
        kept = [i for i in range(len(places)) if "\n" in labels[i] or (i % 2 == 0 and not _beside_year(labels, i))]
        axes.set_xticks([places[i] for i in kept], [labels[i] for i in kept])


def _beside_year(labels: Sequence[str], i: int) -> bool:
    """Whether a tick with a year stands right beside this one."""
    return any("\n" in labels[k] for k in (i - 1, i + 1) if 0 <= k < len(labels))


def _name_marks(figure: "Figure", seen: Sequence[Mark]) -> None:
    """What the lines mean, above the axes; titles are in the alternative text and in the briefing: they may be in any script."""
    left = 0.6
    for takedown, words, colour in ((True, "takedown", INK), (False, "world event", SOFT)):
        if any(mark.takedown is takedown for mark in seen):
            line: Any = "-" if takedown else (0, (1.5, 2))
            up = (HEIGHT_IN - 0.17) / HEIGHT_IN
            figure.add_artist(_stroke(left, up, colour, line))
            figure.text((left + 0.28) / WIDTH_IN, up, words, size=9, color=colour, va="center")
            left += 1.2


def _stroke(left: float, up: float, colour: str, line: Any) -> "Line2D":
    from matplotlib.lines import Line2D

    return Line2D([left / WIDTH_IN, (left + 0.22) / WIDTH_IN], [up, up], color=colour, linewidth=1.2, linestyle=line)
