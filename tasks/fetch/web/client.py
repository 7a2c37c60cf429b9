"""A polite, bounded HTTP client for services whose answers are not trusted.

Every answer is bounded in time and bytes, every service in requests and waiting (`WebLimits`). A passing fault (429, 5xx, a dropped or
dripping line, JSON that was cut off) is tried again after what the service asks for, else after a doubling pause; anything else is said at
once. Credentials go out in headers only and appear in no message; an answer that repeats one is refused, so none is ever landed.
"""

import ipaddress
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from tasks.domain.errors import SourceProblem, UsageProblem
from tasks.fetch.web.bodies import Broken, TooLarge, Watch, json_of, unpacked
from tasks.fetch.web.limits import CLOCK, LIMITS, Clock, WebLimits
from tasks.fetch.web.names import NameProblem, bound_names
from tasks.fetch.web.waits import remaining, reset_s, retry_after_s

_TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504, 520, 522, 524})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SHOWN = 160  # characters of a service's own words in a message
_AGENT = "resurge (collection for research; one request at a time)"


class ServiceStopped(SourceProblem):
    """Nothing more can be had from the service in this fetch: asking for something else would be refused too."""


@dataclass(frozen=True)
class Reply:
    """One answer: the body as it came (unpacked), its JSON, and when it was complete by our clock."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    value: Any
    at: datetime


class _Passing(Exception):
    """Worth another try, after `wait_s` where the service said so."""

    def __init__(self, why: str, wait_s: float | None = None, *, refused: bool = False) -> None:
        super().__init__(why)
        self.wait_s, self.refused = wait_s, refused


@dataclass
class _Spent:
    """What a fetch has used up."""

    began: float
    requests: int = 0
    not_before: float = 0
    secrets: list[str] = field(default_factory=list)


def checked_base(address: str, option: str) -> str:
    """The base address of a service. Raises UsageProblem unless it is https, or http on this machine itself (for test servers), without
    user name, query or fragment."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if not host or parts.username or parts.query or parts.fragment or parts.scheme not in ("http", "https"):
        raise UsageProblem(f"{option}: {address!r} is no address of a service.", remedy="Write it like https://example.org.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise UsageProblem(
            f"{option}: {address!r} is not encrypted.", remedy="Use https; http is for servers on this machine only."
        )
    return address.rstrip("/")


