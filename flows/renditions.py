"""The renditions of one briefing: the full one, and under each lower label what that label may hold."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from flows.evidence import Evidence
from flows.findings import Findings
from tasks.detect.annex import edges_annex
from tasks.domain.accounts import account_key
from tasks.domain.campaign import Campaign, Tlp
from tasks.domain.facts import Facts, Predecessor, edition_of, read_facts
from tasks.domain.ports import ObjectStore
from tasks.domain.rendition_words import occurring_names, workings_of
from tasks.domain.renditions import HOLDS, Known, leaves, lower_rendition, quotes_in, words_in
from tasks.narrate.changes import ChangeInputs, change_facts
from tasks.store.bundles import read_facts_of


@dataclass(frozen=True)
class Rendition:
    """`annexes`: files of the bundle beside facts.json and the PDF, by name. `nameable`: "platform/account_id" of who may be named."""

    tlp: Tlp
    facts: Facts
    annexes: dict[str, bytes]
    nameable: frozenset[str]


def renditions(
    store: ObjectStore, plan: Campaign, seen: Evidence, found: Findings, full: Rendition, key: bytes
) -> tuple[Rendition, ...]:
    """All renditions of a briefing, the lowest label first and `full` last."""
    if not plan.renditions:
        return (full,)
    public = publicly_named(seen, found)
    known = _known(seen, found, full.facts, public, key)
    lower = (_lower(store, plan, label, seen, found, full, public, known) for label in HOLDS if label in plan.renditions)
    return (*lower, full)


def publicly_named(seen: Evidence, found: Findings) -> frozenset[str]:
    """Accounts that everybody may name: on a platform's published list (its whole collection, or seeds of that basis), in an imported
    file of indicators, or stated in the campaign file as `public: true`. A seed with `public: false` is none of them."""
    listed = found.members.ever
    stated = {f"{seed.platform}/{seed.account_id}": seed.public for seed in seen.stated.membership.seeds if seed.public is not None}
    named = set(account_key(listed[(listed["basis"] == "platform list").to_numpy(bool)]))
    named |= set(_in_indicator_files(seen))
    named |= {account for account, public in stated.items() if public}
    return frozenset(named - {account for account, public in stated.items() if not public})


def _in_indicator_files(seen: Evidence) -> Iterator[str]:
    listed = seen.indicators[(seen.indicators["kind"] == "account").to_numpy(bool)]
    wanted = {(str(at), str(name).lstrip("@").casefold()) for at, name in zip(listed["platform"], listed["value"], strict=True)}
    if not wanted:
        return
    accounts = seen.observations[["platform", "account_id", "handle"]].drop_duplicates()
    for platform, account, handle in accounts.itertuples(index=False, name=None):
        if {(platform, str(handle).casefold()), (platform, str(account).casefold())} & wanted:
            yield f"{platform}/{account}"


def _lower(
    store: ObjectStore,
    plan: Campaign,
    label: Tlp,
    seen: Evidence,
    found: Findings,
    full: Rendition,
    public: frozenset[str],
    known: Known,
) -> Rendition:
    data = read_facts_of(store, plan.slug, seen.period.previous().path, label)
    predecessor = Predecessor(period=seen.period.previous().key, edition=edition_of(data)) if data else None
    facts = lower_rendition(full.facts, label, known, predecessor)
    annexes: dict[str, bytes] = {}
    nameable = full.nameable if HOLDS[label].names else public
    if facts.coordination.edges_file is not None:  # its rows bear the label
        annex = edges_annex(found.detection, found.members, seen.posts, seen.accounts, known.key, f"TLP:{label}")
        annexes[annex.facts.name] = annex.data
        facts = facts.model_copy(update={"coordination": facts.coordination.model_copy(update={"edges_file": annex.facts})})
    compared = ChangeInputs(**{name: getattr(facts, name) for name in ChangeInputs.__dataclass_fields__})
    changes = change_facts(compared, read_facts(data) if data else None)
    return Rendition(label, facts.model_copy(update={"changes": changes}), annexes, nameable)


def _known(seen: Evidence, found: Findings, full: Facts, public: frozenset[str], key: bytes) -> Known:
    accounts = seen.accounts
    names = accounts["handle"].fillna(accounts["account_id"])
    printed = {value for owner, name, value in leaves(full) if isinstance(value, str)}
    chosen = names.isin(printed).to_numpy(bool)
    bearers: dict[str, set[str]] = {}
    for name, account in zip(names[chosen], account_key(accounts[chosen]), strict=True):
        bearers.setdefault(str(name), set()).add(str(account))
    for account in found.members.ever[["platform", "account_id"]].itertuples(index=False, name=None):
        if account[1] in printed:  # a member without an observation is printed by its id
            bearers.setdefault(account[1], set()).add("/".join(account))
    authors, sharers = _quoted(seen, found, quotes_in(full))
    return Known(
        accounts={name: frozenset(keys) for name, keys in bearers.items()},
        nameable=public,
        authors=authors,
        sharers=sharers,
        names=occurring_names(
            words_in(full), seen.observations, seen.posts, frozenset(found.members.ever.pipe(account_key)), public
        ),
        workings=workings_of(seen.stated, seen.campaign),
        key=key,
    )


def _quoted(seen: Evidence, found: Findings, quoted: frozenset[str]) -> tuple[dict[str, str], dict[str, int]]:
    """Who wrote each quoted post, and how many members posted its text family."""
    ids = {post.split("/", 1)[1] for post in quoted}
    some = seen.posts[seen.posts["post_id"].isin(ids).to_numpy(bool)]
    posts = some["platform"] + "/" + some["post_id"]
    some = some.assign(post=posts)[posts.isin(quoted).to_numpy(bool)]
    family = pd.Series(found.families["family_id"].to_numpy(), index=seen.posts.index)
    of_quote = family.loc[some.index]
    own = family.loc[found.member_posts.index]
    inside = own.isin(of_quote.dropna()).to_numpy(bool)
    accounts = account_key(found.member_posts[inside]).groupby(own[inside]).nunique()
    authors = dict(zip(some["post"], account_key(some), strict=True))
    counts = of_quote.map(accounts).fillna(0).astype(int)
    return authors, dict(zip(some["post"], counts.tolist(), strict=True))
