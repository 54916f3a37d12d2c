"""Between an image's own values and what kernels compute with.

Kernels here take the colour channels only, (H, W, C), any of uint8, uint16 and float32, and give
back the same shape and dtype. They never write into their input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.samples.sample import Array

ValueRange = tuple[float, float]
Floats = NDArray[np.floating[Any]]
GROUP = 4
"""Channels that OpenCV treats in one call everywhere; more are taken in groups of this size."""


def to_unit(image: Array, value_range: ValueRange) -> NDArray[np.float32]:
    """Values as float32, 0 black and 1 white; a new array. All 0 if black and white are equal."""
    low, high = value_range
    unit = image.astype(np.float32)
    if low:
        unit -= np.float32(low)
    if high != low and high - low != 1:
        unit *= np.float32(1 / (high - low))
    return unit


def from_unit(unit: Floats, dtype: np.dtype[Any], value_range: ValueRange) -> Array:
    """Values 0..1 as the image's own, clipped, rounded once if they are integers.

    Args:
        unit: float32 or float64; overwritten.
        dtype: of the result.
        value_range: black and white.
    """
    low, high = value_range
    if high - low != 1:
        unit *= high - low
    if low:
        unit += low
    return store(unit, dtype, value_range)


def store(values: Floats, dtype: np.dtype[Any], value_range: ValueRange) -> Array:
    """Floats in the image's own units, clipped to the range, rounded once if integers.

    Args:
        values: float32 or float64; overwritten.
        dtype: of the result.
        value_range: black and white.
    """
    np.clip(values, value_range[0], value_range[1], out=values)
    if dtype.kind != "f":
        np.rint(values, out=values)
    return values.astype(dtype, copy=False)


def clipped(image: Array, value_range: ValueRange) -> Array:
    """An image clipped to its range; integers that can't leave theirs come back as they are."""
    if image.dtype.kind == "f":
        return np.clip(image, np.float32(value_range[0]), np.float32(value_range[1]))
    if fills(image.dtype, value_range):
        return image
    low, high = (image.dtype.type(round(level)) for level in value_range)
    return np.clip(image, low, high)


def fills(dtype: np.dtype[Any], value_range: ValueRange) -> bool:
    """Whether a range is all that an integer dtype holds, as it is unless a person said less."""
    return dtype.kind != "f" and value_range == (0.0, float(np.iinfo(dtype).max))


def by_group(image: Array, function: Callable[[Array], Array], size: int = GROUP) -> Array:
    """Apply `function` to at most `size` channels at a time, keeping (h, w, C) shape.

    Args:
        image: (H, W, C).
        function: (H, W, c) contiguous to (h, w) or (h, w, c), as OpenCV drops a single channel.
        size: greatest c.
    """
    channels = image.shape[2]
    if channels <= size:
        out = function(image)
        return out.reshape(*out.shape[:2], channels)
    parts = []
    for start in range(0, channels, size):
        part = np.ascontiguousarray(image[:, :, start : start + size])
        out = function(part)
        parts.append(out.reshape(*out.shape[:2], part.shape[2]))
    return np.concatenate(parts, axis=2)