class WebClient:
    """Talks to one service. `title` names it in messages. One request at a time, over one kept connection."""

    def __init__(self, title: str, base: str, *, limits: WebLimits = LIMITS, clock: Clock = CLOCK) -> None:
        self._title, self._base, self._limits, self._clock = title, base, limits, clock
        self._spent = _Spent(began=clock.steady())
        self._auth: dict[str, str] = {}
        self._watch = Watch()
        self._http = httpx.Client(
            timeout=httpx.Timeout(limits.read_s, connect=limits.connect_s),
            follow_redirects=False,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            headers={"user-agent": _AGENT, "accept": "application/json", "accept-encoding": "gzip"},
            trust_env=not _is_loopback(urlsplit(base).hostname or ""),  # a proxy for the outside is not asked for this machine
        )
        bound_names(self._http)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> "WebClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def authorize(self, header: str, secret: str, *, scheme: str = "") -> None:
        """Send a credential with every request from now on."""
        self.conceal(secret)
        self._auth = {header: f"{scheme} {secret}".strip()}

    def conceal(self, *secrets: str) -> None:
        """Values that no message may show and no answer may repeat."""
        self._spent.secrets += [secret for secret in secrets if secret]

    def get(
        self,
        path: str,
        params: Iterable[tuple[str, str]] = (),
        *,
        accept: frozenset[int] = frozenset(),
        what: str = "",
        each: Callable[[], None] | None = None,
    ) -> Reply:
        """GET `path` below the base. Answers with a status in `accept` are returned like good ones. `each` is called before every
        attempt: what a service counts, it counts for those too that fail.

        Raises SourceProblem naming `what` was asked for, ServiceStopped where nothing else would be answered either."""
        return self._tried("GET", path, list(params), None, accept, what or path, each)

    def post(self, path: str, body: Mapping[str, str], *, accept: frozenset[int] = frozenset(), what: str = "") -> Reply:
        """POST a JSON object (a login). The answer may hold secrets: it is checked for none, and must not be landed."""
        return self._tried("POST", path, [], json.dumps(dict(body)).encode(), accept, what or path)

    def _tried(
        self,
        method: str,
        path: str,
        params: list[tuple[str, str]],
        body: bytes | None,
        accept: frozenset[int],
        what: str,
        each: Callable[[], None] | None = None,
    ) -> Reply:
        why, wait = _Passing(""), 0.0
        for attempt in range(1, self._limits.attempts + 1):
            self._pause(what)
            if each is not None:
                each()
            try:
                return self._followed(method, path, params, body, accept, what)
            except _Passing as passing:
                why = passing
            wait = why.wait_s if why.wait_s is not None else self._limits.first_wait_s * 2 ** (attempt - 1)
            if why.wait_s is None:
                wait = min(wait, self._limits.backoff_s)
            elif wait > self._limits.longest_wait_s:
                raise ServiceStopped(
                    f"{self._title} asks to be left alone for {wait:,.0f} s ({what}: {why}).",
                    remedy="Collect again after that; what came before is kept.",
                )
            self._spent.not_before = max(self._spent.not_before, self._clock.steady() + max(wait, self._limits.first_wait_s))
        kind = ServiceStopped if why.refused else SourceProblem
        raise kind(
            f"{self._title} did not answer {self._limits.attempts} times ({what}: {why}).",
            remedy="Collect again later; what came before is kept.",
        )

    def _pause(self, what: str) -> None:
        """Wait for our turn. Raises ServiceStopped where the fetch has used up its time or requests."""
        spent, limits = self._spent, self._limits
        now = self._clock.steady()
        wait = max(0.0, spent.not_before - now)
        if now + wait - spent.began > limits.fetch_s:
            raise ServiceStopped(
                f"{self._title} was asked for {limits.fetch_s:,.0f} s and was not at the end ({what}).",
                remedy="Collect again, or ask for a shorter span (--since, --until); what came before is kept.",
            )
        if spent.requests >= limits.requests:
            raise ServiceStopped(
                f"{self._title} was asked {limits.requests:,} times and was not at the end ({what}).",
                remedy="Ask for a shorter span (--since, --until); what came before is kept.",
            )
        if wait > 0:
            self._clock.sleep(wait)
        spent.requests += 1
        spent.not_before = self._clock.steady() + limits.interval_s

    def _followed(
        self, method: str, path: str, params: list[tuple[str, str]], body: bytes | None, accept: frozenset[int], what: str
    ) -> Reply:
        """One attempt, with redirects that stay on the host."""
        url = httpx.URL(self._base + path, params=params or None)
        for _ in range(self._limits.redirects + 1):
            reply = self._once(method, url, body, accept, what)
            if isinstance(reply, Reply):
                return reply
            target = httpx.URL(urljoin(str(url), reply))
            if method != "GET" or _origin(target) != _origin(url):
                raise SourceProblem(
                    f"{self._title} sent us on to {self._clean(target.host) or 'nowhere'}, which was refused ({what}).",
                    remedy="If the service has moved, correct its address in the campaign file.",
                )
            url = target
        raise SourceProblem(
            f"{self._title} sent us on more than {self._limits.redirects} times ({what}).",
            remedy="Correct its address in the campaign file.",
        )

    def _once(self, method: str, url: httpx.URL, body: bytes | None, accept: frozenset[int], what: str) -> Reply | str:
        """One request. Returns the answer, or where a redirect leads."""
        headers = self._auth | ({"content-type": "application/json"} if body is not None else {})
        try:
            with (
                self._watch.limited(self._limits.request_s),
                self._http.stream(method, url, headers=headers, content=body, extensions={"trace": self._watch.trace}) as response,
            ):
                return self._read(response, accept, what, landed=method == "GET")
        except httpx.TransportError as error:
            if self._watch.over:
                raise _Passing(f"not at the end after {self._limits.request_s:,.0f} s") from None
            refused = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError)
            raise _Passing(_fault(error), refused=refused) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise SourceProblem(
                f"{self._title} cannot be asked ({what}): {self._clean(str(error))}.", remedy="Correct the source's options."
            ) from None

    def _read(self, response: httpx.Response, accept: frozenset[int], what: str, *, landed: bool) -> Reply | str:
        status, now = response.status_code, self._clock.now()
        if status in _TRY_AGAIN and status not in accept:
            raise _Passing(f"status {status}", retry_after_s(response.headers, now), refused=status == 429)
        self._heed(response.headers, now)
        if status in _REDIRECTS:
            return str(response.headers.get("location", ""))
        raw = self._body(response, what)
        if status >= 400 and status not in accept:
            raise self._refusal(status, raw, what)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise SourceProblem(
                f"{self._title} gave {self._clean(kind) or 'something of no type'} instead of JSON ({what}).",
                remedy="See in a browser what stands at its address: a page for people, or a login?",
            )
        try:
            value = json_of(raw)
        except Broken as error:
            raise _Passing(str(error)) from None
        if landed and any(secret.encode() in raw for secret in self._spent.secrets):
            raise ServiceStopped(
                f"{self._title} repeats our credential in its answer, which was not kept ({what}).",
                remedy="Withdraw the credential and do not use this address.",
            )
        return Reply(status, dict(response.headers), raw, value, self._clock.now())

    def _body(self, response: httpx.Response, what: str) -> bytes:
        limits = self._limits
        told = response.headers.get("content-length", "")
        encoding = response.headers.get("content-encoding", "")
        try:
            if told.isdigit() and int(told) > limits.body_bytes:
                raise TooLarge(f"{int(told):,} bytes")
            return unpacked(self._chunks(response), encoding, most_sent=limits.body_bytes, most_unpacked=limits.unpacked_bytes)
        except TooLarge as error:
            raise SourceProblem(
                f"{self._title} gave a page of {error}, which was not read ({what}).",
                remedy="The longest page of the service is under 1 MiB: see whether its address is right.",
            ) from None
        except Broken as error:
            raise _Passing(str(error)) from None
        except ValueError:
            raise SourceProblem(
                f"{self._title} packs its answers as {self._clean(encoding)}, which was not asked for ({what}).",
                remedy="See whether its address is right.",
            ) from None

    def _chunks(self, response: httpx.Response) -> Iterable[bytes]:
        yield from response.iter_raw()
        if self._watch.over:  # cut by us where the length was not told: looks like the end
            raise Broken(f"not at the end after {self._limits.request_s:,.0f} s")

    def _heed(self, headers: httpx.Headers, now: datetime) -> None:
        """Where the window's requests are used up, wait until it is reset before the next."""
        left, wait = remaining(headers), reset_s(headers, now)
        if left == 0 and wait is not None:
            self._spent.not_before = max(self._spent.not_before, self._clock.steady() + min(wait, self._limits.longest_wait_s))

    def _refusal(self, status: int, raw: bytes, what: str) -> SourceProblem:
        said = ""
        try:
            told = json_of(raw)
            inner = told.get("error") if isinstance(told, dict) else None
            texts = [
                *(inner.values() if isinstance(inner, dict) else [inner]),
                told.get("message") if isinstance(told, dict) else "",
            ]
            said = ": ".join(text for text in texts if isinstance(text, str))
        except Broken:
            pass
        problem = f"{self._title} refused with status {status} ({what}){': ' if said else ''}{self._clean(said)}."
        if status in (401, 403):
            remedy = "Check the credential that the campaign file names, and whether the service gives this without one."
            return ServiceStopped(problem, remedy=remedy)
        return SourceProblem(problem, remedy="Correct what is asked for in the campaign file.")

    def _clean(self, text: str) -> str:
        """A service's words, fit for a message."""
        for secret in self._spent.secrets:
            text = text.replace(secret, "***")
        return "".join(char if char.isprintable() else "·" for char in text[:_SHOWN]).rstrip(".")


def _fault(error: httpx.TransportError) -> str:
    if isinstance(error.__cause__, NameProblem):
        return str(error)
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    if isinstance(error, httpx.TimeoutException):
        return "no connection in time" if isinstance(error, httpx.ConnectTimeout) else "no byte in time"
    return "the line was dropped"


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
