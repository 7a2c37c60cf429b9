"""One try of a cell: the run with its fault, a clean run after it, and everything that must hold then."""

import re
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deeds import FILLER
from matrix import REPEATED, Cell, Try
from reeds import CAMPAIGN, PERIOD, REFUSED, TLP
from world import BRIEF, COLLECT, LATER, Place, Ran, World, bundle, wrong

from tasks.deliver.outbox import read_outbox
from tasks.store.blocked import blocked_batches
from tasks.store.bundles import latest
from tasks.store.keys import outbox_prefix
from tasks.store.lake import batch_records

_UNEXPLAINED = ("Traceback", "Unexpected failure")


@dataclass(frozen=True)
class Tried:
    """`problems`: what was not as promised; empty = passed. `ended`: exit code of the run with the fault, or minus its signal."""

    step: str
    fault: str
    name: str
    ended: int
    problems: tuple[str, ...]
    s: float


def tried(world: World, cell: Cell, chosen: Try) -> Tried:
    """Carry out one try."""
    began = time.monotonic()
    world.heal()
    world.forget()
    world.smtp.upstream_port = world.postfix.port if chosen.postfix else world.box_port
    place = world.place(chosen.place, disk=chosen.disk)
    try:
        ran, problems = _story(world, place, chosen)
    finally:
        world.heal()
        world.smtp.upstream_port = world.box_port
        world.gone(place)
    return Tried(cell.step, cell.fault, chosen.name, ran.code, tuple(problems), round(time.monotonic() - began, 2))


def _story(world: World, place: Place, chosen: Try) -> tuple[Ran, list[str]]:
    fault = chosen.fault
    if fault and fault["deed"] == "disk full" and place.disk is None:
        fault = {**fault, "deed": "no longer file"}
        chosen = replace(chosen, says="would pass the size limit|File too large")
    if chosen.arrange:
        chosen.arrange(world)
    ran = world.run(place, fault)
    problems = [] if _happened(world, place, chosen) else ["the fault did not happen"]
    problems += _ended(ran, chosen.codes, chosen.says)
    world.heal()
    if place.disk:
        (place.disk / FILLER).unlink(missing_ok=True)
    fetched = "repeated" in chosen.more  # fetched again at the same instant, it would be other knowledge with the same cut-off
    again = world.run(place, later=LATER, commands=[BRIEF] if fetched else [COLLECT, BRIEF])
    return ran, problems + _afterwards(world, place, chosen, again)


def _afterwards(world: World, place: Place, chosen: Try, again: Ran) -> list[str]:
    if chosen.more.get("refused"):
        return _ended(again, (1,), "refused - 550")
    if chosen.more.get("blocked"):
        return _decided(world, place, again)
    if "repeated" in chosen.more:
        return _repeated(world, place, again, same=chosen.more["repeated"])
    if not (chosen.held and again.code == 1):
        return _ended(again, (0,), "") + wrong(world, place, other_facts=chosen.several)
    problems = _ended(again, (1,), "held") + wrong(world, place, held=True, other_facts=chosen.several)
    had = world.mails()
    held = sum(record.state == "held" for record in read_outbox(place.store, outbox_prefix(CAMPAIGN, PERIOD, TLP)))
    resent = world.run(place, later=2 * LATER, env={"RESURGE_RESEND_UNKNOWN": "true"})
    problems += _ended(resent, (0,), "")
    more = world.mails() - had
    if sum(more.values()) != held or any(number > 1 for number in more.values()):
        problems.append(f"sending the unknown again sent {sum(more.values())} messages for {held} that were held")
    return problems


def _decided(world: World, place: Place, again: Ran) -> list[str]:
    """A blocked batch is reported until a person has decided; then the next run is right, and says who decided."""
    problems = _ended(again, (3,), "blocked")
    if latest(place.store, CAMPAIGN, PERIOD, TLP) or world.mails():
        problems.append("a briefing was made in spite of a blocked batch")
    waiting = blocked_batches(place.store, CAMPAIGN)
    if len(waiting) != 1:
        return [*problems, f"{len(waiting)} batches wait for a decision"]
    decision = ["discard", CAMPAIGN, waiting[0].batch_id[:12], "--reason", "the service was broken", "--by", "E. Analyst"]
    problems += _ended(world.run(place, commands=[decision]), (0,), "")
    problems += _ended(world.run(place, later=2 * LATER), (0,), "") + wrong(world, place, other_facts=True)
    pointer = latest(place.store, CAMPAIGN, PERIOD, TLP)
    if pointer and b"discarded by E. Analyst" not in bundle(place.store, pointer.edition)[0]:
        problems.append("the briefing does not say who decided")
    return problems


def _repeated(world: World, place: Place, again: Ran, *, same: bool) -> list[str]:
    """Of a post that came twice one row is visible, both are accounted for, and the books balance. Where the counts contradict each other,
    what is measured may be of either."""
    other = [] if same else ["what was measured differs"]
    problems = _ended(again, (0,), "") + [problem for problem in wrong(world, place, other_facts=True) if problem not in other]
    records = batch_records(place.store, CAMPAIGN)
    equal, kept = (sum(getattr(one, name)["posts"] for one in records) for name in ("rows_collapsed", "rows_accepted"))
    twice = equal if same else kept - (len(world.view.posts) - REFUSED)  # what differs is kept as an observation of its own
    if twice < REPEATED:  # pages overlap by themselves too
        problems.append(f"{twice} posts came twice instead of at least {REPEATED}")
    return problems


def _happened(world: World, place: Place, chosen: Try) -> bool:
    if chosen.fault and chosen.fault["deed"] == "twin":
        status = Path(str(place.folder / "out") + ".twin.status")
        return status.exists() and status.read_text() in ("0", "1")
    if chosen.fault:
        return chosen.codes == (0, 1, -6, -11) or True
    seen = [world.web.broken, world.smtp.broken, world.s3.broken if world.s3 else 0, len(world.view.fail), len(world.box.on_rcpt)]
    return any(seen) or (world.postfix is not None and world.postfix.told)


def _ended(ran: Ran, codes: tuple[int, ...], says: str) -> list[str]:
    """What is wrong with how a run ended and what it said."""
    problems = [] if ran.code in codes else [f"ended with {ran.code} instead of {' or '.join(map(str, codes))}: {_last(ran.said)}"]
    if ran.code > 0:
        if any(word in ran.said for word in _UNEXPLAINED) or "resurge: " not in ran.said:
            problems.append(f"not explained: {_last(ran.said)}")
        elif ran.code in codes and says and not re.search(says, ran.said):
            problems.append(f"said nothing of {says!r}: {_last(ran.said)}")
    return problems


def _last(said: str) -> str:
    found: list[Any] = [line.strip() for line in said.splitlines() if line.strip()]
    return " | ".join(found[-3:])[-400:]
