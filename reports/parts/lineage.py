"""What became of the clusters since the period before: a sentence of counts and a table of events."""

from reports.formats import count, percent, plural, sentence, sentence_list, short_day, verb
from reports.parts.blocks import Column, Table, head, number_cell, text_cell
from tasks.domain.facts import CoordinationFacts
from tasks.domain.lineages import ClusterEvent
from tasks.domain.measures import NotMeasurable

MOST_EVENTS = 10
SHORT_ID = 6  # characters of a cluster's id that tell the few of one page apart
KINDS = {"born": "New", "returned": "Back again", "split": "Split off", "merged": "Merged", "died": "Gone"}


def cluster_changes(record: CoordinationFacts) -> str:
    """The sentences before the table; empty where nothing is recorded."""
    changes = record.cluster_changes
    if changes is None:
        return ""
    if isinstance(changes, NotMeasurable):
        return sentence(f"What became of the clusters since the period before cannot be told: {changes.reason}")
    if not changes.clusters and not changes.clusters_before:
        return ""
    of = f"clusters of {changes.min_accounts} accounts or more"
    then, go_on = short_day(changes.compared_with.date()), verb(changes.continued, "goes", "go")
    said = (
        f"There {verb(changes.clusters, 'is', 'are')} {count(changes.clusters)} {of}, after {count(changes.clusters_before)} on {then}; "
        f"{count(changes.continued)} {go_on} on under an id they had."
    )
    if changes.stayed.share is not None:
        both = plural(changes.stayed.whole, "account")
        said += f" Of {both} in a cluster at both times, {percent(changes.stayed.share)} stayed in theirs."
    return said


def cluster_events(record: CoordinationFacts, names: dict[str, str]) -> Table | None:
    """`names`: numbers of clusters in the table above, by id; the others go by the beginning of their id."""
    events = record.cluster_events
    if not events:
        return None
    rows = tuple(
        (
            head(KINDS[event.kind]),
            text_cell(_name(event.cluster_id, names)),
            number_cell(count(event.accounts)),
            text_cell(_told(event, names)),
        )
        for event in events[:MOST_EVENTS]
    )
    caption = "Clusters that came, went, merged or split" + (
        f" (the first {MOST_EVENTS} of {count(len(events))})" if len(events) > MOST_EVENTS else ""
    )
    return Table(caption, (Column("Event"), Column("Cluster"), Column("Accounts", True), Column("What it was")), rows, fit=True)


def _told(event: ClusterEvent, names: dict[str, str]) -> str:
    parts = [f"{_name(part.cluster_id, names)} ({count(part.shared)} of {count(part.accounts)} accounts)" for part in event.others]
    if event.kind == "split":
        return sentence(f"came out of {sentence_list(parts)}")
    if event.kind == "merged":
        return sentence(f"took in {sentence_list(parts)}")
    return {
        "born": "Not found before.",
        "returned": "Stood in an earlier period, not in the last one.",
        "died": "No longer more than chance, or scattered.",
    }[event.kind]


def _name(cluster_id: str, names: dict[str, str]) -> str:
    return f"Cluster {names[cluster_id]}" if cluster_id in names else f"Id {cluster_id[:SHORT_ID]}"
