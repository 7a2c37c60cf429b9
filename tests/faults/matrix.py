"""The fault matrix: every step of a run against every fault, what is done for each cell, and why some cells have nothing to do.

Steps and faults are those of the reliability promises in docs/architecture.md. A cell is one or more tries; a try is a run with the
fault, a clean run after it, and a look at everything that must hold.
"""

import copy
import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bluesky_service import sorted_by
from points import STEPS
from web_service import Answer

FAULTS = (
    "SIGKILL before", "SIGKILL after", "SIGTERM", "out of memory", "disk full", "I/O error", "time-out", "reset in mid-body",
    "lost acknowledgement", "503 SlowDown", "500", "403 clock skew", "409", "412", "concurrent twin",
)  # fmt: skip
SMTP_FAULTS = ("421", "451", "550 for some", "drop before 250", "drop after 250")
FETCH_FAULTS = ("redirect", "endless pages", "bomb", "schema drift", "duplicates", "contradicting records")
WRITES = ("land raw", "store", "put", "pointer", "outbox", "mark sent")
_COMPUTES = ("validate", "detect", "render")
_HTTP = {
    "time-out": "stall", "reset in mid-body": "half request", "lost acknowledgement": "cut after", "503 SlowDown": "503 SlowDown",
    "500": "500 InternalError", "403 clock skew": "403 RequestTimeTooSkewed", "409": "409 ConditionalRequestConflict",
    "412": "412 PreconditionFailed",
}  # fmt: skip
_SAID = {
    "stall": "did not answer in time", "half request": "the connection broke", "half body": "the connection broke",
    "cut after": "the connection broke", "503 SlowDown": "slow down", "500 InternalError": "internal error",
    "403 RequestTimeTooSkewed": "clock differs", "409 ConditionalRequestConflict": "another writer was busy",
    "412 PreconditionFailed": "",
}  # fmt: skip
LASTING = 10_000
REPEATED = 5  # posts that the service gives twice


@dataclass(frozen=True)
class Try:
    """`codes`: how the run with the fault may end (negative: by that signal). `says`: what it must say when it ends with a code above 0.
    `held`: one recipient may end as held. `several`: what was fetched may stand in several batches."""

    name: str
    codes: tuple[int, ...]
    place: str = "local"
    fault: dict[str, Any] | None = None
    arrange: Callable[[Any], None] | None = None
    says: str = ""
    held: bool = False
    several: bool = False
    disk: bool = False
    postfix: bool = False
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """`reason`: why there is nothing to try."""

    step: str
    fault: str
    tries: tuple[Try, ...] = ()
    reason: str = ""


def cells(passages: dict[str, int], *, quick: bool, s3: bool, postfix: bool) -> Iterator[Cell]:
    """Every cell. `passages`: "step when" -> how often a run without accidents passes there; `quick` tries one passage of each."""
    for step in STEPS:
        for fault in FAULTS:
            yield _cell(step, fault, passages, quick=quick, s3=s3, postfix=postfix)
    for fault in SMTP_FAULTS:
        yield Cell("SMTP DATA", fault, tuple(_smtp(fault, postfix=postfix)))
    for fault in FETCH_FAULTS:
        yield Cell("fetch page", fault, (_fetch(fault),))


def _cell(step: str, fault: str, passages: dict[str, int], *, quick: bool, s3: bool, postfix: bool) -> Cell:
    if fault.startswith("SIG"):
        return Cell(step, fault, tuple(_signals(step, fault, passages, quick=quick)))
    if fault == "out of memory":
        return Cell(step, fault, (_memory(step),))
    if fault == "concurrent twin":
        places = ("local", "s3") if s3 and step in WRITES and not quick else ("local",)
        deed = {"step": step, "when": "before", "deed": "twin"}
        return Cell(step, fault, tuple(Try(f"twin, {place}", (0,), place, deed) for place in places))
    if fault in ("disk full", "I/O error"):
        if step not in WRITES:
            return Cell(step, fault, reason=_WRITES_NOTHING[step])
        return Cell(step, fault, (_disk(step, fault),))
    return _line(step, fault, s3=s3, quick=quick, postfix=postfix)


_WRITES_NOTHING = {
    "fetch page": "a page is in memory until it is landed",
    "validate": "rows are judged in memory",
    "detect": "computes in memory",
    "render": "the renderer's answer comes through a pipe",
    "SMTP DATA": "the message is in memory",
}


