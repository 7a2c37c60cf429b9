"""How this project runs Prefect: its own home, no telemetry, patience at the first start, one first start at a time."""

import fcntl
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

_DEFAULTS = {
    # With cold bytecode the temporary server took 38 s where Prefect waits 20 s.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_ROOT_LEVEL": "WARNING",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",  # the default is pickle
    "GX_ANALYTICS_ENABLED": "false",
}


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
def running(state_dir: Path, *modules: str) -> Iterator[str]:
    """Have a Prefect API to talk to, and give its address: the configured server, or a temporary one.

    `modules` are imported while it starts: that takes 10 to 20 s of another process, and the imports 8 s of this one. Two cold starts at
    once collide on the new database, hence the file lock; it is held for the start only. Import flows inside.
    """
    prepare(state_dir)
    from prefect.client.orchestration import get_client  # only now: the environment above decides

    with (state_dir.expanduser() / "engine.lock").open("w") as lock, ThreadPoolExecutor(1) as starter:
        fcntl.flock(lock, fcntl.LOCK_EX)
        client = get_client(sync_client=True)
        started = starter.submit(client.__enter__)
        for module in modules:
            import_module(module)
        try:
            started.result().hello()
            (state_dir.expanduser() / "prefect" / "migrated").write_text(version("prefect"))
            fcntl.flock(lock, fcntl.LOCK_UN)
            yield str(client.api_url)
        finally:
            client.__exit__(None, None, None)
