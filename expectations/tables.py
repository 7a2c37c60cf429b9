"""What a suite may check: the declared columns of each table, and scalar columns derived from its lists and texts.

Great Expectations is given scalar columns only. A list column makes it pickle the whole frame (872k rows: 15 s and 1.6 GB instead
of 3 s and 1.0 GB), and whole texts cost it a 0.5 GB copy, so lists and texts are first reduced to a number a row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tasks.domain.accounts import ACCOUNTS
from tasks.domain.frames import Column, FrameSchema, flatten_lists
from tasks.domain.ledgers import INDICATORS, TAKEDOWN_ROWS
from tasks.domain.post_states import POST_STATES
from tasks.domain.posts import POSTS

_SET_WHEN_THE_BATCH_IS_KNOWN = ("campaign", "batch_id")
_WEB = ("http://", "https://")


@dataclass(frozen=True)
class Derived:
    """A scalar column made from others: `make` takes the frame and returns one number a row (null where a source is null)."""

    needs: tuple[str, ...]
    make: Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True)
class Table:
    """A frame that a suite can check."""

    schema: FrameSchema
    derived: Mapping[str, Derived] = field(default_factory=dict)

    def checkable(self) -> list[str]:
        """Names a suite may use: every column but texts of any length and lists are reduced by `derived` instead."""
        return [c.name for c in self.schema.columns if c.kind != "list"] + list(self.derived)

    def required(self) -> list[str]:
        return [c.name for c in self.schema.columns if not c.optional]

    def scalars(self, frame: pd.DataFrame, wanted: set[str]) -> pd.DataFrame:
        """The `wanted` columns, those derived among them, numbered 0, 1, 2 ... by position. A column that cannot be had is left
        out: the check that names it then fails."""
        columns: dict[str, pd.Series] = {}
        for name in sorted(wanted):
            derived = self.derived.get(name)
            if derived is not None and set(derived.needs) <= set(frame.columns):
                columns[name] = derived.make(frame).reset_index(drop=True)
            elif derived is None and name in frame.columns:
                columns[name] = frame[name].reset_index(drop=True)
        return pd.DataFrame(columns, index=pd.RangeIndex(len(frame)))


def _landed(schema: FrameSchema) -> FrameSchema:
    return FrameSchema(schema.name, tuple(c for c in schema.columns if c.name not in _SET_WHEN_THE_BATCH_IS_KNOWN))


def _characters(name: str) -> Derived:
    return Derived((name,), lambda frame: frame[name].str.len())


def _seconds_later(later: str, earlier: str) -> Derived:
    return Derived((later, earlier), lambda frame: (frame[later] - frame[earlier]).dt.total_seconds())


def _created_late(frame: pd.DataFrame) -> pd.Series:
    allowance = frame["created_precision_s"].fillna(0).astype("float64")
    return (frame["created_at"] - frame["observed_at"]).dt.total_seconds() - allowance


def _not_web_addresses(frame: pd.DataFrame) -> pd.Series:
    positions, urls = flatten_lists(frame, "urls")
    foreign = ~urls.str.lower().str.startswith(_WEB).fillna(False).to_numpy(dtype=bool)
    return pd.Series(np.bincount(positions[foreign], minlength=len(frame)), index=frame.index, dtype="int64")


_TAKEDOWNS = FrameSchema(
    "takedowns",
    (
        Column("takedown_id", "text"),
        Column("platform", "text"),
        Column("known", "text"),
        Column("announced_on", "instant", optional=True),
        Column("effective_from", "instant", optional=True),
        Column("effective_to", "instant", optional=True),
        Column("precision", "text"),
        Column("source", "text"),
        Column("address", "text"),
        Column("assets_total", "count"),  # sum over asset types
        Column("assets_least", "count"),  # the smallest of the counts by asset type, 0 without any
    ),
)


def _counts(name: str, *columns: str) -> FrameSchema:
    """One row of totals. Nullable in form only: a minimum over nothing fails its check."""
    return FrameSchema(name, tuple(Column(column, "number", optional=True) for column in columns))


BATCH_TOTALS = _counts(
    "batch",
    "rows_landed",
    "posts_landed",
    "accounts_landed",
    "posts_refused_beyond_allowance",
    "accounts_refused_beyond_allowance",
    "others_refused_beyond_allowance",
    "tables_refused_whole",
    "fields_unknown",
    "fields_missing",
)
PERIOD_TOTALS = _counts(
    "period",
    "batches",
    "blocked_batches",
    "days",
    "days_not_covered",
    "days_covered_share",
    "posts",
    "posts_per_day",
    "platforms_without_posts",
)

TABLES: Mapping[str, Table] = {
    "posts": Table(
        _landed(POSTS),
        {
            "text_characters": _characters("text"),
            "posted_after_observed_s": _seconds_later("posted_at", "observed_at"),
            "urls_not_web_count": Derived(("urls",), _not_web_addresses),
        },
    ),
    "accounts": Table(
        _landed(ACCOUNTS),
        {
            "handle_characters": _characters("handle"),
            "display_name_characters": _characters("display_name"),
            "bio_characters": _characters("bio"),
            "created_after_observed_s": Derived(("created_at", "created_precision_s", "observed_at"), _created_late),
        },
    ),
    "takedowns": Table(
        _TAKEDOWNS,
        {
            "effective_s": _seconds_later("effective_to", "effective_from"),
            "announced_before_effective_s": _seconds_later("effective_from", "announced_on"),
        },
    ),
    "ledger": Table(_landed(TAKEDOWN_ROWS), {"effective_s": _seconds_later("effective_to", "effective_from")}),
    "indicators": Table(_landed(INDICATORS), {"value_characters": _characters("value")}),
    "post_states": Table(_landed(POST_STATES), {"changed_after_observed_s": _seconds_later("changed_at", "observed_at")}),
    "batch": Table(BATCH_TOTALS),
    "period": Table(PERIOD_TOTALS),
}
