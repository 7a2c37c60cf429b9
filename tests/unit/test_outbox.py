"""Never two mails, never silently none: a fault at every write of the outbox, twins, expired claims, clearances."""

import contextlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mail_samples import PDF, Killed, MemoryStore, facts

from tasks.deliver import delivery
from tasks.deliver.delivery import DeliveryOutcome, Edition, Policy, Recipient, deliver, problem_of
from tasks.deliver.message import recipient_hmac
from tasks.deliver.outbox import OutboxRecord, claim, read_outbox, settle
from tasks.domain.errors import UsageProblem, WorkspaceProblem
from tasks.domain.ports import Handover

KEY = b"a key of sixteen"
NOW = datetime(2023, 11, 7, 6, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ANA, BEN, CAI = (Recipient(f"{name}@example.org", "AMBER") for name in ("ana", "ben", "cai"))
ISSUE = Edition(facts(), "e" * 64, "2023-W44", 1, PDF, None)
POLICY = Policy("Resurge <briefings@example.org>")
PREFIX = "ledger/river-reeds/outbox/2023-W44/AMBER"

_nonces = itertools.count()


@dataclass
class Post:
    """A mailer that remembers. `answers` by address; "kill before"/"kill after" die around the hand-over, "raise" breaks."""

    answers: dict[str, str] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    messages: list[EmailMessage] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    kind: str = "test"

    def send(self, message: EmailMessage, recipient: str) -> Handover:
        answer = self.answers.get(recipient, "accepted")
        self.meanwhile()
        if answer == "kill before":
            raise Killed
        if answer in ("accepted", "kill after", "raise", "unknown"):
            self.taken.append(recipient)
            self.messages.append(message)
        if answer == "kill after":
            raise Killed
        if answer == "raise":
            raise RuntimeError("ana@example.org broke it")
        return Handover(answer, f"said {answer}")


def key_of(campaign: str, period: str, tlp: str, hmac: str, number: int) -> str:
    return f"ledger/{campaign}/outbox/{period}/{tlp}/{hmac}-{number}.json"


def run(store, post, recipients=(ANA, BEN, CAI), issue=ISSUE, policy=POLICY, now=NOW, is_latest=lambda _: True):
    return deliver(
        store, issue, recipients, post, policy, key_of=key_of, pseudonym_key=KEY, is_latest=is_latest, clock=lambda: now,
        nonce_factory=lambda: f"n{next(_nonces)}",
    )  # fmt: skip


def states(outcomes) -> list[str]:
    return [outcome.state for outcome in outcomes]


def recorded(store) -> dict[str, str]:
    return {r.recipient_hmac: r.state for r in read_outbox(store, PREFIX)}


def test_everyone_gets_one_and_a_second_run_sends_nothing():
    store, post = MemoryStore(), Post()
    assert states(run(store, post)) == ["sent"] * 3
    assert states(run(store, post, now=LATER)) == ["already sent"] * 3
    assert post.taken == [r.address for r in (ANA, BEN, CAI)]
    assert problem_of(run(store, post)) is None
    assert [m["X-Briefing-Id"] for m in post.messages] == ["e" * 40] * 3
    assert len({m["Message-ID"] for m in post.messages}) == 3


def test_no_address_is_stored():
    store, post = MemoryStore(), Post({ANA.address: "raise", BEN.address: "refused"})
    outcomes = run(store, post)
    everything = b"".join(data for data, _ in store.objects.values()).decode() + "".join(store.objects) + str(outcomes)
    for person in (ANA, BEN, CAI):
        assert person.address not in everything
        assert person.address.split("@")[0] + "@" not in everything
    assert recipient_hmac(KEY, ANA.address) in everything


@pytest.mark.parametrize(
    ("answer", "state", "recorded_state", "second"),
    [
        ("refused", "refused", "refused", "refused"),
        ("deferred", "pending", "pending", "sent"),
        ("unknown", "held", "held", "held"),
        ("raise", "held", "held", "held"),
    ],
)
def test_every_answer_ends_in_its_state(answer, state, recorded_state, second):
    store, post = MemoryStore(), Post({BEN.address: answer})
    outcomes = run(store, post)
    assert states(outcomes) == ["sent", state, "sent"]
    assert recorded(store)[recipient_hmac(KEY, BEN.address)] == recorded_state
    assert "1 of 3" in str(problem_of(outcomes))
    assert outcomes[1].position == 2
    post.answers.clear()
    assert states(run(store, post, now=LATER)) == ["already sent", second, "already sent"]
    assert post.taken.count(BEN.address) <= 1


def test_the_unknown_is_sent_again_only_when_told():
    store, post = MemoryStore(), Post({BEN.address: "unknown"})
    run(store, post)
    post.answers.clear()
    assert states(run(store, post, policy=Policy(POLICY.sender, resend_unknown=True)))[1] == "sent"
    assert post.taken.count(BEN.address) == 2
    assert post.messages[1]["Message-ID"] == post.messages[-1]["Message-ID"]
    assert states(run(store, post, policy=Policy(POLICY.sender, resend_unknown=True)))[1] == "already sent"


# Faults -----------------------------------------------------------------------------------------------------------------------

WRITES = range(1, 7)  # of two recipients: 2 notes, then claim and settle of each


@pytest.mark.parametrize("fault", ["kill before", "kill after", "lost answer", "lost answer as stale", "down"])
@pytest.mark.parametrize("write", WRITES)
def test_a_fault_at_any_write_never_sends_two_and_never_silently_none(fault, write):
    store, post = MemoryStore({write: fault}), Post()
    with contextlib.suppress(Killed):
        run(store, post, (ANA, BEN))
    assert store.writes >= write
    store.faults = {}
    soon = run(store, post, (ANA, BEN), now=NOW + timedelta(minutes=1))
    late = run(store, post, (ANA, BEN), now=LATER)
    for position, person in enumerate((ANA, BEN)):
        assert post.taken.count(person.address) <= 1
        assert soon[position].state in ("already sent", "sent", "in progress")
        if post.taken.count(person.address) == 0 or late[position].state != "already sent":
            assert late[position].state == "held"
            assert problem_of(late) is not None
    if "kill" not in fault:
        assert states(late) == ["already sent"] * 2


@pytest.mark.parametrize("when", ["kill before", "kill after"])
def test_a_sender_that_dies_with_the_message_in_hand_leaves_it_held(when):
    store, post = MemoryStore(), Post({BEN.address: when})
    with pytest.raises(Killed):
        run(store, post)
    post.answers.clear()
    assert states(run(store, post)) == ["already sent", "in progress", "sent"]
    late = run(store, post, now=LATER)
    assert states(late) == ["already sent", "held", "already sent"]
    assert "never came back" in late[1].reply
    assert post.taken.count(BEN.address) == (when == "kill after")


def test_a_run_that_dies_first_leaves_a_list_of_who_is_owed():
    store, post = MemoryStore(), Post({ANA.address: "kill before"})
    with pytest.raises(Killed):
        run(store, post)
    assert sorted(recorded(store).values()) == ["pending", "pending", "sending"]


def test_nothing_is_sent_if_not_everybody_could_be_noted():
    store, post = MemoryStore(dict.fromkeys(range(3, 20), "down")), Post()
    with pytest.raises(WorkspaceProblem):
        run(store, post)
    assert not post.taken


def test_a_store_that_stays_away_at_the_claim_sends_nothing_to_that_one():
    store, post = MemoryStore(dict.fromkeys(range(4, 9), "down")), Post()
    outcomes = run(store, post)
    assert states(outcomes) == ["pending", "sent", "sent"]
    assert "could not be claimed" in outcomes[0].reply
    assert states(run(store, post)) == ["sent", "already sent", "already sent"]


def test_a_store_that_stays_away_after_sending_is_said_and_later_held():
    store, post = MemoryStore(dict.fromkeys(range(3, 9), "down")), Post()
    outcomes = run(store, post, (ANA,))
    assert states(outcomes) == ["sent"]
    assert "could not be brought up to date" in outcomes[0].reply
    told = str(problem_of(outcomes))
    assert "was sent to 1 of 1" in told
    assert "did not reach" not in told
    assert states(run(store, post, (ANA,), now=LATER)) == ["held"]
    assert post.taken == [ANA.address]


def test_one_who_was_missed_and_one_who_was_not_noted_are_told_apart():
    store, post = MemoryStore(dict.fromkeys(range(4, 10), "down")), Post({BEN.address: "deferred"})
    told = str(problem_of(run(store, post, (ANA, BEN))))
    assert "did not reach 1 of 2 recipients: recipient 2" in told
    assert "was sent to 1 of 2 recipients, but the outbox could not be brought up to date: recipient 1" in told


def test_a_twin_in_the_middle_never_sends_too():
    store, post, other = MemoryStore(), Post(), Post()
    seen: list[tuple[DeliveryOutcome, ...]] = []
    post.meanwhile = lambda: seen.append(run(store, other)) if not seen else None
    first = run(store, post)
    assert states(seen[0]) == ["in progress", "sent", "sent"]
    assert states(first) == ["sent", "already sent", "already sent"]
    assert sorted(post.taken + other.taken) == sorted(r.address for r in (ANA, BEN, CAI))


def test_a_slow_sender_whose_claim_ran_out_still_writes_down_the_truth():
    store, post, other = MemoryStore(), Post(), Post()
    seen: list[tuple[DeliveryOutcome, ...]] = []
    post.meanwhile = lambda: seen.append(run(store, other, (ANA,), now=LATER)) if not seen else None
    assert states(run(store, post, (ANA,))) == ["sent"]
    assert states(seen[0]) == ["held"]
    assert recorded(store) == {recipient_hmac(KEY, ANA.address): "sent"}
    assert not other.taken


def record(**more: object) -> OutboxRecord:
    base = {
        "campaign": "c",
        "period": "2023-W44",
        "tlp": "AMBER",
        "edition": "e",
        "recipient_hmac": "f",
        "delivery_no": 1,
        "state": "pending",
    }
    return OutboxRecord(**(base | more))


def test_twins_that_write_equal_fields_are_told_apart_by_the_nonce():
    store = MemoryStore({2: "lost answer as stale"})
    store.swap("k", record().to_bytes(), expected=None)
    mine = claim(store, "k", record(), nonce="mine", now=NOW, lease=timedelta(minutes=5), resend_unknown=False)
    twin = claim(store, "k", record(), nonce="twin", now=NOW, lease=timedelta(minutes=5), resend_unknown=False)
    assert mine.ours
    assert not twin.ours
    assert twin.record.nonce == "mine"


def test_a_claim_that_was_taken_over_is_not_overwritten():
    store = MemoryStore()
    store.swap("k", record(state="sending", nonce="new", claimed_at=NOW).to_bytes(), expected=None)
    assert settle(store, "k", record(state="sending", nonce="old", claimed_at=NOW), "sent", "250") is False
    assert OutboxRecord.model_validate_json(store.objects["k"][0]).nonce == "new"


@given(
    order=st.lists(st.sampled_from(["a", "b", "a late", "b late"]), min_size=1, max_size=8),
    answers=st.lists(
        st.sampled_from(["accepted", "deferred", "unknown", "refused", "kill before", "kill after"]), min_size=8, max_size=8
    ),
)
@settings(max_examples=40, deadline=None)
def test_whatever_the_order_of_runs_nobody_gets_two(order, answers):
    store, post = MemoryStore(), Post()
    for turn, answer in zip(order, answers, strict=False):
        post.answers = {ANA.address: answer}
        try:
            run(store, post, (ANA,), now=LATER if "late" in turn else NOW)
        except Killed:
            continue
    assert post.taken.count(ANA.address) <= 1
    final = run(store, Post(), (ANA,), now=LATER + timedelta(hours=1))
    if post.taken and final[0].state != "already sent":
        assert final[0].state == "held"
    if not post.taken:
        assert final[0].state in ("sent", "held", "refused")


# Who, and which edition -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"])
def test_nobody_gets_what_they_are_not_cleared_for(label):
    order = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
    people = [Recipient(f"p{n}@example.org", clearance) for n, clearance in enumerate(order)]
    store, post = MemoryStore(), Post()
    outcomes = run(store, post, people, Edition(facts(tlp=label), "e" * 64, "2023-W44", 1, PDF, None))
    assert states(outcomes) == ["sent" if n >= order.index(label) else "withheld" for n in range(5)]
    assert len(post.taken) == len(store.objects) == 5 - order.index(label)


def test_an_unknown_label_or_address_stops_everything_before_anything_is_sent():
    post = Post()
    for people in ((ANA, Recipient("x@example.org", "WHITE")), (ANA, Recipient("not an address", "RED"))):
        with pytest.raises(UsageProblem):
            run(MemoryStore(), post, people)
    assert not post.taken


def test_an_address_given_twice_counts_once_at_its_lower_clearance():
    store, post = MemoryStore(), Post()
    assert states(run(store, post, (ANA, BEN, Recipient("ANA@example.org", "RED")))) == ["sent", "sent"]
    assert len(post.taken) == 2
    low = run(MemoryStore(), post, (ANA, Recipient("Ana@example.org", "GREEN")))
    assert states(low) == ["withheld"]


def test_a_message_labelled_above_the_clearance_does_not_leave_even_if_it_was_made(monkeypatch):
    """The last look is at the finished message."""
    real = delivery.compose
    red = facts(tlp="RED")
    monkeypatch.setattr(delivery, "compose", lambda _, **more: real(red, **more))
    store, post = MemoryStore(), Post()
    outcomes = run(store, post, (ANA,))
    assert states(outcomes) == ["pending"]
    assert not post.taken


def test_a_message_for_somebody_else_does_not_leave(monkeypatch):
    real = delivery.compose
    monkeypatch.setattr(delivery, "compose", lambda f, **more: real(f, **(more | {"recipient": BEN.address})))
    post = Post()
    assert states(run(MemoryStore(), post, (ANA,))) == ["pending"]
    assert not post.taken


def test_only_the_edition_that_latest_names_is_sent():
    store, post = MemoryStore(), Post()
    assert states(run(store, post, is_latest=lambda _: False)) == ["superseded"] * 3
    assert not post.taken
    assert not store.objects
    asked = itertools.count()
    moving = run(store, post, is_latest=lambda _: next(asked) < 2)  # at the start, at ana's; moved by ben's turn
    assert states(moving) == ["sent", "superseded", "superseded"]
    assert post.taken == [ANA.address]
    assert recorded(store)[recipient_hmac(KEY, BEN.address)] == "pending"


def test_the_next_edition_goes_to_those_who_are_owed_and_to_all_only_with_a_new_number():
    store, post = MemoryStore(), Post({BEN.address: "deferred"})
    run(store, post)
    post.answers.clear()
    second = Edition(ISSUE.facts, "d" * 64, "2023-W44", 1, PDF, None)
    outcomes = run(store, post, issue=second)
    assert states(outcomes) == ["already sent", "sent", "already sent"]
    assert "supersedes" in outcomes[0].reply
    third = Edition(ISSUE.facts, "c" * 64, "2023-W44", 2, PDF, None)
    assert states(run(store, post, issue=third)) == ["sent"] * 3
    assert "correction 1" in post.messages[-1]["Subject"]


def test_a_message_that_cannot_be_made_leaves_its_recipient_owed():
    store, post = MemoryStore(), Post()
    linked = Recipient(BEN.address, "AMBER", "link")  # and the edition has no link
    outcomes = run(store, post, (ANA, linked, CAI))
    assert states(outcomes) == ["sent", "pending", "sent"]
    assert "no link" in outcomes[1].reply
    assert recorded(store)[recipient_hmac(KEY, BEN.address)] == "pending"
