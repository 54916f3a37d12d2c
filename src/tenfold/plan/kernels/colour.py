"""Channels mixed with each other: matrices and the rotation of hue."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.plan.kernels.values import ValueRange, by_band, clipped, from_unit, store, to_unit
from tenfold.samples.sample import Array


def apply_matrix(image: Array, matrix: NDArray[np.float64], value_range: ValueRange) -> Array:
    """Map every pixel's colours by an affine map, clip, and round once.

    Up to four 8-bit channels go through OpenCV's fixed-point arithmetic, which may be one level
    off where the exact value lies between two.

    Args:
        image: (H, W, C) colour channels.
        matrix: (C, C + 1) float64 over values 0..1; the last column is added.
        value_range: black and white.

    Returns:
        A new array of the same shape and dtype.
    """
    low, high = value_range
    linear = matrix[:, :-1]
    offset = low + (high - low) * matrix[:, -1] - linear @ np.full(linear.shape[1], low)
    if image.shape[2] <= 4:
        own = np.column_stack([linear, offset])
        out = cast("Array", cv2.transform(image, own)).reshape(image.shape)
        return clipped(out, value_range)
    values = image.astype(np.float32) @ linear.T.astype(np.float32)
    values += offset.astype(np.float32)
    return store(values, image.dtype, value_range)


def fuse_matrices(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix of `first` and then `second`, both (C, C + 1)."""
    linear = second[:, :-1]
    return np.column_stack([linear @ first[:, :-1], linear @ first[:, -1] + second[:, -1]])


def stays_inside(matrix: NDArray[np.float64]) -> bool:
    """Whether the matrix maps the cube of colours 0..1 into itself, so that clipping does nothing.

    Only then is fusing it with the next matrix the same as applying both.
    """
    linear, offset = matrix[:, :-1], matrix[:, -1]
    least = offset + np.minimum(linear, 0).sum(axis=1)
    most = offset + np.maximum(linear, 0).sum(axis=1)
    return bool(least.min() >= -1e-9 and most.max() <= 1 + 1e-9)


def rotate_hue(image: Array, degrees: float, value_range: ValueRange) -> Array:
    """Turn the hue of HSV (Smith 1978) by an angle, in floating point; saturation and value stay.

    Args:
        image: (H, W, 3).
        degrees: any; red goes towards yellow for small positive angles.
        value_range: black and white.
    """

    def turned(part: Array) -> Array:
        unit = to_unit(part, value_range)
        np.clip(unit, 0, 1, out=unit)
        hsv = cv2.cvtColor(unit, cv2.COLOR_RGB2HSV)
        hsv[:, :, 0] += degrees % 360  # the way back reduces it to a full turn
        return from_unit(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), image.dtype, value_range)

    return by_band(image, turned)
