"""Services that misbehave: every case ends within seconds, in bounded bytes, with a sentence that says what failed and what to do."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from web_service import Answer, Asked, FakeTime, Service, serving

from tasks.domain.errors import SourceProblem, UsageProblem
from tasks.domain.ports import Page
from tasks.fetch.web.client import ServiceStopped, WebClient, checked_base
from tasks.fetch.web.limits import CLOCK, LIMITS, Clock, WebLimits
from tasks.fetch.web.queries import BARREN_PAGES, Cursors, Query, ask_all
from tasks.fetch.web.queries import Answer as PageAnswer

QUICK = WebLimits(connect_s=1, read_s=0.4, request_s=0.8, body_bytes=20_000, unpacked_bytes=50_000, attempts=2, first_wait_s=0.01)
GOOD = Answer({"posts": []})
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _within_seconds() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 6


def client(service: Service, limits: WebLimits = QUICK, clock: Clock = CLOCK) -> WebClient:
    return WebClient("Lark", service.url, limits=limits, clock=clock)


def in_turn(*answers: Answer) -> Callable[[Asked], Answer]:
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def refused(answer: Answer, match: str, *, asked: int, limits: WebLimits = QUICK) -> SourceProblem:
    with serving(lambda _: answer) as service, client(service, limits) as lark:
        with pytest.raises(SourceProblem, match=match) as problem:
            lark.get("/posts", what="hashtag reeds")
        assert "hashtag reeds" in problem.value.problem
        assert problem.value.remedy
        assert len(service.asked) == asked
        return problem.value


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(status: int) -> None:
    with serving(lambda _: GOOD) as other:
        refused(Answer({}, status, {"location": f"{other.url}/posts"}), "sent us on to 127.0.0.1, which was refused", asked=1)
        assert not other.asked
    refused(Answer({}, status, {"location": "file:///etc/passwd"}), "sent us on to nowhere", asked=1)


def test_a_redirect_on_the_host_is_followed_and_a_circle_of_them_is_left() -> None:
    def app(asked: Asked) -> Answer:
        return GOOD if asked.path == "/new" else Answer({}, 301, {"location": "/new"})

    with serving(app) as service, client(service) as lark:
        assert lark.get("/posts").value == {"posts": []}
    refused(Answer({}, 302, {"location": "/posts"}), "sent us on more than 3 times", asked=4)


def test_only_https_but_for_this_machine() -> None:
    assert checked_base("https://lark.example/", "appview") == "https://lark.example"
    assert checked_base("http://127.0.0.1:2583", "appview") == "http://127.0.0.1:2583"
    assert checked_base("http://[::1]:2583", "appview")
    with pytest.raises(UsageProblem, match="is not encrypted"):
        checked_base("http://lark.example", "appview")
    for wrong in (
        "lark.example",
        "ftp://lark.example",
        "https://me:word@lark.example",
        "https://lark.example/?a=b",
        "https://[::1",
        "",
    ):
        with pytest.raises(UsageProblem, match="is no address"):
            checked_base(wrong, "appview")


def test_a_body_that_says_it_is_too_long_is_not_read() -> None:
    refused(Answer(body=b"", headers={"content-length": str(1 << 30)}), "a page of 1,073,741,824 bytes", asked=1)


def test_a_body_without_a_length_is_read_up_to_the_cap() -> None:
    sent: list[int] = []

    def endless(write: Callable[[bytes], None]) -> None:
        write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n")
        for _ in range(1 << 14):  # up to a gigabyte
            write(b" " * (1 << 16))
            sent.append(1 << 16)

    refused(Answer(raw=endless), "a page of more than 20,000 bytes", asked=1)
    assert sum(sent) < 64 << 20


def test_a_gzip_bomb_is_stopped() -> None:
    bomb = gzip.compress(b" " * (10 << 20), 9)
    assert len(bomb) < QUICK.body_bytes
    refused(Answer(body=bomb, headers={"content-encoding": "gzip"}), "unpack to more than 50,000", asked=1)


def test_packed_answers_are_read_and_broken_ones_tried_again() -> None:
    packed = gzip.compress(json.dumps({"posts": ["a"]}).encode())
    answers = [packed[:-9], packed[:30] + b"x" * 9, packed + b"more", packed]
    app = in_turn(*(Answer(body=body, headers={"content-encoding": "gzip"}) for body in answers))
    with serving(app) as service, client(service, WebLimits(attempts=4, first_wait_s=0.01)) as lark:
        assert lark.get("/posts").value == {"posts": ["a"]}
        assert len(service.asked) == 4
    refused(Answer(body=b"x", headers={"content-encoding": "br"}), "packs its answers as br", asked=1)


def drip(head: bytes, byte: bytes) -> Answer:
    def slowly(write: Callable[[bytes], None]) -> None:
        write(head)
        for _ in range(200):
            time.sleep(0.05)
            write(byte)

    return Answer(raw=slowly)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-long: ",
    ],
    ids=["body", "body without length", "headers"],
)
def test_a_slow_drip_is_cut_off(head: bytes) -> None:
    began = time.monotonic()
    refused(drip(head, b" "), "did not answer 2 times .*not at the end after", asked=2)
    assert time.monotonic() - began < 3


def test_silence_ends_at_the_read_time_out() -> None:
    refused(Answer(raw=lambda _: time.sleep(1)), "no byte in time", asked=2)


def test_nobody_there() -> None:
    with serving(lambda _: GOOD) as service:
        pass
    with client(service) as lark, pytest.raises(ServiceStopped, match="no connection"):
        lark.get("/posts")


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], None]:
    """Puts something in the place of the system's resolver for names; addresses are left to it."""
    real = socket.getaddrinfo

    def put(instead: Callable[..., Any]) -> None:
        def asked(host: Any, *rest: Any, **more: Any) -> Any:
            return instead(host) if str(host).endswith(".example") else real(host, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", asked)

    return put


@pytest.mark.parametrize("proxy", [None, "http://gate.example:3128"])
def test_a_resolver_that_hangs_ends_in_time_and_the_message_names_the_host(
    proxy: str | None, resolver: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def hang(host: str) -> list[Any]:
        released.wait(60)
        return []

    resolver(hang)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    if proxy:
        monkeypatch.setenv("https_proxy", proxy)
    began = time.monotonic()
    limits = WebLimits(connect_s=0.3, attempts=2, first_wait_s=0.01)
    host = "gate.example" if proxy else "lark.example"
    said = rf"did not answer 2 times \(reeds: no name server said within 0.3 s where {host} is"
    with WebClient("Lark", "https://lark.example", limits=limits) as lark, pytest.raises(ServiceStopped, match=said):
        lark.get("/posts", what="reeds")
    assert time.monotonic() - began < 2
    released.set()


def test_a_name_that_is_not_known_is_said(resolver: Callable[..., None]) -> None:
    def unknown(host: str) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    resolver(unknown)
    with (
        client(Service("https://lark.example")) as lark,
        pytest.raises(ServiceStopped, match=r"the name lark\.example was not found: Name"),
    ):
        lark.get("/posts")


def test_every_address_of_a_name_is_tried_within_the_time_for_one_connection(resolver: Callable[..., None]) -> None:
    """The first is reserved for documentation (RFC 5737) and answers nobody; without a route it fails at once."""
    with serving(lambda _: GOOD) as service:
        port = int(service.url.rpartition(":")[2])
        resolver(lambda _: [(0, 0, 0, "", (address, port)) for address in ("192.0.2.1", "192.0.2.1", "127.0.0.1")])
        began = time.monotonic()
        with WebClient("Lark", f"http://lark.example:{port}", limits=QUICK) as lark:
            assert lark.get("/posts").value == {"posts": []}
        assert time.monotonic() - began < 1 + QUICK.read_s


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", ""])
def test_what_is_no_json_by_its_type_is_refused(kind: str) -> None:
    refused(Answer(body=b"<html>", headers={"content-type": kind}), "instead of JSON", asked=1)


def test_json_that_was_cut_off_is_tried_again() -> None:
    whole = json.dumps({"posts": ["ä"]}, ensure_ascii=False).encode()
    with serving(in_turn(Answer(body=whole[:-3]), Answer(body=whole))) as service, client(service) as lark:
        assert lark.get("/posts").raw == whole
    refused(Answer(body=whole[:-3]), "cut off or is damaged", asked=2)
    refused(Answer(body=b"[" * 10_000), "cut off or is damaged", asked=2)

    def short(write: Callable[[bytes], None]) -> None:
        write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{}")

    refused(Answer(raw=short), "the line was dropped", asked=2)


def test_a_lone_surrogate_spoils_no_page() -> None:
    with serving(lambda _: Answer(body=b'{"posts": ["\\ud800"]}')) as service, client(service) as lark:
        assert lark.get("/posts").value == {"posts": ["\ud800"]}


def waits(*answers: Answer, limits: WebLimits = LIMITS) -> list[float]:
    """How long the client waited, in turn, until a good answer."""
    fake = FakeTime(NOW)
    with serving(in_turn(*answers, GOOD)) as service, client(service, limits, fake.clock) as lark:
        lark.get("/posts")
        lark.get("/posts")
    return [round(second, 3) for second in fake.slept]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 1),
        ({"retry-after": "17"}, 17),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "-5"}, 1),
        ({"retry-after": "soon"}, 1),
        ({"retry-after": "nan"}, 1),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=40), usegmt=True), "date": format_datetime(NOW, usegmt=True)}, 40),
        ({"ratelimit-reset": str(int(NOW.timestamp()) + 90), "date": format_datetime(NOW, usegmt=True)}, 90),
        ({"x-ratelimit-reset": "2026-03-02T12:02:00.000Z", "date": format_datetime(NOW, usegmt=True)}, 120),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 30), "date": format_datetime(NOW, usegmt=True)}, 30),
        ({"ratelimit-reset": "25"}, 25),
    ],
)  # fmt: skip
def test_429_waits_as_long_as_the_service_says(headers: dict[str, str], wait: float) -> None:
    assert waits(Answer({}, 429, headers)) == [wait]


