"""The message: what a reader sees, and that nothing a campaign or a post says becomes a header or markup."""

import re
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mail_samples import PDF, facts

from tasks.deliver.clearance import TLP_ORDER, may_read
from tasks.deliver.headers import checked_bytes, one_line, plain_address
from tasks.deliver.mail_view import Picture
from tasks.deliver.message import compose, message_id, recipient_hmac
from tasks.domain.campaign import Tlp
from tasks.domain.errors import DeliveryProblem, UsageProblem

KEY = b"a key of sixteen"
SENT = datetime(2023, 11, 7, 6, 0, tzinfo=UTC)
SENDER = "Resurge <briefings@example.org>"


def write(f=None, **more: object) -> EmailMessage:
    arguments = {
        "recipient": "ana@example.org", "sender": SENDER, "briefing_id": "ab" * 20, "delivery_no": 1, "date": SENT, "pdf": PDF,
        "link": "https://briefings.example.org/x", "message_id": message_id("e" * 64, "f" * 64, 1, SENDER),
    }  # fmt: skip
    return compose(facts() if f is None else f, **(arguments | more))


def read(message: EmailMessage) -> EmailMessage:
    return BytesParser(policy=policy.SMTP).parsebytes(message.as_bytes(policy=policy.SMTP))


def body(message: EmailMessage, kind: str) -> str:
    part = read(message).get_body((kind,))
    assert part is not None
    return part.get_content()


def test_subject_headers_and_attachment():
    message = read(write())
    assert message["Subject"] == "[TLP:AMBER] River Reeds: briefing 2023-W44"
    assert message["To"] == "ana@example.org"
    assert message["X-Briefing-Id"] == "ab" * 20
    assert message["Date"] == "Tue, 07 Nov 2023 06:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    attached = list(message.iter_attachments())
    assert [a.get_filename() for a in attached] == ["river-reeds-2023-W44-TLP-AMBER.pdf"]
    assert attached[0].get_content() == PDF
    assert attached[0].get_content_type() == "application/pdf"


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_bodies_have_the_bottom_line_six_figures_and_the_verdict(kind):
    text = body(write(), kind)
    assert "The network is back at half its level." in text
    assert [f"Figure {n}" in text for n in range(1, 8)] == [True] * 6 + [False]
    assert "6,000" in text
    assert "Figure 6, posts" in text
    assert "1.50" in text
    assert text.count("not measurable: nothing was collected") == 1
    assert text.count("unknown (a)") == 6
    assert "12 of 1,200 rows were set aside" in text
    assert "attached as a PDF" in text
    assert "\u202e" not in text
    assert "‹U+202E›" in text


def test_markup_in_facts_stays_text():
    html = body(write(facts(title='<img src=x onerror="alert(1)">')), "html")
    assert "<img" not in html
    assert "<b>another</b>" not in html
    assert "&lt;b&gt;another" in html
    assert "<b>another</b>" in body(write(), "plain")


def test_labels_of_simulated_provisional_and_corrected_briefings():
    simulated = facts(simulated=True)
    late = simulated.model_copy(update={"period": simulated.period.model_copy(update={"provisional": True})})
    message = write(late, delivery_no=3)
    assert message["Subject"].endswith(": correction 2 of the briefing 2023-W44 (provisional) (simulated data)")
    for kind in ("plain", "html"):
        text = body(message, kind).lower()
        assert "simulated data" in text
        assert "provisional" in text
        assert "correction 2" in text


def test_a_pdf_over_the_budget_or_unwanted_is_linked():
    for more in ({"attachment_budget": len(PDF) - 1}, {"format": "link"}, {"pdf": None}):
        message = write(**more)
        assert not list(read(message).iter_attachments())
        assert "https://briefings.example.org/x" in body(message, "plain")
        assert 'href="https://briefings.example.org/x"' in body(message, "html")
    assert "https://briefings" not in body(write(), "plain")
    assert 'href="file:' not in body(write(format="link", link="file:///briefings/x.pdf"), "html")


def test_a_pdf_that_can_neither_be_attached_nor_linked_is_an_error():
    with pytest.raises(UsageProblem, match="no link"):
        write(pdf=None, link=None)
    with pytest.raises(UsageProblem, match="does not go into the mail"):
        write(attachment_budget=10, link=None)


def test_equal_arguments_give_equal_bytes_and_every_attempt_the_same_ids():
    one, two = write(), write()
    assert one.as_bytes() == two.as_bytes()
    later = write(date=datetime(2024, 1, 1, tzinfo=UTC))
    assert later["Message-ID"] == one["Message-ID"]
    assert later["X-Briefing-Id"] == one["X-Briefing-Id"]
    ids = {message_id(e, r, n, SENDER) for e in ("e", "f") for r in ("r", "s") for n in (1, 2)}
    assert len(ids) == 8
    assert all(re.fullmatch(r"<[0-9a-f]{32}@example\.org>", i) for i in ids)


INJECTIONS = [
    "x\r\nBcc: eve@example.org",
    "x\nBcc: eve@example.org",
    "x\rBcc: eve@example.org",
    "=?utf-8?q?x=0D=0ABcc:_eve@example.org?=",
    "=?utf-8?b?eA0KQmNjOiBldmVAZXhhbXBsZS5vcmc=?=",
    "=?iso-8859-1?q?x=0ABcc=3A_eve@example.org=0A=0Abody?=",
    "x\x00\r\n\r\nbody",
    "x\u2028Bcc: eve@example.org",
    "x\x85Bcc: eve@example.org",
    "x\x0bBcc: eve@example.org",
    "\u202egro.elpmaxe@eve :ccB",
    "x" * 5000 + "\r\nBcc: eve@example.org",
    "=?utf-8?q?" + "=0D=0ABcc:_eve@example.org" * 50 + "?=",
    "水军\r\nBcc: eve@example.org",
    "x" * 70 + "=?utf-8?q?:á(Bcc: x@y.zé",
    "= =??utf-8?q?=0D=0ABcc:_e@x.org?= =",
]


