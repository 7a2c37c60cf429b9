"""Small campaigns for the store's suites: frames in our schemas, batches and bundles made from them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pandas as pd

from tasks.domain.accounts import ACCOUNTS
from tasks.domain.batches import BatchIdentity, BatchRecord, RawObject
from tasks.domain.frames import FrameSchema
from tasks.domain.parsed import QUARANTINE
from tasks.domain.periods import Cutoff
from tasks.domain.ports import ObjectStore
from tasks.domain.posts import POSTS
from tasks.store.bundles import Published, publish_bundle
from tasks.store.lake import commit_batch
from tasks.store.raw import land

CAMPAIGN = "spring-rain"
T0 = datetime(2023, 9, 4, tzinfo=UTC)
ALL = Cutoff(end=T0 + timedelta(days=365), as_of=T0 + timedelta(days=365))
ADDED = ("campaign", "batch_id")


def hours(count: float) -> datetime:
    return T0 + timedelta(hours=count)


def post(post_id: str, row: int, *, posted: float = 0, observed: float | None = None, **values: Any) -> dict[str, Any]:
    """One observation of one post, `posted` and `observed` in hours after T0."""
    return {
        "platform": "x",
        "post_id": post_id,
        "account_id": f"a{post_id}",
        "posted_at": hours(posted),
        "observed_at": hours(posted if observed is None else observed),
        "time_precision_s": 1,
        "kind": "original",
        "row_number": row,
        **values,
    }


def account(account_id: str, row: int, *, observed: float = 0, **values: Any) -> dict[str, Any]:
    return {"platform": "x", "account_id": account_id, "observed_at": hours(observed), "row_number": row, **values}


def posts_frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    return _frame(POSTS, rows)


def accounts_frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    return _frame(ACCOUNTS, rows)


def refused_frame(rows: Sequence[tuple[str, int, str]]) -> pd.DataFrame:
    return QUARANTINE.conform(pd.DataFrame(rows, columns=["table", "row_number", "reason"]))


def identity(raw: RawObject, **values: Any) -> BatchIdentity:
    fields = {"source": "feed", "capture_rule": "live", "format": "ndjson", "parser_version": "1", **values}
    return BatchIdentity(campaign=CAMPAIGN, raw_sha256=(raw.sha256,), **fields)


def commit(
    store: ObjectStore,
    content: bytes,
    posts: Sequence[dict[str, Any]] = (),
    accounts: Sequence[dict[str, Any]] = (),
    refused: Sequence[tuple[str, int, str]] = (),
    *,
    supersedes: str | None = None,
    **values: Any,
) -> BatchRecord:
    """Land `content` and commit one batch of it; `values` go into the batch's identity."""
    raw = land(store, CAMPAIGN, "feed", content, "ndjson")
    landed = {
        "posts": len(posts) + len({row for table, row, _ in refused if table == "posts"}),
        "accounts": len(accounts) + len({row for table, row, _ in refused if table == "accounts"}),
    }
    return commit_batch(
        store,
        identity=identity(raw, **values),
        raw=[raw],
        posts=posts_frame(posts),
        accounts=accounts_frame(accounts),
        quarantine=refused_frame(refused),
        rows_landed=landed,
        supersedes=supersedes,
    )


def facts_of(batch_ids: Sequence[str], *, note: str = "") -> bytes:
    """The parts of facts.json that the store reads; the rest is the business of those who make and print it."""
    return orjson.dumps({"inputs": {"batches": [{"batch_id": b} for b in batch_ids], "predecessor": None}, "note": note})


def publish(
    store: ObjectStore, batch_ids: Sequence[str], *, as_of: float = 0, note: str = "", supersedes: str | None = None
) -> Published:
    return publish_bundle(
        store,
        campaign=CAMPAIGN,
        period_path="2023-W36",
        tlp="AMBER+STRICT",
        facts=facts_of(batch_ids, note=note),
        files={"briefing.pdf": b"%PDF " + note.encode(), "annex/posts.csv": b"post_id\n"},
        as_of=hours(as_of),
        batch_ids=batch_ids,
        predecessor=None,
        supersedes=supersedes,
    )


def _frame(schema: FrameSchema, rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    own = FrameSchema(schema.name, tuple(column for column in schema.columns if column.name not in ADDED))
    return own.conform(pd.DataFrame(list(rows))) if rows else own.empty()