def _held(step: str, when: str) -> bool:
    """Whether a death there leaves a claim behind, so that nobody knows whether the message went out."""
    return step in ("SMTP DATA", "mark sent") or step == "outbox"


def _signals(step: str, fault: str, passages: dict[str, int], *, quick: bool) -> Iterator[Try]:
    name, when = (fault.split()[0], fault.split()[-1]) if " " in fault else (fault, "before")
    number = -9 if name == "SIGKILL" else -15
    last = passages[f"{step} {when}"]
    for at in sorted({1 if when == "before" else last} if quick else {1, last}):  # those between are hit by the kills at random
        deed = {"step": step, "when": when, "number": at, "deed": name}
        yield Try(f"{when} passage {at} of {last}", (number,), fault=deed, held=_held(step, when))


def _memory(step: str) -> Try:
    deed = "renderer out of memory" if step == "render" else "out of memory"
    held = step in ("SMTP DATA", "mark sent", "outbox")
    fault = {"step": step, "when": "before", "deed": deed}
    return Try("", (0, 1, -6, -11), fault=fault, held=held, several=step == "fetch page")


def _disk(step: str, fault: str) -> Try:
    says = "the disk is full|No space left" if fault == "disk full" else "the disk reports an error|Input/output error"
    deed = {"step": step, "when": "before", "deed": fault}
    return Try("", (1,), fault=deed, says=says, held=step in ("mark sent", "outbox"), disk=fault == "disk full")


def _line(step: str, fault: str, *, s3: bool, quick: bool, postfix: bool) -> Cell:
    """Faults of what answers: the service that is asked, the S3 server, the mail server."""
    if step == "SMTP DATA":
        if fault in ("503 SlowDown", "500", "403 clock skew", "409", "412"):
            return Cell(step, fault, reason="an answer of HTTP; mail servers have theirs below")
        line = {"time-out": "silence after DATA", "reset in mid-body": "cut in mid-body", "lost acknowledgement": "lost 250"}[fault]
        return Cell(step, fault, tuple(_broken_line(line, postfix=postfix)))
    if step == "fetch page":
        if fault in ("409", "412"):
            return Cell(step, fault, reason="reading carries no condition that could fail")
        return Cell(step, fault, tuple(_asking(fault)))
    if step == "render" and fault == "time-out":
        deed = {"step": "render", "when": "before", "deed": "renderer out of time"}
        return Cell(step, fault, (Try("", (1,), fault=deed, says="the renderer took longer than"),))
    if step == "render" and fault == "reset in mid-body":
        deed = {"step": "render", "when": "before", "deed": "renderer killed"}
        return Cell(step, fault, (Try("the child is killed", (0, 1), fault=deed, says="the renderer ended with"),))
    if step in ("validate", "render") or (step == "detect" and fault in ("409", "412")):
        waits = "; the engine ends it after an hour" if fault == "time-out" else ""
        reason = "reading carries no condition that could fail" if step == "detect" else f"asks nobody{waits}"
        return Cell(step, fault, reason=reason)
    if not s3:
        return Cell(step, fault, reason="no S3 server on this machine")
    return Cell(step, fault, tuple(_bucket(step, fault, quick=quick)))


def _asking(fault: str) -> Iterator[Try]:
    broken = {"reset in mid-body": "half body", "403 clock skew": "403 RequestTimeTooSkewed"}.get(fault) or _HTTP[fault]
    for times in (1, LASTING):

        def arrange(world: Any, times: int = times) -> None:
            seen = iter(range(1, 10**6))
            world.web.break_where(lambda *_: next(seen) >= 3, broken, times=times)

        passes = times == 1 and not broken.startswith("403")
        codes = (0,) if passes else (1,)
        yield Try("once" if times == 1 else "from the third page on", codes, arrange=arrange, says="Bluesky", several=True)


def _bucket(step: str, fault: str, *, quick: bool) -> Iterator[Try]:
    broken = "half body" if step == "detect" and fault == "reset in mid-body" else _HTTP[fault]

    def matches(method: str, path: str, body: bytes) -> bool:
        return _request(step, method, path, body)

    for times in (1, LASTING):

        def arrange(world: Any, times: int = times) -> None:
            world.s3.break_where(matches, broken, times=times)  # type: ignore[arg-type]

        create = step in ("land raw", "store", "put")
        refused = broken.startswith("403") or (broken.startswith("412") and create)
        codes = (0,) if times == 1 and not refused else (0, 1)
        known = step in ("outbox", "mark sent") and broken == "cut after"  # the record is read again and bears our nonce
        if times == LASTING and step in WRITES and not (step == "pointer" and broken.startswith("412")):
            codes = (0,) if known else (1,)  # a service that never answers cannot be told from one that is away
        held = step in ("mark sent", "outbox") and (times == LASTING or refused)
        says = "outbox could not be brought up to date" if step == "mark sent" else _SAID[broken]
        yield Try("once" if times == 1 else "lasting", codes, "s3", arrange=arrange, says=says, held=held)
        if quick:
            return


