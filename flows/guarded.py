"""`python -m flows.guarded MODULE ARGUMENTS...`: run a module as `python -m` does, for as long as whoever started it lives.

Standard input is a pipe whose other end the parent holds and never writes to. However the parent ends, also by SIGKILL, the pipe is closed,
and the module is told to stop (SIGTERM): no server is left behind that nobody knows of.
"""

import os
import runpy
import signal
import sys
import threading


def _follow_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run the module that the command line names."""
    threading.Thread(target=_follow_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
