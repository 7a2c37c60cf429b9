"""The figure of a network of which only the strongest accounts are drawn: its numbers resolve like all others."""

from sample_facts import full

from reports.compose import compose_facts
from reports.gate.check import lint
from tasks.domain.facts import Facts, NetworkEdge, NetworkFacts, NetworkNode

CLUSTERS = 74  # a number that stands nowhere else in the sample


def drawn_in_part() -> Facts:
    nodes = tuple(
        NetworkNode(
            name=f"account_{i}", cluster_id=f"{i % CLUSTERS:012x}", member=False, x=i / 300, y=(i * 7 % 300) / 300, degree=2
        )
        for i in range(300)
    )
    edges = tuple(NetworkEdge(source=i, target=i + CLUSTERS, weight=2) for i in range(300 - CLUSTERS))
    facts = full()
    network = NetworkFacts(nodes=nodes, edges=edges, nodes_left_out=266)
    return facts.model_copy(update={"coordination": facts.coordination.model_copy(update={"network": network})})


def test_the_clusters_among_the_accounts_drawn_are_a_number_of_the_facts() -> None:
    facts = drawn_in_part()
    page = compose_facts(facts, edition="e" * 64, paper="A4")
    assert f"into {CLUSTERS} clusters" in page.html
    assert lint(page.facts, page.html, page.figures, edition="e" * 64) == []
