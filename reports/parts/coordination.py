"""Pages 7 and 8: who acted together, on what, and the texts they shared."""

from dataclasses import dataclass

from reports.charts import network
from reports.charts.aggregate import MOST_DISCS
from reports.formats import count, number, p_value, platform, plural, sentence_list, short_date, verb
from reports.glyphs import MARK
from reports.parts.blocks import Cell, Column, Figure, Notes, Passage, Table, head, number_cell, passage, text_cell
from reports.parts.lineage import cluster_changes, cluster_events
from tasks.domain.facts import BehaviourFacts, ClusterFacts, CoordinationFacts, Facts, NetworkEdge, NetworkFacts
from tasks.domain.measures import NotMeasurable
from tasks.domain.narratives import Exhibit

MOST_CLUSTERS, MOST_EXHIBITS, MOST_PROPOSED = 8, 8, 6
MOST_OF_ANY_LANGUAGE = 5
BEHAVIOURS = {
    "co-url": "same link",
    "co-text": "same text",
    "co-domain": "same domain",
    "co-repost": "same post, passed on",
    "co-reply": "same post, answered",
    "co-hashtag": "same hashtags in a row",
    "co-media": "same image or film",
}


@dataclass(frozen=True)
class ExhibitView:
    passage: Passage
    counts: str


@dataclass(frozen=True)
class Coordination:
    lead: str
    opened: str
    network: Figure
    behaviours: Table | None
    clusters: Table | None
    changes: str
    events: Table | None
    exhibits: tuple[ExhibitView, ...]
    exhibits_note: str
    proposed: Table | None


def coordination(facts: Facts) -> Coordination:
    record = facts.coordination
    exhibits = record.exhibits or facts.narratives.exhibits
    shown = _chosen(exhibits)
    return Coordination(
        lead=_lead(record),
        opened=_opened(record),
        network=_network(facts),
        behaviours=_behaviours(facts),
        clusters=_clusters(facts),
        changes=cluster_changes(record),
        events=cluster_events(record, cluster_names(facts)),
        exhibits=tuple(_exhibit(exhibit) for exhibit in shown),
        exhibits_note=" ".join(filter(None, (_exhibits_note(len(exhibits), len(shown)), _marks_note(shown)))),
        proposed=_proposed(facts),
    )


def _lead(record: CoordinationFacts) -> str:
    if not record.tests:
        return "No two accounts of the data could have co-acted: there were too few posts to compare."
    pairs = plural(record.tests, "pair of accounts", "pairs of accounts")
    return (
        "Accounts co-act when they post the same thing within a short window. "
        f"Looked for over {plural(record.window_days, 'day')} before the cut-off; {pairs} could have co-acted, "
        f"and an edge is significant at q of at most {number(record.max_q)} over all of them.{_timing(record)}"
    )


def _timing(record: CoordinationFacts) -> str:
    if all(row.edges_coordinated is None for row in record.behaviours):
        return ""  # made before timing was tested
    return (
        " Two who only share an interest pass that test too. Coordinated are the significant edges whose accounts were also closer "
        "in time than the sharers of the same things usually are."
    )


def _opened(record: CoordinationFacts) -> str:
    """The fused network in one sentence, and where its edges can be opened."""
    fused, file = record.fused, record.edges_file
    if fused is None or not fused.edges:
        return ""
    said = (
        f"All behaviours together join {plural(fused.accounts, 'account')} by {plural(fused.edges, 'edge')}; "
        f"{_some(fused.edges_several)} of them {verb(fused.edges_several, 'rests', 'rest')} on two behaviours or more, "
        f"{_some(fused.edges_certain)} {verb(fused.edges_certain, 'is', 'are')} certain even by the clocks alone."
    )
    if file is None:
        return said
    beyond = [
        f"{plural(many, noun)} beyond its limits"
        for many, noun in ((file.objects_left_out, "object"), (file.edges_left_out, "edge"))
        if many
    ]
    return (
        f"{said} The file {file.name}, published with this briefing (SHA-256 {file.sha256[:16]}), opens them: which posts, and when, in "
        f"{plural(file.rows, 'row')}{', with ' + sentence_list(beyond) + ' counted there' if beyond else ''}."
    )


def _some(value: int) -> str:
    return count(value) if value else "none"


def _chosen(exhibits: tuple[Exhibit, ...]) -> tuple[Exhibit, ...]:
    """The most used five, and of each language that is not among them the most used: what was said in it is seen."""
    chosen, seen = [], set[str]()
    for i, exhibit in enumerate(exhibits):
        if i < MOST_OF_ANY_LANGUAGE or exhibit.quote.lang not in seen:
            chosen.append(exhibit)
        seen.add(exhibit.quote.lang)
    return tuple(chosen[:MOST_EXHIBITS])


