"""How well eye positions tell StyleGAN's faces: `python tests/accuracy/avatars.py` prints the confusion table of docs/methods.md.

Needs the labelled portraits of the public reference data (docs/methods.md, Reference data). Pictures that are not square are cut square in
three ways, as platforms do; no other difference between the classes (size, colour) reaches the test.
"""

import csv
import io
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tasks.detect.avatar_images import look_at
from tasks.detect.prevalence import exact_interval
from tasks.domain.measures import Shared

ROWS = {
    "StyleGAN2": "StyleGAN2",
    "StyleGAN3": "StyleGAN3",
    "Stable Diffusion 3": "Stable Diffusion 3",
    "official portrait": "real portrait",
}
CUTS = ("upper edge", "middle", "lower edge")
HARMED = ("as it is", "mirrored", "64 pixels", "JPEG quality 40", "a tenth cut off each side")


def pictures(folder: Path) -> Iterator[tuple[str, Image.Image]]:
    """(class, portrait) of every row of the manifest."""
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            label = next(label for begin, label in ROWS.items() if row["generator"].startswith(begin))
            with Image.open(folder / row["file"]) as image:
                yield label, image.convert("RGB")


def squares(image: Image.Image) -> dict[str, Image.Image]:
    """The picture itself if it is square, else the three cuts of its shorter side's length."""
    width, height = image.size
    if width == height:
        return {"": image}
    side, spare = min(width, height), abs(height - width)
    return {
        cut: image.crop((0, top, side, top + side)) if height > width else image.crop((top, 0, top + side, side))
        for cut, top in zip(CUTS, (0, spare // 2, spare), strict=True)
    }


def harm(image: Image.Image, how: str) -> bytes:
    """PNG of the picture after what happens to pictures on the way; JPEG where that is the harm."""
    if how == "mirrored":
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if how == "64 pixels":
        image = image.resize((64, 64), Image.Resampling.BICUBIC)
    if how.startswith("a tenth"):
        edge = image.width // 10
        image = image.crop((edge, edge, image.width - edge, image.height - edge))
    out = io.BytesIO()
    image.save(out, **({"format": "JPEG", "quality": 40} if how.startswith("JPEG") else {"format": "PNG"}))
    return out.getvalue()


def confusion(folder: Path, how: str = HARMED[0]) -> dict[str, Counter[str]]:
    """Class (of real portraits: and cut) -> outcome of tasks.detect.eyes -> pictures."""
    jobs = (
        (f"{number}\0{label}, {cut}" if cut else f"{number}\0{label}", harm(square, how))
        for number, (label, image) in enumerate(pictures(folder))
        for cut, square in squares(image).items()
    )
    table: dict[str, Counter[str]] = {}
    for name, look in look_at(jobs).items():
        table.setdefault(name.split("\0")[1], Counter())[look.refused or look.eyes] += 1
    return table


def one_face(outcomes: Counter[str]) -> Shared:
    """Consistent among the pictures with exactly one face."""
    return Shared(part=outcomes["consistent"], whole=sum(outcomes[name] for name in ("consistent", "elsewhere", "no eyes")))


def main(folder: Path, harms: tuple[str, ...]) -> None:
    lines = [
        "| picture | pictures | one face found | consistent with a GAN-generated face | of those with one face, 90 % interval |"
    ]
    lines.append("|---|---:|---:|---:|---|")
    for how in harms:
        for label, outcomes in sorted(confusion(folder, how).items()):
            share = one_face(outcomes)
            interval = exact_interval(share)
            row = label if how == HARMED[0] else f"{label}, {how}"
            shares = f"{share.part / share.whole:.1%} ({interval.low:.1%} to {interval.high:.1%})"
            lines.append(f"| {row} | {outcomes.total()} | {share.whole} | {share.part} | {shares} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    named = os.environ.get("RESURGE_SHARED_DATA")
    main(
        (Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data") / "faces",
        HARMED if "--harmed" in sys.argv else HARMED[:1],
    )
