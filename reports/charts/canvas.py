"""The sheet every chart is drawn on: size, letters, colours, and SVG bytes that are the same for the same data.

matplotlib is imported when the first chart is drawn (0.6 to 3.8 s), through its SVG canvas alone: no pyplot, no global figure.
"""

import io
import re
import unicodedata
import warnings
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from reports.assets import font_file
from reports.formats import MONTHS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 6.69  # the text column: A4 less 20 mm on either side; Letter is 6.5 in and scales by 3 %
INK, SOFT, FAINT, HAIR = "#1d2733", "#5b6673", "#a9b2bc", "#e3e7eb"
# Okabe-Ito hues, darkened or lightened so that they differ in grey as well (L* 26, 47, 62, 74)
NAVY, RUST, SKY, SAND = "#123f6b", "#b4451a", "#4d9fd0", "#d9b25f"
SERIES = (NAVY, RUST, SKY, SAND)
RAMP = ("#f5f7f9", "#d3e0ea", "#a3c0d6", "#6b97b9", "#37698f", "#123f6b")  # light to dark, even steps in grey
FAMILY = "Source Sans 3"
SVG_FAMILIES = (
    "'Source Sans 3 Pinned','Noto Sans CJK SC','Noto Sans',sans-serif"  # no spaces: the renderer would keep them in the names
)
SETTINGS: Any = {  # matplotlib types its settings by a literal of every key
    "svg.fonttype": "none",
    "svg.hashsalt": "resurge",
    "text.parse_math": False,
    "font.family": FAMILY,
    "font.size": 8,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": SOFT,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlesize": 8.5,
    "axes.titleweight": 600,
    "axes.titlelocation": "left",
    "axes.titlepad": 6,
    "axes.unicode_minus": True,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.size": 2.5,
    "ytick.major.size": 0,
    "xtick.major.width": 0.6,
    "grid.color": HAIR,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


@cache
def _know_font() -> None:
    """Tell matplotlib of the pinned sans in both weights; the variable file's own default is ExtraLight."""
    from matplotlib.font_manager import FontEntry, fontManager

    path = str(font_file("Source Sans 3", "normal"))
    for weight in (400, 600):
        fontManager.ttflist.append(FontEntry(path, 0, FAMILY, "normal", "normal", weight, "normal", "scalable"))


def draw(height_in: float, paint: Callable[["Figure"], None], width_in: float = WIDTH_IN) -> str:
    """An SVG of `width_in` x `height_in` inches on which `paint` drew. Same data, same bytes: fixed salt, no date, no creator."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    _know_font()
    with matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
        # it only measures the letters; they are drawn by the renderer, whose fonts cover them
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font")
        figure = Figure(figsize=(width_in, height_in))
        FigureCanvasSVG(figure)
        paint(figure)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = out.getvalue()
    return re.sub(r"font-family: '[^;\"]*'", f"font-family: {SVG_FAMILIES}", svg[svg.index("<svg") :])


def draw_png(height_in: float, paint: Callable[["Figure"], None], width_in: float, *, dpi: int, ground: str) -> bytes:
    """The same as a PNG on a ground of its own, for where no vector is shown. Its letters are those of DejaVu Sans, which comes with
    matplotlib: of the pinned variable font only the thinnest weight could be drawn. Letters it lacks are boxes: give it none."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context({**SETTINGS, "font.family": "DejaVu Sans"}):
        figure = Figure(figsize=(width_in, height_in), facecolor=ground)
        FigureCanvasAgg(figure)
        paint(figure)
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=dpi, facecolor=ground, metadata={"Software": None})
    return out.getvalue()


def place(figure: "Figure", left: float, bottom: float, width: float, height: float, **shared: Any) -> "Axes":
    """Axes at a place given in inches from the lower left corner."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up), **shared)


def day_number(day: date) -> float:
    """Days since 1970-01-01, matplotlib's own date unit."""
    return float((day - date(1970, 1, 1)).days)


def month_ticks(axes: "Axes", first: date, last: date, most: int = 9) -> None:
    """Ticks on the first of months (of days on spans of up to six weeks), about `most`; the year stands where it changes."""
    span = (last - first).days
    if span <= 42:
        days = [date.fromordinal(first.toordinal() + i) for i in range(0, span + 1, -(-(span + 1) // most))]
        labels = [f"{d.day} {MONTHS[d.month - 1][:3]}" for d in days]
    else:
        step = max(1, round(span / 30.4 / most))
        months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
        days = [d for m in months if m % step == 0 and first <= (d := date(m // 12, m % 12 + 1, 1)) <= last] or [first]
        labels = [
            f"{MONTHS[d.month - 1][:3]}\n{d.year}" if i == 0 or d.year != days[i - 1].year else MONTHS[d.month - 1][:3]
            for i, d in enumerate(days)
        ]
    axes.set_xticks([day_number(d) for d in days], labels)


def drawable(text: str, otherwise: str) -> str:
    """`text` if the renderer can set it letter by letter in a chart; scripts that join or reorder their letters give `otherwise`."""
    joins = any(unicodedata.bidirectional(sign) in {"R", "AL"} or unicodedata.category(sign) in {"Mn", "Mc"} for sign in text)
    return otherwise if joins else text


def spread(positions: list[float], gap: float, low: float, high: float) -> list[float]:
    """Move label positions apart to at least `gap`, in their order, inside [low, high] where there is room."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    placed: list[float] = []
    for i in order:
        placed.append(max(positions[i], placed[-1] + gap) if placed else max(positions[i], low))
    overflow = placed[-1] - high if placed else 0.0
    if overflow > 0:
        placed[-1] = high
        for k in range(len(placed) - 2, -1, -1):
            placed[k] = min(placed[k], placed[k + 1] - gap)
    result = [0.0] * len(positions)
    for k, i in enumerate(order):
        result[i] = placed[k]
    return result


def top_of(values: list[float]) -> float:
    """A round upper end of an axis a little above the largest value."""
    largest = max(values, default=0.0)
    if largest <= 0:
        return 1.0
    magnitude = 10 ** (len(str(int(largest))) - 1) if largest >= 1 else 0.1
    return next(step * magnitude for step in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 20) if step * magnitude >= largest * 1.04)
