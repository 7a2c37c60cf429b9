"""Seeded simulation of the effects behind their ports: several runs at once, every call of a port a place where another run may go on.

The functions of the product land, commit, publish, point and deliver over a store and a mailer in memory. A seed decides who goes on,
what breaks (answers lost, refusals, deaths before and after a write, messages of unknown fate), how far each machine's clock is off and
when leases end. Dead runs are begun again. When all are through, one clean run follows, and `Broken` says what must hold and does not.

`python tests/faults/simulation.py SEED [--mutant NAME]` replays one schedule and prints every step.
"""

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Literal
from unittest import mock

from greenlet import getcurrent, greenlet

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

from tasks.deliver import delivery, outbox  # noqa: E402
from tasks.deliver.delivery import DeliveryOutcome, Edition, Policy, Recipient  # noqa: E402
from tasks.domain.batches import BatchIdentity, BatchRecord, LakeFile, RawObject  # noqa: E402
from tasks.domain.bundles import Pointer  # noqa: E402
from tasks.domain.errors import ResurgeError, StaleWrite, WorkspaceProblem, WriteConflict  # noqa: E402
from tasks.domain.ports import Handover, ObjectInfo, Stored  # noqa: E402
from tasks.store import bundles, lake  # noqa: E402
from tasks.store.keys import bundle_prefix, lake_key, outbox_key, pointer_key, raw_key  # noqa: E402

CAMPAIGN, PERIOD, TLP = "reeds", "2024-W45", "AMBER"
POINTER = pointer_key(CAMPAIGN, PERIOD, TLP)
T0 = datetime(2024, 11, 13, tzinfo=UTC)
PEOPLE = (Recipient("ana@example.org", "AMBER"), Recipient("ben@example.org", "RED"))
KINDS = ("scheduled", "manual", "backfill", "twin", "correction", "later")
RATES = (0.0, 0.02, 0.08, 0.25)
RESTARTS = 3


class Broken(AssertionError):
    """A promise that does not hold after a schedule."""


class Killed(BaseException):
    """The run died here."""


class Simulation:
    """One schedule. `journal` is kept where it is asked for."""

    def __init__(self, seed: int, *, keep: bool = False) -> None:
        self.random = Random(seed)  # noqa: S311
        self.seed, self.journal = seed, [] if keep else None
        self.rate = self.random.choice(RATES)
        self.resend = self.random.random() < 0.2
        self.now = T0
        self.objects: dict[str, tuple[bytes, int]] = {}
        self.delivered: Counter[tuple[str, int]] = Counter()
        self.calm = False
        self.steps = self.faults = self.deaths = self.nonces = 0
        self.hub = getcurrent()
        self.landed: set[str] = set()

    def say(self, *words: object) -> None:
        if self.journal is not None:
            self.journal.append(" ".join(map(str, words)))

    def turn(self, what: str) -> str:
        """Let somebody else go on, and say what goes wrong with this call: "", "lost", "down", "dies before" or "dies after"."""
        self.steps += 1
        if self.calm:
            return ""
        self.hub.switch()
        if self.random.random() >= self.rate:
            return ""
        self.faults += 1
        fault = self.random.choice(("lost", "lost", "down", "dies before", "dies after"))
        self.say(f"  {what}: {fault}")
        if fault == "dies before":
            raise Killed
        return fault

    def run(self) -> None:
        """Interleave the actors, then one clean run; raises Broken."""
        kinds = ["scheduled", *(self.random.choice(KINDS) for _ in range(self.random.choice((1, 1, 2, 3))))]
        actors = [Actor(self, kind, number) for number, kind in enumerate(kinds)]
        waiting = [(actor, greenlet(actor.go)) for actor in actors]
        restarts = RESTARTS
        while waiting:
            place = self.random.randrange(len(waiting))
            actor, running = waiting[place]
            self.now += timedelta(seconds=1 if self.random.random() < 0.98 else self.random.randrange(60, 2400))
            running.switch()
            if not running.dead:
                continue
            waiting.pop(place)
            if actor.died and restarts and self.random.random() < 0.8:
                restarts -= 1
                self.say(f"{actor.name} begins again")
                waiting.append((actor, greenlet(actor.go)))
        self.calm = True
        self.now += timedelta(hours=2)
        self._settle(actors)

    def _settle(self, actors: list["Actor"]) -> None:
        last = actors[0]
        last.skew, last.pages = timedelta(), 2
        pointer = bundles.latest(last.store, CAMPAIGN, PERIOD, TLP)
        if pointer is not None:
            last.as_named(pointer)
        last.go()
        check(self, last)


