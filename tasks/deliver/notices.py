"""Notices to the owner of an installation: what went wrong, where, what to do. Never to stakeholders, never with data of a campaign.

A notice is written once, under a name that equal trouble has in common, so that twins and repetitions tell it once; beside it stands one
outbox record a channel. What could not be handed over, or may not have arrived, is tried again by a later run: of an alarm two copies
(with the same id) do less harm than none, other than of a briefing.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal, Protocol

from tasks.deliver.headers import checked_bytes, one_line, plain_address
from tasks.deliver.outbox import OutboxRecord, OutboxState, claim, enqueue, settle
from tasks.domain.errors import ResurgeError, WriteConflict
from tasks.domain.ports import Handover, Mailer, ObjectStore
from tasks.domain.records import Record

Trouble = Literal["failed", "blocked", "held", "interrupted", "late", "waiting"]
KeyOf = Callable[[str, str], str]

MOST_ATTEMPTS = 20
_LEASE = timedelta(minutes=15)
_SHOWN = 600  # characters of a problem
_AFTER: dict[str, OutboxState] = {"accepted": "sent", "refused": "refused", "deferred": "pending", "unknown": "pending"}


class Notice(Record):
    """One piece of trouble. `period` is empty where the trouble is no period's; `command`: what to run next."""

    campaign: str
    flow: str
    period: str = ""
    state: Trouble
    problem: str
    remedy: str
    command: str
    run_id: str = ""
    seen_at: datetime

    @property
    def name(self) -> str:
        """The same for equal trouble: of the same period and state, in words that differ in digits only. What is no period's counts anew
        in every ISO week."""
        span = self.period or "{}-W{:02}".format(*self.seen_at.isocalendar()[:2])
        words = re.sub(r"[0-9]+", "0", self.problem) if self.state != "interrupted" else self.run_id
        words = "" if self.state in ("late", "waiting") else words
        return f"{span}-{self.flow}-{self.state}-{hashlib.sha256(words.encode()).hexdigest()[:12]}"

    @property
    def subject(self) -> str:
        return one_line(f"[Resurge] {self.campaign} {self.period or self.flow}: {self.state}", 150)

    @property
    def text(self) -> str:
        """Plain text, for a mail."""
        run = f"Run       {self.run_id}\n" if self.run_id else ""
        return (
            f"{self.problem}\n\n{self.remedy}\n\nNext: {self.command}\n\n"
            f"Campaign  {self.campaign}\nPeriod    {self.period or 'none'}\nWork      {self.flow}\nState     {self.state}\n{run}"
            f"Seen      {self.seen_at:%Y-%m-%d %H:%M} UTC\n"
        )


def shortened(problem: str) -> str:
    """The first line of a problem, of bounded length, without names of accounts (@...): those have no place outside a workspace."""
    return one_line(re.sub(r"@[\w.-]+", "@…", problem.partition("\n")[0]), _SHOWN)


class Channel(Protocol):
    """One way to the owner."""

    @property
    def name(self) -> str: ...

    def send(self, notice: Notice) -> Handover: ...


@dataclass(frozen=True)
class MailChannel:
    """A plain mail through the installation's mailer, with an id that is the same for every attempt."""

    mailer: Mailer
    sender: str
    owner: str
    clock: Callable[[], datetime]
    name: str = "mail"

    def send(self, notice: Notice) -> Handover:
        identity = hashlib.sha256(f"{notice.campaign}\0{notice.name}".encode()).hexdigest()[:32]
        fields = {
            "From": str(plain_address(self.sender)),
            "To": str(plain_address(self.owner)),
            "Subject": notice.subject,
            "Date": format_datetime(self.clock().astimezone(UTC)),
            "Message-ID": f"<notice-{identity}@{plain_address(self.sender).domain}>",
            "Auto-Submitted": "auto-generated",
        }
        message = EmailMessage()
        for field, value in fields.items():
            message[field] = value
        message.set_content(notice.text, charset="utf-8", cte="quoted-printable")
        checked_bytes(message, fields)
        return self.mailer.send(message, self.owner)


@dataclass(frozen=True)
class Told:
    """What became of a notice on one channel; `reply` says why where it was not sent."""

    channel: str
    state: OutboxState
    reply: str = ""


def tell(
    store: ObjectStore,
    notice: Notice,
    channels: Sequence[Channel],
    *,
    key_of: KeyOf,
    clock: Callable[[], datetime],
    nonce_factory: Callable[[], str],
) -> tuple[Told, ...]:
    """Tell the owner once by each channel. `key_of(campaign, name)` builds keys. Raises WorkspaceProblem where the ledger cannot be
    written: then nobody knows whether it was told."""
    key = key_of(notice.campaign, notice.name)
    with suppress(WriteConflict):  # told before, or by a twin, at another instant
        store.create(key, notice.canonical())
    for channel in channels:
        enqueue(store, key_of(notice.campaign, f"{notice.name}-{channel.name}"), _fresh(notice, channel))
    return tuple(_told(store, notice, channel, key_of, clock, nonce_factory) for channel in channels)


def tell_again(
    store: ObjectStore,
    campaign: str,
    prefix: str,
    channels: Mapping[str, Channel],
    *,
    key_of: KeyOf,
    clock: Callable[[], datetime],
    nonce_factory: Callable[[], str],
) -> tuple[Told, ...]:
    """Hand over what earlier runs could not, up to 20 attempts each. `prefix`: where the notices of the campaign stand."""
    told = []
    for info in list(store.entries(prefix)):
        stem, _, name = info.key.removesuffix(".json").rpartition("-")
        if name not in channels:
            continue  # the notice itself, or a channel that is not set any more
        stored = store.read(info.key)
        record = OutboxRecord.model_validate_json(stored.data) if stored else None
        if record is None or record.state not in ("pending", "sending") or record.attempts >= MOST_ATTEMPTS:
            continue
        kept = store.read(f"{stem}.json")
        if kept is not None and record.campaign == campaign:
            notice = Notice.model_validate_json(kept.data)
            told.append(_told(store, notice, channels[name], key_of, clock, nonce_factory))
    return tuple(told)


def _fresh(notice: Notice, channel: Channel) -> OutboxRecord:
    return OutboxRecord(
        campaign=notice.campaign,
        period=notice.period,
        tlp="",
        edition=notice.name,
        recipient_hmac=channel.name,
        delivery_no=1,
        state="pending",
    )


def _told(
    store: ObjectStore,
    notice: Notice,
    channel: Channel,
    key_of: KeyOf,
    clock: Callable[[], datetime],
    nonce_factory: Callable[[], str],
) -> Told:
    key = key_of(notice.campaign, f"{notice.name}-{channel.name}")
    claimed = claim(
        store, key, _fresh(notice, channel), nonce=nonce_factory(), now=clock(), lease=_LEASE, resend_unknown=True
    )  # of a sender that vanished nobody knows: again
    if not claimed.ours:
        return Told(channel.name, claimed.record.state, claimed.record.reply)
    try:
        handed = channel.send(notice)
    except ResurgeError as error:
        handed = Handover("deferred", error.problem)
    except Exception as error:  # whatever a mailer or a network library raises, the trouble itself is the news
        handed = Handover("deferred", f"it could not be sent: {type(error).__name__}")
    settle(store, key, claimed.record, _AFTER[handed.outcome], one_line(handed.reply, 200))
    return Told(channel.name, _AFTER[handed.outcome], handed.reply)
