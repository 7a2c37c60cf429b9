"""Frame schemas: which columns a pandas frame has between stages, and of which kind.

Frames, not records, carry posts: 872,128 posts as Python objects cost 4 s and 0.4 GB before anything is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if (
    TYPE_CHECKING
):  # loaded where a frame is touched: records that lie beside a schema are read without it (tasks/domain/frame_types.py)
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    from tasks.domain.frame_types import Kind


@dataclass(frozen=True)
class Column:
    """One column: its kind, whether a null is allowed (`optional`), and the closed vocabulary where there is one."""

    name: str
    kind: Kind
    optional: bool = False
    vocabulary: tuple[str, ...] = ()


@dataclass(frozen=True)
class FrameSchema:
    """The declared columns of a frame, in order."""

    name: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def arrow(self) -> pa.Schema:
        """The Arrow schema in which the frame is stored as Parquet."""
        import pyarrow as pa

        from tasks.domain.frame_types import ARROW

        return pa.schema([pa.field(c.name, ARROW[c.kind], nullable=c.optional) for c in self.columns])

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    def pandas_dtype(self, name: str) -> object:
        from tasks.domain.frame_types import PANDAS

        return PANDAS[self.column(name).kind]

    def empty(self) -> pd.DataFrame:
        import pandas as pd

        from tasks.domain.frame_types import PANDAS

        return pd.DataFrame({c.name: pd.Series([], dtype=PANDAS[c.kind]) for c in self.columns})  # type: ignore[call-overload]

    def conform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return `frame` with exactly these columns, in order, each of its dtype.

        A missing optional column is filled with nulls. Raises ValueError naming a required column that is missing, a column that
        is not declared, or a column whose values cannot be cast.
        """
        import pandas as pd
        import pyarrow as pa

        from tasks.domain.frame_types import PANDAS

        unknown = sorted(set(frame.columns) - set(self.names))
        if unknown:
            raise ValueError(f"{self.name}: columns not declared: {', '.join(map(str, unknown))}")
        series: dict[str, pd.Series] = {}
        for column in self.columns:
            if column.name not in frame.columns:
                if not column.optional:
                    raise ValueError(f"{self.name}: column {column.name} is missing")
                series[column.name] = pd.Series([None] * len(frame), index=frame.index, dtype=PANDAS[column.kind])  # type: ignore[call-overload]
                continue
            try:
                series[column.name] = frame[column.name].astype(PANDAS[column.kind])  # type: ignore[call-overload]
            except (TypeError, ValueError, pa.ArrowInvalid) as error:
                raise ValueError(f"{self.name}: column {column.name} is not {column.kind}: {error}") from error
        return pd.DataFrame(series, index=frame.index, columns=self.names)

    def from_arrow(self, table: pa.Table) -> pd.DataFrame:
        """Turn an Arrow table (any subset of these columns) into a frame of the declared pandas dtypes."""
        import pyarrow as pa

        from tasks.domain.frame_types import ARROW, PANDAS

        mapping = {ARROW[kind]: dtype for kind, dtype in PANDAS.items() if kind not in ("instant", "number")}
        wanted = pa.schema([self.arrow.field(name).with_nullable(True) for name in table.column_names])
        frame: pd.DataFrame = table.cast(wanted).to_pandas(types_mapper=mapping.get)
        return frame

    def to_arrow(self, frame: pd.DataFrame) -> pa.Table:
        """Turn a conforming frame into the Arrow table that is stored."""
        import pyarrow as pa

        return pa.Table.from_pandas(self.conform(frame), schema=self.arrow, preserve_index=False)


def flatten_lists(frame: pd.DataFrame, column: str) -> tuple[np.ndarray, pd.Series]:
    """Unnest a list column without Python loops.

    Returns (positions, values): for every list element the position of its row in `frame` (0-based, not the index label), and the
    element, as a string Series. Null and empty lists give nothing.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from tasks.domain.frame_types import PANDAS

    array = frame[column].array.__arrow_array__()
    if isinstance(array, pa.ChunkedArray):  # not pa.chunked_array([array]): that converts 872k lists one by one, 8 s
        array = array.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], pa.list_(pa.string()))
    positions = pc.list_parent_indices(array).to_numpy(zero_copy_only=False).astype(np.int64)
    values = pc.list_flatten(array).to_pandas(types_mapper={pa.string(): PANDAS["text"]}.get)
    return positions, values
