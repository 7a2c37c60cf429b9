"""What the briefing prints of detection: behaviours, clusters, the network figure, accounts proposed. Members by their handle, all
others by pseudonym only."""

import pandas as pd

from tasks.detect.membership import Members
from tasks.detect.network import BehaviourStats, Detection
from tasks.domain.facts import (
    BehaviourFacts,
    ClusterFacts,
    CoordinationFacts,
    NetworkEdge,
    NetworkFacts,
    NetworkNode,
    ProposedAccount,
)
from tasks.domain.measures import NotMeasurable
from tasks.domain.narratives import Exhibit
from tasks.domain.printable import printable
from tasks.domain.pseudonyms import pseudonym

MAX_CLUSTERS = 20
_MIN_ACCOUNTS = 2


def coordination_facts(
    detection: Detection, members: Members, accounts_latest: pd.DataFrame, exhibits: tuple[Exhibit, ...], pseudonym_key: bytes
) -> CoordinationFacts:
    """The coordination part of facts.json.

    `accounts_latest`: ACCOUNTS, one observation an account (for handles); `exhibits`: the period's copypasta. Clusters: most accounts
    first, at most 20.
    """
    listed = set(members.keys)
    significant = detection.significant
    return CoordinationFacts(
        window_days=detection.window_days,
        tests=detection.tests,
        max_q=detection.max_q,
        behaviours=tuple(_behaviour(one, detection.edges, significant, listed) for one in detection.behaviours),
        clusters=_clusters(detection, listed),
        network=_network(detection, listed, _handles(accounts_latest), pseudonym_key),
        exhibits=exhibits,
    )


def proposed_accounts(members: Members, accounts_latest: pd.DataFrame, pseudonym_key: bytes) -> tuple[ProposedAccount, ...]:
    """Every account that detection added or suggests, in the order of `members.proposed`."""
    handles = _handles(accounts_latest)
    return tuple(
        ProposedAccount(
            name=_name(f"{row['platform']}/{row['account_id']}", row["decision"] == "accepted by rule", handles, pseudonym_key),
            platform=row["platform"],
            decision=row["decision"],
            members_co_acted=row["members_co_acted"],
            objects=row["objects"],
            min_q=row["min_q"],
            reason=row["reason"],
        )
        for row in members.proposed.to_dict("records")
    )


def _behaviour(one: BehaviourStats, edges: pd.DataFrame, significant: pd.DataFrame, listed: set[str]) -> BehaviourFacts:
    own = edges[(edges["behaviour"] == one.behaviour).to_numpy(bool)]
    strong = significant[(significant["behaviour"] == one.behaviour).to_numpy(bool)]
    count: int | NotMeasurable = len(strong)
    if one.accounts < _MIN_ACCOUNTS:
        count = NotMeasurable(reason=f"fewer than two accounts shared anything that {one.behaviour} looks at")
    return BehaviourFacts(
        behaviour=one.behaviour,
        window_s=one.window_s,
        window_certain=one.window_certain,
        shares=one.shares,
        objects=one.objects,
        edges=len(own),
        edges_significant=count,
        edges_among_members=int((strong["source"].isin(listed) & strong["target"].isin(listed)).sum()),
        accounts=one.accounts,
        hubs_set_aside=one.hubs_set_aside,
        note=one.note,
    )


def _clusters(detection: Detection, listed: set[str]) -> tuple[ClusterFacts, ...]:
    if detection.clusters.empty:
        return ()
    cluster_of = detection.clusters.set_index("account")["cluster_id"]
    edges = detection.significant
    source, target = cluster_of.reindex(edges["source"]).to_numpy(), cluster_of.reindex(edges["target"]).to_numpy()
    inner = edges.assign(cluster_id=source)[source == target]
    inner_by_id = dict(tuple(inner.groupby("cluster_id")))
    sizes = detection.clusters["cluster_id"].value_counts().rename_axis("cluster_id").rename("accounts").reset_index()
    sizes = sizes.sort_values(["accounts", "cluster_id"], ascending=[False, True]).head(MAX_CLUSTERS)
    facts = []
    for cluster_id, size in zip(sizes["cluster_id"], sizes["accounts"], strict=True):
        accounts = detection.clusters["account"][(detection.clusters["cluster_id"] == cluster_id).to_numpy(bool)]
        own = inner_by_id[cluster_id]
        facts.append(
            ClusterFacts(
                cluster_id=str(cluster_id),
                accounts=int(size),
                members=int(accounts.isin(listed).sum()),
                platforms=tuple(sorted(set(accounts.str.split("/", n=1).str[0]))),
                behaviours=tuple(sorted(set(own["behaviour"]))),
                edges=len(own),
                label=detection.labels.get(str(cluster_id), ""),
            )
        )
    return tuple(facts)


def _network(detection: Detection, listed: set[str], handles: dict[str, str], key: bytes) -> NetworkFacts | NotMeasurable:
    drawing = detection.drawing
    if drawing.nodes.empty:
        return NotMeasurable(
            reason=f"no two accounts acted together more often than chance allows (q at most {detection.max_q:g}) "
            f"in the {detection.window_days} days before the end of the period"
        )
    return NetworkFacts(
        nodes=tuple(
            NetworkNode(
                name=_name(node["account"], node["account"] in listed, handles, key),
                cluster_id=node["cluster_id"],
                member=node["account"] in listed,
                x=node["x"],
                y=node["y"],
                degree=node["degree"],
            )
            for node in drawing.nodes.to_dict("records")
        ),
        edges=tuple(NetworkEdge.model_validate(edge) for edge in drawing.edges.to_dict("records")),
        nodes_left_out=drawing.left_out,
    )


def _handles(accounts_latest: pd.DataFrame) -> dict[str, str]:
    known = accounts_latest[accounts_latest["handle"].notna().to_numpy(bool)]
    keys = known["platform"].astype("str") + "/" + known["account_id"].astype("str")
    return dict(zip(keys, known["handle"], strict=True))


def _name(account: str, member: bool, handles: dict[str, str], key: bytes) -> str:
    platform, account_id = account.split("/", 1)
    return printable(handles.get(account, account_id))[0] if member else pseudonym(key, platform, account_id)
