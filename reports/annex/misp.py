"""annex/misp.json: a MISP event (core format) with uuids that say what they name, so that importing it twice changes nothing.

The event's uuid is that of campaign, period and label: a later edition of the same briefing updates it. Accounts are objects of the
template `user-account`, sites that three or more of them linked to are attributes that feed no detection (`to_ids` false): a link
attributes nothing. Plain dictionaries, which the tests read with pymisp: the library takes 0.5 ms an account.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import orjson
import pandas as pd

from reports.annex.accounts import plain
from reports.annex.indicators import account_address, indicator_accounts, indicator_hosts
from reports.annex.inputs import AnnexInputs
from reports.annex.tables import Annex, annex
from reports.annex.techniques import DISARM, techniques
from reports.annex.tlp import distribution
from tasks.domain.printable import printable

FILE = "misp.json"
MAX_ACCOUNTS, MAX_HOSTS = 2_000, 500
WHAT = "MISP event: the accounts as objects, the sites they linked to and the techniques seen."
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:resurge:misp")
_TEMPLATE = {
    "name": "user-account",
    "meta-category": "misc",
    "description": "User-account object, defining aspects of user identification, authentication, privileges and other relevant data "
    "points.",
    "template_uuid": "49606b06-22f0-4ac8-8eee-2f12ad46f3d3",
    "template_version": "6",
}
_UNDEFINED, _ONGOING = "4", "1"  # threat level, analysis
_INHERIT = "5"  # an attribute's distribution is its event's


def misp_event(inputs: AnnexInputs, accounts: pd.DataFrame, hosts: pd.DataFrame) -> Annex:
    """`accounts`: account_table; `hosts`: shared_addresses. Rows are attributes outside objects, and objects."""
    facts = inputs.facts
    named, sites = indicator_accounts(accounts), indicator_hosts(hosts)
    make = _Maker(inputs)
    objects = [make.account(row) for row in plain(named.head(MAX_ACCOUNTS))]
    attributes = [*make.sites(sites.head(MAX_HOSTS)), *make.techniques()]
    event = {
        "uuid": make.uuid("event"),
        "info": printable(f"{facts.campaign.title}, {facts.period.key}")[0] + (" (simulated)" if facts.campaign.simulated else ""),
        "date": f"{facts.as_of:%Y-%m-%d}",
        "timestamp": make.timestamp,
        "published": False,
        "threat_level_id": _UNDEFINED,
        "analysis": _ONGOING,
        "distribution": distribution(facts.campaign.tlp),
        "Orgc": {"name": "Resurge", "uuid": str(uuid.uuid5(NAMESPACE, "Resurge"))},
        "Tag": [{"name": name} for name in make.tags()],
        "Attribute": attributes,
        "Object": objects,
    }
    data = orjson.dumps({"Event": event}, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    left = max(len(named) - MAX_ACCOUNTS, 0) + max(len(sites) - MAX_HOSTS, 0)
    return annex(FILE, data, rows=len(attributes) + len(objects), left_out=left, media_type="application/json", what=WHAT)


class _Maker:
    """Attributes and objects of one event."""

    def __init__(self, inputs: AnnexInputs) -> None:
        facts = inputs.facts
        self._inputs = inputs
        self._of = (facts.campaign.tlp, facts.campaign.slug, facts.period.key)
        self.timestamp = str(int(facts.as_of.timestamp()))

    def uuid(self, *named: str) -> str:
        return str(uuid.uuid5(NAMESPACE, "\0".join((*self._of, *named))))

    def tags(self) -> Iterator[str]:
        campaign = self._inputs.facts.campaign
        yield f"tlp:{campaign.tlp.lower()}"
        if campaign.simulated:
            yield "simulated"
        for technique in techniques(self._inputs.facts):
            if technique.framework == DISARM:
                yield f'misp-galaxy:disarm-techniques="{technique.name}"'

    def account(self, row: dict[str, Any]) -> dict[str, Any]:
        """A user-account object; its attributes are named by platform and id, which last when a handle is changed."""
        told = {
            "account-type": ("text", row["platform"]),
            "user-id": ("text", row["account_id"]),
            "username": ("text", row["handle"]),
            "display-name": ("text", row["display_name"]),
            "link": ("link", account_address(self._inputs, row)),
            "description": (
                "text",
                f"Listed by {row['basis']}; {row['posts_period']} posts in the period; {row['cohorts'] or 'no cohort'}",
            ),
        }
        key = row["key"]
        return _TEMPLATE | {
            "uuid": self.uuid("account", key),
            "timestamp": self.timestamp,
            "distribution": _INHERIT,
            "Attribute": [
                self._attribute(kind, value, (key, relation), category="External analysis" if kind == "link" else "Other")
                | {"object_relation": relation}
                for relation, (kind, value) in told.items()
                if value
            ],
        }

    def sites(self, sites: pd.DataFrame) -> Iterator[dict[str, Any]]:
        for row in plain(sites):
            said = f"Linked to by {row['accounts']} accounts of the campaign in {row['posts']} posts of the period."
            yield self._attribute("domain", row["host"], ("host", row["host"]), category="Network activity", comment=said)

    def techniques(self) -> Iterator[dict[str, Any]]:
        for one in techniques(self._inputs.facts):
            said = f"{one.framework} {one.code} {one.name}: {one.why}"
            yield self._attribute("comment", said, ("technique", one.code), category="Attribution")

    def _attribute(self, kind: str, value: str, named: tuple[str, ...], *, category: str, comment: str = "") -> dict[str, Any]:
        return {
            "uuid": self.uuid("attribute", *named),
            "type": kind,
            "category": category,
            "value": printable(value, limit=2_000)[0].replace("[.]", ".").replace("hxxp", "http"),
            "comment": comment,
            "to_ids": False,
            "disable_correlation": kind not in ("domain", "link"),
            "distribution": _INHERIT,
            "timestamp": self.timestamp,
        }
