"""How Bluesky is asked: without login, or logged in with an app password. What the source of posts and the checks of accounts share."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tasks.domain.errors import SourceProblem, UsageProblem
from tasks.domain.sources import Secrets
from tasks.fetch.sources.bluesky_pages import status_told
from tasks.fetch.web.client import Reply, ServiceStopped, WebClient, checked_base
from tasks.fetch.web.limits import Clock, WebLimits
from tasks.fetch.web.options import SourceOptions
from tasks.fetch.web.readings import objects, part

TITLE = "Bluesky"
INTERVAL_S = 0.12  # 3,000 requests in 300 s are allowed: a little slower than that


class Access(SourceOptions):
    """Where to ask, and as whom: the options of the status source."""

    appview: str = "https://public.api.bsky.app"
    service: str = "https://bsky.social"
    handle: str = ""
    app_password: str = ""


class Bluesky:
    """Asks the service; logs in first where a credential is named, and again when the session has run out (two hours)."""

    def __init__(self, access: Access, secret: Secrets, limits: WebLimits, clock: Clock) -> None:
        if bool(access.handle) != bool(access.app_password):
            raise UsageProblem(
                "Of handle and app_password of the source bluesky one is missing.",
                remedy="Give both, or neither to ask without login.",
            )
        self._access = access
        self._secret = secret(access.app_password) if access.app_password else ""
        base = checked_base(access.service, "service") if self._secret else checked_base(access.appview, "appview")
        self._client = WebClient(TITLE, base, limits=replace(limits, interval_s=INTERVAL_S), clock=clock)
        self._client.conceal(self._secret)
        self._inside = False

    def get(self, name: str, params: Sequence[tuple[str, str]], what: str, *, gone: bool = False) -> Reply:
        """Ask one query of the lexicon. With `gone` an answer that tells an account is no more is returned, not raised."""
        reply = self._asked(name, params, what)
        if reply.status == 400 and _error(reply) in ("ExpiredToken", "InvalidToken") and self._secret:
            self._inside = False
            reply = self._asked(name, params, what)
        if reply.status == 400 and not (gone and status_told(reply.value)):
            raise SourceProblem(
                f"{TITLE} refused {what}: {_error(reply)[:60]} {str(part(reply.value, 'message') or '')[:160]}".rstrip() + ".",
                remedy="Correct what is asked for in the campaign file.",
            )
        return reply

    def _asked(self, name: str, params: Sequence[tuple[str, str]], what: str) -> Reply:
        if self._secret and not self._inside:
            self._log_in()
        return self._client.get(f"/xrpc/{name}", params, accept=frozenset({400}), what=what)

    def _log_in(self) -> None:
        reply = self._client.post(
            "/xrpc/com.atproto.server.createSession",
            {"identifier": self._access.handle, "password": self._secret},
            accept=frozenset({400, 401}),
            what=f"login as {self._access.handle}",
        )
        token = part(reply.value, "accessJwt")
        if reply.status != 200 or not isinstance(token, str) or not token:
            raise ServiceStopped(
                f"{TITLE} refused the login as {self._access.handle}: {_error(reply)[:60] or f'status {reply.status}'}.",
                remedy=f"Make a new app password and set it as the credential {self._access.app_password}.",
            )
        self._client.conceal(str(part(reply.value, "refreshJwt") or ""))
        self._client.authorize("authorization", token, scheme="Bearer")
        self._inside = True


def listed(reply: Reply, name: str, what: str) -> list[dict[str, Any]]:
    """The objects of the list `name` in an answer. Raises SourceProblem where it has none."""
    found = part(reply.value, name)
    if not isinstance(found, list):
        raise SourceProblem(f"{TITLE} answered without `{name}` ({what}).", remedy="See whether `appview` or `service` is right.")
    return objects(found)


def _error(reply: Reply) -> str:
    return str(part(reply.value, "error") or "")
