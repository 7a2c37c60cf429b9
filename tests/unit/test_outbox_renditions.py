"""One mail a recipient, period and delivery number, whichever of a briefing's renditions they are cleared for."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from mail_samples import PDF, Killed, MemoryStore, facts

from tasks.deliver.delivery import DeliveryOutcome, Edition, Policy, Recipient, deliver
from tasks.deliver.outbox import read_outbox
from tasks.domain.campaign import TLP_ORDER
from tasks.domain.ports import Handover
from tasks.store.keys import outbox_key

KEY = b"a key of sixteen"
NOW = datetime(2023, 11, 7, 6, tzinfo=UTC)
LOW = Edition(facts(tlp="CLEAR"), "c" * 64, "2023-W44", 1, PDF, None)
FULL = Edition(facts(tlp="AMBER"), "e" * 64, "2023-W44", 1, PDF, None)
_nonces = itertools.count()


@dataclass
class Post:
    """A mailer that remembers (address, label) and may die."""

    taken: list[tuple[str, str]] = field(default_factory=list)
    dies: bool = False
    kind: str = "test"

    def send(self, message: EmailMessage, recipient: str) -> Handover:
        if self.dies:
            raise Killed
        self.taken.append((recipient, str(message["Subject"]).split()[0]))
        return Handover("accepted", "taken")


def who(clearance: str) -> Recipient:
    return Recipient("ana@example.org", clearance)


def run(store: MemoryStore, post: Post, *people: Recipient, full: Edition = FULL, lower: tuple[Edition, ...] = (LOW,), stale: str = "",
        later: int = 0) -> list[DeliveryOutcome]:  # fmt: skip
    outcomes = deliver(
        store, full, people, post, Policy("Resurge <briefings@example.org>"), lower=lower, key_of=outbox_key, pseudonym_key=KEY,
        is_latest=lambda edition: edition != stale, clock=lambda: NOW + timedelta(hours=later), nonce_factory=lambda: f"n{next(_nonces)}",
    )  # fmt: skip
    return list(outcomes)


def test_everybody_gets_the_fullest_rendition_they_are_cleared_for() -> None:
    people = [Recipient(f"p{n}@example.org", label) for n, label in enumerate(TLP_ORDER)]
    store, post = MemoryStore(), Post()
    assert [outcome.state for outcome in run(store, post, *people)] == ["sent"] * 5
    assert [label for _, label in post.taken] == ["[TLP:CLEAR]", "[TLP:CLEAR]", "[TLP:AMBER]", "[TLP:AMBER]", "[TLP:AMBER]"]
    assert [outcome.state for outcome in run(store, post, *people)] == ["already sent"] * 5
    assert len(post.taken) == 5
    records = read_outbox(store, "ledger/river-reeds/outbox/2023-W44/AMBER")
    assert sorted((record.tlp, record.edition[0]) for record in records) == [("AMBER", "e")] * 3 + [("CLEAR", "c")] * 2


def test_without_a_rendition_that_fits_nothing_is_sent() -> None:
    low = replace(LOW, facts=facts(tlp="GREEN"))
    post = Post()
    (outcome,) = run(MemoryStore(), post, who("CLEAR"), lower=(low,))
    assert (outcome.state, outcome.reply) == ("withheld", "cleared up to TLP:CLEAR, labelled TLP:GREEN")
    assert not post.taken


@pytest.mark.parametrize(("before", "after"), [("CLEAR", "AMBER"), ("AMBER", "CLEAR")])
def test_a_clearance_that_changes_sends_no_second_mail_and_a_correction_does(before: str, after: str) -> None:
    store, post = MemoryStore(), Post()
    run(store, post, who(before))
    (outcome,) = run(store, post, who(after))
    assert outcome.state == "already sent"
    assert f"the TLP:{before} rendition" in outcome.reply
    assert post.taken == [("ana@example.org", f"[TLP:{before}]")]
    corrected = {"full": replace(FULL, delivery_no=2), "lower": (replace(LOW, delivery_no=2),)}
    (outcome,) = run(store, post, who(after), **corrected)
    assert outcome.state == "sent"
    assert post.taken[1:] == [("ana@example.org", f"[TLP:{after}]")]


def test_what_was_sent_before_the_campaign_changed_its_label_counts() -> None:
    store, post = MemoryStore(), Post()
    run(store, post, who("AMBER"), full=LOW, lower=())  # the campaign was labelled CLEAR
    (outcome,) = run(store, post, who("AMBER"))
    assert outcome.state == "already sent"
    assert len(post.taken) == 1


def test_who_was_owed_one_rendition_when_a_run_died_gets_one_mail_under_the_clearance_of_now() -> None:
    store, post = MemoryStore({2: "kill before"}), Post()  # noted as pending; the claim was never written
    with pytest.raises(Killed):
        run(store, post, who("CLEAR"))
    assert [outcome.state for outcome in run(store, post, who("AMBER"))] == ["sent"]
    assert post.taken == [("ana@example.org", "[TLP:AMBER]")]
    assert [outcome.state for outcome in run(store, post, who("CLEAR"))] == ["already sent"]


def test_a_rendition_whose_fate_is_unknown_is_held_under_every_clearance() -> None:
    store = MemoryStore()
    with pytest.raises(Killed):
        run(store, Post(dies=True), who("CLEAR"))
    post = Post()
    assert [outcome.state for outcome in run(store, post, who("AMBER"), later=1)] == ["held"]
    assert not post.taken


def test_a_rendition_that_another_took_the_place_of_is_not_sent_and_the_other_is() -> None:
    store, post = MemoryStore(), Post()
    people = (who("CLEAR"), Recipient("ben@example.org", "AMBER"))
    assert [outcome.state for outcome in run(store, post, *people, stale=LOW.edition)] == ["superseded", "sent"]
    assert post.taken == [("ben@example.org", "[TLP:AMBER]")]
