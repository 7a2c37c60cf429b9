"""Runs the commands of `resurge` in forks of one warm process, each with a fault at a named point; see `points.py`.

Reads one JSON object a line: {"commands": [[...], ...], "env": {...}, "clock": ["...", ...], "fault": {...} or null, "out": "file"}.
Answers with one line: {"status": wait status, "s": seconds}. What the commands said stands in `out`.
"""

import gc
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent), str(HERE)]

if "--engine" not in sys.argv:
    from plain_engine import without_engine

    without_engine()

import points  # noqa: E402


def _command(arguments: list[str], out: Path) -> int:
    from flows import cli

    sys.argv = ["resurge", *arguments]
    said = os.open(out, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(said, 2)
    os.dup2(said, 1)
    try:
        cli.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _child(asked: dict[str, Any]) -> int:
    os.environ.update(asked["env"])
    out = Path(asked["out"])
    points.install(asked.get("fault"), asked)
    for arguments, clock in zip(asked["commands"], asked["clock"], strict=True):
        points.set_clock(clock)
        if code := _command(arguments, out):
            return code
    return 0


def run_forked(asked: dict[str, Any]) -> int:
    """One fork that does what is asked and never returns here."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        code = _child(asked)
    except BaseException:
        with Path(asked["out"]).open("a") as file:
            traceback.print_exc(file=file)
    finally:
        os._exit(code)


def main() -> None:
    points.warm()
    gc.collect()
    gc.freeze()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        began = time.monotonic()
        child = run_forked(asked)
        if (after := asked.get("kill_after_s")) is not None:
            time.sleep(after)
            os.kill(child, 9)
        _, status = os.waitpid(child, 0)
        answers.write(json.dumps({"status": status, "s": round(time.monotonic() - began, 3)}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
