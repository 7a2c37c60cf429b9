"""Facts, a store, a certificate and a real SMTP server for the tests of delivery."""

import asyncio
import base64
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tasks.domain.errors import StaleWrite, WorkspaceProblem, WriteConflict
from tasks.domain.facts import Facts
from tasks.domain.ports import ObjectInfo, Stored

START, END = "2023-10-30T00:00:00Z", "2023-11-06T00:00:00Z"
MISSING = {"status": "not_measurable", "reason": "nothing was collected before <the> takedown"}
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 8 + b"\n%%EOF\n"


def facts(**campaign: object) -> Facts:
    """A complete, nearly empty Facts with six key figures (a seventh that must not be mailed)."""
    figures = [
        {"name": f"Figure {n}", "value": n * 1000, "unit": "posts", "previous": 1.5, "baseline": MISSING, "ref": "/activity/posts"}
        for n in range(1, 8)
    ]
    none = {"part": 0, "whole": 0}
    return Facts.model_validate(
        {
            "campaign": {
                "slug": "river-reeds", "title": "River Reeds", "aliases": [], "summary": "", "simulated": False, "tlp": "AMBER",
                "suspected_zone": "UTC", "attribution": [], "events": [], **campaign,
            },
            "period": {"key": "2023-W44", "kind": "week", "start": START, "end": END, "provisional": False, "lateness_h": 24},
            "as_of": "2023-11-07T00:00:00Z",
            "generated_by": {"name": "resurge", "version": "0", "code_sha256": "", "lock_sha256": "", "fonts_sha256": ""},
            "inputs": {
                "batches": [], "predecessor": None, "capture_time_assumed": False, "membership_hindsight": False,
                "pseudonym_key_id": "", "parameters": {},
            },
            "coverage": {"platforms": [], "queries": [], "queries_changed": [], "caveats": []},
            "validation": {
                "verdict": "warned", "landed": 1200, "accepted": 1188, "quarantined": 12, "collapsed": 0, "quarantine": [], "checks": [],
                "drift": [],
            },
            "activity": {
                "posts": 0, "accounts": 0, "members": 0, "members_by_basis": {}, "previous_posts": MISSING, "previous_accounts": MISSING,
                "posts_outsiders": 0, "languages": {}, "kinds": {}, "platforms": [], "weeks": [], "top10_share": none,
            },
            "coordination": {
                "window_days": 182, "tests": 0, "max_q": 0.01, "behaviours": [], "clusters": [], "network": MISSING, "exhibits": [],
            },
            "takedowns": [],
            "narratives": {
                "items": [], "coded": none, "unclustered": none, "categories": {}, "exhibits": [], "copypasta": none, "pivots": MISSING,
                "filler": MISSING,
            },
            "behaviour": {
                "zone": "UTC", "counts": MISSING, "posts": 0, "window_days": 7, "utc_offset_h": MISSING, "utc_offset_interval": MISSING,
                "meal_dips": MISSING, "weekend_ratio": MISSING, "holiday_ratio": MISSING, "uniform_p": MISSING,
            },
            "impact": {
                "posts": 0, "measured": 0, "age_control": "age not controlled", "zero": MISSING, "median": MISSING, "p95": MISSING,
                "top": MISSING, "top_post": MISSING, "buckets": [], "views_median": MISSING, "internal_share": MISSING,
                "breakout_category": MISSING, "breakout_reason": "",
            },
            "accounts_proposed": [],
            "judgements": {
                "bottom_line": ["The network is back at half its level.", "Now it says <b>another</b> \u202eelif.", "Impact stays low."],
                "items": [], "key_figures": figures,
            },
            "changes": {"since": None, "items": [], "scored": []},
            "limits": [],
        }
    )  # fmt: skip


class Killed(BaseException):
    """The process died here: nothing may catch it."""


Fault = Literal["kill before", "kill after", "lost answer", "lost answer as stale", "down"]


