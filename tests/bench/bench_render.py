"""What a briefing of a dozen pages costs: `pytest tests/bench/bench_render.py -s`.

Budget: 6 s of CPU for charts, layout and PDF once matplotlib and WeasyPrint are imported, on one core.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "render"))
import sample_facts

from reports.compose import compose
from reports.printing import print_pdf
from reports.render import render_pdf
from tasks.domain.facts import edition_of

MAX_CPU_S = 6.0


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
