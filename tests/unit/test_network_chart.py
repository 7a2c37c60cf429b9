"""Coordinated edges differ from shared interest in stroke, not only in colour; edges of older facts are drawn as they were."""

import re

import pytest

from reports.charts.network import network
from tasks.domain.facts import NetworkEdge, NetworkFacts, NetworkNode


def drawn(*told: bool | None) -> str:
    nodes = tuple(
        NetworkNode(name=f"n{i}", cluster_id="c", member=True, x=float(i), y=float(i % 2), degree=1) for i in range(len(told) + 1)
    )
    edges = tuple(NetworkEdge(source=i, target=i + 1, weight=2, coordinated=one) for i, one in enumerate(told))
    return network(NetworkFacts(nodes=nodes, edges=edges, nodes_left_out=0), {"c": "1"})


@pytest.mark.parametrize(
    ("told", "dashed", "dark"), [((True,), 0, 1), ((False,), 1, 0), ((None,), 0, 0), ((True, False, None), 1, 1)]
)
def test_stroke_tells_what_an_edge_is(told: tuple[bool | None, ...], dashed: int, dark: int) -> None:
    lines = re.findall(r'<g id="LineCollection_\d+">(.*?)</g>', drawn(*told), re.DOTALL)
    strokes = [path for group in lines for path in re.findall(r"<path[^>]*>", group)]
    assert sum("stroke-dasharray" in path for path in strokes) == dashed
    assert sum("#5b6673" in path for path in strokes) == dark
    assert len(strokes) == len(told)
