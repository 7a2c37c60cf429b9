"""What a parser returns: rows in our schema, rows it had to refuse, and fields it did not expect."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from tasks.domain.batches import FieldDrift, QueryEffort
from tasks.domain.frames import Column, FrameSchema

QUARANTINE = FrameSchema(
    "quarantine",
    (
        Column("table", "text"),  # posts, accounts, takedowns, indicators or post_states
        Column("row_number", "count"),  # row in the landed files
        Column("reason", "text"),
        Column("raw", "text", optional=True),  # the row as it came, as JSON, at most 10,000 characters
    ),
)


@dataclass(frozen=True)
class Parsed:
    """Frames without `campaign` and `batch_id` (set when the batch id is known): every landed row is either in `posts`, `accounts` or
    `others` (TAKEDOWN_ROWS, INDICATORS, POST_STATES by their names), or in `rejected` (QUARANTINE columns) with its reason."""

    posts: pd.DataFrame
    accounts: pd.DataFrame
    rejected: pd.DataFrame
    rows_landed: dict[str, int]
    effort: tuple[QueryEffort, ...] = ()
    drift: tuple[FieldDrift, ...] = ()
    capture_rule: str = ""
    others: Mapping[str, pd.DataFrame] = field(default_factory=dict)
