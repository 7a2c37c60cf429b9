"""The mail's HTML in a browser: a phone and a desk, by day and by night. Screenshots go to tests/browser/shots, to be looked at."""

import base64
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from conftest import Watched
from looking import faint_texts, too_wide

sys.path += [str(Path(__file__).parents[1] / "render"), str(Path(__file__).parents[1])]
from sample_facts import full, hostile, nearly_empty, scripts

from reports.mail_picture import mail_picture
from tasks.deliver.mail_view import Picture
from tasks.deliver.message import compose, message_id
from tasks.domain.facts import Facts

SENDER = "Resurge <briefings@example.org>"
LINK = "https://bucket.example.org/w/briefings/x/briefing.pdf?X-Amz-Expires=604800&X-Amz-Signature=" + "a" * 64
CHANGED = ("Posts by the network: 3,941, was 4,000.", "Parts that differ: limits.", "Data: 2 further batches of posts or accounts.")


def endless() -> Facts:
    """Words as long as nobody writes them, and numbers of the largest campaigns."""
    facts = full()
    figures = tuple(f.model_copy(update={"value": 12345678, "previous": 98765432}) for f in facts.judgements.key_figures)
    judged = facts.judgements.model_copy(update={"key_figures": figures, "bottom_line": ("Donaudampfschiff" * 12,)})
    return facts.model_copy(update={"judgements": judged, "campaign": facts.campaign.model_copy(update={"title": "水军" * 60})})


CASES: dict[str, tuple[Facts, dict[str, object]]] = {
    "weekly": (full(), {}),
    "correction": (full(), {"delivery_no": 2, "changed": CHANGED, "format": "link"}),
    "empty": (nearly_empty(), {}),
    "hostile": (hostile(), {}),
    "scripts": (scripts(), {}),
    "endless": (endless(), {}),
}


def mail(facts: Facts, **more: object) -> EmailMessage:
    drawn = mail_picture(facts)
    arguments: dict[str, object] = {"delivery_no": 1, "format": "pdf", "changed": (), **more}
    return compose(
        facts,
        recipient="ana@example.org",
        sender=SENDER,
        briefing_id="ab" * 20,
        message_id=message_id("e" * 64, "f" * 64, 1, SENDER),
        date=datetime(2023, 11, 7, 6, tzinfo=UTC),
        pdf=b"%PDF-1.7 invented",
        link=LINK,
        link_until=datetime(2023, 11, 14, 6, tzinfo=UTC),
        picture=None if drawn is None else Picture(drawn.png, drawn.title, drawn.alt, drawn.width),
        **arguments,  # type: ignore[arg-type]
    )


def as_shown(message: EmailMessage) -> str:
    """The HTML as a mail program shows it: parts that it names by `cid:` in their places."""
    body = message.get_body(("html",))
    assert body is not None
    html: str = body.get_content()
    for part in message.walk():
        if part["Content-ID"]:
            data = base64.b64encode(part.get_payload(decode=True)).decode()  # type: ignore[arg-type]
            html = html.replace(f"cid:{part['Content-ID'].strip('<>')}", f"data:image/png;base64,{data}")
    assert "cid:" not in html
    return html


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800])
@pytest.mark.parametrize("case", CASES)
def test_everything_can_be_read(opened: Callable[..., Watched], tmp_path: Path, case: str, width: int, scheme: str) -> None:
    facts, more = CASES[case]
    (tmp_path / "mail.html").write_text(as_shown(mail(facts, **more)), encoding="utf-8")
    watched = opened((tmp_path / "mail.html").as_uri(), width=width, scheme=scheme)
    watched.shot(f"mail-{case}-{width}-{scheme}")
    assert too_wide(watched.page) == []
    assert faint_texts(watched.page) == []
    assert watched.asked == []
    assert watched.complaints == []
    dark = watched.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(255, 255, 255)") is (scheme == "light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_chart_is_drawn_on_its_own_ground(opened: Callable[..., Watched], tmp_path: Path, scheme: str) -> None:
    (tmp_path / "mail.html").write_text(as_shown(mail(full())), encoding="utf-8")
    chart = opened((tmp_path / "mail.html").as_uri(), width=360, scheme=scheme).page.locator("img")
    assert chart.count() == 1
    natural, shown, ground, alt = chart.evaluate(
        "e => [e.naturalWidth, e.getBoundingClientRect().width, getComputedStyle(e).backgroundColor, e.alt]"
    )
    assert natural == 768
    assert shown == 328  # the column of a phone: 2.3 pixels of the file for each of the page
    assert ground == "rgb(255, 255, 255)"
    assert "3,941 posts in the last whole week" in alt


def test_without_pictures_the_finding_is_still_told(opened: Callable[..., Watched], tmp_path: Path) -> None:
    (tmp_path / "mail.html").write_text(as_shown(mail(full())).replace("data:image/png;base64,", "data:image/png;base64,x"))
    watched = opened((tmp_path / "mail.html").as_uri(), width=360, scheme="dark")
    watched.shot("mail-no-pictures-360-dark")
    assert "3,941 posts in the last whole week" in watched.page.locator("body").inner_text()
