"""What a run may see: the rows below its cut-off, the same whatever the order in which they were ingested.

Which rows count, for every read:

* A batch that another committed batch supersedes is left out, at every `as_of`. The later batch reads the same raw bytes, captured at
  the same instants, so it knows nothing the earlier one could not have known: it corrects a reading, it adds no knowledge.
* A row is seen only if `observed_at <= as_of`, a post only if besides `posted_at < end`.
* Of several visible observations of one post the one observed last counts, and for a field that it does not know the last one that
  does (docs/decisions/0015): a null means "not measured" and overrides nothing. Ties go to the greater batch id, then row number. Batch
  ids are functions of content, so the order of ingestion cannot decide.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from tasks.domain.accounts import ACCOUNT_KEY, ACCOUNTS
from tasks.domain.batches import BatchRecord
from tasks.domain.frames import FrameSchema
from tasks.domain.ledgers import INDICATORS, TAKEDOWN_ROWS
from tasks.domain.parsed import QUARANTINE
from tasks.domain.periods import Cutoff
from tasks.domain.ports import ObjectStore
from tasks.domain.post_states import POST_STATES
from tasks.domain.posts import POST_KEY, POSTS
from tasks.store.lake import batch_records, current_batches

_READERS = 8
_REPETITIVE = ("campaign", "platform", "account_id", "kind", "lang", "batch_id")  # read as dictionaries: a tenth of the memory
_ORDER = ["observed_at", "batch_id", "row_number"]


def read_posts(store: ObjectStore, campaign: str, cutoff: Cutoff, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """The visible posts, one row a (platform, post_id), ordered by posted_at, platform, post_id: the latest known value of each field.

    What every row has (account, times, batch) is that of the latest observation, but `kind`: `original` is also what a source says that
    knows no better, so the latest other kind counts where there is one.
    Returns the columns of POSTS in their dtypes, or only `columns` in the order given. Raises WorkspaceProblem if a file that a
    batch record lists is missing.
    """
    wanted = list(columns) if columns is not None else POSTS.names
    needed = [name for name in POSTS.names if name in {*wanted, *POST_KEY, *_ORDER, "posted_at"}]
    batches = [
        batch
        for batch in current_batches(batch_records(store, campaign))
        if batch.posted_min is not None and batch.posted_min < cutoff.end and (batch.observed_min or cutoff.as_of) <= cutoff.as_of
    ]
    condition = (pc.field("posted_at") < _instant(cutoff.end)) & (pc.field("observed_at") <= _instant(cutoff.as_of))
    table = _read(store, batches, POSTS, needed, condition)
    latest, known = _latest(table)
    return _frame(POSTS, table.select(wanted), latest, known)


def read_finds(store: ObjectStore, campaign: str, cutoff: Cutoff) -> pd.DataFrame:
    """Which queries found a visible post, for posts that more than one found: columns platform, post_id, query_id, each pair once.

    `read_posts` keeps one observation of a post and with it one query. A query begun later that finds the posts of an older one
    too would take them from it. Reads nothing where no more than one query was ever asked.
    """
    batches = [
        batch
        for batch in current_batches(batch_records(store, campaign))
        if batch.posted_min is not None and (batch.observed_min or cutoff.as_of) <= cutoff.as_of
    ]
    names = [*POST_KEY, "query_id"]
    if len({effort.query_id for batch in batches for effort in batch.effort}) < 2:
        return POSTS.empty()[names]
    condition = (pc.field("posted_at") < _instant(cutoff.end)) & (pc.field("observed_at") <= _instant(cutoff.as_of))
    table = _read(store, batches, POSTS, names, condition & pc.field("query_id").is_valid())
    frame = POSTS.from_arrow(table).drop_duplicates()
    return frame[frame.duplicated(list(POST_KEY), keep=False)].sort_values(names, ignore_index=True)


def read_account_observations(store: ObjectStore, campaign: str, cutoff: Cutoff) -> pd.DataFrame:
    """Every visible observation of every account, in the columns of ACCOUNTS, ordered by platform, account_id, observed_at, batch_id,
    row_number. `cutoff.end` plays no part: accounts have no post time."""
    batches = current_batches(batch_records(store, campaign))
    table = _read(store, batches, ACCOUNTS, ACCOUNTS.names, pc.field("observed_at") <= _instant(cutoff.as_of))
    return _frame(ACCOUNTS, table, _sorted(ACCOUNTS, table, [*ACCOUNT_KEY, *_ORDER]))


def read_takedown_rows(store: ObjectStore, campaign: str, cutoff: Cutoff) -> pd.DataFrame:
    """The visible rows of imported takedown ledgers (TAKEDOWN_ROWS), ordered by observed_at, batch_id, row_number."""
    return _read_table(store, campaign, cutoff, TAKEDOWN_ROWS)


def read_indicators(store: ObjectStore, campaign: str, cutoff: Cutoff) -> pd.DataFrame:
    """The visible rows of imported indicator lists (INDICATORS), ordered by observed_at, batch_id, row_number."""
    return _read_table(store, campaign, cutoff, INDICATORS)


def read_post_states(store: ObjectStore, campaign: str, cutoff: Cutoff) -> pd.DataFrame:
    """What became of posts, as sources told it by `cutoff.as_of` (POST_STATES), ordered by observed_at, batch_id, row_number."""
    return _read_table(store, campaign, cutoff, POST_STATES)


def read_sightings(store: ObjectStore, campaign: str, cutoff: Cutoff) -> pd.DataFrame:
    """Every visible observation of the posts that were observed more than once: columns platform, post_id, observed_at, batch_id,
    row_number, text; in the order of post and observation. Texts are read only where there is such a post."""
    batches = [
        batch
        for batch in current_batches(batch_records(store, campaign))
        if batch.posted_min is not None and batch.posted_min < cutoff.end and (batch.observed_min or cutoff.as_of) <= cutoff.as_of
    ]
    names = [*POST_KEY, *_ORDER, "text"]
    if sum(batch.rows_accepted.get("posts", 0) for batch in batches) < 2:
        return POSTS.empty()[names]
    condition = (pc.field("posted_at") < _instant(cutoff.end)) & (pc.field("observed_at") <= _instant(cutoff.as_of))
    keys = POSTS.from_arrow(_read(store, batches, POSTS, list(POST_KEY), condition))
    repeated = keys[keys.duplicated(keep=False)]
    if repeated.empty:
        return POSTS.empty()[names]
    wanted = condition & pc.field("post_id").isin(pa.array(repeated["post_id"].unique(), pa.string()))
    frame = POSTS.from_arrow(_read(store, batches, POSTS, names, wanted))
    frame = frame[frame.duplicated(list(POST_KEY), keep=False)]
    return frame.sort_values([*POST_KEY, *_ORDER], ignore_index=True)


def latest_accounts(observations: pd.DataFrame) -> pd.DataFrame:
    """One row a (platform, account_id), in the columns of ACCOUNTS: the latest known value *of each field*.

    A null means "not measured" and overrides nothing; a status "unknown" is such a null. Taking the whole latest row instead would
    make an account's creation date vanish as soon as a later source does not report it. `created_precision_s` comes from the same
    observation as `created_at`. `observed_at`, `batch_id` and `row_number` are those of the latest observation.
    Needs the order of `read_account_observations`.
    """
    keys = list(ACCOUNT_KEY)
    known = observations.assign(status=observations["status"].mask(observations["status"] == "unknown"))
    latest = known.groupby(keys, sort=True).last()  # last() skips nulls, column by column
    dated = known[known["created_at"].notna()].groupby(keys, sort=True).tail(1).set_index(keys)
    latest["created_precision_s"] = dated["created_precision_s"].reindex(latest.index)
    return ACCOUNTS.conform(latest.reset_index())


def read_quarantine(store: ObjectStore, campaign: str) -> pd.DataFrame:
    """The refused rows of all current batches: the columns of QUARANTINE and `batch_id`, ordered by batch_id, table, row_number."""
    frames = []
    for batch in current_batches(batch_records(store, campaign)):
        frame = QUARANTINE.from_arrow(_read(store, [batch], QUARANTINE, QUARANTINE.names, None))
        frames.append(frame.assign(batch_id=batch.batch_id))
    if not frames:
        return QUARANTINE.empty().assign(batch_id=pd.Series([], dtype=POSTS.pandas_dtype("batch_id")))  # type: ignore[call-overload]
    return pd.concat(frames, ignore_index=True).sort_values(["batch_id", "table", "row_number"], ignore_index=True)


def _read_table(store: ObjectStore, campaign: str, cutoff: Cutoff, schema: FrameSchema) -> pd.DataFrame:
    batches = current_batches(batch_records(store, campaign))
    table = _read(store, batches, schema, schema.names, pc.field("observed_at") <= _instant(cutoff.as_of))
    return _frame(schema, table, _sorted(schema, table, _ORDER))


def _read(
    store: ObjectStore, batches: Sequence[BatchRecord], schema: FrameSchema, columns: list[str], condition: pc.Expression | None
) -> pa.Table:
    keys = [file.key for batch in batches for file in batch.files if file.table == schema.name]
    if not keys:
        return pa.schema([schema.arrow.field(name) for name in columns]).empty_table()
    with ThreadPoolExecutor(_READERS) as pool:  # on S3 each is a download
        paths = [str(path) for path in pool.map(store.local_path, keys)]
    repetitive = [name for name in _REPETITIVE if name in schema.names]
    form = ds.ParquetFileFormat(read_options=ds.ParquetReadOptions(dictionary_columns=set(repetitive)))
    stored = schema.arrow
    for name in repetitive:
        stored = stored.set(stored.get_field_index(name), pa.field(name, pa.dictionary(pa.int32(), pa.string())))
    return ds.dataset(paths, schema=stored, format=form).to_table(columns=columns, filter=condition)


Known = Callable[[pa.ChunkedArray, str], pa.Array]  # (column, its name) -> where the values stand


def _latest(table: pa.Table) -> tuple[pa.Array, Known | None]:
    """Positions of the latest observation of each post, in the order posted_at, platform, post_id; and, where a post was observed more
    than once, how to find those of the latest known values of a column."""
    order = ["posted_at", *POST_KEY]
    keys = POSTS.from_arrow(table.select(list(POST_KEY)))
    if not keys.duplicated().any():
        return _sorted(POSTS, table, order), None
    by_time = _sorted(POSTS, table, _ORDER).to_numpy()
    last = pa.array(by_time[~keys.iloc[by_time].duplicated(keep="last").to_numpy()])
    last = last.take(_sorted(POSTS, table.select(order).take(last), order))
    return last, _known_values(keys, by_time, last.to_numpy())


def _known_values(keys: pd.DataFrame, by_time: np.ndarray, last: np.ndarray) -> Known:
    """`keys` of every observation, their positions `by_time`, and that of the latest of each post."""
    repeated = by_time[keys.duplicated(keep=False).to_numpy()[by_time]]
    posts, post = np.unique(keys.iloc[repeated].groupby(list(POST_KEY), sort=False).ngroup().to_numpy(), return_inverse=True)
    place = np.full(len(keys), -1)
    place[last] = np.arange(len(last))
    latest = np.empty(len(posts), dtype=np.int64)
    latest[post] = repeated  # of equal targets numpy keeps the last assignment

    def known(column: pa.ChunkedArray, name: str) -> pa.Array:
        if name == "kind":
            given = pc.not_equal(column.cast(pa.string()), "original").to_numpy()
        elif POSTS.column(name).optional:
            given = column.is_valid().to_numpy()
        else:
            return pa.array(last)
        found, of = latest.copy(), given[repeated]
        found[post[of]] = repeated[of]
        positions = last.copy()
        positions[place[latest]] = found
        return pa.array(positions)

    return known


def _sorted(schema: FrameSchema, table: pa.Table, names: Sequence[str]) -> pa.Array:
    """Positions that sort `table` by the columns `names`."""
    keys = table.select(list(names)).cast(pa.schema([schema.arrow.field(name).with_nullable(True) for name in names]))
    return pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in names])


def _frame(schema: FrameSchema, table: pa.Table, positions: pa.Array, known: Known | None = None) -> pd.DataFrame:
    """The rows of `table` at `positions`, or where `known` finds a column's values. Column by column: each is freed once it is copied (a
    third less memory at 872,128 posts)."""
    names, columns = table.column_names, {}
    for name in names:
        places = positions if known is None else known(table[name], name)
        columns[name] = schema.from_arrow(table.select([name]).take(places))[name]
        table = table.drop_columns([name])
    return pd.DataFrame(columns, columns=names)


def _instant(value: object) -> pa.Scalar:
    return pa.scalar(value, pa.timestamp("us", tz="UTC"))
