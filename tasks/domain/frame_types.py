"""How the kinds of a frame's columns are stored in Arrow and held by pandas. Loading both takes 1 s, which the renderer does without."""

from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

Kind = Literal["text", "instant", "count", "number", "flag", "list"]

ARROW: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "instant": pa.timestamp("us", tz="UTC"),
    "count": pa.int64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "list": pa.list_(pa.string()),
}
PANDAS: dict[Kind, object] = {
    "text": pd.StringDtype("pyarrow", na_value=np.nan),
    "instant": pd.DatetimeTZDtype("us", "UTC"),
    "count": pd.Int64Dtype(),
    "number": np.dtype("float64"),
    "flag": pd.BooleanDtype(),
    "list": pd.ArrowDtype(pa.list_(pa.string())),
}
