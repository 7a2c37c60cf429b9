"""Hand a published edition to the campaign's audience; what happened to each recipient stands in the run summary."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from flows.run_record import Run
from flows.settings import AudienceMember
from flows.wiring import link_to, mailer, policy, pseudonym_key
from tasks.deliver.delivery import Edition, Recipient, problem_of
from tasks.deliver.task import send
from tasks.domain.campaign import Campaign
from tasks.domain.facts import Facts
from tasks.domain.periods import parse_period
from tasks.store.bundles import Published, latest
from tasks.store.keys import outbox_key


def hand_out(run: Run, plan: Campaign, facts: Facts, published: Published, pdf: bytes, audience: Sequence[AudienceMember]) -> None:
    """Send, note the outcome of every recipient, and raise DeliveryProblem if somebody who should have the briefing may not have it."""
    period = parse_period(facts.period.key)
    edition = Edition(
        facts=facts,
        edition=published.edition,
        period_path=period.path,
        delivery_no=published.pointer.corrections + 1,
        pdf=pdf,
        link=link_to(published.prefix),
    )

    def is_latest(name: str) -> bool:
        pointer = latest(run.store, plan.slug, period.path, plan.tlp)
        return pointer is not None and pointer.edition == name

    outcomes = send(
        run.store,
        edition,
        [Recipient(member.address, member.clearance, member.format) for member in audience],
        mailer(run.store),
        policy(),
        key_of=outbox_key,
        pseudonym_key=pseudonym_key(plan),
        is_latest=is_latest,
        clock=lambda: datetime.now(UTC),
        nonce_factory=lambda: uuid4().hex,
    )
    run.note(deliveries=tuple(str(outcome) for outcome in outcomes))
    if problem := problem_of(outcomes):
        raise problem
