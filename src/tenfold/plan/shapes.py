"""Plane geometry of outlines on their way: cut, bent, fitted, drawn.

What doesn't depend on a move (areas, extents) is in `tenfold.samples.outline`.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.samples.outline import is_rectangle
from tenfold.samples.sample import Points

_SIMPLIFY = 0.1
"""Outline points that lie this near (px) to the line through their neighbours are dropped."""


def corners(box: Points) -> Points:
    """The (4, 2) corners of x0, y0, x1, y1, in order round the box."""
    x0, y0, x1, y1 = box
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float64)


def densify(outline: Points, longest: float) -> Points:
    """The closed outline with points added so that no edge is longer than `longest` px."""
    ends = np.roll(outline, -1, axis=0)
    if float(np.abs(ends - outline).max(initial=0)) <= longest / 1.5:
        return outline
    pieces = []
    for start, end in zip(outline, ends, strict=True):
        count = max(1, math.ceil(float(np.hypot(*(end - start))) / longest))
        t = np.arange(count)[:, None] / count
        pieces.append(start + t * (end - start))
    return np.concatenate(pieces)


def simplify(outline: Points) -> Points:
    """The outline without points that a straight edge explains (Douglas & Peucker 1973)."""
    if len(outline) <= 4:
        return outline
    # OpenCV works in float32: coordinates relative to the outline keep the precision.
    origin = outline[0]
    kept = cv2.approxPolyDP((outline - origin).astype(np.float32), _SIMPLIFY, True)
    return np.asarray(kept.reshape(-1, 2).astype(np.float64) + origin)


def clip(outline: Points, height: int, width: int) -> Points:
    """The part of a polygon inside the picture (Sutherland & Hodgman 1974).

    Returns:
        (K, 2), with K = 0 if nothing is inside. A concave outline cut in parts comes back as one
        outline whose parts are joined along the border; its area and bounds are right.
    """
    for axis, limit, sign in ((0, 0.0, 1.0), (0, width, -1.0), (1, 0.0, 1.0), (1, height, -1.0)):
        if len(outline) == 0:
            break
        depth = sign * (outline[:, axis] - limit)
        if (depth >= 0).all():
            continue
        inside = depth >= 0
        following = np.roll(outline, -1, axis=0)
        depth_next, inside_next = np.roll(depth, -1), np.roll(inside, -1)
        kept = []
        for k in range(len(outline)):
            if inside[k]:
                kept.append(outline[k])
            if inside[k] != inside_next[k]:
                t = depth[k] / (depth[k] - depth_next[k])
                crossing = outline[k] + t * (following[k] - outline[k])
                crossing[axis] = limit
                kept.append(crossing)
        outline = np.array(kept).reshape(-1, 2)
    return outline


def oriented_box(outline: Points, heading: Points) -> Points:
    """The smallest rectangle round an outline.

    Args:
        outline: (K, 2).
        heading: (4, 2) corners of which the rectangle takes the sense and the order: its first
            corner is the one nearest to theirs.

    Returns:
        (4, 2) corners.
    """
    origin = outline.mean(axis=0)
    rectangle = cv2.minAreaRect((outline - origin).astype(np.float32))
    fitted = np.asarray(cv2.boxPoints(rectangle).astype(np.float64) + origin)
    if _turn(fitted) * _turn(heading) < 0:
        fitted = fitted[::-1]
    first = int(((fitted - heading[0]) ** 2).sum(axis=1).argmin())
    return np.roll(fitted, -first, axis=0)


def _turn(corners: Points) -> float:
    """Above 0 for corners in one sense of rotation, below 0 for those in the other."""
    (ax, ay), (bx, by) = corners[2] - corners[0], corners[3] - corners[1]
    return float(ax * by - ay * bx)


def is_exact_rectangle(corners: Points) -> bool:
    """Whether four corners are those of a rectangle up to rounding (a thousandth of its size).

    `is_rectangle` forgives a pixel to corners that people set: here a pixel is nothing.
    """
    return is_rectangle(corners * 1e6, tolerance=1e-3)


def raster(outline: Points, window: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """Which pixel centres of a window an outline encloses, by the even-odd rule.

    Args:
        outline: (K, 2).
        window: x0, y0, x1, y1 in whole pixels, end excluded.

    Returns:
        (y1 - y0, x1 - x0) bool.
    """
    left, top, right, bottom = window
    height, width = bottom - top, right - left
    (xa, ya), (xb, yb) = outline.T, np.roll(outline, -1, axis=0).T
    # Rows whose centre line an edge crosses, from the first to before the last.
    first = np.clip(np.ceil(np.minimum(ya, yb) - 0.5), top, bottom).astype(np.intp)
    last = np.clip(np.ceil(np.maximum(ya, yb) - 0.5), top, bottom).astype(np.intp)
    counts = last - first
    edge = np.repeat(np.arange(len(outline)), counts)
    row = np.arange(len(edge)) + np.repeat(first - np.cumsum(counts) + counts, counts)
    t = (row + 0.5 - ya[edge]) / (yb - ya)[edge]
    crossing = xa[edge] + t * (xb - xa)[edge]
    # Right of an odd number of crossings is inside.
    column = np.clip(np.ceil(crossing - 0.5), left, right).astype(np.intp) - left
    places = (row - top) * (width + 1) + column
    crossings = np.bincount(places, minlength=height * (width + 1)).reshape(height, width + 1)
    return np.asarray(np.cumsum(crossings[:, :width], axis=1) % 2 == 1)
