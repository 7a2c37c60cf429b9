"""Hand a published edition to the campaign's audience; what happened to each recipient stands in the run summary."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from flows.run_record import Run
from flows.settings import AudienceMember
from flows.wiring import link_to, mailer, policy, pseudonym_key
from reports.mail_picture import mail_picture
from tasks.deliver.corrections import what_changed
from tasks.deliver.delivery import Edition, Recipient, problem_of
from tasks.deliver.mail_view import Picture
from tasks.deliver.task import send
from tasks.domain.campaign import Campaign
from tasks.domain.errors import ResurgeError
from tasks.domain.facts import Facts, read_facts
from tasks.domain.periods import parse_period
from tasks.store.bundles import Published, latest, read_facts_of
from tasks.store.keys import outbox_key


@dataclass(frozen=True)
class Handed:
    """One rendition as it was published."""

    facts: Facts
    published: Published
    pdf: bytes


def hand_out(run: Run, plan: Campaign, renditions: Sequence[Handed], audience: Sequence[AudienceMember]) -> None:
    """Send to everybody the fullest rendition they are cleared for, note the outcome of every recipient, and raise DeliveryProblem if
    somebody who should have the briefing may not have it, or has it and the outbox could not say so. `renditions`: the full one last."""
    period = parse_period(renditions[-1].facts.period.key)
    *lower, full = [_edition(run, plan, one, period.path) for one in renditions]
    labels = {one.published.edition: one.facts.campaign.tlp for one in renditions}

    def is_latest(name: str) -> bool:
        pointer = latest(run.store, plan.slug, period.path, labels[name])
        return pointer is not None and pointer.edition == name

    outcomes = send(
        run.store,
        full,
        [Recipient(member.address, member.clearance, member.format) for member in audience],
        mailer(run.store),
        policy(),
        lower=lower,
        key_of=outbox_key,
        pseudonym_key=pseudonym_key(plan),
        is_latest=is_latest,
        clock=lambda: datetime.now(UTC),
        nonce_factory=lambda: uuid4().hex,
    )
    run.note(deliveries=tuple(str(outcome) for outcome in outcomes))
    if problem := problem_of(outcomes):
        raise problem


def _edition(run: Run, plan: Campaign, one: Handed, period_path: str) -> Edition:
    link = link_to(run.store, one.published.prefix, datetime.now(UTC))
    return Edition(
        facts=one.facts,
        edition=one.published.edition,
        period_path=period_path,
        delivery_no=one.published.pointer.corrections + 1,
        pdf=one.pdf,
        link=link.address,
        link_until=link.until,
        picture=_picture(one.facts),
        changed=_changed(run, plan, one, period_path),
    )


def _picture(facts: Facts) -> Picture | None:
    """The chart of the mail; without one it still goes out, for nothing is said by the chart alone."""
    try:
        drawn = mail_picture(facts)
    except Exception:  # a chart library that cannot load or draw here must not keep a briefing from its readers
        return None
    return None if drawn is None else Picture(drawn.png, drawn.title, drawn.alt, drawn.width)


def _changed(run: Run, plan: Campaign, one: Handed, period_path: str) -> tuple[str, ...]:
    """What a correction says of itself; nothing where the edition takes no other's place, or that one cannot be read any more."""
    pointer, tlp = one.published.pointer, one.facts.campaign.tlp
    if pointer.supersedes is None or pointer.edition != one.published.edition:
        return ()
    try:
        before = read_facts_of(run.store, plan.slug, period_path, tlp, pointer.supersedes)
        return what_changed(read_facts(before), one.facts) if before is not None else ()
    except (ResurgeError, ValueError):
        return ()
