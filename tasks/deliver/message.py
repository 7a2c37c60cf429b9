"""The e-mail of a briefing: bottom line and key figures to read at once, the PDF attached or linked."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from tasks.deliver.headers import checked_bytes, one_line, plain_address
from tasks.deliver.mail_view import Picture, mail_view
from tasks.domain.errors import UsageProblem
from tasks.domain.facts import Facts

ATTACHMENT_BUDGET = 8_000_000  # bytes: base64 adds a third, and many servers refuse messages over 10 MB

MailFormat = Literal["pdf", "link"]


def recipient_hmac(key: bytes, address: str) -> str:
    """What stands for an address in keys and records: HMAC-SHA-256 under the pseudonym key, 64 hex digits. Case is folded, so one
    person in two spellings is one recipient."""
    return hmac.new(key, b"recipient\0" + plain_address(address).addr_spec.lower().encode(), hashlib.sha256).hexdigest()


def message_id(edition: str, recipient: str, delivery_no: int, sender: str) -> str:
    """The same for every attempt at one delivery, so that a mailbox can tell a repetition; `recipient` is the keyed hash."""
    digest = hashlib.sha256(f"{edition}\0{recipient}\0{delivery_no}".encode()).hexdigest()
    return f"<{digest[:32]}@{plain_address(sender).domain}>"


def compose(
    facts: Facts,
    *,
    recipient: str,
    sender: str,
    briefing_id: str,
    message_id: str,
    delivery_no: int,
    date: datetime,
    pdf: bytes | None,
    link: str | None,
    format: MailFormat = "pdf",  # noqa: A002  the audience's own word
    attachment_budget: int = ATTACHMENT_BUDGET,
    link_until: datetime | None = None,
    picture: Picture | None = None,
    changed: Sequence[str] = (),
) -> EmailMessage:
    """Write one message to one recipient from facts.json alone.

    `format`: `pdf` attaches the PDF if it fits `attachment_budget` bytes and links it otherwise, `link` never attaches. `date` is the
    moment of sending, `link_until` the moment from which the link no longer opens. `picture` stands inside the HTML text. `changed`
    are the sentences by which a correction says where it differs. Equal arguments give equal bytes.

    Raises UsageProblem for an address that is none, or if the PDF can neither be attached nor linked; DeliveryProblem if the
    finished bytes hold a header field that was not meant.
    """
    attached = pdf if pdf is not None and format == "pdf" and len(pdf) <= attachment_budget else None
    if attached is None and not link:
        size = f"{len(pdf):,} bytes" if pdf is not None else "not given"
        raise UsageProblem(
            f"The PDF ({size}) does not go into the mail, and there is no link to it.",
            remedy=f"Give a link, or attach at most {attachment_budget:,} bytes to recipients of format pdf.",
        )
    message = EmailMessage()
    fields = {
        "From": str(plain_address(sender)),
        "To": str(plain_address(recipient)),
        "Subject": _subject(facts, delivery_no),
        "Date": format_datetime(date.astimezone(UTC)),
        "Message-ID": message_id,
        "X-Briefing-Id": one_line(briefing_id, 200),
        "X-Delivery-Number": str(delivery_no),
        "Auto-Submitted": "auto-generated",
    }
    for name, value in fields.items():
        message[name] = value
    cid = f"chart.{hashlib.sha256(message_id.encode()).hexdigest()[:16]}@resurge.invalid"
    view = mail_view(
        facts,
        delivery_no=delivery_no,
        link=None if attached is not None else link,
        link_until=link_until,
        picture=picture,
        cid=cid,
        changed=changed,
    )
    _fill(message, view, picture, cid)
    if attached is not None:
        message.add_attachment(attached, maintype="application", subtype="pdf", filename=_file_name(facts))
    _fix_boundaries(message, message_id)
    checked_bytes(message, fields)
    return message


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("tasks.deliver"),
        autoescape=select_autoescape(["html.j2"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _fill(message: EmailMessage, view: dict[str, object], picture: Picture | None, cid: str) -> None:
    environment = _environment()
    message.set_content(environment.get_template("message.txt.j2").render(view), charset="utf-8", cte="quoted-printable")
    html = environment.get_template("message.html.j2").render(view)
    message.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
    body = message.get_body(("html",))
    if picture is not None and body is not None:
        body.add_related(picture.png, "image", "png", cid=f"<{cid}>", disposition="inline", filename="chart.png")


def _subject(facts: Facts, delivery_no: int) -> str:
    what = f"correction {delivery_no - 1} of the briefing" if delivery_no > 1 else "briefing"
    notes = [
        "provisional" if facts.period.provisional else "",
        "simulated data" if facts.campaign.simulated else "",
    ]
    tail = "".join(f" ({note})" for note in notes if note)
    return f"[TLP:{facts.campaign.tlp}] {one_line(facts.campaign.title, 100)}: {what} {facts.period.key}{tail}"


def _file_name(facts: Facts) -> str:
    return f"{facts.campaign.slug}-{facts.period.key.replace('..', '--')}-TLP-{facts.campaign.tlp.replace('+', '-')}.pdf"


def _fix_boundaries(message: EmailMessage, message_id: str) -> None:
    """Boundaries from the message id instead of at random: equal arguments give equal bytes."""
    digest = hashlib.sha256(message_id.encode()).hexdigest()[:32]
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{digest}_{number}")
