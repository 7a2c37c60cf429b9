"""Fixtures of the contract suites: the same tests over a directory and over a real S3 server, and a bad line to the latter."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_proxy import FaultProxy
from seaweedfs import BUCKET, S3Server

from tasks.domain.ports import ObjectStore
from tasks.store.local import LocalStore
from tasks.store.s3 import S3Store


@pytest.fixture(scope="session")
def s3_client(s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return s3_server.open(f"s3://{BUCKET}/x", tmp_path_factory.mktemp("cache"))._client


@pytest.fixture
def fault_proxy(s3_server: S3Server) -> Iterator[FaultProxy]:
    """Forwards to the server; a test tells it which request to break, and how."""
    with FaultProxy(s3_server.port) as proxy:
        yield proxy


@pytest.fixture(params=["local", "s3"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], ObjectStore]:
    """Opens the same empty place anew with every call, as separate processes would: a directory, or a prefix of a bucket.
    (One S3 client for all: making one takes 0.2 s.)"""
    if request.param == "local":
        return lambda: LocalStore(tmp_path / "workspace")
    client = request.getfixturevalue("s3_client")
    prefix = f"{tmp_path.parent.name}-{tmp_path.name}".replace("[", "-").replace("]", "-")
    return lambda: S3Store(BUCKET, prefix, client, tmp_path / "cache")


@pytest.fixture
def store(reopen: Callable[[], ObjectStore]) -> ObjectStore:
    return reopen()
