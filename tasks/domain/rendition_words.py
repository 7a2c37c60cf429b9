"""What must not stand in the words of a lower rendition: names of accounts as they occur there, and what only analysts may read."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from tasks.domain.accounts import account_key
from tasks.domain.campaign import Campaign
from tasks.domain.sweeping import identifiers

SHORTEST = 3  # a shorter name is met after "@" only
SHORTEST_WORKING = 6
_RUNS = (10, 7, 4)  # characters
_TOKEN = re.compile(r"[\w.\-]+")


def occurring_names(
    words: Iterable[str], observations: pd.DataFrame, posts: pd.DataFrame, members: frozenset[str], nameable: frozenset[str]
) -> frozenset[str]:
    """Handles, ids and display names that occur in `words` and belong to an account that is not `nameable`, and ids of its posts.

    `observations`: ACCOUNTS, every one (a name that an account gave up names it too); `posts`: POSTS, of everybody. Of members any name of
    three characters and more; of others only those that cannot be a word met by chance. Linear in the rows, with one pass a column.
    """
    text = "\n".join(words).casefold()
    tokens = {part for token in _TOKEN.findall(text) for part in (token, token.strip(".-"), *re.split(r"[.\-]", token))}
    runs = {text[at : at + many] for many in _RUNS for at in range(len(text) - many + 1)}
    found: set[str] = set()
    for column in ("handle", "account_id", "display_name"):
        columns = list(dict.fromkeys(("platform", "account_id", column)))
        rows = observations.loc[observations[column].notna().to_numpy(bool), columns].drop_duplicates()
        rows = rows[~account_key(rows).isin(nameable).to_numpy(bool)]
        names = rows[column].str.strip().str.removeprefix("@")
        met = names.str.casefold().isin(tokens).to_numpy(bool) | _spaced(names, text, runs)
        own = account_key(rows).isin(members).to_numpy(bool)
        found |= {name for name in names[met & own] if len(name) >= SHORTEST}
        found |= identifiers(names[met & ~own])
    met = posts["post_id"].str.casefold().isin(tokens).to_numpy(bool)
    chosen = posts.loc[met, ["platform", "account_id", "post_id"]]
    hidden = ~account_key(chosen).isin(nameable).to_numpy(bool)
    return frozenset(found | {post for post in chosen["post_id"][hidden] if len(post) >= SHORTEST})


def _spaced(names: pd.Series, text: str, runs: set[str]) -> Any:
    """Which names of several words, or in a script without blanks, stand in the text. Its first and its last characters are looked up
    among the `runs` of the text before a name is searched for (50 us): of 100,000 names few remain."""
    told = names.str.contains(r"\s|[^\x00-\x7f]", regex=True).to_numpy(bool, copy=True)
    told[told] = [_begun(name, runs) and name in text for name in names[told].str.casefold()]
    return told


def _begun(name: str, runs: set[str]) -> bool:
    """Whether both ends of a name of four characters and more stand in a text of which `runs` are all runs of _RUNS characters."""
    many = next((many for many in _RUNS if many <= len(name)), 0)
    return many > 0 and name[:many] in runs and name[-many:] in runs


def workings_of(stated: Campaign, merged: Campaign) -> frozenset[str]:
    """Words of the campaign file that are the team's own: reasons and names of analysts, notes, what is asked of sources. What also
    stands where every reader finds it (title, summary, events, codebook) is none. `merged` has the takedowns of imported ledgers too."""
    rule = stated.membership.accept
    said = [
        *(seed.reason for seed in stated.membership.seeds),
        *(word for one in stated.membership.decisions for word in (one.by, one.reason)),
        *(one.note for one in merged.takedowns),
        *(one.address for one in merged.takedowns if one.source == "inferred"),
        *(word for one in stated.breakout_evidence for word in (one.what, one.address)),
        *(one.note for one in stated.comparators),
        *(stated.ledger_names),
        *([rule.accepted_by] if rule else []),
        *(word for source in (*stated.sources, *stated.status_sources) for word in _strings(source.options)),
    ]
    open_words = " ".join(
        [stated.slug, stated.title, stated.summary, *stated.aliases, *stated.codebook, *(event.title for event in stated.events)]
    ).casefold()
    return frozenset(word for word in said if len(word) >= SHORTEST_WORKING and word.casefold() not in open_words)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
