"""What rows of posts say of their accounts, made into observations of accounts.

`daily`: the row carries counts of the moment of posting: the last post of an account and day becomes an observation. Otherwise the row
carries the profile as it stood when the file was made: one observation, at the account's last post, and, where that is another, one at
its first post with nothing but what does not change (`created_at`). With a capture time each account is observed once, then.

An observation counts as a landed row of its own under the number of its post. One with a value that does not fit is refused, its post is
not.
"""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from tasks.fetch.chunks import Chunk
from tasks.fetch.columns import Reading, convert
from tasks.fetch.rows import PARSED, Harvest, ObservedAt

_SCHEMA = PARSED["accounts"]
_NULLABLE = pa.schema([column.with_nullable(True) for column in _SCHEMA.arrow])  # as tasks.fetch.rows.take makes its tables
_LASTING = ("created_at", "created_precision_s")
_COMPACT = 200_000  # rows kept before they are reduced again
_HIDDEN = ("reason", "raw", "posted_at", "at_first")


class Profiles:
    """Collects over chunks; bounded by the number of accounts, or, daily, by the rows of one part."""

    def __init__(self, observed_at: ObservedAt) -> None:
        self._by_post = not isinstance(observed_at, datetime) and observed_at == "posted"
        self._kept: list[pd.DataFrame] = []
        self._days: list[pd.DataFrame] = []
        self._rows = 0

    def see(
        self,
        chunk: Chunk,
        posts: pa.Table,
        fields: Mapping[str, str],
        reading: Reading,
        *,
        created_precision_s: int | None = None,
        daily: bool = False,
    ) -> None:
        """`posts`: the accepted posts of `chunk`; `fields`: our column of ACCOUNTS -> the chunk's. `created_precision_s` of every
        `created_at`."""
        if not posts.num_rows:
            return
        order = pd.DataFrame({name: posts[name].to_pandas() for name in ("account_id", "posted_at", "row_number")})
        daily = daily and self._by_post
        order["day"] = order["posted_at"].dt.floor("D") if daily else 0
        order = order.sort_values(["posted_at", "row_number"], kind="stable")
        last = order.drop_duplicates(["account_id", "day"], keep="last").assign(at_first=False)
        first = order.drop_duplicates("account_id").assign(at_first=True)
        wanted = last if daily or not self._by_post or "created_at" not in fields else pd.concat([last, first])
        frame = _read(chunk, posts, wanted.sort_index(), fields, reading)
        if created_precision_s is not None:
            frame["created_precision_s"] = pd.Series(created_precision_s, frame.index, "Int64").where(frame["created_at"].notna())
        if daily:
            self._days.append(frame.assign(day=last["day"].sort_index().to_numpy()))
            return
        self._kept.append(frame)
        self._rows += len(frame)
        if self._rows > _COMPACT:
            self._compact()

    def end_part(self, harvest: Harvest) -> None:
        """Hand out the observations by day that the part holds."""
        if self._days:
            days = pd.concat(self._days, ignore_index=True).sort_values(["posted_at", "row_number"], kind="stable")
            self._days = []
            _add(days.drop_duplicates(["account_id", "day"], keep="last").drop(columns="day"), harvest)

    def finish(self, harvest: Harvest) -> None:
        """Hand out what had to wait for the last row."""
        if not self._kept:
            return
        self._compact()
        _add(self._kept.pop(), harvest)

    def last_seen(self) -> pd.Series:
        """Account id -> when it was last observed, as far as seen."""
        self._compact()
        if not self._kept:
            return pd.Series([], dtype="datetime64[us, UTC]")
        frame = self._kept[0]
        seen: pd.Series = frame[~frame["at_first"].astype(bool)].set_index("account_id")["observed_at"]
        return seen

    def _compact(self) -> None:
        if self._kept:
            self._kept = [_reduced(pd.concat(self._kept, ignore_index=True), self._by_post)]
            self._rows = len(self._kept[0])


def _reduced(frame: pd.DataFrame, by_post: bool) -> pd.DataFrame:
    """One last row an account, and its first where that is another post."""
    ordered = frame.sort_values(["posted_at", "row_number"], kind="stable")
    last = ordered[~ordered["at_first"]].drop_duplicates("account_id", keep="last")
    if not by_post:
        return last.reset_index(drop=True)
    first = ordered[ordered["at_first"]].drop_duplicates("account_id")
    return pd.concat([last, first], ignore_index=True)


def _read(chunk: Chunk, posts: pa.Table, wanted: pd.DataFrame, fields: Mapping[str, str], reading: Reading) -> pd.DataFrame:
    accepted = pa.array(wanted.index.to_numpy())
    places = pa.array(posts["row_number"].combine_chunks().take(accepted).to_numpy() - chunk.first_row)
    arrays = {name: posts[name].combine_chunks().take(accepted) for name in ("platform", "account_id", "observed_at", "row_number")}
    reasons = np.full(len(wanted), None, dtype=object)
    for ours, theirs in fields.items():
        values = chunk.column(theirs)
        array = values if isinstance(values, pa.Array) else None
        taken = array.take(places) if array is not None else [values[place] for place in places.to_pylist()]
        converted = convert(taken, _SCHEMA.column(ours), reading)
        arrays[ours] = converted.values
        reasons[converted.faulty & pd.isna(reasons)] = converted.reason
    frame = _SCHEMA.from_arrow(pa.table(arrays))
    frame["posted_at"], frame["at_first"] = wanted["posted_at"].to_numpy(), wanted["at_first"].to_numpy(bool)
    frame["reason"] = reasons
    frame["raw"] = [chunk.raw(place) if reason else None for place, reason in zip(places.to_pylist(), reasons, strict=True)]
    return frame


def _add(frame: pd.DataFrame, harvest: Harvest) -> None:
    """Rows into the harvest; the first post's without what may have changed since, and only where it is another than the last's."""
    twice = frame["at_first"] & frame["row_number"].isin(frame.loc[~frame["at_first"], "row_number"])
    frame = frame[~twice].sort_values("row_number")
    faulty = frame["reason"].notna()
    harvest.landed["accounts"] += len(frame)
    refused = frame.loc[faulty, ["row_number", "reason", "raw"]].assign(table="accounts")
    harvest.rejected.append(refused[["table", "row_number", "reason", "raw"]])
    good = frame[~faulty].copy()
    for name in _SCHEMA.names:
        if name in good and _SCHEMA.column(name).optional and name not in _LASTING:
            good[name] = good[name].mask(good["at_first"])
    conforming = _SCHEMA.conform(good.drop(columns=list(_HIDDEN)))
    harvest.tables["accounts"].append(pa.Table.from_pandas(conforming, schema=_NULLABLE, preserve_index=False))
