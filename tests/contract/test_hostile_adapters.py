"""Every live source against a service that misbehaves: bounded in time, bytes and requests, and a sentence that names the service.

What each kind of misbehaviour comes to in the one client stands in test_hostile_services.py; here it is held of every adapter, as it is
made for `collect` and for `resurge doctor`.
"""

import gzip
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from web_service import Answer, serving

from flows.commands.reach import reach
from tasks.domain.campaign import SourceSpec
from tasks.domain.errors import ResurgeError, SourceProblem
from tasks.fetch.adapters import Adapter, Installation, adapters
from tasks.fetch.web.limits import Clock, WebLimits
from tasks.fetch.web.queries import GIVE_UP_AFTER

BASES = ("appview", "service", "instance")  # the options that name a service's address
LIMITS = WebLimits(connect_s=1, read_s=0.2, request_s=0.3, body_bytes=20_000, unpacked_bytes=50_000, attempts=2, first_wait_s=0.01)
WAITS_NOT = Clock(sleep=lambda _: None)
SERVICES = [pytest.param(one, id=kind) for kind, one in adapters().items() if set(BASES) & set(one.options.model_fields)]
SECRET = "Zq7-reed-lark-0451"


def endless(write: Callable[[bytes], None]) -> None:
    write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n")
    for _ in range(1 << 14):  # up to a gigabyte
        write(b" " * (1 << 16))


def dripping(write: Callable[[bytes], None]) -> None:
    write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n")
    for _ in range(40):
        time.sleep(0.05)
        write(b" ")


MISBEHAVIOUR = {
    "redirect to another host": Answer({}, 302, {"location": "http://127.0.0.9:9/"}),
    "a body that says it has 1 GB": Answer(body=b"", headers={"content-length": str(1 << 30)}),
    "an endless body": Answer(raw=endless),
    "a slow drip": Answer(raw=dripping),
    "a gzip bomb": Answer(body=gzip.compress(b" " * (10 << 20), 9), headers={"content-encoding": "gzip"}),
    "another content type": Answer(body=b"<html>", headers={"content-type": "text/html"}),
    "429 without Retry-After": Answer({}, 429),
    "429 with Retry-After": Answer({}, 429, {"retry-after": "3600"}),
    "5xx": Answer({}, 503),
    "truncated JSON": Answer(body=b'{"data": [{"id": "1", "te'),
    "JSON of another kind": Answer("posts"),
    "a dropped line": Answer(raw=lambda _: None),
}


def options_of(adapter: Adapter, address: str) -> dict[str, Any]:
    """Those of its example, with every credential, at `address`."""
    fields = adapter.options.model_fields
    named = {credential.option: "desk" for credential in adapter.declaration.credentials}
    handle = {"handle": "desk.example"} if "handle" in fields else {}
    there = {name: address for name in BASES if name in fields}
    return {**yaml.safe_load(adapter.example(["harbour", "quay"])), **named, **handle, **there}


@pytest.fixture(autouse=True)
def _within_seconds() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("how", MISBEHAVIOUR)
@pytest.mark.parametrize("adapter", SERVICES)
def test_a_source_leaves_a_service_that_misbehaves(adapter: Adapter, how: str, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with serving(lambda _: MISBEHAVIOUR[how]) as service:
        ours = Installation(lambda _: SECRET, tmp_path, limits=LIMITS, clock=WAITS_NOT)
        asked = adapter.source(options_of(adapter, service.url), ours)
        with pytest.raises(SourceProblem) as problem:
            list(asked.pages(now - timedelta(hours=1), now))
        assert 1 <= len(service.asked) <= LIMITS.attempts * (GIVE_UP_AFTER + 1)  # and a login
    said = f"{problem.value.problem} {problem.value.remedy}"
    assert adapter.declaration.title in said
    assert SECRET not in said


@pytest.mark.parametrize("adapter", SERVICES)
def test_doctor_says_what_is_wrong_with_a_credential(adapter: Adapter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESURGE_SECRET_DESK", SECRET)
    with serving(lambda asked: Answer({"error": f"not you: {asked.headers}"}, 401)) as service:
        with pytest.raises(ResurgeError, match=r"refused (with status 401|the login)") as problem:
            reach(SourceSpec(name="live", kind=adapter.kind, options=options_of(adapter, service.url)))
        assert len(service.asked) == 1
    assert adapter.declaration.title in problem.value.problem
    assert SECRET not in f"{problem.value.problem} {problem.value.remedy}"
    assert problem.value.remedy
