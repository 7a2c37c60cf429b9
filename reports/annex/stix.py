"""annex/stix2.1.json: a STIX 2.1 bundle with ids that say what they name, so that importing it twice adds nothing.

Objects are plain dictionaries: the stix2 library takes 0.15 ms an object and 0.5 s to load, and the tests read every bundle with it and
with the OASIS validator. Ids of accounts and domains are those of the specification (2.9: UUIDv5 of the contributing properties). Others
are UUIDv5 of the label and what they name: the campaign, its indicators and relationships keep theirs in every briefing, with a fixed
`created` and the cut-off as `modified`; report, note and observed data are of one period and cut-off. Renditions under different labels
have different ids, since the markings differ.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import pandas as pd

from reports.annex.accounts import plain
from reports.annex.indicators import indicator_accounts, indicator_hosts
from reports.annex.inputs import AnnexInputs
from reports.annex.tables import Annex, annex
from reports.annex.techniques import Technique, techniques
from reports.annex.tlp import marking
from tasks.domain.printable import printable

FILE = "stix2.1.json"
MAX_ACCOUNTS, MAX_HOSTS = 3_000, 500
WHAT = "STIX 2.1 bundle: the campaign, its accounts, the sites they linked to, techniques, what was observed and what is not known."
SCO_NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")  # STIX 2.1, 2.9
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:resurge:annex")
ALWAYS = "2020-01-01T00:00:00.000Z"  # `created` of lasting objects: every version has the same, and no briefing knows the first
LOW = 15  # STIX 2.1, appendix A: low confidence
Object = dict[str, Any]


@dataclass(frozen=True)
class _Maker:
    """Common properties of this bundle's objects."""

    tlp: str
    slug: str
    of: str  # period and cut-off
    as_of: str
    simulated: bool

    def sdo(self, kind: str, named: str, /, *, lasting: bool = True, **properties: Any) -> Object:
        told = (self.tlp, self.slug, kind, named) if lasting else (self.tlp, self.slug, kind, named, self.of)
        found = {
            "type": kind,
            "spec_version": "2.1",
            "id": f"{kind}--{uuid.uuid5(NAMESPACE, chr(0).join(told))}",
            "created_by_ref": self.author["id"],
            "created": ALWAYS if lasting else self.as_of,
            "modified": self.as_of,
            "object_marking_refs": [marking(self.tlp)["id"]],
            **properties,
        }
        return found | ({"labels": ["simulated"]} if self.simulated else {})

    @property
    def author(self) -> Object:
        return {
            "type": "identity",
            "spec_version": "2.1",
            "id": f"identity--{uuid.uuid5(NAMESPACE, 'resurge')}",
            "created": ALWAYS,
            "modified": ALWAYS,
            "name": "Resurge",
            "identity_class": "system",
        }

    def sco(self, kind: str, contributing: dict[str, str], /, **properties: Any) -> Object:
        told = orjson.dumps(contributing, option=orjson.OPT_SORT_KEYS).decode()  # for strings that is canonical JSON (RFC 8785)
        found = {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid.uuid5(SCO_NAMESPACE, told)}"}
        return found | {"object_marking_refs": [marking(self.tlp)["id"]]} | contributing | properties

    def related(self, source: Object, kind: str, target: Object) -> Object:
        name = f"{source['id']} {kind} {target['id']}"
        return self.sdo("relationship", name, relationship_type=kind, source_ref=source["id"], target_ref=target["id"])


