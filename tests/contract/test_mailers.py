"""One contract for every mailer, then what only a real server can do: encryption, login, refusals, drops, delays."""

import os
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from mail_samples import PDF, Mailbox, MemoryStore, RunningServer, SesService, certificate, facts
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sesv2 import sesv2_backends

from tasks.deliver.eml import EmlMailer
from tasks.deliver.message import compose, message_id
from tasks.deliver.ses import SesMailer
from tasks.deliver.smtp import SmtpMailer
from tasks.domain.errors import UsageProblem, WorkspaceProblem
from tasks.domain.ports import Mailer

SENDER = "Resurge <briefings@example.org>"
ANA, BEN = "ana@example.org", "ben@example.org"


def letter(recipient: str = ANA, sentence: str = "All quiet.", when: int = 1, title: str = "River Reeds") -> EmailMessage:
    f = facts(title=title)
    f = f.model_copy(update={"judgements": f.judgements.model_copy(update={"bottom_line": (sentence,)})})
    return compose(
        f,
        recipient=recipient,
        sender=SENDER,
        briefing_id="ab" * 20,
        message_id=message_id("e" * 64, recipient, 1, SENDER),
        delivery_no=1,
        date=datetime(2023, 11, when, tzinfo=UTC),
        pdf=PDF,
        link=None,
    )


