"""A network too large to show its accounts: one disc a cluster, its area by its accounts, lines by the edges between clusters."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING

from reports.charts.canvas import FAINT, INK, NAVY, RAMP, WIDTH_IN, draw, place
from reports.charts.labels import free_places
from reports.formats import count
from tasks.domain.facts import NetworkDisc, NetworkLink

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEIGHT_IN, WIDE_IN, LARGEST_IN, SMALLEST_IN = 3.2, WIDTH_IN - 0.2, 0.42, 0.07
LETTER_IN, LINE_IN = 0.062, 0.17
MOST_DISCS, ROUNDS, GAP_IN = 40, 200, 0.1
PEN_IN = 0.01  # half the line around a disc

Disc = tuple[float, float, float]  # centre and radius in inches


def aggregates(discs: Sequence[NetworkDisc], links: Sequence[NetworkLink], names: Mapping[str, str]) -> str:
    """`discs`: largest first, of which MOST_DISCS are drawn; `names`: numbers of clusters in the table. Discs of other clusters carry no
    number."""
    shown = discs[:MOST_DISCS]
    circles = _apart(_spread(shown))
    lines = [(circles[one.source], circles[one.target], one.edges) for one in links if max(one.source, one.target) < len(shown)]

    def paint(figure: "Figure") -> None:
        from matplotlib.patches import Circle

        axes = place(figure, 0.1, 0.05, WIDE_IN, HEIGHT_IN)
        axes.set_axis_off()
        axes.set_xlim(0, WIDE_IN)
        axes.set_ylim(0, HEIGHT_IN)
        strongest = max((many for *_, many in lines), default=1)
        for one, other, many in lines:
            axes.plot([one[0], other[0]], [one[1], other[1]], color=FAINT, linewidth=0.4 + 2.6 * many / strongest, zorder=1)
        for disc, (x, y, radius) in zip(shown, circles, strict=True):
            fill = RAMP[1 + round(2 * disc.members / disc.accounts)]
            axes.add_patch(Circle((x, y), radius, facecolor=fill, edgecolor=NAVY, linewidth=0.9, zorder=2))
        named = [(d, circle) for d, circle in zip(shown, circles, strict=True) if d.cluster_id in names]
        texts = [f"{names[disc.cluster_id]}: {count(disc.accounts)}" for disc, _ in named]
        spots = [circle[:2] for _, circle in named]
        sizes = [(0.06 + LETTER_IN * len(text), LINE_IN) for text in texts]
        for text, (x, y) in zip(texts, free_places(spots, sizes, (WIDE_IN, HEIGHT_IN)), strict=True):
            axes.text(x, y, text, ha="center", va="center", size=7.5, weight=600, color=INK, zorder=3)

    return draw(HEIGHT_IN + 0.1, paint)


def _spread(discs: Sequence[NetworkDisc]) -> list[Disc]:
    """Each at its place, spread over the sheet."""
    across, up = [disc.x for disc in discs], [disc.y for disc in discs]
    radii = [max(SMALLEST_IN, LARGEST_IN * sqrt(disc.accounts / discs[0].accounts)) for disc in discs]
    return [
        (_scaled(disc.x, across, WIDE_IN, radius + PEN_IN), _scaled(disc.y, up, HEIGHT_IN, radius + PEN_IN), radius)
        for disc, radius in zip(discs, radii, strict=True)
    ]


def _scaled(value: float, values: Sequence[float], length: float, margin: float) -> float:
    low, span = min(values), max(values) - min(values)
    return margin + (length - 2 * margin) * ((value - low) / span if span else 0.5)


def _apart(discs: list[Disc]) -> list[Disc]:
    """Pushed away from one another until none covers another; every disc stays on the sheet."""
    for _ in range(ROUNDS):
        moved = False
        for i in range(len(discs)):
            for k in range(i + 1, len(discs)):
                (ax, ay, a), (bx, by, b) = discs[i], discs[k]
                dx, dy = bx - ax, by - ay
                far = sqrt(dx * dx + dy * dy)
                if (push := (a + b + GAP_IN - far) / 2) > 1e-3:
                    dx, dy = (dx / far, dy / far) if far > 1e-6 else (1.0, 0.1 * k)
                    discs[i], discs[k] = _kept(ax - dx * push, ay - dy * push, a), _kept(bx + dx * push, by + dy * push, b)
                    moved = True
        if not moved:
            break
    return discs


def _kept(x: float, y: float, radius: float) -> Disc:
    off = radius + PEN_IN
    return min(max(x, off), WIDE_IN - off), min(max(y, off), HEIGHT_IN - off), radius
