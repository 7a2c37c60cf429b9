"""Posts in the making: columns of equal length that the generators hand to the week that assembles them."""

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

ORIGINAL, REPOST, REPLY = 0, 1, 2
NO_GROUP = -1
FAMILY, SLOGAN, HEADLINE, FILLER, OWN, ANNOUNCEMENT = range(6)  # what a text is
TEXT_KINDS = ("family", "slogan", "headline", "filler", "own", "announcement")


@dataclass(frozen=True)
class Rows:
    """`account` indexes the cast; `at` is microseconds since 1970; `topic` indexes TOPICS or is -1; `group` names the shared text (unique
    per TEXT_KIND) and `burst` the coordinated action, -1 where there is none; `kind` is a wish for REPOST and REPLY, granted if
    there is an earlier post to answer; those of equal `aim` (of one platform) answer the same post, -1 whichever."""

    account: np.ndarray
    at: np.ndarray
    text: pa.StringArray
    url: pa.StringArray
    domain: pa.StringArray
    tag: pa.StringArray
    mention: pa.StringArray
    media: pa.StringArray
    zh: np.ndarray
    topic: np.ndarray
    text_kind: np.ndarray
    group: np.ndarray
    burst: np.ndarray
    kind: np.ndarray
    aim: np.ndarray

    def __len__(self) -> int:
        return len(self.account)


def rows(
    account: np.ndarray,
    at: np.ndarray,
    text: pa.StringArray,
    zh: np.ndarray,
    text_kind: np.ndarray | int,
    **optional: np.ndarray | pa.StringArray,
) -> Rows:
    """Rows with nulls, or -1, in every column that is not given."""
    count = len(account)
    nothing = pa.nulls(count, pa.string())
    values = {name: optional.get(name, nothing) for name in ("url", "domain", "tag", "mention", "media")}
    numbers = {name: optional.get(name, np.full(count, NO_GROUP)) for name in ("topic", "group", "burst", "aim")}
    kind = optional.get("kind", np.full(count, ORIGINAL))
    kinds = np.broadcast_to(np.asarray(text_kind), (count,))
    return Rows(account, at, text, zh=zh, text_kind=kinds, kind=kind, **values, **numbers)


def take(table: Rows, positions: np.ndarray) -> Rows:
    """The rows at `positions`, in that order."""
    index = pa.array(positions)
    parts = {}
    for field in fields(Rows):
        column = getattr(table, field.name)
        parts[field.name] = column[positions] if isinstance(column, np.ndarray) else column.take(index)
    return Rows(**parts)


def stack(tables: list[Rows]) -> Rows:
    """All rows, one table after the other."""
    parts = {}
    for field in fields(Rows):
        columns = [getattr(table, field.name) for table in tables]
        parts[field.name] = np.concatenate(columns) if isinstance(columns[0], np.ndarray) else pa.concat_arrays(columns)
    return Rows(**parts)
