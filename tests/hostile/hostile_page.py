# ruff: noqa: E501
"""docs/hostile.md from what `./run hostile` found."""

from collections import Counter
from typing import Any

from corpus import broken_rows, campaigns, files, pictures

FATES = ("printed", "replaced", "quarantined", "refused")
COUNTED = ("lost", "connections", "asked", "strange", "cells", "leaks", "faults", "terminal")
NO_POSTS = ("files", "pictures", "campaign files")
HEAD = """# Hostile content

Written by `./run hostile`; do not edit. {posts} hostile texts, each posted by four members of the small simulated campaign within seconds, {rows} hostile rows, {files} hostile files,
{pictures} profile pictures and {campaigns} campaign files (`tests/hostile/corpus.py`) go through ingest, the briefing under AMBER and CLEAR, mail by SMTP, the archive page and the commands' tables on a
terminal. *Printed*: stands in `annex/families.csv` as written. *Replaced*: stands there with links defanged, names of outsiders hashed, what is unseen
written as codes, or cut. *Quarantined*: the row is refused with a reason. *Refused*: the whole file is, with a sentence; of a picture, that it was not looked at.
The rows, every fourth text that comes as NDJSON, and terminals are also among the ordinary tests.

{lost} of {labels} labels are not accounted for; {quoted} stand in `facts.json`, from which the pages are made; the others are only in the annexes. {connections} connections to the server that the texts name (which noted
one of the test's own), {strange} of {asked} addresses asked for by the renderer outside its own assets, {cells} cells that a spreadsheet would run in {csv} tables, {leaks} of the
published files with words of the file that the texts name, {faults} other faults: in {json} JSON files, {csv} tables (acting characters), {mail} mails, {archive} archive pages and
{pdf} PDFs (two checkers of PDF/UA, actions, links, attachments). {terminal} foreign sequences or failures on a terminal. {seconds} s on a shared machine, {peak} MB at most in the
process that makes the briefings.

Not shown: spreadsheet programs, readers of mail and PDF readers other than these checkers; a terminal that obeys more than `rich` itself writes.
"""


def table(found: Any) -> dict[str, Any]:
    """Counts by class and fate, and how long it took."""
    kinds = {one.label: one.kind for one in (*found.corpus, *broken_rows())} | dict.fromkeys(files(), "files")
    kinds |= dict.fromkeys(campaigns(""), "campaign files") | dict.fromkeys(pictures(), "pictures")
    counts: dict[str, Counter[str]] = {}
    for label, fate in found.fates.items():
        counts.setdefault(kinds[label], Counter())[fate] += 1
    return {
        "classes": {kind: dict(fates) for kind, fates in counts.items()},
        "counts": {name: len(getattr(found, name)) for name in COUNTED},
        "seen": dict(found.seen),
        "quoted": found.quoted,
        "seconds": round(sum(found.seconds.values())),
        "peak_mb": round(found.peak_mb),
    }


def page(kept: dict[str, Any]) -> str:
    classes = kept["classes"]
    told = {kind: sum(fates.values()) for kind, fates in classes.items()}
    rows = sum(count for kind, count in told.items() if kind.startswith("refused rows"))
    seen = {kind.removeprefix("."): count for kind, count in kept["seen"].items()}
    head = HEAD.format(
        **kept["counts"], **seen, labels=sum(told.values()), quoted=kept["quoted"], posts=sum(told.values()) - rows - sum(told[kind] for kind in NO_POSTS),
        rows=rows, files=told["files"], pictures=told["pictures"], campaigns=told["campaign files"], seconds=kept["seconds"], peak=f"{kept['peak_mb']:,}",
    )  # fmt: skip
    lines = ["| class | " + " | ".join(FATES) + " |", "|---|" + "---:|" * len(FATES)]
    lines += [
        f"| {kind} | " + " | ".join(str(fates.get(fate, "")) for fate in FATES) + " |" for kind, fates in sorted(classes.items())
    ]
    return head + "\n" + "\n".join(lines) + "\n"
