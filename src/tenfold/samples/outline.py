"""Plane geometry of outlines and masks: area, extent, several parts as one, rectangles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenfold.samples.sample import Points


def area(polygon: Points) -> float:
    """Area enclosed by an outline (K, 2), px², by the shoelace formula; never negative.

    It is 0 for fewer than three points.
    """
    if len(polygon) < 3:
        return 0.0
    # Relative to a corner: far from the origin the products would swallow a small area.
    x, y = (polygon - polygon[0]).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def bounds(polygons: Sequence[Points]) -> Points:
    """The box (x0, y0, x1, y1) round outlines, with at least one point in all."""
    points = np.concatenate(list(polygons))
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def mask_bounds(mask: NDArray[np.bool_]) -> Points | None:
    """The box (x0, y0, x1, y1) round a mask's true pixels, their whole area; None without any.

    Args:
        mask: (H, W) bool.
    """
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return None
    # Only the rows between need be looked at for columns.
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=np.float64)


def in_view(polygon: Points, height: int, width: int) -> bool:
    """Whether an outline (K, 2), closed, reaches into the picture (touching its edge won't do).

    Either one of its edges passes through the picture's inside (Liang & Barsky 1984), or none
    does and the picture lies wholly within the outline or wholly without.
    """
    if not len(polygon):
        return False
    size = np.array([width, height], dtype=np.float64)
    if (polygon.max(axis=0) <= 0).any() or (polygon.min(axis=0) >= size).any():
        return False
    if ((polygon > 0) & (polygon < size)).all(axis=1).any():
        return True
    along = np.roll(polygon, -1, axis=0) - polygon
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = -polygon / along, (size - polygon) / along
    still = along == 0  # parallel to an axis: between its two limits all the way, or never
    between = (polygon > 0) & (polygon < size)
    enter = np.where(still, np.where(between, -np.inf, np.inf), np.minimum(first, second))
    leave = np.where(still, np.where(between, np.inf, -np.inf), np.maximum(first, second))
    if (np.minimum(leave.min(axis=1), 1) > np.maximum(enter.max(axis=1), 0)).any():
        return True
    middle = size / 2
    (x, y), (dx, dy) = (polygon - middle).T, along.T
    crosses = (y > 0) != (np.roll(y, -1) > 0)
    right = x[crosses] - y[crosses] * dx[crosses] / dy[crosses] > 0
    return bool(np.count_nonzero(right) % 2)


def joined(polygons: Sequence[Points]) -> Points:
    """Several outlines as one, for layouts that hold one outline an object.

    Each part is tied to what is there by a bridge without width at their nearest corners, walked
    in both directions, and all parts run in the same sense, so the enclosed area is the sum.

    Args:
        polygons: at least one, each (K, 2).

    Returns:
        (N, 2) float64.
    """
    whole = _oriented(polygons[0])
    for polygon in polygons[1:]:
        part = _oriented(polygon)
        gaps = ((whole[:, None, :] - part[None, :, :]) ** 2).sum(axis=2)
        i, j = np.unravel_index(int(gaps.argmin()), gaps.shape)
        loop = np.roll(part, -int(j), axis=0)
        whole = np.concatenate([whole[: i + 1], loop, loop[:1], whole[i:]])
    return whole


def is_rectangle(corners: Points, tolerance: float = 0.02) -> bool:
    """Whether corners in order, (K, 2) in pixels, are the four of a rectangle.

    A quadrilateral is a rectangle when its diagonals halve each other and are equally long; both
    may be off by one pixel or by `tolerance` of the diagonal, whichever is more.
    """
    if len(corners) != 4:
        return False
    first, second = corners[2] - corners[0], corners[3] - corners[1]
    lengths = float(np.hypot(*first)), float(np.hypot(*second))
    slack = max(1.0, tolerance * max(lengths))
    middle = (corners[0] + corners[2] - corners[1] - corners[3]) / 2
    return bool(abs(lengths[0] - lengths[1]) <= slack and float(np.hypot(*middle)) <= slack)


def _oriented(polygon: Points) -> Points:
    """The outline walked so that its signed area is not negative."""
    x, y = polygon[:, 0], polygon[:, 1]
    signed = np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))
    return polygon[::-1] if signed < 0 else polygon
