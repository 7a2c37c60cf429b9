"""docs/faults.md from the figures of `./run faults`."""
# ruff: noqa: E501 (sentences of the page)

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from matrix import FAULTS, FETCH_FAULTS, SMTP_FAULTS
from points import STEPS

HEAD = """# What happens when something fails

Made by `./run faults`; a smaller form is among the tests. What was not made yet is said to be so; `./run faults --resume` goes on. Everything here was done to the program with real processes and real servers, on a
campaign of 350 posts: collect, brief and deliver, as the commands do it.

**A cell** is a run with one fault at one step, then a clean run of the same commands, then a look at everything that must hold: the posts are
those that were landed less those in quarantine, each once; `facts.json` and the PDF have the bytes of a run without accidents; one
edition; the pointer names it; every recipient has one message, or is held and reported (and with `RESURGE_RESEND_UNKNOWN` gets one more);
exit codes and words are as documented; nothing is left in temporary places. Numbers in cells are tries that passed. `-` means that there is
nothing to try; why stands below the table.

Posts come from a service on loopback that speaks as Bluesky does, mail goes to {servers} and to aiosmtpd, workspaces are
directories and an S3 bucket (SeaweedFS). Lines are broken by proxies of the tests' own. A full disk is a file system of 8 MB, filled up; a disk's error is
put where the kernel reports it, at `fsync`; memory runs out by a limit on addresses (`RLIMIT_AS`). Steps that compute (validate, detect,
render) give their first answer to the same input again, except in their own cells. The engine has no part in the cells: its runs are killed below.
"""


_NONE: dict[str, Any] = {
    "done": 0,
    "rows": 0,
    "held": 0,
    "problems": [],
    "by_step": {},
    "s": 0,
    "reason": "Through Prefect none was made yet",
}


def page(kept: dict[str, Any]) -> str:
    """The whole page; raises KeyError for a part that was never run."""
    sections = [
        HEAD.format(servers=kept["matrix"]["servers"]),
        _matrix(kept["matrix"]),
        _special(kept["matrix"]),
        _open(kept["matrix"]),
        _simulation(kept["simulation"]),
        _kills(kept.get("kills", _NONE), kept.get("engine", _NONE)),
        "## With\n\n" + ", ".join(f"{name} {version}" for name, version in sorted(kept["versions"].items())) + ".\n",
    ]
    return "\n".join(sections)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cells(part: dict[str, Any]) -> dict[tuple[str, str], str]:
    tries: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for one in part["tries"]:
        tries[one["step"], one["fault"]].append(not one["problems"])
    return {
        cell: str(len(passed)) if all(passed) else f"**{passed.count(False)} of {len(passed)} failed**"
        for cell, passed in tries.items()
    }


def _cell(found: dict[tuple[str, str], str], part: dict[str, Any], step: str, fault: str) -> str:
    return found.get((step, fault)) or ("-" if f"{step} / {fault}" in part["reasons"] else "not made")


def _matrix(part: dict[str, Any]) -> str:
    found = _cells(part)
    rows = [[fault, *(_cell(found, part, step, fault) for step in STEPS)] for fault in FAULTS]
    failed = [one for one in part["tries"] if one["problems"]]
    said = f"{len(found)} cells, {len(part['tries'])} of {part['of']} tries made, {len(failed)} failed, {part['s'] / 60:.0f} minutes.\n"
    why: dict[str, list[str]] = defaultdict(list)
    for cell, reason in sorted(part["reasons"].items()):
        why[reason].append(cell)
    reasons = "".join(f"- {reason}: {_joined(cells)}.\n" for reason, cells in sorted(why.items()))
    return f"## Steps and faults\n\n{said}\n{_table(['', *STEPS], rows)}\nNothing to try:\n\n{reasons}"


def _joined(cells: list[str]) -> str:
    by_step: dict[str, list[str]] = defaultdict(list)
    for cell in cells:
        step, fault = cell.split(" / ")
        by_step[step].append(fault)
    return "; ".join(f"*{step}* ({', '.join(faults)})" for step, faults in by_step.items())


def _special(part: dict[str, Any]) -> str:
    found = _cells(part)
    rows = [[f"{step}: {fault}", _cell(found, part, step, fault)] for step, faults in _OWN for fault in faults]
    return "## Faults of one step\n\n" + _table(["", "tries that passed"], rows)


OPEN: dict[tuple[str, str], str] = {}  # (step, name of the try) -> what is known of its failure; nothing is open


def _open(part: dict[str, Any]) -> str:
    """What failed, and what is known of it."""
    failed: dict[str, list[str]] = defaultdict(list)
    for one in part["tries"]:
        if one["problems"]:
            failed[OPEN.get((one["step"], one["name"]), "not explained")].append(f"{one['step']} / {one['fault']}")
    listed = "".join(f"- {', '.join(cells)}: {why}.\n" for why, cells in failed.items())
    return f"## What failed and is open\n\n{listed or 'Nothing.'}\n"


_OWN = (("SMTP DATA", SMTP_FAULTS), ("fetch page", FETCH_FAULTS))


def _simulation(part: dict[str, Any]) -> str:
    seeds = part["mutants"]
    rows = [[name, "**not found**" if seed is None else f"{seed + 1:,}"] for name, seed in sorted(seeds.items())]
    return (
        "## Simulated schedules\n\n"
        f"**{part['schedules']:,}** schedules of two to four runs (scheduled, by hand, backfill, twin, correction, later), interleaved at every call of "
        f"a port: {part['steps']:,} calls, {part['faults']:,} faults, {part['deaths']:,} deaths, {part['messages']:,} messages, in "
        f"{part['held at the end']:,} of them somebody was held at the end. Promises broken: **{len(part['problems'])}**. {part['a second']:,} schedules a second of "
        "one processor. A seed is replayed by `python tests/faults/simulation.py SEED`.\n\n"
        "So that this can fail: errors put into the program on purpose, and how many schedules it took to see each.\n\n"
        + _table(["error", "schedules"], rows)
    )


def _kills(part: dict[str, Any], engine: dict[str, Any]) -> str:
    if not part["done"] and not engine["done"]:
        return "## Kills\n\nNone was made yet in this form: nothing is shown by it.\n"
    by_step = ", ".join(f"{step} {part['by_step'][step]}" for step in STEPS if part["by_step"].get(step))
    through = engine.get("reason") or (
        f"**{engine['done']}** of runs through Prefect on one warm server with its state in {engine['server']}, {engine['rows']} clean runs, "
        f"{engine['held']} of which reported a held message; broken: **{len(engine['problems'])}**, {engine['s'] / 60:.0f} minutes. {engine.get('left_out', '')}"
    ).rstrip(". ")
    return (
        "## Kills\n\n"
        f"SIGKILL at random moments, several in a row on one workspace, then a clean run. **{part['done']}** of runs without the engine, half by the "
        f"clock, half at a step ({by_step}); {part['rows']} clean runs, {part['held']} of which reported a held message; posts, editions or "
        f"messages lost or doubled: **{len(part['problems'])}**, {part['s'] / 60:.0f} minutes. {part.get('left_out', '')} {through}.\n"
    )
