"""Mail over SMTP (RFC 5321), one message and one connection a recipient, so that every answer belongs to one person.

The steps are taken one by one instead of by `smtplib.sendmail`: whether the line dropped before or after DATA decides whether a
message may be sent again.
"""

import base64
import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Literal

from tasks.deliver.headers import one_line
from tasks.domain.errors import UsageProblem
from tasks.domain.ports import Handover

Security = Literal["starttls", "tls", "none"]
_REPLY_CHARACTERS = 300


class _NotHandedOver(Exception):
    """The server was not given the message; `outcome` says whether to try again."""

    def __init__(self, outcome: Literal["refused", "deferred"], reply: str) -> None:
        super().__init__(reply)
        self.outcome = outcome
        self.reply = reply


@dataclass(frozen=True)
class SmtpMailer:
    """`security`: `starttls` (a server without it gets nothing), `tls` from the first byte, or `none` for a relay on this machine.

    `timeout_s` bounds every single wait. Raises UsageProblem if a password would go over an unencrypted line.
    """

    host: str
    port: int = 587
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout_s: float = 60
    tls: ssl.SSLContext | None = field(default=None, repr=False)  # None: the system's certificates, host name checked
    kind: str = "smtp"

    def __post_init__(self) -> None:
        if self.user and self.security == "none":
            raise UsageProblem("The mail server's password would be sent unencrypted.", remedy="Use STARTTLS or TLS, or no user.")

    def send(self, message: EmailMessage, recipient: str) -> Handover:
        """Hand the message to the server for one recipient. What the server or the line does is an outcome, never an exception:

        accepted: 250 after the message. refused: 5xx for this recipient or this message. deferred: nothing was handed over (no
        connection, no encryption, no login, 4xx, a 5xx for the sender); it may be sent again. unknown: the line dropped after DATA.
        """
        try:
            with self._session() as server:
                return self._hand_over(server, message, recipient)
        except _NotHandedOver as refusal:
            return Handover(refusal.outcome, self._clean(refusal.reply, recipient))

    def _session(self) -> "_Session":
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise _NotHandedOver("deferred", f"no connection to {self.host}:{self.port}: {_words(error)}") from error
        try:
            if self.security == "starttls":
                server.starttls(context=self._tls())
                server.ehlo()
            if self.user:
                server.login(self.user, self.password)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            server.close()
            step = "login" if isinstance(error, smtplib.SMTPAuthenticationError) else "encryption or login"
            raise _NotHandedOver(
                "deferred", f"{step} failed at {self.host}:{self.port}, nothing was sent: {_words(error)}"
            ) from error
        return _Session(server)

    def _connect(self) -> smtplib.SMTP:
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=self._tls())
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
        try:
            server.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        return server

    def _tls(self) -> ssl.SSLContext:
        return self.tls or ssl.create_default_context()

    def _hand_over(self, server: smtplib.SMTP, message: EmailMessage, recipient: str) -> Handover:
        sender = parseaddr(str(message["From"]))[1]
        body = re.sub(rb"(?m)^\.", b"..", message.as_bytes(policy=policy.SMTP))
        try:
            _expect(server.mail(sender), 250, final="deferred")  # a refused sender is ours to repair, not the recipient's end
            _expect(server.rcpt(recipient), 250, 251, final="refused")
            _expect(server.docmd("DATA"), 354, final="refused")
        except (OSError, smtplib.SMTPException) as error:
            raise _NotHandedOver("deferred", f"the line dropped before the message was sent: {_words(error)}") from error
        try:
            server.send(body.rstrip(b"\r\n") + b"\r\n.\r\n")
            code, reply = server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            return Handover("unknown", self._clean(f"the line dropped after DATA: {_words(error)}", recipient))
        if code != 250:
            raise _NotHandedOver("refused" if 500 <= code < 600 else "deferred", _said(code, reply))
        return Handover("accepted", self._clean(_said(code, reply), recipient))

    def _clean(self, reply: str, recipient: str) -> str:
        """A reply for records and logs: one line, without the address or the password, which some servers repeat."""
        secrets = [self.password, base64.b64encode(self.password.encode()).decode()] if self.password else []
        login = base64.b64encode(f"\0{self.user}\0{self.password}".encode()).decode()
        for secret in (*secrets, *([login] if self.user else [])):
            reply = reply.replace(secret, "<secret>")
        return one_line(re.sub(re.escape(recipient), "<recipient>", reply, flags=re.IGNORECASE), _REPLY_CHARACTERS)


@dataclass(frozen=True)
class _Session:
    """Ends politely; what goes wrong after the answer to DATA no longer matters."""

    server: smtplib.SMTP

    def __enter__(self) -> smtplib.SMTP:
        return self.server

    def __exit__(self, *_: object) -> None:
        try:
            self.server.quit()
        except (OSError, smtplib.SMTPException):
            self.server.close()


def _expect(answer: tuple[int, bytes], *wanted: int, final: Literal["refused", "deferred"]) -> None:
    code, reply = answer
    if code not in wanted:
        raise _NotHandedOver(final if 500 <= code < 600 else "deferred", _said(code, reply))


def _said(code: int, reply: bytes) -> str:
    return f"{code} {reply.decode('utf-8', 'replace')}"


def _words(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else str(error.smtp_error)
        return f"{error.smtp_code} {text}"
    return str(error) or type(error).__name__
