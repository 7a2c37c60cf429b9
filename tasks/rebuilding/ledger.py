"""The takedown ledger: what the campaign file states and what imported ledgers add, as far as either was known at the cut-off.

Imported rows count one asset type each. Rows about the same network, platforms, interval and kind of statement are one action with several
counts; a second count of the same asset type is another action. Nothing is ever added over actions: a quarter may hold a month, a month a
day, and a lifetime all of them. Those that touch are named with each other instead.

Precedence: where an imported action has the `takedown_id` of one in the campaign file, or lies on a platform and day (of effect or of
announcement) that the file names too, the file's row stands and the imported one is reported as set aside, with what it says otherwise.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from tasks.domain.campaign import Campaign
from tasks.domain.ledgers import LedgerEntry, LedgerFacts
from tasks.domain.periods import Cutoff
from tasks.domain.platforms import platform_names
from tasks.domain.takedowns import Takedown
from tasks.rebuilding.episodes import is_visible

_SAME_ACTION = ["network", "platform", "precision", "effective_from", "effective_to", "announced_on", "removal", "known", "source"]


@dataclass(frozen=True)
class Action:
    """One action or statement of an imported ledger. `platforms`: several where their count is one."""

    takedown: Takedown
    platforms: tuple[str, ...]
    removal: bool
    approximate: bool


@dataclass(frozen=True)
class Ledger:
    """`takedowns`: the campaign file's, then the imported removals on one platform: what rebuilding is measured with. `facts`: everything
    that was known at the cut-off."""

    takedowns: tuple[Takedown, ...]
    facts: LedgerFacts


def read_actions(rows: pd.DataFrame, campaign: Campaign) -> tuple[tuple[Action, ...], int]:
    """Actions of this campaign among `rows` (TAKEDOWN_ROWS, as visible at the cut-off), oldest first, and the number of rows about other
    networks. Of several visible readings of one row_id the latest counts.

    A row is about this campaign if its network names the title, the slug, an alias or one of `ledger_names`, compared without case and
    punctuation; a list of networks (separated by `/`, `,` or brackets) if one of them does. A row without a network always is.
    """
    latest = rows.drop_duplicates("row_id", keep="last")
    names = {_plain(name) for name in (campaign.title, campaign.slug, *campaign.aliases, *campaign.ledger_names)}
    ours = np.array([pd.isna(network) or _names_one(str(network), names) for network in latest["network"]], dtype=bool)
    own = latest[pd.Series(ours, index=latest.index, dtype=bool)]  # an empty list would choose no column instead of no row
    groups: list[list[dict[str, Any]]] = []
    for _, same in own.groupby(_SAME_ACTION, dropna=False, sort=True):
        open_groups: list[list[dict[str, Any]]] = []
        plain = same.sort_values(["row_number", "row_id"]).astype(object)
        for row in (dict(zip(plain.columns, values, strict=True)) for values in plain.where(plain.notna(), None).to_numpy()):
            free = next((group for group in open_groups if all(other["asset_type"] != row["asset_type"] for other in group)), None)
            if free is None:
                open_groups.append([row])
            else:
                free.append(row)
        groups += open_groups
    actions = _with_own_ids([_action(group) for group in groups])
    return tuple(sorted(actions, key=lambda action: (*_span_key(action.takedown), action.takedown.takedown_id))), len(latest) - len(
        own
    )


def merge(campaign: Campaign, rows: pd.DataFrame, cutoff: Cutoff) -> Ledger:
    """The campaign file's takedowns and those of imported `rows` (TAKEDOWN_ROWS with observed_at <= as_of)."""
    actions, others = read_actions(rows, campaign)
    kept: list[Action] = []
    set_aside: list[str] = []
    for action in actions:
        if twin := next((row for row in campaign.takedowns if _states_the_same(row, action)), None):
            set_aside.append(_why_set_aside(action.takedown, twin))
        else:
            kept.append(action)
    stated = [_entry(row, (row.platform,), removal=True, approximate=False, imported=False) for row in campaign.takedowns]
    stated = [entry for entry, row in zip(stated, campaign.takedowns, strict=True) if is_visible(row, cutoff)]
    imported = [
        _entry(a.takedown, a.platforms, removal=a.removal, approximate=a.approximate, imported=True)
        for a in kept
        if is_visible(a.takedown, cutoff)
    ]
    return Ledger(
        takedowns=(*campaign.takedowns, *(a.takedown for a in kept if a.removal and len(a.platforms) == 1)),
        facts=LedgerFacts(
            entries=_with_overlaps(sorted([*stated, *imported], key=_order)),
            set_aside=tuple(set_aside),
            rows_of_other_networks=others,
        ),
    )