def test_a_service_whose_clock_is_wrong_is_waited_for_by_its_own_clock() -> None:
    theirs = NOW + timedelta(days=3)
    told = {"date": format_datetime(theirs, usegmt=True), "ratelimit-reset": str(int(theirs.timestamp()) + 60)}
    assert waits(Answer({}, 429, told)) == [60]


def test_used_up_windows_are_waited_for_before_the_next_request() -> None:
    told = {
        "ratelimit-remaining": "0",
        "ratelimit-reset": str(int(NOW.timestamp()) + 200),
        "date": format_datetime(NOW, usegmt=True),
    }
    assert waits(Answer({}, headers=told)) == [200]
    assert waits(Answer({}, headers={**told, "ratelimit-remaining": "1"})) == []


def test_who_asks_for_an_hour_is_left_at_once() -> None:
    fake = FakeTime()
    with serving(lambda _: Answer({}, 429, {"retry-after": "3600"})) as service, client(service, WebLimits(), fake.clock) as lark:
        with pytest.raises(ServiceStopped, match="asks to be left alone for 3,600 s"):
            lark.get("/posts")
        assert (len(service.asked), fake.slept) == (1, [])


def test_a_burst_of_5xx_is_waited_out_with_doubling_pauses_and_given_up_in_the_end() -> None:
    burst = [Answer({}, status) for status in (500, 502, 503, 504)]
    assert waits(*burst) == [1, 2, 4, 8]
    fake = FakeTime()
    with serving(lambda _: Answer({}, 503)) as service, client(service, WebLimits(attempts=9), fake.clock) as lark:
        with pytest.raises(SourceProblem, match=r"did not answer 9 times \(/posts: status 503\)"):
            lark.get("/posts")
        assert max(fake.slept) == 60
        assert len(service.asked) == 9


