"""Planes at half and double size, and colours whose channels don't go together.

Only sums and products of whole planes in a fixed order, so that every machine has the same bytes.
Planes are (C, H, W) float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.samples.sample import Array

Planes = NDArray[np.float32]

_OPPONENT = np.diag(1 / np.sqrt([3.0, 2.0, 6.0])) @ np.array([[1.0, 1, 1], [1, 0, -1], [1, -2, 1]])
"""Brightness, red against blue, green against purple: an orthonormal turn of RGB."""


def planes_of(image: Array) -> Planes:
    """(H, W, C) of uint8, uint16 or float32 (0..1) as planes; RGB as opponent colours."""
    unit = np.moveaxis(image, 2, 0).astype(np.float32)
    if image.dtype.kind == "u":
        unit *= np.float32(1 / np.iinfo(image.dtype).max)
    return _turned(unit, _OPPONENT) if len(unit) == 3 else unit


def image_of(planes: Planes, dtype: np.dtype[Any]) -> Array:
    """The inverse of `planes_of`, clipped, and rounded where `dtype` is of integers."""
    unit = _turned(planes, _OPPONENT.T) if len(planes) == 3 else planes.copy()
    np.clip(unit, 0, 1, out=unit)
    if dtype.kind == "u":
        unit *= np.iinfo(dtype).max
        np.rint(unit, out=unit)
    return np.ascontiguousarray(np.moveaxis(unit, 0, 2)).astype(dtype)


def _turned(planes: Planes, matrix: Array) -> Planes:
    rows = matrix.astype(np.float32)
    return np.stack([r[0] * planes[0] + r[1] * planes[1] + r[2] * planes[2] for r in rows])


def halved(planes: Planes) -> Planes:
    """Means of 2 by 2 pixels; at an odd end the last one stands twice."""
    odd = [(0, 0), *((0, side % 2) for side in planes.shape[1:])]
    even = np.pad(planes, odd, mode="edge") if any(end for _, end in odd) else planes
    rows = even[:, ::2] + even[:, 1::2]
    half: Planes = (rows[:, :, ::2] + rows[:, :, 1::2]) * np.float32(0.25)
    return half


def doubled(planes: Planes, shape: Sequence[int]) -> Planes:
    """Twice as large, between pixels linearly; the first `shape` (height, width) of it."""
    tall = _stretched(planes)
    wide = _stretched(tall.swapaxes(1, 2)).swapaxes(1, 2)
    return np.ascontiguousarray(wide[:, : shape[0], : shape[1]])


def _stretched(planes: Planes) -> Planes:
    """Twice as many rows."""
    near = planes * np.float32(0.75)
    far = planes * np.float32(0.25)
    out = np.empty((planes.shape[0], 2 * planes.shape[1], planes.shape[2]), np.float32)
    out[:, 0] = near[:, 0] + far[:, 0]
    out[:, 2::2] = near[:, 1:] + far[:, :-1]
    out[:, 1:-1:2] = near[:, :-1] + far[:, 1:]
    out[:, -1] = near[:, -1] + far[:, -1]
    return out


def pyramid(planes: Planes, levels: int) -> list[Planes]:
    """`planes` and, level by level, half of the level before."""
    found = [planes]
    for _ in range(levels - 1):
        found.append(halved(found[-1]))
    return found


def detail(planes: Planes) -> Planes:
    """What `halved` loses."""
    lost: Planes = planes - doubled(halved(planes), planes.shape[1:])
    return lost
