# ruff: noqa: E501
"""docs/hostile.md from what `./run hostile` found."""

from collections import Counter
from typing import Any

from corpus import broken_rows, files

FATES = ("printed", "replaced", "quarantined", "refused")
HEAD = """# Hostile content

Written by `./run hostile`; do not edit. {posts} hostile texts, each posted by four members of the small simulated campaign within seconds, {rows} hostile rows and {files} hostile files
(`tests/hostile/corpus.py`) go through ingest, the briefing under AMBER and CLEAR, mail by SMTP, the archive page and the commands' tables on a
terminal. *Printed*: stands in `annex/families.csv` as written. *Replaced*: stands there with links defanged, names of outsiders hashed, what is unseen
written as codes, or cut. *Quarantined*: the row is refused with a reason and counted in the briefing. *Refused*: the whole file is, with a sentence.
A smaller form runs with the ordinary tests.

Every label is accounted for; {connections} connections to the server that the texts name, {asked} addresses asked for by the renderer outside its own
assets, {cells} cells that a spreadsheet would run, {leaks} files with words of the file that the texts name. Every CSV and JSON file and every mail reads,
both PDFs pass two checkers of PDF/UA. {seconds} s on a shared machine, {peak} MB at most in the process that makes the briefings.
"""


def table(found: Any) -> dict[str, Any]:
    """Counts by class and fate, and how long it took."""
    kinds = {one.label: one.kind for one in (*found.corpus, *broken_rows())} | dict.fromkeys(files(), "files")
    counts: dict[str, Counter[str]] = {}
    for label, fate in found.fates.items():
        counts.setdefault(kinds[label], Counter())[fate] += 1
    return {
        "classes": {kind: dict(fates) for kind, fates in counts.items()},
        "seconds": round(sum(found.seconds.values())),
        "peak_mb": round(found.peak_mb),
    }


def page(kept: dict[str, Any]) -> str:
    classes = kept["classes"]
    told = {kind: sum(fates.values()) for kind, fates in classes.items()}
    rows = sum(count for kind, count in told.items() if kind.startswith("refused rows"))
    head = HEAD.format(
        posts=sum(told.values()) - rows - told["files"], rows=rows, files=told["files"], connections=0, asked=0, cells=0, leaks=0,
        seconds=kept["seconds"], peak=f"{kept['peak_mb']:,}",
    )  # fmt: skip
    lines = ["| class | " + " | ".join(FATES) + " |", "|---|" + "---:|" * len(FATES)]
    lines += [
        f"| {kind} | " + " | ".join(str(fates.get(fate, "")) for fate in FATES) + " |" for kind, fates in sorted(classes.items())
    ]
    return head + "\n" + "\n".join(lines) + "\n"
