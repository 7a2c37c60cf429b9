"""Importer `ira`: the posts of the accounts that Twitter named as the Internet Research Agency, as Parquet (docs/methods.md says where
from). Any subset of its files; which is which is told by the columns.

Posts. Minute clocks (`time_precision_s` 60). `kind` from the flags `is_repost` and `is_quote`; replies are not marked in the archive, so a
text that begins with `@` stays an original. Links come from `urls` (t.co codes, one for each `[url]` in the text, which is kept as
published); hashtags and mentions from the text. `repost_of_id` is not known. Language names become BCP 47 codes.

Accounts. The posts carry follower counts: the last post of an account and day becomes an observation (`followers`, `following`; -1 is not
measured). The account file adds handle and creation time to every observation, and one observation of each account: at its first post in
the files, else at its creation, else at the newest post of the files. With a fixed capture time each account is observed once. The
estimate `account_created_est` is exact to the second where `user_id_exact`, otherwise up to 1.4 days off on either side.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.domain.batches import FieldDrift
from tasks.domain.errors import UnreadableInput, UsageProblem
from tasks.domain.parsed import Parsed
from tasks.domain.ports import LandedFile
from tasks.fetch.chunks import ArrowChunk, count_and_sample
from tasks.fetch.columns import Reading
from tasks.fetch.readers import parquet_file, read_parquet
from tasks.fetch.rows import Harvest, ObservedAt, Recipe, capture_rule, take
from tasks.fetch.sources.ira_accounts import Sight, observations
from tasks.fetch.sources.ira_languages import CODES

POST_FIELDS = {
    "post_id": "post_id",
    "account_id": "account_id",
    "posted_at": "posted_at",
    "text": "text",
    "lang": "lang",
    "urls": "urls",
}
POST_FLAGS = ("is_repost", "is_quote")
POST_COUNTS = ("account_handle", "followers", "following")
POST_IGNORED = {
    "platform": "always twitter",
    "region": "where the account said it was; the archive's guess",
    "repost_of_handle": "0.03 % of rows, all of which begin with `RT @handle`: the mentions have it",
    "statuses": "the account's own count of posts, which deletions lower",
    "category": "a judgement of the publishers on the account, made after the removal",
    "account_type": "the same",
}
ACCOUNT_FIELDS = ("account_id", "account_handle", "user_id_exact", "account_created_est")
ACCOUNT_IGNORED = {
    "twitter_user_id": "posts name accounts by account_id; what the number says about creation is in account_created_est",
    "category": "a judgement of the publishers on the account, made after the removal",
    "account_type": "the same",
}
INEXACT_S = 120_960  # 1.4 days


class IraImporter:
    """`parse` as in the port tasks.domain.ports.Importer; it has no options."""

    format = "ira"
    version = "1"

    def parse(self, files: Sequence[LandedFile], *, observed_at: ObservedAt, options: dict[str, Any]) -> Parsed:
        if options:
            raise UsageProblem(f"The importer ira has no option {sorted(options)[0]!r}.", remedy="Leave the options out.")
        rule = capture_rule(files, observed_at)
        harvest, sights, drift = Harvest(), [], _Drift()
        for chunk in read_parquet(_known_files(files), []):
            if "post_id" in chunk.names():
                drift.see("posts", chunk, {*POST_FIELDS.values(), *POST_FLAGS, *POST_COUNTS}, set(POST_IGNORED))
                sights.append(_posts(chunk, observed_at, harvest, drift))
            else:
                drift.see("accounts", chunk, set(ACCOUNT_FIELDS), set(ACCOUNT_IGNORED))
                sights.append(_accounts(chunk, harvest))
        observations(sights, observed_at, harvest)
        return harvest.parsed(files, drift.found(), rule)


def _known_files(files: Sequence[LandedFile]) -> Sequence[LandedFile]:
    """Raises UnreadableInput for a file that is neither, or that lacks a column."""
    for file in files:
        with parquet_file(file) as opened:
            names = set(opened.schema_arrow.names)
        needed = {*POST_FIELDS.values(), *POST_FLAGS, *POST_COUNTS} if "post_id" in names else set(ACCOUNT_FIELDS)
        if lacking := sorted(needed - names):
            what = "posts" if "post_id" in names else "accounts"
            raise UnreadableInput(
                f"{file.name} was refused whole: it is no {what} file of this archive, it lacks {', '.join(lacking)}.",
                remedy="Give the archive's own Parquet files, or another --format.",
            )
    return files


def _posts(chunk: ArrowChunk, observed_at: ObservedAt, harvest: Harvest, drift: "_Drift") -> Sight:
    """Take the posts of a chunk; return who was seen when, with how many followers."""
    drift.see_languages(chunk)
    recipe = Recipe("posts", POST_FIELDS, {"platform": "twitter", "time_precision_s": 60}, Reading(words={"lang": CODES}))
    table = take(chunk, recipe, observed_at, harvest, {"kind": _kind(chunk)})
    place = pa.array(table["row_number"].to_numpy() - chunk.first_row)
    return Sight(
        posts=True,
        frame=pd.DataFrame(
            {
                "account_id": table["account_id"].to_pandas(),
                "observed_at": table["observed_at"].to_pandas(),
                "posted_at": table["posted_at"].to_pandas(),
                "handle": _strings(chunk.column("account_handle")).take(place).to_pandas(),
                "followers_count": _counted(chunk.column("followers"))
                .take(place)
                .to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get),
                "following_count": _counted(chunk.column("following"))
                .take(place)
                .to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get),
                "row_number": table["row_number"].to_pandas(),
            }
        ),
    )


def _accounts(chunk: ArrowChunk, harvest: Harvest) -> Sight:
    """The rows of the account file, with the interval in which each account was made."""
    exact = chunk.column("user_id_exact").fill_null(False).to_pandas().astype(bool)
    estimate = chunk.column("account_created_est").cast(pa.timestamp("us", tz="UTC")).to_pandas()
    frame = pd.DataFrame(
        {
            "account_id": _strings(chunk.column("account_id")).to_pandas(),
            "handle": _strings(chunk.column("account_handle")).to_pandas(),
            "created_at": (estimate - pd.Timedelta(seconds=INEXACT_S)).where(~exact, estimate).dt.floor("s"),
            "created_precision_s": pd.Series(np.where(exact, 1, 2 * INEXACT_S), dtype="Int64").where(estimate.notna()),
            "row_number": np.arange(chunk.first_row, chunk.first_row + chunk.rows),
        }
    )
    harvest.landed["accounts"] += chunk.rows
    harvest.rows_by_file[chunk.file.sha256] = harvest.rows_by_file.get(chunk.file.sha256, 0) + chunk.rows
    return Sight(posts=False, frame=frame, raw=[chunk.raw(place) for place in range(chunk.rows)])


def _kind(chunk: ArrowChunk) -> pa.Array:
    quote = pc.if_else(chunk.column("is_quote").fill_null(False), "quote", "original")
    return pc.if_else(chunk.column("is_repost").fill_null(False), "repost", quote)


def _strings(values: pa.Array) -> pa.Array:
    return values.cast(pa.string())


def _counted(values: pa.Array) -> pa.Array:
    wide = values.cast(pa.int64())
    return pc.if_else(pc.less(wide, 0), pa.scalar(None, pa.int64()), wide)


class _Drift:
    """Columns and language names that the importer does not know."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], tuple[int, str]] = {}

    def see(self, table: str, chunk: ArrowChunk, used: set[str], ignored: set[str]) -> None:
        for name in chunk.names() - used - ignored:
            self._add((table, name), *count_and_sample(chunk.column(name)))

    def see_languages(self, chunk: ArrowChunk) -> None:
        """A language name without a code stays as published, and is reported."""
        for entry in pc.value_counts(_strings(chunk.column("lang"))).to_pylist():
            if entry["values"] is not None and entry["values"] not in CODES:
                self._add(("posts", "lang"), entry["counts"], entry["values"])

    def found(self) -> tuple[FieldDrift, ...]:
        return tuple(
            FieldDrift(table=table, field=name, kind="unknown", rows=rows, sample=sample)
            for (table, name), (rows, sample) in sorted(self._found.items())
        )

    def _add(self, key: tuple[str, str], rows: int, sample: str) -> None:
        before, first = self._found.get(key, (0, ""))
        self._found[key] = (before + rows, first or sample)
