"""Profile pictures of simulated accounts: drawn heads, plainly no photographs, from one number each.

A head is built around its two eyes, so that they can be put where StyleGAN puts them (`placed`) or elsewhere. Shading is coarse and soft:
enough for a detector that looks for darker eyes below a brighter brow.
"""

from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 160  # pixels
GENERATOR_EYES = (0.381, 0.477), (0.615, 0.477)  # centres as shares of the side (Yang, Singh and Menczer 2024)
_SKIN = ((222, 184, 152), (198, 152, 118), (164, 116, 84), (236, 202, 176))


def portrait(number: int, *, placed: bool) -> Image.Image:
    """The head of `number`, 160 x 160 pixels; with `placed` its eyes are where StyleGAN's are, within half a pixel."""
    rng = np.random.default_rng(number)
    size = SIDE
    (left, level), (right, _) = GENERATOR_EYES if placed else _elsewhere(rng)
    gap, middle = (right - left) * size, (left + right) / 2 * size
    level *= size
    skin = np.array(_SKIN[rng.integers(len(_SKIN))]) + rng.integers(-10, 11, 3)
    image = Image.new("RGB", (size, size), tuple(rng.integers(40, 216, 3).tolist()))
    draw = ImageDraw.Draw(image)
    _pattern(draw, rng, size)
    hair = tuple((rng.integers(15, 90, 3)).tolist())
    _ellipse(draw, middle, level + 3.1 * gap, 1.9 * gap, 1.5 * gap, tuple(rng.integers(30, 226, 3).tolist()))  # shoulders
    _ellipse(draw, middle, level - 0.05 * gap, 1.22 * gap, 1.45 * gap, hair)
    _ellipse(draw, middle, level + 1.4 * gap, 0.5 * gap, 0.7 * gap, _shade(skin, 0.8))  # neck
    _ellipse(draw, middle, level + 0.3 * gap, 1.0 * gap, 1.35 * gap, _shade(skin, 1.0))
    _ellipse(draw, middle, level - 0.5 * gap, 0.75 * gap, 0.35 * gap, _shade(skin, 1.1))  # forehead
    for side in (-1, 1):
        eye = middle + side * gap / 2
        _ellipse(draw, eye, level - 0.02 * gap, 0.34 * gap, 0.2 * gap, _shade(skin, 0.72))  # socket
        _ellipse(draw, eye, level - 0.3 * gap, 0.3 * gap, 0.06 * gap, hair)  # brow
        _ellipse(draw, eye, level, 0.23 * gap, 0.11 * gap, (240, 238, 234))
        _ellipse(draw, eye, level, 0.1 * gap, 0.11 * gap, (40, 30, 26))
        _ellipse(draw, middle + side * 0.55 * gap, level + 0.5 * gap, 0.26 * gap, 0.2 * gap, _shade(skin, 1.07))  # cheek
    _ellipse(draw, middle, level + 0.3 * gap, 0.1 * gap, 0.4 * gap, _shade(skin, 1.1))  # nose
    _ellipse(draw, middle, level + 0.68 * gap, 0.22 * gap, 0.06 * gap, _shade(skin, 0.7))
    _ellipse(draw, middle, level + 1.0 * gap, (0.3 + 0.15 * rng.random()) * gap, 0.1 * gap, (150, 70, 70))  # mouth
    return image.filter(ImageFilter.GaussianBlur(0.05 * gap))


def silhouette() -> Image.Image:
    """The picture of whoever has none: a white figure on a chequered ground."""
    image = Image.new("RGB", (SIDE, SIDE), (204, 214, 221))
    draw = ImageDraw.Draw(image)
    for x in range(0, SIDE, 20):
        for y in range(x % 40, SIDE, 40):
            draw.rectangle((x, y, x + 19, y + 19), fill=(120, 140, 155))
    _ellipse(draw, SIDE / 2, SIDE * 0.4, SIDE * 0.18, SIDE * 0.2, (255, 255, 255))
    _ellipse(draw, SIDE / 2, SIDE * 0.95, SIDE * 0.36, SIDE * 0.32, (255, 255, 255))
    return image


def jpeg(image: Image.Image, quality: int) -> bytes:
    """About 6 kB; another quality gives other bytes of the same picture, as a platform does that packs anew."""
    out = BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _elsewhere(rng: np.random.Generator) -> tuple[tuple[float, float], tuple[float, float]]:
    """Eyes at least 0.05 off, as people frame themselves: mostly higher and closer together."""
    gap, middle = rng.uniform(0.14, 0.2), rng.uniform(0.4, 0.6)
    level = rng.uniform(0.3, 0.42)
    return (middle - gap / 2, level), (middle + gap / 2, level)


def _pattern(draw: ImageDraw.ImageDraw, rng: np.random.Generator, size: int) -> None:
    """A background that tells pictures apart."""
    for x, y, r in rng.integers(0, size, (14, 3)).tolist():
        _ellipse(draw, x, y, r / 2, r / 2, tuple(rng.integers(10, 246, 3).tolist()))


def _ellipse(draw: ImageDraw.ImageDraw, x: float, y: float, half_width: float, half_height: float, fill: tuple[int, ...]) -> None:
    draw.ellipse((x - half_width, y - half_height, x + half_width, y + half_height), fill=fill)


def _shade(colour: np.ndarray, factor: float) -> tuple[int, ...]:
    return tuple(np.clip(colour * factor, 0, 255).astype(int).tolist())
