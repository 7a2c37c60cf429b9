"""Coordination of a campaign: edges of all behaviours with one correction for all tests, fused and clustered."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from tasks.detect.acts import Acts, acts_of
from tasks.detect.clusters import Drawing, draw
from tasks.detect.evidence import BehaviourEdges, edges_of
from tasks.detect.history import history_of
from tasks.detect.lineage import Lineage
from tasks.detect.opened import Opened, clocks, opened
from tasks.detect.shares import shares_of
from tasks.detect.significance import benjamini_hochberg
from tasks.detect.timing import labelled
from tasks.domain.campaign import Campaign
from tasks.domain.errors import UsageProblem
from tasks.domain.frames import flatten_lists
from tasks.domain.links import names_a_share
from tasks.domain.networks import BEHAVIOURS, CO_ACTED, EDGES
from tasks.domain.periods import Cutoff
from tasks.domain.printable import printable

LABEL_GRAPHEMES = 80
LIST_BEHAVIOURS = ("co-url", "co-text")  # what the campaign list is settled with; why the others are not: docs/methods.md


@dataclass(frozen=True)
class BehaviourStats:
    """What went into one behaviour: rows that share an object, objects, accounts, and what was set aside."""

    behaviour: str
    window_s: int
    window_certain: bool
    shares: int
    objects: int
    accounts: int
    hubs_set_aside: int
    note: str
    posts_carrying: int
    hub_rows: int
    reposts_set_aside: int
    absent: str  # why nothing can be said, where no post carries what is looked at; else empty


@dataclass(frozen=True)
class Detection:
    """`edges`: EDGES over all behaviours, sorted by behaviour, source, target; accounts are "platform/account_id". An edge is
    significant at q <= max_q; `tests` pairs could have co-acted. `clusters` (account, cluster_id: ids of `lineage`, which holds
    those before), `labels` (by cluster_id, cleaned for print) and `drawing` are those of the significant edges; `acts` is what
    the campaign list is settled with; `co_acted` (CO_ACTED) is what the significant edges rest on."""

    edges: pd.DataFrame
    behaviours: tuple[BehaviourStats, ...]
    clusters: pd.DataFrame
    labels: dict[str, str]
    drawing: Drawing
    tests: int
    window_days: int
    max_q: float
    acts: Acts
    co_acted: pd.DataFrame
    lineage: Lineage

    @property
    def significant(self) -> pd.DataFrame:
        return self.edges[(self.edges["q_value"] <= self.max_q).to_numpy(bool)]


def detect(campaign: Campaign, posts: pd.DataFrame, families: pd.DataFrame, cutoff: Cutoff, seed: int) -> Detection:
    """Co-action within the campaign's windows among the posts of [end - detection_days, end).

    `posts`: POSTS as visible at the cut-off, one observation a post; `families`: FAMILIES row by row for `posts`; `seed` of the
    clustering and the drawing. Raises UsageProblem, naming the key of the campaign file, for a behaviour nobody knows and for a window
    below twice the clock precision of a platform's posts (60 s between two minute clocks may be anything from 0 to 120 s).
    """
    thresholds = campaign.thresholds
    inside = _inside(campaign, posts, cutoff)
    recent, recent_families = posts[inside], families[inside]
    _check_windows(thresholds.window_s, recent)
    found = [
        edges_of(
            shares_of(recent, recent_families, behaviour),
            window_s=thresholds.window_s[behaviour],
            min_participation=thresholds.min_participation,
        )
        for behaviour in BEHAVIOURS
        if behaviour in thresholds.window_s
    ]
    tests = sum(one.shares.accounts * (one.shares.accounts - 1) // 2 for one in found)
    listed_q = max(thresholds.max_q, campaign.membership.accept.max_q if campaign.membership.accept else 0.0)
    q_values = _q_values(found, tests)
    precision_s = recent["time_precision_s"].to_numpy(np.float64)
    looked = [opened(one, q <= listed_q, precision_s) for one, q in zip(found, q_values, strict=True)]
    edges = _complete(looked, q_values, listed_q, thresholds.max_q)
    significant = edges[(edges["q_value"] <= thresholds.max_q).to_numpy(bool)]
    lineage = history_of(campaign, posts, families, found, cutoff, inside, seed)
    clusters = lineage.continued(significant, seed)
    certain = bool((recent["time_precision_s"] <= 1).all())
    return Detection(
        edges=edges,
        behaviours=tuple(_stats(one, certain) for one in found),
        clusters=clusters,
        labels=_labels(significant, clusters, recent, recent_families),
        drawing=draw(significant, clusters, seed),
        tests=tests,
        window_days=thresholds.detection_days,
        max_q=thresholds.max_q,
        acts=acts_of(recent, [one for one in found if one.shares.behaviour in LIST_BEHAVIOURS]),
        co_acted=_co_acted(looked, q_values, thresholds.max_q),
        lineage=lineage,
    )


def _inside(campaign: Campaign, posts: pd.DataFrame, cutoff: Cutoff) -> np.ndarray:
    start = cutoff.end - timedelta(days=campaign.thresholds.detection_days)
    if campaign.not_before is not None:
        start = max(start, campaign.not_before)
    return ((posts["posted_at"] >= start) & (posts["posted_at"] < cutoff.end)).to_numpy(bool)


def _check_windows(window_s: dict[str, int], posts: pd.DataFrame) -> None:
    if unknown := sorted(set(window_s) - set(BEHAVIOURS)):
        raise UsageProblem(
            f"thresholds.window_s names the unknown behaviour {', '.join(unknown)}.", remedy=f"Known are {', '.join(BEHAVIOURS)}."
        )
    clocks = posts.groupby("platform", observed=True)["time_precision_s"].max()
    for behaviour, window in window_s.items():
        if window <= 0:
            raise UsageProblem(f"thresholds.window_s.{behaviour} = {window} is not a span of time.", remedy="Give seconds above 0.")
        coarse = clocks[(clocks * 2 > window).to_numpy(bool)]
        if len(coarse):
            precision = int(coarse.max())
            raise UsageProblem(
                f"thresholds.window_s.{behaviour} = {window} s cannot be measured: "
                f"posts on {coarse.idxmax()} tell the time to {precision} s.",
                remedy=f"Set thresholds.window_s.{behaviour} to at least {2 * precision} in the campaign file.",
            )


def _q_values(found: list[BehaviourEdges], tests: int) -> list[np.ndarray]:
    """q-values over all tests, by behaviour."""
    p_values = np.concatenate([np.empty(0), *(one.edges["p_value"].to_numpy(np.float64) for one in found)])
    q_values = benjamini_hochberg(p_values, tests=tests)
    return list(np.split(q_values, np.cumsum([len(one.edges) for one in found])[:-1])) if found else []


def _complete(looked: list[Opened], q_values: list[np.ndarray], listed_q: float, max_q: float) -> pd.DataFrame:
    """All edges, with the objects of those at or below `listed_q`, and what the clocks and the
    test of timing say of those at or below `max_q`."""
    complete = [
        labelled(one.found.sweep, one.found.edges.assign(q_value=q), max_q).assign(
            object_ids=one.lists(q <= listed_q),
            objects_certain=pd.Series(one.certain_objects(), dtype="Int64").where(q <= listed_q),
        )
        for one, q in zip(looked, q_values, strict=True)
    ]
    if not complete:
        return EDGES.empty()
    edges = pd.concat(complete, ignore_index=True)
    return EDGES.conform(edges.assign(clock=clocks(edges, max_q)))


def _co_acted(looked: list[Opened], q_values: list[np.ndarray], max_q: float) -> pd.DataFrame:
    parts = [one.frame(q <= max_q) for one, q in zip(looked, q_values, strict=True)]
    return pd.concat(parts, ignore_index=True) if parts else CO_ACTED.empty()


def _labels(edges: pd.DataFrame, clusters: pd.DataFrame, posts: pd.DataFrame, families: pd.DataFrame) -> dict[str, str]:
    """By cluster its object with most edges: the link, defanged, the oldest text of the family, shortened, or what it is in words."""
    cluster_of = clusters.set_index("account")["cluster_id"]
    at, objects = flatten_lists(edges, "object_ids")
    told = pd.DataFrame({"behaviour": edges["behaviour"].to_numpy()[at], "object": objects.to_numpy()})
    source, target = (cluster_of.reindex(edges[end]).to_numpy()[at] for end in ("source", "target"))
    told = told.assign(cluster_id=source)[source == target]
    counts = told.value_counts(["cluster_id", "behaviour", "object"]).rename("edges").reset_index()
    best = counts.sort_values(["cluster_id", "edges", "behaviour", "object"], ascending=[True, False, True, True])
    best = best.drop_duplicates("cluster_id")
    texts = _oldest_texts(posts, families, best["object"][(best["behaviour"] == "co-text").to_numpy(bool)])
    return {
        row.cluster_id: printable(_told(row.behaviour, row.object, texts), limit=LABEL_GRAPHEMES)[0] for row in best.itertuples()
    }


def _told(behaviour: str, thing: str, texts: pd.Series) -> str:
    """An object in words. The id of a post would name an outsider, the hash of a picture tells nothing."""
    if behaviour == "co-text":
        return str(texts.get(thing, thing))
    if behaviour == "co-repost" and not names_a_share(thing.split("/")[0]):
        return "the same post, passed on"
    return {"co-reply": "answers to the same post", "co-media": "the same image or film"}.get(behaviour, thing)


def _oldest_texts(posts: pd.DataFrame, families: pd.DataFrame, wanted: pd.Series) -> pd.Series:
    chosen = families["family_id"].isin(wanted).to_numpy(bool)
    frame = posts.loc[chosen, ["posted_at", "platform", "post_id", "text"]].assign(
        family_id=families["family_id"][chosen].to_numpy()
    )
    return frame.sort_values(["posted_at", "platform", "post_id"]).drop_duplicates("family_id").set_index("family_id")["text"]


def _stats(one: BehaviourEdges, certain: bool) -> BehaviourStats:
    shares = one.shares
    return BehaviourStats(
        behaviour=shares.behaviour,
        window_s=one.window_s,
        window_certain=certain,
        shares=len(shares.frame),
        objects=shares.objects,
        accounts=shares.accounts,
        hubs_set_aside=shares.hubs,
        note=shares.note,
        posts_carrying=shares.carried,
        hub_rows=shares.hub_rows,
        reposts_set_aside=shares.repost_rows,
        absent=shares.absent,
    )