@pytest.fixture(scope="module")
def tls(tmp_path_factory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(server's context, client's context that trusts it)."""
    cert, key = certificate(tmp_path_factory.mktemp("tls"))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(cert, key)
    return server, ssl.create_default_context(cafile=str(cert))


@pytest.fixture
def serve(tls) -> Iterator[Callable[..., RunningServer]]:
    running: list[RunningServer] = []

    def start(box: Mailbox, *, encrypted: bool = True, login: bool = False) -> RunningServer:
        server = RunningServer(box, tls[0] if encrypted else None, login=login)
        server.start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def ses() -> Iterator[SesService]:
    service = SesService()
    yield service
    service.stop()


def by_ses(service: SesService, **more: object) -> SesMailer:
    keys = {"access_key": "key", "secret_key": "s3cret-horse", "timeout_s": 3, **more}
    return SesMailer("eu-west-1", service.address, **keys)  # type: ignore[arg-type]


@pytest.fixture(params=["folder", "store", "smtp", "ses"])
def mailer_and_inbox(request, tmp_path, tls, serve) -> tuple[Mailer, Callable[[], list[bytes]]]:
    """Each mailer with a way to read what it handed over."""
    if request.param == "folder":
        return EmlMailer(tmp_path / "mail"), lambda: [p.read_bytes() for p in sorted((tmp_path / "mail").iterdir())]
    if request.param == "store":
        store = MemoryStore()
        return EmlMailer(store, "mail/x"), lambda: [store.objects[k][0] for k in sorted(store.objects)]
    if request.param == "ses":
        service = request.getfixturevalue("ses")
        return by_ses(service), lambda: [service.raw(asked) for asked in service.asked]
    box = Mailbox()
    server = serve(box)
    return SmtpMailer("127.0.0.1", server.port, timeout_s=5, tls=tls[1]), lambda: [content for _, content in box.taken]


def test_a_message_arrives_whole_for_one_recipient(mailer_and_inbox):
    mailer, inbox = mailer_and_inbox
    assert mailer.send(letter(), ANA).outcome == "accepted"
    (data,) = inbox()
    got = message_from_bytes(data, policy=policy.SMTP)
    assert got["To"] == ANA
    assert got["Cc"] is None
    assert next(got.iter_attachments()).get_content() == PDF
    assert "All quiet." in got.get_body(("plain",)).get_content()


def test_each_recipient_gets_a_message_of_their_own(mailer_and_inbox):
    mailer, inbox = mailer_and_inbox
    for person in (ANA, BEN):
        assert mailer.send(letter(person), person).outcome == "accepted"
    assert sorted(message_from_bytes(data, policy=policy.SMTP)["To"] for data in inbox()) == [ANA, BEN]


@pytest.mark.parametrize("sentence", [".", ".. two dots", "水军 активность نشاط", "x" * 3000, "MAIL FROM:<eve>"])
def test_awkward_lines_survive(mailer_and_inbox, sentence):
    mailer, inbox = mailer_and_inbox
    mailer.send(letter(sentence=sentence), ANA)
    text = message_from_bytes(inbox()[0], policy=policy.SMTP).get_body(("plain",)).get_content()
    assert sentence[:900] in text.replace("\r\n", "\n")


def test_a_line_that_starts_with_a_dot_keeps_it(mailer_and_inbox):
    mailer, inbox = mailer_and_inbox
    mailer.send(letter(title=".reeds"), ANA)
    text = message_from_bytes(inbox()[0], policy=policy.SMTP).get_body(("plain",)).get_content()
    assert ".reeds: 2023-W44" in text.splitlines()[2]
    assert not text.splitlines()[2].startswith("..")


def test_a_mailer_says_what_kind_it_is(mailer_and_inbox):
    assert mailer_and_inbox[0].kind in ("eml", "smtp", "ses")


# Files ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["folder", "store"])
def test_a_second_attempt_writes_no_second_file(tmp_path, kind):
    store = MemoryStore()
    mailer = EmlMailer(tmp_path) if kind == "folder" else EmlMailer(store)
    assert mailer.send(letter(), ANA).reply.startswith("written")
    again = mailer.send(letter(when=9), ANA)
    assert again.outcome == "accepted"
    assert again.reply.startswith("already there")
    assert len(list(tmp_path.iterdir())) + len(store.objects) == 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkspaceProblem, match="could not be written"):
        EmlMailer(tmp_path / "file").send(letter(), ANA)


def test_no_half_written_file_stays(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorkspaceProblem, match="No space left"):
        EmlMailer(tmp_path).send(letter(), ANA)
    assert not list(Path(tmp_path).iterdir())


# A real server ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def client(tls, serve) -> Callable[..., tuple[SmtpMailer, Mailbox]]:
    def make(box: Mailbox, *, login: bool = False, **more: object) -> tuple[SmtpMailer, Mailbox]:
        server = serve(box, login=login)
        return SmtpMailer(**({"host": "127.0.0.1", "port": server.port, "timeout_s": 3, "tls": tls[1]} | more)), box

    return make


def test_the_line_is_encrypted_and_the_login_right(client):
    mailer, box = client(Mailbox(), login=True, user="resurge", password="right horse")
    assert mailer.send(letter(), ANA).outcome == "accepted"
    assert box.encrypted == [True]
    assert box.logins == ["resurge"]


def test_a_wrong_password_hands_nothing_over_and_is_never_repeated(client):
    mailer, box = client(Mailbox(), login=True, user="resurge", password="s3cret-horse")
    handover = mailer.send(letter(), ANA)
    assert handover.outcome == "deferred"
    assert "login failed" in handover.reply
    assert "s3cret-horse" not in handover.reply + repr(mailer)
    assert not box.taken


def test_a_server_without_starttls_gets_nothing(serve):
    box = Mailbox()
    server = serve(box, encrypted=False)
    handover = SmtpMailer("127.0.0.1", server.port, timeout_s=3).send(letter(), ANA)
    assert handover.outcome == "deferred"
    assert "encryption" in handover.reply
    assert not box.taken


def test_a_certificate_that_nobody_vouches_for_gets_nothing(client):
    mailer, box = client(Mailbox(), tls=None)
    handover = mailer.send(letter(), ANA)
    assert handover.outcome == "deferred"
    assert "certificate verify failed" in handover.reply
    assert not box.taken


def test_a_certificate_for_another_host_gets_nothing(tmp_path, tls):
    cert, key = certificate(tmp_path, "mail.example.org")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    box = Mailbox()
    server = RunningServer(box, context)
    server.start()
    try:
        trusting = ssl.create_default_context(cafile=str(cert))
        assert SmtpMailer("localhost", server.port, timeout_s=3, tls=trusting).send(letter(), ANA).outcome == "deferred"
    finally:
        server.stop()
    assert not box.taken


def test_a_relay_on_this_machine_without_encryption(serve):
    box = Mailbox()
    server = serve(box, encrypted=False)
    assert SmtpMailer("127.0.0.1", server.port, "none", timeout_s=3).send(letter(), ANA).outcome == "accepted"
    assert box.encrypted == [False]
    with pytest.raises(UsageProblem, match="unencrypted"):
        SmtpMailer("127.0.0.1", server.port, "none", user="resurge", password="x")


@pytest.mark.parametrize(
    ("box", "outcome", "word"),
    [
        (Mailbox(on_rcpt={ANA: "550 5.1.1 no ana@example.org here"}), "refused", "550"),
        (Mailbox(on_rcpt={ANA: "451 4.7.1 greylisted"}), "deferred", "451"),
        (Mailbox(on_rcpt={ANA: "421 closing"}), "deferred", "421"),
        (Mailbox(on_mail="550 5.7.1 sender not allowed"), "deferred", "550"),
        (Mailbox(on_mail="452 4.3.1 no room"), "deferred", "452"),
        (Mailbox(on_data="552 5.3.4 too big"), "refused", "552"),
        (Mailbox(on_data="451 4.3.0 try later"), "deferred", "451"),
        (Mailbox(drop_at_data=True), "deferred", "dropped before"),
        (Mailbox(on_data="drop"), "unknown", "dropped after DATA"),
        (Mailbox(on_data="keep and drop"), "unknown", "dropped after DATA"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_answer_has_its_outcome(client, box, outcome, word):
    mailer, box = client(box)
    handover = mailer.send(letter(), ANA)
    assert handover.outcome == outcome
    assert word in handover.reply
    assert "ana@" not in handover.reply
    assert bool(box.taken) is (box.on_data == "keep and drop")


def test_one_refused_recipient_does_not_keep_the_others_waiting(client):
    mailer, box = client(Mailbox(on_rcpt={ANA: "550 no"}))
    assert [mailer.send(letter(p), p).outcome for p in (ANA, BEN)] == ["refused", "accepted"]
    assert [person for person, _ in box.taken] == [BEN]


def test_a_server_that_answers_too_late_leaves_it_unknown(client):
    mailer, _ = client(Mailbox(slow_s=1.5), timeout_s=0.5)
    handover = mailer.send(letter(), ANA)
    assert handover.outcome == "unknown"
    assert "timed out" in handover.reply


def test_nobody_there(tls):
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    handover = SmtpMailer("127.0.0.1", port, timeout_s=1, tls=tls[1]).send(letter(), ANA)
    assert handover.outcome == "deferred"
    assert "no connection" in handover.reply


def test_a_server_that_never_greets(tls):
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        handover = SmtpMailer("127.0.0.1", silent.getsockname()[1], timeout_s=0.3, tls=tls[1]).send(letter(), ANA)
    assert handover.outcome == "deferred"


# Amazon SES -------------------------------------------------------------------------------------------------------------------


def test_ses_is_told_who_gets_it_and_where_bounces_go(ses):
    mailer = by_ses(ses, configuration_set="briefings", feedback_to="bounces@example.org")
    handover = mailer.send(letter(), ANA)
    assert handover.outcome == "accepted"
    assert "0100-message" in handover.reply
    (asked,) = ses.asked
    assert asked["Destination"] == {"ToAddresses": [ANA]}
    assert asked["FromEmailAddress"] == SENDER
    assert asked["ConfigurationSetName"] == "briefings"
    assert asked["FeedbackForwardingEmailAddress"] == "bounces@example.org"
    assert ses.raw(asked) == letter().as_bytes(policy=policy.SMTP)
    by_ses(ses).send(letter(), ANA)
    assert not {"ConfigurationSetName", "FeedbackForwardingEmailAddress"} & set(ses.asked[1])


@pytest.mark.parametrize(
    ("answer", "outcome", "word"),
    [
        ((400, "BadRequestException", "Illegal address ana@example.org"), "refused", "Illegal address"),
        ((400, "MessageRejected", "Virus found in ana@example.org's message"), "refused", "Virus"),
        ((400, "MessageRejected", "Email address is not verified: ana@example.org"), "deferred", "not verified"),
        ((400, "MailFromDomainNotVerifiedException", "no MX"), "deferred", "MailFromDomain"),
        ((400, "SendingPausedException", "paused"), "deferred", "paused"),
        ((400, "AccountSuspendedException", "suspended"), "deferred", "suspended"),
        ((429, "TooManyRequestsException", "Maximum sending rate exceeded"), "deferred", "429"),
        ((400, "LimitExceededException", "Daily quota"), "deferred", "Daily"),
        ((404, "NotFoundException", "Configuration set briefings does not exist"), "deferred", "does not exist"),
        ((403, "AccessDeniedException", "not authorized"), "deferred", "403"),
        ((403, "ExpiredTokenException", "expired"), "deferred", "expired"),
        ((500, "InternalFailure", "oops"), "unknown", "500"),
        ((503, "ServiceUnavailable", "later"), "unknown", "503"),
        ("drop", "unknown", "dropped after"),
        ("half", "unknown", "dropped after"),
        ("slow", "unknown", "dropped after"),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else None,
)
def test_every_answer_of_ses_has_its_outcome_and_none_is_asked_twice(ses, answer, outcome, word):
    ses.answer = answer
    handover = by_ses(ses, timeout_s=0.5).send(letter(), ANA)
    assert (handover.outcome, len(ses.asked)) == (outcome, 1)
    assert word in handover.reply
    assert "ana@" not in handover.reply
    assert "s3cret" not in handover.reply + repr(by_ses(ses))


def test_nobody_there_or_no_credentials_hands_nothing_over(ses, monkeypatch, tmp_path):
    ses.stop()
    assert by_ses(ses, timeout_s=1).send(letter(), ANA).outcome == "deferred"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    handover = SesMailer("eu-west-1", "http://127.0.0.1:9").send(letter(), ANA)
    assert handover.outcome == "deferred"
    assert "credentials" in handover.reply
    with pytest.raises(UsageProblem, match="RESURGE_SES_REGION"):
        SesMailer("eu-west-1", "not an address").send(letter(), ANA)


def test_ses_as_moto_knows_it(monkeypatch):
    """moto checks the request's shape against the service's model, and that the sender is an identity of the account."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        mailer = SesMailer("eu-west-1", timeout_s=3)
        stranger = mailer.send(letter(), ANA)
        assert (stranger.outcome, "MessageRejected" in stranger.reply) == ("refused", True)
        mailer._client.create_email_identity(EmailIdentity="example.org")
        assert mailer.send(letter(), ANA).outcome == "accepted"
        sent = sesv2_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].core_backend.sent_messages
        assert [set(message.destinations) for message in sent] == [{ANA}]
