"""A small world for the fault matrix: a service, an S3 server, mail servers, bad lines to all of them, and a driver that runs commands."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import reeds
from fault_proxy import FaultProxy
from mail_samples import Mailbox, RunningServer
from reeds import BRIEFED, CAMPAIGN, FETCHED, PERIOD, RECIPIENTS, START, TLP
from seaweedfs import BUCKET, WRITER, S3Server
from smtp_proxy import SmtpProxy
from web_service import serving

from tasks.deliver.outbox import read_outbox
from tasks.domain.periods import Cutoff
from tasks.domain.ports import ObjectStore
from tasks.store.bundles import latest
from tasks.store.keys import bundle_prefix, outbox_prefix
from tasks.store.lake import batch_records
from tasks.store.local import LocalStore
from tasks.store.verify import verify_bundle
from tasks.store.visible import read_posts, read_quarantine

HERE = Path(__file__).resolve().parent
COLLECT = ["collect", CAMPAIGN, "--since", START.isoformat(), "--until", FETCHED.isoformat()]
BRIEF = ["brief", CAMPAIGN, "--period", PERIOD, "--deliver"]
LATER = timedelta(hours=1)  # beyond the lease of a claim


@dataclass(frozen=True)
class Ran:
    """How a run ended: exit code, or minus the signal; what it printed."""

    code: int
    said: str
    s: float


@dataclass
class Place:
    """One workspace and what belongs to it on this machine. `disk`: a small file system of its own, where it has one."""

    folder: Path
    address: str
    store: ObjectStore
    disk: Path | None = None

    def left(self) -> list[str]:
        """What lies in temporary places."""
        temporary = [self.folder / "tmp", *([Path(self.address) / ".tmp"] if not self.address.startswith("s3:") else [])]
        return sorted(path.name for folder in temporary if folder.is_dir() for path in folder.iterdir())


@dataclass(frozen=True)
class Made:
    """What a run without accidents leaves."""

    facts: bytes
    pdf: bytes
    edition: str
    passages: Counter[str]  # "step when" -> how often


@dataclass
class World:
    """Everything a cell needs; made by `world`. `mail` reads the messages that arrived: (recipient, briefing id)."""

    folder: Path
    driver: "subprocess.Popen[str]"
    view: Any
    web: FaultProxy
    s3_server: S3Server | None
    s3: FaultProxy | None
    box: Mailbox
    smtp: SmtpProxy
    mail_port: int  # of the line to the mail server
    box_port: int  # of the server itself
    made: Made | None = None
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(10**9)))
    postfix: Any = None
    engine: bool = False
    usual_s: float = 0  # a run without accidents

    def heal(self) -> None:
        """All lines and servers are well."""
        self.web.heal()
        self.smtp.heal()
        self.view.fail, self.view.served = {}, 0
        self.box.on_rcpt, self.box.on_mail, self.box.on_data, self.box.drop_at_data = {}, "250 OK", "250 queued as 1", False
        if self.s3:
            self.s3.heal()
        if self.postfix:
            self.postfix.answer({})

    def mails(self) -> Counter[str]:
        """How many messages each recipient got since the last `forget`."""
        taken = [(to, data) for to, data in self.box.taken]
        if self.postfix:
            taken += self.postfix.messages()
        for to, data in taken:
            message = message_from_bytes(data, policy=policy.default)
            if message["To"] != to or not message["X-Briefing-Id"]:
                raise AssertionError(f"a message for {message['To']} reached {to}")
        return Counter(to for to, _ in taken)

    def forget(self) -> None:
        self.box.taken.clear()
        if self.postfix:
            self.postfix.empty()

    def place(self, kind: str, *, disk: bool = False) -> Place:
        folder = self.folder / f"cell-{next(self.numbers)}"
        (folder / "tmp").mkdir(parents=True)
        text = reeds.campaign_file(f"http://127.0.0.1:{self.web.port}").encode()
        if kind == "s3":
            assert self.s3_server is not None
            prefix = f"{self.folder.parent.name}-{self.folder.name}-{folder.name}"  # matrix and kills share one server
            store: ObjectStore = self.s3_server.open(f"s3://{BUCKET}/{prefix}", folder / "own-cache")
            store.create(f"campaigns/{CAMPAIGN}.yml", text)
            return Place(folder, f"s3://{BUCKET}/{prefix}", store)
        small = folder / "disk"
        small.mkdir()
        mounted = disk and _mount(small)
        if mounted:
            (folder / "tmp").rmdir()
            (small / "tmp").mkdir()
            (folder / "tmp").symlink_to(small / "tmp")
        root = small / "w"
        (root / "campaigns").mkdir(parents=True)
        (root / "campaigns" / f"{CAMPAIGN}.yml").write_bytes(text)
        return Place(folder, str(root), LocalStore(root), small if mounted else None)

    def gone(self, place: Place) -> None:
        if place.disk:
            subprocess.run(["/bin/umount", "-l", str(place.disk)], check=False)
        shutil.rmtree(place.folder, ignore_errors=True)

    def ask(
        self, place: Place, fault: dict[str, Any] | None = None, *, later: timedelta = timedelta(), env: dict[str, str] | None = None,
        commands: Sequence[list[str]] = (COLLECT, BRIEF), **more: Any,
    ) -> None:  # fmt: skip
        """Begin a run; `wait` tells how it ended."""
        out = place.folder / "out"
        out.unlink(missing_ok=True)
        clocks = [FETCHED if command is COLLECT else BRIEFED + later for command in commands]
        asked = {
            "commands": list(commands), "clock": [clock.isoformat() for clock in clocks], "fault": fault, "out": str(out),
            "env": {**self._environment(place), **(env or {})}, "renders": str(self.folder / "renders"), "disk": str(place.disk), **more,
        }  # fmt: skip
        assert self.driver.stdin is not None
        self.driver.stdin.write(json.dumps(asked) + "\n")
        self.driver.stdin.flush()
        self._out = out

    def wait(self) -> Ran:
        assert self.driver.stdout is not None
        line = self.driver.stdout.readline()
        if not line:
            raise RuntimeError("the driver is gone")
        answer = json.loads(line)
        said = self._out.read_text(errors="replace") if self._out.exists() else ""
        return Ran(os.waitstatus_to_exitcode(answer["status"]), said, answer["s"])

    def run(self, place: Place, fault: dict[str, Any] | None = None, **more: Any) -> Ran:
        """Collect and brief, with delivery, with this fault."""
        self.ask(place, fault, **more)
        return self.wait()

    def _environment(self, place: Place) -> dict[str, str]:
        found = {
            "RESURGE_WORKSPACE": place.address, "RESURGE_STATE_DIR": str(place.folder / "state"), "TMPDIR": str(place.folder / "tmp"),
            "RESURGE_CACHE_DIR": str(place.folder / "cache"), "RESURGE_AUDIENCES": json.dumps(reeds.AUDIENCES), "RESURGE_MAIL": "smtp",
            "RESURGE_SMTP_HOST": "127.0.0.1", "RESURGE_SMTP_PORT": str(self.mail_port), "RESURGE_SMTP_SECURITY": "none",
            "RESURGE_SMTP_TIMEOUT_S": "2",
        }  # fmt: skip
        if self.s3:
            found |= {
                "AWS_ACCESS_KEY_ID": WRITER[0], "AWS_SECRET_ACCESS_KEY": WRITER[1], "RESURGE_S3_TIMEOUT_S": "1.5",
                "RESURGE_S3_ENDPOINT_URL": f"http://127.0.0.1:{self.s3.port}",
            }  # fmt: skip
        return found

    def reference(self) -> Made:
        """The run without accidents, once; its PDF is really rendered."""
        place = self.place("local")
        trace = place.folder / "trace"
        ran = self.run(place, trace=str(trace), engine=self.engine)
        self.usual_s = ran.s
        if ran.code != 0:
            raise RuntimeError(f"the run without accidents failed:\n{ran.said}")
        pointer = latest(place.store, CAMPAIGN, PERIOD, TLP)
        assert pointer is not None
        facts, pdf = bundle(place.store, pointer.edition)
        self.made = Made(facts, pdf, pointer.edition, Counter(trace.read_text().splitlines()))
        if problems := wrong(self, place):
            raise RuntimeError(f"the run without accidents: {problems}")
        self.gone(place)
        self.forget()
        return self.made


def bundle(store: ObjectStore, edition: str) -> tuple[bytes, bytes]:
    prefix = bundle_prefix(CAMPAIGN, PERIOD, TLP, edition)
    found = [store.read(f"{prefix}/{name}") for name in ("facts.json", "briefing.pdf")]
    return tuple(stored.data if stored else b"" for stored in found)  # type: ignore[return-value]


def wrong(world: World, place: Place, *, held: bool = False, other_facts: bool = False, tidy: bool = True) -> list[str]:
    """What is not as it must be once a clean run came through; empty = passed.

    `held`: recipients may be held, and those without a message. `other_facts`: posts came in several batches, so the facts differ in their
    books (and in nothing else).
    """
    made = world.made
    assert made is not None
    problems = [*_posts(world, place.store), *_edition(place.store, made, other_facts), *_mails(world, place.store, held)]
    if tidy and (left := place.left()):
        problems.append(f"left in temporary places: {left[:4]}")
    return problems


def _posts(world: World, store: ObjectStore) -> list[str]:
    asked = sorted(post["uri"] for post in world.view.posts)
    late = Cutoff(end=BRIEFED, as_of=BRIEFED)
    seen = list(read_posts(store, CAMPAIGN, late, columns=["platform", "post_id"])["post_id"])
    refused = (
        len(read_quarantine(store, CAMPAIGN).query("table == 'posts'").drop_duplicates("raw"))
        if batch_records(store, CAMPAIGN)
        else 0
    )
    wanted = [uri for uri in asked if uri in set(seen)]
    problems = []
    if len(seen) != len(set(seen)) or sorted(seen) != wanted or len(seen) != len(asked) - reeds.REFUSED:
        problems.append(
            f"{len(seen)} posts are visible, {len(set(seen))} different, of {len(asked)} of which {reeds.REFUSED} are refused"
        )
    if refused != reeds.REFUSED:
        problems.append(f"{refused} posts in quarantine instead of {reeds.REFUSED}")
    for record in batch_records(store, CAMPAIGN):
        for table, landed in record.rows_landed.items():
            kept = record.rows_accepted[table] + sum(record.rows_quarantined.get(table, {}).values()) + record.rows_collapsed[table]
            if landed != kept:
                problems.append(f"the books of {table} do not balance: {landed} landed, {kept} accounted for")
    return problems


def _edition(store: ObjectStore, made: Made, other_facts: bool) -> list[str]:
    pointer = latest(store, CAMPAIGN, PERIOD, TLP)
    if pointer is None:
        return ["there is no briefing"]
    problems = list(verify_bundle(store, bundle_prefix(CAMPAIGN, PERIOD, TLP, pointer.edition)))
    manifests = [info.key for info in store.entries(f"briefings/{CAMPAIGN}") if info.key.endswith("/manifest.json")]
    if len(manifests) != 1:
        problems.append(f"{len(manifests)} editions")
    if pointer.fence != 1:
        problems.append(f"the pointer moved {pointer.fence} times")
    facts, pdf = bundle(store, pointer.edition)
    if other_facts:
        if measured(facts) != measured(made.facts):
            problems.append("what was measured differs")
    elif (facts, pdf, pointer.edition) != (made.facts, made.pdf, made.edition):
        problems.append("facts.json or the PDF has other bytes")
    return problems


def measured(facts: bytes) -> dict[str, Any]:
    """The facts without the books of batches and what is counted from them."""
    found: dict[str, Any] = orjson.loads(facts)
    kept = ("activity", "coordination", "narratives", "behaviour", "impact", "takedowns")
    return {name: found[name] for name in kept}


def _mails(world: World, store: ObjectStore, held: bool) -> list[str]:
    got, records = world.mails(), read_outbox(store, outbox_prefix(CAMPAIGN, PERIOD, TLP))
    states = Counter(record.state for record in records)
    problems = [f"{to} got {number} messages" for to, number in got.items() if number > 1 or to not in RECIPIENTS]
    missing = [to for to in RECIPIENTS if to not in got]
    if len(records) != len(RECIPIENTS):
        problems.append(f"{len(records)} outbox records")
    if held:
        if states["sent"] + states["held"] != len(RECIPIENTS) or states["held"] < 1 or len(missing) > states["held"]:
            problems.append(f"outbox {dict(states)}, without a message {len(missing)}")
    elif missing or states["sent"] != len(RECIPIENTS):
        problems.append(f"outbox {dict(states)}, without a message {len(missing)}")
    return problems


def _mount(folder: Path) -> bool:
    done = subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, check=False)
    return done.returncode == 0


def driver(*options: str, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    """Start the process that runs commands; it answers `ready` once it is warm."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RESURGE_", "PREFECT_", "AWS_"))}
    started = subprocess.Popen(
        [sys.executable, str(HERE / "faulty_driver.py"), *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**kept, **(env or {})},
    )  # fmt: skip
    assert started.stdout is not None
    if started.stdout.readline() != "ready\n":
        raise RuntimeError("the driver did not start")
    return started


@contextlib.contextmanager
def world(
    folder: Path, s3_server: S3Server | None, *, options: Sequence[str] = (), env: dict[str, str] | None = None
) -> Iterator[World]:
    """A world in `folder`, which should be in memory; its reference run is made."""
    (folder / "renders").mkdir(parents=True)
    box, view = Mailbox(), reeds.service()
    with contextlib.ExitStack() as stack:
        mail = RunningServer(box)
        mail.start()
        stack.callback(mail.stop)
        service = stack.enter_context(serving(view))
        web = stack.enter_context(FaultProxy(urlsplit(service.url).port or 0))
        smtp = stack.enter_context(SmtpProxy(mail.port))
        s3 = stack.enter_context(FaultProxy(s3_server.port)) if s3_server else None
        started = driver(*options, env=env)
        stack.callback(_end, started)
        made = World(folder, started, view, web, s3_server, s3, box, smtp, smtp.port, mail.port, engine="--engine" in options)
        made.reference()
        yield made


def _end(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
