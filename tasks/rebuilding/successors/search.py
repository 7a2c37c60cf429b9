"""The search for successors on one platform: who could have replaced whom, and how much speaks for it."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tasks.rebuilding.cohorts import AccountKnowledge
from tasks.rebuilding.fate import StatusChecks
from tasks.rebuilding.successors.announcements import Announcement, find_announcements
from tasks.rebuilding.successors.habits import MOST_BITS, habit_bits
from tasks.rebuilding.successors.handles import alike_handles, folded_all
from tasks.rebuilding.successors.people import People, read_people
from tasks.rebuilding.successors.scoring import (
    THRESHOLD,
    Pairs,
    add_announcements,
    add_choice,
    add_timing,
    union,
    weigh_families,
)
from tasks.rebuilding.successors.shared import Carried, alike_by_items, carried_over, links_of, profile_items, texts_of
from tasks.rebuilding.timeline import DAY_US, Timeline

SAID_SILENT_US = 3 * DAY_US  # an account that another calls lost is so if it has been silent for as long at the end
_PROFILES = {"avatar": "avatar_hash", "bio": "bio", "name": "display_name"}


@dataclass(frozen=True)
class Search:
    """What was looked at and the pairs that come near to a claim. `lost`, `later`: positions in `people`; `carried`: the texts, links and
    profile fields both have; `named`: the announcements."""

    people: People
    lost: np.ndarray
    later: np.ndarray
    pairs: Pairs
    carried: dict[str, Carried]
    named: tuple[Announcement, ...]


def search(
    timeline: Timeline,
    knowledge: AccountKnowledge,
    checks: StatusChecks,
    observations: pd.DataFrame,
    *,
    announcements: bool = True,
) -> Search:
    """Score every pair that some evidence proposes. `announcements=False` leaves them unread: it tells what the rest is worth.

    Nothing here depends on the order of rows: ties are broken by account and post ids.
    """
    people = read_people(timeline, knowledge, checks, observations)
    named, said = _announced(people) if announcements else ([], np.zeros(0, dtype=np.int64))
    if len(said):  # from here on they are lost like others
        people = replace(people, said=np.isin(np.arange(len(people)), said))
    lost, later = people.lost, people.later
    forms = folded_all(people.handle)
    items = {"texts": texts_of(people), "links": links_of(people)}
    items |= {name: profile_items(_long(getattr(people, column), name)) for name, column in _PROFILES.items()}
    handles, by_chance = alike_handles(forms, people, lost, later)
    found = {"handle": handles}
    carried = {name: carried_over(of, people, lost, later) for name, of in items.items()}
    found |= {name: alike_by_items(of, items[name], people, later) for name, of in carried.items()}
    pairs = union(people, found, named)
    pairs.bits["links"] = np.where(
        pairs.bits["links"] > pairs.bits["texts"], pairs.bits["links"], 0.0
    )  # a text comes with its link: once
    pairs.bits["texts"] = np.where(pairs.bits["links"] > 0, 0.0, pairs.bits["texts"])
    add_announcements(pairs, named)
    add_choice(pairs, people)
    add_timing(pairs, people, lost, later)
    pairs = pairs.where(pairs.score >= THRESHOLD - 3 * MOST_BITS)
    weigh_families(pairs, people, forms, by_chance, {name: items[name] for name in _PROFILES})
    pairs = pairs.where(pairs.score >= THRESHOLD - 3 * MOST_BITS)
    if not len(pairs):
        return Search(people, lost, later, pairs, carried, tuple(named))
    habits = habit_bits(people, pairs.lost, pairs.later, lost, later, timeline.rows.lang, len(timeline.rows.langs))
    for name, (bits, likeness, p) in habits.items():
        pairs.bits[name], pairs.likeness[name], pairs.p[name] = bits, likeness, p
    return Search(people, lost, later, pairs, carried, tuple(named))


def _announced(people: People) -> tuple[list[Announcement], np.ndarray]:
    """Announcements, and the accounts that are lost by them alone: named as lost by the later account, or naming their own successor, and
    silent since (a day's grace: the account may say so itself) and at least SAID_SILENT_US at the end."""
    quiet = replace(people, silent=people.last < people.end - SAID_SILENT_US)
    named = find_announcements(people, quiet.lost, quiet.later)
    sure = people.silent | people.removed
    kept, said = [], set()
    for one in named:
        if one.lost >= 0 and not sure[one.lost]:
            if one.said == "by another account" or people.last[one.lost] > people.at[one.post] + DAY_US:
                continue
            said.add(one.lost)
        kept.append(one)
    return kept, np.array(sorted(said), dtype=np.int64)


def _long(values: np.ndarray, name: str) -> np.ndarray:
    """Profile fields folded for comparison; a self-description of under 8 characters and a name of under 4 say nothing."""
    least = {"bio": 8, "name": 4}.get(name, 1)
    folded = [" ".join(str(value).casefold().split()) for value in values]
    return np.array([value if len(value) >= least else "" for value in folded], dtype=object)
