"""By whom and with what: the index by language, category and cluster, the loudest ten, continuity of content, comparators."""

import re
from collections.abc import Mapping

from reports.formats import capital, count, estimate, language, number, percent, plural, shared
from reports.parts.blocks import LETTERS, Cell, Column, Notes, Table, head, number_cell
from tasks.domain.measures import Estimate, Interval, NotMeasurable
from tasks.domain.rebuilding import GroupRow, TakedownFacts

MOST_OF_A_KIND = 3  # the rest of a kind is summed up in print; facts.json has every row
CLUSTER_ID = re.compile(r"[0-9a-f]{12}")
KINDS = {"language": "Language", "category": "Category", "cluster": "Cluster"}


def group_table(record: TakedownFacts, clusters: Mapping[str, str] | None = None) -> Table | None:
    """One row a group; rows beyond the largest of a kind are added to `other`, without an index of their own. `clusters`: what they are
    called, by id."""
    groups: tuple[GroupRow, ...] | NotMeasurable = record.by_group
    if isinstance(groups, NotMeasurable) or not groups:
        return None
    names = dict(clusters or {})
    names |= _unnamed([row.group for row in groups if row.kind == "cluster" and CLUSTER_ID.fullmatch(row.group)], names)
    notes = Notes(names)
    kinds = list(dict.fromkeys(row.kind for row in groups))
    rows: list[tuple[Cell, ...]] = []
    for kind in kinds:
        mine = [row for row in groups if row.kind == kind]
        shown = mine if len(mine) <= MOST_OF_A_KIND + 1 else [row for row in mine if row.group != "other"][:MOST_OF_A_KIND]
        rows += [_row(row, _heading(row, names, len(kinds) > 1), notes) for row in shown]
        if rest := [row for row in mine if row not in shown]:
            rows.append(_rest(kind, rest, len(kinds) > 1))
    columns = (
        Column(capital(kinds[0]) if len(kinds) == 1 else "Group"),
        *(
            Column(name, numeric=True)
            for name in ("Posts, baseline weeks", "Posts, last 7 days", "Index of posts", "Index of accounts")
        ),
    )
    caption = "The index by group; the posts of each kind sum to all posts of the platform"
    return Table(caption, columns, tuple(rows), notes.pairs, fit=True)


def content_sentences(record: TakedownFacts) -> tuple[str, ...]:
    """The loudest ten before and after, and how much of what is said was said before."""
    said = []
    loudest, told = record.loudest, record.continuity
    if not isinstance(loudest, NotMeasurable) and loudest.before.whole and loudest.after.whole:
        said.append(
            f"The ten loudest accounts wrote {shared(loudest.before)} of the posts of the baseline weeks and {shared(loudest.after)} of "
            "those since the takedown; the ten are those of each span."
        )
    if not isinstance(told, NotMeasurable):
        known = f"{shared(told.posts)} of the posts with text since the takedown repeat texts that members had posted before it"
        families = f"{shared(told.families)} of their text families were known then"
        here = f"on this platform {percent(told.posts_same_platform.share or 0)} of the posts"
        before = (
            f" For comparison: of the posts of the four weeks before it, {percent(told.posts_before.share or 0)} repeated older texts."
            if told.posts_before.whole
            else ""
        )
        said.append(f"{known} ({families}; known {here}).{before}")
    return tuple(said)


def comparator_table(record: TakedownFacts) -> Table | None:
    """The comparators' own course, and the campaign's index and loss adjusted by it."""
    if isinstance(record.comparators, NotMeasurable) or not record.comparators:
        return None
    notes = Notes()
    rows = tuple(
        (
            head(row.name),
            number_cell(count(row.accounts)),
            number_cell(number(row.baseline_posts)),
            notes.number(row.index),
            notes.cell(row.adjusted_index, estimate),
            notes.cell(row.adjusted_loss, estimate),
        )
        for row in record.comparators
    )
    names = ("Accounts", "Posts a day, baseline", "Its own index now", "Adjusted index now", "Adjusted loss")
    caption = "Against comparators, accounts collected the same way: what is left of the loss when their course is taken out"
    return Table(caption, (Column("Comparator"), *(Column(name, numeric=True) for name in names)), rows, notes.pairs, fit=True)


def _row(row: GroupRow, heading: str, notes: Notes) -> tuple[Cell, ...]:
    index: Estimate | NotMeasurable
    index = row.index if isinstance(row.index, NotMeasurable) else Estimate(value=row.index, interval=row.interval)
    plain = isinstance(index, Estimate) and not isinstance(index.interval, Interval)
    return (
        head(heading),
        number_cell(count(row.posts_before)),
        number_cell(count(row.posts_latest)),
        notes.number(row.index) if plain else notes.cell(index, estimate),
        notes.number(row.index_accounts),
    )


def _rest(kind: str, rest: list[GroupRow], named: bool) -> tuple[Cell, ...]:
    others = [row for row in rest if row.group != "other"]
    name = "other" if len(others) < len(rest) else plural(len(rest), "further group")
    return (
        head(f"{KINDS.get(kind, kind)}: {name}" if named else name),
        number_cell(count(sum(row.posts_before for row in rest))),
        number_cell(count(sum(row.posts_latest for row in rest))),
        number_cell(""),
        number_cell(""),
    )


def _unnamed(ids: list[str], names: Mapping[str, str]) -> dict[str, str]:
    """Names for clusters beyond those that have one: `Smaller cluster`, with a letter where there are several."""
    rest = [key for key in dict.fromkeys(ids) if key not in names]
    return {key: f"Smaller cluster{f' {LETTERS[i]}' if len(rest) > 1 else ''}" for i, key in enumerate(rest[: len(LETTERS)])}


def _heading(row: GroupRow, clusters: Mapping[str, str], named: bool) -> str:
    """A cluster is called as everywhere else: an id tells a reader nothing."""
    if row.kind == "cluster" and row.group in clusters:
        return clusters[row.group]
    name = language(row.group) if row.kind == "language" else row.group
    return f"{KINDS.get(row.kind, row.kind)}: {name}" if named else name
