"""Account observations out of the `ira` archive: who was seen when, with how many followers, made when."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from tasks.domain.parsed import QUARANTINE
from tasks.fetch.rows import PARSED, Harvest, ObservedAt

NOT_SEEN = "nothing in the files says when the account was seen: give the posts in the same command, or a fixed capture time"
NOT_NAMED = "account_id is missing"


@dataclass(frozen=True)
class Sight:
    """Accounts as one chunk shows them: of posts (account_id, observed_at, posted_at, handle, followers_count, following_count,
    row_number) or of the account file (account_id, handle, created_at, created_precision_s, row_number; `raw` has the rows as JSON)."""

    posts: bool
    frame: pd.DataFrame
    raw: list[str] = field(default_factory=list)


def observations(sights: Sequence[Sight], observed_at: ObservedAt, harvest: Harvest) -> None:
    """Add the account observations to `harvest`: the last of each account and day from the posts, and the account file's rows.

    An account is observed once at one instant: where both show it, the account file's row stands, which has that post's follower counts.
    Rows of the account file are counted as landed already; an observation out of a post counts as a landed account row of its own, under
    the row number of its post.
    """
    posts = _joined([sight.frame for sight in sights if sight.posts])
    listed = _joined([sight.frame for sight in sights if not sight.posts])
    raw = [text for sight in sights if not sight.posts for text in sight.raw]
    dated = _dated(listed, posts, observed_at) if len(listed) else None
    derived = _last_of_the_day(posts, observed_at) if len(posts) else None
    if derived is not None:
        if dated is not None:
            derived = derived[~_moments(derived).isin(_moments(dated))]
            made = listed.dropna(subset="account_id").drop_duplicates("account_id", keep="last")
            derived = derived.merge(made[["account_id", "created_at", "created_precision_s"]], on="account_id", how="left")
        harvest.landed["accounts"] += len(derived)
        _add(derived, harvest)
    if dated is not None:
        faulty = dated["observed_at"].isna() | dated["account_id"].isna()
        _refuse(dated[faulty], [raw[place] for place in np.flatnonzero(faulty)], harvest)
        _add(dated[~faulty], harvest)


def _last_of_the_day(posts: pd.DataFrame, observed_at: ObservedAt) -> pd.DataFrame:
    """The latest post of an account and day; of an account at all where every row has one capture time."""
    ordered = posts.sort_values(["posted_at", "row_number"])
    day = ordered["posted_at"].dt.floor("D") if observed_at == "posted" else ordered["observed_at"]
    return ordered[~pd.DataFrame({"account": ordered["account_id"], "day": day}).duplicated(keep="last")].sort_values("row_number")


def _moments(frame: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(frame[["account_id", "observed_at"]])


def _dated(listed: pd.DataFrame, posts: pd.DataFrame, observed_at: ObservedAt) -> pd.DataFrame:
    """The account file's rows with their capture time, and the follower counts known at that moment, so that it does not matter which
    of two observations of one moment is read last."""
    if not len(posts):
        fixed = pd.Timestamp(observed_at).tz_convert("UTC") if isinstance(observed_at, datetime) else listed["created_at"]
        return listed.assign(observed_at=fixed)
    ordered = posts.sort_values(["posted_at", "row_number"])
    shown = ordered.drop_duplicates("account_id", keep="first" if observed_at == "posted" else "last")
    dated = listed.merge(shown[["account_id", "observed_at", "followers_count", "following_count"]], on="account_id", how="left")
    if observed_at == "posted":
        dated["observed_at"] = dated["observed_at"].fillna(dated["created_at"])
    dated["observed_at"] = dated["observed_at"].fillna(posts["observed_at"].max())
    return dated


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _add(frame: pd.DataFrame, harvest: Harvest) -> None:
    schema = PARSED["accounts"]
    known = frame.assign(platform="twitter")
    conforming = schema.conform(known[[name for name in schema.names if name in known.columns]])
    harvest.tables["accounts"].append(pa.Table.from_pandas(conforming, schema=schema.arrow, preserve_index=False))


def _refuse(frame: pd.DataFrame, raw: list[str], harvest: Harvest) -> None:
    reasons = np.where(frame["account_id"].isna(), NOT_NAMED, NOT_SEEN)
    refused = pd.DataFrame({"table": "accounts", "row_number": frame["row_number"], "reason": reasons, "raw": raw})
    harvest.rejected.append(QUARANTINE.conform(refused))
