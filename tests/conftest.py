"""Fixtures that several folders of tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the public reference data (see docs/methods.md); tests that need it skip where it is absent."""
    named = os.environ.get("RESURGE_SHARED_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public reference data are not here; set RESURGE_SHARED_DATA to their folder")
    return folder
