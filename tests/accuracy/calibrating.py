"""What the calibration table is made of; each function measures one thing and says it in plain figures."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from labelled import Labelled, control_as_posts, control_posts, ira_posts, labelled_campaign, pairs_in_bursts
from shuffled import courses_dealt, labels_permuted

from tasks.detect.coordination import count_pairs
from tasks.detect.families import text_families
from tasks.detect.shares import shares_of
from tasks.detect.significance import SLOT_S, benjamini_hochberg, count_tests, p_values_of
from tasks.detect.sweep import Sweep, sweep_of
from tasks.detect.timing import labelled as with_labels
from tasks.detect.timing import timing_p_values
from tasks.domain.campaign import Thresholds
from tasks.domain.networks import BEHAVIOURS

MAX_Q = 0.01
COMMON = 5  # objects in common of the pairs whose timing is judged under chance: fewer can hardly reach 0.01


@dataclass(frozen=True)
class Behaviour:
    """SHARES and `slot` of one behaviour, ids as integers, with the accounts' names by code."""

    name: str
    frame: pd.DataFrame
    window_s: float
    accounts: pd.Index

    def sweep(self) -> Sweep:
        return sweep_of(self.frame, window_s=self.window_s, min_participation=Thresholds().min_participation)


def behaviours_of(posts: pd.DataFrame, families: pd.DataFrame, window_s: dict[str, int]) -> list[Behaviour]:
    """As a briefing makes them."""
    return [coded(name, shares_of(posts, families, name).frame, window) for name, window in window_s.items()]


def coded(name: str, frame: pd.DataFrame, window_s: float) -> Behaviour:
    account, accounts = pd.factorize(frame["account_id"], sort=True)
    content = pd.factorize(frame["content_id"])[0] + len(frame)  # no post is its own object here
    columns = {"object_id": pd.factorize(frame["object_id"])[0], "account_id": account, "content_id": content}
    told = pd.DataFrame({**columns, "timestamp_share": frame["timestamp_share"].to_numpy(np.float64)})
    return Behaviour(name, told.assign(slot=pd.factorize(frame["slot"])[0]), window_s, pd.Index(accounts))


def judged(behaviours: Iterable[Behaviour], *, timing: bool = True) -> tuple[pd.DataFrame, int]:
    """Edges of all behaviours with p, q (one correction over all), p_timing and label, and the number of tests."""
    found, sweeps = [], []
    behaviours = list(behaviours)
    for one in behaviours:
        sweep = one.sweep()
        edges = count_pairs(sweep, min_participation=Thresholds().min_participation)
        found.append(edges.assign(p_value=p_values_of(sweep, one.frame["slot"].to_numpy(), edges), behaviour=one.name))
        sweeps.append(sweep)
    tests = count_tests(*(one.frame for one in behaviours))
    p_values = np.concatenate([edges["p_value"].to_numpy(np.float64) for edges in found])
    q_values = np.split(benjamini_hochberg(p_values, tests=tests), np.cumsum([len(edges) for edges in found])[:-1])
    parts = []
    for one, edges, q, sweep in zip(behaviours, found, q_values, sweeps, strict=True):
        part = edges.assign(q_value=q)
        part = with_labels(sweep, part, MAX_Q) if timing else part
        parts.append(part.assign(source=one.accounts.take(part["source"]), target=one.accounts.take(part["target"])))
    return pd.concat(parts, ignore_index=True), tests


def permuted_labels(behaviours: list[Behaviour], seeds: Iterable[int]) -> dict[str, Any]:
    """Labels permuted within slots: sets with any edge at q <= MAX_Q, and how often p falls below a level, against the tests. Besides by
    behaviour, in all sets: edges, and those at q <= MAX_Q (one correction over all behaviours)."""
    sets = with_edge = tests = edges = 0
    apart = {one.name: {"rows": len(one.frame), "tests": count_tests(one.frame), "edges": 0, "found": 0} for one in behaviours}
    small = {1e-3: 0, 1e-4: 0, 1e-5: 0}
    for seed in seeds:
        found, count = judged([replace(one, frame=labels_permuted(one.frame, seed)) for one in behaviours], timing=False)
        sets, edges, tests = sets + 1, edges + len(found), tests + count
        with_edge += bool((found["q_value"] <= MAX_Q).any())
        for level in small:
            small[level] += int((found["p_value"] <= level).sum())
        for name, part in found.groupby("behaviour"):
            apart[str(name)]["edges"] += len(part)
            apart[str(name)]["found"] += int((part["q_value"] <= MAX_Q).sum())
    rates = {f"{level:g}": count / tests for level, count in small.items()}
    return {
        "sets": sets,
        "with_edge": with_edge,
        "rows": _rows(behaviours),
        "tests": tests // sets,
        "edges": edges // sets,
        "p": rates,
        "apart": apart,
    }