def _action(group: Sequence[dict[str, Any]]) -> Action:
    first = group[0]
    notes = dict.fromkeys(str(row["note"]) for row in group if row["note"])
    words = [f"{row['count']:,} {row['asset_type']}" for row in group if row["approximate"] and row["count"] is not None]
    links = dict.fromkeys(str(row["link"]) for row in group if row["link"])
    said = [*notes, *(["approximate: " + ", ".join(words)] if words else []), *(f"tie to the campaign: {link}" for link in links)]
    platforms = tuple(str(first["platform"]).split("+"))
    takedown = Takedown(
        takedown_id=_id(str(first["row_id"])),
        platform=str(first["platform"]),
        known=first["known"],
        announced_on=_day(first["announced_on"]),
        effective_from=_day(first["effective_from"]),
        effective_to=_day(first["effective_to"]),
        precision=first["precision"],
        counts={str(row["asset_type"] or "assets"): int(row["count"]) for row in group if row["count"] is not None},
        source=first["source"],
        address=next((str(row["address"]) for row in group if row["address"]), ""),
        note="; ".join(said),
    )
    return Action(takedown, platforms, bool(first["removal"]), bool(words))


def _with_own_ids(actions: Sequence[Action]) -> list[Action]:
    """Ids that became equal when they were cleaned are numbered."""
    seen: dict[str, int] = {}
    out = []
    for action in actions:
        name = action.takedown.takedown_id
        seen[name] = seen.get(name, 0) + 1
        renamed = name if seen[name] == 1 else f"{name[:58]}-{seen[name]}"
        out.append(
            Action(
                action.takedown.model_copy(update={"takedown_id": renamed}), action.platforms, action.removal, action.approximate
            )
        )
    return out


def _states_the_same(row: Takedown, action: Action) -> bool:
    other = action.takedown
    if row.takedown_id == other.takedown_id:
        return True
    if row.platform not in action.platforms or row.known != "yes" or not action.removal:
        return False
    if row.interval is not None and row.interval == other.interval:
        return True
    return (
        row.interval is None and other.interval is None and row.announced_on is not None and row.announced_on == other.announced_on
    )


def _why_set_aside(action: Takedown, twin: Takedown) -> str:
    told = {kind: count for kind, count in action.counts.items() if twin.counts.get(kind) != count}
    differs = ", ".join(f"{count:,} {kind} (the file: {_or_none(twin.counts.get(kind))})" for kind, count in sorted(told.items()))
    return f"{action.takedown_id} states what {twin.takedown_id} of the campaign file states" + (
        f", but counts {differs}" if differs else ", with the same counts" if action.counts else ""
    )


def _or_none(count: int | None) -> str:
    return "none" if count is None else f"{count:,}"


def _entry(row: Takedown, platforms: tuple[str, ...], *, removal: bool, approximate: bool, imported: bool) -> LedgerEntry:
    return LedgerEntry(
        takedown_id=row.takedown_id,
        platforms=platforms,
        known=row.known,
        first=row.effective_from,
        last=row.effective_to or row.effective_from,
        precision=row.precision,
        announced_on=row.announced_on,
        counts=row.counts,
        approximate=approximate,
        removal=removal,
        source=row.source,
        address=row.address,
        note=row.note,
        stated_in="ledger file" if imported else "campaign file",
    )


def _with_overlaps(entries: Sequence[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    return tuple(
        entry.model_copy(update={"overlaps": tuple(other.takedown_id for other in entries if _may_count_the_same(entry, other))})
        for entry in entries
    )


def _may_count_the_same(one: LedgerEntry, other: LedgerEntry) -> bool:
    """Whether two removals on a common platform have intervals that touch. Two different days never do."""
    if one is other or not (one.removal and other.removal) or not set(one.platforms) & set(other.platforms):
        return False
    if one.first is None or one.last is None or other.first is None or other.last is None:
        return False
    return one.first <= other.last and other.first <= one.last


def _order(entry: LedgerEntry) -> tuple[str, date, date, str]:
    return platform_names(entry.platforms), entry.first or entry.announced_on or date.max, entry.last or date.max, entry.takedown_id


def _span_key(row: Takedown) -> tuple[date, date]:
    return row.effective_from or row.announced_on or date.max, row.effective_to or date.max


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _names_one(network: str, names: Iterable[str]) -> bool:
    return bool({_plain(part) for part in (network, *re.split(r"[/,()]", network))} & set(names))


def _id(row_id: str) -> str:
    cleaned = re.sub(r"[^a-z0-9-]+", "-", row_id.lower()).strip("-")[:64]
    return cleaned or "row"


def _day(value: Any) -> date | None:
    return None if value is None or pd.isna(value) else value.date()
