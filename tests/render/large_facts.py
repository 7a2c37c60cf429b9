"""Invented facts at the ends of what a page must hold: very many posts and accounts, and one script in command of all."""

from collections import Counter
from math import cos, pi, sin

import sample_facts

from tasks.detect.clusters import MAX_DRAWN
from tasks.domain.facts import Facts, NetworkDisc, NetworkEdge, NetworkFacts, NetworkLink, NetworkNode

ARABIC = "لا أحد يسأل من المستفيد عندما يستمر القتال، انظروا إلى الأرقام قبل أن تحكموا"
HEBREW = "איש אינו שואל מי מרוויח כשהירי נמשך, הביטו במספרים לפני שתשפטו"
CHINESE = "没有人问过战火不停时谁在获利，判断之前先看看数字"
NARRATIVES, POSTS = 500, 10_000_000


def network_facts(accounts: int) -> NetworkFacts:
    """Clusters on a spiral, the first the largest, each a ring with a few lines to the next; dense at 300."""
    sizes, left = [], accounts
    while left > 0:
        sizes.append(max(3, left // 4) if left > 6 else left)
        left -= sizes[-1]
    nodes: list[NetworkNode] = []
    edges: list[NetworkEdge] = []
    for c, size in enumerate(sizes):
        base, far = len(nodes), 0.18 * c**0.7
        for i in range(size):
            around, radius = 2 * pi * i / size, 0.3 * (size / accounts) ** 0.5
            nodes.append(
                NetworkNode(
                    name=f"member{c}-{i}", cluster_id=f"c{c}", member=i % 6 != 0, degree=2,
                    x=far * cos(c) + radius * cos(around), y=far * sin(c) + radius * sin(around),
                )
            )  # fmt: skip
            edges.append(NetworkEdge(source=base + i, target=base + (i * 7 + 1) % size, weight=1 + i % 4, coordinated=i % 3 > 0))
        if base:
            edges.append(NetworkEdge(source=0, target=base, weight=1, coordinated=False))
    edges = [edge for edge in edges if edge.source != edge.target]
    if accounts <= MAX_DRAWN:
        return NetworkFacts(nodes=tuple(nodes), edges=tuple(edges), nodes_left_out=0)
    discs = [
        NetworkDisc(
            cluster_id=f"c{c}",
            accounts=size,
            members=size - len(range(0, size, 6)),
            x=0.18 * c**0.7 * cos(c),
            y=0.18 * c**0.7 * sin(c),
        )
        for c, size in enumerate(sizes)
    ]
    inside = [edge for edge in edges if max(edge.source, edge.target) < MAX_DRAWN]
    links = tuple(NetworkLink(source=0, target=c, edges=1 + c % 3) for c in range(1, len(sizes)))
    return NetworkFacts(
        nodes=tuple(nodes[:MAX_DRAWN]), edges=tuple(inside), nodes_left_out=accounts - MAX_DRAWN, discs=tuple(discs), links=links
    )


def with_network(accounts: int) -> Facts:
    """The full sample with a network of `accounts`; its clusters are in the table, largest first."""
    base = sample_facts.full()
    drawn = network_facts(accounts)
    sizes = {disc.cluster_id: disc.accounts for disc in drawn.discs}
    if not sizes:
        sizes = dict(Counter(node.cluster_id for node in drawn.nodes))
    first = base.coordination.clusters[0]
    clusters = tuple(
        first.model_copy(update={"cluster_id": cluster, "accounts": size, "members": size}) for cluster, size in sizes.items()
    )
    return base.model_copy(update={"coordination": base.coordination.model_copy(update={"network": drawn, "clusters": clusters})})


def network_10() -> Facts:
    return with_network(10)


def network_300() -> Facts:
    return with_network(300)


def network_5000() -> Facts:
    return with_network(5000)


def huge() -> Facts:
    """Ten million posts a week and 500 narratives: the width of numbers and the length of lists, not a measurement."""
    base = network_5000()
    weeks = tuple(
        week.model_copy(update={"posts": week.posts * 2500, "accounts": week.accounts * 80}) for week in base.activity.weeks
    )
    items = base.narratives.items
    many = tuple(items[i % len(items)].model_copy(update={"narrative_id": f"n{i:03d}"}) for i in range(NARRATIVES))
    platforms = tuple(row.model_copy(update={"posts_all": POSTS, "posts_period": POSTS // 52}) for row in base.coverage.platforms)
    return base.model_copy(
        update={
            "activity": base.activity.model_copy(update={"weeks": weeks}),
            "narratives": base.narratives.model_copy(update={"items": many}),
            "coverage": base.coverage.model_copy(update={"platforms": platforms}),
        }
    )


def _spoken(text: str, lang: str) -> Facts:
    """Every quote and every narrative in one language."""
    base = sample_facts.full()
    quote = base.narratives.exhibits[0].quote.model_copy(update={"text": text, "lang": lang})
    words = tuple(text.replace("،", "").replace(",", "").split()[:3]) if lang != "zh" else (text[:6],)
    items = tuple(
        item.model_copy(update={"quote": quote, "label": words, "languages": {lang: item.posts}}) for item in base.narratives.items
    )
    exhibits = tuple(one.model_copy(update={"quote": quote}) for one in base.narratives.exhibits)
    return base.model_copy(
        update={
            "narratives": base.narratives.model_copy(update={"items": items, "exhibits": exhibits}),
            "coordination": base.coordination.model_copy(update={"exhibits": exhibits}),
        }
    )


def arabic() -> Facts:
    return _spoken(ARABIC, "ar")


def hebrew() -> Facts:
    return _spoken(HEBREW, "he")


def chinese() -> Facts:
    return _spoken(CHINESE, "zh")
