"""What a briefing of a dozen pages costs: `pytest tests/bench/bench_render.py -s`.

Budget: 6 s of CPU for charts, layout and PDF once matplotlib and WeasyPrint are imported, on one core. `RENDERED=200` renders as many
briefings through one server of renderers and holds its memory against what it was after the first (default: 5).
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "render"))
import sample_facts

from reports import forked
from reports.compose import compose
from reports.printing import print_pdf
from reports.render import render_pdf
from tasks.domain.facts import edition_of

MAX_CPU_S = 6.0
MAX_GROWTH_KB = 4096


def test_a_dozen_pages() -> None:
    facts = sample_facts.full().to_bytes()
    edition = edition_of(facts)
    warm = compose(sample_facts.nearly_empty().to_bytes(), edition=edition, paper="A4")  # imports
    print_pdf(warm.html, warm.figures, edition=edition)
    began = time.process_time()
    composed = compose(facts, edition=edition, paper="A4")
    drawn = time.process_time()
    printed = print_pdf(composed.html, composed.figures, edition=edition)
    done = time.process_time()
    sys.stdout.write(
        f"\n{printed.pages} pages: HTML and {len(composed.figures)} charts {drawn - began:.1f} s; PDF {done - drawn:.1f} s of CPU\n"
    )
    assert printed.pages >= 10
    assert done - began <= MAX_CPU_S


def test_a_whole_child_process() -> None:
    facts = sample_facts.full().to_bytes()
    began = time.perf_counter()
    rendered = render_pdf(facts)
    sys.stdout.write(
        f"\n{rendered.pages} pages in a child with its imports: {time.perf_counter() - began:.1f} s, {len(rendered.pdf):,} bytes\n"
    )


def test_many_briefings_through_one_server() -> None:
    facts = sample_facts.full().to_bytes()
    first = render_pdf(facts)
    server = forked._servers.current
    assert server is not None
    before, spent, began = _resident_kb(server.process.pid), _children_cpu_s(server.process.pid), time.perf_counter()
    rounds = int(os.environ.get("RENDERED", "5"))
    for _ in range(rounds):
        assert render_pdf(facts) == first
    wall, cpu = time.perf_counter() - began, _children_cpu_s(server.process.pid) - spent
    grown = _resident_kb(server.process.pid) - before
    sys.stdout.write(
        f"\n{rounds} briefings of {first.pages} pages from a warm server: {wall / rounds:.1f} s wall and {cpu / rounds:.1f} s of CPU each; "
        f"the server holds {before:,} kB before and {before + grown:,} kB after\n"
    )
    assert grown <= MAX_GROWTH_KB
    assert cpu / rounds <= MAX_CPU_S


def _resident_kb(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:")))


def _children_cpu_s(process: int) -> float:
    """Of children that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