def _exhibits_note(found: int, shown: int) -> str:
    if not found:
        return "No text was posted by three or more accounts, so there is no copypasta to show."
    return (
        f"{shown} of {plural(found, 'text family', 'text families')}, the most used and the first of each further language."
        if found > shown
        else ""
    )


def _marks_note(shown: tuple[Exhibit, ...]) -> str:
    unseen = any(MARK in exhibit.quote.text for exhibit in shown)
    return f"{MARK} stands in place of a character that has no width in print." if unseen else ""


def cluster_numbers(facts: Facts) -> dict[str, str]:
    """Id -> number in the table of clusters, for those that stand in it: the figure names no others."""
    return {cluster.cluster_id: str(i + 1) for i, cluster in enumerate(facts.coordination.clusters[:MOST_CLUSTERS])}


def cluster_names(facts: Facts) -> dict[str, str]:
    """Id -> `Cluster 12`, by its place among all clusters, largest first; the table shows the first of them."""
    return {cluster.cluster_id: f"Cluster {i + 1}" for i, cluster in enumerate(facts.coordination.clusters)}


def _network(facts: Facts) -> Figure:
    title, record = "The co-action network", facts.coordination.network
    if isinstance(record, NotMeasurable):
        return Figure("network", title, absent=f"The network cannot be drawn: {record.reason}.")
    if not record.nodes:
        return Figure(
            "network", title, absent="No two accounts co-acted more than chance explains, so there is no network to draw."
        )
    alt, source = _of_discs(record, facts) if record.discs else _of_accounts(record)
    return Figure("network", title, network(record, cluster_numbers(facts)), alt, source)


def _of_accounts(record: NetworkFacts) -> tuple[str, str]:
    """Alternative text and line of source of a network drawn account by account."""
    members = sum(node.member for node in record.nodes)
    more = record.nodes_left_out
    left_out = f" {plural(more, 'further account')} would not be legible and {verb(more, 'is', 'are')} left out." if more else ""
    drawn = len({node.cluster_id for node in record.nodes})
    alt = (
        f"{plural(len(record.nodes), 'account')} {verb(len(record.nodes), 'is', 'are')} joined by {plural(len(record.edges), 'edge')} into "
        f"{plural(drawn, 'cluster')}; {count(members)} of them {verb(members, 'is', 'are')} on the campaign list. "
        f"Drawn as a network.{left_out}"
    )
    source = (
        "Numbers: clusters as in the table. Filled: on the campaign list; hollow: outside it. "
        f"Lines join accounts that co-acted, thicker with more co-actions{_strokes(record.edges)}.{left_out}"
    )
    return alt, source


def _of_discs(record: NetworkFacts, facts: Facts) -> tuple[str, str]:
    """The same of one that is drawn cluster by cluster."""
    accounts, members = sum(disc.accounts for disc in record.discs), sum(disc.members for disc in record.discs)
    rest = record.discs[MOST_DISCS:]
    small = sum(disc.accounts for disc in rest)
    left_out = (
        f" {plural(len(rest), 'smaller cluster')} of together {plural(small, 'account')} {verb(len(rest), 'is', 'are')} not drawn."
        if rest
        else ""
    )
    fused = facts.coordination.fused
    edges = f" by {plural(fused.edges, 'edge')}" if fused else ""
    alt = (
        f"{plural(accounts, 'account')} {verb(accounts, 'is', 'are')} joined{edges} into {plural(len(record.discs), 'cluster')}; "
        f"{count(members)} of them {verb(members, 'is', 'are')} on the campaign list. Drawn cluster by cluster, for so many accounts "
        f"could not be told apart.{left_out}"
    )
    source = (
        "A disc is a cluster, named by its number in the table and its accounts; the darker, the more of them are on the campaign list. "
        f"Lines: edges between clusters, thicker with more.{left_out}"
    )
    return alt, source


def _strokes(edges: tuple[NetworkEdge, ...]) -> str:
    """The legend of the lines, as far as timing was recorded."""
    if all(edge.coordinated is None for edge in edges):
        return ""
    return "; solid: coordinated, closer in time than the sharers of the same objects; dashed and lighter: shared interest only"


def _behaviours(facts: Facts) -> Table | None:
    if not facts.coordination.behaviours:
        return None
    notes = Notes()
    rows = [_behaviour(row, notes) for row in facts.coordination.behaviours]
    names = (
        "Window",
        "Shares",
        "Objects",
        "Accounts",
        "Edges",
        "Significant (coordinated)",
        "Certain",
        "Among members",
        "Hubs set aside",
    )
    return Table(
        "Behaviours looked for",
        (Column("Behaviour"), *(Column(name, numeric=True) for name in names)),
        tuple(rows),
        notes.pairs,
    )


