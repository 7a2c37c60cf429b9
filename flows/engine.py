"""How this project runs Prefect: its own home, no telemetry, patience at the first start, one first start at a time."""

import fcntl
import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from flows.server import started
from tasks.domain.errors import ResurgeError

_DEFAULTS = {
    # Where a flow is run without us: with cold bytecode the temporary server took 38 s, and Prefect waits 20 s.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_ROOT_LEVEL": "WARNING",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",  # the default is pickle
    "GX_ANALYTICS_ENABLED": "false",
}
_DRAIN_PATIENCE_S = 10


def prepare(state_dir: Path, *, log: bool = False) -> None:
    """Set the engine's environment where the user has not; must run before prefect is imported.

    Without `log` its log goes to its own pages only: a command says in one sentence what failed, a traceback beside it helps nobody.
    """
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "INFO" if log else "CRITICAL")
    home = state_dir.expanduser() / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    if _migrated_by(home):
        os.environ.setdefault("PREFECT_SERVER_DATABASE_MIGRATE_ON_START", "false")
    for name, value in (*_DEFAULTS.items(), ("PREFECT_HOME", str(home)), ("PREFECT_PROFILES_PATH", str(home / "profiles.toml"))):
        os.environ.setdefault(name, value)


def _migrated_by(home: Path) -> bool:
    """Has this version of the engine brought the database in `home` up to date before? Looking again costs 3 s of every command."""
    marker = home / "migrated"
    return (home / "prefect.db").exists() and marker.exists() and marker.read_text() == version("prefect")


@contextmanager
def running(state_dir: Path, *modules: str, schedules: bool = False) -> Iterator[str]:
    """Have a Prefect API to talk to, and give its address: the configured server, or one of our own for as long as this lasts.

    `modules` are imported while it starts: both take 6 to 8 s of a processor each. Import flows inside. Two cold starts at once collide on
    the new database, hence the file lock; it is held for the start only. Raises ResurgeError if the server does not answer.
    """
    prepare(state_dir, log=schedules)
    if configured := os.environ.get("PREFECT_API_URL"):
        _load(modules)
        yield _greeted(configured)
        return
    with (state_dir.expanduser() / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with started(state_dir, schedules=schedules) as server:
            _load(modules)
            server.wait()
            from prefect.settings import (
                PREFECT_API_URL,
                temporary_settings,
            )  # the engine reads its environment once, maybe long ago

            with temporary_settings({PREFECT_API_URL: server.address}):
                _greeted(server.address)
                (state_dir.expanduser() / "prefect" / "migrated").write_text(version("prefect"))
                fcntl.flock(lock, fcntl.LOCK_UN)
                try:
                    yield server.address
                finally:
                    _said_all()


def _said_all() -> None:
    """Have what the engine still holds back, its log and its events, reach the server before it ends."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    for worker in (EventsWorker, APILogWorker):
        worker.drain_all(timeout=_DRAIN_PATIENCE_S)


def _load(modules: Sequence[str]) -> None:
    for module in modules:
        import_module(module)
    gc.freeze()  # what is loaded stays: looking through it again took 2 of 62 s of a briefing of 872,128 posts


def _greeted(address: str) -> str:
    from prefect.client.orchestration import get_client  # only now: the environment of `prepare` decides

    with get_client(sync_client=True) as client:
        try:
            client.hello()
        except Exception as error:  # the client passes on whatever its transport raises
            raise ResurgeError(
                f"The engine's server at {address} does not answer: {error}.",
                remedy="Start it, or unset PREFECT_API_URL: then a command brings its own.",
            ) from error
    return address
