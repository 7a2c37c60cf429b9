"""Eyes in a portrait, and how far they lie from where StyleGAN puts them (Yang, Singh and Menczer 2024, GANEyeDistance).

StyleGAN was trained on faces aligned by their eyes, so its faces have them in the same place. The paper finds the eyes with dlib's five
landmarks; here OpenCV's Haar cascades (Viola and Jones 2001) find one face, then one eye in either half of it. Places only: neither
colour nor size of the picture plays a part.
"""

from dataclasses import dataclass
from functools import cache
from math import dist, sqrt
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

LEFT, RIGHT = (
    (0.3808205078125, 0.4770548828125),
    (0.6152169921875, 0.4771314453125),
)  # shares of width and height, as the paper's own code
MOST_DISTANCE = 0.02  # the paper's threshold
SIDE = 256  # pixels that a picture is brought to; 30 ms of CPU each
SQUARE_WITHIN = 0.02  # sides that differ by more: not the whole frame of a generator

_FACE = "haarcascade_frontalface_alt2.xml"
_EYES = ("haarcascade_eye_tree_eyeglasses.xml", "haarcascade_eye.xml")  # the second where the first finds nothing
_BAND = (0.15, 0.6)  # the part of a face's box, from its top, in which eyes are looked for

Point = tuple[float, float]
Outcome = Literal["consistent", "elsewhere", "no eyes", "several faces", "no face", "not square"]


@dataclass(frozen=True)
class Eyes:
    """`distance` is GANEyeDistance, 0 to 1, where both eyes of one face were found; `consistent`: at most 0.02."""

    outcome: Outcome
    distance: float | None = None


def look_for_eyes(grey: np.ndarray, width: int, height: int) -> Eyes:
    """The eyes of a picture that was `width` by `height` pixels; `grey`: 256 x 256, uint8, the whole of it."""
    if abs(width - height) > SQUARE_WITHIN * max(width, height):
        return Eyes("not square")
    faces = _cascade(_FACE).detectMultiScale(grey, scaleFactor=1.1, minNeighbors=5, minSize=(50, 50))
    if len(faces) != 1:
        return Eyes("several faces" if len(faces) else "no face")
    found = [_eye(grey, tuple(int(part) for part in faces[0]), half) for half in (0, 1)]
    if found[0] is None or found[1] is None:
        return Eyes("no eyes")
    distance = gan_eye_distance(found[0], found[1])
    return Eyes("consistent" if distance <= MOST_DISTANCE else "elsewhere", round(distance, 4))


def gan_eye_distance(left: Point, right: Point) -> float:
    """Mean distance of the two eyes' centres from StyleGAN's, over the diagonal of the unit square; centres as shares of width and
    height, `left` the one on the left of the picture."""
    return (dist(left, LEFT) + dist(right, RIGHT)) / (2 * sqrt(2))


def _eye(grey: np.ndarray, face: tuple[int, ...], half: int) -> Point | None:
    """Centre of the likeliest eye in one half of a face."""
    x, y, width, height = face
    left, top = x + half * (width // 2), y + int(_BAND[0] * height)
    part = grey[top : y + int(_BAND[1] * height), left : left + width // 2]
    for name in _EYES:
        boxes, _, weights = _cascade(name).detectMultiScale3(
            part, scaleFactor=1.05, minNeighbors=3, minSize=(20, 20), outputRejectLevels=True
        )
        if len(boxes):
            box_x, box_y, box_width, box_height = (int(side) for side in boxes[int(np.argmax(weights))])
            return (left + box_x + box_width / 2) / SIDE, (top + box_y + box_height / 2) / SIDE
    return None


@cache
def _cascade(name: str) -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / name))


def load() -> None:
    """Read the cascades, and keep OpenCV to one thread: afterwards no file is opened and no thread started."""
    cv2.setNumThreads(1)
    blank = np.zeros((SIDE, SIDE), np.uint8)
    for name in (_FACE, *_EYES):
        _cascade(name).detectMultiScale(blank)
