"""The child process that renders one PDF: `python -m reports.child PAPER`, facts.json and attachments on stdin, an answer on stdout.

Both are messages of reports.wire; the answer's one part is the PDF. Limits on CPU time, memory and file size are set before the renderer
is loaded, so a passage that makes it run wild ends this process and nothing else. It is loaded before facts.json is asked for: a child can
be started while the facts are still being found. Without facts it ends and says nothing.
"""

import argparse
import os
import resource
import sys
from collections.abc import Callable
from typing import BinaryIO

from reports.wire import pack, unpack

FACTS = "/facts.json"  # no name of an attachment, which hold no slash
Answer = Callable[[dict[str, bytes], argparse.Namespace], bytes]


def main(arguments: list[str], source: BinaryIO, target: BinaryIO) -> int:
    """Render and answer; the exit code is 0 whenever an answer was written."""
    options = _options(arguments)
    _limit(options.cpu_s, options.memory_mb)
    answer = _loaded()
    if asked := unpack(source):
        target.write(answer(asked[1], options))
        target.flush()
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="reports.child")
    parser.add_argument("paper")
    parser.add_argument("--cpu-s", type=int, required=True)
    parser.add_argument("--memory-mb", type=int, required=True)
    parser.add_argument("--without-glyph", default="")  # hexadecimal code points, joined by commas
    parser.add_argument("--withhold", action="store_true")
    return parser.parse_args(arguments)


def _limit(cpu_s: int, memory_mb: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))  # fonts are copied to a temporary folder: 1.2 MB at most each
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _loaded() -> Answer:
    """The renderer, which takes 3 s to load."""
    from reports.attachments import attachment
    from reports.compose import compose
    from reports.gate.check import lint
    from reports.printing import print_pdf
    from tasks.domain.facts import edition_of, read_facts

    def answer(parts: dict[str, bytes], options: argparse.Namespace) -> bytes:
        facts_json = parts.pop(FACTS)
        edition, as_of = edition_of(facts_json), read_facts(facts_json).as_of
        os.environ["SOURCE_DATE_EPOCH"] = str(int(as_of.timestamp()))  # the clock stands still at `as_of`
        missing = frozenset(int(code, 16) for code in options.without_glyph.split(",") if code)
        composed = compose(facts_json, edition=edition, paper=options.paper, without_glyph=missing, withhold=options.withhold)
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
