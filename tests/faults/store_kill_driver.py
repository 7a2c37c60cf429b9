"""Tells the story of tests/store_samples.py in child processes that are killed (SIGKILL) before the n-th step on the disk.

Reads "FOLDER STEP" lines, answers each with "killed", "done N" (N steps were taken) or what went wrong. One process loads pandas and
pyarrow, its children are forks: 0.1 s each instead of 2 s.
"""

import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path

from store_samples import story

from tasks.store.local import LocalStore

_STEPS = {"os.link", "os.rename", "os.remove", "os.mkdir", "open"}


def _tell(folder: str, last: int) -> None:
    taken, fsync = 0, os.fsync

    def step() -> None:
        nonlocal taken
        if taken == last:
            os.kill(os.getpid(), signal.SIGKILL)
        taken += 1

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        writes = event != "open" or (isinstance(arguments[2], int) and arguments[2] & os.O_CREAT)
        if event in _STEPS and writes and str(arguments[0]).startswith(folder):
            step()

    def counted_fsync(descriptor: int) -> None:
        step()
        fsync(descriptor)

    os.fsync = counted_fsync
    sys.addaudithook(watch)
    story(LocalStore(Path(folder)))
    _say(f"done {taken}")


def _say(answer: str) -> None:
    sys.stdout.write(answer + "\n")
    sys.stdout.flush()


def main() -> None:
    with tempfile.TemporaryDirectory() as warm:  # what pandas and pyarrow load at first use, every fork would load again
        story(LocalStore(Path(warm)))
    for line in sys.stdin:
        folder, last = line.split()
        child = os.fork()
        if child == 0:
            try:
                _tell(folder, int(last))
            except BaseException:
                _say("failed " + traceback.format_exc().replace("\n", " | "))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            _say("killed" if os.WTERMSIG(status) == signal.SIGKILL else f"signal {os.WTERMSIG(status)}")


if __name__ == "__main__":
    main()
