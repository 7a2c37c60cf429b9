"""The outbox: one small record a recipient, so that nobody gets a briefing twice and nobody is silently left out.

    pending -> sending -> sent | refused | held
       ^----------'  (the server took nothing)

All cleared recipients are noted as pending before the first message leaves, so a run that dies leaves a list of who is still owed.
A sender claims a record by a compare-and-swap that carries a nonce of its own: when the answer to that write is lost, the record is
ours only if it holds our nonce, whatever its other fields say (twins write equal fields). A claim whose holder vanished, or a line
that dropped after DATA, becomes held and is reported; only `resend_unknown` sends such a message again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tasks.domain.errors import StaleWrite, WorkspaceProblem
from tasks.domain.ports import ObjectStore
from tasks.domain.records import Record

OutboxState = Literal["pending", "sending", "sent", "held", "refused"]
_TRIES = 5  # against lost races and lost answers; each try reads the record anew


class OutboxRecord(Record):
    """What is known of one message to one recipient. `nonce` names the attempt that claimed it last; no address stands here."""

    campaign: str
    period: str
    tlp: str
    edition: str
    recipient_hmac: str
    delivery_no: int
    state: OutboxState
    nonce: str = ""
    claimed_at: datetime | None = None
    attempts: int = 0
    reply: str = ""

    def to_bytes(self) -> bytes:
        return self.model_dump_json(indent=2).encode() + b"\n"


@dataclass(frozen=True)
class Claim:
    """The answer to an attempt to claim: `ours` says whether to send now; `record` is what the outbox holds."""

    ours: bool
    record: OutboxRecord


def read_outbox(store: ObjectStore, prefix: str) -> tuple[OutboxRecord, ...]:
    """Every record under `prefix`, in key order: whoever is not `sent` is still owed, refused or uncertain."""
    found = [store.read(info.key) for info in store.entries(prefix)]
    return tuple(OutboxRecord.model_validate_json(stored.data) for stored in found if stored is not None)


def enqueue(store: ObjectStore, key: str, fresh: OutboxRecord) -> None:
    """Note the recipient as pending unless a record is there. Raises WorkspaceProblem if the store does not take it."""
    for attempt in range(_TRIES):
        try:
            if store.read(key) is None:
                store.swap(key, fresh.to_bytes(), expected=None)
            return
        except StaleWrite:
            return  # a twin noted it, or the answer to our own write was lost: either way it is there
        except WorkspaceProblem:
            if attempt == _TRIES - 1:
                raise


def claim(
    store: ObjectStore, key: str, fresh: OutboxRecord, *, nonce: str, now: datetime, lease: timedelta, resend_unknown: bool
) -> Claim:
    """Try to become the one who sends.

    Ours is a record that was pending (with `resend_unknown` also held, or sending for longer than `lease`). An expired `sending` is
    otherwise put on hold. Raises WorkspaceProblem if the outcome cannot be told after several tries: then nothing may be sent.
    """
    for _ in range(_TRIES):
        try:
            stored = store.read(key)
            record = OutboxRecord.model_validate_json(stored.data) if stored else fresh
            if record.nonce == nonce and record.state == "sending":
                return Claim(True, record)  # our write won; only its answer was lost
            wanted = _step(record, fresh, nonce, now, lease, resend_unknown)
            if wanted is None:
                return Claim(False, record)
            store.swap(key, wanted.to_bytes(), expected=stored.version if stored else None)
            return Claim(wanted.state == "sending", wanted)
        except (StaleWrite, WorkspaceProblem):
            continue
    raise WorkspaceProblem(
        "An outbox record could not be claimed.",
        remedy="Nothing was sent to this recipient; see that the workspace can be written, run again.",
    )


def settle(store: ObjectStore, key: str, ours: OutboxRecord, state: OutboxState, reply: str) -> bool:
    """Write down what became of a claim of ours. Also over a `held` that a twin wrote when our lease ran out: we know better.

    False if it could not be written, or if somebody else has claimed the record since: it then says `sending` under our nonce until
    the lease ends, and the next run reports it as held.
    """
    done = ours.model_copy(update={"state": state, "reply": reply})
    for _ in range(_TRIES):
        try:
            stored = store.read(key)
            if stored is not None:
                record = OutboxRecord.model_validate_json(stored.data)
                if record.nonce != ours.nonce:
                    return False
                if record == done:
                    return True
            store.swap(key, done.to_bytes(), expected=stored.version if stored else None)
            return True
        except (StaleWrite, WorkspaceProblem):
            continue
    return False


def _step(
    record: OutboxRecord, fresh: OutboxRecord, nonce: str, now: datetime, lease: timedelta, resend_unknown: bool
) -> OutboxRecord | None:
    """The record that an attempt should write next, or None where there is nothing to do."""
    lost = record.state == "sending" and (record.claimed_at is None or now - record.claimed_at >= lease)
    if record.state == "pending" or (resend_unknown and (lost or record.state == "held")):
        return fresh.model_copy(
            update={"state": "sending", "nonce": nonce, "claimed_at": now, "attempts": record.attempts + 1},
        )
    if lost:
        return record.model_copy(update={"state": "held", "reply": "the run that was sending it never came back"})
    return None
