"""A server of the engine's own for schedules: the temporary one of a single command never makes a scheduled run."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.engine import prepare
from tasks.domain.errors import ResurgeError

_START_PATIENCE_S = 120  # with cold bytecode the first start took 38 s
_PORT = 4200  # the engine's default, so that its own documentation holds; another one where it is taken


@contextmanager
def serving(state_dir: Path) -> Iterator[str]:
    """Have a server that keeps schedules, and give its address: the one PREFECT_API_URL names, or one of our own for as long as this
    lasts. Import flows inside. Raises ResurgeError if it does not start."""
    prepare(state_dir, log=True)
    if configured := os.environ.get("PREFECT_API_URL"):
        yield configured
        return
    port, log = _free_port(), state_dir.expanduser() / "server.log"
    address = f"http://127.0.0.1:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "PREFECT_API_URL": address}
    with log.open("wb") as out:  # a session of its own: Ctrl-C reaches us, and we end it after the runs
        server = subprocess.Popen(command, stdout=out, stderr=out, env=environment, start_new_session=True)  # noqa: S603
    try:
        _await(server, address, log)
        os.environ["PREFECT_API_URL"] = address
        yield address
    finally:
        os.environ.pop("PREFECT_API_URL", None)
        server.terminate()
        server.wait()


def _free_port() -> int:
    for wanted in (_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ResurgeError("No port is free on this machine.", remedy="End programs that hold many connections, then run again.")


def _await(server: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    give_up = time.monotonic() + _START_PATIENCE_S
    while time.monotonic() < give_up and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):  # noqa: S310  # our own address on loopback
                return
        except OSError:
            time.sleep(0.3)
    raise ResurgeError("The engine's server did not start.", remedy=f"The end of {log} says why.")