def permuted_times(behaviours: list[Behaviour], seeds: Iterable[int]) -> dict[str, Any]:
    """Times dealt out anew: of all pairs with COMMON objects in common how many have p_timing at a level; of edges at q <= MAX_Q how many
    are called coordinated."""
    sets = pairs = co_interest = coordinated = 0
    small = {0.1: 0, 0.01: 0, 0.001: 0}
    for seed in seeds:
        sets += 1
        dealt = [replace(one, frame=courses_dealt(one.frame, seed)) for one in behaviours]
        for one in dealt:
            sweep = one.sweep()
            p_values = timing_p_values(sweep, _in_common(sweep))
            pairs += len(p_values)
            for level in small:
                small[level] += int((p_values <= level).sum())
        edges = judged(dealt)[0]
        co_interest += int((edges["label"] == "co-interest").sum())
        coordinated += int((edges["label"] == "coordinated").sum())
    rates = {f"{level:g}": count / max(pairs, 1) for level, count in small.items()}
    return {"sets": sets, "pairs": pairs // sets, "p": rates, "co_interest": co_interest, "coordinated": coordinated}


def _in_common(sweep: Sweep) -> pd.DataFrame:
    """All pairs of accounts with COMMON objects in common, in the window or not."""
    shape = (len(sweep.accounts), len(sweep.objects))
    if not len(sweep.account):  # every object is a hub, as hosts are in a small simulation
        return pd.DataFrame({"source": [], "target": []})
    held = sp.csr_array((np.ones(len(sweep.account), np.int32), (sweep.account, sweep.object)), shape=shape)
    held.data[:] = 1
    common = sp.coo_array(sp.triu(held @ held.T, 1))
    enough = common.data >= COMMON
    ids = sweep.accounts.to_pandas().to_numpy()
    return pd.DataFrame({"source": ids[common.row[enough]], "target": ids[common.col[enough]]})


def _rows(behaviours: list[Behaviour]) -> int:
    return sum(len(one.frame) for one in behaviours)


def simulated(scale: int, seed: int) -> list[Behaviour]:
    made = labelled_campaign(scale, seed)
    return behaviours_of(made.posts, made.families, Thresholds().window_s)


def of_every_behaviour(scale: int, seed: int) -> list[Behaviour]:
    """The scenario `amplified`: what teams and decoys pass on, answer, tag and show besides; all behaviours, 60 s each."""
    made = labelled_campaign(scale, seed, scenario="amplified")
    return behaviours_of(made.posts, made.families, dict.fromkeys(BEHAVIOURS, 60))


def internet_research_agency(shared_data: Path, posts: int) -> list[Behaviour]:
    chosen = ira_posts(shared_data, "2017-08-01", posts)
    return behaviours_of(chosen, text_families(chosen), {"co-url": 120, "co-text": 120})


def reference_example(shared_data: Path) -> list[Behaviour]:
    """CooRTweet's example, 35,125 rows."""
    shares = pd.read_csv(shared_data / "coordination" / "russian_coord_tweets.csv.gz", dtype={"object_id": str, "content_id": str})
    slot = (shares["timestamp_share"] // SLOT_S).astype("int64")
    return [coded("shared posts", shares.assign(slot=slot), 60)]


def decoys(scale: int, seed: int, *, true_families: bool, scenario: str = "spamouflage") -> dict[str, Any]:
    """The simulation without its campaign: whatever passes is a false finding. `amplified`: all behaviours."""
    made = labelled_campaign(scale, seed, true_families=true_families, scenario=scenario)
    windows = dict.fromkeys(BEHAVIOURS, 60) if scenario == "amplified" else Thresholds().window_s
    keys = made.posts["platform"].astype("str") + "/" + made.posts["account_id"].astype("str")
    organic = (keys.map(made.roles) != "campaign").to_numpy(bool)
    posts, families = made.posts[organic].reset_index(drop=True), made.families[organic].reset_index(drop=True)
    return false_findings(behaviours_of(posts, families, windows)) | {"posts": len(posts)}


def false_findings(behaviours: list[Behaviour]) -> dict[str, Any]:
    """Pairs and accounts at q <= MAX_Q (`co_interest`, the coordinated ones among them) and called coordinated."""
    edges, tests = judged(behaviours)
    found, told = (edges["q_value"] <= MAX_Q).to_numpy(bool), (edges["label"] == "coordinated").to_numpy(bool)
    accounts = len(set().union(*(one.accounts for one in behaviours)))
    apart = {
        one.name: {
            "rows": len(one.frame),
            "tests": count_tests(one.frame),
            "edges": int((mine := edges["behaviour"].eq(one.name).to_numpy(bool)).sum()),
            "found": int((mine & found).sum()),
        }
        for one in behaviours
    }
    return {
        "accounts": accounts,
        "tests": tests,
        "edges": len(edges),
        "co_interest": int(found.sum()),
        "coordinated": int(told.sum()),
        "accounts_co_interest": len(_ends(edges[found])),
        "accounts_coordinated": len(_ends(edges[told])),
        "apart": apart,
    }


def _ends(edges: pd.DataFrame) -> pd.Index:
    return pd.Index(pd.unique(pd.concat([edges["source"], edges["target"]])))


def controls(shared_data: Path) -> list[dict[str, Any]]:
    """The public control sets that qualify (200 accounts, clocks of a second); the others with what they lack."""
    told = []
    for name, raw in control_posts(shared_data).items():
        accounts, clock = int(raw["account_id"].nunique()), "/".join(sorted(set(raw["time_precision"])))
        lacks = []
        if accounts < 200:
            lacks.append(f"{accounts} accounts, fewer than 200")
        if clock not in ("second", "ms"):
            lacks.append(f"clock: {clock}")
        entry: dict[str, Any] = {"name": name, "posts": len(raw), "accounts": accounts, "clock": clock, "lacks": "; ".join(lacks)}
        if not lacks:
            posts = control_as_posts(raw)
            behaviours = behaviours_of(posts, text_families(posts), Thresholds().window_s)
            entry |= {"found": false_findings(behaviours), "rows": _rows(behaviours)}
        told.append(entry)
    return told


def precision_and_recall(scale: int, seed: int, *, true_families: bool) -> dict[str, Any]:
    """One threshold at any scale, beside the reference's quantile of weights on the same edges."""
    made = labelled_campaign(scale, seed, true_families=true_families)
    edges, tests = judged(behaviours_of(made.posts, made.families, Thresholds().window_s))
    cut = {q: edges.groupby("behaviour")["weight"].transform("quantile", q) for q in (0.5, 0.99)}
    rules: dict[str, Callable[[], Any]] = {
        "q at most 0.01 (co-interest)": lambda: edges["q_value"] <= MAX_Q,
        "and p_timing at most 0.01 (coordinated)": lambda: edges["label"] == "coordinated",
        "reference: weight above the 0.5 quantile": lambda: edges["weight"] > cut[0.5],
        "reference: weight above the 0.99 quantile": lambda: edges["weight"] > cut[0.99],
    }
    truth = _Truth.of(made)
    rows = [{"rule": rule, **truth.of_edges(edges[flags().to_numpy(bool)])} for rule, flags in rules.items()]
    return {"posts": len(made.posts), "tests": tests, "edges": len(edges), "true_families": true_families, "rules": rows}


@dataclass(frozen=True)
class _Truth:
    roles: pd.Series
    active: pd.Index  # of the campaign, with 5 posts
    together: pd.Series  # common bursts by source and target

    @classmethod
    def of(cls, made: Labelled) -> "_Truth":
        keys = made.posts["platform"].astype("str") + "/" + made.posts["account_id"].astype("str")
        many = keys.value_counts()
        campaign = made.roles.index[(made.roles == "campaign").to_numpy(bool)]
        together = pairs_in_bursts(made).set_index(["source", "target"])["bursts"]
        return cls(made.roles, campaign[(many.reindex(campaign).fillna(0) >= 5).to_numpy(bool)], together)

    def of_edges(self, edges: pd.DataFrame) -> dict[str, Any]:
        accounts, pairs = _ends(edges), pd.MultiIndex.from_frame(edges[["source", "target"]]).drop_duplicates()
        theirs = self.roles.reindex(accounts) == "campaign"
        both = [self.roles.reindex(pairs.get_level_values(end)).eq("campaign").to_numpy(bool) for end in (0, 1)]
        often = {least: self.together.index[(self.together >= least).to_numpy(bool)] for least in (3, 5, 10)}
        return {
            "pairs": len(pairs),
            "accounts": len(accounts),
            "precision_pairs": float((both[0] & both[1]).mean()) if len(pairs) else None,
            "precision_accounts": float(theirs.mean()) if len(accounts) else None,
            "recall_accounts": float(self.active.isin(accounts).mean()),
            "recall_pairs": {str(least): float(index.isin(pairs).mean()) for least, index in often.items()},
        }