def test_a_fetch_ends_in_time_and_after_so_many_requests() -> None:
    fake = FakeTime()
    limits = WebLimits(fetch_s=100, interval_s=30)
    with serving(lambda _: GOOD) as service, client(service, limits, fake.clock) as lark:
        with pytest.raises(ServiceStopped, match="asked for 100 s and was not at the end"):
            [lark.get("/posts") for _ in range(9)]
        assert len(service.asked) == 4
    with serving(lambda _: GOOD) as service, client(service, WebLimits(requests=3)) as lark:
        with pytest.raises(ServiceStopped, match="asked 3 times"):
            [lark.get("/posts") for _ in range(9)]
        assert len(service.asked) == 3


def test_a_credential_stands_in_no_message_and_is_taken_from_no_answer() -> None:
    key = "k3y-of-the-desk"
    with serving(in_turn(Answer({"error": f"bad {key}\x1b"}, 401), Answer({"echo": key}))) as service, client(service) as lark:
        lark.authorize("authorization", key, scheme="Bearer")
        with pytest.raises(ServiceStopped, match=r"bad \*\*\*·") as problem:
            lark.get("/posts")
        assert key not in str(problem.value)
        with pytest.raises(ServiceStopped, match="repeats our credential") as problem:
            lark.get("/posts")
        assert key not in str(problem.value)
        assert service.asked[0].headers["authorization"] == f"Bearer {key}"
        assert all(key not in f"{asked.path} {asked.params}" for asked in service.asked)


