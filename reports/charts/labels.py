"""Places for labels that do not overlap: the nearest free place around each point, the same for the same points."""

from collections.abc import Sequence
from math import cos, pi, sin

STEPS, ROUND = 24, 16  # rings tried around a point, places on a ring
GAP_IN = 0.02

Box = tuple[float, float, float, float]  # left, bottom, right, top


def free_places(
    points: Sequence[tuple[float, float]], sizes: Sequence[tuple[float, float]], room: tuple[float, float]
) -> list[tuple[float, float]]:
    """Centres of labels of `sizes` (width, height) for `points`, all in inches, inside a sheet of `room` (width, height).

    Each label in turn takes the place nearest to its point that no earlier label covers; one for which there is none stays on its point.
    """
    taken: list[Box] = []
    centres = []
    for point, size in zip(points, sizes, strict=True):
        tried = [place for place in _around(point, size) if _inside(_box(place, size), room)]
        free = (place for place in tried if not any(overlap(_box(place, size), other) for other in taken))
        centre = next(free, point)
        taken.append(_box(centre, size))
        centres.append(centre)
    return centres


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes have a point in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _around(point: tuple[float, float], size: tuple[float, float]) -> list[tuple[float, float]]:
    rings = [(ring * max(size) * 0.5, 2 * pi * turn / ROUND) for ring in range(1, STEPS + 1) for turn in range(ROUND)]
    return [point, *((point[0] + reach * cos(angle), point[1] + reach * sin(angle)) for reach, angle in rings)]


def _box(centre: tuple[float, float], size: tuple[float, float]) -> Box:
    across, up = size[0] / 2 + GAP_IN, size[1] / 2 + GAP_IN
    return centre[0] - across, centre[1] - up, centre[0] + across, centre[1] + up


def _inside(box: Box, room: tuple[float, float]) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= room[0] and box[3] <= room[1]
