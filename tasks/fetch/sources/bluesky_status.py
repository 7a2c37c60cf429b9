"""Whether accounts of Bluesky still stand: the status source `bluesky-status`.

Endpoints as published in the lexicons app.bsky.actor.getProfiles and app.bsky.actor.getProfile. A DID stays when its handle changes, so an
account is `renamed` where it answers to another handle than the one that is remembered of it; the next check finds it `active` again.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from tasks.domain.ports import Page
from tasks.domain.sources import Secrets
from tasks.fetch.sources.bluesky_access import Access, Bluesky, listed
from tasks.fetch.sources.bluesky_pages import FORMAT
from tasks.fetch.web.limits import CLOCK, LIMITS, Clock, WebLimits
from tasks.fetch.web.options import checked
from tasks.fetch.web.queries import Answer, Query, ask_all

PROFILES = 25  # accounts a request, the most that getProfiles allows


class BlueskyStatus:
    """The status source: profiles in groups of 25; who is missing is asked for alone, and the error says why."""

    kind = "bluesky-status"
    capture_rule = "live"

    def __init__(self, options: dict[str, Any], secret: Secrets, *, limits: WebLimits = LIMITS, clock: Clock = CLOCK) -> None:
        self.options: dict[str, Any] = {}
        self._service = Bluesky(checked(Access, options, self.kind), secret, limits, clock)
        self._handles: Mapping[tuple[str, str], str] = {}

    def remember(self, handles: Mapping[tuple[str, str], str]) -> None:
        """The handle of each account (platform, account id) at the check before, as `Remembering`: what a change is told by."""
        self._handles = handles

    def checks(self, accounts: Sequence[tuple[str, str]], now: datetime) -> Iterator[Page]:
        """Pages of the accounts of Bluesky among `accounts` that are named by their DID; the others stay unchecked."""
        dids = [name for platform, name in accounts if platform == "bluesky" and name.startswith("did:")]
        groups = [dids[place : place + PROFILES] for place in range(0, len(dids), PROFILES)]
        queries = [
            Query("status", f"profiles of {group[0]} and {len(group) - 1} more", partial(self._look, group)) for group in groups
        ]
        yield from ask_all(queries, FORMAT, None, now)

    def _look(self, group: Sequence[str]) -> Iterator[Answer]:
        what = f"profiles of {group[0]} and {len(group) - 1} more"
        reply = self._service.get("app.bsky.actor.getProfiles", [("actors", did) for did in group], what)
        found = listed(reply, "profiles", what)
        missing = sorted(set(group) - {str(profile.get("did")) for profile in found})
        before = {did: self._handles["bluesky", did] for did in group if ("bluesky", did) in self._handles}
        asked = {"endpoint": "getProfiles", "params": {"actors": list(group)}, "handles": before}
        yield Answer(asked, reply, len(found), bool(missing))
        for did in missing:
            reply = self._service.get("app.bsky.actor.getProfile", [("actor", did)], f"profile {did}", gone=True)
            yield Answer({"endpoint": "getProfile", "params": {"actor": did}}, reply, 1, did != missing[-1])
