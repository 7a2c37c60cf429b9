"""Small campaigns for the store's suites: frames in our schemas, batches and bundles made from them."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pandas as pd

from tasks.domain.accounts import ACCOUNTS
from tasks.domain.batches import BatchIdentity, BatchRecord, QueryEffort, RawObject
from tasks.domain.frames import FrameSchema
from tasks.domain.parsed import QUARANTINE
from tasks.domain.periods import Cutoff
from tasks.domain.ports import ObjectStore
from tasks.domain.posts import POSTS
from tasks.store.bundles import Published, latest, publish_bundle
from tasks.store.keys import bundle_prefix, claim_key
from tasks.store.lake import batch_records, commit_batch
from tasks.store.ledger import claim
from tasks.store.raw import land
from tasks.store.verify import verify_bundle
from tasks.store.visible import read_posts
from tasks.store.workspace import init_workspace

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
    queries: Sequence[str] = (),
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
        effort=[QueryEffort(query_id=name) for name in queries],
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


def story(store: ObjectStore) -> None:
    """Every kind of write once: marker, landed bytes, a batch with its quarantine, a bundle, a pointer made and moved, a claim.
    Told again from the start, after whatever happened in between, it must end in the same state."""
    init_workspace(store)
    rows = [post("1", 0, posted=1, urls=["https://a.example"]), post("2", 1, posted=2), post("2", 2, posted=2)]
    batch = commit(store, b"landed", rows, [account("a1", 0)], [("posts", 3, "no time")])
    first = publish(store, [batch.batch_id], as_of=1)
    publish(store, [batch.batch_id], as_of=1, note="corrected", supersedes=first.edition)
    claim(store, claim_key(CAMPAIGN, "2023-W36"), "nonce", hours(1), timedelta(hours=1))


def state(store: ObjectStore) -> dict[str, str]:
    """Every object and its version."""
    folders = ("raw", "lake", "quarantine", "briefings", "ledger", "cache")
    return {info.key: info.version for folder in folders for info in store.entries(folder)}


def half_written(store: ObjectStore) -> list[str]:
    """What a reader would see of the story that is neither absent nor whole."""
    problems = []
    for batch in batch_records(store, CAMPAIGN):
        for file in batch.files:
            stored = store.read(file.key)
            if stored is None or hashlib.sha256(stored.data).hexdigest() != file.sha256:
                problems.append(f"{file.key} is listed but not there")
    if (rows := len(read_posts(store, CAMPAIGN, ALL))) not in (0, 2) or rows > 2 * len(batch_records(store, CAMPAIGN)):
        problems.append(f"{rows} posts are visible")
    pointer = latest(store, CAMPAIGN, "2023-W36", "AMBER+STRICT")
    if pointer is not None:
        problems += verify_bundle(store, bundle_prefix(CAMPAIGN, "2023-W36", "AMBER+STRICT", pointer.edition))
    for info in store.entries("briefings"):
        if info.key.endswith("manifest.json"):
            problems += verify_bundle(store, info.key.removesuffix("/manifest.json"))
    return problems
