"""What the briefing prints of detection: behaviours, clusters, the network figure, accounts proposed. Members by their handle, all
others by pseudonym only."""

import pandas as pd

from tasks.detect.membership import Members
from tasks.detect.network import BehaviourStats, Detection
from tasks.detect.timing import LEAST_OBJECTS
from tasks.domain.facts import (
    BehaviourFacts,
    ClusterFacts,
    CoordinationFacts,
    EdgesFile,
    FusedFacts,
    NetworkDisc,
    NetworkEdge,
    NetworkFacts,
    NetworkLink,
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
    detection: Detection,
    members: Members,
    accounts_latest: pd.DataFrame,
    exhibits: tuple[Exhibit, ...],
    pseudonym_key: bytes,
    edges_file: EdgesFile | None = None,
) -> CoordinationFacts:
    """The coordination part of facts.json.

    `accounts_latest`: ACCOUNTS, one observation an account (for handles); `exhibits`: the period's copypasta; `edges_file`: what
    tasks.detect.annex made of the same detection. Clusters: most accounts first, at most 20.
    """
    listed = set(members.keys)
    significant = detection.significant
    fused = fused_edges(significant)
    return CoordinationFacts(
        window_days=detection.window_days,
        tests=detection.tests,
        max_q=detection.max_q,
        behaviours=tuple(_behaviour(one, detection.edges, significant, listed) for one in detection.behaviours),
        clusters=_clusters(detection, listed),
        network=_network(detection, fused, listed, handles_of(accounts_latest), pseudonym_key),
        exhibits=exhibits,
        fused=FusedFacts(
            accounts=len(set(fused["source"]) | set(fused["target"])),
            edges=len(fused),
            edges_certain=int(fused["certain"].sum()),
            edges_several=int((fused["behaviours"].str.len() > 1).sum()),
        ),
        edges_file=edges_file,
    )


def fused_edges(significant: pd.DataFrame) -> pd.DataFrame:
    """One row a pair of accounts, sorted: source, target, `behaviours` (a tuple, in the order of BEHAVIOURS), `objects` (their sum) and
    `certain`: whether the clocks leave no doubt in one behaviour at least; `coordinated` likewise. `significant`: EDGES."""
    ordered = significant.assign(
        certain=(significant["clock"] == "certain").fillna(False).to_numpy(bool),
        coordinated=(significant["label"] == "coordinated").fillna(False).to_numpy(bool),
    )
    grouped = ordered.groupby(["source", "target"], sort=True, observed=True)
    fused = grouped.agg(
        behaviours=("behaviour", tuple), objects=("objects", "sum"), certain=("certain", "any"), coordinated=("coordinated", "any")
    )
    return fused.reset_index()


def proposed_accounts(members: Members, accounts_latest: pd.DataFrame, pseudonym_key: bytes) -> tuple[ProposedAccount, ...]:
    """Every account that detection added or suggests, in the order of `members.proposed`."""
    handles = handles_of(accounts_latest)
    return tuple(
        ProposedAccount(
            name=account_name(
                f"{row['platform']}/{row['account_id']}", row["decision"] == "accepted by rule", handles, pseudonym_key
            ),
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
        count = NotMeasurable(reason=one.absent or f"fewer than two accounts shared anything that {one.behaviour} looks at")
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
        posts_carrying=one.posts_carrying,
        hub_rows=one.hub_rows,
        reposts_set_aside=one.reposts_set_aside,
        edges_certain=int((strong["clock"] == "certain").sum()),
        edges_coordinated=_labelled(strong, count, "coordinated"),
        edges_co_interest=_labelled(strong, count, "co-interest"),
    )


def _labelled(strong: pd.DataFrame, count: int | NotMeasurable, label: str) -> int | NotMeasurable:
    """How many of the significant edges of a behaviour carry the label."""
    if isinstance(count, NotMeasurable):
        return count
    if count and strong["p_timing"].isna().all():
        return NotMeasurable(
            reason=f"others shared fewer than {LEAST_OBJECTS} things, too few to say how close sharers usually are"
        )
    return int((strong["label"] == label).sum())


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
                edges_coordinated=int((own["label"] == "coordinated").sum()),
                label=detection.labels.get(str(cluster_id), ""),
            )
        )
    return tuple(facts)


def _network(
    detection: Detection, fused: pd.DataFrame, listed: set[str], handles: dict[str, str], key: bytes
) -> NetworkFacts | NotMeasurable:
    drawing = detection.drawing
    if drawing.nodes.empty:
        return NotMeasurable(
            reason=f"no two accounts acted together more often than chance allows (q at most {detection.max_q:g}) "
            f"in the {detection.window_days} days before the end of the period"
        )
    accounts = drawing.nodes["account"].tolist()
    joined = fused.set_index(["source", "target"])[["behaviours", "certain", "coordinated"]].to_dict("index")
    edges = [
        NetworkEdge.model_validate({**edge, **joined[accounts[edge["source"]], accounts[edge["target"]]]})
        for edge in drawing.edges.to_dict("records")
    ]
    return NetworkFacts(
        nodes=tuple(
            NetworkNode(
                name=account_name(node["account"], node["account"] in listed, handles, key),
                cluster_id=node["cluster_id"],
                member=node["account"] in listed,
                x=node["x"],
                y=node["y"],
                degree=node["degree"],
            )
            for node in drawing.nodes.to_dict("records")
        ),
        edges=tuple(edges),
        nodes_left_out=drawing.left_out,
        discs=_discs(detection, listed),
        links=tuple(NetworkLink.model_validate(link) for link in drawing.links.to_dict("records")),
    )


def _discs(detection: Detection, listed: set[str]) -> tuple[NetworkDisc, ...]:
    members = detection.clusters[detection.clusters["account"].isin(listed)]["cluster_id"].astype("str").value_counts()
    discs = detection.drawing.discs.to_dict("records")
    return tuple(NetworkDisc.model_validate({**disc, "members": int(members.get(disc["cluster_id"], 0))}) for disc in discs)


def handles_of(accounts_latest: pd.DataFrame) -> dict[str, str]:
    """Handles by "platform/account_id", of the accounts that have one."""
    known = accounts_latest[accounts_latest["handle"].notna().to_numpy(bool)]
    keys = known["platform"].astype("str") + "/" + known["account_id"].astype("str")
    return dict(zip(keys, known["handle"], strict=True))


def account_name(account: str, member: bool, handles: dict[str, str], key: bytes) -> str:
    """A member by handle or id, anybody else by pseudonym."""
    platform, account_id = account.split("/", 1)
    return printable(handles.get(account, account_id))[0] if member else pseudonym(key, platform, account_id)
