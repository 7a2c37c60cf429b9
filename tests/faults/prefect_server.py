"""One Prefect server whose state is in a PostgreSQL of its own, on loopback; PostgreSQL
runs as its own user, which root alone can choose."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx  # the engine's own client
from seaweedfs import _free_ports

BIN = Path(sys.executable).parent


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def missing() -> str:
    """Why there can be none here; empty where there can."""
    if _programs() is None:
        return "PostgreSQL is not installed"
    return "" if os.geteuid() == 0 else "PostgreSQL is started as its own user, which needs root here"


@dataclass(frozen=True)
class PrefectServer:
    environment: dict[str, str]
    version: str

    def runs(self) -> dict[str, int]:
        """How many flow runs the server knows, by state."""
        address = self.environment["PREFECT_API_URL"]
        found: dict[str, int] = {}
        for offset in range(0, 10_000, 200):
            asked = {"limit": 200, "offset": offset}
            page = httpx.post(f"{address}/flow_runs/filter", json=asked, timeout=30).json()
            for run in page:
                found[run["state_type"]] = found.get(run["state_type"], 0) + 1
            if len(page) < 200:
                break
        return found


@contextlib.contextmanager
def running(folder: Path) -> Iterator[PrefectServer]:
    """Start both; the server brings its tables up first, half a minute."""
    programs = _programs()
    assert programs is not None
    database, server = _free_ports(2)
    folder.chmod(0o755)
    data = folder / "pg"
    data.mkdir()
    shutil.chown(data, "postgres", "postgres")
    as_user = ["runuser", "-u", "postgres", "--"]
    options = f"-p {database} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data} -c fsync=off"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run([*as_user, str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "prefect"], check=True, **quiet)  # type: ignore[call-overload]
    control = [*as_user, str(programs / "pg_ctl"), "-D", str(data), "-w"]
    subprocess.run([*control, "-o", options, "-l", str(data / "log"), "start"], check=True, **quiet)  # type: ignore[call-overload]
    try:
        address = f"postgresql+asyncpg://prefect@127.0.0.1:{database}/postgres"
        home = {"PREFECT_HOME": str(folder / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        command = [str(BIN / "prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(server)]
        log = (folder / "server.log").open("wb")
        process = subprocess.Popen(
            command, env={**kept, **home, "PREFECT_API_DATABASE_CONNECTION_URL": address}, stdout=log, stderr=log, cwd=folder
        )
        try:
            _up(f"http://127.0.0.1:{server}/api/health", process, folder / "server.log")
            told = subprocess.run([str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True)
            yield PrefectServer({**home, "PREFECT_API_URL": f"http://127.0.0.1:{server}/api"}, told.stdout.strip())
        finally:
            process.terminate()
            process.wait()
            log.close()
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, **quiet)  # type: ignore[call-overload]


def _up(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    give_up = time.monotonic() + 240
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(address, timeout=5).is_success:
                return
        if process.poll() is not None or time.monotonic() > give_up:
            raise RuntimeError(f"the Prefect server did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.5)
