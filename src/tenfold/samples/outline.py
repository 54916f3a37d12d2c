"""Plane geometry of outlines: area, extent, several parts as one, rectangles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenfold.samples.sample import Points


def area(polygon: Points) -> float:
    """Area enclosed by an outline (K, 2), px², by the shoelace formula; never negative."""
    x, y = polygon[:, 0], polygon[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def bounds(polygons: Sequence[Points]) -> Points:
    """The box (x0, y0, x1, y1) round outlines, at least one."""
    points = np.concatenate(list(polygons))
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


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
    """Whether four corners in order, (4, 2) in pixels, are those of a rectangle.

    A quadrilateral is a rectangle when its diagonals halve each other and are equally long; both
    may be off by one pixel or by `tolerance` of the diagonal, whichever is more.
    """
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
