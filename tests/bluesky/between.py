"""A proxy of the tests' own between Resurge and a real server: small pages, limits of the rate, a request that never ends."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from web_service import Answer, Asked

_LIMITS = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "ratelimit-policy")


@dataclass
class Between:
    """`page`: no more items a page than this, whatever is asked for. `plan(number)`: an answer in the place of the server's, by the number
    of the request from 0, or None. `allowed`: requests in `window_s` seconds, told and held as the service tells them. `hold`: from this
    request on none is answered, and `held` is set."""

    target: str
    page: int = 100
    plan: Callable[[int], Answer | None] = lambda _: None
    allowed: int = 0
    window_s: int = 300
    hold: int = 10**9
    served: int = 0
    refused: int = 0
    held: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    heads: list[dict[str, str]] = field(default_factory=list)  # limits of the rate as the real server told them
    _ends: float = 0
    _left: int = 0

    def __call__(self, asked: Asked) -> Answer:
        number, self.served = self.served, self.served + 1
        if number >= self.hold:
            self.held.set()
            self.ended.wait(120)
        told = self._counted()
        if told and self._left < 0:
            self.refused += 1
            return Answer({"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, 429, told)
        if (instead := self.plan(number)) is not None:
            return instead
        params = [(name, str(min(int(value), self.page)) if name == "limit" else value) for name, value in asked.params]
        kept = {name: value for name, value in asked.headers.items() if name in ("authorization", "content-type")}
        url = self.target + asked.path
        answer = httpx.request(asked.method, url, params=params, headers=kept, content=asked.body, timeout=60, trust_env=False)
        self.heads.append({name: answer.headers[name] for name in _LIMITS if name in answer.headers})
        kind = {"content-type": answer.headers.get("content-type", "")}
        return Answer(None, answer.status_code, {**kind, **self.heads[-1], **told}, answer.content)

    def _counted(self) -> dict[str, str]:
        if not self.allowed:
            return {}
        if time.time() >= self._ends:
            self._ends, self._left = int(time.time()) + self.window_s, self.allowed
        self._left -= 1
        return {
            "ratelimit-limit": str(self.allowed),
            "ratelimit-remaining": str(max(self._left, 0)),
            "ratelimit-reset": str(int(self._ends)),
            "ratelimit-policy": f"{self.allowed};w={self.window_s}",
        }