class SimulatedStore:
    """An ObjectStore in memory whose every call is a turn. Reads after a write see it."""

    address = "simulation"

    def __init__(self, simulation: Simulation, name: Callable[[], str]) -> None:
        self.simulation, self.name = simulation, name

    def read(self, key: str) -> Stored | None:
        if self.simulation.turn(f"{self.name()} reads {key}"):
            raise WorkspaceProblem("no answer", remedy="")
        found = self.simulation.objects.get(key)
        return Stored(found[0], str(found[1])) if found else None

    def create(self, key: str, data: bytes | Path) -> Literal["created", "present"]:
        assert isinstance(data, bytes)
        fault = self.simulation.turn(f"{self.name()} creates {key}")
        if fault == "down":
            raise WorkspaceProblem("away", remedy="")
        found = self.simulation.objects.get(key)
        if found and found[0] != data:
            raise WriteConflict("other bytes", remedy="")
        if not found:
            self._write(key, data, 0)
        self._after(fault)
        return "present" if found else "created"

    def swap(self, key: str, data: bytes, *, expected: str | None) -> str:
        fault = self.simulation.turn(f"{self.name()} swaps {key}")
        if fault == "down":
            raise WorkspaceProblem("away", remedy="")
        found = self.simulation.objects.get(key)
        if (str(found[1]) if found else None) != expected:
            raise StaleWrite("stale", remedy="")
        self._write(key, data, found[1] if found else 0)
        if fault == "lost" and self.simulation.random.random() < 0.5:
            raise StaleWrite("the client's own retry met its own write", remedy="")
        self._after(fault)
        return str(self.simulation.objects[key][1])

    def entries(self, prefix: str) -> Iterator[ObjectInfo]:
        for key in sorted(self.simulation.objects):
            if key.startswith(f"{prefix}/"):
                yield ObjectInfo(key, 0, str(self.simulation.objects[key][1]))

    def local_path(self, key: str) -> Path:
        raise NotImplementedError

    def _write(self, key: str, data: bytes, version: int) -> None:
        before = self.simulation.objects.get(key)
        self.simulation.objects[key] = (data, version + 1)
        self.simulation.say(f"  {self.name()} wrote {key}")
        watch(self.simulation, key, before[0] if before else None, data)

    @staticmethod
    def _after(fault: str) -> None:
        if fault == "dies after":
            raise Killed
        if fault == "lost":
            raise WorkspaceProblem("no answer", remedy="")


class SimulatedMailer:
    """A Mailer whose message may arrive or not, whatever its answer."""

    kind = "simulated"

    def __init__(self, simulation: Simulation, actor: "Actor") -> None:
        self.simulation, self.actor = simulation, actor

    def send(self, message: EmailMessage, recipient: str) -> Handover:
        fault = self.simulation.turn(f"{self.actor.name} mails {recipient}")
        if fault == "down":
            outcome: Literal["deferred", "refused"] = self.simulation.random.choice(("deferred", "deferred", "refused"))
            return Handover(outcome, outcome)
        if fault != "lost" or self.simulation.random.random() < 0.5:
            self.simulation.delivered[recipient, int(message["X-Number"])] += 1
            self.simulation.say(f"  {recipient} got number {message['X-Number']}")
        if fault == "dies after":
            raise Killed
        return Handover("unknown", "the line dropped") if fault == "lost" else Handover("accepted", "250")


