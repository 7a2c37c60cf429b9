"""What became of the clusters since the period before: a sentence of counts and a table of events."""

from reports.formats import capital, count, percent, plural, sentence, sentence_list, short_day, verb
from reports.parts.blocks import Column, Table, head, number_cell, text_cell
from tasks.domain.facts import CoordinationFacts
from tasks.domain.lineages import ClusterEvent, ClusterPart
from tasks.domain.measures import NotMeasurable

MOST_EVENTS = 10
SMALLER, EARLIER = "one of the smaller clusters", "an earlier cluster"  # of one beyond those listed; of one of the time before
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
    now = plural(changes.clusters, "cluster") if changes.clusters else "No cluster"
    said = f"{now} of {changes.min_accounts} accounts or more {verb(max(changes.clusters, 1), 'stands', 'stand')} now, "
    said += f"after {count(changes.clusters_before)} on {short_day(changes.compared_with.date())}"
    if changes.clusters and changes.clusters_before:
        said += (
            f"; {count(changes.continued) if changes.continued else 'none'} {verb(changes.continued, 'goes', 'go')} on from then"
        )
    said += "."
    if changes.stayed.share is not None:
        both = plural(changes.stayed.whole, "account")
        said += f" Of {both} in a cluster at both times, {percent(changes.stayed.share)} stayed in theirs."
    return said


def cluster_events(record: CoordinationFacts, names: dict[str, str]) -> Table | None:
    """`names`: what the largest clusters are called, by id."""
    events = record.cluster_events
    if not events:
        return None
    rows = tuple(
        (
            head(KINDS[event.kind]),
            text_cell(capital(names.get(event.cluster_id, EARLIER if event.kind == "died" else SMALLER))),
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
    parts = _parts(event.others, names)
    if event.kind == "split":
        return sentence(f"came out of {sentence_list(parts)}")
    if event.kind == "merged":
        return sentence(f"took in {sentence_list(parts)}")
    return {
        "born": "Not found before.",
        "returned": "Stood in an earlier period, not in the last one.",
        "died": "No longer more than chance, or scattered.",
    }[event.kind]


def _parts(others: tuple[ClusterPart, ...], names: dict[str, str]) -> list[str]:
    """The clusters of the time before, and how many of their accounts the event is about; those without a name together."""
    named = [f"{names[part.cluster_id]} ({_shared(part)} accounts it had)" for part in others if part.cluster_id in names]
    rest = [part for part in others if part.cluster_id not in names]
    if len(rest) > 1:
        return [*named, f"earlier clusters ({sentence_list([_shared(part) for part in rest])} accounts they had)"]
    return [*named, *(f"{EARLIER} ({_shared(part)} accounts it had)" for part in rest)]


def _shared(part: ClusterPart) -> str:
    return f"{count(part.shared)} of the {count(part.accounts)}"
