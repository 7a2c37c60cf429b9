"""Makes a briefing and dies by SIGKILL right before a given file is written: `killed_briefing.py CAMPAIGN PERIOD WORKSPACE FILE`."""

import os
import signal
import sys
from typing import Any

from flows.briefing import briefing
from tasks.store.local import LocalStore

campaign, period, workspace, moment = sys.argv[1:]


def _dying(method: Any) -> Any:
    def call(self: LocalStore, key: str, *arguments: Any, **options: Any) -> Any:
        if key.endswith(f"/{moment}"):
            os.kill(os.getpid(), signal.SIGKILL)
        return method(self, key, *arguments, **options)

    return call


LocalStore.create, LocalStore.swap = _dying(LocalStore.create), _dying(LocalStore.swap)  # type: ignore[method-assign]
briefing(campaign, period, workspace)
