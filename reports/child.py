"""The child process that renders one PDF: a message of reports.wire on stdin, an answer of the same kind on stdout.

The message's head tells `paper`, `without_glyph` and `withhold`, its parts are facts.json and the attachments; the answer's one part is
the PDF. Limits on CPU time, memory and file size are set before any of it is read, so a passage that makes the renderer run wild ends this
process and nothing else. Run as `python -m reports.child`, or forked by reports.forkserver, which has the renderer loaded.
"""

import argparse
import os
import resource
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from reports.wire import pack, unpack

FACTS = "/facts.json"  # no name of an attachment, which hold no slash
Answer = Callable[[dict[str, Any], dict[str, bytes]], bytes]  # of a message's head and parts


def main(arguments: list[str], source: BinaryIO, target: BinaryIO) -> int:
    """Render and answer; the exit code is 0 whenever an answer was written."""
    parser = argparse.ArgumentParser(prog="reports.child")
    parser.add_argument("--cpu-s", type=int, required=True)
    parser.add_argument("--memory-mb", type=int, required=True)
    options = parser.parse_args(arguments)
    limit(options.cpu_s, options.memory_mb)
    respond(loaded(), source, target)
    return 0


def limit(cpu_s: int, memory_mb: int) -> None:
    """Of this process, from here on; seconds of CPU count from its start, which for a fork is the fork."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))  # fonts are copied to a temporary folder: 1.2 MB at most each
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def respond(answer: Answer, source: BinaryIO, target: BinaryIO) -> None:
    """Answer the one message of `source`; if it holds none, say nothing."""
    if asked := unpack(source):
        target.write(answer(*asked))
        target.flush()


def loaded() -> Answer:
    """The renderer, which takes 3 s to load."""
    from reports.attachments import attachment
    from reports.compose import compose
    from reports.gate.check import lint
    from reports.printing import print_pdf
    from tasks.domain.facts import edition_of, read_facts

    def answer(told: dict[str, Any], parts: dict[str, bytes]) -> bytes:
        facts_json = parts.pop(FACTS)
        edition, as_of = edition_of(facts_json), read_facts(facts_json).as_of
        os.environ["SOURCE_DATE_EPOCH"] = str(int(as_of.timestamp()))  # the clock stands still at `as_of`
        missing = frozenset(told["without_glyph"])
        composed = compose(facts_json, edition=edition, paper=told["paper"], without_glyph=missing, withhold=told["withhold"])
        broken = lint(composed.facts, composed.html, composed.figures, edition=edition, replaced=composed.replaced)
        if broken:
            return pack({"broken": [violation.told() for violation in broken]}, {"pdf": b""})
        attached = [attachment(name, data, as_of) for name, data in parts.items()]
        printed = print_pdf(composed.html, composed.figures, edition=edition, attachments=attached)
        head = {
            "pages": printed.pages,
            "replaced": composed.replaced,
            "complaints": [*printed.complaints, *(fault.told() for fault in printed.faults)],
            "without_glyph": sorted(printed.without_glyph),
            "asked": printed.asked,
        }
        return pack(head, {"pdf": printed.pdf})

    return answer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin.buffer, sys.stdout.buffer))
