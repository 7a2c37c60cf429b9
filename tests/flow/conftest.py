"""One engine for all tests of flows, and small simulated workspaces: a test gets its own copy."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from small_campaign import CAMPAIGN, campaign_file

from flows import engine, wiring

# The simulated feed is captured daily at 00:40, so this ends within 2023-W44: W43 can be briefed, W44 is not covered yet.
FIRST_FETCH_ENDS = datetime(2023, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The engine as commands start it, once: a temporary server with a home of its own. Its address."""
    state = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESURGE_STATE_DIR", str(state))
        patch.setenv("RESURGE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        for name in [name for name in os.environ if name.startswith("PREFECT_")]:
            patch.delenv(name)
        wiring.settings.cache_clear()
        with engine.running(state, "flows.briefing", "flows.collect", "flows.backfill", "flows.serve") as address:
            yield address
    wiring.settings.cache_clear()


@pytest.fixture
def setting(prefect: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets RESURGE_<NAME>=value for one test."""

    def change(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"RESURGE_{name.upper()}", value if isinstance(value, str) else orjson.dumps(value).decode())
        wiring.settings.cache_clear()

    yield change
    monkeypatch.undo()
    wiring.settings.cache_clear()


@pytest.fixture(scope="session")
def begun(prefect: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace after its first fetch. Copy it, never write into it."""
    from flows.collect import collect

    folder = tmp_path_factory.mktemp("begun") / "w"
    (folder / "campaigns").mkdir(parents=True)
    (folder / "campaigns" / f"{CAMPAIGN}.yml").write_text(campaign_file())
    collect(CAMPAIGN, str(folder), until=FIRST_FETCH_ENDS)
    return folder


@pytest.fixture(scope="session")
def whole(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after a second fetch, of all the rest. Copy it, never write into it."""
    from flows.collect import collect

    folder = shutil.copytree(begun, tmp_path_factory.mktemp("whole") / "w")
    collect(CAMPAIGN, str(folder))
    return folder


@pytest.fixture(scope="session")
def briefed(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the briefing of 2023-W44. Copy it, never write into it."""
    from flows.briefing import briefing

    folder = shutil.copytree(whole, tmp_path_factory.mktemp("briefed") / "w")
    briefing(CAMPAIGN, "2023-W44", str(folder))
    return folder


@pytest.fixture
def workspace(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "w")
