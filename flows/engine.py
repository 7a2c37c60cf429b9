"""How this project runs Prefect: its own home, no telemetry, patience at the first start, one first start at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DEFAULTS = {
    # With cold bytecode the temporary server took 38 s where Prefect waits 20 s.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "resurge",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",  # the default is pickle
    "GX_ANALYTICS_ENABLED": "false",
}


def prepare(state_dir: Path) -> None:
    """Set the engine's environment where the user has not; must run before prefect is imported."""
    home = state_dir.expanduser() / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    for name, value in (*_DEFAULTS.items(), ("PREFECT_HOME", str(home)), ("PREFECT_PROFILES_PATH", str(home / "profiles.toml"))):
        os.environ.setdefault(name, value)


@contextmanager
def started(state_dir: Path) -> Iterator[None]:
    """Have a Prefect API to talk to: the configured server, or a temporary one started under a file lock.

    Two cold starts at once collide on the new database, hence the lock; it is held for the start only.
    """
    from prefect.client.orchestration import get_client  # prefect costs 2 to 7 s to import, and `prepare` comes first

    with (state_dir.expanduser() / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        client = get_client(sync_client=True)
        client.__enter__()
        client.hello()
        fcntl.flock(lock, fcntl.LOCK_UN)
    try:
        yield
    finally:
        client.__exit__(None, None, None)
