"""One edition to everyone who may have it, one message each, and an outcome for every recipient."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Literal

from tasks.deliver.clearance import may_read
from tasks.deliver.mail_view import Picture
from tasks.deliver.message import ATTACHMENT_BUDGET, MailFormat, compose, message_id, recipient_hmac
from tasks.deliver.outbox import OutboxRecord, OutboxState, claim, enqueue, settle
from tasks.domain.campaign import TLP_ORDER, Tlp
from tasks.domain.errors import DeliveryProblem, ResurgeError
from tasks.domain.facts import Facts
from tasks.domain.ports import Handover, Mailer, ObjectStore

KeyOf = Callable[[str, str, str, str, int], str]
OutcomeState = Literal["sent", "already sent", "held", "refused", "pending", "in progress", "withheld", "superseded"]

_AFTER: dict[str, tuple[OutboxState, OutcomeState]] = {
    "accepted": ("sent", "sent"),
    "refused": ("refused", "refused"),
    "deferred": ("pending", "pending"),
    "unknown": ("held", "held"),
}
_FOUND: dict[OutboxState, OutcomeState] = {
    "sent": "already sent",
    "refused": "refused",
    "held": "held",
    "sending": "in progress",
    "pending": "pending",
}


@dataclass(frozen=True)
class Recipient:
    address: str
    clearance: str
    format: MailFormat = "pdf"


@dataclass(frozen=True)
class Edition:
    """A published briefing as it goes into the mail. `delivery_no` is 1 and rises only with an edition that supersedes another;
    `period_path` is the period as it stands in keys; `link` opens until `link_until` (None: for good); `picture` stands inside the
    mail; `changed` says where a correction differs from what it takes the place of."""

    facts: Facts
    edition: str
    period_path: str
    delivery_no: int
    pdf: bytes | None
    link: str | None
    link_until: datetime | None = None
    picture: Picture | None = None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Policy:
    """`lease`: how long a claim may stay unanswered before its sender counts as gone; longer than the mailer can take for one
    message. `resend_unknown`: send again what may or may not have arrived, risking a second mail rather than none."""

    sender: str
    lease: timedelta = timedelta(minutes=15)
    resend_unknown: bool = False
    attachment_budget: int = ATTACHMENT_BUDGET


@dataclass(frozen=True)
class DeliveryOutcome:
    """What happened to one recipient, named by position in the audience (from 1) and by the keyed hash.

    sent: handed over by this run. already sent: by an earlier one. held: nobody knows whether it arrived. refused: the server said
    no for good. pending: nothing was handed over, a later run tries again. in progress: another run has it. withheld: not cleared
    for the label. superseded: `latest` names another edition. `noted`: False where this run could not write down what it did, so that
    later runs cannot know that it was sent and report it as held.
    """

    position: int
    recipient_hmac: str
    state: OutcomeState
    reply: str = ""
    noted: bool = True

    @property
    def reached(self) -> bool:
        """False if the recipient should have the briefing and may not have it."""
        return self.state in ("sent", "already sent", "withheld")

    @property
    def settled(self) -> bool:
        """Whether nothing is left for anybody to look after."""
        return self.reached and self.noted

    def __str__(self) -> str:
        return f"recipient {self.position} ({self.recipient_hmac[:12]}): {self.state}{f' - {self.reply}' if self.reply else ''}"


@dataclass(frozen=True)
class _Slot:
    """One recipient's place in the outbox."""

    position: int
    recipient: Recipient
    edition: Edition  # the fullest rendition the recipient is cleared for
    key: str
    fresh: OutboxRecord
    elsewhere: tuple[str, ...]  # keys of the same delivery under other labels of the campaign

    def outcome(self, state: OutcomeState, reply: str = "", *, noted: bool = True) -> DeliveryOutcome:
        return DeliveryOutcome(self.position, self.fresh.recipient_hmac, state, reply, noted)