def _behaviour(row: BehaviourFacts, notes: Notes) -> tuple[Cell, ...]:
    unmeasured = isinstance(row.edges_significant, NotMeasurable)  # its reason stands in its own cell
    note = notes.letter(row.note) if row.note and not unmeasured else ""
    certain = None if unmeasured else row.edges_certain
    return (
        Cell(BEHAVIOURS.get(row.behaviour, row.behaviour), note=note, heading=True),
        number_cell(f"{row.window_s} s{'' if row.window_certain else ', possible'}"),
        *(number_cell(count(value)) for value in (row.shares, row.objects, row.accounts, row.edges)),
        _significant(row, notes),
        number_cell("–" if certain is None else count(certain)),
        number_cell(count(row.edges_among_members)),
        number_cell(f"{count(row.hubs_set_aside)}{f' ({count(row.hub_rows)} rows)' if row.hub_rows else ''}"),
    )


def _significant(row: BehaviourFacts, notes: Notes) -> Cell:
    """How many edges are significant and, where timing was asked, how many of them are coordinated."""
    if isinstance(row.edges_significant, NotMeasurable) or row.edges_coordinated is None:
        return notes.cell(row.edges_significant, count)
    if isinstance(row.edges_coordinated, NotMeasurable):
        return Cell(count(row.edges_significant), note=notes.letter(row.edges_coordinated.reason), numeric=True)
    return number_cell(f"{count(row.edges_significant)} ({count(row.edges_coordinated)})")


def _clusters(facts: Facts) -> Table | None:
    clusters = facts.coordination.clusters
    if not clusters:
        return None
    rows = tuple(
        (
            head(str(i + 1)),
            text_cell(cluster.label),
            number_cell(count(cluster.accounts)),
            number_cell("–" if cluster.accounts_before is None else count(cluster.accounts_before)),
            number_cell(count(cluster.members)),
            number_cell(_with_coordinated(cluster)),
            text_cell(sentence_list([platform(name) for name in cluster.platforms])),
            text_cell(sentence_list([BEHAVIOURS.get(name, name) for name in cluster.behaviours])),
        )
        for i, cluster in enumerate(clusters[:MOST_CLUSTERS])
    )
    found = _found(facts)
    caption = "Clusters, largest first" + (f" (the first {len(rows)} of {count(found)})" if found > len(rows) else "")
    columns = (
        Column("Cluster"), Column("What they shared most"), Column("Accounts", True), Column("Before", True),
        Column("Members", True), Column("Edges (coordinated)", True), Column("Platforms"), Column("Behaviours"),
    )  # fmt: skip
    return Table(caption, columns, rows)


def _found(facts: Facts) -> int:
    """How many clusters there are: facts.json describes the largest 20, the network holds all, or those of the accounts drawn."""
    record = facts.coordination.network
    if isinstance(record, NotMeasurable):
        return len(facts.coordination.clusters)
    held = len(record.discs) or len({node.cluster_id for node in record.nodes})
    return max(held, len(facts.coordination.clusters))


def _with_coordinated(cluster: ClusterFacts) -> str:
    told = "" if cluster.edges_coordinated is None else f" ({count(cluster.edges_coordinated)})"
    return f"{count(cluster.edges)}{told}"


def _exhibit(exhibit: Exhibit) -> ExhibitView:
    where = sentence_list([platform(name) for name in exhibit.platforms])
    made = f"{plural(exhibit.posts, 'post')} by {plural(exhibit.accounts, 'account')} on {where}"
    counts = f"{made}; {plural(exhibit.variants, 'variant')}; first seen {short_date(exhibit.first_seen)}"
    return ExhibitView(passage(exhibit.quote), counts)


def _proposed(facts: Facts) -> Table | None:
    rows = facts.accounts_proposed
    if not rows:
        return None
    alike = len({row.decision for row in rows}) == 1
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (
            head(row.name),
            text_cell(platform(row.platform)),
            *(() if alike else (text_cell(row.decision),)),
            number_cell(count(row.members_co_acted)),
            number_cell(count(row.objects)),
            number_cell(p_value(row.min_q)),
        )
        for row in rows[:MOST_PROPOSED]
    )
    caption = f"Accounts that detection proposes for the campaign list{f', all {rows[0].decision}' if alike else ''}" + (
        f" (the first {MOST_PROPOSED} of {count(len(rows))})" if len(rows) > MOST_PROPOSED else ""
    )
    columns = (
        Column("Account"),
        Column("Platform"),
        *(() if alike else (Column("Decision"),)),
        Column("Members co-acted with", True),
        Column("Objects", True),
        Column("Smallest q-value", True),
    )
    return Table(caption, columns, cells, fit=True)