class Actor:
    """One run: it lands, commits, publishes, and delivers unless it is a backfill. A twin repeats the scheduled run byte by byte but for
    its Parquet files; a manual run has other words for the same cut-off; a correction supersedes; a later run knows more."""

    def __init__(self, simulation: Simulation, kind: str, number: int) -> None:
        self.simulation, self.kind, self.name = simulation, kind, f"{kind}-{number}"
        self.store = SimulatedStore(simulation, lambda: self.name)
        self.skew = timedelta(minutes=simulation.random.choice((0, 0, -20, 7, 30)))
        self.as_of = T0 + timedelta(days=1 if kind == "later" else 0)
        words = {"scheduled": "first", "twin": "first", "backfill": "first"}.get(kind, self.name)
        self.facts = b'{"says": "' + words.encode() + b'"}'
        self.pages = 2 if kind in ("later", "manual") else 1
        self.died = False
        self.outcomes: tuple[DeliveryOutcome, ...] = ()

    def as_named(self, pointer: Pointer) -> None:
        """Make the edition that the pointer names, as the code and data that made it would again."""
        prefix = bundle_prefix(CAMPAIGN, PERIOD, TLP, pointer.edition)
        self.facts, self.as_of, self.kind = self.simulation.objects[f"{prefix}/facts.json"][0], pointer.as_of, "clean"

    def go(self) -> None:
        self.died = False
        try:
            self._collect()
            self._brief()
        except Killed:
            self.died = True
            self.simulation.deaths += 1
            self.simulation.say(f"{self.name} dies")
        except ResurgeError as problem:
            self.died = True
            self.simulation.say(f"{self.name} fails: {problem.problem}")
            if self.simulation.calm:
                raise Broken(f"the clean run failed: {problem}") from problem

    def _collect(self) -> None:
        """Two pages, a batch each: the first is everybody's, the second of a later fetch."""
        for page in range(self.pages):
            data = f"page {page}".encode()
            sha256 = hashlib.sha256(data).hexdigest()
            raw = RawObject(key=raw_key(CAMPAIGN, "live", sha256, "json"), sha256=sha256, size=len(data))
            self.store.create(raw.key, data)
            self.simulation.landed.add(sha256)
            record = self._batch(raw)
            if lake.batch_record(self.store, CAMPAIGN, record.batch_id) is None:
                self.store.create(record.files[0].key, record.files[0].sha256.encode())
                lake._commit(self.store, record)

    def _batch(self, raw: RawObject) -> BatchRecord:
        identity = BatchIdentity(
            campaign=CAMPAIGN, source="live", capture_rule="live", format="json", parser_version="1", raw_sha256=(raw.sha256,)
        )
        parquet = hashlib.sha256(f"{raw.sha256} {self.kind == 'twin'}".encode()).hexdigest()
        file = LakeFile(table="posts", key=lake_key("posts", CAMPAIGN, identity.batch_id, parquet), sha256=parquet, size=1, rows=1)
        return BatchRecord(
            batch_id=identity.batch_id, identity=identity, raw=(raw,), files=(file,), rows_landed={"posts": 1},
            rows_accepted={"posts": 1}, rows_quarantined={}, rows_collapsed={"posts": 0},
        )  # fmt: skip

    def _brief(self) -> None:
        current = bundles.latest(self.store, CAMPAIGN, PERIOD, TLP)
        published = bundles.publish_bundle(
            self.store, campaign=CAMPAIGN, period_path=PERIOD, tlp=TLP, facts=self.facts, files={"briefing.pdf": b"%PDF " + self.facts},
            as_of=self.as_of, batch_ids=(), predecessor=None,
            supersedes=current.edition if self.kind == "correction" and current else None,
        )  # fmt: skip
        if self.kind == "backfill":
            return
        facts = SimpleNamespace(campaign=SimpleNamespace(slug=CAMPAIGN, tlp=TLP), period=SimpleNamespace(key=PERIOD))
        number = published.pointer.corrections + 1
        edition = Edition(facts, published.edition, PERIOD, number, None, None)  # type: ignore[arg-type]
        self.outcomes = delivery.deliver(
            self.store, edition, PEOPLE, SimulatedMailer(self.simulation, self),
            Policy(sender="desk@example.org", resend_unknown=self.simulation.resend), key_of=outbox_key, pseudonym_key=b"k" * 32,
            is_latest=self._is_latest, clock=lambda: self.simulation.now + self.skew, nonce_factory=self._nonce,
        )  # fmt: skip

    def _is_latest(self, edition: str) -> bool:
        pointer = bundles.latest(self.store, CAMPAIGN, PERIOD, TLP)
        return pointer is not None and pointer.edition == edition

    def _nonce(self) -> str:
        self.simulation.nonces += 1
        return f"nonce-{self.simulation.nonces}"


def _message(_facts: Any, *, recipient: str, delivery_no: int, **_rest: Any) -> dict[str, str]:
    """In the place of a whole message, which takes a hundred times as long to compose as all else here."""
    return {"Subject": f"[TLP:{TLP}] briefing", "To": recipient, "X-Number": str(delivery_no)}