def _request(step: str, method: str, path: str, body: bytes) -> bool:
    if step == "detect":
        return method == "GET" and "/lake/posts/" in path and "list-type" not in path
    if method != "PUT":
        return False
    return {
        "land raw": "/raw/" in path,
        "store": "/lake/" in path or "/quarantine/" in path,
        "put": "/briefings/" in path and "latest.json" not in path,
        "pointer": "/latest.json" in path,
        "outbox": "/outbox/" in path and b'"state": "sent"' not in body,
        "mark sent": "/outbox/" in path and b'"state": "sent"' in body,
    }[step]


def _servers(postfix: bool) -> Iterator[tuple[str, bool]]:
    yield "aiosmtpd", False
    if postfix:
        yield "Postfix", True


def _broken_line(line: str, *, postfix: bool) -> Iterator[Try]:
    unknown = line not in ("cut before DATA", "cut after 250")
    for name, real in _servers(postfix):

        def arrange(world: Any) -> None:
            world.smtp.break_next(line, times=1)

        codes, says = ((1,), "held") if unknown else ((0,), "")
        yield Try(name, codes, arrange=arrange, says=says, held=unknown, postfix=real)


def _smtp(fault: str, *, postfix: bool) -> Iterator[Try]:
    if fault.startswith("drop"):
        yield from _broken_line("lost 250" if "before" in fault else "cut after 250", postfix=postfix)
        return
    code = {"421": "421 4.3.2 closing", "451": "451 4.7.1 greylisted, try later", "550 for some": "550 5.1.1 no such mailbox"}[
        fault
    ]
    for name, real in _servers(postfix):

        def arrange(world: Any, real: bool = real) -> None:
            if real:
                world.postfix.answer({"ben@example.org": code})
            else:
                world.box.on_rcpt = {"ben@example.org": code}

        state = "refused" if fault.startswith("550") else "pending"
        yield Try(name, (1,), arrange=arrange, says=f"{state} - {code[:3]}", postfix=real, more={"refused": state == "refused"})


def _fetch(fault: str) -> Try:
    def fail(answer: Answer) -> Callable[[Any], None]:
        def arrange(world: Any) -> None:
            world.view.fail = dict.fromkeys(range(3, 500), answer)

        return arrange

    if fault == "redirect":
        return Try(
            "to another host",
            (1,),
            arrange=fail(Answer({}, 302, {"location": "http://127.0.0.2:9/"})),
            says="refused",
            several=True,
        )
    if fault == "bomb":
        bomb = Answer(body=gzip.compress(b" " * (20 << 20)), headers={"content-encoding": "gzip"})
        return Try("20 MB in 20 kB", (1,), arrange=fail(bomb), says="unpack", several=True)
    if fault == "endless pages":

        def endless(world: Any) -> None:
            world.view.fail = {n: Answer({"posts": [], "cursor": str(n)}) for n in range(3, 5000)}

        return Try("pages without posts", (1,), arrange=endless, says="", several=True)
    if fault == "schema drift":
        drifted = Answer({"posts": [{"uri": "at://x/y/z", "value": {"when": "today"}}]})
        more = {"blocked": True}
        return Try("records of another shape", (3,), arrange=fail(drifted), says="validation blocked it", several=True, more=more)
    same = fault == "duplicates"  # of contradicting records the last counts, and they were seen at one instant
    return Try(fault, (0,), arrange=lambda world: _doubled(world.view, fault), several=True, more={"repeated": same})


def _doubled(view: Any, fault: str) -> None:
    """The second page gives posts of the first again, unchanged or with other counts and languages, and then goes on as it would have."""
    found = sorted(view.posts, key=sorted_by, reverse=True)
    again = copy.deepcopy(found[10 : 10 + REPEATED])
    if fault != "duplicates":
        for post in again:
            post["likeCount"] = 99
            post["record"]["langs"] = ["xx"]
    end = 2 * view.page - len(again)
    view.fail = {2: Answer({"posts": [*again, *found[view.page : end]], "cursor": str(end)})}
