"""The co-action network: positions come from the facts, clusters are coloured and carry their number, outsiders are hollow. Coordinated
edges are solid and darker, those of shared interest dashed and lighter: the difference is of stroke too, so it stays in grey."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from reports.charts.aggregate import aggregates
from reports.charts.canvas import FAINT, INK, NAVY, RUST, SAND, SKY, SOFT, WIDTH_IN, draw, place
from reports.charts.labels import free_places
from tasks.domain.facts import NetworkFacts, NetworkNode

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Stroke = str | tuple[float, tuple[float, ...]]
COLOURS = (NAVY, RUST, SKY, SAND)
STROKES: tuple[tuple[bool | None, str, Stroke, float], ...] = (  # by NetworkEdge.coordinated; None: not recorded
    (None, FAINT, "solid", 0.75),
    (False, FAINT, (0, (3, 2)), 0.75),
    (True, SOFT, "solid", 0.85),
)
SHAPES = ("o", "s", "^", "D")
HIGH_IN, LABEL_IN = 2.9, 0.19


def network(facts: NetworkFacts, names: dict[str, str]) -> str:
    """Nodes by cluster (colour and shape), edges as hair lines; `names` maps the cluster ids to their labels, drawn beside
    one another with a line to the middle of their cluster. Where not all accounts can be shown, a cluster is one disc."""
    if facts.discs:
        return aggregates(facts.discs, facts.links, names)
    from matplotlib.collections import LineCollection

    across, up = [node.x for node in facts.nodes], [node.y for node in facts.nodes]
    named = [cluster for cluster in names if any(node.cluster_id == cluster for node in facts.nodes)]
    size = 26 if len(facts.nodes) <= 60 else 13 if len(facts.nodes) <= 200 else 6

    def paint(figure: "Figure") -> None:
        axes = place(figure, 0.05, 0.05, WIDTH_IN - 0.1, HIGH_IN)
        strongest = max((edge.weight for edge in facts.edges), default=1)
        for told, colour, style, alpha in STROKES:
            edges = [edge for edge in facts.edges if edge.coordinated is told]
            axes.add_collection(
                LineCollection(
                    [[(across[e.source], up[e.source]), (across[e.target], up[e.target])] for e in edges],
                    linewidths=[0.35 + 1.0 * edge.weight / strongest for edge in edges],
                    colors=colour,
                    linestyles=style,
                    alpha=alpha,
                    zorder=1.5 if told else 1,
                )
            )
        for cluster, nodes in _by_cluster(facts.nodes).items():
            rank = named.index(cluster) if cluster in named else -1
            colour, shape = (COLOURS[rank % 4], SHAPES[rank // 4 % 4]) if rank >= 0 else (SOFT, "o")
            for member in (True, False):
                group = [node for node in nodes if node.member is member]
                fill = colour if member else "white"
                axes.scatter(
                    [n.x for n in group],
                    [n.y for n in group],
                    s=size,
                    marker=shape,
                    c=fill,
                    edgecolors=colour,
                    linewidths=0.9,
                    zorder=2,
                )
        axes.set_axis_off()
        axes.margins(0.09, 0.12)
        axes.autoscale_view()
        _label(axes, {names[cluster]: _by_cluster(facts.nodes)[cluster] for cluster in named})

    return draw(HIGH_IN + 0.1, paint)


def _label(axes: "Axes", clusters: dict[str, list[NetworkNode]]) -> None:
    """The name of each cluster where no other name stands, tied to the middle of its accounts."""
    room = (WIDTH_IN - 0.1, HIGH_IN)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    middles = [(median(n.x for n in nodes), median(n.y for n in nodes)) for nodes in clusters.values()]
    spots = [(room[0] * (x - left) / (right - left), room[1] * (y - bottom) / (top - bottom)) for x, y in middles]
    sizes = [(LABEL_IN + 0.055 * (len(name) - 1), LABEL_IN) for name in clusters]
    for rank, (name, middle, place_in) in enumerate(zip(clusters, middles, free_places(spots, sizes, room), strict=True)):
        axes.annotate(
            name,
            middle,
            xytext=(place_in[0] / room[0], place_in[1] / room[1]),
            textcoords="axes fraction",
            ha="center",
            va="center",
            size=7.5,
            weight=600,
            color=INK,
            zorder=3,
            arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0},
            bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": COLOURS[rank % 4], "linewidth": 1.1},
        )


def _by_cluster(nodes: Sequence[NetworkNode]) -> dict[str, list[NetworkNode]]:
    groups: dict[str, list[NetworkNode]] = defaultdict(list)
    for node in nodes:
        groups[node.cluster_id].append(node)
    return dict(sorted(groups.items()))