class MemoryStore:
    """An ObjectStore in memory. `faults` maps the number of a write (1, 2 ...) to what goes wrong with it; "down" hits reads too."""

    address = "memory"

    def __init__(self, faults: dict[int, Fault] | None = None) -> None:
        self.objects: dict[str, tuple[bytes, int]] = {}
        self.writes = 0
        self.faults = faults or {}

    def read(self, key: str) -> Stored | None:
        found = self.objects.get(key)
        return Stored(found[0], str(found[1])) if found else None

    def create(self, key: str, data: bytes | Path) -> Literal["created", "present"]:
        content = data.read_bytes() if isinstance(data, Path) else data
        if key in self.objects:
            if self.objects[key][0] != content:
                raise WriteConflict("other bytes", remedy="")
            return "present"
        self.objects[key] = (content, 1)
        return "created"

    def swap(self, key: str, data: bytes, *, expected: str | None) -> str:
        self.writes += 1
        fault = self.faults.get(self.writes)
        if fault == "kill before":
            raise Killed
        if fault == "down":
            raise WorkspaceProblem("the store is away", remedy="wait")
        found = self.objects.get(key)
        if (str(found[1]) if found else None) != expected:
            raise StaleWrite("somebody was faster", remedy="read again")
        version = (found[1] if found else 0) + 1
        self.objects[key] = (data, version)
        if fault == "kill after":
            raise Killed
        if fault == "lost answer":
            raise WorkspaceProblem("no answer", remedy="wait")
        if fault == "lost answer as stale":
            raise StaleWrite("the retry met its own write", remedy="read again")
        return str(version)

    def local_path(self, key: str) -> Path:
        raise NotImplementedError

    def entries(self, prefix: str) -> Iterator[ObjectInfo]:
        for key in sorted(self.objects):
            if key.startswith(f"{prefix}/"):
                yield ObjectInfo(key, len(self.objects[key][0]), str(self.objects[key][1]))


def certificate(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """A self-made certificate for `name` and 127.0.0.1: (certificate, key) as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    unencrypted = serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted))
    return cert_file, key_file


@dataclass
class Mailbox:
    """What a server does at each step, and the messages it took: (recipient, bytes)."""

    on_mail: str = "250 OK"
    on_rcpt: dict[str, str] = field(default_factory=dict)  # by recipient
    on_data: str = (
        "250 queued as 1"  # "drop" closes the line before the answer, "keep and drop" after taking the message, "slow" sleeps
    )
    drop_at_data: bool = False  # the line closes instead of 354
    slow_s: float = 0
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if self.on_mail.startswith("250"):
            envelope.mail_from = address
        return self.on_mail

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        answer = self.on_rcpt.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.on_data == "drop":
            server.transport.abort()
            return "250 never said"
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        if self.on_data.startswith("250") or self.on_data == "keep and drop":
            self.taken.append((envelope.rcpt_tos[0], envelope.content))
            self.encrypted.append(session.ssl is not None)
        if self.on_data == "keep and drop":
            server.transport.abort()
            return "250 never said"
        return self.on_data

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        if data.password == b"right horse":
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message=f"535 5.7.8 no such password {data.password.decode()}")


class _Server(SMTP):
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.event_handler.drop_at_data:
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class RunningServer(Controller):
    """A real SMTP server on a free port of the loopback interface."""

    def __init__(self, box: Mailbox, tls: ssl.SSLContext | None = None, *, login: bool = False) -> None:
        self._options = {"tls_context": tls, "require_starttls": tls is not None}
        if login:
            self._options |= {"authenticator": box.authenticate, "auth_required": True, "auth_require_tls": tls is not None}
        super().__init__(box, hostname="127.0.0.1", port=0)

    def factory(self) -> SMTP:
        return _Server(self.handler, enable_SMTPUTF8=False, **self._options)

    def _trigger_server(self) -> None:
        """The base class connects to the port it was given to see the server up; with port 0 the system chose another."""
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class SesService:
    """The one request of the SES API v2 that is used, on loopback. `answer`: 200, an error (status, code, words), or "drop" (the line
    closes), "half" (it closes within the answer), "slow" (no answer within a second); each after the message was taken."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: Any = 200
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v2/email/outbound-emails"
                service.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                if service.answer == "slow":
                    time.sleep(1)
                if service.answer in ("drop", "slow"):
                    self.close_connection = True
                    return
                status, code, words = service.answer if isinstance(service.answer, tuple) else (200, "", "")
                body = json.dumps({"message": words} if code else {"MessageId": "0100-message"}).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("x-amzn-ErrorType", code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:9] if service.answer == "half" else body)
                self.close_connection = True

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @staticmethod
    def raw(asked: dict[str, Any]) -> bytes:
        return base64.b64decode(asked["Content"]["Raw"]["Data"])

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


Clock = Callable[[], datetime]
