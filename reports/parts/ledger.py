"""The takedown ledger and what indicator lists name: one row an action, nothing added up."""

from dataclasses import dataclass
from datetime import date

from reports.formats import count, plural, sentence, sentence_list, short_date
from reports.parts.blocks import Column, Notes, Table, head, number_cell, text_cell
from reports.parts.sources import host
from tasks.domain.facts import Facts
from tasks.domain.ledgers import IndicatorFacts, LedgerEntry
from tasks.domain.measures import NotMeasurable
from tasks.domain.platforms import platform_name, platform_names

MOST_ACTIONS = 14
MOST_ACCOUNTS = 8
NEVER_ADDED = "Actions dated by month, quarter or longer may hold one another, so counts are never added"


@dataclass(frozen=True)
class Ledger:
    table: Table | None
    said: tuple[str, ...]
    indicators: Table | None
    accounts: Table | None
    indicators_said: tuple[str, ...]
    indicators_absent: str  # why there are none


def ledger(facts: Facts) -> Ledger:
    listed = facts.indicators
    found = None if isinstance(listed, NotMeasurable) else listed
    return Ledger(
        table=_table(facts),
        said=_said(facts),
        indicators=_indicators(found) if found else None,
        accounts=_accounts(found) if found else None,
        indicators_said=_about(found) if found else (),
        indicators_absent=f"Indicators published by others: {listed.reason}." if isinstance(listed, NotMeasurable) else "",
    )


def _is_needed(facts: Facts) -> bool:
    """The overview names the actions of a campaign file; the ledger is printed where more is known, or where actions overlap."""
    return any(entry.stated_in == "ledger file" or entry.overlaps for entry in facts.ledger.entries)


def _table(facts: Facts) -> Table | None:
    if not _is_needed(facts):
        return None
    entries = sorted(facts.ledger.entries, key=_latest)[-MOST_ACTIONS:]
    rows = tuple(
        (
            head(platform_names(entry.platforms)),
            text_cell(_when(entry)),
            text_cell("not known" if entry.known == "unknown" else entry.precision),
            text_cell(_what(entry)),
            text_cell(f"{entry.source}, {host(entry.address)}" if entry.address else entry.source),
            number_cell(str(len(entry.overlaps)) if entry.overlaps else "none"),
        )
        for entry in entries
    )
    names = ("Platform", "When", "Precision", "What", "Source")
    columns = (*(Column(name) for name in names), Column("Overlaps with", numeric=True))
    left = len(facts.ledger.entries) - len(entries)
    part = f" (the latest {len(entries)} of {count(len(facts.ledger.entries))})" if left else ""
    return Table(f"Ledger of takedowns{part}", columns, rows, (("", NEVER_ADDED),))


def _latest(entry: LedgerEntry) -> tuple[bool, date, str]:
    """Undated rows last, so that what is not known is never cut off."""
    when = entry.last or entry.announced_on
    return when is None, when or date.max, entry.takedown_id


def _when(entry: LedgerEntry) -> str:
    if entry.first is None:
        return f"announced {short_date(entry.announced_on)}" if entry.announced_on else "no date"
    if entry.last is None or entry.last == entry.first:
        return short_date(entry.first)
    return f"{short_date(entry.first)} to {short_date(entry.last)}"


def _what(entry: LedgerEntry) -> str:
    if entry.known == "unknown":
        return "whether anything was removed"
    counts = sentence_list([f"{count(number)} {kind.replace('_', ' ')}" for kind, number in entry.counts.items()])
    words = [counts or "no counts stated", "approximate" if entry.approximate else "", "" if entry.removal else "no removal"]
    return "; ".join(word for word in words if word)


def _said(facts: Facts) -> tuple[str, ...]:
    if not _is_needed(facts):
        return ()
    said = [sentence(f"imported {text}") for text in facts.ledger.set_aside]
    if others := facts.ledger.rows_of_other_networks:
        verb = "is" if others == 1 else "are"
        said.append(f"{plural(others, 'imported row')} {verb} about other networks and left out.")
    return tuple(said)


def _indicators(found: IndicatorFacts) -> Table | None:
    rows = tuple(
        (
            head(f"{platform_name(row.platform)} accounts" if row.kind == "account" else f"{row.kind}s".capitalize()),
            number_cell(count(row.listed)),
            number_cell(count(row.matched)),
            number_cell(count(row.posts)),
        )
        for row in found.matched
    )
    columns = (Column("Listed"), *(Column(name, numeric=True) for name in ("Named", "Met in the collection", "Posts with them")))
    return Table("Indicators that others published, held against the collection", columns, rows, fit=True) if rows else None


def _accounts(found: IndicatorFacts) -> Table | None:
    """Listed accounts that were met."""
    met = [account for account in found.accounts_listed if account.observed]
    notes = Notes()
    rows = tuple(
        (
            head(account.handle),
            text_cell(platform_name(account.platform)),
            text_cell(account.link),
            notes.cell(account.posts, count),
        )
        for account in met[:MOST_ACCOUNTS]
    )
    columns = (Column("Handle"), Column("Platform"), Column("Address"), Column("Posts", numeric=True))
    part = f" (the first {MOST_ACCOUNTS} of {count(len(met))})" if len(met) > MOST_ACCOUNTS else ""
    return Table(f"Listed accounts met in the collection{part}", columns, rows) if rows else None


def _about(found: IndicatorFacts) -> tuple[str, ...]:
    stated = [f"{count(item.count)} {item.asset_type} on {platform_name(item.platform)}" for item in found.assets]
    said = (
        [f"The lists ({plural(found.files, 'file')}, {plural(found.rows, 'row')}) count {sentence_list(stated)}."] if stated else []
    )
    if not any(row.matched for row in found.matched):
        said.append("None of the accounts, links and domains they name was met in what was collected.")
    if found.links_met:
        said.append(f"Links met: {sentence_list(list(found.links_met[:5]))}.")
    said.append("Sharing a listed link does not make an account part of the network.")
    return tuple(said)
