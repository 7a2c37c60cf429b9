"""Which process does a piece of work, and whether it still lives: so that a run that was killed is not said to be running for ever.

A name is `host boot namespace pid start`. Of a process of this boot and this process namespace it can be seen at once whether it is
there; a process of another boot of this host is gone; of any other nothing is known, and its lease decides. `start` tells a process from a
later one of the same number. Where there is no /proc (macOS), only leases decide.
"""

import os
import socket
from functools import cache
from pathlib import Path

_PROC = Path("/proc")
_START_FIELD = 19  # of /proc/<pid>/stat after the command's name: start time in clock ticks since boot (proc(5), field 22)


def this_process() -> str:
    """The name of this process; empty where nothing can be told from one."""
    machine, start = _machine(), _start(os.getpid())
    return " ".join((*machine, str(os.getpid()), start)) if machine and start else ""


def is_gone(process: str) -> bool:
    """True only if it is certain that the process with this name has ended."""
    parts, machine = process.split(" "), _machine()
    if len(parts) != 5 or not machine or parts[0] != machine[0]:
        return False
    if parts[1] != machine[1]:
        return True  # this host was started anew
    return parts[2] == machine[2] and _start(int(parts[3])) != parts[4]


def host_of(process: str) -> str:
    """For people: the machine and the process number."""
    parts = process.split(" ")
    return f"{parts[0]}, process {parts[3]}" if len(parts) == 5 else "an unknown machine"


@cache
def _machine() -> tuple[str, str, str] | None:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        space = str((_PROC / "self/ns/pid").stat().st_ino)
    except OSError:
        return None
    return socket.gethostname().replace(" ", "-"), boot, space


def _start(pid: int) -> str:
    """When the process was started, in the kernel's ticks; empty if there is none, or only what is left of one that ended (a zombie)."""
    try:
        state, *fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return "" if state in ("Z", "X") else fields[_START_FIELD - 1]
