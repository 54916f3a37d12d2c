"""Where an object goes: its pose, and its pixels there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.compose.cutting import Cutout, Region, Window, region_of
from tenfold.ops.steps import Warp
from tenfold.plan.map import Map, project
from tenfold.plan.resample import Fringe, resample
from tenfold.samples.outline import mask_bounds
from tenfold.samples.sample import Array, Points

Matrix = NDArray[np.float64]
_DECIMALS = 9  # what machines' sines may differ by is rounded away
_HAIR = 1e-9  # px: an object this far beyond the picture's edge lies within
_NOTHING = Fringe("constant", np.zeros(1))
_EDGE = Fringe("edge", np.zeros(1))


def linear(degrees: float, scale: float, axes: tuple[str, ...]) -> Matrix:
    """(2, 2): mirrored along axes ("horizontal", "vertical", "transpose"), turned, scaled."""
    turn = math.radians(degrees)
    out = scale * np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    for axis in axes:
        if axis == "transpose":
            out = out[:, ::-1]
        else:
            out = out * np.array([-1.0, 1.0] if axis == "horizontal" else [1.0, -1.0])
    return np.round(out, _DECIMALS)


def pose(cutout: Cutout, turned: Matrix, where: Points, room: Points) -> Matrix:
    """(3, 3): from the parent's coordinates to those of the new picture.

    Args:
        cutout: of the object.
        turned: from `linear`.
        where: (2,) the upper left corner of the object's box in the new picture.
        room: (2,) its greatest values. The shift is rounded to whole pixels where nothing else
            is resampled, if one of them leaves the object within the picture.
    """
    points = (cutout.points - cutout.centre) @ turned.T
    shift = where - points.min(axis=0) - turned @ cutout.centre
    if np.array_equal(np.abs(np.rint(turned)), np.abs(turned)) and _is_whole(turned):
        shift = _whole(shift, where, room)
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = turned, np.round(shift, _DECIMALS)
    return matrix


def _whole(shift: Points, where: Points, room: Points) -> Points:
    """A shift rounded to whole pixels, outwards or inwards, within the room; else as it is."""
    near = np.rint(shift)
    corner = where + (near - shift)
    near += (corner < -_HAIR).astype(float) - (corner > room + _HAIR)
    corner = where + (near - shift)
    return near if ((corner >= -_HAIR) & (corner <= room + _HAIR)).all() else shift


def _is_whole(turned: Matrix) -> bool:
    """Whether pixels go to pixels: a quarter turn or a reflection, and no scaling."""
    return bool((np.abs(turned).sum(axis=0) == 1).all() and (np.abs(turned).sum(axis=1) == 1).all())


def moved_size(cutout: Cutout, turned: Matrix) -> Points:
    """(2,) width and height of the object's box when it is turned and scaled."""
    points = cutout.points @ turned.T
    return np.asarray(points.max(axis=0) - points.min(axis=0))


@dataclass(frozen=True, eq=False)
class Placed:
    """An object in its new place.

    Attributes:
        matrix: see `pose`.
        window: of the new picture, inside it.
        region: (h, w) bool, of the window: the object.
        box: x0, y0, x1, y1 of it, exact.
    """

    matrix: Matrix
    window: Window
    region: Region
    box: Points


def placed(cutout: Cutout, matrix: Matrix, height: int, width: int, margin: int) -> Placed:
    """An object in its new place.

    Args:
        cutout: the object.
        matrix: see `pose`.
        height, width: of the new picture.
        margin: px around the object that the window has, within the picture.
    """
    points = project(matrix, cutout.points)
    low, high = points.min(axis=0), points.max(axis=0)
    x0, y0 = np.maximum(np.floor(low).astype(int) - margin, 0).tolist()
    x1, y1 = np.minimum(np.ceil(high).astype(int) + margin, [width, height]).tolist()
    window = (x0, y0, x1, y1)
    if cutout.outlines:
        region = region_of(tuple(project(matrix, o) for o in cutout.outlines), window)
        return Placed(matrix, window, region, np.concatenate([low, high]))
    left, top = cutout.window[:2]
    raster = cutout.region[:, :, None].astype(np.uint8)
    through = _through(matrix, (left, top), raster.shape[:2], window)
    region = resample(raster, through, "nearest", _NOTHING)[:, :, 0].astype(bool)
    box = mask_bounds(region)
    box = np.concatenate([low, high]) if box is None else box + np.array([x0, y0, x0, y0])
    return Placed(matrix, window, region, box)


def moved(raster: Array, cutout: Cutout, place: Placed, interpolation: Any, margin: int) -> Array:
    """What a window of the new picture shows of the object's own picture.

    Args:
        raster: (H, W, C) of the parent.
        cutout, place: of the object.
        interpolation: see `Recipe.interpolation`.
        margin: px of the parent around the object that may be looked at.
    """
    height, width = raster.shape[:2]
    x0, y0, x1, y1 = cutout.window
    x0, y0 = max(x0 - margin, 0), max(y0 - margin, 0)
    crop = raster[y0 : min(y1 + margin, height), x0 : min(x1 + margin, width)]
    through = _through(place.matrix, (x0, y0), crop.shape[:2], place.window)
    return resample(crop, through, interpolation, _EDGE)


def _through(matrix: Matrix, origin: tuple[int, int], source: Any, window: Window) -> Map:
    before, after = np.eye(3), np.eye(3)
    before[:2, 2] = origin
    after[:2, 2] = -window[0], -window[1]
    target = (window[3] - window[1], window[2] - window[0])
    return Map.of([Warp(after @ matrix @ before, *target)], tuple(source))