def test_cursors_that_go_in_circles_or_nowhere_are_left() -> None:
    way = Cursors("Lark", "hashtag reeds", 1_000)
    way.follow("a", 5)
    way.follow("b", 5)
    with pytest.raises(SourceProblem, match="leads back to a page that was read already"):
        way.follow("a", 5)
    way = Cursors("Lark", "hashtag reeds", 1_000)
    assert way.new(["1", "2"]) == 2
    assert way.new(["2", "2"]) == 0
    with pytest.raises(SourceProblem, match="bring nothing new"):
        [way.follow(str(page), 0) for page in range(BARREN_PAGES)]
    way = Cursors("Lark", "hashtag reeds", 3)
    with pytest.raises(SourceProblem, match="more than 3 pages"):
        [way.follow(str(page), 1) for page in range(9)]


def queries(service: Service, *names: str) -> tuple[list[Query], WebClient]:
    lark = client(service)

    def run(name: str) -> Iterator[PageAnswer]:
        for page in ("1", "2"):
            yield PageAnswer({"q": name}, lark.get("/posts", [("q", name), ("page", page)], what=name), 1, page == "1")

    return [Query(name, name, lambda name=name: run(name)) for name in names], lark  # type: ignore[misc]


def test_one_query_that_fails_costs_no_other_and_the_fetch_says_which() -> None:
    def app(asked: Asked) -> Answer:
        return Answer({}, 400) if (asked.one("q"), asked.one("page")) == ("reeds", "2") else GOOD

    pages: list[Page] = []
    with serving(app) as service:
        asked, lark = queries(service, "larks", "reeds", "terns")
        with lark, pytest.raises(SourceProblem, match=r"1 of 3 queries were not answered to the end: reeds\. Lark refused"):
            pages.extend(ask_all(asked, "lark", NOW, NOW))
    assert [page.effort.query_id for page in pages] == ["larks", "larks", "reeds", "terns", "terns"]
    assert not any(page.effort.finished for page in pages)


def test_only_the_last_page_of_a_whole_fetch_is_where_the_next_begins() -> None:
    with serving(lambda _: GOOD) as service:
        asked, lark = queries(service, "larks", "reeds")
        with lark:
            assert [page.effort.finished for page in ask_all(asked, "lark", NOW, NOW)] == [False, False, False, True]


def test_after_three_failures_in_a_row_or_a_refusal_of_us_nothing_more_is_asked() -> None:
    names = ("a", "b", "c", "d", "e")
    for status, asked_for in ((400, 3), (403, 1)):
        with serving(lambda _, status=status: Answer({}, status)) as service:  # type: ignore[misc]
            asked, lark = queries(service, *names)
            with lark, pytest.raises(SourceProblem, match="5 of 5 queries were not answered to the end: a, b, c, d, e"):
                list(ask_all(asked, "lark", NOW, NOW))
            assert len(service.asked) == asked_for
