"""Numbers in print that are worked out from values of facts.json while it is laid out: each kind with what it is worked out from."""

from collections.abc import Iterator
from itertools import accumulate

from reports.charts.aggregate import MOST_DISCS
from reports.gate.known import Known
from reports.parts.narratives import MOST_DRAWN
from tasks.domain.facts import Facts
from tasks.domain.measures import NotMeasurable
from tasks.domain.rebuilding import Cohorts, GroupRow

# phrases whose numbers are names or part of the method, and stand in every briefing
CONSTANTS = {
    "SHA-256": "the name of a hash",
    "ICD 203": "the name of a standard",
    "first 16 digits": "how ids are shortened in print",
    "of 256 bits": "the length of a PDQ hash",
    f"The {MOST_DRAWN} largest of": "how many narratives there is room for side by side",
    "of 6": "how many categories the Breakout Scale has",
    "Back to 0.9": "the head of a column: nine tenths of the baseline, as docs/methods.md defines the day of return",
    "last 28 days": "the window of docs/methods.md for ground regained",
    "last 7 days": "the window of docs/methods.md for the level now",
    "last 30 days": "the days of docs/methods.md at the end of a survival curve in which silence cannot be told",
    "90 %": "the coverage of every interval",
    "90 d": "the look-back of docs/methods.md by which accounts are sorted into cohorts",
    "95th percentile": "the name of a quantile",
    "Nimmo and Hutchins 2023": "the year of a publication",
    "CC BY-SA 4.0": "the name of a licence",
}


def ranks(facts: Facts) -> list[str]:
    """What clusters are called: by their place among all, largest first."""
    return [f"Cluster {place}" for place in range(1, len(facts.coordination.clusters) + 1)]


def add_derived(known: Known, facts: Facts) -> None:
    """Add to `known` what the layout works out: shares of a whole, sums of rows that are merged, hours of the day, scales of shades."""
    for share in _shares(facts):
        known.add_share(share)
    for total in _sums(facts):
        known.add(total)
    _hours(known, facts)


def _shares(facts: Facts) -> Iterator[float]:
    for item in facts.narratives.items:  # the small panels print the last step's share
        yield from (step.posts / step.all_posts for step in item.trend if step.all_posts)
    total = sum(bucket.posts for bucket in facts.impact.buckets)
    yield from (bucket.posts / total for bucket in facts.impact.buckets if total)
    coded = sum(facts.narratives.categories.values())
    yield from (posts / coded for posts in facts.narratives.categories.values() if coded)
    for record in facts.takedowns:
        if isinstance(record.cohorts, Cohorts):
            for counted in (record.cohorts, record.cohorts.posts):
                values = [value for value in counted.model_dump().values() if isinstance(value, int)]
                yield from (value / counted.total for value in values if counted.total)


def _sums(facts: Facts) -> Iterator[int]:
    """Groups of a kind beyond the largest are one row, and so are discs; checks passed are counted by suite, members and clusters of the
    accounts drawn."""
    passed = [check.suite for check in facts.validation.checks if check.success]
    yield from (len(passed), *(passed.count(suite) for suite in set(passed)))
    network = facts.coordination.network
    if not isinstance(network, NotMeasurable):
        yield sum(node.member for node in network.nodes)
        yield len({node.cluster_id for node in network.nodes})
        for discs in (network.discs, network.discs[MOST_DISCS:]):
            yield from (len(discs), sum(disc.accounts for disc in discs), sum(disc.members for disc in discs))
    for record in facts.takedowns:
        groups: tuple[GroupRow, ...] = () if isinstance(record.by_group, NotMeasurable) else record.by_group
        for kind in {row.kind for row in groups}:
            mine = [row for row in groups if row.kind == kind]
            others = [row for row in mine if row.group == "other"]
            ordered = [*others, *reversed([row for row in mine if row.group != "other"])]
            yield from accumulate(row.posts_before for row in ordered)
            yield from accumulate(row.posts_latest for row in ordered)


def _hours(known: Known, facts: Facts) -> None:
    counts = facts.behaviour.counts
    if isinstance(counts, NotMeasurable):
        return
    known.times |= {f"{hour:02d}:00" for hour in range(25)}
    largest = max((value for row in counts for value in row), default=0) or 1
    for step in range(7):  # the six shades of the heat map
        known.add(-(-step * (largest + 1) // 6))
