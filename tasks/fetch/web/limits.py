"""How far a fetch over HTTP may go, and the clock it goes by."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

_MIB = 1 << 20


@dataclass(frozen=True)
class WebLimits:
    """Times in seconds, sizes in bytes. The longest page any of the services documents is 100 posts, under 1 MiB.

    `connect_s`: looking the name up and reaching one of its addresses. `request_s`: one attempt, from connecting to the last byte; a body
    that drips is cut off there. `longest_wait_s`: what a service may ask us to wait at once; the windows of rate limits are 300 s
    (Bluesky, Mastodon) and 900 s (X). `fetch_s`: everything together, waiting included. `interval_s`: between two requests, whatever the
    service says.
    """

    connect_s: float = 10
    read_s: float = 30
    request_s: float = 120
    fetch_s: float = 3 * 3600
    body_bytes: int = 32 * _MIB
    unpacked_bytes: int = 64 * _MIB
    attempts: int = 5
    first_wait_s: float = 1
    backoff_s: float = 60
    longest_wait_s: float = 1_000
    requests: int = 20_000
    interval_s: float = 0
    redirects: int = 3


@dataclass(frozen=True)
class Clock:
    """Wall time for records, a steady clock for limits, and how to wait."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    steady: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


LIMITS, CLOCK = WebLimits(), Clock()