def deliver(
    store: ObjectStore,
    edition: Edition,
    recipients: Sequence[Recipient],
    mailer: Mailer,
    policy: Policy,
    *,
    key_of: KeyOf,
    pseudonym_key: bytes,
    is_latest: Callable[[str], bool],
    clock: Callable[[], datetime],
    nonce_factory: Callable[[], str],
    lower: Sequence[Edition] = (),
) -> tuple[DeliveryOutcome, ...]:
    """Send one briefing to everyone who is cleared for it and was not sent this delivery number.

    `edition` is the full one, `lower` are its renditions under lower labels, in any order: each recipient gets the fullest that their
    clearance allows. `key_of(campaign, period_path, tlp, recipient_hmac, delivery_no)` builds a record's key; `is_latest(edition)` reads
    the pointer of that edition's label and is asked again right before every message. One outcome an address, in the audience's order;
    an address given twice counts once, at the lower of its clearances. A recipient whose message cannot be made or whose record cannot
    be claimed stays owed and keeps nobody else waiting.

    The key bears the label of the full briefing whichever rendition is sent (the record says which): who was sent one rendition is sent
    no other under the same delivery number, however their clearance changes and whoever runs at the same time. What was sent before the
    campaign changed its label counts too.

    Raises UsageProblem for an address or TLP label that is none and WorkspaceProblem if not every recipient could be noted, both
    before anything is sent.
    """
    slots, outcomes = _slots(edition, lower, recipients, key_of, pseudonym_key)
    stale = {one.edition for one in (edition, *lower) if not is_latest(one.edition)}
    outcomes += [slot.outcome("superseded", "the pointer names another edition") for slot in slots if slot.edition.edition in stale]
    slots = [slot for slot in slots if slot.edition.edition not in stale]
    for slot in slots:
        enqueue(store, slot.key, slot.fresh)
    sender = _Sender(store, mailer, policy, is_latest, clock, nonce_factory)
    for slot in slots:
        try:
            outcomes.append(sender.send(slot))
        except ResurgeError as problem:
            outcomes.append(slot.outcome("pending", str(problem)))
    return tuple(sorted(outcomes, key=lambda outcome: outcome.position))


def problem_of(outcomes: Sequence[DeliveryOutcome]) -> DeliveryProblem | None:
    """What to tell the owner if somebody who should have the briefing may not have it, or has it and the outbox does not say so;
    else None."""
    missed = [str(outcome) for outcome in outcomes if not outcome.reached]
    unnoted = [str(outcome) for outcome in outcomes if outcome.reached and not outcome.noted]
    if not missed and not unnoted:
        return None
    said, remedies = [], []
    if missed:
        said.append(f"The briefing did not reach {len(missed)} of {len(outcomes)} recipients: {'; '.join(missed)}.")
        remedies.append("Pending ones are tried again by the next delivery; held ones only if resending the unknown is allowed.")
    if unnoted:
        said.append(
            f"The briefing was sent to {len(unnoted)} of {len(outcomes)} recipients, but the outbox could not be brought up to date: "
            f"{'; '.join(unnoted)}."
        )
        remedies.append(
            "See that the workspace can be written. Those who were sent it have it; the next delivery reports them as held."
        )
    return DeliveryProblem(" ".join(said), remedy=" ".join(remedies))


def _slots(
    full: Edition, lower: Sequence[Edition], recipients: Sequence[Recipient], key_of: KeyOf, pseudonym_key: bytes
) -> tuple[list[_Slot], list[DeliveryOutcome]]:
    """The recipients who may have it, each once, and the outcomes of those who may not."""
    by_label = {one.facts.campaign.tlp: one for one in (*lower, full)}
    chosen: dict[str, tuple[int, Recipient]] = {}
    for position, recipient in enumerate(recipients, start=1):
        may_read(recipient.clearance, full.facts.campaign.tlp)  # refuses an unknown label before anything is sent
        hmac = recipient_hmac(pseudonym_key, recipient.address)
        first, before = chosen.get(hmac, (position, recipient))
        chosen[hmac] = (first, min(before, recipient, key=lambda one: _rank(one.clearance)))
    slots, withheld = [], []
    for hmac, (position, recipient) in chosen.items():
        fits = [by_label[label] for label in TLP_ORDER if label in by_label and may_read(recipient.clearance, label)]
        slot = _slot(position, recipient, fits[-1] if fits else full, full, hmac, key_of)
        if fits:
            slots.append(slot)
        else:
            lowest = next(label for label in TLP_ORDER if label in by_label)
            withheld.append(slot.outcome("withheld", f"cleared up to TLP:{recipient.clearance}, labelled TLP:{lowest}"))
    return slots, withheld


