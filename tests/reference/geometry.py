"""Geometry by the inverse map: where an output point looks, and what it sees there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.ops.steps import Displacement, GeometricStep, Warp

Floats = NDArray[np.float64]
Size = tuple[int, int]
_PAD = {"reflect": "reflect", "edge": "edge", "wrap": "wrap"}


def size_after(step: GeometricStep, size: Size) -> Size:
    """(height, width) of what the step makes of a picture of that size."""
    return (step.height, step.width) if isinstance(step, Warp) else size


def centres(size: Size) -> Floats:
    """(height * width, 2) x, y of the pixel centres, row by row."""
    rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
    return np.stack([columns.ravel(), rows.ravel()], axis=1)


def look(step: GeometricStep, points: Floats, size: Size) -> Floats:
    """Where (N, 2) output points of a step look in its input of the given size."""
    if isinstance(step, Displacement):
        return points + displacement(step, points, size)
    x, y, z = np.linalg.inv(step.matrix) @ np.stack([*points.T, np.ones(len(points))])
    return np.stack([x / z, y / z], axis=1)


def displacement(step: Displacement, points: Floats, size: Size) -> Floats:
    """The sum of all control values, each times its bump; constant beyond the frame."""
    rows, columns = step.control.shape[:2]
    cell_x, cell_y = size[1] / (columns - 3), size[0] / (rows - 3)
    x = np.clip(points[:, 0], 0, size[1]) / cell_x
    y = np.clip(points[:, 1], 0, size[0]) / cell_y
    across = bump(x[:, None] - (np.arange(columns) - 1))
    down = bump(y[:, None] - (np.arange(rows) - 1))
    return np.asarray(np.einsum("nr,nc,rcd->nd", down, across, step.control))


def bump(t: Floats) -> Floats:
    """The cubic B-spline about 0: 2/3 there, 0 from 2 on."""
    t = np.abs(t)
    return np.where(t < 1, 2 / 3 - t**2 + t**3 / 2, np.clip(2 - t, 0, None) ** 3 / 6)


def interpolate(
    values: Floats, points: Floats, interpolation: str, border: str, beyond: Floats
) -> Floats:
    """(N, C) what a picture (H, W, C) shows at (N, 2) points.

    Args:
        values: the picture; pixel (row, column) has its centre at (column + 0.5, row + 0.5).
        points: x, y.
        interpolation: `nearest`, `linear`, or `cubic` (Keys 1981 with a = -0.75, as in OpenCV).
        border: `reflect`, `edge`, `wrap`, or `constant`.
        beyond: (C,) for `constant`.
    """
    height, width, channels = values.shape
    with_beyond = np.concatenate([values.reshape(-1, channels), beyond[None]])
    columns, across = _taps(points[:, 0], interpolation)
    rows, down = _taps(points[:, 1], interpolation)
    columns, rows = _inside(columns, width, border), _inside(rows, height, border)
    out = np.zeros((len(points), channels))
    for row, v in zip(rows, down, strict=True):
        for column, u in zip(columns, across, strict=True):
            outside = (row < 0) | (column < 0)
            place = np.where(outside, height * width, row * width + column)
            out += (u * v)[:, None] * with_beyond[place]
    return out


def reach(points: Floats, interpolation: str, size: Size) -> NDArray[np.bool_]:
    """(N,) whether all pixels that a point is made of lie within the picture."""
    inside = np.ones(len(points), dtype=bool)
    for positions, length in zip(points.T, size[::-1], strict=True):
        for index, weight in zip(*_taps(positions, interpolation), strict=True):
            inside &= (weight == 0) | ((index >= 0) & (index < length))
    return inside


def _taps(positions: Floats, interpolation: str) -> tuple[list[NDArray[np.intp]], list[Floats]]:
    """Indices of the pixels along one axis that a position is made of, and their weights."""
    if interpolation == "nearest":
        return [np.floor(positions).astype(np.intp)], [np.ones(len(positions))]
    first = np.floor(positions - 0.5)
    t = positions - 0.5 - first
    offsets = (0, 1) if interpolation == "linear" else (-1, 0, 1, 2)
    shape = _tent if interpolation == "linear" else _keys
    return [(first + k).astype(np.intp) for k in offsets], [shape(t - k) for k in offsets]


def _tent(t: Floats) -> Floats:
    return np.asarray(np.clip(1 - np.abs(t), 0, None))


def _keys(t: Floats, a: float = -0.75) -> Floats:
    t = np.abs(t)
    near = (a + 2) * t**3 - (a + 3) * t**2 + 1
    far = a * (t**3 - 5 * t**2 + 8 * t - 4)
    return np.asarray(np.select([t <= 1, t < 2], [near, far], 0.0))


def _inside(indices: list[Any], length: int, border: str) -> list[NDArray[np.intp]]:
    """Indices brought into the picture as `numpy.pad` does it; -1 beyond a constant border."""
    least, most = min(i.min() for i in indices), max(i.max() for i in indices)
    before, after = max(0, -int(least)), max(0, int(most) - length + 1)
    line = np.arange(length)
    if border == "constant":
        padded = np.pad(line, (before, after), constant_values=-1)
    else:
        padded = np.pad(line, (before, after), mode=_PAD[border])  # type: ignore[call-overload]
    return [padded[i + before] for i in indices]
