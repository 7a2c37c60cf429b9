"""The figure of a network of which only the strongest accounts are drawn: its numbers resolve like all others."""

from sample_facts import full

from reports.compose import compose_facts
from reports.gate.check import lint
from tasks.domain.facts import Facts, FusedFacts, NetworkDisc, NetworkEdge, NetworkFacts, NetworkLink, NetworkNode

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


def test_a_network_of_discs_says_how_many_accounts_it_shows_and_which_it_does_not() -> None:
    """74 clusters of 700 down to 627 accounts, and nine small ones; 40 discs are drawn."""
    sizes = [*range(700, 700 - CLUSTERS, -1), *(3 for _ in range(9))]
    discs = tuple(
        NetworkDisc(cluster_id=f"{i:012x}", accounts=size, members=size // 7, x=i / 83, y=(i * 7 % 83) / 83)
        for i, size in enumerate(sizes)
    )
    links = tuple(NetworkLink(source=0, target=i, edges=i) for i in range(1, 83))
    facts = drawn_in_part()
    network = facts.coordination.network.model_copy(update={"discs": discs, "links": links})  # type: ignore[union-attr]
    fused = FusedFacts(accounts=sum(sizes), edges=81_234, edges_certain=7, edges_several=3)
    facts = facts.model_copy(update={"coordination": facts.coordination.model_copy(update={"network": network, "fused": fused})})
    page = compose_facts(facts, edition="e" * 64, paper="A4")
    assert f"{sum(sizes):,} accounts are joined by 81,234 edges into 83 clusters" in page.html
    assert "Clusters, largest first (the first 4 of 83)" in page.html
    assert f"43 smaller clusters of together {sum(sizes[40:]):,} accounts are not drawn" in page.html
    assert lint(page.facts, page.html, page.figures, edition="e" * 64) == []