def watch(simulation: Simulation, key: str, before: bytes | None, after: bytes) -> None:
    """What must hold at every single write."""
    if key == POINTER:
        new, old = Pointer.model_validate_json(after), Pointer.model_validate_json(before) if before else None
        _pointer(simulation, old, new)
    elif "/outbox/" in key:
        record = outbox.OutboxRecord.model_validate_json(after)
        if before:
            was = outbox.OutboxRecord.model_validate_json(before)
            if was.state in ("sent", "refused") and record.state != was.state:
                raise Broken(f"{key} went from {was.state} to {record.state}")
    elif before is not None and before != after:
        raise Broken(f"{key} was written twice with other bytes")
    elif key.endswith("/manifest.json"):
        folder = key.removesuffix("/manifest.json")
        if any(f"{folder}/{name}" not in simulation.objects for name in ("facts.json", "briefing.pdf")):
            raise Broken(f"{key} commits files that are not there")
    elif key.startswith("lake/batches/"):
        record_of = BatchRecord.model_validate_json(after)
        if any(name not in simulation.objects for name in (record_of.raw[0].key, record_of.files[0].key)):
            raise Broken(f"{key} lists files that are not there")


def _pointer(simulation: Simulation, old: Pointer | None, new: Pointer) -> None:
    if f"{bundle_prefix(CAMPAIGN, PERIOD, TLP, new.edition)}/manifest.json" not in simulation.objects:
        raise Broken("the pointer names an edition that is not published")
    if old is None:
        return
    if new.fence != old.fence + 1:
        raise Broken(f"the fence went from {old.fence} to {new.fence}")
    if new.as_of < old.as_of or (new.as_of == old.as_of and new.supersedes != old.edition):
        raise Broken("the pointer went back, or sideways unasked")
    if new.corrections != old.corrections + (new.supersedes is not None):
        raise Broken("a correction was not counted")


def check(simulation: Simulation, last: Actor) -> None:
    """What must hold when everything came to rest."""
    records = [
        BatchRecord.model_validate_json(data) for key, (data, _) in simulation.objects.items() if key.startswith("lake/batches/")
    ]
    posts = Counter(sha256 for record in records for sha256 in record.identity.raw_sha256)
    if posts != Counter(simulation.landed):
        raise Broken(f"landed {len(simulation.landed)} pages, {dict(posts)} are in batches")
    pointer = Pointer.model_validate_json(simulation.objects[POINTER][0])
    for (recipient, number), count in simulation.delivered.items():
        if count > 1 and not simulation.resend:
            raise Broken(f"{recipient} got number {number} {count} times")
    number = pointer.corrections + 1
    if len(last.outcomes) != len(PEOPLE):
        raise Broken("not every recipient has an outcome")
    for outcome in last.outcomes:
        recipient = PEOPLE[outcome.position - 1].address
        got = simulation.delivered[recipient, number]
        if outcome.state in ("sent", "already sent") and got == 0:
            raise Broken(f"{recipient} counts as sent and got nothing")
        if outcome.state not in ("sent", "already sent", "held", "refused"):
            raise Broken(f"{recipient} is {outcome.state} after a clean run")
        if outcome.state == "held" and simulation.resend:
            raise Broken(f"{recipient} is held although the unknown is sent again")
    if delivery.problem_of(last.outcomes) is None and any(simulation.delivered[p.address, number] == 0 for p in PEOPLE):
        raise Broken("somebody got nothing and nobody is told")


def schedule(seed: int, *, keep: bool = False) -> Simulation:
    """One schedule from its seed, with quick messages for as long as it lasts: other tests of this process compose whole ones."""
    with mock.patch.object(delivery, "compose", _message):
        return _schedule(seed, keep=keep)


def _schedule(seed: int, *, keep: bool = False) -> Simulation:
    """Run one; raises Broken, with the seed in its words."""
    simulation = Simulation(seed, keep=keep)
    try:
        simulation.run()
    except Broken as broken:
        raise Broken(f"seed {seed}: {broken}\n" + "\n".join(simulation.journal or [])) from broken
    return simulation


def many(seeds: range) -> Counter[str]:
    """Run a range of seeds; what happened in them. Raises Broken at the first that fails."""
    found: Counter[str] = Counter()
    for seed in seeds:
        done = schedule(seed)
        found.update(schedules=1, steps=done.steps, faults=done.faults, deaths=done.deaths, messages=sum(done.delivered.values()))
        found["held at the end"] += b'"state": "held"' in b"".join(data for data, _ in done.objects.values())
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("seed", type=int)
    asked.add_argument("--mutant", help="break the product on purpose; see mutants.py")
    given = asked.parse_args()
    if given.mutant:
        from mutants import MUTANTS

        MUTANTS[given.mutant]()
    done = schedule(given.seed, keep=True)
    sys.stdout.write("\n".join(done.journal or []) + "\n")


if __name__ == "__main__":
    main()
