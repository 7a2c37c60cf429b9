"""Pages as pictures, for people to look at: `python tests/render/gallery.py FOLDER [CASE...]` draws every case and an index.html.

Cases made of invented facts say so. The simulated weeks come from a workspace in FOLDER, made once (some minutes) and kept; the real posts
of 2017 from the workspace that RESURGE_GALLERY_IRA names, if it has a briefing of them.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from html import escape
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile

import large_facts
import outloud
import pdfua
import pypdfium2
import sample_facts
from PIL import Image

from reports.render import render_pdf
from tasks.domain.errors import ResurgeError

Case = tuple[str, str, bytes]  # name, paper, facts.json
PERIODS = ("2023-W34", "2023-W35", "2023-W36", "2023-W41", "2023-W44", "2023-10")
INVENTED = ("full", "first", "nearly_empty", "no_takedown", "scripts", "hostile")
LARGE = ("huge", "network_10", "network_300", "network_5000", "arabic", "hebrew", "chinese")
ACROSS, GAP, THUMB_DPI = 5, 6, 60
RESURGE = Path(sys.executable).with_name("resurge")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def page_images(pdf: bytes, dpi: int = 110) -> list[bytes]:
    """Each page of a PDF as a PNG."""
    images = []
    for page in pypdfium2.PdfDocument(pdf):
        out = BytesIO()
        page.render(scale=dpi / 72).to_pil().save(out, format="PNG")
        images.append(out.getvalue())
    return images


def sheet(images: list[bytes]) -> Image.Image:
    """All pages of one case on one picture."""
    pages = [Image.open(BytesIO(image)) for image in images]
    wide, high = max(page.width for page in pages) + GAP, max(page.height for page in pages) + GAP
    whole = Image.new("RGB", (ACROSS * wide, -(-len(pages) // ACROSS) * high), "#888")
    for i, page in enumerate(pages):
        whole.paste(page, (i % ACROSS * wide, i // ACROSS * high))
    return whole


def invented() -> Iterator[Case]:
    for name in INVENTED:
        facts = getattr(sample_facts, name)().to_bytes()
        yield f"invented-{name}", "A4", facts
        if name == "full":
            yield f"invented-{name}", "Letter", facts
    for name in LARGE:
        yield f"invented-{name}", "A4", getattr(large_facts, name)().to_bytes()


def simulated(folder: Path) -> Iterator[Case]:
    """The takedown and the pivot of the simulated scenario, in every rendition."""
    workspace = folder / "workspace"
    if not workspace.exists():
        subprocess.run([RESURGE, "demo", "--out", workspace], check=True)
    for period in PERIODS:
        found = sorted((workspace / "briefings" / "spamouflage" / period).glob("*/*/facts.json"))
        if not found:
            subprocess.run([RESURGE, "brief", "spamouflage", "--period", period, "-w", workspace], check=True)
            found = sorted((workspace / "briefings" / "spamouflage" / period).glob("*/*/facts.json"))
        for path in found:
            yield f"simulated-{period}-{path.parts[-3]}", "A4", path.read_bytes()


def real() -> Iterator[Case]:
    named = os.environ.get("RESURGE_GALLERY_IRA")
    found = sorted(Path(named).glob("briefings/ira-2017/*/*/*/facts.json")) if named else []
    if not found:
        say("real posts of 2017: left out, RESURGE_GALLERY_IRA names no workspace with a briefing of ira-2017")
    for path in found[:2]:
        yield f"real-{path.parts[-4]}-{path.parts[-3]}", "A4", path.read_bytes()


def faults(pdf: bytes) -> tuple[int, int]:
    """Errors of PDF/UA-1 that either checker finds."""
    with NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        second = outloud.check(file.name)
        return len(pdfua.validate(file.name).findings), sum(finding.severity == "error" for finding in second.findings)


def main(folder: Path, wanted: list[str]) -> int:
    """The exit code is 1 where a briefing was withheld or a checker found an error."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, bad = [], 0
    sources = (
        (invented(), simulated(folder), real()) if not wanted or any("invented" not in one for one in wanted) else (invented(),)
    )
    for name, paper, facts in (case for source in sources for case in source):
        key = f"{name}-{paper}"
        if wanted and not any(one in key for one in wanted):
            continue
        began = time.perf_counter()
        try:
            rendered = render_pdf(facts, paper=paper)
        except ResurgeError as error:
            say(f"{key}: withheld: {error}")
            rows.append((key, f"withheld: {error}", ""))
            bad += 1
            continue
        took = time.perf_counter() - began
        errors = faults(rendered.pdf)
        bad += any(errors)
        (folder / f"{key}.pdf").write_bytes(rendered.pdf)
        sheet(page_images(rendered.pdf, THUMB_DPI)).save(folder / f"{key}.png")
        said = f"{rendered.pages} pages, {took:.1f} s, errors of PDF/UA-1: {errors[0]} and {errors[1]}"
        say(f"{key}: {said}")
        rows.append((key, said, f'<a href="{key}.pdf"><img src="{key}.png" width="1100" alt="Every page of {key}"></a>'))
    body = "".join(f"<h2>{escape(key)}</h2><p>{escape(said)}</p>{link}" for key, said, link in rows)
    page = f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Gallery</title><h1>Gallery</h1>{body}</html>"
    (folder / "index.html").write_text(page)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
