"""Shares from a file, edges to a file: detection without a campaign."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from tasks.detect.bounds import check_bounds
from tasks.detect.coordination import count_pairs
from tasks.detect.faults import IDS, Survey, note, note_times, refuse
from tasks.detect.significance import SLOT_S, benjamini_hochberg, count_tests, p_values_of
from tasks.detect.sweep import check_parameters, sweep_of
from tasks.detect.times import times_of
from tasks.detect.timing import labelled
from tasks.domain.errors import ResurgeError, UnreadableInput, UsageProblem, WorkspaceProblem
from tasks.domain.networks import BEHAVIOURS, SHARES

MAX_Q = 0.01  # as in a campaign file that does not say otherwise


def detect_file(
    source: Path, out: Path, *, window_s: float, min_participation: int, significance: bool = False, behaviour: str | None = None
) -> int:
    """Read shares from `source`, write their co-action edges to `out`; returns the number of edges.

    Input: CSV (also .csv.gz) or Parquet with the columns of SHARES; an optional column `behaviour` is filtered by `behaviour`
    (co-url, co-text), and an optional column `slot` names the slot of the null model (without it a slot is 6 hours). Output, as CSV
    (.csv, .csv.gz) or Parquet (.parquet) by the name of `out`: source, target, weight, and with `significance` p_value, q_value, and, where
    q_value <= MAX_Q, p_timing and label (tasks.detect.timing).
    Raises UsageProblem for what was asked, UnreadableInput for what was read; nothing is written then.
    """
    kind = kind_of(out)
    check_parameters(window_s, min_participation)
    shares = read_shares(source, behaviour=behaviour)
    sweep = sweep_of(shares, window_s=window_s, min_participation=min_participation)
    check_bounds(sweep)
    edges = count_pairs(sweep, min_participation=min_participation)
    names = ["source", "target", "weight"]
    if significance:
        if "slot" not in shares.columns:
            shares["slot"] = (shares["timestamp_share"] // SLOT_S).astype("int64")
        edges["p_value"] = p_values_of(sweep, pd.factorize(shares["slot"], use_na_sentinel=False)[0], edges)
        edges["q_value"] = benjamini_hochberg(edges["p_value"].to_numpy(), tests=count_tests(shares))
        edges = labelled(sweep, edges, MAX_Q)
        names += ["p_value", "q_value", "p_timing", "label"]
    _write(edges[names], out, kind)
    return len(edges)


def read_shares(source: Path, *, behaviour: str | None = None) -> pd.DataFrame:
    """The shares of a CSV or Parquet file: ids as strings or integers, times as seconds (numbers) or instants with a zone (in text ISO
    8601, all with one offset).

    Raises UnreadableInput naming the missing column, or the column and the line (CSV, header = line 1) or row (Parquet, from 1) at
    fault; UsageProblem for a behaviour nobody knows or a file that cannot be told apart from one.
    """
    known_behaviour(behaviour)
    table, first_line = _read(source)
    text = pd.StringDtype("pyarrow", na_value=np.nan)
    as_text = {pa.string(): text, pa.large_string(): text}.get
    frame: pd.DataFrame = checked(table, source, first_line=first_line, behaviour=behaviour).to_pandas(types_mapper=as_text)
    return frame


def known_behaviour(behaviour: str | None) -> None:
    """Raises UsageProblem for a behaviour nobody knows; None is no behaviour in particular."""
    if behaviour is not None and behaviour not in BEHAVIOURS:
        raise UsageProblem(f"{behaviour!r} is not a behaviour.", remedy=f"Known are {', '.join(BEHAVIOURS)}.")


def checked(table: pa.Table, source: Path, *, first_line: int, behaviour: str | None = None) -> pa.Table:
    """The columns of SHARES (times as seconds) and `slot`, if there is one, of a whole file (`first_line`: what its first row is called,
    2 in CSV and 1 in Parquet). Raises what `read_shares` raises."""
    check_columns(table.schema, source, behaviour)
    sound, survey = surveyed(table, behaviour=behaviour)
    refuse(survey, source, first_line=first_line, behaviour=behaviour)
    return sound


def check_columns(schema: pa.Schema, source: Path, behaviour: str | None) -> None:
    """Raises UnreadableInput for a column that is missing, there twice or of a type that cannot be meant."""
    if missing := [name for name in SHARES.names if name not in schema.names]:
        raise UnreadableInput(
            f"{source} has no column {', '.join(missing)}; it has {', '.join(schema.names) or 'none'}.",
            remedy=f"Name the columns {', '.join(SHARES.names)}.",
        )
    if twice := sorted({name for name in schema.names if schema.names.count(name) > 1}):
        raise UnreadableInput(f"{source} has several columns {', '.join(twice)}.", remedy="Keep one of each name.")
    if behaviour is not None and "behaviour" not in schema.names:
        raise UnreadableInput(
            f"{source} has no column behaviour to choose {behaviour} by.", remedy="Leave --behaviour out, or add the column."
        )
    for name in IDS:
        kind = _id_type(schema.field(name).type)
        if not (_is_text(kind) or pa.types.is_integer(kind)):
            raise UnreadableInput(
                f"{source}: {name} is of type {kind}, which is no type of ids.",
                remedy="Ids are text or whole numbers: a number with a fraction may have lost digits.",
            )
    time = schema.field("timestamp_share").type
    if pa.types.is_timestamp(time) and time.tz is None:
        raise UnreadableInput(
            f"timestamp_share of {source} has times without a zone.",
            remedy="Give seconds since 1970-01-01 UTC, or instants with a zone.",
        )


def _id_type(kind: pa.DataType) -> pa.DataType:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.string() if pa.types.is_null(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def surveyed(table: pa.Table, *, behaviour: str | None, first_row: int = 0) -> tuple[pa.Table, Survey]:
    """The rows of `behaviour` of a part that begins at row `first_row` (from 0) of a file with good columns (`check_columns`), as
    `checked` returns them, and what is wrong with them: a spoilt part has ids that are null or seconds that mean nothing."""
    table = table.append_column("_row", pa.array(np.arange(first_row, first_row + table.num_rows)))
    survey = Survey()
    if "behaviour" in table.column_names:
        kinds = table.column("behaviour")
        survey = Survey(tuple(str(kind) for kind in pc.unique(kinds).to_pylist() if kind is not None))
        note(survey, table, "behaviour", "null", pc.is_null(kinds))
        table = table if behaviour is None else table.filter(pc.equal(kinds, behaviour))
    for name in IDS:
        column = table.column(name).cast(_id_type(table.schema.field(name).type))
        table = table.set_column(table.column_names.index(name), name, column)
        if _is_text(column.type):
            note(survey, table, name, "blank", pc.equal(column, ""))
        note(survey, table, name, "null", pc.is_null(column))
    survey, seconds = _seconds(table, survey)
    table = table.set_column(table.column_names.index("timestamp_share"), "timestamp_share", seconds)
    return table.select([*SHARES.names, *(["slot"] if "slot" in table.column_names else [])]), survey


def _seconds(table: pa.Table, survey: Survey) -> tuple[Survey, pa.ChunkedArray]:
    column = table.column("timestamp_share")
    if pa.types.is_timestamp(column.type):
        seconds = pc.divide(pc.cast(pc.cast(column, pa.timestamp("us", "UTC"), safe=False), pa.int64()).cast(pa.float64()), 1e6)
    elif pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        seconds = column.cast(pa.float64(), safe=False)
    else:
        times = times_of(column)
        if table.num_rows:
            survey = replace(survey, opening=(table.column("_row")[0].as_py(), str(column[0].as_py() or "").strip()))
        note_times(survey, table, times)
        return survey, pa.chunked_array([pa.array(times.seconds)])
    note(survey, table, "timestamp_share", "infinite", pc.invert(pc.fill_null(pc.is_finite(seconds), False)))
    return survey, seconds


def kind_of(path: Path) -> str:
    """`csv` or `parquet`, by its name. Raises UsageProblem for any other."""
    name = path.name.lower()
    for ending, kind in ((".parquet", "parquet"), (".csv", "csv"), (".csv.gz", "csv")):
        if name.endswith(ending):
            return kind
    raise UsageProblem(
        f"{path} is neither CSV nor Parquet by its name.", remedy="Use a name that ends with .csv, .csv.gz or .parquet."
    )


def _read(source: Path) -> tuple[pa.Table, int]:
    """The table and the number of its first data row: 2 for CSV (after the header), 1 for Parquet."""
    kind = kind_of(source)
    try:
        if kind == "parquet":
            return pq.read_table(source), 1
        as_text = {name: pa.string() for name in (*IDS, "timestamp_share", "behaviour", "slot")}
        options = pacsv.ConvertOptions(column_types=as_text, strings_can_be_null=True, null_values=[""])
        return pacsv.read_csv(source, convert_options=options), 2
    except FileNotFoundError as error:
        raise UnreadableInput(f"There is no file {source}.", remedy="Check the path.") from error
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"{source} cannot be read as {kind}: {error}.", remedy="Check that the file is whole.") from error


def _write(edges: pd.DataFrame, out: Path, kind: str) -> None:
    """Write beside the target and rename, so that a run that dies leaves no half a file."""
    partial = out.with_name(f".{out.name}.partial{'.gz' if out.name.lower().endswith('.gz') else ''}")
    try:
        if kind == "parquet":
            edges.to_parquet(partial, index=False)
        else:
            edges.to_csv(partial, index=False)
        partial.replace(out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise cannot_write(out, error) from error


def cannot_write(out: Path, error: OSError) -> ResurgeError:
    """The refusal of the system, in words."""
    return WorkspaceProblem(
        f"{out} cannot be written: {error.strerror or error}.", remedy="Check the folder, its rights and free space."
    )
