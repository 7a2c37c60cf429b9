"""The books of a batch: equal rows are kept once, refused rows with one entry each, and nothing is lost or counted twice."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.domain.errors import ResurgeError
from tasks.domain.frames import FrameSchema
from tasks.domain.parsed import QUARANTINE

# enough to say "these rows differ" for nearly every pair; only rows equal in these are compared in full
_QUICK = {
    "posts": ["platform", "post_id", "observed_at"],
    "accounts": ["platform", "account_id", "observed_at"],
    "takedowns": ["platform", "row_id", "observed_at"],
    "indicators": ["kind", "value", "observed_at"],
    "post_states": ["platform", "post_id", "observed_at"],
}


def collapse(frame: pd.DataFrame, schema: FrameSchema) -> pd.DataFrame:
    """Drop rows equal to an earlier one in everything but `row_number`; the landed order stays.

    `frame` has the schema's columns or a subset of them.
    """
    alike = frame.duplicated(_QUICK[schema.name], keep=False).to_numpy()
    if not alike.any():
        return frame
    rows = frame.loc[alike].drop(columns="row_number")
    comparable = pd.DataFrame(
        {name: list_codes(rows[name]) if schema.column(name).kind == "list" else rows[name].array for name in rows.columns}
    )
    repeated = np.zeros(len(frame), dtype=bool)
    repeated[np.flatnonzero(alike)] = comparable.duplicated(keep="first").to_numpy()
    return frame.loc[~repeated]


def list_codes(lists: pd.Series) -> pd.Series:
    """One string a list, equal exactly where the lists are equal (null, empty and null elements are told apart).

    pandas cannot compare lists without Python loops; here each distinct element is a number and a list is its numbers joined.
    """
    array = lists.array.__arrow_array__()
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], pa.list_(pa.string()))
    values = pc.list_flatten(array).dictionary_encode()
    codes = pc.fill_null(pc.cast(values.indices, pa.string()), "null")
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets, codes), ",")
    return pd.Series(pc.if_else(pc.is_null(array), "no list", joined).to_pandas())


def one_entry_a_row(quarantine: pd.DataFrame) -> pd.DataFrame:
    """QUARANTINE frame with one row per refused row; several reasons of one row are joined with "; "."""
    frame = QUARANTINE.conform(quarantine).sort_values(["table", "row_number"], kind="stable", ignore_index=True)
    if not frame.duplicated(["table", "row_number"]).any():
        return frame
    grouped = frame.groupby(["table", "row_number"], sort=True)
    reasons = grouped["reason"].agg(lambda values: "; ".join(sorted(set(values))))
    return QUARANTINE.conform(pd.concat([reasons, grouped["raw"].first()], axis=1).reset_index())


def reasons_by_table(quarantine: pd.DataFrame) -> dict[str, dict[str, int]]:
    """table -> reason -> rows, in the order of names."""
    counts = quarantine.groupby(["table", "reason"], sort=True).size()
    result: dict[str, dict[str, int]] = {}
    for table, reason, rows in counts.reset_index(name="rows").itertuples(index=False):
        result.setdefault(str(table), {})[str(reason)] = int(rows)
    return result


def check_balance(table: str, landed: int, accepted: pd.DataFrame, refused: pd.DataFrame, collapsed: int) -> None:
    """Raises ResurgeError unless landed = accepted + quarantined + collapsed and no row is both accepted and quarantined."""
    if landed != len(accepted) + len(refused) + collapsed:
        raise ResurgeError(
            f"The books of {table} do not balance: {landed} rows landed, but {len(accepted)} were accepted, {len(refused)} quarantined "
            f"and {collapsed} collapsed.",
            remedy="Nothing was stored. The importer lost or doubled rows: report it with the file.",
        )
    both = np.intersect1d(accepted["row_number"].to_numpy("int64"), refused["row_number"].to_numpy("int64"))
    if len(both):
        raise ResurgeError(
            f"{len(both)} rows of {table} are both accepted and quarantined, the first is row {both[0]}.",
            remedy="Nothing was stored. The importer or a check counted them twice: report it with the file.",
        )


def check_complete(frame: pd.DataFrame, schema: FrameSchema) -> None:
    """Raises ResurgeError if a value that every row must have is missing."""
    for column in schema.columns:
        if not column.optional and column.name in frame.columns and (missing := int(frame[column.name].isna().sum())):
            raise ResurgeError(
                f"{schema.name}: {missing} rows have no {column.name}.",
                remedy="Nothing was stored. Such rows belong into quarantine: report the importer.",
            )