@pytest.mark.parametrize("title", INJECTIONS)
def test_no_title_becomes_a_header(title):
    message = read(write(facts(title=title)))
    assert "bcc" not in [name.lower() for name in message.keys()]  # noqa: SIM118
    assert len(message.get_all("Subject")) == 1
    assert message["Subject"].strip().startswith("[TLP:AMBER] ")
    raw = write(facts(title=title)).as_bytes(policy=policy.SMTP).split(b"\r\n\r\n")[0]
    assert not re.search(rb"(?im)^bcc", raw)
    assert b"\0" not in raw
    assert "\u202e" not in message["Subject"]


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_sender_recipient_or_id_becomes_a_header(text):
    for field in ("sender", "recipient"):
        with pytest.raises(UsageProblem) as caught:
            write(**{field: text + "@example.org"})
        assert "eve@" not in str(caught.value) or len(str(caught.value)) < 250
    assert "bcc" not in [n.lower() for n in read(write(briefing_id=text)).keys()]  # noqa: SIM118
    with pytest.raises((DeliveryProblem, ValueError)):
        write(message_id=f"<{text}@example.org>\r\nBcc: eve@example.org")


@given(title=st.text(st.characters(codec="utf-8"), max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_title_at_all_gives_a_sound_message(title):
    names = [name.lower() for name in read(write(facts(title=title))).keys()]  # noqa: SIM118
    assert len(names) == len(set(names))
    assert "bcc" not in names


def test_finished_bytes_with_a_foreign_or_doubled_field_are_refused():
    message = write()
    message["Bcc"] = "eve@example.org"
    with pytest.raises(DeliveryProblem, match=r"bcc|Bcc"):
        checked_bytes(message, {})
    with pytest.raises(DeliveryProblem, match="does not read back"):
        checked_bytes(write(), {"To": "eve@example.org"})
    inner = write()
    next(inner.iter_attachments())["X-Evil"] = "1"
    with pytest.raises(DeliveryProblem, match="x-evil"):
        checked_bytes(inner, {})


@pytest.mark.parametrize(
    "address",
    ["ana", "ana@", "@x.org", "a b@x.org", "a@x..org", "a@x.org, b@x.org", "å@x.org", "a@-x.org", "", "a@x.org>", "<a@x.org>b"],
)
def test_only_plain_addresses_pass(address):
    with pytest.raises(UsageProblem):
        plain_address(address)


def test_an_address_is_not_given_away_by_its_error():
    with pytest.raises(UsageProblem) as caught:
        plain_address("secret.name with blank@example.org")
    assert "secret.name" not in str(caught.value)
    assert "@example.org" in str(caught.value)


def test_long_header_text_is_cut_and_spaces_are_folded():
    assert one_line("a \t\n b", 10) == "a b"
    assert len(one_line("x" * 500, 100)) == 100


def test_a_recipient_is_known_by_a_keyed_hash():
    assert recipient_hmac(KEY, "Ana@Example.org") == recipient_hmac(KEY, "ana@example.org")
    assert recipient_hmac(KEY, "ana@example.org") != recipient_hmac(b"another key.....", "ana@example.org")
    assert re.fullmatch("[0-9a-f]{64}", recipient_hmac(KEY, "ana@example.org"))


def test_clearance_follows_the_order_of_the_labels():
    assert set(TLP_ORDER) == set(Tlp.__args__)
    for low, label in enumerate(TLP_ORDER):
        for high, clearance in enumerate(TLP_ORDER):
            assert may_read(clearance, label) is (high >= low)
    for pair in (("WHITE", "CLEAR"), ("RED", "amber"), ("", "CLEAR")):
        with pytest.raises(UsageProblem):
            may_read(*pair)


def test_the_chart_stands_inside_the_text_and_its_words_in_the_plain_one():
    picture = Picture(b"\x89PNG\r\n\x1a\n chart", "Posts a <week>", 'Posts "fell" in the last week.', 384)
    message = read(write(picture=picture))
    (part,) = [p for p in message.walk() if p.get_content_type() == "image/png"]
    assert part.get_content() == picture.png
    assert part["Content-Disposition"].split(";")[0] == "inline"
    html = body(message, "html")
    assert f'src="cid:{part["Content-ID"].strip("<>")}"' in html
    assert "Posts &#34;fell&#34; in the last week." in html
    assert "Posts a &lt;week&gt;" in html
    assert picture.alt in body(message, "plain")
    assert [a.get_content_type() for a in message.iter_attachments()] == ["application/pdf"]
    assert write(picture=picture).as_bytes() == write(picture=picture).as_bytes()
    assert "<img" not in body(write(), "html")


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_correction_says_what_changed_and_a_link_when_it_ends(kind):
    more = {
        "delivery_no": 2,
        "changed": ("Posts: 5 <b>, was 6.",),
        "format": "link",
        "link_until": datetime(2023, 11, 14, 6, tzinfo=UTC),
    }
    message = write(**more)
    assert message["Subject"] == "[TLP:AMBER] River Reeds: correction 1 of the briefing 2023-W44"
    text = body(message, kind)
    assert ("Posts: 5 <b>, was 6." if kind == "plain" else "Posts: 5 &lt;b&gt;, was 6.") in text
    assert "The link ends on 14 November 2023, 06:00 UTC" in text
    assert "The link ends" not in body(write(link_until=more["link_until"]), kind)  # the PDF is attached
    assert "What changed" not in body(write(delivery_no=2), kind)
