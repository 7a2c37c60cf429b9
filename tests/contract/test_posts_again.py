"""Every source that asks for posts again, where its service refuses for a while, for good, or answers with something else.

The services' answers are as in the tests of each source; here only what they have in common is held: a post is `deleted` by nothing but an
answer that says so.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from landing import Landing
from web_service import Answer, Asked, FakeTime, serving

from tasks.domain.errors import SourceProblem
from tasks.domain.ports import Page, PostRef
from tasks.fetch.sources.bluesky_status import BlueskyStatus
from tasks.fetch.sources.mastodon import MastodonStatus
from tasks.fetch.sources.x import XStatus
from tasks.fetch.sources.youtube import YouTubeStatus

NOW = datetime(2026, 3, 8, tzinfo=UTC)
TOKEN = {"desk": "word"}.__getitem__
DID, FIRST, LAST = "did:plc:tern", "at://did:plc:tern/app.bsky.feed.post/1", "at://did:plc:tern/app.bsky.feed.post/2"
TOOT = "https://reeds.example/users/tern/statuses/{}"


@dataclass(frozen=True)
class Case:
    """A checker and its service. Of `posts` the first stands and the last is gone; the author of both stands. `strange`: answers to the
    request for the posts that are none of the service's."""

    kind: str
    posts: tuple[str, str]
    author: str
    checker: Callable[[str, FakeTime, Path], Any]
    service: Callable[[Asked], Answer]
    strange: tuple[Answer, ...]
    retries: dict[str, str]  # headers of a 429

    def refs(self) -> list[PostRef]:
        return [PostRef(self.kind, post, self.author) for post in self.posts]


def bluesky(asked: Asked) -> Answer:
    if asked.path.endswith("getPosts"):
        return Answer({"posts": [{"uri": FIRST, "author": {"did": DID}}]})
    return Answer({"profiles": [{"did": DID, "handle": "tern.example"}]})


def mastodon(asked: Asked) -> Answer:
    if asked.path.endswith("/statuses/1"):
        return Answer({"id": "1", "uri": TOOT.format(1)})
    return Answer({"error": "Record not found"}, 404) if "/statuses/" in asked.path else Answer({"id": "1", "acct": "tern"})


def x(asked: Asked) -> Answer:
    if asked.path == "/2/tweets":
        told = {"parameter": "ids", "resource_id": "2", "type": "https://api.twitter.com/2/problems/resource-not-found"}
        return Answer({"data": [{"id": "1", "text": "Reeds"}], "errors": [told]})
    return Answer({"data": [{"id": "11", "username": "tern", "name": "Tern"}]})


def youtube(asked: Asked) -> Answer:
    if asked.path.endswith("/videos"):
        return Answer({"kind": "youtube#videoListResponse", "items": [{"id": "video-00001"}]})
    return Answer({"kind": "youtube#channelListResponse", "items": [{"id": "UCtern", "snippet": {"title": "Tern"}}]})


SOON = str(int(NOW.timestamp()) + 30)
CASES = {
    case.kind: case
    for case in (
        Case(
            "bluesky", (FIRST, LAST), DID,
            lambda url, time, _: BlueskyStatus({"appview": url}, TOKEN, clock=time.clock), bluesky,
            (Answer({}), Answer({"posts": None}), Answer([]), Answer("posts")), {"ratelimit-reset": SOON, "ratelimit-remaining": "0"},
        ),
        Case(
            "mastodon", (TOOT.format(1), TOOT.format(2)), "tern@reeds.example",
            lambda url, time, _: MastodonStatus({"instance": url, "domain": "reeds.example"}, TOKEN, clock=time.clock), mastodon,
            (Answer({"id": "1", "uri": TOOT.format(7)}), Answer({}), Answer([]), Answer(None)), {"retry-after": "30"},
        ),
        Case(
            "x", ("1", "2"), "11",
            lambda url, time, _: XStatus({"token": "desk", "service": url}, TOKEN, clock=time.clock), x,
            (Answer({}), Answer({"data": None}), Answer({"errors": "2"}), Answer([])), {"x-rate-limit-reset": SOON},
        ),
        Case(
            "youtube", ("video-00001", "video-00002"), "UCtern",
            lambda url, time, folder: YouTubeStatus({"service": url, "key": "desk"}, TOKEN, folder, clock=time.clock), youtube,
            (Answer({}), Answer({"items": None}), Answer({"items": {}}), Answer([])), {"retry-after": "30"},
        ),
    )
}  # fmt: skip


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def kept(pages: Iterator[Page]) -> tuple[list[Page], SourceProblem | None]:
    """The pages that came, and what ended them."""
    found: list[Page] = []
    try:
        found.extend(pages)
    except SourceProblem as problem:
        return found, problem
    return found, None


def at(place: int, answer: Answer, service: Callable[[Asked], Answer]) -> Callable[[Asked], Answer]:
    """The service, but for one request, counted from 0."""
    turns = iter(range(99))
    return lambda asked: answer if next(turns) == place else service(asked)


def states(case: Case, pages: list[Page], folder: Path) -> dict[str, str]:
    others = Landing(folder, case.kind).pages(pages).others
    return dict(others["post_states"][["post_id", "state"]].itertuples(index=False)) if "post_states" in others else {}


def test_a_refusal_for_a_while_is_waited_for(case: Case, tmp_path: Path) -> None:
    time, turns = FakeTime(NOW), iter(range(99))
    refused = Answer({"error": "Too many requests"}, 429, case.retries)
    with serving(lambda asked: refused if next(turns) in (0, 2) else case.service(asked)) as service:
        pages, problem = kept(case.checker(service.url, time, tmp_path).post_checks(case.refs(), NOW))
    assert problem is None
    assert states(case, pages, tmp_path) == dict(zip(case.posts, ("seen", "deleted"), strict=True))
    assert sum(time.slept) >= 30


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_where_authors_cannot_be_asked_for_nothing_is_deleted(case: Case, status: int, tmp_path: Path) -> None:
    """The request for the posts is answered and all that come after it are refused for good."""
    turns = iter(range(99))
    with serving(lambda asked: Answer({"error": "No"}, status) if next(turns) else case.service(asked)) as service:
        pages, problem = kept(case.checker(service.url, FakeTime(NOW), tmp_path).post_checks(case.refs(), NOW))
    assert problem is not None
    assert "deleted" not in states(case, pages, tmp_path).values()


def test_an_answer_that_is_none_of_the_service_s_deletes_nothing(case: Case, tmp_path: Path) -> None:
    for strange in case.strange:
        with serving(at(0, strange, case.service)) as service:
            pages, problem = kept(case.checker(service.url, FakeTime(NOW), tmp_path).post_checks(case.refs()[:1], NOW))
        assert states(case, pages, tmp_path) == {}, strange
        assert problem is not None, strange
        assert problem.remedy, strange


def test_authors_that_are_answered_strangely_delete_nothing(case: Case, tmp_path: Path) -> None:
    for strange in (Answer({}), Answer([]), Answer({"data": None, "items": None, "profiles": None, "suspended": "no"})):
        with serving(at(1, strange, case.service)) as service:
            pages, _ = kept(case.checker(service.url, FakeTime(NOW), tmp_path).post_checks(case.refs()[1:], NOW))
        assert "deleted" not in states(case, pages, tmp_path).values(), strange
