"""One process that loads the renderer and renders one PDF: slower than a fork (reports.forked), and used where none is to be had."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

KEPT = (
    "PATH",
    "HOME",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "FONTCONFIG_PATH",
    "FONTCONFIG_FILE",
    "XDG_CACHE_HOME",
    "MPLCONFIGDIR",
)


@dataclass(frozen=True)
class Limits:
    """Of one child process. A briefing of 12 pages takes about 6 s of CPU and under 1 GB of addresses."""

    wall_s: float = 180
    cpu_s: int = 150
    memory_mb: int = 4096


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code (negative: the signal), what it wrote to stdout and to stderr."""

    code: int
    out: bytes
    said: bytes


def cold(message: bytes, limits: Limits) -> Ended:
    """Give `message` (reports.child) to a new process. Raises TimeoutError past `limits.wall_s`; the process is ended then."""
    command = [sys.executable, "-m", "reports.child", "--cpu-s", str(limits.cpu_s), "--memory-mb", str(limits.memory_mb)]
    try:
        done = subprocess.run(command, env=environment(), input=message, capture_output=True, timeout=limits.wall_s, check=False)  # noqa: S603  # ours, no shell
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error
    return Ended(done.returncode, done.stdout, done.stderr)


def environment() -> dict[str, str]:
    """What a child may know: where programs and fonts are. No secret passes, and no clock: it sets its own by the facts."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        "PYTHONHASHSEED": "0",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
