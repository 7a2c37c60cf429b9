"""Whether accounts of Bluesky still stand, and their posts: the status source `bluesky-status`.

Endpoints as published in the lexicons app.bsky.actor.getProfiles, app.bsky.actor.getProfile and app.bsky.feed.getPosts (at most 25 `uris`;
"posts" holds those that are there). A DID stays when its handle changes, so an
account is `renamed` where it answers to another handle than the one that is remembered of it; the next check finds it `active` again.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from tasks.domain.ports import Page, PostRef
from tasks.domain.sources import Secrets
from tasks.fetch.sources.bluesky_access import Access, Bluesky, listed
from tasks.fetch.sources.bluesky_pages import FORMAT, POST_PATH
from tasks.fetch.web.limits import CLOCK, LIMITS, Clock, WebLimits
from tasks.fetch.web.options import checked
from tasks.fetch.web.queries import Answer, Query, ask_all
from tasks.fetch.web.readings import part

PROFILES = 25  # accounts a request, the most that getProfiles allows
POSTS = 25  # posts a request, the most that getPosts allows
BLOCKS = ("blocking", "blockedBy", "blockingByList")  # of app.bsky.actor.defs#viewerState


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

    def post_checks(self, posts: Sequence[PostRef], now: datetime) -> Iterator[Page]:
        """Pages of the posts of Bluesky among `posts`, as `PostChecking`; reposts cannot be asked for."""
        asked = [post for post in posts if post.platform == "bluesky" and POST_PATH in post.post_id]
        groups = [asked[place : place + POSTS] for place in range(0, len(asked), POSTS)]
        queries = [Query("posts again", _named(group), partial(self._ask_again, group)) for group in groups]
        yield from ask_all(queries, FORMAT, None, now)

    def _ask_again(self, group: Sequence[PostRef]) -> Iterator[Answer]:
        """Posts first, then the authors of those that were not given: who stands afterwards stood when the post was absent. An author
        who is gone, or whose posts a login may not see for a block, says nothing of the post."""
        what, params = _named(group), [("uris", post.post_id) for post in group]
        reply = self._service.get("app.bsky.feed.getPosts", params, what)
        given = {str(post.get("uri")) for post in listed(reply, "posts", what)}
        authors = sorted({post.account_id for post in group if post.post_id not in given})
        standing: list[str] = []
        if authors:
            look = self._service.get("app.bsky.actor.getProfiles", [("actors", did) for did in authors], what)
            found = listed(look, "profiles", what)
            standing = sorted(str(profile.get("did")) for profile in found if not any(part(profile, "viewer", b) for b in BLOCKS))
            yield Answer({"endpoint": "getProfiles", "params": {"actors": authors}}, look, len(found), more=True)
        asked = {"endpoint": "getPosts", "params": {"uris": [post.post_id for post in group]}, "standing": standing}
        yield Answer(asked, reply, len(given), more=False)

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


def _named(group: Sequence[PostRef]) -> str:
    return f"post {group[0].post_id} and {len(group) - 1} more"
