"""`resurge status CAMPAIGN --proposals`: which accounts stand behind the pseudonyms of a briefing's proposals. For the team only."""

import orjson
import typer
from rich.box import SIMPLE
from rich.table import Table

from flows.campaign_file import load_campaign
from flows.console import show, visible
from flows.wiring import open_workspace, pseudonym_key, settings
from tasks.domain.errors import UsageProblem
from tasks.domain.facts import Facts, read_facts
from tasks.domain.periods import Cutoff
from tasks.domain.ports import ObjectStore
from tasks.domain.pseudonyms import key_id, pseudonym
from tasks.store.bundles import published_periods, read_facts_of
from tasks.store.visible import latest_accounts, read_account_observations, read_posts


def proposals(campaign: str, *, workspace: str | None, as_json: bool) -> None:
    """Print the proposals of the newest briefing with the accounts' own ids, and a line for the campaign file. Nothing is written.

    Raises UsageProblem if nothing is published, or if the pseudonyms were made with another key than the one at hand.
    """
    store = open_workspace(workspace or settings().workspace)
    plan = load_campaign(store, campaign)
    published = published_periods(store, campaign, plan.tlp)
    if not published:
        raise UsageProblem(
            f"{campaign} has no briefing yet.", remedy="Make one with `resurge brief`; its proposals can then be named."
        )
    facts = read_facts(read_facts_of(store, campaign, max(published), plan.tlp) or b"")
    key = pseudonym_key(plan)
    if facts.inputs.pseudonym_key_id != key_id(key):
        raise UsageProblem(
            f"The pseudonyms of {facts.period.key} were made with the key {facts.inputs.pseudonym_key_id}; here is {key_id(key)}.",
            remedy="Run this where the briefing was made, or set RESURGE_PSEUDONYM_KEY to that key.",
        )
    rows = _named(store, facts, key)
    if as_json:
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
    elif not rows:
        show(f"The briefing of {facts.period.key} proposes nobody.")
    else:
        _print(rows, facts)


def _named(store: ObjectStore, facts: Facts, key: bytes) -> list[dict[str, str]]:
    cutoff = Cutoff(facts.period.end, facts.as_of)
    slug = facts.campaign.slug
    seen = read_posts(store, slug, cutoff, columns=["platform", "account_id"])[["platform", "account_id"]].drop_duplicates()
    ids = {pseudonym(key, platform, account): (platform, account) for platform, account in seen.itertuples(index=False)}
    accounts = latest_accounts(read_account_observations(store, slug, cutoff))
    handles = dict(zip(zip(accounts["platform"], accounts["account_id"], strict=True), accounts["handle"], strict=True))
    waiting = [one for one in facts.accounts_proposed if one.decision == "proposed" and one.name in ids]
    return [
        {
            "pseudonym": one.name,
            "platform": one.platform,
            "account_id": ids[one.name][1],
            "handle": str(handles.get(ids[one.name]) or ""),
            "reason": one.reason,
        }
        for one in waiting
    ]


def _print(rows: list[dict[str, str]], facts: Facts) -> None:
    table = Table(*rows[0], box=SIMPLE)
    for row in rows:
        table.add_row(*row.values())
    show(table)
    first = rows[0]
    typer.echo(
        f"TLP:RED, for the team only: these accounts are not on the campaign list (briefing of {facts.period.key}). "
        "To settle one, add to membership.decisions of the campaign file:\n"
        f'  - {{platform: {first["platform"]}, account_id: "{visible(first["account_id"])}", decision: accepted, on: YYYY-MM-DD, '
        "by: YOUR ROLE, reason: WHY}"
    )
