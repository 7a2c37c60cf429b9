"""Header fields that nothing can be smuggled into.

Python before 3.11.10 turns an encoded subject such as `=?utf-8?q?x=0D=0ABcc:...?=` into a real header, so cleaning the input is not
trusted alone: the finished bytes are parsed again and every field is compared with what was meant.
"""

import re
import unicodedata
from collections.abc import Mapping
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser

from tasks.domain.errors import DeliveryProblem, UsageProblem

TOP_FIELDS = (
    "from", "to", "subject", "date", "message-id", "x-briefing-id", "x-delivery-number", "auto-submitted", "mime-version",
    "content-type", "content-transfer-encoding",
)  # fmt: skip
PART_FIELDS = ("content-type", "content-transfer-encoding", "content-disposition", "content-id", "mime-version")

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_MAILBOX = re.compile(r"(?P<bare>[^<>\s]+)|\"?(?P<name>[ -!#-;=?-~]*?)\"? ?<(?P<named>[^<>\s]+)>", re.ASCII)
_FIELD = re.compile(rb"^([!-9;-~]+):")


def one_line(text: str, limit: int) -> str:
    """`text` for a header: one line of visible characters. Control, format (bidi overrides among them), surrogate, private and
    unassigned code points are dropped, and an encoded word is broken up so that it stays the text it is."""
    spaced = " ".join(text.split())
    visible = "".join(c for c in spaced if unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in ("Zl", "Zp"))
    whole = " ".join(visible.replace("=?", "= ?").split())
    return whole if len(whole) <= limit else whole[: limit - 1].rstrip() + "…"


def plain_address(text: str) -> Address:
    """Read `name@host` or `Name <name@host>` in ASCII. Raises UsageProblem, which shows the address only in part, for anything else."""
    found = _MAILBOX.fullmatch(text)
    name, address = (found["name"] or "", found["named"] or found["bare"]) if found else ("", "")
    if not _ADDRESS.fullmatch(address) or len(address) > 254 or "=?" in text or not text.isprintable():
        raise UsageProblem(
            f"{masked(text)} is not a plain e-mail address.",
            remedy="Write name@host in ASCII; international domains in their xn-- form.",
        )
    return Address(display_name=one_line(name, 60), addr_spec=address)


def masked(text: str) -> str:
    """Enough of an address to find it in a list, too little to write to it."""
    return repr(text[:1] + "…" + text[text.rfind("@") :][:40] if "@" in text else text[:1] + "…")


def checked_bytes(message: EmailMessage, expected: Mapping[str, str]) -> bytes:
    """The finished bytes (CRLF), after reading them again: `expected` fields have exactly these values, every field is an allowed one
    and stands once, in parts too. Raises DeliveryProblem naming the field otherwise."""
    data = message.as_bytes(policy=policy.SMTP)
    _check_lines(data)
    parsed = BytesParser(policy=policy.SMTP).parsebytes(data)
    for name, value in expected.items():
        if _without_blanks(str(parsed.get(name, ""))) != _without_blanks(value):  # folding long words may add a blank
            raise _refused(name, "does not read back as it was written")
    for part in parsed.walk():
        allowed = TOP_FIELDS if part is parsed else PART_FIELDS
        names = [name.lower() for name in part.keys()]  # noqa: SIM118  a message's iterator is not its keys
        for name in names:
            if name not in allowed:
                raise _refused(name, "is not among the allowed ones")
            if names.count(name) > 1:
                raise _refused(name, "stands more than once")
        if part.defects:
            raise _refused(names[0] if names else "body", f"is malformed ({type(part.defects[0]).__name__})")
    return data


def _without_blanks(text: str) -> str:
    return "".join(text.split())


def _check_lines(data: bytes) -> None:
    """The same on raw lines: a server may read them otherwise than Python's parser does."""
    head = data.split(b"\r\n\r\n", 1)[0]
    if not head.isascii() or b"\0" in head or re.search(rb"\r(?!\n)|(?<!\r)\n", head):
        raise _refused("header", "holds a bare line break, NUL or a byte outside ASCII")
    for line in head.split(b"\r\n"):
        if line[:1] in b" \t":
            continue
        field = _FIELD.match(line)
        if field is None or field[1].decode().lower() not in TOP_FIELDS:
            raise _refused(line[:40].decode(), "is not among the allowed ones")


def _refused(name: str, why: str) -> DeliveryProblem:
    return DeliveryProblem(
        f"The mail was not made: its header field {name!r} {why}.",
        remedy="Look at the campaign's title and the sender for control characters.",
    )