def _slot(position: int, recipient: Recipient, edition: Edition, full: Edition, hmac: str, key_of: KeyOf) -> _Slot:
    campaign = edition.facts.campaign
    keys = {label: key_of(campaign.slug, edition.period_path, label, hmac, edition.delivery_no) for label in TLP_ORDER}
    fresh = OutboxRecord(
        campaign=campaign.slug,
        period=edition.facts.period.key,
        tlp=campaign.tlp,
        edition=edition.edition,
        recipient_hmac=hmac,
        delivery_no=edition.delivery_no,
        state="pending",
    )
    own = full.facts.campaign.tlp
    elsewhere = tuple(key for label, key in keys.items() if label != own)
    return _Slot(position, recipient, edition, keys[_label(own)], fresh, elsewhere)


def _rank(label: str) -> int:
    return TLP_ORDER.index(_label(label))


def _label(text: str) -> Tlp:
    """One of the five labels; may_read has refused all others."""
    return next(label for label in TLP_ORDER if label == text)


@dataclass(frozen=True)
class _Sender:
    store: ObjectStore
    mailer: Mailer
    policy: Policy
    is_latest: Callable[[str], bool]
    clock: Callable[[], datetime]
    nonce_factory: Callable[[], str]

    def send(self, slot: _Slot) -> DeliveryOutcome:
        """Make the message, claim the record, look once more whether it may go out, hand it over, write down what became of it."""
        if earlier := self._under_another_label(slot):
            return earlier
        now = self.clock()
        message = self._message(slot, now)
        claimed = claim(
            self.store,
            slot.key,
            slot.fresh,
            nonce=self.nonce_factory(),
            now=now,
            lease=self.policy.lease,
            resend_unknown=self.policy.resend_unknown,
        )
        if not claimed.ours:
            return self._found(slot, claimed.record)
        if not self.is_latest(slot.edition.edition):
            settle(self.store, slot.key, claimed.record, "pending", "the pointer moved to another edition")
            return slot.outcome("superseded", "the pointer moved to another edition")
        handover = self._hand_over(message, slot.recipient)
        state, outcome = _AFTER[handover.outcome]
        if settle(self.store, slot.key, claimed.record, state, handover.reply):
            return slot.outcome(outcome, handover.reply)
        said = f"{handover.reply} (the outbox could not be brought up to date and will report it as held)"
        return slot.outcome(outcome, said, noted=False)

    def _message(self, slot: _Slot, now: datetime) -> EmailMessage:
        edition, sender = slot.edition, self.policy.sender
        return compose(
            edition.facts,
            recipient=slot.recipient.address,
            sender=sender,
            briefing_id=edition.edition[:40],
            message_id=message_id(edition.edition, slot.fresh.recipient_hmac, edition.delivery_no, sender),
            delivery_no=edition.delivery_no,
            date=now,
            pdf=edition.pdf,
            link=edition.link,
            format=slot.recipient.format,
            attachment_budget=self.policy.attachment_budget,
            link_until=edition.link_until,
            picture=edition.picture,
            changed=edition.changed,
        )

    def _hand_over(self, message: EmailMessage, recipient: Recipient) -> Handover:
        """The last look is at the finished message itself, not at what it was made from."""
        label = re.match(r"\[TLP:([A-Z+]+)\] ", str(message["Subject"]))
        if label is None or not may_read(recipient.clearance, label[1]) or str(message["To"]).lower() != recipient.address.lower():
            return Handover("deferred", "the message is not labelled for this recipient")
        try:
            return self.mailer.send(message, recipient.address)
        except Exception as error:  # a mailer that breaks half-way may have sent: never again unasked
            return Handover("unknown", f"the mailer failed: {type(error).__name__}")

    def _under_another_label(self, slot: _Slot) -> DeliveryOutcome | None:
        """What became of this delivery while the campaign bore another label, unless nothing was handed over then."""
        for key in slot.elsewhere:
            stored = self.store.read(key)
            record = OutboxRecord.model_validate_json(stored.data) if stored else None
            if record is not None and record.state != "pending":
                return self._found(slot, record)
        return None

    def _found(self, slot: _Slot, record: OutboxRecord) -> DeliveryOutcome:
        """Somebody else's attempt, or an earlier one of ours."""
        if record.state == "sent" and record.tlp != slot.edition.facts.campaign.tlp:
            return slot.outcome(
                "already sent", f"the TLP:{record.tlp} rendition; another goes out with the next correction or period"
            )
        if record.state == "sent" and record.edition != slot.edition.edition:
            return slot.outcome("already sent", f"edition {record.edition[:12]}; another goes out only if it supersedes that one")
        return slot.outcome(_FOUND[record.state], record.reply)
