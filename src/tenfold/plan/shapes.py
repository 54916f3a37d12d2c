"""Plane geometry of annotations: outlines, boxes, areas."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.samples.sample import Points

_SIMPLIFY = 0.1
"""Outline points that lie this near (px) to the line through their neighbours are dropped."""


def area(outline: Points) -> float:
    """Area of a polygon (K, 2), by the shoelace formula; 0 for fewer than three points."""
    if len(outline) < 3:
        return 0.0
    x, y = outline[:, 0], outline[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def box_area(box: Points) -> float:
    """Area of x0, y0, x1, y1; 0 if inverted."""
    return float(max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0))


def corners(box: Points) -> Points:
    """The (4, 2) corners of x0, y0, x1, y1, in order round the box."""
    x0, y0, x1, y1 = box
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float64)


def bounds(points: Points) -> Points:
    """The (4,) box round points (N, 2)."""
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


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


def oriented_box(outline: Points) -> Points:
    """The (4, 2) corners of the smallest rectangle round an outline."""
    origin = outline.mean(axis=0)
    rectangle = cv2.minAreaRect((outline - origin).astype(np.float32))
    return np.asarray(cv2.boxPoints(rectangle).astype(np.float64) + origin)


def mask_bounds(mask: NDArray[np.bool_]) -> Points | None:
    """The (4,) box round a mask's true pixels; None if there are none."""
    columns = np.flatnonzero(mask.any(axis=0))
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return None
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=np.float64)
