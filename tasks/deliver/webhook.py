"""One JSON document by POST to an address of the owner's: signed, bounded in time, never sent on to another place.

The signature is HMAC-SHA-256 over `<timestamp>.<body>`, as several well-known services form it, so that a receiver can refuse what is old.
"""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import httpx

from tasks.deliver.notices import Notice
from tasks.domain.errors import UsageProblem
from tasks.domain.ports import Handover

_ATTEMPTS = 3
_FIRST_WAIT_S = 1.0
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def checked_webhook(address: str) -> str:
    """Raises UsageProblem, in which the address does not stand, unless it is https, or http on this machine itself."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if not host or parts.fragment or not (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)):
        raise UsageProblem(
            "RESURGE_OWNER_WEBHOOK is no https address.",
            remedy="Write it like https://hooks.example.org/...; http is for this machine only.",
        )
    return address


@dataclass(frozen=True)
class WebhookChannel:
    """`secret` empty: unsigned. `timeout_s` is for one attempt from connection to status; bodies of answers are not read."""

    address: str
    secret: str
    timeout_s: float
    clock: Callable[[], datetime]
    pause: Callable[[float], None] = time.sleep
    name: str = "webhook"

    def send(self, notice: Notice) -> Handover:
        """`unknown`: it did not answer in time, and may have it all the same; the id in the header is the same next time."""
        body = json.dumps({"subject": notice.subject, "id": notice.name, **notice.model_dump(mode="json")}, sort_keys=True).encode()
        handed = Handover("deferred", "not tried")
        for attempt in range(_ATTEMPTS):
            if attempt:
                self.pause(_FIRST_WAIT_S * 2 ** (attempt - 1))
            handed = self._limited(notice, body)
            if handed.outcome in ("accepted", "refused"):
                break
        return handed

    def _limited(self, notice: Notice, body: bytes) -> Handover:
        """One attempt that ends in time also where a server lets an answer drip."""
        found: list[Handover] = []
        thread = threading.Thread(target=lambda: found.append(self._post(notice, body)), name="webhook", daemon=True)
        thread.start()
        thread.join(self.timeout_s)
        return found[0] if found else Handover("unknown", f"no answer within {self.timeout_s:g} s")

    def _post(self, notice: Notice, body: bytes) -> Handover:
        host = urlsplit(self.address).hostname or ""
        try:
            with (
                httpx.Client(timeout=self.timeout_s, follow_redirects=False, trust_env=host not in _LOOPBACK) as client,
                client.stream("POST", self.address, content=body, headers=self._headers(notice, body)) as answer,
            ):
                return _read(answer.status_code)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            return Handover("deferred", f"no connection ({type(error).__name__})")
        except (httpx.HTTPError, httpx.InvalidURL) as error:  # its words may hold the address, which is a secret
            return Handover("unknown", f"the line broke ({type(error).__name__})")

    def _headers(self, notice: Notice, body: bytes) -> dict[str, str]:
        headers = {"content-type": "application/json", "user-agent": "resurge", "x-resurge-notice": notice.name}
        if self.secret:
            stamp = str(int(self.clock().timestamp()))
            signed = hmac.new(self.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
            headers |= {"x-resurge-timestamp": stamp, "x-resurge-signature": f"sha256={signed}"}
        return headers


def _read(status: int) -> Handover:
    if 200 <= status < 300:
        return Handover("accepted", f"status {status}")
    if 300 <= status < 400:
        return Handover("refused", f"status {status}: it sends elsewhere, and notices follow nobody")
    return Handover("deferred" if status in _TRY_AGAIN else "refused", f"status {status}")
