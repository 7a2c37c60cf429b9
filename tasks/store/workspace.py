"""Workspaces: how a directory or bucket becomes one, and how any other address is told apart."""

from typing import Literal

import orjson

from tasks.domain.errors import ResurgeError, StaleWrite, UsageProblem, WorkspaceProblem, WriteConflict
from tasks.domain.ports import ObjectStore
from tasks.store.keys import PROBE_KEY, WORKSPACE_KEY

SCHEMA_VERSION = 1
_MARKER = {"kind": "resurge workspace", "schema_version": SCHEMA_VERSION}


def init_workspace(store: ObjectStore) -> Literal["created", "present"]:
    """Make the address a workspace; an existing one is left as it is.

    Raises WorkspaceProblem if the store cannot be written or does not honour conditional writes (some S3 look-alikes ignore
    them silently, and every promise of the workspace rests on them).
    """
    if store.read(WORKSPACE_KEY) is not None:
        check_workspace(store)
        return "present"
    _probe(store)
    return store.create(WORKSPACE_KEY, orjson.dumps(_MARKER, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def is_workspace(store: ObjectStore) -> bool:
    """True if the address holds a workspace's marker. Raises WorkspaceProblem if the store cannot be read."""
    return store.read(WORKSPACE_KEY) is not None


def check_workspace(store: ObjectStore) -> None:
    """Raises UsageProblem if the address is not a workspace, or is one of another schema version."""
    stored = store.read(WORKSPACE_KEY)
    if stored is None:
        raise UsageProblem(
            f"{store.address} is not a workspace: it has no {WORKSPACE_KEY}.",
            remedy=f"Make one with `resurge init {store.address}`, or name another with --workspace.",
        )
    try:
        marker = orjson.loads(stored.data)
        kind, version = marker["kind"], marker["schema_version"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise _not_ours(store) from error
    if kind != _MARKER["kind"]:
        raise _not_ours(store)
    if version != SCHEMA_VERSION:
        raise UsageProblem(
            f"The workspace {store.address} has schema version {version}; this version of resurge reads {SCHEMA_VERSION}.",
            remedy="Use the version of resurge that wrote it, or a newer one.",
        )


def _probe(store: ObjectStore) -> None:
    """Write twice where only one write may win."""
    first, second = b"written once\n", b"must be refused\n"
    refused: list[type[ResurgeError]] = []
    store.create(PROBE_KEY, first)
    try:
        store.create(PROBE_KEY, second)
    except WriteConflict as error:
        refused.append(type(error))
    try:
        store.swap(PROBE_KEY, second, expected=None)
    except StaleWrite as error:
        refused.append(type(error))
    stored = store.read(PROBE_KEY)
    if refused != [WriteConflict, StaleWrite] or stored is None or stored.data != first:
        raise WorkspaceProblem(
            f"{store.address} does not honour conditional writes: a second write of the same key was not refused.",
            remedy="Use a store with If-None-Match and If-Match on PUT (Amazon S3, SeaweedFS, MinIO, Ceph), or a local directory.",
        )


def _not_ours(store: ObjectStore) -> UsageProblem:
    return UsageProblem(
        f"{store.address} is not a workspace: its {WORKSPACE_KEY} was not written by resurge.",
        remedy="Name another directory or prefix with --workspace.",
    )