def stix_bundle(inputs: AnnexInputs, accounts: pd.DataFrame, hosts: pd.DataFrame) -> Annex:
    """`accounts`: account_table; `hosts`: shared_addresses. Rows are the bundle's objects."""
    facts = inputs.facts
    make = _Maker(
        facts.campaign.tlp,
        facts.campaign.slug,
        f"{facts.period.key} {_at(facts.as_of)}",
        _at(facts.as_of),
        facts.campaign.simulated,
    )
    named, sites = indicator_accounts(accounts), indicator_hosts(hosts)
    campaign = make.sdo("campaign", "", **_campaign(inputs))
    objects = [
        campaign,
        *_accounts(make, campaign, named.head(MAX_ACCOUNTS)),
        *_sites(make, campaign, sites.head(MAX_HOSTS)),
        *_used(make, campaign, techniques(facts)),
    ]
    objects.append(_note(inputs, make, campaign))
    objects.append(_report(inputs, make, objects))
    bundle = {
        "type": "bundle",
        "id": f"bundle--{uuid.uuid5(NAMESPACE, chr(0).join((make.tlp, make.slug, 'bundle', make.of)))}",
        "objects": [marking(make.tlp), make.author, *objects],
    }
    data = orjson.dumps(bundle, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    left = max(len(named) - MAX_ACCOUNTS, 0) + max(len(sites) - MAX_HOSTS, 0)
    return annex(FILE, data, rows=len(objects) + 2, left_out=left, media_type="application/stix+json;version=2.1", what=WHAT)


def _campaign(inputs: AnnexInputs) -> Object:
    facts, at = inputs.facts, inputs.posts["posted_at"]
    said = {"name": facts.campaign.title, "description": facts.campaign.summary, "aliases": list(facts.campaign.aliases)}
    seen = (
        {"first_seen": _at(at.min().floor("D")), "last_seen": _at(at.max().floor("D"))} if len(at) else {}
    )  # days: an instant is a post
    return {key: value for key, value in said.items() if value} | seen


def _accounts(make: _Maker, campaign: Object, named: pd.DataFrame) -> Iterator[Object]:
    """A user-account each, one observed-data object a platform, and what ties each account to the campaign."""
    observed: dict[str, list[tuple[Object, dict[str, Any]]]] = {}
    for row in plain(named):
        account = _account(make, row)
        observed.setdefault(row["platform"], []).append((account, row))
        yield account
        yield make.related(account, "related-to", campaign)
    for platform, found in observed.items():
        active = [(account, row) for account, row in found if row["posts"]]
        if active:
            yield make.sdo(
                "observed-data",
                platform,
                lasting=False,
                first_observed=_at(min(row["first"] for _, row in active)),
                last_observed=_at(max(row["last"] for _, row in active)),
                number_observed=min(sum(row["posts"] for _, row in active), 999_999_999),
                object_refs=[account["id"] for account, _ in active],
            )


def _account(make: _Maker, row: dict[str, Any]) -> Object:
    contributing = {"account_type": row["platform"], "user_id": row["account_id"]}
    if row["handle"]:
        contributing["account_login"] = row["handle"]
    more: Object = {}
    if row["display_name"]:
        more["display_name"] = printable(row["display_name"])[0]
    if row["status"] in ("active", "suspended", "deleted"):
        more["is_disabled"] = row["status"] != "active"
    if row["created_at"] is not None and (row["created_precision_s"] or 1) <= 1:
        more["account_created"] = _at(row["created_at"])
    return make.sco("user-account", {key: _clean(value) for key, value in contributing.items()}, **more)


def _sites(make: _Maker, campaign: Object, sites: pd.DataFrame) -> Iterator[Object]:
    for row in plain(sites):
        name = _clean(row["host"])
        indicator = make.sdo(
            "indicator",
            name,
            name=name,
            description=f"Linked to by {row['accounts']} accounts of the campaign in {row['posts']} posts of the period; that does not "
            "make the site the campaign's.",
            indicator_types=["unknown"],
            pattern=f"[domain-name:value = '{_quoted(name)}']",
            pattern_type="stix",
            pattern_version="2.1",
            valid_from=ALWAYS,
            confidence=LOW,
        )
        domain = make.sco("domain-name", {"value": name})
        yield from (indicator, domain, make.related(indicator, "indicates", campaign), make.related(indicator, "based-on", domain))


def _used(make: _Maker, campaign: Object, found: tuple[Technique, ...]) -> Iterator[Object]:
    for technique in found:
        pattern = make.sdo(
            "attack-pattern",
            technique.code,
            name=technique.name,
            external_references=[{"source_name": technique.framework, "external_id": technique.code}],
        )
        use = make.related(campaign, "uses", pattern)
        yield from (pattern, use | ({"description": technique.why} if technique.why else {}))


def _note(inputs: AnnexInputs, make: _Maker, campaign: Object) -> Object:
    content = "\n".join((*inputs.facts.limits, "Accounts that may not be named under this label are left out of this bundle."))
    return make.sdo("note", "limits", lasting=False, abstract="What is not known", content=content, object_refs=[campaign["id"]])


def _report(inputs: AnnexInputs, make: _Maker, objects: list[Object]) -> Object:
    facts = inputs.facts
    return make.sdo(
        "report",
        "briefing",
        lasting=False,
        name=f"{facts.campaign.title}, {facts.period.key}",
        description=" ".join(facts.judgements.bottom_line) or "No bottom line.",
        report_types=["campaign", "observed-data"],
        published=make.as_of,
        object_refs=[found["id"] for found in objects],
    )


def _at(value: datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"


def _clean(text: str) -> str:
    return printable(text, limit=2_000)[0].replace("[.]", ".")


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
