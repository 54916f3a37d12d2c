"""Lines and discs at continuous coordinates, for OpenCV, which counts in pixel centres."""

from __future__ import annotations

import cv2
import numpy as np

from tenfold.evaluate.display import Picture
from tenfold.evaluate.palette import Colour
from tenfold.samples.sample import Points

Place = tuple[int, int, int, int]
"""x0, y0, x1, y1 in whole pixels of the picture."""

_SHIFT = 4  # OpenCV takes sub-pixel coordinates as fixed point with this many binary digits


def polyline(
    canvas: Picture, points: Points, colour: tuple[int, ...], thick: int, closed: bool
) -> None:
    """A line through (N, 2) continuous points; none where a coordinate isn't finite."""
    if not np.isfinite(points).all():
        return
    fixed = np.array(_fixed(points), np.int32)[:, None]
    cv2.polylines(canvas, [fixed], closed, colour, thick, cv2.LINE_AA, _SHIFT)


def disc(
    canvas: Picture, centre: Points, radius: float, colour: Colour, thick: int | None = None
) -> None:
    """A disc round a continuous point (2,), or a ring of `thick` pixels."""
    [place] = _fixed(centre[None])
    how = -1 if thick is None else thick
    cv2.circle(canvas, place, round(radius * 2**_SHIFT), colour, how, cv2.LINE_AA, _SHIFT)


def overlap(a: Place, b: Place) -> bool:
    """Whether two places share a pixel."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _fixed(points: Points) -> list[tuple[int, int]]:
    """Continuous coordinates (first pixel's centre 0.5) as OpenCV's fixed point (centre 0)."""
    # Far-out points are pulled in before they overflow 32 bits.
    moved = np.rint((np.clip(points, -1e6, 1e6) - 0.5) * 2**_SHIFT).astype(int)
    return [(int(x), int(y)) for x, y in moved]
