"""Pages as pictures, for people to look at: `python tests/render/gallery.py FOLDER [VARIANT...]` draws every sample briefing."""

import io
import sys
from pathlib import Path

import pypdfium2
import sample_facts

from reports.render import render_pdf

VARIANTS = ("full", "first", "nearly_empty", "no_takedown", "scripts", "hostile")


def page_images(pdf: bytes, dpi: int = 110) -> list[bytes]:
    """Each page of a PDF as a PNG."""
    images = []
    for page in pypdfium2.PdfDocument(pdf):
        out = io.BytesIO()
        page.render(scale=dpi / 72).to_pil().save(out, format="PNG")
        images.append(out.getvalue())
    return images


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or VARIANTS:
        rendered = render_pdf(getattr(sample_facts, name)().to_bytes())
        (folder / f"{name}.pdf").write_bytes(rendered.pdf)
        for number, image in enumerate(page_images(rendered.pdf), start=1):
            (folder / f"{name}-{number:02d}.png").write_bytes(image)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
