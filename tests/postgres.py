"""A PostgreSQL of a test's own on loopback, with its data in a temporary folder. It ends with us, also by SIGKILL: setpriv asks the kernel
for it. PostgreSQL refuses to run as root: there it runs as nobody."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any


def start(folder: Path, running: list[Any]) -> str:
    """Start one below `folder`, add it to `running`, and return its address once it answers."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    binaries = found[-1].parent if found else Path(shutil.which("initdb") or "initdb").parent
    user = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []
    data, port, log = folder / "postgres", free_port(), folder / "postgres.log"
    data.mkdir(mode=0o700)
    if user:
        shutil.chown(data, "nobody", "nogroup")
    options = ["-A", "trust", "-U", "resurge", "-E", "UTF8", "--locale=C", "--no-sync"]
    command = ["setpriv", *user, binaries / "initdb", "-D", data, *options]
    subprocess.run(command, cwd="/", check=True, capture_output=True)
    settings = ["-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", "", "-F"]
    command = ["setpriv", *user, "--pdeathsig", "QUIT", binaries / "postgres", *settings]
    with log.open("wb") as out:
        running.append(subprocess.Popen([str(part) for part in command], cwd="/", stdout=out, stderr=out))
    ready, give_up = [binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(port)], time.monotonic() + 60
    while subprocess.run(ready, capture_output=True).returncode:
        assert running[-1].poll() is None, log.read_text(errors="replace")[-4000:]
        assert time.monotonic() < give_up, log.read_text(errors="replace")[-4000:]
        time.sleep(0.1)
    return f"postgresql://resurge@127.0.0.1:{port}/postgres"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
