"""Posts to check detection on: simulated campaigns with the truth about every account and pair, and public data of shared ../data."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from tasks.detect.families import text_families
from tasks.domain.networks import FAMILIES
from tasks.domain.posts import POST_KEY, POSTS
from tasks.simulate.scenario import simulate

NEEDED = ("platform", "post_id", "observed_at", "account_id", "posted_at", "time_precision_s", "kind", "text", "lang", "urls")
ACTED_ON = ("repost_of_id", "reply_to_id", "hashtags", "media_hashes", "domains")  # what the other behaviours look at


@dataclass(frozen=True)
class Labelled:
    """`posts`: POSTS; `families`: FAMILIES row by row; `roles`: by "platform/account_id" campaign, activist, news_fan or ordinary;
    `bursts`: coordinated action of every post, -1 = none."""

    posts: pd.DataFrame
    families: pd.DataFrame
    roles: pd.Series
    bursts: np.ndarray


def labelled_campaign(scale: int, seed: int, *, true_families: bool = False, scenario: str = "spamouflage") -> Labelled:
    """A scenario at about `scale` posts, all 48 weeks; `amplified` with the fields that five more behaviours look at. With `true_families`
    equal texts are told by the simulation's own labels instead of being searched for: the search over 5 million texts needs more than
    12 GB and hours."""
    simulation = simulate(scenario, seed=seed, scale=scale)
    needed = (*NEEDED, *ACTED_ON) if scenario == "amplified" else NEEDED
    weeks = []
    for week in simulation.weeks():
        table = week.posts.select([name for name in needed if not (true_families and name == "text")])
        weeks.append(table.append_column("family", _true_family(week.labels)).append_column("burst", week.labels["burst"]))
    table = pa.concat_tables(weeks)
    bursts = pc.fill_null(table["burst"], -1).to_numpy().astype(np.int64)
    family = table["family"].to_pandas()
    posts = POSTS.from_arrow(table.drop_columns(["family", "burst"]))
    posts = POSTS.conform(posts.assign(campaign="simulated", batch_id="simulated", row_number=np.arange(len(posts))))
    once = ~posts.duplicated(list(POST_KEY)).to_numpy()
    posts, family, bursts = posts[once].reset_index(drop=True), family[once].reset_index(drop=True), bursts[once]
    if true_families:
        families = FAMILIES.conform(posts[["platform", "post_id"]].assign(family_id=family, short=False))
    else:
        families = text_families(posts)
    accounts = pd.DataFrame(simulation.truth_with(iter(()))["accounts"])
    return Labelled(posts, families, accounts.set_index(accounts["platform"] + "/" + accounts["account_id"])["role"], bursts)


def _true_family(labels: pa.Table) -> pa.Array:
    """The group of equal texts; a text of its own is a family of one."""
    group = pc.binary_join_element_wise(labels["text_kind"], labels["group"].cast(pa.string()), "-")
    return pc.coalesce(group, pc.binary_join_element_wise("own", labels["post_id"], "-"))


def pairs_in_bursts(labelled: Labelled) -> pd.DataFrame:
    """source, target (source < target), bursts: in how many coordinated actions two accounts took part together."""
    inside = labelled.bursts >= 0
    keys = labelled.posts["platform"][inside].astype("str") + "/" + labelled.posts["account_id"][inside].astype("str")
    account, names = pd.factorize(keys, sort=True)
    burst = pd.factorize(labelled.bursts[inside])[0]
    taking_part = sp.csr_array((np.ones(len(account), np.int32), (account, burst)))
    taking_part.data[:] = 1
    together = sp.coo_array(sp.triu(taking_part @ taking_part.T, 1))
    return pd.DataFrame(
        {"source": names.take(together.row), "target": names.take(together.col), "bursts": together.data.astype(np.int64)}
    )


def ira_posts(shared_data: Path, start: str, count: int) -> pd.DataFrame:
    """POSTS: the first `count` posts from `start` on of the accounts that Twitter named as Internet Research Agency; minute clocks."""
    raw = pd.read_parquet(shared_data / "ira" / "ira_posts_2017_01_to_10.parquet")
    raw = raw[(raw["posted_at"] >= pd.Timestamp(start, tz="UTC")).to_numpy(bool)].sort_values(["posted_at", "post_id"]).head(count)
    kind = np.where(raw["is_repost"], "repost", np.where(raw["is_quote"], "quote", "original"))
    return _posts(raw, kind, precision_s=60)


def control_posts(shared_data: Path) -> dict[str, pd.DataFrame]:
    """The control sets by name, as published: columns of the file."""
    frame = pd.read_parquet(shared_data / "controls" / "control_posts.parquet")
    return {str(name): part for name, part in frame.groupby("source")}


def control_as_posts(raw: pd.DataFrame) -> pd.DataFrame:
    """POSTS of a control set with clocks of a second or better."""
    return _posts(raw, np.where(raw["is_repost"], "repost", "original"), precision_s=1)


def _posts(raw: pd.DataFrame, kind: np.ndarray, *, precision_s: int) -> pd.DataFrame:
    at = raw["posted_at"].astype("datetime64[us, UTC]")
    urls = pd.Series(pa.array(list(raw["urls"]), pa.list_(pa.string())), index=raw.index, dtype=POSTS.pandas_dtype("urls"))
    frame = pd.DataFrame(
        {
            "campaign": "public",
            "platform": raw["platform"].astype("str"),
            "post_id": raw["post_id"].astype("str"),
            "observed_at": at,
            "account_id": raw["account_id"].astype("str"),
            "posted_at": at,
            "time_precision_s": precision_s,
            "kind": kind,
            "text": raw["text"],
            "lang": raw["lang"].astype("str"),
            "urls": urls,
            "batch_id": "public",
            "row_number": np.arange(len(raw)),
        }
    )
    return POSTS.conform(frame).reset_index(drop=True)
